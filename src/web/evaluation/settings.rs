//! What the page says of an evaluation.

use serde::Deserialize;

use crate::evaluate::understood::Choice;
use crate::evaluate::{Options, Result, Thresholds};
use crate::table::Csv;

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

/// What is to be measured.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    pub tables: Vec<usize>,
    pub key: String,
    pub patient: Option<String>,
    pub choose_on: Option<String>,
    pub slices: Vec<String>,
    pub seed: u32,
    pub resamples: usize,
}

impl Settings {
    /// The options of `carzero evaluate`, with logits of one column for each finding.
    pub fn options(self, predictions: Vec<u8>, tables: &[Csv]) -> Result<Options> {
        let thresholds = self.choose_on.map_or(Thresholds::ChosenHere, Thresholds::ChosenOn);
        Ok(Options {
            predictions: Csv::parse("scores.csv", predictions)?,
            score: "logit".to_string(),
            labels: self.tables.iter().filter_map(|&table| tables.get(table).cloned()).collect(),
            key: Some(self.key),
            patient: self.patient,
            thresholds,
            slices: self.slices,
            unseen: Vec::new(),
            negated: None,
            boxes: None,
            maps: None,
            tolerance: 0.0,
            seed: self.seed.into(),
            resamples: self.resamples,
        })
    }
}
