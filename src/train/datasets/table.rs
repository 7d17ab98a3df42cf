//! Tables of datasets, read row by row.

use std::path::Path;

use super::super::error::{Result, TrainError};
use crate::table::Csv;

/// Calls `visit` with these columns of each row; a file whose name ends with `.gz` is decompressed.
///
/// # Errors
///
/// [`TrainError::Csv`] where the file is not CSV, [`TrainError::Table`] where it lacks a column, and any error that
/// `visit` returns.
pub fn for_each<const N: usize>(
    path: &Path,
    columns: [&str; N],
    mut visit: impl FnMut([&str; N]) -> Result<()>,
) -> Result<()> {
    let csv = Csv::read(path)?;
    let header = csv.header()?;
    let mut positions = [0; N];
    for (position, column) in positions.iter_mut().zip(columns) {
        *position = header.iter().position(|name| name == column).ok_or_else(|| {
            let reason = format!("it has no column `{column}`; use the file as it is published");
            TrainError::Table { path: path.to_path_buf(), reason }
        })?;
    }
    let mut reader = csv.reader();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| csv.broken(error))? {
        visit(positions.map(|position| record.get(position).unwrap_or("")))?;
    }
    Ok(())
}
