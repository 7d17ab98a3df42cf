//! From a manifest to images with targets.
//!
//! A manifest is a CSV with the columns `path` (relative to it), `split` (`train` or `val`),
//! `patient` (or `patient_id`), `labels` (findings that are present, separated by `;`), and
//! optionally `source`, `absent` (findings known to be absent), `uncertain` and `report`. A finding
//! that is neither present nor known to be absent is unknown: it is masked, not negative.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use image::GrayImage;
use rayon::prelude::*;

use super::config::{DataConfig, TeacherConfig};
use super::error::{Result, TrainError};
use super::patients::PatientSplits;
use crate::align::align;
use crate::config::ImageConfig;
use crate::picture::Picture;
use crate::preprocess::Square;

/// What a finding is in an image: a probability, or unknown.
pub type Target = Option<f32>;

/// One image and what is known of it.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Its path, as in the manifest.
    pub path: String,
    /// Where it comes from.
    pub source: String,
    /// The image as a square, before cropping.
    pub square: GrayImage,
    /// What the labels say, for each finding.
    pub labels: Vec<Target>,
    /// What is to be learnt: labels and teacher together.
    pub targets: Vec<Target>,
    /// Annotated boxes: finding, then left, top, right and bottom in pixels of the square.
    pub boxes: Vec<(usize, [f32; 4])>,
    /// Sentences of the report that state what none of the findings says.
    pub sentences: Vec<String>,
}

/// All images.
#[derive(Debug)]
pub struct Samples {
    /// For training.
    pub train: Vec<Sample>,
    /// For choices.
    pub val: Vec<Sample>,
}

/// A CSV in memory.
struct Table {
    path: PathBuf,
    columns: HashMap<String, usize>,
    rows: Vec<csv::StringRecord>,
}

impl Table {
    fn read(path: &Path) -> Result<Self> {
        let fail = |error: csv::Error| TrainError::Table {
            path: path.to_path_buf(),
            reason: error.to_string(),
        };
        let mut reader = csv::Reader::from_path(path).map_err(fail)?;
        let headers = reader.headers().map_err(fail)?.clone();
        Ok(Self {
            path: path.to_path_buf(),
            columns: headers.iter().enumerate().map(|(i, name)| (name.to_string(), i)).collect(),
            rows: reader.records().collect::<Result<_, _>>().map_err(fail)?,
        })
    }

    fn column(&self, names: &[&str]) -> Result<usize> {
        names.iter().find_map(|name| self.columns.get(*name)).copied().ok_or_else(|| {
            self.error(format!("it has no column `{}`; add one", names.join("` or `")))
        })
    }

    fn error(&self, reason: String) -> TrainError {
        TrainError::Table { path: self.path.clone(), reason }
    }
}

impl Samples {
    /// Reads a manifest, its images, boxes and teacher.
    ///
    /// # Errors
    ///
    /// [`TrainError::Leak`] where a patient is in two splits; otherwise what cannot be read.
    pub fn read(manifest: &Path, data: &DataConfig, image: &ImageConfig) -> Result<Self> {
        let folder = manifest.parent().unwrap_or(Path::new("."));
        let table = Table::read(manifest)?;
        check_patients(&table)?;
        let known_as = KnownAs::new(data);
        let boxes = match &data.boxes {
            Some(file) => read_boxes(&folder.join(file), &known_as)?,
            None => HashMap::new(),
        };
        let teacher = match &data.teacher {
            Some(teacher) => Teacher::read(folder, teacher, &table, data)?,
            None => HashMap::new(),
        };

        let path = table.column(&["path"])?;
        let split = table.column(&["split"])?;
        let labels = table.column(&["labels"])?;
        let optional = |name: &str| table.columns.get(name).copied();
        let (source, report) = (optional("source"), optional("report"));
        let (absent, uncertain) = (optional("absent"), optional("uncertain"));
        let cell = |row: &csv::StringRecord, column: Option<usize>| {
            column.and_then(|column| row.get(column)).unwrap_or("").to_string()
        };
        let sample = |row: &csv::StringRecord| -> Result<Option<(String, Sample)>> {
            let (path, source) = (cell(row, Some(path)), cell(row, source));
            let Some(rules) = data.sources.get(&source) else { return Ok(None) };
            let statements = Statements {
                present: known_as.all(&cell(row, Some(labels))),
                absent: known_as.all(&cell(row, absent)),
                uncertain: known_as.all(&cell(row, uncertain)),
            };
            let mut known: Vec<Target> = data
                .findings
                .iter()
                .enumerate()
                .map(|(index, finding)| {
                    let knows = |names: &Vec<String>| names.contains(&finding.name);
                    statements.target(index, rules.knows.as_ref().is_none_or(knows))
                })
                .collect();
            let sentences = read_report(&cell(row, report), &known_as, &mut known);
            let file = folder.join(&path);
            let bytes = fs::read(&file).map_err(|source| TrainError::Io { path: file, source })?;
            let picture = Picture::decode(&bytes)?;
            let square = Square::new(&picture, image);
            let view = square.view(image);
            let margin = (image.size - image.crop) as f64 / 2.0;
            let into_square = |x: f64, origin: f64, extent: f64| {
                (margin + (x - origin) / extent * image.crop as f64) as f32
            };
            let place = |[left, top, right, bottom]: [f64; 4]| {
                [
                    into_square(left, view.x, view.width),
                    into_square(top, view.y, view.height),
                    into_square(right, view.x, view.width),
                    into_square(bottom, view.y, view.height),
                ]
            };
            let sample = Sample {
                boxes: boxes
                    .get(&path)
                    .into_iter()
                    .flatten()
                    .map(|&(finding, corners)| (finding, place(corners)))
                    .collect(),
                targets: mix(&known, teacher.get(&path), data),
                path,
                source,
                square: square.grey,
                labels: known,
                sentences,
            };
            Ok(Some((cell(row, Some(split)), sample)))
        };
        let samples: Vec<Option<(String, Sample)>> =
            table.rows.par_iter().map(sample).collect::<Result<_>>()?;
        let (mut train, mut val) = (Vec::new(), Vec::new());
        for (split, sample) in samples.into_iter().flatten() {
            match split.as_str() {
                "train" => train.push(sample),
                "val" => val.push(sample),
                _ => {}
            }
        }
        if train.is_empty() {
            return Err(table.error("no row is for training from a known source".to_string()));
        }
        Ok(Self { train, val })
    }
}

/// What one row says.
struct Statements {
    present: Vec<usize>,
    absent: Vec<usize>,
    uncertain: Vec<usize>,
}

impl Statements {
    fn target(&self, finding: usize, source_knows: bool) -> Target {
        if self.uncertain.contains(&finding) {
            None
        } else if self.present.contains(&finding) {
            Some(1.0)
        } else if self.absent.contains(&finding) || source_knows {
            Some(0.0)
        } else {
            None
        }
    }
}

/// Which finding a label means.
struct KnownAs(HashMap<String, usize>);

impl KnownAs {
    fn new(data: &DataConfig) -> Self {
        let names = |(index, finding): (usize, &super::config::FindingConfig)| {
            std::iter::once(&finding.name)
                .chain(&finding.labels)
                .map(|name| (name.to_lowercase(), index))
                .collect::<Vec<_>>()
        };
        Self(data.findings.iter().enumerate().flat_map(names).collect())
    }

    fn finding(&self, label: &str) -> Option<usize> {
        self.0.get(&label.trim().to_lowercase()).copied()
    }

    fn all(&self, labels: &str) -> Vec<usize> {
        labels.split([';', '|']).filter_map(|label| self.finding(label)).collect()
    }
}

/// Adds what a report says to the targets, and returns what else it states as sentences.
fn read_report(report: &str, known_as: &KnownAs, targets: &mut [Target]) -> Vec<String> {
    let mut sentences = Vec::new();
    for statement in align(report).into_iter().filter(|statement| !statement.historical) {
        let finding = known_as.finding(&statement.finding);
        if let Some(finding) = finding {
            targets[finding] = match (statement.uncertain, statement.negated) {
                (true, _) => None,
                (false, negated) => Some(if negated { 0.0 } else { 1.0 }),
            };
        }
        let says_more = finding.is_none() || statement.location.is_some();
        if says_more && !statement.negated && !statement.uncertain {
            sentences.push(statement.prompt);
        }
    }
    sentences
}

fn check_patients(table: &Table) -> Result<()> {
    let (patient, split) = (table.column(&["patient", "patient_id"])?, table.column(&["split"])?);
    let mut splits = PatientSplits::default();
    for row in &table.rows {
        let (patient, split) = (row.get(patient).unwrap_or(""), row.get(split).unwrap_or(""));
        if patient.is_empty() {
            return Err(table.error("a row has no patient; give each image one".to_string()));
        }
        splits.add(patient, split)?;
    }
    Ok(())
}

type Boxes = HashMap<String, Vec<(usize, [f64; 4])>>;

fn read_boxes(path: &Path, known_as: &KnownAs) -> Result<Boxes> {
    let table = Table::read(path)?;
    let (image, finding) = (table.column(&["path"])?, table.column(&["finding"])?);
    let sides = ["x", "y", "w", "h"].map(|name| table.column(&[name]));
    let mut boxes = Boxes::new();
    for row in &table.rows {
        let Some(finding) = row.get(finding).and_then(|name| known_as.finding(name)) else {
            continue;
        };
        let mut values = [0.0; 4];
        for (value, side) in values.iter_mut().zip(&sides) {
            let side = *side.as_ref().map_err(|error| table.error(error.to_string()))?;
            let text = row.get(side).unwrap_or("");
            *value = text.parse().map_err(|_| table.error(format!("`{text}` is no number")))?;
        }
        let [x, y, width, height] = values;
        let image = row.get(image).unwrap_or("").to_string();
        boxes.entry(image).or_default().push((finding, [x, y, x + width, y + height]));
    }
    Ok(boxes)
}

/// A teacher's logits as probabilities, by path and finding.
struct Teacher;

impl Teacher {
    /// Reads logits and calibrates them, finding by finding, on the labels of the training rows.
    fn read(
        folder: &Path,
        config: &TeacherConfig,
        manifest: &Table,
        data: &DataConfig,
    ) -> Result<HashMap<String, Vec<Target>>> {
        let table = Table::read(&folder.join(&config.file))?;
        let (ours, theirs) = (manifest.column(&[&config.key])?, table.column(&[&config.key])?);
        let (path, split) = (manifest.column(&["path"])?, manifest.column(&["split"])?);
        let labels = manifest.column(&["labels"])?;
        let known_as = KnownAs::new(data);
        let rows: HashMap<&str, &csv::StringRecord> =
            table.rows.iter().map(|row| (row.get(theirs).unwrap_or(""), row)).collect();
        let joined: Vec<(&csv::StringRecord, &csv::StringRecord)> = manifest
            .rows
            .iter()
            .filter(|row| row.get(split) == Some("train"))
            .filter_map(|row| Some((row, *rows.get(row.get(ours).filter(|key| !key.is_empty())?)?)))
            .collect();
        let mut probabilities: HashMap<String, Vec<Target>> = joined
            .iter()
            .map(|(row, _)| {
                (row.get(path).unwrap_or("").to_string(), vec![None; data.findings.len()])
            })
            .collect();
        for (index, finding) in data.findings.iter().enumerate() {
            let Some(&column) = table.columns.get(&format!("There is {}", finding.name)) else {
                continue;
            };
            let pairs: Vec<(f64, bool)> = joined
                .iter()
                .filter_map(|(row, logits)| {
                    let present = known_as.all(row.get(labels).unwrap_or("")).contains(&index);
                    Some((logits.get(column)?.parse().ok()?, present))
                })
                .collect();
            let (slope, offset) = logistic_regression(&pairs);
            for ((row, _), (logit, _)) in joined.iter().zip(&pairs) {
                let probability = sigmoid(slope * logit + offset) as f32;
                if let Some(of_row) = probabilities.get_mut(row.get(path).unwrap_or("")) {
                    of_row[index] = Some(probability);
                }
            }
        }
        Ok(probabilities)
    }
}

/// Labels and teacher together. What the labels mask stays masked.
fn mix(labels: &[Target], teacher: Option<&Vec<Target>>, data: &DataConfig) -> Vec<Target> {
    let (Some(teacher), Some(config)) = (teacher, &data.teacher) else { return labels.to_vec() };
    labels
        .iter()
        .zip(teacher)
        .map(|(label, teacher)| match (label, teacher) {
            (Some(label), Some(teacher)) => {
                Some(label * (1.0 - config.weight) + teacher * config.weight)
            }
            (label, _) => *label,
        })
        .collect()
}

/// The sigmoid function.
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Slope and offset of a logistic regression of one variable, by Newton's method with a little
/// ridge, which keeps separable data finite.
fn logistic_regression(pairs: &[(f64, bool)]) -> (f64, f64) {
    const RIDGE: f64 = 1e-2;
    let mean = pairs.iter().map(|pair| pair.0).sum::<f64>() / pairs.len().max(1) as f64;
    let (mut slope, mut offset) = (0.0, 0.0);
    for _ in 0..50 {
        let (mut g0, mut g1) = (RIDGE * offset, RIDGE * slope);
        let (mut h00, mut h01, mut h11) = (RIDGE, 0.0, RIDGE);
        for &(x, y) in pairs {
            let x = x - mean;
            let p = sigmoid(slope * x + offset);
            let (error, weight) = (p - f64::from(y), (p * (1.0 - p)).max(1e-9));
            g0 += error;
            g1 += error * x;
            h00 += weight;
            h01 += weight * x;
            h11 += weight * x * x;
        }
        let determinant = h00 * h11 - h01 * h01;
        offset -= (h11 * g0 - h01 * g1) / determinant;
        slope -= (h00 * g1 - h01 * g0) / determinant;
    }
    (slope, offset - slope * mean)
}

/// Images by source, for the log.
pub fn count_by_source(samples: &[Sample]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for sample in samples {
        *counts.entry(sample.source.as_str()).or_insert(0) += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logistic_regression_finds_the_maximum_likelihood() {
        // 1 of 4 at 0, 3 of 4 at 1: log-odds -ln 3 and ln 3.
        let group = |x: f64, ones: usize| (0..400).map(move |i| (x, i % 4 < ones));
        let pairs: Vec<_> = group(0.0, 1).chain(group(1.0, 3)).collect();
        let (slope, offset) = logistic_regression(&pairs);
        assert!((offset + 3f64.ln()).abs() < 1e-3, "{offset}");
        assert!((slope - 2.0 * 3f64.ln()).abs() < 2e-3, "{slope}");
    }

    #[test]
    fn what_a_source_does_not_know_is_masked() {
        let statements = Statements { present: vec![0], absent: vec![2], uncertain: vec![3] };
        let targets = |knows| (0..4).map(|i| statements.target(i, knows)).collect::<Vec<_>>();
        assert_eq!(targets(false), [Some(1.0), None, Some(0.0), None]);
        assert_eq!(targets(true), [Some(1.0), Some(0.0), Some(0.0), None]);
    }
}
