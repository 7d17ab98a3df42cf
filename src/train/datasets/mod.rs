//! Makes manifests from public datasets in the form in which they are downloaded.
//!
//! | file | layout | splits |
//! |---|---|---|
//! | `nih14.rs` | ChestX-ray14 of the NIH, with boxes | official test patients; the others 90 to 10 |
//! | `chexpert.rs` | CheXpert, full or small | official |
//! | `padchest.rs` | PadChest | 90 to 10 |
//! | `openi.rs` | Open-I (Indiana University), as on Kaggle | 90 to 10 |
//! | `mimic_cxr.rs` | MIMIC-CXR-JPG | official |
//!
//! What a dataset does not state is left out of the manifest, so that it is masked: a label is `absent` only where the
//! dataset says so, either explicitly or by calling the whole image normal. The config should therefore set
//! `"knows": []` for these sources. "90 to 10" is decided by a hash of the patient, which is the same on every machine.

mod chexpert;
mod folder;
mod mimic_cxr;
mod nih14;
mod openi;
mod padchest;
mod split;
mod table;
mod writer;

use std::path::Path;

use super::error::Result;
use folder::home;
use writer::Writer;
pub use writer::{Included, Summary};

/// A public dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// Writes a dataset's manifest, and `boxes.csv` beside it if the dataset has boxes. Its tables are in `root`, or in
/// folders below it that the download made.
///
/// # Errors
///
/// [`TrainError::Layout`](super::error::TrainError::Layout) where a table or most images are missing,
/// [`TrainError::Leak`](super::error::TrainError::Leak) where an official split divides the images of a patient;
/// otherwise errors of reading and writing.
pub fn write_manifest(
    layout: Layout,
    root: &Path,
    out: &Path,
    included: Included,
) -> Result<Summary> {
    let root = &match layout {
        Layout::Nih14 => home(root, &nih14::ENTRIES),
        Layout::Chexpert => chexpert::home(root),
        Layout::Padchest => home(root, &padchest::LABELS),
        Layout::Openi => home(root, &openi::PROJECTIONS),
        Layout::MimicCxr => home(root, &mimic_cxr::METADATA),
    };
    let mut writer = Writer::create(layout.source(), root, out, included)?;
    match layout {
        Layout::Nih14 => nih14::read(root, &mut writer),
        Layout::Chexpert => chexpert::read(root, &mut writer),
        Layout::Padchest => padchest::read(root, &mut writer),
        Layout::Openi => openi::read(root, &mut writer),
        Layout::MimicCxr => mimic_cxr::read(root, &mut writer),
    }?;
    writer.finish()
}

#[cfg(test)]
mod tests {
    use super::split::Split;

    #[test]
    fn one_patient_in_ten_is_for_validation() {
        let val =
            (0..10_000).filter(|i| Split::of_patient(&format!("nih14-{i}")) == Split::Val).count();
        assert!((950..1100).contains(&val), "{val}");
        assert_eq!(Split::of_patient("nih14-1"), Split::of_patient("nih14-1"));
    }
}
