//! Finds the tables of a dataset.

use std::path::{Path, PathBuf};

use crate::train::error::{Result, TrainError};

/// The folder with a dataset's table: the root, or a folder below it that an archive or a downloader made.
pub fn home(root: &Path, names: &[&str]) -> PathBuf {
    /// The most folders above the tables, as in "physionet.org/files/mimic-cxr-jpg/2.1.0".
    const DEPTH: usize = 4;
    /// A folder with more entries contains images, not tables.
    const FEW: usize = 100;
    let mut level = vec![root.to_path_buf()];
    for _ in 0..=DEPTH {
        if let Some(home) = level.iter().find(|folder| find(folder, names).is_some()) {
            return home.clone();
        }
        level = level.iter().flat_map(|folder| folders(folder, FEW)).take(FEW).collect();
    }
    root.to_path_buf()
}

/// The folders among the first entries of a folder, sorted by name.
pub fn folders(folder: &Path, entries: usize) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().take(entries);
    let mut folders: Vec<_> =
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// The file of a table under the first of its names that exists, compressed or not.
pub fn find(folder: &Path, names: &[&str]) -> Option<PathBuf> {
    let files = names.iter().flat_map(|name| [name.to_string(), format!("{name}.gz")]);
    files.map(|name| folder.join(name)).find(|path| path.is_file())
}

/// A table that must exist in a dataset's folder.
pub fn required(
    root: &Path,
    layout: &'static str,
    names: &[&str],
    remedy: &'static str,
) -> Result<PathBuf> {
    find(root, names).ok_or_else(|| {
        let missing = format!("there is no {}", names.join(" or "));
        TrainError::Layout { root: root.to_path_buf(), layout, missing, remedy }
    })
}
