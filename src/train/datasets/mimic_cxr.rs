//! MIMIC-CXR-JPG (Johnson et al., PhysioNet): `mimic-cxr-2.0.0-metadata.csv`, `-chexpert.csv`,
//! `-split.csv` (each compressed as `.gz` or not), the images in `files/p10/p10000032/s50414267/<dicom_id>.jpg`, and
//! the reports of MIMIC-CXR, if they exist, in `mimic-cxr-reports/files/p10/p10000032/s50414267.txt` or beside the
//! folders of the studies.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::folder::required;
use super::split::{Projection, Split};
use super::writer::{Row, Writer};
use super::{chexpert, table};
use crate::labels::Statements;
use crate::labels::chexpert::statements;
use crate::train::error::{Result, TrainError};

const REMEDY: &str = "Download it from https://physionet.org/content/mimic-cxr-jpg/ and give the \
                      folder that has its tables as --root";
pub const METADATA: [&str; 2] = ["mimic-cxr-2.0.0-metadata.csv", "mimic-cxr-2.1.0-metadata.csv"];
const REPORTS: [&str; 2] = ["mimic-cxr-reports", ""];

/// Reads the dataset.
pub fn read(root: &Path, writer: &mut Writer) -> Result<()> {
    let metadata = part(root, "metadata")?;
    let studies = studies(&part(root, "chexpert")?)?;
    let splits = splits(&part(root, "split")?)?;
    let columns = ["dicom_id", "subject_id", "study_id", "ViewPosition"];
    table::for_each(&metadata, columns, |[image, subject, study, view]| {
        let view = Projection::new(view);
        if !writer.wants(view) {
            writer.leave_out();
            return Ok(());
        }
        let folder = study_folder(subject, study);
        let image_path = folder.join(image).with_extension("jpg");
        writer.push(Row {
            image: writer.existing([image_path]),
            patient: subject.to_string(),
            split: splits.get(image).copied(),
            view,
            statements: studies.get(study).cloned().unwrap_or_default(),
            report: report(root, &folder)?,
        })
    })
}

fn part(root: &Path, name: &str) -> Result<PathBuf> {
    let names = [format!("mimic-cxr-2.0.0-{name}.csv"), format!("mimic-cxr-2.1.0-{name}.csv")];
    required(root, "MIMIC-CXR-JPG", &names.each_ref().map(String::as_str), REMEDY)
}

fn studies(path: &Path) -> Result<HashMap<String, Statements>> {
    let mut studies = HashMap::new();
    table::for_each(path, chexpert::columns(["study_id"]), |cells: [&str; 15]| {
        let [study, labels @ ..] = cells;
        studies.insert(study.to_string(), statements(labels));
        Ok(())
    })?;
    Ok(studies)
}

fn splits(path: &Path) -> Result<HashMap<String, Split>> {
    let mut splits = HashMap::new();
    table::for_each(path, ["dicom_id", "split"], |[image, split]| {
        let split = match split {
            "train" => Split::Train,
            "validate" => Split::Val,
            "test" => Split::Test,
            other => {
                return Err(TrainError::Table {
                    path: path.to_path_buf(),
                    reason: format!("`{other}` is no split; use train, validate or test"),
                });
            }
        };
        splits.insert(image.to_string(), split);
        Ok(())
    })?;
    Ok(splits)
}

/// The folder of a study, such as `files/p10/p10000032/s50414267`.
fn study_folder(subject: &str, study: &str) -> PathBuf {
    let group: String = subject.chars().take(2).collect();
    PathBuf::from(format!("files/p{group}/p{subject}/s{study}"))
}

/// The report of a study, or an empty text.
fn report(root: &Path, study: &Path) -> Result<String> {
    let file = study.with_extension("txt");
    let paths = REPORTS.map(|folder| root.join(folder).join(&file));
    match paths.into_iter().find(|path| path.is_file()) {
        Some(path) => fs::read_to_string(&path)
            .map(|report| report.trim().to_string())
            .map_err(|source| TrainError::Io { path, source }),
        None => Ok(String::new()),
    }
}
