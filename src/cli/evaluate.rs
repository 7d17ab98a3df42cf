//! `carzero evaluate`: the measurement itself is in [`carzero::evaluate`]; this command can also store its results in a
//! model.

mod files;
#[cfg(test)]
mod tests;

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use burn::tensor::Device;
use carzero::engine::population::key_of;
use carzero::evaluate::report::FindingReport;
use carzero::evaluate::{EvaluateError, Evaluation, Options, Thresholds};
use carzero::package::config::{Measured, Validation};
use carzero::table::Csv;

use super::convert::rewrite;
use super::open::{load, read_population, write_population};

/// Measure scores against labels: AUROC, AUPRC, F1, MCC and top-k accuracy with 95 % intervals.
///
/// Files are CSV with a header, with commas, semicolons or tabs, in UTF-8 or UTF-16. Predictions have a key column and
/// a column of logits for each finding; labels have the same key column and a column with 0 or 1, or False or True, for
/// each finding (empty, nan or -1 mean unknown and are left out). Columns are matched by name, with or without "There
/// is ". Predictions may also be the output of `carzero score --format csv`, and labels the tables of ChestX-ray14,
/// CheXpert, MIMIC-CXR-JPG, PadChest and Open-I in their published form.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Logits: a column for each finding, or the columns image, prompt, logit
    #[arg(long, value_name = "CSV")]
    predictions: PathBuf,

    /// Name of the score's column in predictions with the columns image and prompt, such as `cosine` for the CLIP-style
    /// head in the output of `carzero score --format csv`
    #[arg(long, value_name = "COLUMN", default_value = "logit")]
    score: String,

    /// Labels: a column for each finding with 1, 0, or empty, nan or -1 for unknown; or a published table (for Open-I
    /// both tables, for MIMIC-CXR-JPG those of labels and of metadata)
    #[arg(long, value_name = "CSV", required = true)]
    labels: Vec<PathBuf>,

    /// Column by which rows are joined; for predictions that have a column image instead, this is the column of the
    /// labels [default: a column that identifies images: its values are unique and most of them are in both files, and
    /// a name such as image, path, file, study or id is preferred; a column that only numbers the rows is never used].
    /// If paths differ, rows are joined by file name
    #[arg(long, value_name = "COLUMN")]
    key: Option<String>,

    /// Column of the labels that names the patient, so that intervals account for several images of one patient
    /// [default: every row is a patient]
    #[arg(long, value_name = "COLUMN")]
    patient: Option<String>,

    /// Thresholds for F1 and MCC: a JSON object {"finding": threshold, …}
    #[arg(long, value_name = "JSON", conflicts_with = "choose_on")]
    thresholds: Option<PathBuf>,

    /// Rows of the labels, e.g. `split=val`, on which the thresholds with the highest F1 are chosen; all metrics are
    /// then computed on the other rows
    #[arg(long, value_name = "COLUMN=VALUE")]
    choose_on: Option<String>,

    /// Columns of the labels, or else of the predictions, such as the view, the sex or the age: AUROC is also computed
    /// for the images with each of their values
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    slice: Vec<String>,

    /// Findings on which the model was not trained, for which separate means are computed
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    unseen: Vec<String>,

    /// Logits of "There is no …" for the same images, to measure how the model responds to negation
    #[arg(long, value_name = "CSV")]
    negated: Option<PathBuf>,

    /// Other scores of the same images, in the form of the predictions, to compare with: differences of
    /// AUROC with intervals, and DeLong's test
    #[arg(long, value_name = "CSV")]
    against: Option<PathBuf>,

    /// Boxes in pixels: path, finding, x, y, w, h
    #[arg(long, value_name = "CSV", requires = "maps")]
    boxes: Option<PathBuf>,

    /// Maps: key, finding, view_x, view_y, view_width, view_height (in pixels of the image) and
    /// the side x side values v0, v1, … row by row
    #[arg(long, value_name = "CSV", requires = "boxes")]
    maps: Option<PathBuf>,

    /// The Euclidean distance from a box, in pixels, up to which the pointing game counts a hit
    #[arg(long, value_name = "PIXELS", default_value_t = 0.0, requires = "boxes")]
    tolerance: f64,

    /// Folder for report.md, report.json, thresholds.json (with --choose-on) and roc/*.svg
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Seed of the bootstrap: the same seed gives the same intervals
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Number of bootstrap resamples; 0 for no intervals
    #[arg(long, default_value_t = 2000, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(0..=10_000))]
    resamples: usize,

    /// Model folder of these predictions, or the file of a reference population: the figures of each finding are stored
    /// in the model's config.json or in that file, so that the page can explain how reliable a score is
    #[arg(long, value_name = "DIR|FILE", requires = "population")]
    keep: Option<PathBuf>,

    /// Description of the images, in words that complete "On …"
    #[arg(long, value_name = "TEXT", requires = "keep")]
    population: Option<String>,
}

impl Args {
    fn options(&self) -> Result<Options, EvaluateError> {
        let read = |path: &PathBuf| Csv::read(path);
        let maybe = |path: &Option<PathBuf>| path.as_ref().map(read).transpose();
        let thresholds = match (&self.thresholds, &self.choose_on) {
            (Some(path), _) => read_thresholds(path)?,
            (None, Some(choice)) => Thresholds::ChosenOn(choice.clone()),
            (None, None) => Thresholds::None,
        };
        Ok(Options {
            predictions: read(&self.predictions)?,
            score: self.score.clone(),
            labels: self.labels.iter().map(read).collect::<Result<_, _>>()?,
            key: self.key.clone(),
            patient: self.patient.clone(),
            thresholds,
            slices: self.slice.clone(),
            unseen: self.unseen.clone(),
            negated: maybe(&self.negated)?,
            against: maybe(&self.against)?,
            boxes: maybe(&self.boxes)?,
            maps: maybe(&self.maps)?,
            tolerance: self.tolerance,
            seed: self.seed,
            resamples: self.resamples,
            notes_name_images: true,
        })
    }
}

fn read_thresholds(path: &Path) -> Result<Thresholds, EvaluateError> {
    let file = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => Thresholds::from_json(&file, &text),
        Err(error) => Err(EvaluateError::Json { file, cause: error.into() }),
    }
}

/// Prints a text. It is no error if the reader closes the pipe early, as `head` does.
fn print(text: &str) -> Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        _ => Ok(()),
    }
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    let report = Evaluation::new(&args.options()?, &mut |_, _| {})?.report;
    if let Some(folder) = &args.out {
        files::write(&report, folder, args.choose_on.is_some())?;
    }
    print(&report.markdown())?;
    let (Some(kept), Some(population)) = (&args.keep, &args.population) else { return Ok(()) };
    let findings = report.findings.iter().filter_map(measured).collect::<Result<_>>()?;
    let validation = Some(Validation { population: population.clone(), findings });
    if kept.is_file() {
        let mut own = read_population(kept)?;
        own.validation = validation;
        return write_population(kept, &own);
    }
    let loaded = load(kept, &Device::flex())?;
    let mut config = loaded.config;
    config.validation = validation;
    rewrite(kept, &loaded.manifest, &config, None)
}

fn measured(finding: &FindingReport) -> Option<Result<(String, Measured)>> {
    let auroc = finding.metrics.auroc?;
    let &FindingReport { positives, negatives, undecided, .. } = finding;
    let measured = Measured::new(positives, negatives, auroc.value, auroc.interval, undecided);
    Some(key_of(&finding.name).map(|sentence| (sentence, measured)).map_err(Into::into))
}
