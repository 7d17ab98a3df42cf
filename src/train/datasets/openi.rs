//! Open-I (Demner-Fushman et al., JAMIA 2016) as on Kaggle: `indiana_reports.csv`,
//! `indiana_projections.csv`, and the images in `images/images_normalized`, `images_normalized` or
//! `images`. The original XML does not say which image is frontal, so it is not read.
//!
//! Each report is of another patient.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::folder::required;
use super::statements::{Projection, Statements, add};
use super::table;
use super::writer::{Row, Writer};
use crate::train::error::Result;

const REMEDY: &str = "Download it from \
                      https://www.kaggle.com/datasets/raddar/chest-xrays-indiana-university and give \
                      the folder that has it as --root";
pub const PROJECTIONS: [&str; 1] = ["indiana_projections.csv"];
const FOLDERS: [&str; 4] = ["images/images_normalized", "images_normalized", "images", ""];

/// Beginnings of MeSH terms that the vocabulary spells otherwise or not at all.
pub const MESH: [(&str, &str); 22] = [
    ("airspace disease", "Lung Opacity"),
    ("aorta/tortuous", "Aortic Elongation"),
    ("atherosclerosis/aorta", "Aortic Atheromatosis"),
    ("cardiac shadow/enlarged", "Cardiomegaly"),
    ("costophrenic angle/blunted", "Costophrenic Angle Blunting"),
    ("diaphragm/elevated", "Hemidiaphragm Elevation"),
    ("fractures, bone", "Bone Fracture"),
    ("hernia, diaphragmatic", "Hernia"),
    ("hernia, hiatal", "Hiatal Hernia"),
    ("infiltrate", "Pulmonary Infiltration"),
    ("lung/hyperdistention", "Hyperinflated Lung"),
    ("lung/hypoinflation", "Hypoexpansion"),
    ("mass/mediastinum", "Mediastinal Mass"),
    ("mass/lung", "Pulmonary Mass"),
    ("nodule/lung", "Lung Nodule"),
    ("opacity/lung", "Lung Opacity"),
    ("pulmonary atelectasis", "Atelectasis"),
    ("pulmonary congestion", "Hilar Congestion"),
    ("pulmonary disease, chronic obstructive", "COPD Signs"),
    ("spine/degenerative", "Vertebral Degenerative Changes"),
    ("thickening/pleura", "Pleural Thickening"),
    ("thoracic vertebrae/degenerative", "Vertebral Degenerative Changes"),
];
/// What a normal image lacks: the findings for which this dataset is used.
pub const NORMAL: [&str; 18] = [
    "Atelectasis",
    "Cardiomegaly",
    "Pleural Effusion",
    "Pulmonary Infiltration",
    "Pulmonary Mass",
    "Lung Nodule",
    "Pneumonia",
    "Pneumothorax",
    "Pulmonary Edema",
    "Pulmonary Emphysema",
    "Fibrosis",
    "Pleural Thickening",
    "Hernia",
    "Bone Fracture",
    "Lung Opacity",
    "Abnormal Lesion",
    "Calcified Granuloma",
    "Lung Granuloma",
];

/// Reads the dataset.
pub fn read(root: &Path, writer: &mut Writer) -> Result<()> {
    let projections = required(root, "Open-I", &PROJECTIONS, REMEDY)?;
    let reports = required(root, "Open-I", &["indiana_reports.csv"], REMEDY)?;
    let mut studies: HashMap<String, (Statements, String)> = HashMap::new();
    let columns = ["uid", "MeSH", "findings", "impression"];
    table::for_each(&reports, columns, |[uid, mesh, findings, impression]| {
        let report = [findings, impression].map(str::trim).join("\n").trim().to_string();
        studies.insert(uid.to_string(), (statements(mesh, writer), report));
        Ok(())
    })?;
    table::for_each(&projections, ["uid", "filename", "projection"], |[uid, file, view]| {
        let (statements, report) = studies.get(uid).cloned().unwrap_or_default();
        writer.push(Row {
            image: writer.existing(FOLDERS.map(|folder| PathBuf::from(folder).join(file))),
            patient: uid.to_string(),
            split: None,
            view: Projection::new(view),
            statements,
            report,
        })
    })
}

/// A finding that is not indexed is unknown, unless the image is normal; the report says more.
fn statements(mesh: &str, writer: &mut Writer) -> Statements {
    let mut statements = Statements::default();
    let terms = || mesh.split(';').map(str::trim).filter(|term| !term.is_empty());
    for term in terms().filter(|term| *term != "normal" && *term != "No Indexing") {
        let Some(finding) = writer.finding(term, of_term) else { continue };
        let doubtful = term.split('/').any(|qualifier| qualifier == "borderline");
        let list = if doubtful { &mut statements.uncertain } else { &mut statements.present };
        add(list, finding);
    }
    if terms().eq(["normal"]) {
        statements.nothing_else(NORMAL);
    }
    statements
}

/// The finding of a term such as "pulmonary atelectasis/base/left/mild".
fn of_term(term: &str) -> Option<&'static str> {
    let begins = |(start, _): &&(&str, &str)| {
        term.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let heading = term.split('/').next().unwrap_or_default();
    MESH.iter()
        .find(begins)
        .map(|(_, finding)| *finding)
        .or_else(|| crate::text::align::finding(heading))
}
