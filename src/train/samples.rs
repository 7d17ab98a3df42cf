//! Reads a manifest to images with targets.
//!
//! A manifest is a CSV with the columns `path` (relative to the manifest), `split` (`train` or `val`), `patient` (or
//! `patient_id`), `labels` (findings that are present, separated by `;`), and optionally `source`, `absent` (findings
//! known to be absent), `uncertain` and `report`. A finding that is neither present nor known to be absent is unknown:
//! it is masked, not negative.
//!
//! Several manifests are read as one, each with the files of boxes, teacher and readings in its folder.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use image::GrayImage;
use rand::{SeedableRng, rngs::StdRng};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::config::{DataConfig, ReadingsConfig, TeacherConfig};
use super::error::{Result, TrainError};
use super::learner::Learner;
use super::patients::PatientSplits;
use crate::radiograph::Picture;
use crate::radiograph::preprocess::ImageConfig;
use crate::radiograph::preprocess::Square;
use crate::table::Csv;
use crate::text::align::align;

/// The target of a finding in an image: a probability, or `None` where it is unknown.
pub type Target = Option<f32>;

/// One image with its labels.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Its path, as in the manifest.
    pub path: String,
    /// The source of the image.
    pub source: String,
    /// The patient.
    pub patient: String,
    /// The image as a square, before cropping.
    pub square: GrayImage,
    /// Whether its labels are certain.
    pub exact: bool,
    /// The label of each finding.
    pub labels: Vec<Target>,
    /// The target of each finding, from labels, readings and teacher.
    pub targets: Vec<Target>,
    /// Annotated boxes: finding, then left, top, right and bottom in pixels of the square.
    pub boxes: Vec<(usize, [f32; 4])>,
    /// Sentences for statements of the report that go beyond the labels: other findings, and locations.
    pub sentences: Vec<String>,
}

/// All images.
#[derive(Debug)]
pub struct Samples {
    /// For training.
    pub train: Vec<Sample>,
    /// For validation; only images of the source that the config names.
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
        let csv = Csv::read(path)?;
        let columns = csv.header()?.into_iter().enumerate().map(|(i, name)| (name, i)).collect();
        Ok(Self { path: path.to_path_buf(), columns, rows: csv.rows()? })
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
    /// Reads manifests, their images, boxes, teachers and readings.
    ///
    /// # Errors
    ///
    /// [`TrainError::Leak`] where a patient is in two splits; otherwise errors of reading the files.
    pub fn read(
        manifests: &[PathBuf],
        data: &DataConfig,
        image: &ImageConfig,
        fold: Option<Fold>,
    ) -> Result<Self> {
        check_files(manifests, data)?;
        let mut splits = PatientSplits::default();
        let mut all = Self { train: Vec::new(), val: Vec::new() };
        for manifest in manifests {
            let mut table = Table::read(manifest)?;
            check_patients(&table, &mut splits)?;
            if let Some(fold) = fold {
                fold.divide(&mut table)?;
            }
            let Self { train, val } = Self::read_one(&table, data, image)?;
            all.train.extend(train);
            all.val.extend(val);
        }
        if all.train.is_empty() {
            let reason = "no row of the manifests is for training from a known source";
            return Err(TrainError::Config(reason.to_string()));
        }
        Ok(all)
    }

    /// The samples with at most a given number of training images per source, chosen at random by the seed.
    pub fn thinned(&self, per_source: &BTreeMap<String, usize>, seed: u64) -> Self {
        let most = |source: &str| per_source.get(source).copied().unwrap_or(usize::MAX);
        let mut order = draw(&self.train, most, &mut StdRng::seed_from_u64(seed));
        order.sort_unstable();
        Self {
            train: order.into_iter().map(|index| self.train[index].clone()).collect(),
            val: self.val.clone(),
        }
    }

    fn read_one(table: &Table, data: &DataConfig, image: &ImageConfig) -> Result<Self> {
        let folder = table.path.parent().unwrap_or(Path::new("."));
        let known_as = KnownAs::new(data);
        let beside = |file: &Path| Some(folder.join(file)).filter(|path| path.exists());
        let boxes = match data.boxes.as_deref().and_then(beside) {
            Some(path) => read_boxes(&path, &known_as)?,
            None => HashMap::new(),
        };
        let teacher = match &data.teacher {
            Some(teacher) if beside(&teacher.file).is_some() => {
                Teacher::read(folder, teacher, table, data)?
            }
            _ => HashMap::new(),
        };
        let readings = match &data.readings {
            Some(readings) => Readings::read(folder, readings, table, data)?,
            None => HashMap::new(),
        };
        let path = table.column(&["path"])?;
        let (split, patient) = (table.column(&["split"])?, table.column(&PATIENT)?);
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
            let mut targets = with_readings(&known, readings.get(&path), data);
            for (index, finding) in data.findings.iter().enumerate() {
                if rules.ignores.contains(&finding.name) {
                    (known[index], targets[index]) = (None, None);
                }
            }
            let sample = Sample {
                boxes: boxes
                    .get(&path)
                    .into_iter()
                    .flatten()
                    .map(|&(finding, corners)| (finding, place(corners)))
                    .collect(),
                targets: with_teacher(&targets, teacher.get(&path), data),
                path,
                source,
                patient: cell(row, Some(patient)),
                exact: rules.exact,
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
                "val" if sample.source == data.validate => val.push(sample),
                _ => {}
            }
        }
        Ok(Self { train, val })
    }
}

/// Indices of samples in random order, with at most `most(source)` of each source.
pub fn draw(samples: &[Sample], most: impl Fn(&str) -> usize, rng: &mut StdRng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..samples.len()).collect();
    Learner::shuffle(&mut order, rng);
    let mut taken: HashMap<&str, usize> = HashMap::new();
    order.retain(|&index| {
        let source = samples[index].source.as_str();
        let taken = taken.entry(source).or_default();
        *taken += 1;
        *taken <= most(source)
    });
    order
}

/// One part of a cross-validation by patient: all images of its patients are for validation, and those of all other
/// patients for training, whatever their split in the manifest. Rows of other splits are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fold {
    /// Index of this part, counted from 0.
    pub index: usize,
    /// Number of parts.
    pub count: usize,
}

impl Fold {
    fn divide(self, table: &mut Table) -> Result<()> {
        let (patient, split) = (table.column(&PATIENT)?, table.column(&["split"])?);
        for row in &mut table.rows {
            if matches!(row.get(split), Some("train" | "val")) {
                let new = if self.holds(row.get(patient).unwrap_or("")) { "val" } else { "train" };
                let cells = row.iter().enumerate();
                *row = cells.map(|(i, cell)| if i == split { new } else { cell }).collect();
            }
        }
        Ok(())
    }

    /// Whether a patient belongs to this part. A patient belongs to the same part in every manifest and every run.
    pub fn holds(self, patient: &str) -> bool {
        let digest = Sha256::digest(patient.as_bytes());
        let number = digest.iter().take(4).fold(0, |sum, &byte| sum * 256 + usize::from(byte));
        number % self.count == self.index
    }
}

/// The possible names of the column that identifies patients.
const PATIENT: [&str; 2] = ["patient", "patient_id"];

/// The labels of one row.
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

/// Looks up the finding that a label stands for.
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

/// Adds the report's statements about findings to the targets, and returns its further statements as sentences.
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

/// Rejects a config that names a file which is not in the folder of any manifest.
fn check_files(manifests: &[PathBuf], data: &DataConfig) -> Result<()> {
    let teacher = data.teacher.as_ref().map(|teacher| &teacher.file);
    let readings = data.readings.as_ref().map(|readings| &readings.file);
    for file in data.boxes.iter().chain(teacher).chain(readings) {
        let beside = |manifest: &PathBuf| manifest.with_file_name(file).exists();
        if !manifests.iter().any(beside) {
            let reason = format!(
                "{} lies beside none of the manifests; put it there or take it out of the config",
                file.display()
            );
            return Err(TrainError::Config(reason));
        }
    }
    Ok(())
}

fn check_patients(table: &Table, splits: &mut PatientSplits) -> Result<()> {
    let (patient, split) = (table.column(&PATIENT)?, table.column(&["split"])?);
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

/// The predictions of a teacher as probabilities, by path and finding.
struct Teacher;

impl Teacher {
    /// Reads logits, and calibrates them for each finding on the labels of the training rows.
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

/// The readings of images by radiologists, for each finding.
struct Readings;

impl Readings {
    /// Reads the classes of the RSNA Pneumonia Detection Challenge 2018, from the manifest's own column if it has one:
    /// an image of the class `Normal` has no finding, one of `Lung Opacity` shows the finding that the config names,
    /// and one of `No Lung Opacity / Not Normal` does not show it.
    fn read(
        folder: &Path,
        config: &ReadingsConfig,
        manifest: &Table,
        data: &DataConfig,
    ) -> Result<HashMap<String, Vec<Target>>> {
        let path = manifest.column(&["path"])?;
        let opacity = data.findings.iter().position(|finding| finding.name == config.opacity);
        let reading = |class: &str| -> Option<Vec<Target>> {
            let mut targets = vec![None; data.findings.len()];
            match class {
                "Normal" => targets.fill(Some(0.0)),
                "Lung Opacity" => targets[opacity?] = Some(1.0),
                "No Lung Opacity / Not Normal" => targets[opacity?] = Some(0.0),
                _ => return None,
            }
            Some(targets)
        };
        let mut readings = HashMap::new();
        let mut add = |row: &csv::StringRecord, class: &str| {
            let path = row.get(path).unwrap_or("").to_string();
            readings.extend(reading(class).map(|reading| (path, reading)));
        };
        if let Some(&class) = manifest.columns.get("rsna_class") {
            manifest.rows.iter().for_each(|row| add(row, row.get(class).unwrap_or("")));
        }
        let file = folder.join(&config.file);
        if let (true, Some(&ours)) = (file.exists(), manifest.columns.get(&config.key)) {
            let table = Table::read(&file)?;
            let (theirs, class) = (table.column(&[&config.key])?, table.column(&["rsna2018"])?);
            let classes: HashMap<&str, &str> = table
                .rows
                .iter()
                .filter_map(|row| Some((row.get(theirs)?, row.get(class)?)))
                .collect();
            for row in &manifest.rows {
                add(row, row.get(ours).and_then(|key| classes.get(key)).unwrap_or(&""));
            }
        }
        Ok(readings)
    }
}

/// Labels combined with a radiologist's readings, by the weight that the config gives to these.
fn with_readings(
    labels: &[Target],
    reading: Option<&Vec<Target>>,
    data: &DataConfig,
) -> Vec<Target> {
    let (Some(reading), Some(config)) = (reading, &data.readings) else { return labels.to_vec() };
    let both = labels.iter().zip(reading);
    both.map(|(label, reading)| match (label, reading) {
        (Some(label), Some(reading)) => Some(label * (1.0 - config.trust) + reading * config.trust),
        (None, reading) => *reading,
        (label, None) => *label,
    })
    .collect()
}

/// Labels combined with the teacher's predictions. Targets that are masked in the labels stay masked.
fn with_teacher(
    labels: &[Target],
    teacher: Option<&Vec<Target>>,
    data: &DataConfig,
) -> Vec<Target> {
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

/// Slope and offset of a logistic regression with one variable, by Newton's method. A small ridge penalty keeps the
/// result finite for separable data.
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

/// Number of images of each source, for the log.
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
        // At 0 one in four is positive, at 1 three in four: the log-odds are -ln 3 and ln 3.
        let group = |x: f64, ones: usize| (0..400).map(move |i| (x, i % 4 < ones));
        let pairs: Vec<_> = group(0.0, 1).chain(group(1.0, 3)).collect();
        let (slope, offset) = logistic_regression(&pairs);
        assert!((offset + 3f64.ln()).abs() < 1e-3, "{offset}");
        assert!((slope - 2.0 * 3f64.ln()).abs() < 2e-3, "{slope}");
    }

    #[test]
    fn every_patient_is_held_out_once() {
        let folds = [0, 1, 2].map(|index| Fold { index, count: 3 });
        let held = |patient: &String| folds.iter().filter(|fold| fold.holds(patient)).count();
        let patients: Vec<String> = (0..300).map(|i| format!("p{i}")).collect();
        assert!(patients.iter().all(|patient| held(patient) == 1));
        for fold in folds {
            let count = patients.iter().filter(|patient| fold.holds(patient)).count();
            assert!((70..130).contains(&count), "{count}");
        }
    }

    #[test]
    fn what_a_source_does_not_know_is_masked() {
        let statements = Statements { present: vec![0], absent: vec![2], uncertain: vec![3] };
        let targets = |knows| (0..4).map(|i| statements.target(i, knows)).collect::<Vec<_>>();
        assert_eq!(targets(false), [Some(1.0), None, Some(0.0), None]);
        assert_eq!(targets(true), [Some(1.0), Some(0.0), Some(0.0), None]);
    }
}
