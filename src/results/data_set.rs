//! Builds DICOM data sets: elements, sequences, and the modules that all objects written here have. They are encoded in
//! Explicit VR Little Endian (PS3.5 annex A.2), which every reader has to support.
//!
//! dicom-rs provides the names of tags and value representations. Its writer is not used: it brings the tables of a
//! dozen character sets, of which one is needed, in crates that nobody maintains (RUSTSEC-2021-0153).

use std::collections::BTreeMap;

use dicom_core::{Tag, VR};
use dicom_dictionary_std::{tags, uids};
use thiserror::Error;

use super::codes::{self, Code};
use super::content::{MAKER, Results, VERSION};
use super::stamp::{Stamp, uid_of};

/// Identifies the program as the writer of files (PS3.7 section D.3.3.2).
const IMPLEMENTATION: &str = "2.25.619466117315979721571119021788358650";

/// A picture that cannot be stored in DICOM: its size and its pixels disagree, or it is larger than the fields of DICOM
/// allow.
#[derive(Debug, Error)]
#[error("a picture of {columns} by {rows} pixels cannot be written as DICOM")]
pub struct WriteError {
    /// Pixels in a row.
    pub columns: u32,
    /// Pixels in a column.
    pub rows: u32,
}

#[derive(Debug)]
enum Value {
    Bytes(Vec<u8>),
    Items(Vec<DataSet>),
}

/// A data set, or an item of a sequence: its elements in the order of their tags.
#[derive(Debug)]
pub struct DataSet(BTreeMap<Tag, (VR, Value)>);

impl DataSet {
    /// A data set without elements.
    pub fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// The coded concept as an item (PS3.3 section 8.8).
    pub fn code(code: &Code) -> Self {
        Self::new()
            .with(tags::CODE_VALUE, VR::SH, &code.value)
            .with(tags::CODING_SCHEME_DESIGNATOR, VR::SH, &code.scheme)
            .with(tags::CODE_MEANING, VR::LO, &code.meaning)
    }

    /// An item that refers to an object.
    pub fn reference(class: &str, instance: &str) -> Self {
        Self::new().with(tags::REFERENCED_SOP_CLASS_UID, VR::UI, class).with(
            tags::REFERENCED_SOP_INSTANCE_UID,
            VR::UI,
            instance,
        )
    }

    /// Adds a text, truncated and cleaned to what its value representation allows (PS3.5 section 6.2). In a short text
    /// a backslash would separate values, so it is replaced.
    pub fn with(self, tag: Tag, vr: VR, text: &str) -> Self {
        let longest = match vr {
            VR::SH => 16,
            VR::LO => 64,
            VR::ST => 1024,
            VR::LT => 10240,
            _ => usize::MAX,
        };
        // Typographic punctuation is replaced, so that most files need no character set but ASCII, which every reader
        // supports.
        let plain = |c: char| match c {
            '‘' | '’' => '\'',
            '“' | '”' => '"',
            '–' | '—' => '-',
            '\\' if matches!(vr, VR::SH | VR::LO) => '/',
            c if c.is_control() => ' ',
            c => c,
        };
        let text: String = text.trim().chars().map(plain).take(longest).collect();
        self.put(tag, vr, Value::Bytes(text.trim_end().into()))
    }

    /// Adds an element without a value.
    pub fn empty(self, tag: Tag, vr: VR) -> Self {
        self.put(tag, vr, Value::Bytes(Vec::new()))
    }

    /// Adds an unsigned word.
    pub fn word(self, tag: Tag, word: u16) -> Self {
        self.put(tag, VR::US, Value::Bytes(word.to_le_bytes().to_vec()))
    }

    /// Adds bytes.
    pub fn bytes(self, tag: Tag, bytes: Vec<u8>) -> Self {
        self.put(tag, VR::OB, Value::Bytes(bytes))
    }

    /// Adds a sequence.
    pub fn items(self, tag: Tag, items: impl IntoIterator<Item = Self>) -> Self {
        self.put(tag, VR::SQ, Value::Items(items.into_iter().collect()))
    }

    /// Adds the elements of another data set.
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    fn put(mut self, tag: Tag, vr: VR, value: Value) -> Self {
        self.0.insert(tag, (vr, value));
        self
    }

    /// The modules that every object has: a patient without data, a study, a series, the equipment, and the object's
    /// own identifiers (PS3.3 sections C.7.1 to C.7.5 and C.12.1). `what` distinguishes the object among the files with
    /// the same stamp.
    pub fn object(results: &Results, stamp: &Stamp, class: &str, what: &str) -> Self {
        let fresh = stamp.uid("study");
        let study = results.source.as_ref().map_or(&fresh, |source| &source.study);
        let own = Self::new()
            .with(tags::CODING_SCHEME_DESIGNATOR, VR::SH, codes::OWN)
            .with(tags::CODING_SCHEME_UID, VR::UI, codes::OWN_UID)
            .with(tags::CODING_SCHEME_NAME, VR::ST, "Private codes of CARZero in the browser")
            .with(tags::CODING_SCHEME_RESPONSIBLE_ORGANIZATION, VR::ST, MAKER);
        let model = &results.model;
        let software = format!("{MAKER} {VERSION}, model {}", model.version);
        Self::new()
            .with(tags::INSTANCE_CREATION_DATE, VR::DA, &stamp.date())
            .with(tags::INSTANCE_CREATION_TIME, VR::TM, &stamp.time())
            .with(tags::SOP_CLASS_UID, VR::UI, class)
            .with(tags::SOP_INSTANCE_UID, VR::UI, &stamp.uid(what))
            .with(tags::TIMEZONE_OFFSET_FROM_UTC, VR::SH, "+0000")
            .items(tags::CODING_SCHEME_IDENTIFICATION_SEQUENCE, [own])
            .empty(tags::PATIENT_NAME, VR::PN)
            .empty(tags::PATIENT_ID, VR::LO)
            .empty(tags::PATIENT_BIRTH_DATE, VR::DA)
            .empty(tags::PATIENT_SEX, VR::CS)
            .with(tags::STUDY_INSTANCE_UID, VR::UI, study)
            .empty(tags::STUDY_DATE, VR::DA)
            .empty(tags::STUDY_TIME, VR::TM)
            .empty(tags::REFERRING_PHYSICIAN_NAME, VR::PN)
            .empty(tags::STUDY_ID, VR::SH)
            .empty(tags::ACCESSION_NUMBER, VR::SH)
            .with(tags::SERIES_INSTANCE_UID, VR::UI, &stamp.uid(&format!("series {class}")))
            .with(tags::CONTENT_DATE, VR::DA, &stamp.date())
            .with(tags::CONTENT_TIME, VR::TM, &stamp.time())
            .with(tags::MANUFACTURER, VR::LO, MAKER)
            .with(tags::MANUFACTURER_MODEL_NAME, VR::LO, &model.title)
            .with(tags::DEVICE_SERIAL_NUMBER, VR::LO, &model.sha256)
            .with(tags::SOFTWARE_VERSIONS, VR::LO, &software)
    }

    /// The object as a file (PS3.10 section 7.1).
    pub fn file(self) -> Vec<u8> {
        let own = |tag| match self.0.get(&tag) {
            Some((_, Value::Bytes(uid))) => uid.clone(),
            _ => Vec::new(),
        };
        let [class, instance] = [tags::SOP_CLASS_UID, tags::SOP_INSTANCE_UID].map(own);
        let mut meta = Vec::new();
        Self::new()
            .bytes(tags::FILE_META_INFORMATION_VERSION, vec![0, 1])
            .put(tags::MEDIA_STORAGE_SOP_CLASS_UID, VR::UI, Value::Bytes(class))
            .put(tags::MEDIA_STORAGE_SOP_INSTANCE_UID, VR::UI, Value::Bytes(instance))
            .with(tags::TRANSFER_SYNTAX_UID, VR::UI, uids::EXPLICIT_VR_LITTLE_ENDIAN)
            .with(tags::IMPLEMENTATION_CLASS_UID, VR::UI, IMPLEMENTATION)
            .with(tags::IMPLEMENTATION_VERSION_NAME, VR::SH, "CARZERO")
            .write(&mut meta);
        let object = match self.is_ascii() {
            true => self,
            false => self.with(tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 192"),
        };
        let mut file = vec![0; 128];
        file.extend(b"DICM");
        let length = (meta.len() as u32).to_le_bytes().to_vec();
        let group = tags::FILE_META_INFORMATION_GROUP_LENGTH;
        Self::new().put(group, VR::UL, Value::Bytes(length)).write(&mut file);
        file.extend(meta);
        object.write(&mut file);
        file
    }

    /// Whether all texts are ASCII.
    fn is_ascii(&self) -> bool {
        self.0.values().all(|(vr, value)| match value {
            Value::Bytes(bytes) => matches!(*vr, VR::OB | VR::US) || bytes.is_ascii(),
            Value::Items(items) => items.iter().all(Self::is_ascii),
        })
    }

    /// Writes the elements with their tags, value representations, lengths and values (PS3.5 section 7.1.2).
    fn write(self, into: &mut Vec<u8>) {
        for (tag, (vr, value)) in self.0 {
            let value = match value {
                Value::Bytes(bytes) => padded(bytes, vr),
                Value::Items(items) => written(items),
            };
            write_tag(tag, into);
            into.extend(vr.to_string().bytes());
            match vr {
                VR::OB | VR::SQ | VR::UT => {
                    into.extend([0, 0]);
                    into.extend((value.len() as u32).to_le_bytes());
                }
                // The longest text with any other value representation has 10240 characters of at most four bytes.
                _ => into.extend((value.len() as u16).to_le_bytes()),
            }
            into.extend(value);
        }
    }
}

/// Encodes the items of a sequence, with their lengths (PS3.5 section 7.5).
fn written(items: Vec<DataSet>) -> Vec<u8> {
    let mut all = Vec::new();
    for item in items {
        let mut content = Vec::new();
        item.write(&mut content);
        write_tag(Tag(0xFFFE, 0xE000), &mut all);
        all.extend((content.len() as u32).to_le_bytes());
        all.extend(content);
    }
    all
}

fn write_tag(Tag(group, element): Tag, into: &mut Vec<u8>) {
    into.extend(group.to_le_bytes());
    into.extend(element.to_le_bytes());
}

/// Pads a value to an even length (PS3.5 section 6.2).
fn padded(mut bytes: Vec<u8>, vr: VR) -> Vec<u8> {
    if bytes.len() % 2 == 1 {
        bytes.push(if matches!(vr, VR::UI | VR::OB) { 0 } else { b' ' });
    }
    bytes
}

/// The unique identifier of the model as an observing device.
pub fn device_uid(results: &Results) -> String {
    uid_of(&results.model.sha256)
}
