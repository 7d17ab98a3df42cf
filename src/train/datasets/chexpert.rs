//! CheXpert (Irvin et al., AAAI 2019), full or small: `train.csv`, `valid.csv`, and the images in
//! `train/patient00001/study1/view1_frontal.jpg`. Also its fourteen columns, which MIMIC-CXR-JPG has
//! too.

use std::path::{Path, PathBuf};

use super::super::error::Result;
use super::writer::{Row, Writer};
use super::{Split, Statements, View, required, table};

const REMEDY: &str = "Download it from https://stanfordmlgroup.github.io/competitions/chexpert/ and \
                      give the folder that has train.csv as --root";

/// The columns in their order, each with its canonical name. Support Devices are of many kinds and
/// Pleural Other is what is left over: neither is a finding.
pub const FINDINGS: [(&str, Option<&str>); 14] = [
    (NORMAL, None),
    ("Enlarged Cardiomediastinum", Some("Mediastinal Enlargement")),
    ("Cardiomegaly", Some("Cardiomegaly")),
    ("Lung Opacity", Some("Lung Opacity")),
    ("Lung Lesion", Some("Abnormal Lesion")),
    ("Edema", Some("Pulmonary Edema")),
    ("Consolidation", Some("Pulmonary Consolidation")),
    ("Pneumonia", Some("Pneumonia")),
    ("Atelectasis", Some("Atelectasis")),
    ("Pneumothorax", Some("Pneumothorax")),
    ("Pleural Effusion", Some("Pleural Effusion")),
    ("Pleural Other", None),
    ("Fracture", Some("Bone Fracture")),
    ("Support Devices", None),
];
const NORMAL: &str = "No Finding";

/// Reads the dataset.
pub fn read(root: &Path, writer: &mut Writer) -> Result<()> {
    let train = required(root, "CheXpert", &["train.csv"], REMEDY)?;
    let mut tables = vec![(train, Split::Train)];
    tables.extend(Some((root.join("valid.csv"), Split::Val)).filter(|(path, _)| path.is_file()));
    for (path, split) in tables {
        let columns = columns(["Path", "Frontal/Lateral", "AP/PA"]);
        table::for_each(&path, columns, |cells: [&str; 17]| {
            let [path, side, projection, labels @ ..] = cells;
            let view = match (View::new(side), View::new(projection)) {
                (View::Frontal, projection @ (View::Pa | View::Ap)) => projection,
                (side, _) => side,
            };
            writer.push(Row {
                image: writer.existing(candidates(path)),
                patient: patient(path).to_string(),
                split: Some(split),
                view,
                statements: statements(labels),
                report: String::new(),
            })
        })?;
    }
    Ok(())
}

/// Some columns, and the fourteen.
pub fn columns<const N: usize, const ALL: usize>(first: [&'static str; N]) -> [&'static str; ALL] {
    let mut columns = first.into_iter().chain(FINDINGS.map(|(name, _)| name));
    std::array::from_fn(|_| columns.next().unwrap_or_default())
}

/// A path as the table has it, and without its first folder, "CheXpert-v1.0".
fn candidates(path: &str) -> impl Iterator<Item = PathBuf> {
    let inside = path.split_once('/').map(|(_, inside)| inside);
    inside.into_iter().chain([path]).map(PathBuf::from)
}

fn patient(path: &str) -> &str {
    path.split('/').find(|part| part.starts_with("patient")).unwrap_or(path)
}

/// 1 is present, 0 absent, -1 uncertain, and blank unknown. An image without any finding lacks all.
pub fn statements(cells: [&str; 14]) -> Statements {
    let mut statements = Statements::default();
    let mut normal = false;
    for ((name, finding), cell) in FINDINGS.into_iter().zip(cells) {
        let value = cell.parse::<f32>().ok();
        normal |= name == NORMAL && value == Some(1.0);
        let Some(finding) = finding else { continue };
        match value {
            Some(1.0) => statements.present.push(finding),
            Some(0.0) => statements.absent.push(finding),
            Some(-1.0) => statements.uncertain.push(finding),
            _ => {}
        }
    }
    if normal {
        statements.nothing_else(FINDINGS.into_iter().filter_map(|(_, finding)| finding));
    }
    statements
}
