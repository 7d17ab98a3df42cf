//! PadChest (Bustos et al., Medical Image Analysis 2020): `PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv`, and
//! the images in the numbered folders of the column ImageDir, or all in one folder.
//!
//! The reports are not used: they are Spanish word stems without stop words, which the rules would misread, and the
//! labels were already extracted from them by people or a network.

use std::path::{Path, PathBuf};

use super::folder::required;
use super::split::Projection;
use super::table;
use super::writer::{Row, Writer};
use crate::labels::padchest::{is_excluded, statements};
use crate::train::error::Result;

pub const LABELS: [&str; 2] = [
    "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv",
    "PADCHEST_chest_x_ray_images_labels_160K.csv",
];
const REMEDY: &str = "Download it from https://bimcv.cipf.es/bimcv-projects/padchest/, unpack it and \
                      give the folder that has it as --root";

/// Reads the dataset.
pub fn read(root: &Path, writer: &mut Writer) -> Result<()> {
    let path = required(root, "PadChest", &LABELS, REMEDY)?;
    let columns = ["ImageID", "ImageDir", "PatientID", "Projection", "Labels"];
    table::for_each(&path, columns, |[name, folder, patient, view, labels]| {
        if is_excluded(labels) {
            writer.leave_out();
            return Ok(());
        }
        let statements = statements(labels, &mut writer.vocabulary);
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

/// The possible paths of an image: in its numbered folder, inside of one folder for all images, or with all others in
/// one folder.
fn candidates(folder: &str, name: &str) -> impl Iterator<Item = PathBuf> {
    let places = ["", "images", "image_zips"].map(Path::new);
    places.into_iter().flat_map(move |place| [place.join(folder).join(name), place.join(name)])
}
