//! The settings of an evaluation from the page, and the errors that the page gets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::evaluate::study::{Readings, Study};
use crate::evaluate::understood::Choice;
use crate::evaluate::{EvaluateError, Options, Reason, Result, Thresholds};
use crate::table::Csv;

/// A text, or a reason that has a code of its own.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum ErrorValue<'a> {
    Text(String),
    Reason(&'a Reason),
}

/// The named values that are reported beside an error's code.
pub fn values_of(error: &EvaluateError) -> BTreeMap<&'static str, ErrorValue<'_>> {
    let texts = error.values().into_iter().map(|(name, text)| (name, ErrorValue::Text(text)));
    let reason = error.reason().map(|reason| ("reason", ErrorValue::Reason(reason)));
    texts.chain(reason).collect()
}

/// A person's corrections; see [`Choice`].
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Corrections {
    pub table: Option<usize>,
    pub key: Option<String>,
    pub patient: Option<String>,
}

impl From<Corrections> for Choice {
    fn from(Corrections { table, key, patient }: Corrections) -> Self {
        Self { table, key, patient }
    }
}

/// The settings of an evaluation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    pub tables: Vec<usize>,
    pub key: String,
    pub patient: Option<String>,
    pub choose_on: Option<String>,
    pub slices: Vec<String>,
    pub boxes: Option<usize>,
    pub seed: u32,
    pub resamples: usize,
}

/// The data to evaluate, as CSV files.
#[derive(Debug, Default)]
pub struct Measured {
    /// Logits, a column for each finding.
    pub predictions: Vec<u8>,
    /// Other scores to compare with.
    pub against: Option<Vec<u8>>,
    /// Maps of the findings that have boxes.
    pub maps: Option<Vec<u8>>,
}

impl Settings {
    /// The options of `carzero evaluate`.
    pub fn options(self, measured: Measured, tables: &[Csv]) -> Result<Options> {
        let parse =
            |name, bytes: Option<Vec<u8>>| bytes.map(|bytes| Csv::parse(name, bytes)).transpose();
        let thresholds = self.choose_on.map_or(Thresholds::ChosenHere, Thresholds::ChosenOn);
        let boxes = self.boxes.filter(|_| measured.maps.is_some());
        Ok(Options {
            predictions: Csv::parse("scores.csv", measured.predictions)?,
            score: "logit".to_string(),
            labels: self.tables.iter().filter_map(|&table| tables.get(table).cloned()).collect(),
            key: Some(self.key),
            patient: self.patient,
            thresholds,
            slices: self.slices,
            unseen: Vec::new(),
            negated: None,
            against: parse("other scores.csv", measured.against)?,
            boxes: boxes.and_then(|table| tables.get(table).cloned()),
            maps: parse("maps.csv", measured.maps)?,
            tolerance: 0.0,
            seed: self.seed.into(),
            resamples: self.resamples,
            notes_name_images: false,
        })
    }
}

/// The readings of the same cases by readers, as flat tables.
#[derive(Debug, Clone, Default)]
pub struct StudyTables {
    pub findings: Vec<String>,
    /// Three tables: whether a finding is present, whether at a known place, and whether the model calls it present; 0
    /// no, 1 yes, 2 unknown.
    pub labels: Vec<u8>,
    pub scores: Vec<f64>,
    /// For each reader: tables of confidence and marks without the model, then with it; and the seconds in the same
    /// order.
    pub readers: Vec<(Vec<u8>, Vec<f64>)>,
}

impl StudyTables {
    /// The study. Tables with wrong sizes are rejected later, when it is measured.
    pub fn study(&self, present_from: u8, seed: u32, resamples: usize) -> Study {
        let cases = (self.scores.len() / self.findings.len().max(1)).max(1);
        let size = cases * self.findings.len();
        let table = |values: &[u8], number: usize| -> Vec<Vec<u8>> {
            let own = values.get(number * size..(number + 1) * size).unwrap_or_default();
            own.chunks(cases).map(<[u8]>::to_vec).collect()
        };
        let known = |values: &[u8], number: usize| -> Vec<Vec<Option<bool>>> {
            let answer = |value: &u8| (*value < 2).then_some(*value == 1);
            table(values, number).iter().map(|row| row.iter().map(answer).collect()).collect()
        };
        let readings = |(answers, seconds): &(Vec<u8>, Vec<f64>), condition: usize| Readings {
            seconds: seconds.chunks(cases).nth(condition).unwrap_or_default().to_vec(),
            confidence: table(answers, 2 * condition),
            marks: known(answers, 2 * condition + 1),
        };
        Study {
            findings: self.findings.clone(),
            truth: known(&self.labels, 0),
            places: known(&self.labels, 1),
            called: known(&self.labels, 2),
            scores: self.scores.chunks(cases).map(<[f64]>::to_vec).collect(),
            readers: self
                .readers
                .iter()
                .map(|one| [0, 1].map(|side| readings(one, side)))
                .collect(),
            present_from,
            seed,
            resamples,
        }
    }
}
