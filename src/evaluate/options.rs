//! The options of an evaluation.

use std::collections::BTreeMap;

use super::error::{EvaluateError, Result};
use crate::table::Csv;

/// The tables, which need a header, and what is measured on them.
#[derive(Debug, Clone)]
pub struct Options {
    /// Logits: a column for each finding, or the columns image, prompt, logit.
    pub predictions: Csv,
    /// Name of the score's column in predictions with the columns image and prompt, such as `cosine` for the CLIP-style
    /// head in the output of `carzero score --format csv`.
    pub score: String,
    /// Labels: see [`Labels`](super::labels::Labels).
    pub labels: Vec<Csv>,
    /// Key column by which rows are joined; for predictions with the columns image, prompt, logit it is the column of
    /// the labels. If it is not given, a column is chosen that identifies images: its values are unique and most of
    /// them are in both files; a name such as image, path, file, study or id is preferred, and columns that only number
    /// the rows are not used. If paths differ, rows are joined by file name.
    pub key: Option<String>,
    /// Column of the labels that names the patient, so that intervals account for several images of one patient. If it
    /// is not given, every row counts as another patient.
    pub patient: Option<String>,
    /// The score from which on a finding is called present.
    pub thresholds: Thresholds,
    /// Columns of the labels, or else of the predictions, such as the view. AUROC is also computed for the rows with
    /// each of their values.
    pub slices: Vec<String>,
    /// Findings on which the model was not trained, for which separate means are computed.
    pub unseen: Vec<String>,
    /// Logits of "There is no …" for the same images, to measure how the model responds to negation.
    pub negated: Option<Csv>,
    /// Other scores of the same images, in the form of the predictions, to compare with.
    pub against: Option<Csv>,
    /// Boxes in pixels: path, finding, x, y, w, h.
    pub boxes: Option<Csv>,
    /// Maps: key, finding, view_x, view_y, view_width, view_height (in pixels of the image) and
    /// the side x side values v0, v1, … row by row.
    pub maps: Option<Csv>,
    /// The Euclidean distance from a box, in pixels, up to which the pointing game counts a hit.
    pub tolerance: f64,
    /// Seed of the bootstrap: the same seed gives the same intervals.
    pub seed: u64,
    /// Number of bootstrap resamples; 0 for no intervals.
    pub resamples: usize,
    /// Whether notes name the images that are left out, in addition to their number.
    pub notes_name_images: bool,
}

/// Thresholds for F1, MCC, sensitivity and specificity.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Thresholds {
    /// No thresholds, and therefore none of these metrics.
    #[default]
    None,
    /// Given by finding.
    Given(BTreeMap<String, f64>),
    /// Those with the highest F1 on the rows of the labels that COLUMN=VALUE selects, e.g. `split=val`; all metrics are
    /// then computed on the other rows.
    ChosenOn(String),
    /// Those with the highest F1 on the very rows that are evaluated, which makes the metrics optimistic.
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
