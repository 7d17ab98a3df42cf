//! What published tables of labels say of an image.
//!
//! | file | table |
//! |---|---|
//! | `nih14.rs` | ChestX-ray14 of the NIH: a list of the present ones |
//! | `chexpert.rs` | CheXpert, and MIMIC-CXR-JPG: a column for each finding |
//! | `padchest.rs` | PadChest: a list as Python prints it |
//! | `openi.rs` | Open-I: MeSH terms |
//!
//! A label is `absent` only where the dataset says so, in so many words or by calling the whole image normal; what it does
//! not say is unknown.

pub mod chexpert;
pub mod nih14;
pub mod openi;
pub mod padchest;
mod statements;
mod vocabulary;

pub use statements::{Name, Statements};
pub use vocabulary::{Vocabulary, look_up};

#[cfg(test)]
mod tests {
    use super::*;

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
