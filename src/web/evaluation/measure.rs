//! Tables, how they are understood, and evaluations.

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::super::boundary::object;
use super::js::{
    JsCorrections, JsCurves, JsDecision, JsProgress, JsReport, JsSettings, JsStudyReport,
    JsUnderstood,
};
use super::settings::{Corrections, Measured, Settings, StudyTables};
use crate::evaluate::understood::understand;
use crate::evaluate::{self, Result};
use crate::table::Csv;

#[wasm_bindgen(start)]
fn start() {
    console_error_panic_hook::set_once();
}

/// Tables in memory.
#[wasm_bindgen]
#[derive(Default)]
pub struct Tables(Vec<Csv>);

#[wasm_bindgen]
impl Tables {
    /// Without any tables.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file: CSV with commas, semicolons or tabs, in UTF-8 or UTF-16; if its name ends with `.gz`, it is
    /// decompressed.
    pub fn add(&mut self, name: String, bytes: Vec<u8>) -> Result<()> {
        self.0.push(Csv::parse(name, bytes)?);
        Ok(())
    }

    /// The columns of a table.
    pub fn columns(&self, table: usize) -> Result<Vec<String>> {
        Ok(self.0.get(table).map(Csv::header).transpose()?.unwrap_or_default())
    }

    /// How the tables are understood for images, which are given by their names.
    pub fn understand(
        &self,
        images: Vec<String>,
        corrections: JsCorrections,
    ) -> std::result::Result<JsUnderstood, JsValue> {
        let corrections: Corrections = serde_wasm_bindgen::from_value(corrections.into())?;
        Ok(object(&understand(&self.0, &images, &corrections.into())?))
    }

    /// Evaluates scores. `predictions` is a CSV file with the column `image` and a column of logits for each finding;
    /// `against` has other scores to compare with, and `maps` has a row for each boxed finding: key, finding, view_x,
    /// view_y, view_width, view_height, v0, v1, … `progress` is called with how many resamples are done, and how many
    /// there are.
    pub fn evaluate(
        &self,
        predictions: Vec<u8>,
        against: Option<Vec<u8>>,
        maps: Option<Vec<u8>>,
        settings: JsSettings,
        progress: JsProgress,
    ) -> std::result::Result<Evaluation, JsValue> {
        let settings: Settings = serde_wasm_bindgen::from_value(settings.into())?;
        let mut progress = callback(progress);
        let options = settings.options(Measured { predictions, against, maps }, &self.0)?;
        Ok(Evaluation(evaluate::Evaluation::new(&options, &mut progress)?))
    }
}

fn callback(progress: JsProgress) -> impl FnMut(usize, usize) {
    let function: Function = progress.unchecked_into();
    move |done, of| {
        // An exception in the page's function is ignored.
        let _ = function.call2(&JsValue::UNDEFINED, &done.into(), &of.into());
    }
}

/// The readings of the same cases by readers, in tables that are indexed by finding and then by case.
#[wasm_bindgen]
pub struct ReaderStudy(StudyTables);

#[wasm_bindgen]
impl ReaderStudy {
    /// `labels` has three tables, one after another: whether a finding is present, whether it is present at a known
    /// place, and whether the model calls it present; 0 is no, 1 yes, and 2 unknown. `scores` are those of the model.
    #[wasm_bindgen(constructor)]
    pub fn new(findings: Vec<String>, labels: Vec<u8>, scores: Vec<f64>) -> Self {
        Self(StudyTables { findings, labels, scores, ..StudyTables::default() })
    }

    /// Adds a reader. `answers` has, first without the model and then with it, a table of confidence, 1 to 5, and one
    /// of marks: 1 at the finding's place, 0 elsewhere, 2 none. `seconds` has the time for each case without the model,
    /// then with it.
    pub fn add(&mut self, answers: Vec<u8>, seconds: Vec<f64>) {
        self.0.readers.push((answers, seconds));
    }

    /// Computes all results. `present_from` is the confidence from which on a finding is called present. `progress` is
    /// called with how many resamples are done, and how many there are.
    pub fn measure(
        &self,
        present_from: u8,
        seed: u32,
        resamples: usize,
        progress: JsProgress,
    ) -> std::result::Result<JsStudyReport, JsValue> {
        let study = self.0.study(present_from, seed, resamples);
        Ok(object(&study.measure(&mut callback(progress))?))
    }
}

/// A completed evaluation.
#[wasm_bindgen]
pub struct Evaluation(evaluate::Evaluation);

#[wasm_bindgen]
impl Evaluation {
    /// The report, as `carzero evaluate --out` writes it to report.json.
    pub fn report(&self) -> JsReport {
        object(&self.0.report)
    }

    /// The decisions that a threshold gives for a finding, which is given by its name in the labels; undefined where
    /// there is no such finding.
    pub fn decide(&self, finding: &str, threshold: f64) -> JsDecision {
        object(&self.0.rows.decide(finding, threshold))
    }

    /// A finding's curves; undefined where there is no such finding.
    pub fn curves(&self, finding: &str) -> JsCurves {
        object(&self.0.rows.curves(finding))
    }
}
