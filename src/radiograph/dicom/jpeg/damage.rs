//! What is wrong with JPEG data.

use crate::error::Error;

pub fn bad(what: &str) -> Error {
    Error::Dicom(format!("its JPEG data: {what}"))
}
