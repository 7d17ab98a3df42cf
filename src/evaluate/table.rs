//! Tables, whose cells know their place in the file for error messages, and joins of rows by key.

use std::borrow::Cow;
use std::collections::HashMap;

use csv::{Position, StringRecord};

use super::error::{EvaluateError, Result, some_of};
use crate::table::Csv;

/// If this many rows repeat the key of another row, they are no mere slips.
const MANY: usize = 3;

/// Labels in words, in lower case, as people write them in English, Japanese and Spanish.
const LABELS: [(&[&str], Option<bool>); 3] = [
    (
        &[
            "true", "yes", "y", "positive", "pos", "present", "sí", "si", "はい", "あり", "有り",
            "有", "陽性",
        ],
        Some(true),
    ),
    (
        &["false", "no", "n", "negative", "neg", "absent", "いいえ", "なし", "無し", "無", "陰性"],
        Some(false),
    ),
    (&["unknown", "uncertain", "不明"], None),
];

/// A CSV file with a header.
#[derive(Debug, Clone)]
pub struct Table {
    /// The path or name, for messages.
    pub file: String,
    /// Names of the columns.
    pub header: Vec<String>,
    records: Vec<StringRecord>,
    /// Whether cells are not separated by commas, so that a comma in a number is its decimal comma.
    decimal_comma: bool,
}

impl Table {
    /// Reads a file separated by commas, semicolons or tabs; blanks around cells are dropped.
    pub fn read(csv: &Csv) -> Result<Self> {
        let (header, records) = (csv.header()?, csv.rows()?);
        let file = csv.file().to_string();
        if records.is_empty() {
            return Err(EvaluateError::Empty { file });
        }
        Ok(Self { file, header, records, decimal_comma: csv.has_decimal_comma() })
    }

    /// Reads logits in the wide form (a column for each finding) or in the long form (the columns image, prompt and
    /// `score`, which `carzero score --format csv` prints). The long form is converted to the wide one, with the images
    /// in the first column. Also returns whether the form was long.
    pub fn read_scores(csv: &Csv, score: &str) -> Result<(Self, bool)> {
        let table = Self::read(csv)?;
        let columns = ["image", "prompt", score].map(|name| table.column(name));
        let [Some(image), Some(prompt), Some(logit)] = columns else {
            return Ok((table, false));
        };
        let mut header = vec!["image".to_string()];
        let (mut column_of, mut row_of, mut first_rows) =
            (HashMap::new(), HashMap::new(), HashMap::new());
        let (mut cells, mut places) = (Vec::<Vec<&str>>::new(), Vec::new());
        for row in 0..table.rows() {
            table.number(row, logit)?;
            let (key, text) = (table.cell(row, image), table.cell(row, prompt));
            if let Some(first) = first_rows.insert((key, text), row) {
                return Err(table.duplicate(row, first, format!("\"{text}\" of \"{key}\"")));
            }
            let column = *column_of.entry(text).or_insert(header.len());
            if column == header.len() {
                header.push(text.to_string());
            }
            let index = *row_of.entry(key).or_insert(cells.len());
            if index == cells.len() {
                cells.push(vec![key]);
                places.push(table.records[row].position().cloned());
            }
            let wide = &mut cells[index];
            wide.resize(wide.len().max(column + 1), "");
            wide[column] = table.cell(row, logit);
        }
        let record = |(cells, place): (Vec<&str>, _)| {
            let mut record = StringRecord::from(cells);
            record.set_position(place);
            record
        };
        let records = cells.into_iter().zip(places).map(record).collect();
        let (file, decimal_comma) = (table.file.clone(), table.decimal_comma);
        Ok((Self { file, header, records, decimal_comma }, true))
    }

    /// A table of images without scores, in the form that long predictions are converted to.
    pub fn of_images(names: &[String]) -> Self {
        let records = names.iter().map(|name| StringRecord::from(vec![name.as_str()])).collect();
        let (file, header) = ("images".to_string(), vec!["image".to_string()]);
        Self { file, header, records, decimal_comma: false }
    }

    /// The table without the columns `dropped`, and with the columns `added` at the end. Only rows for which `more` has
    /// cells are kept.
    pub fn rearranged(self, dropped: &[usize], added: &[&str], more: &[Option<Vec<&str>>]) -> Self {
        let keeps = |column: &usize| !dropped.contains(column);
        let columns: Vec<usize> = (0..self.header.len()).filter(keeps).collect();
        let names = columns.iter().map(|&column| self.header[column].clone());
        let header = names.chain(added.iter().map(ToString::to_string)).collect();
        let rows = self.records.iter().zip(more).filter_map(|(record, more)| {
            let kept = columns.iter().map(|&column| record.get(column).unwrap_or_default());
            let mut row = StringRecord::from_iter(kept.chain(more.as_ref()?.iter().copied()));
            row.set_position(record.position().cloned());
            Some(row)
        });
        Self { header, records: rows.collect(), ..self }
    }

    /// The table reduced to some of its rows.
    pub fn filtered(mut self, wanted: impl Fn(&Self, usize) -> bool) -> Self {
        let kept = (0..self.rows()).filter(|&row| wanted(&self, row));
        let records = kept.map(|row| self.records[row].clone()).collect();
        self.records = records;
        self
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.records.len()
    }

    /// The column of this name, if any.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column == name)
    }

    /// The column with this name; `remedy` says what to do if it is missing.
    pub fn require(&self, name: &str, remedy: &str) -> Result<usize> {
        self.column(name).ok_or_else(|| EvaluateError::MissingColumn {
            file: self.file.clone(),
            column: name.to_string(),
            has: some_of(&self.header),
            remedy: remedy.to_string(),
        })
    }

    /// The text of a cell.
    pub fn cell(&self, row: usize, column: usize) -> &str {
        self.records[row].get(column).unwrap_or_default()
    }

    /// The line of a row in the file.
    pub fn line(&self, row: usize) -> u64 {
        self.records[row].position().map_or(0, Position::line)
    }

    /// A finite number, or NaN for an empty cell or for one of the words that pandas and R write for a missing value.
    pub fn number(&self, row: usize, column: usize) -> Result<f64> {
        const EXPECTED: &str = "a finite number (leave the cell empty where there is none; rename a column that is no finding)";
        const NONE: [&str; 6] = ["", "na", "n/a", "<na>", "none", "null"];
        let text = self.cell(row, column);
        if NONE.iter().any(|none| text.eq_ignore_ascii_case(none)) {
            return Ok(f64::NAN);
        }
        let text = if self.decimal_comma { Cow::from(text.replace(',', ".")) } else { text.into() };
        let number = text.parse().ok().filter(|number: &f64| !number.is_infinite());
        number.ok_or_else(|| self.bad_cell(row, column, EXPECTED))
    }

    /// A label (1 or one of the words of [`LABELS`] for yes, 0 or one of those for no), or `None` where it is unknown:
    /// an empty cell, "nan", -1.
    pub fn label(&self, row: usize, column: usize) -> Result<Option<bool>> {
        const EXPECTED: &str =
            "a label: 1 or yes for present, 0 or no for absent, empty, nan or -1 for unknown";
        let text = self.cell(row, column).to_lowercase();
        if let Some((_, label)) = LABELS.iter().find(|(words, _)| words.contains(&&*text)) {
            return Ok(*label);
        }
        match self.number(row, column) {
            Ok(1.0) => Ok(Some(true)),
            Ok(0.0) => Ok(Some(false)),
            Ok(number) if number.is_nan() || number == -1.0 => Ok(None),
            _ => Err(self.bad_cell(row, column, EXPECTED)),
        }
    }

    /// The error for a cell that does not hold what its column needs.
    pub fn bad_cell(&self, row: usize, column: usize, expected: &'static str) -> EvaluateError {
        EvaluateError::Cell {
            file: self.file.clone(),
            line: self.line(row),
            column: self.header[column].clone(),
            value: self.cell(row, column).to_string(),
            expected,
        }
    }

    /// The error for a row that repeats an earlier one.
    pub fn duplicate(&self, row: usize, first: usize, what: String) -> EvaluateError {
        EvaluateError::DuplicateRow {
            file: self.file.clone(),
            line: self.line(row),
            first: self.line(first),
            what,
        }
    }

    /// The cells of a column, which must all be different and not empty.
    pub fn keys(&self, column: usize) -> Result<Vec<String>> {
        let (mut first, mut repeats) = (HashMap::new(), Vec::new());
        for row in 0..self.rows() {
            let key = self.cell(row, column);
            if key.is_empty() {
                return Err(self.bad_cell(row, column, "a key: every row needs one"));
            }
            if let Some(earlier) = first.insert(key, row) {
                repeats.push((row, earlier));
            }
        }
        if let Some(&(row, earlier)) = repeats.first() {
            let (name, key) = (self.header[column].clone(), self.cell(row, column));
            // One or two repetitions are taken for an error in the file; with many, the column does not name rows.
            if repeats.len() >= MANY && 10 * repeats.len() >= self.rows() {
                let (file, rows) = (self.file.clone(), repeats.len());
                let lines = [earlier, row].map(|row| self.line(row));
                return Err(EvaluateError::RepeatedKey { file, column: name, rows, lines });
            }
            return Err(self.duplicate(row, earlier, format!("`{name}` \"{key}\"")));
        }
        Ok((0..self.rows()).map(|row| self.cell(row, column).to_string()).collect())
    }
}

/// Which rows of a right table belong to the rows of a left one.
#[derive(Debug, PartialEq, Eq)]
pub struct Join {
    /// For each left row the right row that belongs to it.
    pub right: Vec<Option<usize>>,
    /// Left keys without a right row.
    pub left_only: Vec<String>,
    /// Right keys without a left row.
    pub right_only: Vec<String>,
    /// How many rows were joined by file name because their paths differ, or their extensions.
    pub by_file_name: usize,
}

impl Join {
    /// Joins by unique keys: first by equal keys, then among the remaining rows by equal file names that occur only
    /// once on either side, and then likewise by file names without extension.
    pub fn new(left: &[String], right: &[String]) -> Self {
        let exact: HashMap<&str, usize> =
            right.iter().enumerate().map(|(row, key)| (key.as_str(), row)).collect();
        let mut joined: Vec<Option<usize>> =
            left.iter().map(|key| exact.get(key.as_str()).copied()).collect();
        let mut taken = vec![false; right.len()];
        joined.iter().flatten().for_each(|&row| taken[row] = true);

        let mut by_file_name = 0;
        for shortened in [file_name, file_stem] {
            let free_left = by_unique(shortened, left, |row| joined[row].is_none());
            let free_right = by_unique(shortened, right, |row| !taken[row]);
            for (name, left_row) in free_left {
                if let Some(&right_row) = free_right.get(name) {
                    joined[left_row] = Some(right_row);
                    taken[right_row] = true;
                    by_file_name += 1;
                }
            }
        }
        let alone = |keys: &[String], is_joined: &dyn Fn(usize) -> bool| {
            keys.iter()
                .enumerate()
                .filter(|(row, _)| !is_joined(*row))
                .map(|(_, key)| key.clone())
                .collect()
        };
        let left_only = alone(left, &|row| joined[row].is_some());
        let right_only = alone(right, &|row| taken[row]);
        Self { right: joined, left_only, right_only, by_file_name }
    }
}

impl Join {
    /// The number of rows that were joined.
    pub fn joined(&self) -> usize {
        self.right.iter().flatten().count()
    }
}

/// A path's last part.
pub fn file_name(key: &str) -> &str {
    key.rsplit(['/', '\\']).next().unwrap_or(key)
}

/// A file's name without its extension. An extension is short and contains a letter: "1.2.840" has none.
fn file_stem(key: &str) -> &str {
    let name = file_name(key);
    let is_extension = |end: &str| end.len() <= 5 && end.contains(|c: char| c.is_alphabetic());
    match name.rsplit_once('.') {
        Some((stem, end)) if is_extension(end) && !stem.is_empty() => stem,
        _ => name,
    }
}

/// The rows that `wanted` selects, by their shortened key, without keys that occur more than once.
fn by_unique(
    shortened: fn(&str) -> &str,
    keys: &[String],
    wanted: impl Fn(usize) -> bool,
) -> HashMap<&str, usize> {
    let mut rows: HashMap<&str, Vec<usize>> = HashMap::new();
    for (row, key) in keys.iter().enumerate().filter(|(row, _)| wanted(*row)) {
        rows.entry(shortened(key)).or_default().push(row);
    }
    rows.into_iter()
        .filter_map(|(name, rows)| if let [row] = rows[..] { Some((name, row)) } else { None })
        .collect()
}

/// The normalised name of a finding, by which columns are compared: case, a leading "There is " and a final period do
/// not matter, and `_` is the same as a blank.
pub fn finding_key(column: &str) -> String {
    let text = column.trim().trim_end_matches('.').replace('_', " ").to_lowercase();
    text.strip_prefix("there is ").unwrap_or(&text).trim().to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn joins_by_key_and_then_by_unique_file_name() {
        let keys = |keys: &[&str]| keys.iter().map(|key| key.to_string()).collect::<Vec<_>>();
        let left = keys(&["a.png", "x/b.png", "x/c.png", "y/c.png", "C:\\d.png"]);
        let right = keys(&["z/d.png", "a.png", "q/b.png", "q/c.png", "r/a.png"]);
        let join = Join::new(&left, &right);
        assert_eq!(join.right, [Some(1), Some(2), None, None, Some(0)]);
        assert_eq!(join.by_file_name, 2);
        assert_eq!(join.left_only, ["x/c.png", "y/c.png"]);
        assert_eq!(join.right_only, ["q/c.png", "r/a.png"]);
        let without =
            Join::new(&keys(&["a.dcm", "b.png", "1.2.3"]), &keys(&["a", "x/b.jpg", "1.2"]));
        assert_eq!(without.right, [Some(0), Some(1), None]);
    }

    #[test]
    fn lines_are_those_of_an_editor() {
        for end in ["\n", "\r\n"] {
            let lines = ["\u{feff}id,Mass", "a,1", "", "\"b", "c\",2", "d,x", ""];
            let csv = Csv::parse("t.csv", lines.join(end).into_bytes()).unwrap();
            let table = Table::read(&csv).unwrap();
            assert_eq!([0, 1, 2].map(|row| table.line(row)), [2, 4, 6]);
            assert_eq!(table.header, ["id", "Mass"]);
        }
    }

    #[test]
    fn names_of_one_finding() {
        for name in [
            "Pleural Effusion",
            "there is pleural effusion.",
            "There is Pleural_Effusion",
            " pleural effusion ",
        ] {
            assert_eq!(finding_key(name), "pleural effusion");
        }
        assert_eq!(finding_key("There is no pneumonia"), "no pneumonia");
    }
}
