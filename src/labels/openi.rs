//! Open-I (Demner-Fushman et al., JAMIA 2016) in the version on Kaggle: the column `MeSH` of its reports.

use super::statements::add;
use super::{Statements, Vocabulary};

/// Beginnings of MeSH terms whose canonical names are different; the first that matches is used.
pub const MESH: [(&str, &str); 34] = [
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
    ("bullous emphysema", "Bullae"),
    ("consolidation", "Pulmonary Consolidation"),
    ("emphysema", "Pulmonary Emphysema"),
    ("funnel chest", "Pectus Excavatum"),
    ("granuloma", "Lung Granuloma"),
    ("granulomatous disease", "Calcified Granuloma"),
    ("heart failure", "Heart Insufficiency"),
    ("mass", "Pulmonary Mass"),
    ("nodule", "Lung Nodule"),
    ("opacity", "Lung Opacity"),
    ("pulmonary fibrosis", "Fibrosis"),
    ("spondylosis", "Vertebral Degenerative Changes"),
];
/// The findings that a normal image lacks, which are those for which this dataset is used.
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

/// A finding that is not indexed is unknown, unless the image is normal, because the report may mention more than was
/// indexed.
pub fn statements(mesh: &str, vocabulary: &mut Vocabulary) -> Statements {
    let mut statements = Statements::default();
    let terms = || mesh.split(';').map(str::trim).filter(|term| !term.is_empty());
    for term in terms().filter(|term| *term != "normal" && *term != "No Indexing") {
        let heading = term.split('/').next().unwrap_or_default();
        let label = if of_term(&term.to_lowercase()).is_some() { term } else { heading };
        let Some(finding) = vocabulary.finding(label, of_term) else { continue };
        let doubtful = term.split('/').any(|qualifier| qualifier == "borderline");
        let list = if doubtful { &mut statements.uncertain } else { &mut statements.present };
        add(list, finding);
    }
    if terms().eq(["normal"]) {
        statements.nothing_else(NORMAL);
    }
    statements
}

/// The finding of a term such as "mass/lung/upper lobe/left".
fn of_term(term: &str) -> Option<&'static str> {
    let begins = |(start, _): &&(&str, &str)| {
        term.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    MESH.iter().find(begins).map(|(_, finding)| *finding)
}
