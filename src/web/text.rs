//! Words: what a person types or pastes, and what a language model makes of it.

use wasm_bindgen::prelude::*;

use super::js::{JsCompletions, JsNames, JsReading, JsRewriting, JsTyped, object};
use super::objects::Rewriting;
use crate::error::Result;
use crate::text::align::{self, reading};
use crate::text::prompt;

/// How a typed text is understood.
#[wasm_bindgen]
pub fn typed(text: &str) -> JsTyped {
    object(&align::typed::typed(text))
}

/// What a language model is told, and the JSON schema of its answer.
#[wasm_bindgen]
pub fn rewriting() -> JsRewriting {
    object(&Rewriting { instructions: &reading::SYSTEM_PROMPT, schema: reading::schema() })
}

/// What a language model made of a text, as far as it can be believed.
#[wasm_bindgen(js_name = readAnswer)]
pub fn read_answer(text: &str, answer: &str) -> Result<JsReading> {
    Ok(object(&reading::check(reading::parse(answer)?, text)))
}

/// Findings that a text may be the beginning of, at most `limit`.
#[wasm_bindgen]
pub fn complete(prefix: &str, limit: usize) -> JsCompletions {
    object(&align::complete(prefix, limit))
}

/// The names of findings in Japanese.
#[wasm_bindgen(js_name = japaneseNames)]
pub fn japanese_names() -> JsNames {
    object(&align::japanese())
}

/// The sentence that is sent to the model for a finding.
#[wasm_bindgen]
pub fn sentence(finding: &str) -> Result<String> {
    prompt::sentence(finding)
}
