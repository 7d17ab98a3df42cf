//! PadChest (Bustos et al., Medical Image Analysis 2020):
//! `PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv`, and the images in numbered folders as the
//! column ImageDir says, or all in one.
//!
//! The reports stay out: they are Spanish word stems without stop words, which the rules would
//! misread, and the labels were drawn from them by people or a network.

use std::path::{Path, PathBuf};

use super::folder::required;
use super::statements::{Projection, Statements, add, look_up};
use super::writer::{Row, Writer};
use super::{nih14, table};
use crate::train::error::Result;

pub const LABELS: [&str; 2] = [
    "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv",
    "PADCHEST_chest_x_ray_images_labels_160K.csv",
];
const REMEDY: &str = "Download it from https://bimcv.cipf.es/bimcv-projects/padchest/, unpack it and \
                      give the folder that has it as --root";

/// Labels that the vocabulary spells otherwise; it has all the others.
pub const RENAMED: [(&str, &str); 13] = [
    ("nsg tube", "Nasogastric Tube"),
    ("ascendent aortic elongation", "Ascendant Aortic Elongation"),
    ("atelectasis basal", "Basal Atelectasis"),
    ("bullas", "Bullae"),
    ("dai", "DAI (Diffuse Axonal Injury)"),
    ("descendent aortic elongation", "Descendant Aortic Elongation"),
    ("pectum carinatum", "Pectus Carinatum"),
    ("pectum excavatum", "Pectus Excavatum"),
    ("pneumoperitoneo", "Pneumoperitoneum"),
    ("right sided aortic arch", "Right-Sided Aortic Arch"),
    ("sternoclavicular junction hypertrophy", "Sterno-Clavicular Junction Hypertrophy"),
    ("supra aortic elongation", "Supra-Aortic Elongation"),
    ("ventriculoperitoneal drain tube", "Ventriculo-Peritoneal Drain Tube"),
];
const NORMAL: &str = "normal";
/// An image that is no chest radiograph of an adult, or has no usable report.
const EXCLUDE: &str = "exclude";

/// Reads the dataset.
pub fn read(root: &Path, writer: &mut Writer) -> Result<()> {
    let path = required(root, "PadChest", &LABELS, REMEDY)?;
    let columns = ["ImageID", "ImageDir", "PatientID", "Projection", "Labels"];
    table::for_each(&path, columns, |[name, folder, patient, view, labels]| {
        if list(labels).any(|label| label == EXCLUDE) {
            writer.leave_out();
            return Ok(());
        }
        let statements = statements(labels, writer);
        writer.push(Row {
            image: writer.existing(candidates(folder, name)),
            patient: patient.to_string(),
            split: None,
            view: Projection::new(view),
            statements,
            report: String::new(),
        })
    })
}

/// In its numbered folder, inside one for all images, or with all others.
fn candidates(folder: &str, name: &str) -> impl Iterator<Item = PathBuf> {
    let places = ["", "images", "image_zips"].map(Path::new);
    places.into_iter().flat_map(move |place| [place.join(folder).join(name), place.join(name)])
}

/// The strings of a list as Python prints it: `['cardiomegaly', 'pleural effusion']`.
fn list(labels: &str) -> impl Iterator<Item = &str> {
    let quotes = |c: char| c.is_whitespace() || matches!(c, '[' | ']' | '\'' | '"');
    labels
        .split(',')
        .map(move |label| label.trim_matches(quotes))
        .filter(|label| !label.is_empty() && *label != "nan")
}

/// A finding that is not listed is unknown, for "laminar atelectasis" does not list "atelectasis";
/// but a normal image lacks at least those of ChestX-ray14.
fn statements(labels: &str, writer: &mut Writer) -> Statements {
    let mut statements = Statements::default();
    for label in list(labels).filter(|label| *label != NORMAL) {
        if let Some(finding) = writer.finding(label, |label| look_up(&RENAMED, label)) {
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

    /// The labels as the dataset's table spells them.
    const ALL: &str = include_str!("../../../tests/fixtures/padchest_labels.txt");

    #[test]
    fn every_label_has_a_finding() {
        assert_eq!(ALL.lines().count(), 192);
        for label in ALL.lines() {
            let label = label.to_lowercase();
            let finding = look_up(&RENAMED, &label).or_else(|| crate::text::align::finding(&label));
            assert!(finding.is_some(), "{label}");
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
