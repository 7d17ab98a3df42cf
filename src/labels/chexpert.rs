//! The fourteen columns of CheXpert (Irvin et al., AAAI 2019), which MIMIC-CXR-JPG has too.

use super::Statements;

/// The columns in their order, each with its canonical name. "Support Devices" is a mixture of devices, and "Pleural
/// Other" a residual category, so neither is a finding.
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

/// The patient in a path of CheXpert.
pub fn patient(path: &str) -> &str {
    path.split('/').find(|part| part.starts_with("patient")).unwrap_or(path)
}

/// 1 is present, 0 absent, -1 uncertain, and blank unknown. An image labelled "No Finding" lacks all findings.
pub fn statements(cells: [&str; 14]) -> Statements {
    let mut statements = Statements::default();
    let mut normal = false;
    for ((name, finding), cell) in FINDINGS.into_iter().zip(cells) {
        let value = cell.parse::<f32>().ok();
        normal |= name == NORMAL && value == Some(1.0);
        let Some(finding) = finding else { continue };
        match value {
            Some(1.0) => statements.present.push(finding.into()),
            Some(0.0) => statements.absent.push(finding.into()),
            Some(-1.0) => statements.uncertain.push(finding.into()),
            _ => {}
        }
    }
    if normal {
        statements.nothing_else(FINDINGS.into_iter().filter_map(|(_, finding)| finding));
    }
    statements
}
