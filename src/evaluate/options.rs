//! What is to be measured.

use std::path::PathBuf;

/// Which files are read, and what of them is measured. Files are CSV with a header, with commas, semicolons or
/// tabs, in UTF-8 or UTF-16.
#[derive(Debug, Clone)]
pub struct Options {
    /// Logits: a column for each finding, or the columns image, prompt, logit.
    pub predictions: PathBuf,
    /// Column of the scores in predictions with the columns image and prompt: `cosine` for the
    /// CLIP-style head of `carzero score --format csv`.
    pub score: String,
    /// Labels: a column for each finding with 1, 0, or empty, nan or -1 for unknown.
    pub labels: PathBuf,
    /// Column to join by; for predictions with the columns image, prompt, logit, this is the
    /// labels' column. If none is given, the one that tells images: no value twice, most of them in
    /// both files, a name such as image, path, file, study or id first, never a count of the rows.
    /// Paths that differ are joined by file name.
    pub key: Option<String>,
    /// Column of the labels that names the patient, so that intervals respect several images of
    /// one patient. If none is given, every row is a patient.
    pub patient: Option<String>,
    /// Thresholds for F1 and MCC: a JSON object {"finding": threshold, …}.
    pub thresholds: Option<PathBuf>,
    /// Rows of the labels, e.g. `split=val`, on which the thresholds with the highest F1 are
    /// chosen; all metrics are then of the other rows.
    pub choose_on: Option<String>,
    /// Findings that the model was not trained on, for separate means.
    pub unseen: Vec<String>,
    /// Logits of "There is no …" for the same images, to measure how negation is read.
    pub negated: Option<PathBuf>,
    /// Boxes in pixels: path, finding, x, y, w, h.
    pub boxes: Option<PathBuf>,
    /// Maps: key, finding, view_x, view_y, view_width, view_height (in pixels of the image) and
    /// the side x side values v0, v1, … row by row.
    pub maps: Option<PathBuf>,
    /// How far from a box, in pixels as the crow flies, the pointing game still counts as a hit.
    pub tolerance: f64,
    /// Seed of the bootstrap: the same seed gives the same intervals.
    pub seed: u64,
    /// Number of bootstrap resamples; 0 for no intervals.
    pub resamples: usize,
}
