//! `carzero evaluate`: how good are scores, measured against labels, boxes and maps?
//!
//! | file | purpose |
//! |---|---|
//! | `table.rs` | CSV cells with their place, rows joined by key |
//! | `key.rs` | the columns that tell images in two tables |
//! | `dataset.rs` | predictions (wide or long) and labels of the same images |
//! | `metrics.rs` | AUROC, average precision, F1, MCC, top-k as pure functions |
//! | `bootstrap.rs` | 95 % intervals by resampling patients |
//! | `localise.rs` | pointing game and box energy |
//! | `evaluation.rs` | from the joined data to the report |
//! | `report.rs`, `roc.rs` | Markdown, JSON and SVG |

pub mod bootstrap;
mod dataset;
mod error;
mod evaluation;
mod key;
pub mod localise;
pub mod metrics;
pub mod report;
mod roc;
mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};

pub use error::{EvaluateError, Result};
pub use evaluation::evaluate;
use report::Report;

/// Measure scores against labels: AUROC, AUPRC, F1, MCC and top-k accuracy with 95 % intervals.
///
/// Files are CSV with a header, with commas, semicolons or tabs, in UTF-8 or UTF-16. Predictions
/// have one column for each finding, with logits, and a key column; labels have the same key column
/// and 0 or 1, or False or True, for each finding (empty, nan or -1 mean unknown and are left out).
/// Columns belong together by name, with or without "There is ".
/// Predictions may also be what `carzero score --format csv` prints.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Logits: a column for each finding, or the columns image, prompt, logit
    #[arg(long, value_name = "CSV")]
    pub predictions: PathBuf,

    /// Column of the scores in predictions with the columns image and prompt: `cosine` for the
    /// CLIP-style head of `carzero score --format csv`
    #[arg(long, value_name = "COLUMN", default_value = "logit")]
    pub score: String,

    /// Labels: a column for each finding with 1, 0, or empty, nan or -1 for unknown
    #[arg(long, value_name = "CSV")]
    pub labels: PathBuf,

    /// Column to join by; for predictions with the columns image, prompt, logit, this is the
    /// labels' column [default: the one that tells images: no value twice, most of them in both
    /// files, a name such as image, path, file, study or id first, never a count of the rows].
    /// Paths that differ are joined by file name
    #[arg(long, value_name = "COLUMN")]
    pub key: Option<String>,

    /// Column of the labels that names the patient, so that intervals respect several images of
    /// one patient [default: every row is a patient]
    #[arg(long, value_name = "COLUMN")]
    pub patient: Option<String>,

    /// Thresholds for F1 and MCC: a JSON object {"finding": threshold, …}
    #[arg(long, value_name = "JSON", conflicts_with = "choose_on")]
    pub thresholds: Option<PathBuf>,

    /// Rows of the labels, e.g. `split=val`, on which the thresholds with the highest F1 are
    /// chosen; all metrics are then of the other rows
    #[arg(long, value_name = "COLUMN=VALUE")]
    pub choose_on: Option<String>,

    /// Findings that the model was not trained on, for separate means
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub unseen: Vec<String>,

    /// Logits of "There is no …" for the same images, to measure how negation is read
    #[arg(long, value_name = "CSV")]
    pub negated: Option<PathBuf>,

    /// Boxes in pixels: path, finding, x, y, w, h
    #[arg(long, value_name = "CSV", requires = "maps")]
    pub boxes: Option<PathBuf>,

    /// Maps: key, finding, view_x, view_y, view_width, view_height (in pixels of the image) and
    /// the side x side values v0, v1, … row by row
    #[arg(long, value_name = "CSV", requires = "boxes")]
    pub maps: Option<PathBuf>,

    /// How far from a box, in pixels as the crow flies, the pointing game still counts as a hit
    #[arg(long, value_name = "PIXELS", default_value_t = 0.0, requires = "boxes")]
    pub tolerance: f64,

    /// Folder for report.md, report.json, thresholds.json (with --choose-on) and roc/*.svg
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Seed of the bootstrap: the same seed gives the same intervals
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// Number of bootstrap resamples; 0 for no intervals
    #[arg(long, default_value_t = 1000, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(0..=10_000))]
    pub resamples: usize,
}

/// Evaluates, writes the files of `--out` and prints the Markdown report.
pub fn run(args: &Args) -> Result<Report> {
    let report = evaluate(args)?;
    if let Some(folder) = &args.out {
        write_files(&report, folder, args.choose_on.is_some())?;
    }
    match write!(std::io::stdout().lock(), "{}", report.markdown()) {
        // Whoever reads may stop early, as `head` does.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(cannot_write("standard output", &error))
        }
        _ => Ok(report),
    }
}

fn write_files(report: &Report, folder: &Path, thresholds: bool) -> Result<()> {
    let curves = folder.join("roc");
    std::fs::create_dir_all(&curves)
        .map_err(|error| cannot_write(&curves.display().to_string(), &error))?;
    write_file(&folder.join("report.md"), &report.markdown())?;
    write_file(&folder.join("report.json"), &json(report)?)?;
    if thresholds {
        let chosen: BTreeMap<&str, f64> = report
            .findings
            .iter()
            .filter_map(|finding| Some((finding.name.as_str(), finding.threshold?)))
            .collect();
        write_file(&folder.join("thresholds.json"), &json(&chosen)?)?;
    }
    let mut taken = HashSet::new();
    for finding in &report.findings {
        let stem = roc::file_stem(&finding.name);
        let numbered = (2..).map(|number| format!("{stem}-{number}"));
        let free = std::iter::once(stem.clone())
            .chain(numbered)
            .find(|name| !taken.contains(name))
            .unwrap_or(stem.clone());
        write_file(&curves.join(format!("{free}.svg")), &roc::svg(finding))?;
        taken.insert(free);
    }
    Ok(())
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    let cannot = |error: serde_json::Error| cannot_write("JSON", &error.into());
    serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(cannot)
}

fn write_file(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(|error| cannot_write(&path.display().to_string(), &error))
}

fn cannot_write(file: &str, error: &std::io::Error) -> EvaluateError {
    EvaluateError::Write { file: file.to_string(), reason: error.to_string() }
}
