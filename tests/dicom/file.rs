//! Small DICOM files, written by the tests themselves.

use std::collections::BTreeMap;
use std::io::Write;

use carzero::{Error, Picture};
use flate2::{Compression, write::DeflateEncoder};

pub const IMPLICIT: &str = "1.2.840.10008.1.2";
pub const EXPLICIT: &str = "1.2.840.10008.1.2.1";
pub const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
pub const BIG: &str = "1.2.840.10008.1.2.2";
pub const RLE: &str = "1.2.840.10008.1.2.5";
pub const BASELINE: &str = "1.2.840.10008.1.2.4.50";
pub const EXTENDED: &str = "1.2.840.10008.1.2.4.51";
pub const LOSSLESS: &str = "1.2.840.10008.1.2.4.70";
pub const JPEG_LS: &str = "1.2.840.10008.1.2.4.80";
pub const JPEG_2000: &str = "1.2.840.10008.1.2.4.90";
pub const JPEG_2000_LOSSY: &str = "1.2.840.10008.1.2.4.91";

#[derive(Clone)]
enum Value {
    Bytes(Vec<u8>),
    Words(Vec<u16>),
    /// Bytes in words, two by two, the last with a byte of padding.
    Packed(Vec<u8>),
    /// Header and all, as it is.
    Verbatim(Vec<u8>),
    /// The elements of one item, and whether lengths are undefined.
    Sequence(Elements, bool),
}

type Elements = BTreeMap<u32, (&'static str, Value)>;

/// A file to be written.
#[derive(Clone)]
pub struct File {
    pub uid: &'static str,
    elements: Elements,
    /// Encapsulated pixels: the offset table and the fragments.
    items: Option<Vec<Vec<u8>>>,
}

impl File {
    /// 16-bit grey, uncompressed, without window.
    pub fn grey(rows: u16, columns: u16, samples: &[u16]) -> Self {
        let mut file = Self { uid: EXPLICIT, elements: BTreeMap::new(), items: None };
        file.us(0x0028_0002, &[1]).text(0x0028_0004, "CS", "MONOCHROME2");
        file.us(0x0028_0010, &[rows]).us(0x0028_0011, &[columns]);
        file.bits(16, 16).us(0x0028_0103, &[0]);
        file.elements.insert(0x7FE0_0010, ("OW", Value::Words(samples.to_vec())));
        file
    }

    /// 8-bit samples, one or three a pixel.
    pub fn bytes(rows: u16, columns: u16, photometric: &str, bytes: &[u8]) -> Self {
        let mut file = Self::grey(rows, columns, &[]);
        let samples = if photometric.starts_with("MONO") { 1 } else { 3 };
        file.bits(8, 8).us(0x0028_0002, &[samples]).text(0x0028_0004, "CS", photometric);
        file.raw(0x7FE0_0010, "OB", bytes);
        file
    }

    pub fn us(&mut self, tag: u32, words: &[u16]) -> &mut Self {
        self.elements.insert(tag, ("US", Value::Words(words.to_vec())));
        self
    }

    /// Pixels of a byte each, in words.
    pub fn packed(&mut self, bytes: &[u8]) -> &mut Self {
        self.packed_at(0x7FE0_0010, bytes)
    }

    pub fn packed_at(&mut self, tag: u32, bytes: &[u8]) -> &mut Self {
        self.elements.insert(tag, ("OW", Value::Packed(bytes.to_vec())));
        self
    }

    pub fn text(&mut self, tag: u32, vr: &'static str, text: &str) -> &mut Self {
        self.raw(tag, vr, text.as_bytes())
    }

    pub fn raw(&mut self, tag: u32, vr: &'static str, bytes: &[u8]) -> &mut Self {
        let mut bytes = bytes.to_vec();
        bytes.resize(bytes.len().next_multiple_of(2), if vr == "OB" { 0 } else { b' ' });
        self.elements.insert(tag, (vr, Value::Bytes(bytes)));
        self
    }

    /// Bytes to stand in an element's place, header and all.
    pub fn verbatim(&mut self, tag: u32, bytes: &[u8]) -> &mut Self {
        self.elements.insert(tag, ("", Value::Verbatim(bytes.to_vec())));
        self
    }

    pub fn bits(&mut self, allocated: u16, stored: u16) -> &mut Self {
        self.us(0x0028_0100, &[allocated]).us(0x0028_0101, &[stored]).us(0x0028_0102, &[stored - 1])
    }

    pub fn signed(&mut self) -> &mut Self {
        self.us(0x0028_0103, &[1])
    }

    pub fn photometric(&mut self, name: &str) -> &mut Self {
        self.text(0x0028_0004, "CS", name)
    }

    pub fn window(&mut self, centre: &str, width: &str) -> &mut Self {
        self.text(0x0028_1050, "DS", centre).text(0x0028_1051, "DS", width)
    }

    pub fn rescale(&mut self, slope: &str, intercept: &str) -> &mut Self {
        self.text(0x0028_1053, "DS", slope).text(0x0028_1052, "DS", intercept)
    }

    /// A sequence of one item that holds a LUT; with lengths, or `open`, without.
    pub fn lut(&mut self, tag: u32, descriptor: [u16; 3], data: &[u16], open: bool) -> &mut Self {
        let item = Elements::from([
            (0x0028_3002, ("US", Value::Words(descriptor.to_vec()))),
            (0x0028_3006, ("US", Value::Words(data.to_vec()))),
        ]);
        self.elements.insert(tag, ("SQ", Value::Sequence(item, open)));
        self
    }

    pub fn modality_lut(&mut self, descriptor: [u16; 3], data: &[u16]) -> &mut Self {
        self.lut(0x0028_3000, descriptor, data, true)
    }

    pub fn voi_lut(&mut self, descriptor: [u16; 3], data: &[u16]) -> &mut Self {
        self.lut(0x0028_3010, descriptor, data, false)
    }

    /// The same with entries of a byte each.
    pub fn packed_lut(&mut self, tag: u32, descriptor: [u16; 3], data: &[u8]) -> &mut Self {
        let item = Elements::from([
            (0x0028_3002, ("US", Value::Words(descriptor.to_vec()))),
            (0x0028_3006, ("OW", Value::Packed(data.to_vec()))),
        ]);
        self.elements.insert(tag, ("SQ", Value::Sequence(item, false)));
        self
    }

    /// Writes the descriptors of all LUTs with a VR.
    pub fn descriptors_as(&mut self, vr: &'static str) -> &mut Self {
        for (_, value) in self.elements.values_mut() {
            let Value::Sequence(item, _) = value else { continue };
            item.get_mut(&0x0028_3002).into_iter().for_each(|descriptor| descriptor.0 = vr);
        }
        self
    }

    /// View Code Sequence with a meaning.
    pub fn view_code(&mut self, meaning: &str) -> &mut Self {
        let mut meaning = meaning.as_bytes().to_vec();
        meaning.resize(meaning.len().next_multiple_of(2), b' ');
        let item = Elements::from([(0x0008_0104, ("LO", Value::Bytes(meaning)))]);
        self.elements.insert(0x0054_0220, ("SQ", Value::Sequence(item, true)));
        self
    }

    /// Encapsulated pixels in these fragments, with an empty offset table.
    pub fn fragments(&mut self, uid: &'static str, fragments: &[&[u8]]) -> &mut Self {
        self.fragments_at(uid, &[], fragments)
    }

    /// Encapsulated pixels with an offset table.
    pub fn fragments_at(
        &mut self,
        uid: &'static str,
        offsets: &[u32],
        fragments: &[&[u8]],
    ) -> &mut Self {
        self.uid = uid;
        let table = offsets.iter().flat_map(|offset| offset.to_le_bytes()).collect();
        let fragments = fragments.iter().map(|fragment| fragment.to_vec());
        let mut items: Vec<Vec<u8>> = [table].into_iter().chain(fragments).collect();
        items.iter_mut().for_each(|item| item.resize(item.len().next_multiple_of(2), 0));
        self.items = Some(items);
        self
    }

    /// The data set, not deflated.
    pub fn body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for (&tag, (vr, value)) in &self.elements {
            match &self.items {
                Some(items) if tag == 0x7FE0_0010 => self.encapsulated(&mut body, items),
                _ => self.element(&mut body, tag, vr, value),
            }
        }
        body
    }

    /// The whole file.
    pub fn file(&self) -> Vec<u8> {
        let file = start(self.uid);
        if self.uid != DEFLATED {
            return [file, self.body()].concat();
        }
        let mut deflater = DeflateEncoder::new(file, Compression::default());
        deflater.write_all(&self.body()).unwrap();
        deflater.finish().unwrap()
    }

    pub fn picture(&self) -> Picture {
        Picture::decode(&self.file()).unwrap()
    }

    pub fn pixels(&self) -> Vec<u8> {
        self.picture().grey().as_raw().clone()
    }

    pub fn warnings(&self) -> Vec<String> {
        self.picture().about().unwrap().warnings().iter().map(ToString::to_string).collect()
    }

    pub fn error(&self) -> Error {
        Picture::decode(&self.file()).unwrap_err()
    }

    fn word(&self, word: u16) -> [u8; 2] {
        if self.uid == BIG { word.to_be_bytes() } else { word.to_le_bytes() }
    }

    fn tag_and_length(&self, to: &mut Vec<u8>, tag: u32, length: u32) {
        self.tag(to, tag);
        self.long(to, length);
    }

    fn tag(&self, to: &mut Vec<u8>, tag: u32) {
        to.extend(self.word((tag >> 16) as u16));
        to.extend(self.word(tag as u16));
    }

    fn long(&self, to: &mut Vec<u8>, number: u32) {
        to.extend(if self.uid == BIG { number.to_be_bytes() } else { number.to_le_bytes() });
    }

    fn header(&self, to: &mut Vec<u8>, tag: u32, vr: &str, length: u32) {
        self.tag(to, tag);
        if self.uid == IMPLICIT {
            return self.long(to, length);
        }
        to.extend(vr.as_bytes());
        if matches!(vr, "OB" | "OW" | "SQ" | "UN" | "UT" | "OF") {
            to.extend([0, 0]);
            self.long(to, length);
        } else {
            to.extend(self.word(length as u16));
        }
    }

    fn element(&self, to: &mut Vec<u8>, tag: u32, vr: &str, value: &Value) {
        match value {
            Value::Bytes(bytes) => {
                self.header(to, tag, vr, bytes.len() as u32);
                to.extend(bytes);
            }
            Value::Words(words) => {
                self.header(to, tag, vr, 2 * words.len() as u32);
                words.iter().for_each(|&word| to.extend(self.word(word)));
            }
            Value::Verbatim(bytes) => to.extend(bytes),
            Value::Packed(bytes) => {
                let words = bytes
                    .chunks(2)
                    .map(|pair| u16::from_le_bytes([pair[0], *pair.get(1).unwrap_or(&0)]));
                self.element(to, tag, vr, &Value::Words(words.collect()));
            }
            Value::Sequence(elements, open) => {
                let mut item = Vec::new();
                for (&tag, (vr, value)) in elements {
                    self.element(&mut item, tag, vr, value);
                }
                let length = item.len() as u32;
                self.header(to, tag, vr, if *open { u32::MAX } else { length + 8 });
                self.tag_and_length(to, 0xFFFE_E000, if *open { u32::MAX } else { length });
                to.extend(item);
                if *open {
                    self.tag_and_length(to, 0xFFFE_E00D, 0);
                    self.tag_and_length(to, 0xFFFE_E0DD, 0);
                }
            }
        }
    }

    fn encapsulated(&self, to: &mut Vec<u8>, items: &[Vec<u8>]) {
        self.header(to, 0x7FE0_0010, "OB", u32::MAX);
        for item in items {
            self.tag_and_length(to, 0xFFFE_E000, item.len() as u32);
            to.extend(item);
        }
        self.tag_and_length(to, 0xFFFE_E0DD, 0);
    }
}

/// Preamble, prefix and file meta information.
pub fn start(uid: &str) -> Vec<u8> {
    let mut uid = uid.as_bytes().to_vec();
    uid.resize(uid.len().next_multiple_of(2), 0);
    [&[0; 128][..], b"DICM\x02\0\x10\0UI", &[uid.len() as u8, 0], &uid].concat()
}
