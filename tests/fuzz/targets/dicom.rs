//! DICOM, what is told and shown of it, and its identifiers.
#![no_main]

use carzero::Picture;
use carzero::radiograph::dicom;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    if !dicom::is_dicom(data) {
        return Corpus::Reject;
    }
    if let Ok(picture) = Picture::decode(data) {
        picture.shown();
        if let Some(about) = picture.about() {
            about.facts();
            about.warnings();
        }
    }
    let _ = dicom::Source::read(data);
    Corpus::Keep
});
