//! Manifests from public datasets, as people have them on disk.
//!
//! | file | layout | splits |
//! |---|---|---|
//! | `nih14.rs` | ChestX-ray14 of the NIH, with boxes | official test patients; the others 90 to 10 |
//! | `chexpert.rs` | CheXpert, full or small | official |
//! | `padchest.rs` | PadChest | 90 to 10 |
//! | `openi.rs` | Open-I (Indiana University), as on Kaggle | 90 to 10 |
//! | `mimic_cxr.rs` | MIMIC-CXR-JPG | official |
//!
//! What a dataset does not say is not written, so that it is masked: a label is `absent` only where
//! the dataset says so, either in so many words or by calling the whole image normal. The config
//! should therefore give these sources `"knows": []`. "90 to 10" is a hash of the patient, the same
//! on every machine.

mod chexpert;
mod mimic_cxr;
mod nih14;
mod openi;
mod padchest;
mod table;
mod writer;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::error::{Result, TrainError};
use writer::Writer;

/// A public dataset, by the name that its rows have as `source`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Layout {
    /// NIH ChestX-ray14
    Nih14,
    /// CheXpert (Stanford)
    Chexpert,
    /// PadChest (Hospital San Juan)
    Padchest,
    /// Open-I (Indiana University), the CSVs of Kaggle
    Openi,
    /// MIMIC-CXR-JPG (PhysioNet)
    MimicCxr,
}

impl Layout {
    /// The value of the manifest's column `source`.
    pub fn source(self) -> &'static str {
        match self {
            Self::Nih14 => "nih14",
            Self::Chexpert => "chexpert",
            Self::Padchest => "padchest",
            Self::Openi => "openi",
            Self::MimicCxr => "mimic-cxr",
        }
    }
}

/// What became of a dataset's images.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Images written, by split.
    pub written: BTreeMap<&'static str, usize>,
    /// Boxes written.
    pub boxes: usize,
    /// Images that the tables list and the folder lacks.
    pub missing: usize,
    /// Lateral and other views, and images that the dataset itself excludes.
    pub left_out: usize,
    /// Labels that stand for no finding of the vocabulary, with how often they are named.
    pub unknown_labels: BTreeMap<String, usize>,
}

/// Which images of a dataset are taken.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Lateral views too.
    pub lateral: bool,
    /// Those that are there, also where most are not.
    pub partial: bool,
}

/// Writes a dataset's manifest, and `boxes.csv` beside it where the dataset has boxes. Its tables lie
/// in `root`, or further down where the download made folders around them.
///
/// # Errors
///
/// [`TrainError::Layout`] where a table or most images are missing, [`TrainError::Leak`] where an
/// official split divides a patient; otherwise what cannot be read or written.
pub fn write_manifest(layout: Layout, root: &Path, out: &Path, taken: Taken) -> Result<Summary> {
    let root = &match layout {
        Layout::Nih14 => home(root, &nih14::ENTRIES),
        Layout::Chexpert => chexpert::home(root),
        Layout::Padchest => home(root, &padchest::LABELS),
        Layout::Openi => home(root, &openi::PROJECTIONS),
        Layout::MimicCxr => home(root, &mimic_cxr::METADATA),
    };
    let mut writer = Writer::create(layout.source(), root, out, taken)?;
    match layout {
        Layout::Nih14 => nih14::read(root, &mut writer),
        Layout::Chexpert => chexpert::read(root, &mut writer),
        Layout::Padchest => padchest::read(root, &mut writer),
        Layout::Openi => openi::read(root, &mut writer),
        Layout::MimicCxr => mimic_cxr::read(root, &mut writer),
    }?;
    writer.finish()
}

/// The folder with a dataset's table: the root, or one below that an archive or a downloader made.
fn home(root: &Path, names: &[&str]) -> PathBuf {
    /// Folders above the tables: "physionet.org/files/mimic-cxr-jpg/2.1.0".
    const DEPTH: usize = 4;
    /// A folder with more in it has images, not tables.
    const FEW: usize = 100;
    let mut level = vec![root.to_path_buf()];
    for _ in 0..=DEPTH {
        if let Some(home) = level.iter().find(|folder| find(folder, names).is_some()) {
            return home.clone();
        }
        level = level.iter().flat_map(|folder| folders(folder, FEW)).take(FEW).collect();
    }
    root.to_path_buf()
}

/// The folders in a folder by name, of its first entries.
fn folders(folder: &Path, entries: usize) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().take(entries);
    let mut folders: Vec<_> =
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// A table under the first of its names that is there, packed or not.
fn find(folder: &Path, names: &[&str]) -> Option<PathBuf> {
    let files = names.iter().flat_map(|name| [name.to_string(), format!("{name}.gz")]);
    files.map(|name| folder.join(name)).find(|path| path.is_file())
}

/// A table that a dataset's folder has to have.
fn required(
    root: &Path,
    layout: &'static str,
    names: &[&str],
    remedy: &'static str,
) -> Result<PathBuf> {
    find(root, names).ok_or_else(|| {
        let missing = format!("there is no {}", names.join(" or "));
        TrainError::Layout { root: root.to_path_buf(), layout, missing, remedy }
    })
}

/// What a dataset's own table says of a label in lower case.
fn look_up(table: &[(&'static str, &'static str)], label: &str) -> Option<&'static str> {
    table.iter().find(|(name, _)| *name == label).map(|(_, finding)| *finding)
}

/// A part of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Split {
    Train,
    Val,
    Test,
}

impl Split {
    fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Val => "val",
            Self::Test => "test",
        }
    }

    /// One patient in ten is for validation.
    fn of_patient(patient: &str) -> Self {
        if Sha256::digest(patient)[0] % 10 == 0 { Self::Val } else { Self::Train }
    }
}

/// From where the chest is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Pa,
    Ap,
    /// PA or AP.
    Frontal,
    Lateral,
    Other,
}

impl View {
    /// Reads the words of all layouts.
    fn new(name: &str) -> Self {
        match name.trim().to_uppercase().as_str() {
            "PA" => Self::Pa,
            "AP" | "AP_HORIZONTAL" => Self::Ap,
            "FRONTAL" => Self::Frontal,
            "LATERAL" | "L" | "LL" | "RL" => Self::Lateral,
            _ => Self::Other,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Pa => "PA",
            Self::Ap => "AP",
            Self::Frontal => "frontal",
            Self::Lateral => "lateral",
            Self::Other => "other",
        }
    }
}

/// What a dataset says of an image, in canonical names.
#[derive(Debug, Default, Clone)]
struct Statements {
    present: Vec<&'static str>,
    absent: Vec<&'static str>,
    uncertain: Vec<&'static str>,
}

impl Statements {
    /// Adds that all findings are absent of which nothing has been said.
    fn nothing_else(&mut self, findings: impl IntoIterator<Item = &'static str>) {
        let silent =
            |finding: &&str| !self.present.contains(finding) && !self.uncertain.contains(finding);
        let findings: Vec<_> = findings.into_iter().filter(silent).collect();
        for finding in findings {
            add(&mut self.absent, finding);
        }
    }
}

/// Adds a finding once.
fn add(findings: &mut Vec<&'static str>, finding: &'static str) {
    if !findings.contains(&finding) {
        findings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_patient_in_ten_is_for_validation() {
        let val =
            (0..10_000).filter(|i| Split::of_patient(&format!("nih14-{i}")) == Split::Val).count();
        assert!((950..1100).contains(&val), "{val}");
        assert_eq!(Split::of_patient("nih14-1"), Split::of_patient("nih14-1"));
    }

    #[test]
    fn tables_lead_to_canonical_names() {
        let names = [nih14::FINDINGS.map(|(_, finding)| finding).to_vec()]
            .into_iter()
            .chain([chexpert::FINDINGS.iter().filter_map(|(_, finding)| *finding).collect()])
            .chain([padchest::RENAMED.map(|(_, finding)| finding).to_vec()])
            .chain([openi::MESH.map(|(_, finding)| finding).to_vec(), openi::NORMAL.to_vec()]);
        for finding in names.flatten() {
            assert_eq!(crate::text::align::finding(finding), Some(finding));
        }
    }
}
