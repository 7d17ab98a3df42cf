//! The error for invalid JPEG data.

use crate::error::{Error, Reason};

pub fn bad(what: &str) -> Error {
    Error::Dicom(Reason::Broken { codec: "JPEG", what: what.to_string() })
}
