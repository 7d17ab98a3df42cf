//! Results as files that other programs open: the scores of an image as a DICOM Structured Report and as FHIR resources, a map
//! over the image as a DICOM Secondary Capture.
//!
//! | file | what it writes or holds |
//! |---|---|
//! | `content.rs` | what is to be written: scores, and what has to be said of them |
//! | `report.rs` | Enhanced SR by the template TID 1500, Measurement Report (DICOM PS3.16) |
//! | `capture.rs` | Secondary Capture Image (DICOM PS3.3 section A.8.1) |
//! | `fhir.rs` | a Bundle of DiagnosticReport, Observations and Device (FHIR R5) |
//! | `data_set.rs` | elements of a DICOM data set, and the modules that both objects have |
//! | `codes.rs`, `codes.json` | findings and measurements as codes |
//! | `stamp.rs` | fresh identifiers, and the time |
//!
//! All of them say in words that they are for research and no one has verified them, name the model, whom scores are ranked among,
//! and all that speaks against a score. None of them holds anything of a patient. Which image of which study they were made of is
//! written only where a person asks for it ([`Results::source`]), and is then told by identifiers alone.

pub mod capture;
mod codes;
mod content;
mod data_set;
pub mod fhir;
pub mod report;
mod stamp;
#[cfg(test)]
mod tests;

pub use content::{Model, PURPOSE, Results, Score, Source, Wording};
pub use data_set::WriteError;
pub use stamp::Stamp;
