//! ChestX-ray14 (Wang et al., CVPR 2017): its column `Finding Labels`.

use super::statements::add;
use super::{Statements, Vocabulary, look_up};

/// The fourteen labels, each with its canonical name. In this dataset every image has or lacks each of them; none is
/// unknown.
pub const FINDINGS: [(&str, &str); 14] = [
    ("atelectasis", "Atelectasis"),
    ("cardiomegaly", "Cardiomegaly"),
    ("effusion", "Pleural Effusion"),
    ("infiltration", "Pulmonary Infiltration"),
    ("mass", "Pulmonary Mass"),
    ("nodule", "Lung Nodule"),
    ("pneumonia", "Pneumonia"),
    ("pneumothorax", "Pneumothorax"),
    ("consolidation", "Pulmonary Consolidation"),
    ("edema", "Pulmonary Edema"),
    ("emphysema", "Pulmonary Emphysema"),
    ("fibrosis", "Fibrosis"),
    ("pleural_thickening", "Pleural Thickening"),
    ("hernia", "Hernia"),
];
const NORMAL: &str = "No Finding";

/// The spelling of "Infiltration" in the table of boxes.
const INFILTRATE: &str = "infiltrate";

/// The finding of a label in lower case, including the spelling of `BBox_List_2017.csv`.
pub fn of_box(label: &str) -> Option<&'static str> {
    look_up(&FINDINGS, if label == INFILTRATE { "infiltration" } else { label })
}

/// The columns of `BBox_List_2017.csv`: image, finding, left, top, width and height.
pub const BOX_COLUMNS: [&str; 6] = ["Image Index", "Finding Label", "Bbox [x", "y", "w", "h]"];

/// Reads a cell such as `Effusion|Mass` or `No Finding`.
pub fn statements(labels: &str, vocabulary: &mut Vocabulary) -> Statements {
    let mut statements = Statements::default();
    for label in labels.split('|').filter(|label| *label != NORMAL) {
        if let Some(finding) = vocabulary.finding(label, |label| look_up(&FINDINGS, label)) {
            add(&mut statements.present, finding);
        }
    }
    statements.nothing_else(FINDINGS.map(|(_, finding)| finding));
    statements
}
