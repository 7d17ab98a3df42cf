//! The plain objects and the errors of an evaluation, as types of JavaScript.

use wasm_bindgen::prelude::*;

use super::super::boundary::{plain, thrown};
use super::settings::values_of;
use crate::evaluate::EvaluateError;
use crate::evaluate::decision::{Curves, Decision};
use crate::evaluate::report::Report;
use crate::evaluate::study::StudyReport;
use crate::evaluate::understood::Understood;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = include_str!("types.d.ts");

plain! {
    JsUnderstood = "Understood" from Understood;
    JsReport = "Report" from Report;
    JsStudyReport = "StudyReport" from StudyReport;
    JsDecision = "Decision | undefined" from Option<Decision>;
    JsCurves = "Curves | undefined" from Option<Curves>;
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(typescript_type = "Corrections")]
    pub type JsCorrections;
    #[wasm_bindgen(typescript_type = "Settings")]
    pub type JsSettings;
    #[wasm_bindgen(typescript_type = "(done: number, of: number) => void")]
    pub type JsProgress;
}

impl From<EvaluateError> for JsValue {
    fn from(error: EvaluateError) -> Self {
        thrown(&error.to_string(), error.code(), &values_of(&error))
    }
}
