//! CSV files, as people and programs write them.

use std::borrow::Cow;
use std::io::Read;
#[cfg(not(target_arch = "wasm32"))]
use std::path::Path;

use csv::{Position, Reader, ReaderBuilder, StringRecord, Trim};
use flate2::read::MultiGzDecoder;
use thiserror::Error;

use crate::error::Cause;

/// The most bytes of an unpacked table, more than any published one has.
const MAX_BYTES: u64 = 300_000_000;

/// A file that is missing, not readable, or not well-formed CSV.
#[derive(Debug, Error)]
#[error(
    "`{file}` cannot be read: {cause}. Give the path of a well-formed CSV file in UTF-8 or UTF-16"
)]
pub struct TableError {
    /// Its path or name.
    pub file: String,
    #[source]
    cause: Cause,
}

/// A CSV file in memory.
#[derive(Debug, Clone)]
pub struct Csv {
    /// Its path or name, for messages.
    file: String,
    /// In UTF-8.
    bytes: Vec<u8>,
    delimiter: u8,
}

impl Csv {
    /// Reads a file; see [`parse`](Self::parse).
    ///
    /// # Errors
    ///
    /// [`TableError`] where the file is missing, or is no text in UTF-8 or UTF-16.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn read(path: &Path) -> Result<Self, TableError> {
        let file = path.display().to_string();
        match std::fs::read(path) {
            Ok(bytes) => Self::parse(file, bytes),
            Err(error) => Err(TableError { file, cause: error.into() }),
        }
    }

    /// Takes the bytes of a file in UTF-8 or UTF-16; if its name ends with `.gz`, they are decompressed first.
    ///
    /// # Errors
    ///
    /// [`TableError`] where the bytes are not such a file.
    pub fn parse(file: impl Into<String>, mut bytes: Vec<u8>) -> Result<Self, TableError> {
        let file = file.into();
        let fail = |cause| TableError { file: file.clone(), cause };
        if file.ends_with(".gz") {
            let mut unpacked = Vec::new();
            let read =
                MultiGzDecoder::new(&bytes[..]).take(MAX_BYTES + 1).read_to_end(&mut unpacked);
            if read.map_err(|error| fail(error.into()))? as u64 > MAX_BYTES {
                return Err(fail(format!("unpacked it has more than {MAX_BYTES} bytes").into()));
            }
            bytes = unpacked;
        }
        if let Cow::Owned(utf8) = utf8(&bytes).map_err(|reason| fail(reason.into()))? {
            bytes = utf8;
        }
        let delimiter = delimiter(&bytes);
        Ok(Self { file, bytes, delimiter })
    }

    /// Its path or name.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// A reader of the rows below the header. Blanks around cells are dropped, and rows may have more or fewer cells
    /// than the header.
    pub fn reader(&self) -> Reader<&[u8]> {
        let mut builder = ReaderBuilder::new();
        builder.delimiter(self.delimiter).trim(Trim::All).flexible(true);
        builder.from_reader(&self.bytes)
    }

    /// Whether a comma in a number is a decimal comma, which it can only be where cells are not separated by commas.
    pub fn has_decimal_comma(&self) -> bool {
        self.delimiter != b','
    }

    /// Names of the columns.
    ///
    /// # Errors
    ///
    /// [`TableError`] where the header is not valid UTF-8.
    pub fn header(&self) -> Result<Vec<String>, TableError> {
        let mut reader = self.reader();
        let header = reader.headers().map_err(|error| self.broken(error))?;
        Ok(header.iter().map(str::to_string).collect())
    }

    /// All rows, each with the line where it begins in an editor.
    ///
    /// # Errors
    ///
    /// [`TableError`] where the number of cells in a row differs from that in the header.
    pub fn rows(&self) -> Result<Vec<StringRecord>, TableError> {
        let columns = self.header()?.len();
        let mut rows = Vec::new();
        for record in self.reader().records() {
            let mut record = record.map_err(|error| self.broken(error))?;
            let mut place = record.position().cloned().unwrap_or_else(Position::new);
            // The reader counts the line break before a record, and empty lines, as part of that record.
            let rest = self.bytes.get(place.byte() as usize..).unwrap_or_default();
            let ends = rest.iter().take_while(|byte| b"\r\n".contains(byte));
            place.set_line(place.line() + ends.filter(|byte| **byte == b'\n').count() as u64);
            if record.len() != columns {
                let (line, cells) = (place.line(), record.len());
                let reason = format!("line {line} has {cells} cells and the header {columns}");
                return Err(self.broken(reason));
            }
            record.set_position(Some(place));
            rows.push(record);
        }
        Ok(rows)
    }

    /// The error for a file that does not have the required form.
    pub fn broken(&self, cause: impl Into<Cause>) -> TableError {
        TableError { file: self.file.clone(), cause: cause.into() }
    }
}

/// The text in UTF-8. UTF-16 is recognised by its byte order mark, or by the zero byte in its first character.
fn utf8(bytes: &[u8]) -> Result<Cow<'_, [u8]>, &'static str> {
    let unit = match bytes {
        [0xFF, 0xFE, ..] | [1..=u8::MAX, 0, ..] => u16::from_le_bytes,
        [0xFE, 0xFF, ..] | [0, 1..=u8::MAX, ..] => u16::from_be_bytes,
        _ => return Ok(bytes.into()),
    };
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|&pair| unit(pair));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    match text {
        Ok(text) if rest.is_empty() => Ok(text.into_bytes().into()),
        _ => Err("it begins as UTF-16 and does not go on so"),
    }
}

/// What separates cells: whichever of comma, semicolon and tab is most frequent in the header
/// outside quotation marks.
fn delimiter(bytes: &[u8]) -> u8 {
    let mut counts = [(b'\t', 0), (b';', 0), (b',', 0)];
    let mut quoted = false;
    let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    for byte in bytes.iter().skip_while(|byte| is_end(byte)) {
        quoted ^= *byte == b'"';
        match counts.iter_mut().find(|(delimiter, _)| delimiter == byte) {
            _ if quoted => {}
            Some((_, count)) => *count += 1,
            None if is_end(byte) => break,
            None => {}
        }
    }
    // Of equal counts `max_by_key` takes the last, so that the comma wins.
    counts.into_iter().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| delimiter)
}
