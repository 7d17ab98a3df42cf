//! Checks, writes and counts the rows of the manifest.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::split::{Projection, Split};
use crate::labels::{Name, Statements, Vocabulary};
use crate::text::align;
use crate::train::error::{Result, TrainError};
use crate::train::patients::PatientSplits;

/// How many images of a dataset were written or left out.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Images written, by split.
    pub written: BTreeMap<&'static str, usize>,
    /// Boxes written.
    pub boxes: usize,
    /// Images that are in the tables but not in the folder.
    pub missing: usize,
    /// Lateral and other views, and images that the dataset itself excludes.
    pub left_out: usize,
    /// Labels that stand for no finding of the vocabulary, with how often they occur.
    pub unknown_labels: BTreeMap<String, usize>,
}

/// Which images of a dataset are included.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Included {
    /// Whether lateral views are included.
    pub lateral: bool,
    /// Whether it is accepted that most of the images are missing.
    pub partial: bool,
}

/// One image of a dataset.
pub struct Row {
    /// Its path in the dataset's folder, if the file exists.
    pub image: Option<PathBuf>,
    /// The patient's identifier in the dataset.
    pub patient: String,
    /// The official split, if there is one.
    pub split: Option<Split>,
    pub view: Projection,
    pub statements: Statements,
    pub report: String,
}

/// Writes the manifest to a temporary file first, so that a run that fails leaves no incomplete manifest.
pub struct Writer {
    source: &'static str,
    /// The path of the dataset's folder in the manifest.
    base: PathBuf,
    root: PathBuf,
    out: PathBuf,
    included: Included,
    manifest: csv::Writer<File>,
    splits: PatientSplits,
    /// The findings that the dataset's labels stand for.
    pub vocabulary: Vocabulary,
    summary: Summary,
}

impl Writer {
    pub fn create(
        source: &'static str,
        root: &Path,
        out: &Path,
        included: Included,
    ) -> Result<Self> {
        let folder = match out.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        fs::create_dir_all(folder).map_err(|source| io(folder, source))?;
        let absolute = |path: &Path| path.canonicalize().map_err(|source| io(path, source));
        let (absolute_root, folder) = (absolute(root)?, absolute(folder)?);
        let base = match absolute_root.strip_prefix(folder) {
            Ok(base) => base.to_path_buf(),
            Err(_) => absolute_root,
        };
        let mut writer = Self {
            source,
            base,
            root: root.to_path_buf(),
            out: out.to_path_buf(),
            included,
            manifest: create(&partial(out))?,
            splits: PatientSplits::default(),
            vocabulary: Vocabulary::new(|label| align::finding(label).map(Name::from)),
            summary: Summary::default(),
        };
        writer.write([
            "path",
            "split",
            "patient",
            "source",
            "labels",
            "absent",
            "uncertain",
            "view",
            "report",
        ])?;
        Ok(writer)
    }

    /// The first of several paths in the dataset's folder that is a file.
    pub fn existing(&self, candidates: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
        candidates.into_iter().find(|path| self.root.join(path).is_file())
    }

    /// Whether images with this view are included.
    pub fn wants(&self, view: Projection) -> bool {
        match view {
            Projection::Pa | Projection::Ap | Projection::Frontal => true,
            Projection::Lateral => self.included.lateral,
            Projection::Other => false,
        }
    }

    /// Counts an image that is left out.
    pub fn leave_out(&mut self) {
        self.summary.left_out += 1;
    }

    /// Writes an image, if its view is included and its file exists.
    ///
    /// # Errors
    ///
    /// [`TrainError::Leak`] where its patient is already in another split.
    pub fn push(&mut self, row: Row) -> Result<()> {
        if !self.wants(row.view) {
            self.leave_out();
            return Ok(());
        }
        let Some(image) = row.image else {
            self.summary.missing += 1;
            return Ok(());
        };
        let patient = format!("{}-{}", self.source, row.patient);
        let split = row.split.unwrap_or_else(|| Split::of_patient(&patient));
        self.splits.add(&patient, split.name())?;
        let path = self.path_of(&image);
        let Statements { present, absent, uncertain } = row.statements;
        let lists = [present, absent, uncertain].map(|findings| findings.join(";"));
        let [labels, absent, uncertain] = &lists;
        let (source, view) = (self.source, row.view.name());
        self.write([
            &path,
            split.name(),
            &patient,
            source,
            labels,
            absent,
            uncertain,
            view,
            &row.report,
        ])?;
        *self.summary.written.entry(split.name()).or_default() += 1;
        Ok(())
    }

    /// The path of an image in the manifest: relative if the manifest is in the dataset's folder or above it.
    fn path_of(&self, image: &Path) -> String {
        self.base.join(image).to_string_lossy().into_owned()
    }

    fn write(&mut self, fields: [&str; 9]) -> Result<()> {
        self.manifest.write_record(fields).map_err(|error| table(&self.out, &error))
    }

    /// Writes `boxes.csv` beside the manifest: image, finding, then left, top, width and height.
    pub fn write_boxes(&mut self, boxes: &[(PathBuf, Name, [String; 4])]) -> Result<()> {
        let path = self.out.with_file_name("boxes.csv");
        let fail = |error: csv::Error| table(&path, &error);
        let mut file = create(&path)?;
        file.write_record(["path", "finding", "x", "y", "w", "h"]).map_err(fail)?;
        for (image, finding, [x, y, w, h]) in boxes {
            let image = self.path_of(image);
            file.write_record([&image, finding.as_ref(), x, y, w, h]).map_err(fail)?;
        }
        file.flush().map_err(|source| io(&path, source))?;
        self.summary.boxes = boxes.len();
        Ok(())
    }

    /// Finishes the manifest.
    ///
    /// # Errors
    ///
    /// [`TrainError::Layout`] where there was no image, or where most were missing and that is not accepted.
    pub fn finish(mut self) -> Result<Summary> {
        let written: usize = self.summary.written.values().sum();
        let missing = self.summary.missing;
        if written == 0 || (missing > written && !self.included.partial) {
            let partial = partial(&self.out);
            fs::remove_file(&partial).map_err(|source| io(&partial, source))?;
            return Err(TrainError::Layout {
                root: self.root,
                layout: self.source,
                missing: format!(
                    "{written} of its images are there, {missing} missing and {} of other views",
                    self.summary.left_out
                ),
                remedy: "Unpack the images into it, in the folders of the archives; with --partial \
                         those that are there are enough",
            });
        }
        self.manifest.flush().map_err(|source| io(&self.out, source))?;
        fs::rename(partial(&self.out), &self.out).map_err(|source| io(&self.out, source))?;
        self.summary.unknown_labels = self.vocabulary.unknown;
        Ok(self.summary)
    }
}

fn partial(out: &Path) -> PathBuf {
    out.with_extension("csv.part")
}

fn create(path: &Path) -> Result<csv::Writer<File>> {
    csv::Writer::from_path(path).map_err(|error| table(path, &error))
}

fn table(path: &Path, error: &csv::Error) -> TrainError {
    TrainError::Table { path: path.to_path_buf(), reason: error.to_string() }
}

fn io(path: &Path, source: std::io::Error) -> TrainError {
    TrainError::Io { path: path.to_path_buf(), source }
}
