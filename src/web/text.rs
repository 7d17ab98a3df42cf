//! Text that a person types or pastes, and the answers of a language model about it.

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

/// The instructions for a language model, and the JSON schema of its answer.
#[wasm_bindgen]
pub fn rewriting() -> JsRewriting {
    object(&Rewriting { instructions: &reading::SYSTEM_PROMPT, schema: reading::schema() })
}

/// A language model's answer about a text, reduced to what the vocabulary and the rules recognise.
#[wasm_bindgen(js_name = readAnswer)]
pub fn read_answer(text: &str, answer: &str) -> Result<JsReading> {
    Ok(object(&reading::check(reading::parse(answer)?, text)))
}

/// Completions of a text to findings, at most `limit`.
#[wasm_bindgen]
pub fn complete(prefix: &str, limit: usize) -> JsCompletions {
    object(&align::complete(prefix, limit))
}

/// The names of findings in Japanese.
#[wasm_bindgen(js_name = japaneseNames)]
pub fn japanese_names() -> JsNames {
    object(&align::japanese())
}

/// The sentence that is given to the model for a finding.
#[wasm_bindgen]
pub fn sentence(finding: &str) -> Result<String> {
    prompt::sentence(finding)
}
