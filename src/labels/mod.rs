//! What published tables of labels say about an image.
//!
//! | file | table |
//! |---|---|
//! | `nih14.rs` | ChestX-ray14 of the NIH: a list of the findings that are present |
//! | `chexpert.rs` | CheXpert, and MIMIC-CXR-JPG: a column for each finding |
//! | `padchest.rs` | PadChest: a list in Python's notation |
//! | `openi.rs` | Open-I: MeSH terms |
//!
//! A label is `absent` only where the dataset says so, explicitly or by calling the whole image normal; a finding that
//! it does not mention is unknown.

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
