//! What is to be measured.

use std::collections::BTreeMap;

use super::error::{EvaluateError, Result};
use crate::table::Csv;

/// The tables, and what of them is measured. Tables have a header.
#[derive(Debug, Clone)]
pub struct Options {
    /// Logits: a column for each finding, or the columns image, prompt, logit.
    pub predictions: Csv,
    /// Column of the scores in predictions with the columns image and prompt: `cosine` for the
    /// CLIP-style head of `carzero score --format csv`.
    pub score: String,
    /// Labels: see [`Labels`](super::labels::Labels).
    pub labels: Vec<Csv>,
    /// Key column to join by; for predictions with the columns image, prompt, logit, this is the
    /// labels' column. If none is given, the one that tells images: no value twice, most of them in
    /// both files, a name such as image, path, file, study or id first, never a count of the rows.
    /// Paths that differ are joined by file name.
    pub key: Option<String>,
    /// Column of the labels that names the patient, so that intervals respect several images of
    /// one patient. If none is given, every row is a patient.
    pub patient: Option<String>,
    /// From which score on a finding is called present.
    pub thresholds: Thresholds,
    /// Columns of the labels, or else of the predictions, such as the view: AUROC also of the rows of each of their values.
    pub slices: Vec<String>,
    /// Findings that the model was not trained on, for separate means.
    pub unseen: Vec<String>,
    /// Logits of "There is no …" for the same images, to measure how negation is read.
    pub negated: Option<Csv>,
    /// Other scores of the same images, in the form of the predictions, to compare with.
    pub against: Option<Csv>,
    /// Boxes in pixels: path, finding, x, y, w, h.
    pub boxes: Option<Csv>,
    /// Maps: key, finding, view_x, view_y, view_width, view_height (in pixels of the image) and
    /// the side x side values v0, v1, … row by row.
    pub maps: Option<Csv>,
    /// How far from a box, in pixels as the crow flies, the pointing game still counts as a hit.
    pub tolerance: f64,
    /// Seed of the bootstrap: the same seed gives the same intervals.
    pub seed: u64,
    /// Number of bootstrap resamples; 0 for no intervals.
    pub resamples: usize,
    /// Whether notes name images that are left out, beside how many they are.
    pub notes_name_images: bool,
}

/// Thresholds for F1, MCC, sensitivity and specificity.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Thresholds {
    /// None, and so none of these metrics.
    #[default]
    None,
    /// By finding.
    Given(BTreeMap<String, f64>),
    /// The ones with the highest F1 on the rows of the labels that COLUMN=VALUE picks, e.g. `split=val`; all metrics are
    /// then of the other rows.
    ChosenOn(String),
    /// The ones with the highest F1 on the very rows that are evaluated, which flatters.
    ChosenHere,
}

impl Thresholds {
    /// Reads a JSON object {"finding": threshold, …}.
    ///
    /// # Errors
    ///
    /// [`EvaluateError::Json`] naming the file.
    pub fn from_json(file: &str, text: &str) -> Result<Self> {
        let fail = |error: serde_json::Error| EvaluateError::Json {
            file: file.to_string(),
            cause: error.into(),
        };
        serde_json::from_str(text).map(Self::Given).map_err(fail)
    }
}
