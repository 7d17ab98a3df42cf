//! How objects and errors of the program become those of JavaScript.

use std::collections::BTreeMap;

use js_sys::Reflect;
use serde::Serialize;
use wasm_bindgen::prelude::*;

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
use crate::radiograph::dicom::Fact;
use crate::radiograph::note::Note;
use crate::radiograph::preprocess::View;
use crate::radiograph::warning::Warning;
use crate::text::align::Completion;
use crate::text::align::reading::Reading;
use crate::text::align::typed::Typed;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = include_str!("types.d.ts");

/// A value that becomes a plain object.
pub trait Plain: Serialize {
    /// The object, as TypeScript knows it.
    type Js: JsCast;
}

/// Names the type that each value has in TypeScript.
macro_rules! plain {
    ($($js:ident = $typescript:literal from $rust:ty;)*) => {
        #[wasm_bindgen]
        extern "C" {
            $(#[wasm_bindgen(typescript_type = $typescript)] pub type $js;)*
        }
        $(impl Plain for $rust { type Js = $js; })*
    };
}

plain! {
    JsFiles = "FileEntry[]" from Vec<FileEntry>;
    JsModelInfo = "ModelInfo" from objects::ModelInfo<'_>;
    JsVerdict = "Verdict | undefined" from Option<Verdict>;
    JsScores = "Score[]" from Vec<objects::Score<'_>>;
    JsExplanation = "Explanation" from objects::Explanation<'_>;
    JsAblated = "Ablated[]" from Vec<Ablated>;
    JsBothHeads = "BothHeads[]" from Vec<BothHeads>;
    JsSensitivity = "Sensitivity" from Sensitivity;
    JsAuditReport = "AuditReport | undefined" from Option<audit::Report>;
    JsCurvesReport = "CurvesReport | undefined" from Option<curves::Report>;
    JsMirrored = "Mirrored[]" from Vec<Mirrored>;
    JsObserved = "Observed" from objects::Observed<'_>;
    JsShown = "Shown" from objects::Shown<'_>;
    JsView = "View" from View;
    JsNotes = "Note[]" from Vec<Note>;
    JsFacts = "Fact[]" from Vec<Fact>;
    JsWarnings = "Warning[]" from Vec<Warning>;
    JsPalettes = "Palette[]" from Vec<objects::Palette<'_>>;
    JsExamples = "Example[]" from [Example; 4];
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
    /// What is left out is that of a normal adult.
    #[wasm_bindgen(typescript_type = "Partial<Phantom>")]
    pub type JsPhantom;
}

fn value(value: &impl Serialize) -> JsValue {
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true);
    value.serialize(&serializer).unwrap_or(JsValue::UNDEFINED)
}

/// A plain object; what is `None` becomes `undefined`.
pub fn object<T: Plain>(from: &T) -> T::Js {
    value(from).unchecked_into()
}

impl From<Error> for JsValue {
    fn from(error: Error) -> Self {
        let js = js_sys::Error::new(&error.to_string());
        let ProgramError { code, values } = ProgramError::from(&error);
        // Setting a property of a fresh object cannot fail.
        let _ = Reflect::set(&js, &"code".into(), &code.into());
        let _ = Reflect::set(&js, &"values".into(), &value(&values));
        js.into()
    }
}
