//! CheXpert (Irvin et al., AAAI 2019), full or small: `train.csv`, `valid.csv`, and the images in
//! `train/patient00001/study1/view1_frontal.jpg`. The layout of Stanford's download is read as well: the tables and
//! `valid` are in "CheXpert-v1.0 batch 1 (validate & csv)", and patients in "CheXpert-v1.0 batch 2 (train 1)" to "batch
//! 4 (train 3)", with or without a folder `train`. This module also has the fourteen columns of labels, which
//! MIMIC-CXR-JPG shares.

use std::path::{Path, PathBuf};

use super::folder::{find, folders, home as home_of, required};
use super::split::{Projection, Split};
use super::table;
use super::writer::{Row, Writer};
use crate::labels::chexpert::{FINDINGS, patient, statements};
use crate::train::error::Result;

const REMEDY: &str = "Download it from https://stanfordmlgroup.github.io/competitions/chexpert/ and \
                      give the folder that has train.csv as --root";

const TRAIN: &str = "train.csv";

/// Reads the dataset.
pub fn read(root: &Path, writer: &mut Writer) -> Result<()> {
    let batches = batches(root);
    let table = |name| batches.iter().find_map(|batch| find(&root.join(batch), &[name]));
    let train = match table(TRAIN) {
        Some(train) => train,
        None => required(root, "CheXpert", &[TRAIN], REMEDY)?,
    };
    let mut tables = vec![(train, Split::Train)];
    tables.extend(table("valid.csv").map(|path| (path, Split::Val)));
    for (path, split) in tables {
        let columns = columns(["Path", "Frontal/Lateral", "AP/PA"]);
        table::for_each(&path, columns, |cells: [&str; 17]| {
            let [path, side, projection, labels @ ..] = cells;
            let view = match (Projection::new(side), Projection::new(projection)) {
                (Projection::Frontal, projection @ (Projection::Pa | Projection::Ap)) => projection,
                (side, _) => side,
            };
            writer.push(Row {
                image: writer.existing(candidates(&batches, path)),
                patient: patient(path).to_string(),
                split: Some(split),
                view,
                statements: statements(labels),
                report: String::new(),
            })
        })?;
    }
    Ok(())
}

/// Some columns, followed by the fourteen columns of labels.
pub fn columns<const N: usize, const ALL: usize>(first: [&'static str; N]) -> [&'static str; ALL] {
    let mut columns = first.into_iter().chain(FINDINGS.map(|(name, _)| name));
    std::array::from_fn(|_| columns.next().unwrap_or_default())
}

/// The folder that contains the batches, if the tables are in a batch, or else the folder of the tables.
pub fn home(root: &Path) -> PathBuf {
    let home = home_of(root, &[TRAIN]);
    let absolute = home.canonicalize().unwrap_or_default();
    let mut around = absolute.ancestors().skip_while(|folder| is_batch(folder));
    match around.next() {
        Some(around) if is_batch(&absolute) => around.to_path_buf(),
        _ => home,
    }
}

fn is_batch(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    name.starts_with("chexpert") && name.contains("batch")
}

/// The folder itself (an empty path), and the batches in it, also where unpacking made an extra folder around each.
fn batches(root: &Path) -> Vec<PathBuf> {
    let inside = folders(root, usize::MAX).into_iter().filter(|folder| is_batch(folder));
    let names = inside.filter_map(|folder| folder.file_name().map(PathBuf::from));
    let nested = names.flat_map(|name| [name.clone(), name.join(&name)]);
    std::iter::once(PathBuf::new()).chain(nested).collect()
}

/// The possible locations of a path from the table, in each batch: without its first folder ("CheXpert-v1.0"), as it
/// is, and also without the "train" after that.
fn candidates(batches: &[PathBuf], path: &str) -> impl Iterator<Item = PathBuf> {
    let after = |path: &'_ str| path.split_once('/').map(|(_, rest)| rest.to_string());
    let inside = after(path);
    let patient = inside.as_deref().and_then(after);
    let forms: Vec<String> =
        [inside, Some(path.to_string()), patient].into_iter().flatten().collect();
    batches.iter().flat_map(move |batch| forms.clone().into_iter().map(|form| batch.join(form)))
}
