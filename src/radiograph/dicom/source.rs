//! The four identifiers by which other DICOM objects refer to an image. They are read only if a person asks for a
//! reference to the file, separately from the picture. Nothing else is read: no name, number or date of a person or a
//! study.

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use super::header::Header;
use super::syntax;
use crate::error::Result;

/// The only tags that are read.
const KEPT: [Tag; 4] = [
    tags::SOP_CLASS_UID,
    tags::SOP_INSTANCE_UID,
    tags::STUDY_INSTANCE_UID,
    tags::SERIES_INSTANCE_UID,
];

/// The unique identifiers (PS3.5 section 9) of an image, of its kind, and of what it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// (0008,0016): the kind of object.
    pub class: String,
    /// (0008,0018): the image itself.
    pub instance: String,
    /// (0020,000D)
    pub study: String,
    /// (0020,000E)
    pub series: String,
}

impl Source {
    /// Reads the identifiers of a DICOM file; `None` where one of them is missing or invalid.
    ///
    /// # Errors
    ///
    /// Those of [`read`](super::read), where the data set cannot be read.
    pub fn read(bytes: &[u8]) -> Result<Option<Self>> {
        let (syntax, data_set) = syntax::open(bytes)?;
        let header = Header::parse_only(&data_set, syntax.encoding, &KEPT)?;
        let [class, instance, study, series] =
            KEPT.map(|tag| header.text(tag).filter(|uid| is_uid(uid)));
        Ok((|| Some(Self { class: class?, instance: instance?, study: study?, series: series? }))())
    }
}

/// Whether a text is a unique identifier: at most 64 digits and points.
fn is_uid(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}
