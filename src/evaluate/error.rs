//! Errors of an evaluation, which say in which file, line or column something is wrong, and what to do about it.

use std::collections::BTreeMap;
use std::io;

use thiserror::Error;

use super::reason::Reason;
use crate::error::Cause;
use crate::table::TableError;

/// An input of `carzero evaluate` that cannot be used, or an output that cannot be written.
#[derive(Debug, Error)]
pub enum EvaluateError {
    /// A file is not a table.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A table has a header but no rows.
    #[error("`{file}` has no rows below its header. Give a file with one row for each image")]
    Empty { file: String },
    /// A required column is missing.
    #[error("`{file}` has no column `{column}`. It has: {has}. {remedy}")]
    MissingColumn { file: String, column: String, has: String, remedy: String },
    /// A cell does not hold what its column needs.
    #[error("`{file}`, line {line}, column `{column}`: \"{value}\" is not {expected}")]
    Cell { file: String, line: u64, column: String, value: String, expected: &'static str },
    /// One image occurs on two lines.
    #[error(
        "`{file}`, line {line}: {what} was already on line {first}. Keep one of the two, or name another column with --key"
    )]
    DuplicateRow { file: String, line: u64, first: u64, what: String },
    /// Many rows have the same key as an earlier row, but other labels.
    #[error(
        "`{file}`: in the column `{column}` {rows} rows have the value of an earlier row, first lines {} and {}, and other labels. It may not name the images. Name another column with --key", lines[0], lines[1]
    )]
    RepeatedKey { file: String, column: String, rows: usize, lines: [u64; 2] },
    /// Two columns are about the same finding.
    #[error(
        "`{file}` has two columns for one finding, `{first}` and `{second}`. Keep one of the two"
    )]
    DuplicateColumn { file: String, first: String, second: String },
    /// The files have no common column by which they can be joined.
    #[error(
        "`{left}` and `{right}` share no column name to join their rows by. Name it alike in both and give it as --key"
    )]
    NoKey { left: String, right: String },
    /// Several columns identify images, and they join different rows.
    #[error(
        "`{left}` and `{right}` can be joined by several columns, each of which joins other rows: {columns}. Name the one that tells the images with --key"
    )]
    SeveralKeys { left: String, right: String, columns: String },
    /// No row of one file matches a row of the other.
    #[error("no row of {left} belongs to a row of {right}. Name the right column with --key")]
    NothingJoined { left: String, right: String },
    /// No finding can be evaluated.
    #[error("no finding can be evaluated: {reason}")]
    NoFindings { reason: Reason },
    /// An option contradicts the data.
    #[error("{option}: {reason}")]
    Option { option: &'static str, reason: Reason },
    /// A JSON file does not have the required form.
    #[error(
        "`{file}` cannot be used: {cause}. Write a JSON object such as {{\"Pneumonia\": -1.25}}"
    )]
    Json {
        file: String,
        #[source]
        cause: Cause,
    },
    /// An output cannot be written.
    #[error("`{file}` cannot be written: {source}. Give a folder that can be written to as --out")]
    Write { file: String, source: io::Error },
}

impl EvaluateError {
    /// A stable identifier of the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Table(_) => "no-table",
            Self::Empty { .. } => "empty-table",
            Self::MissingColumn { .. } => "no-column",
            Self::Cell { .. } => "bad-cell",
            Self::DuplicateRow { .. } => "two-rows",
            Self::RepeatedKey { .. } => "repeated-key",
            Self::DuplicateColumn { .. } => "two-columns",
            Self::NoKey { .. } => "no-key",
            Self::SeveralKeys { .. } => "several-keys",
            Self::NothingJoined { .. } => "nothing-joined",
            Self::NoFindings { .. } => "no-findings",
            Self::Option { .. } => "bad-option",
            Self::Json { .. } => "bad-json",
            Self::Write { .. } => "no-write",
        }
    }

    /// The named values that are reported beside the [`code`](Self::code).
    pub fn values(&self) -> BTreeMap<&'static str, String> {
        let values = match self {
            Self::Table(error) => vec![("file", &error.file)],
            Self::Empty { file } | Self::Json { file, .. } | Self::Write { file, .. } => {
                vec![("file", file)]
            }
            Self::MissingColumn { file, column, .. } => vec![("file", file), ("column", column)],
            Self::Cell { file, line, column, value, .. } => {
                return [("line", line.to_string())]
                    .into_iter()
                    .chain([("file", file), ("column", column), ("value", value)].map(owned))
                    .collect();
            }
            Self::DuplicateRow { file, line, first, what } => {
                return [("line", line.to_string()), ("first", first.to_string())]
                    .into_iter()
                    .chain([("file", file), ("what", what)].map(owned))
                    .collect();
            }
            Self::RepeatedKey { file, column, rows, lines: [first, line] } => {
                let numbers = [("first", *first), ("line", *line), ("rows", *rows as u64)];
                return numbers
                    .map(|(name, number)| (name, number.to_string()))
                    .into_iter()
                    .chain([("file", file), ("column", column)].map(owned))
                    .collect();
            }
            Self::DuplicateColumn { file, first, second } => {
                vec![("file", file), ("first", first), ("second", second)]
            }
            Self::NoKey { left, right } | Self::NothingJoined { left, right } => {
                vec![("left", left), ("file", right)]
            }
            Self::SeveralKeys { columns, right, .. } => vec![("columns", columns), ("file", right)],
            Self::NoFindings { .. } | Self::Option { .. } => Vec::new(),
        };
        values.into_iter().map(owned).collect()
    }
}

impl EvaluateError {
    /// The detailed reason of those errors that have one, which has a code and values of its own.
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Self::NoFindings { reason } | Self::Option { reason, .. } => Some(reason),
            _ => None,
        }
    }
}

fn owned((name, text): (&'static str, &String)) -> (&'static str, String) {
    (name, text.clone())
}

/// The module's result.
pub type Result<T> = std::result::Result<T, EvaluateError>;

/// The number of names, and if `told` some of the names.
pub fn counted(names: &[impl AsRef<str>], told: bool) -> String {
    let count = names.len();
    if told { format!("{count} ({})", some_of(names)) } else { count.to_string() }
}

/// Some names for a message: all of them, or the first few and the number of the others.
pub fn some_of(names: &[impl AsRef<str>]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<&str> = names.iter().take(SHOWN).map(AsRef::as_ref).collect();
    let more = names.len().saturating_sub(SHOWN);
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{tail}", shown.join(", "))
}
