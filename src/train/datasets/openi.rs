//! Open-I (Demner-Fushman et al., JAMIA 2016) in the version on Kaggle: `indiana_reports.csv`,
//! `indiana_projections.csv`, and the images in `images/images_normalized`, `images_normalized` or `images`. The
//! original XML does not say which image is frontal, so it is not used.
//!
//! Each report is of a different patient.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::folder::required;
use super::split::Projection;
use super::table;
use super::writer::{Row, Writer};
use crate::labels::Statements;
use crate::labels::openi::statements;
use crate::train::error::Result;

const REMEDY: &str = "Download it from \
                      https://www.kaggle.com/datasets/raddar/chest-xrays-indiana-university and give \
                      the folder that has it as --root";
pub const PROJECTIONS: [&str; 1] = ["indiana_projections.csv"];
const FOLDERS: [&str; 4] = ["images/images_normalized", "images_normalized", "images", ""];

/// Reads the dataset.
pub fn read(root: &Path, writer: &mut Writer) -> Result<()> {
    let projections = required(root, "Open-I", &PROJECTIONS, REMEDY)?;
    let reports = required(root, "Open-I", &["indiana_reports.csv"], REMEDY)?;
    let mut studies: HashMap<String, (Statements, String)> = HashMap::new();
    let columns = ["uid", "MeSH", "findings", "impression"];
    table::for_each(&reports, columns, |[uid, mesh, findings, impression]| {
        let report = [findings, impression].map(str::trim).join("\n").trim().to_string();
        studies.insert(uid.to_string(), (statements(mesh, &mut writer.vocabulary), report));
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
