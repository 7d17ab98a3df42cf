//! Writes results as files for other programs: the scores of an image as a DICOM Structured Report and as FHIR
//! resources, and a map over the image as a DICOM Secondary Capture.
//!
//! | file | what it writes or holds |
//! |---|---|
//! | `content.rs` | the content: scores, and what has to be said about them |
//! | `report.rs` | Enhanced SR by the template TID 1500, Measurement Report (DICOM PS3.16) |
//! | `capture.rs` | Secondary Capture Image (DICOM PS3.3 section A.8.1) |
//! | `fhir.rs` | a Bundle of DiagnosticReport, Observations and Device (FHIR R5) |
//! | `data_set.rs` | elements of a DICOM data set, and the modules that both objects have |
//! | `codes.rs`, `codes.json` | findings and measurements as codes |
//! | `stamp.rs` | new identifiers, and the time |
//!
//! All files state that they are for research and that nobody has verified them. They name the model, the population in
//! which scores are ranked, and everything that speaks against a score. None of them contains anything about a patient.
//! The image and study from which they were made are included only if a person asks for it ([`Results::source`]), and
//! then only as identifiers.

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
