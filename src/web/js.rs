//! The plain objects and the errors of the program, as types of JavaScript.

use std::collections::BTreeMap;

use wasm_bindgen::prelude::*;

pub use super::boundary::object;
use super::boundary::{plain, thrown};
use super::objects::{self, ProgramError};
use crate::engine::ablation::Ablated;
use crate::engine::heads::BothHeads;
use crate::engine::ood::Verdict;
use crate::engine::sensitivity::Sensitivity;
use crate::engine::sides::Mirrored;
use crate::engine::{audit, curves};
use crate::error::Error;
use crate::package::FileEntry;
use crate::phantom::{Example, Phantom, Truth};
use crate::radiograph::dicom::{Fact, Groups};
use crate::radiograph::note::Note;
use crate::radiograph::preprocess::{ImageConfig, View};
use crate::radiograph::warning::Warning;
use crate::text::align::Completion;
use crate::text::align::reading::Reading;
use crate::text::align::typed::Typed;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = include_str!("types.d.ts");

plain! {
    JsFiles = "FileEntry[]" from Vec<FileEntry>;
    JsModelInfo = "ModelInfo" from objects::ModelInfo<'_>;
    JsVerdict = "Verdict | undefined" from Option<Verdict>;
    JsScores = "Score[]" from Vec<objects::Score<'_>>;
    JsRanked = "Ranked" from objects::Ranked<'_>;
    JsEncodedText = "EncodedText" from objects::EncodedText<'_>;
    JsExplanation = "Explanation" from objects::Explanation<'_>;
    JsAblated = "Ablated[]" from Vec<Ablated>;
    JsBothHeads = "BothHeads[]" from Vec<BothHeads>;
    JsSensitivity = "Sensitivity" from Sensitivity;
    JsAuditReport = "AuditReport | undefined" from Option<audit::Report>;
    JsCurvesReport = "CurvesReport | undefined" from Option<curves::Report>;
    JsMirrored = "Mirrored[]" from Vec<Mirrored>;
    JsObserved = "Observed" from objects::Observed<'_>;
    JsShown = "Shown" from objects::Shown<'_>;
    JsImageConfig = "ImageConfig" from ImageConfig;
    JsSeen = "Seen" from objects::Seen<'_>;
    JsThumbnail = "Thumbnail" from objects::Thumbnail<'_>;
    JsView = "View" from View;
    JsNotes = "Note[]" from Vec<Note>;
    JsFacts = "Fact[]" from Vec<Fact>;
    JsGroups = "Groups" from Groups;
    JsWarnings = "Warning[]" from Vec<Warning>;
    JsPalettes = "Palette[]" from Vec<objects::Palette<'_>>;
    JsExamples = "Example[]" from [Example; 4];
    JsCase = "Phantom" from Phantom;
    JsTruths = "Truth[]" from Vec<Truth>;
    JsWithout = "Phantom | undefined" from Option<Phantom>;
    JsTyped = "Typed" from Typed;
    JsRewriting = "Rewriting" from objects::Rewriting<'_>;
    JsReading = "Reading" from Reading;
    JsCompletions = "Completion[]" from Vec<Completion>;
    JsNames = "Record<string, string>" from BTreeMap<String, String>;
}

#[wasm_bindgen]
extern "C" {
    /// Parameters that are omitted are those of a normal adult.
    #[wasm_bindgen(typescript_type = "Partial<Phantom>")]
    pub type JsPhantom;
    #[wasm_bindgen(typescript_type = "Labelled[]")]
    pub type JsLabelled;
}

impl From<Error> for JsValue {
    fn from(error: Error) -> Self {
        let ProgramError { code, values } = ProgramError::from(&error);
        thrown(&error.to_string(), code, &values)
    }
}
