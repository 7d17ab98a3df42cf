//! PadChest (Bustos et al., Medical Image Analysis 2020): its column `Labels`.

use super::statements::add;
use super::{Statements, Vocabulary, look_up, nih14};

/// Labels whose canonical names are different; all others are canonical names except for their case.
pub const RENAMED: [(&str, &str); 21] = [
    ("nsg tube", "Nasogastric Tube"),
    ("ascendent aortic elongation", "Ascendant Aortic Elongation"),
    ("atelectasis basal", "Basal Atelectasis"),
    ("bullas", "Bullae"),
    ("consolidation", "Pulmonary Consolidation"),
    ("dai", "DAI (Diffuse Axonal Injury)"),
    ("descendent aortic elongation", "Descendant Aortic Elongation"),
    ("emphysema", "Pulmonary Emphysema"),
    ("fracture", "Bone Fracture"),
    ("granuloma", "Lung Granuloma"),
    ("infiltrates", "Pulmonary Infiltration"),
    ("mass", "Pulmonary Mass"),
    ("nodule", "Lung Nodule"),
    ("pectum carinatum", "Pectus Carinatum"),
    ("pectum excavatum", "Pectus Excavatum"),
    ("pneumoperitoneo", "Pneumoperitoneum"),
    ("pulmonary fibrosis", "Fibrosis"),
    ("right sided aortic arch", "Right-Sided Aortic Arch"),
    ("sternoclavicular junction hypertrophy", "Sterno-Clavicular Junction Hypertrophy"),
    ("supra aortic elongation", "Supra-Aortic Elongation"),
    ("ventriculoperitoneal drain tube", "Ventriculo-Peritoneal Drain Tube"),
];
const NORMAL: &str = "normal";
/// Labels an image that is no chest radiograph of an adult, or has no usable report.
const EXCLUDE: &str = "exclude";

/// Whether the dataset excludes an image with these labels.
pub fn is_excluded(labels: &str) -> bool {
    list(labels).any(|label| label == EXCLUDE)
}

/// The strings of a list in Python's notation: `['cardiomegaly', 'pleural effusion']`.
fn list(labels: &str) -> impl Iterator<Item = &str> {
    let quotes = |c: char| c.is_whitespace() || matches!(c, '[' | ']' | '\'' | '"');
    labels
        .split(',')
        .map(move |label| label.trim_matches(quotes))
        .filter(|label| !label.is_empty() && *label != "nan")
}

/// A finding that is not listed is unknown, because an image with "laminar atelectasis" is not also listed with
/// "atelectasis"; but a normal image lacks at least the findings of ChestX-ray14.
pub fn statements(labels: &str, vocabulary: &mut Vocabulary) -> Statements {
    let mut statements = Statements::default();
    for label in list(labels).filter(|label| *label != NORMAL) {
        if let Some(finding) = vocabulary.finding(label, |label| look_up(&RENAMED, label)) {
            add(&mut statements.present, finding);
        }
    }
    if list(labels).any(|label| label == NORMAL) {
        statements.nothing_else(nih14::FINDINGS.map(|(_, finding)| finding));
    }
    statements
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The labels in the spelling of the dataset's table.
    const ALL: &str = include_str!("../../tests/fixtures/padchest_labels.txt");

    #[test]
    fn every_label_has_a_finding() {
        assert_eq!(ALL.lines().count(), 192);
        for label in ALL.lines() {
            let label = label.to_lowercase();
            let finding = look_up(&RENAMED, &label).unwrap_or(&label);
            let canonical = crate::text::align::finding(&label).or(look_up(&RENAMED, &label));
            let plain = |name: &str| name.to_lowercase().replace('-', " ");
            assert_eq!(canonical.map(plain), Some(plain(finding)));
        }
    }

    #[test]
    fn a_list_is_read_as_python_prints_it() {
        let cases: [(&str, &[&str]); 4] = [
            ("['pleural effusion', ' NSG tube ']", &["pleural effusion", "NSG tube"]),
            ("[\"normal\"]", &["normal"]),
            ("[]", &[]),
            ("nan", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(list(text).collect::<Vec<_>>(), expected, "{text}");
        }
    }
}
