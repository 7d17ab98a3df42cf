//! Tables read row by row: some have hundreds of thousands.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::super::error::{Result, TrainError};

/// Calls `visit` with these columns of each row; a file that ends with `.gz` is unpacked on the way.
///
/// # Errors
///
/// [`TrainError::Table`] where the file is no CSV or lacks a column, and what `visit` returns.
pub fn for_each<const N: usize>(
    path: &Path,
    columns: [&str; N],
    mut visit: impl FnMut([&str; N]) -> Result<()>,
) -> Result<()> {
    let fail = |reason: String| TrainError::Table { path: path.to_path_buf(), reason };
    let broken = |error: csv::Error| fail(error.to_string());
    let file = open(path).map_err(|source| TrainError::Io { path: path.to_path_buf(), source })?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
    let header = reader.headers().map_err(broken)?;
    let mut positions = [0; N];
    for (position, column) in positions.iter_mut().zip(columns) {
        *position = header.iter().position(|name| name.trim() == column).ok_or_else(|| {
            fail(format!("it has no column `{column}`; use the file as it is published"))
        })?;
    }
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(broken)? {
        visit(positions.map(|position| record.get(position).unwrap_or("").trim()))?;
    }
    Ok(())
}

fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    let file = File::open(path)?;
    let packed = path.extension().is_some_and(|extension| extension == "gz");
    Ok(if packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) })
}
