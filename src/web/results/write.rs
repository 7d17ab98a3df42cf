//! Writes scores and maps as files.

use std::collections::BTreeMap;

use wasm_bindgen::prelude::*;

use super::super::boundary::{object, plain, thrown};
use super::input::{Input, Map, source_of};
use crate::results::{Results, Source, Stamp, capture, fhir, report};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = include_str!("types.d.ts");

plain! {
    JsSource = "SourceUids | undefined" from Option<Source>;
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(typescript_type = "Results")]
    pub type JsResults;
    #[wasm_bindgen(typescript_type = "ResultMap")]
    pub type JsMap;
}

type Thrown<T> = Result<T, JsValue>;

#[wasm_bindgen(start)]
fn start() {
    console_error_panic_hook::set_once();
}

/// The identifiers of a DICOM file; undefined where it lacks one of them.
#[wasm_bindgen(js_name = sourceUids)]
pub fn source_uids(file: &[u8]) -> Thrown<JsSource> {
    let source = source_of(file);
    let source = source.map_err(|error| coded(&error.to_string(), error.code()))?;
    Ok(object(&source))
}

/// Writes files that refer to each other.
#[wasm_bindgen]
pub struct Writer {
    results: Results,
    stamp: Stamp,
}

#[wasm_bindgen]
impl Writer {
    /// `seed` has 16 random bytes; `seconds` is the time since 1970, in UTC.
    #[wasm_bindgen(constructor)]
    pub fn new(results: JsResults, seed: &[u8], seconds: f64) -> Thrown<Self> {
        let input: Input = serde_wasm_bindgen::from_value(results.into())?;
        let seed = seed.try_into().map_err(|_| coded("a seed has 16 bytes", "no-write"))?;
        Ok(Self { results: input.into(), stamp: Stamp::new(seed, seconds as u64) })
    }

    /// A DICOM Structured Report.
    pub fn report(&self) -> Vec<u8> {
        report::write(&self.results, &self.stamp)
    }

    /// A Bundle of FHIR resources, as JSON.
    pub fn fhir(&self) -> String {
        fhir::write(&self.results, &self.stamp)
    }

    /// A DICOM Secondary Capture of a map over its image. `score` is the index of its score, `values` are those of its
    /// patches, row by row, and `grey` is the image with 8 bits per pixel, row by row.
    pub fn capture(
        &self,
        score: usize,
        map: JsMap,
        values: &[f32],
        columns: u32,
        grey: Vec<u8>,
    ) -> Thrown<Vec<u8>> {
        let map: Map = serde_wasm_bindgen::from_value(map.into())?;
        let score = self.results.scores.get(score);
        let score = score.ok_or_else(|| coded("there is no such score", "no-write"))?;
        let over = map.over(values, columns, grey);
        let over = over.ok_or_else(|| coded("size and pixels disagree", "no-write"))?;
        let file = capture::write(&self.results, score, over, &self.stamp);
        file.map_err(|error| coded(&error.to_string(), "no-write"))
    }
}

fn coded(message: &str, code: &str) -> JsValue {
    thrown(message, code, &BTreeMap::<&str, &str>::new())
}
