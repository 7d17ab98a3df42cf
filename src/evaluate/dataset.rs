//! Scores and labels of the same images, side by side.

use std::collections::{HashMap, HashSet};

use super::error::{EvaluateError, Result, counted, some_of};
use super::key;
use super::labels::Labels;
use super::options::{Options, Thresholds};
use super::order::set_of;
use super::reason::Reason;
use super::slices::{Slices, Slicing};
use super::table::{Join, Table, finding_key};
use crate::table::Csv;

/// The scores and labels of one finding.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The name of its column in the table of labels.
    pub name: String,
    /// [`finding_key`] of the name.
    pub key: String,
    /// Logits; NaN where there is no score.
    pub scores: Vec<f64>,
    /// Labels; `None` where unknown.
    pub labels: Vec<Option<bool>>,
    /// Logits of "There is no …", if given.
    pub negated: Option<Vec<f64>>,
    /// Scores to compare with, if given.
    pub against: Option<Vec<f64>>,
}

/// The joined rows of predictions and labels.
#[derive(Debug, Clone)]
pub struct Rows {
    /// The findings that have both scores and labels.
    pub findings: Vec<Finding>,
    /// Key of each row in the predictions.
    pub keys: Vec<String>,
    /// Patient of each row: the value in the column of patients, or if there is none, the row itself.
    pub patients: Vec<String>,
    /// For each column of the labels by which results are stratified, the groups of rows.
    pub slices: Vec<Slices>,
}

/// The joined data of all files.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// The rows on which the metrics are computed.
    pub evaluated: Rows,
    /// The rows on which thresholds are chosen; empty unless that was asked for.
    pub validation: Rows,
    /// Notes for the report on what could not be joined or matched.
    pub notes: Vec<String>,
}

impl Dataset {
    /// Joins the tables that the options name.
    pub fn read(options: &Options) -> Result<Self> {
        let (predictions, long) = Table::read_scores(&options.predictions, &options.score)?;
        let mut read = Labels::read(&options.labels)?;
        let (score_key, label_key) =
            key::columns(&predictions, long, &read.table, options.key.as_deref())?;
        let doubled = read.take_once(label_key);
        let labels = &read.table;
        let remedy = "Name the patients' column with --patient";
        let patient =
            options.patient.as_deref().map(|name| labels.require(name, remedy)).transpose()?;
        let choice = match &options.thresholds {
            Thresholds::ChosenOn(choice) => Some(rows_where(labels, choice)?),
            _ => None,
        };
        let slices = Slicing::new(labels, &predictions, &options.slices)?;

        let reserved: Vec<usize> =
            [Some(label_key), patient, choice.as_ref().map(|(column, _)| *column)]
                .into_iter()
                .flatten()
                .collect();
        let (columns, other) = read.findings(&reserved);
        let other: Vec<&String> = other.iter().map(|&column| &labels.header[column]).collect();
        let keys: HashSet<String> =
            columns.iter().map(|&column| finding_key(&labels.header[column])).collect();
        let known = |key: &str| keys.contains(key);
        let scores = Scores::read(&predictions, score_key, |name| {
            Some(finding_key(name)).filter(|key| known(key))
        })?;
        if scores.findings.is_empty() {
            let reason = Reason::NothingShared {
                scores: predictions.file.clone(),
                scored: some_of(&scores.ignored),
                labels: labels.file.clone(),
                labelled: some_of(&labels.header),
            };
            return Err(EvaluateError::NoFindings { reason });
        }
        let single = |(key, _): &(String, _)| read.single(&columns, key);
        let column_of = scores.findings.iter().map(single).collect::<Result<Vec<_>>>()?;

        let label_keys = labels.keys(label_key)?;
        let join = Join::new(&scores.keys, &label_keys);
        let mut notes = vec![key_note(&predictions.header[score_key], &labels.header[label_key])];
        notes.extend(join_notes("predictions", &join, "labels", options.notes_name_images));
        if doubled > 0 {
            notes.push(format!(
                "Rows that repeat another one with all its labels, taken once: {doubled}."
            ));
        }
        let (other, unlabelled): (Vec<_>, Vec<_>) =
            named(&scores.ignored).partition(|name| other.contains(name));
        for (what, which) in [
            ("Columns of the predictions without labels", unlabelled),
            ("Columns of both files that hold no labels", other),
        ] {
            if !which.is_empty() {
                notes.push(format!("{what}, ignored: {}.", some_of(&which)));
            }
        }
        let key_name = &predictions.header[score_key];
        let mut read = |csv: &Option<Csv>, further: FurtherTable| match csv {
            Some(csv) => further.read(csv, options, key_name, &scores.keys, known, &mut notes),
            None => Ok(HashMap::new()),
        };
        let negated = read(&options.negated, NEGATED)?;
        let against = read(&options.against, AGAINST)?;
        let rows_of = |pairs: Vec<(usize, usize)>| -> Result<Rows> {
            let pick = |values: &Vec<f64>| pairs.iter().map(|&(left, _)| values[left]).collect();
            let finding = |((key, values), column): (&(String, Vec<f64>), &Option<usize>)| {
                let column = column.unwrap_or_default(); // `known` ensures that the finding has a column
                Ok(Finding {
                    name: labels.header[column].clone(),
                    key: key.clone(),
                    scores: pick(values),
                    labels: pairs
                        .iter()
                        .map(|&(_, right)| labels.label(right, column))
                        .collect::<Result<_>>()?,
                    negated: negated.get(key).map(pick),
                    against: against.get(key).map(pick),
                })
            };
            let patient_of = |&(left, right): &(usize, usize)| match patient
                .map(|column| labels.cell(right, column))
            {
                None | Some("") => format!("row {}", scores.keys[left]),
                Some(patient) => patient.to_string(),
            };
            Ok(Rows {
                findings: scores
                    .findings
                    .iter()
                    .zip(&column_of)
                    .map(finding)
                    .collect::<Result<_>>()?,
                keys: pairs.iter().map(|&(left, _)| scores.keys[left].clone()).collect(),
                patients: pairs.iter().map(patient_of).collect(),
                slices: slices.of(&pairs),
            })
        };
        let pairs = (0..).zip(&join.right).filter_map(|(left, right)| Some((left, (*right)?)));
        let (validation, evaluated): (Vec<_>, Vec<_>) =
            pairs.partition(|&(_, right)| choice.as_ref().is_some_and(|(_, chosen)| chosen[right]));
        let counts = [validation.len(), evaluated.len()];
        if counts == [0, 0] {
            let place = |table: &Table, key: usize| {
                format!(
                    "`{}` (column `{}`, e.g. \"{}\")",
                    table.file,
                    table.header[key],
                    table.cell(0, key)
                )
            };
            let (left, right) = (place(&predictions, score_key), place(labels, label_key));
            return Err(EvaluateError::NothingJoined { left, right });
        }
        let joined = || evaluated.iter().chain(&validation);
        if let Some(column) = patient
            && joined().all(|&(_, row)| labels.cell(row, column).is_empty())
        {
            let reason = Reason::NoPatients { column: labels.header[column].clone() };
            return Err(EvaluateError::Option { option: "--patient", reason });
        }
        if choice.is_some() && counts.contains(&0) {
            let [choosing, evaluating] = counts;
            let reason = Reason::OneSided { choosing, evaluating };
            return Err(EvaluateError::Option { option: "--choose-on", reason });
        }
        Ok(Self { evaluated: rows_of(evaluated)?, validation: rows_of(validation)?, notes })
    }
}

/// Those columns of a wide table of logits that are findings.
struct Scores {
    keys: Vec<String>,
    /// For each finding its key, and one score for each row, with NaN where there is none.
    findings: Vec<(String, Vec<f64>)>,
    /// The other columns.
    ignored: Vec<String>,
}

impl Scores {
    /// `finding_of` returns the key of the finding that a column names, if that finding is wanted.
    fn read(
        table: &Table,
        key: usize,
        finding_of: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let (mut findings, mut ignored, mut seen) = (Vec::new(), Vec::new(), HashMap::new());
        for (column, name) in table.header.iter().enumerate().filter(|(column, _)| *column != key) {
            let Some(finding) = finding_of(name) else {
                ignored.push(name.clone());
                continue;
            };
            if let Some(first) = seen.insert(finding.clone(), name) {
                let (first, second) = (first.clone(), name.clone());
                return Err(EvaluateError::DuplicateColumn {
                    file: table.file.clone(),
                    first,
                    second,
                });
            }
            let scores =
                (0..table.rows()).map(|row| table.number(row, column)).collect::<Result<_>>()?;
            findings.push((finding, scores));
        }
        Ok(Self { keys: table.keys(key)?, findings, ignored })
    }
}

/// A further table of scores for the same images.
struct FurtherTable {
    /// The prefix of a finding's name in this table's columns.
    prefix: &'static str,
    /// What the table is called in messages.
    what: &'static str,
    /// The error where none of its columns names a finding, given the file and its columns.
    unnamed: fn(String, String) -> Reason,
}

/// Logits of "There is no …".
const NEGATED: FurtherTable = FurtherTable {
    prefix: "no ",
    what: "negated logits",
    unnamed: |file, columns| Reason::NegatedUnnamed { file, columns },
};
const AGAINST: FurtherTable = FurtherTable {
    prefix: "",
    what: "other predictions",
    unnamed: |file, columns| Reason::OthersUnnamed { file, columns },
};

impl FurtherTable {
    /// The scores by finding, in the order of these keys.
    fn read(
        self,
        csv: &Csv,
        options: &Options,
        key_name: &str,
        keys: &[String],
        known: impl Fn(&str) -> bool,
        notes: &mut Vec<String>,
    ) -> Result<HashMap<String, Vec<f64>>> {
        let (table, long) = Table::read_scores(csv, &options.score)?;
        let key = if long {
            0
        } else {
            table.require(key_name, "Name the key column as in the predictions")?
        };
        let finding_of = |name: &str| {
            let key = finding_key(name);
            key.strip_prefix(self.prefix).filter(|key| known(key)).map(str::to_string)
        };
        let scores = Scores::read(&table, key, finding_of)?;
        if scores.findings.is_empty() {
            let reason = (self.unnamed)(table.file, some_of(&scores.ignored));
            return Err(EvaluateError::NoFindings { reason });
        }
        let join = Join::new(keys, &scores.keys);
        if join.right.iter().all(Option::is_none) {
            let reason = Reason::OthersUnknown { file: table.file };
            return Err(EvaluateError::NoFindings { reason });
        }
        notes.extend(join_notes("predictions", &join, self.what, options.notes_name_images));
        let pick = |values: Vec<f64>| {
            join.right.iter().map(|row| row.map_or(f64::NAN, |row| values[row])).collect()
        };
        Ok(scores.findings.into_iter().map(|(finding, values)| (finding, pick(values))).collect())
    }
}

/// The columns that have a name.
fn named(columns: &[String]) -> impl Iterator<Item = &String> {
    columns.iter().filter(|name| !name.is_empty())
}

/// The column of COLUMN=VALUE, and for each row whether it has this value.
fn rows_where(table: &Table, choice: &str) -> Result<(usize, Vec<bool>)> {
    let option = "--choose-on";
    let Some((name, value)) = choice.split_once('=') else {
        let reason = Reason::NoColumnValue { choice: choice.to_string() };
        return Err(EvaluateError::Option { option, reason });
    };
    let column = table.require(name, "Name a column of the labels as --choose-on COLUMN=VALUE")?;
    let values: Vec<&str> = (0..table.rows()).map(|row| table.cell(row, column)).collect();
    let rows = values.iter().map(|&cell| cell == value).collect();
    let values: Vec<&str> = set_of(values.into_iter()).into_iter().collect();
    if !values.contains(&value) {
        let reason = Reason::NoRowsWith {
            file: table.file.clone(),
            column: name.to_string(),
            value: value.to_string(),
            has: some_of(&values),
        };
        return Err(EvaluateError::Option { option, reason });
    }
    Ok((column, rows))
}

/// A note on the columns by which rows were joined.
fn key_note(predictions: &str, labels: &str) -> String {
    match predictions == labels {
        true => format!("Rows joined by the column `{labels}`."),
        false => format!("Rows joined by the columns `{predictions}` and `{labels}`."),
    }
}

/// Notes on the rows that could not be joined; they name images only if `named`.
pub fn join_notes(left: &str, join: &Join, right: &str, named: bool) -> Vec<String> {
    let mut notes = Vec::new();
    for (side, other, keys) in [(left, right, &join.left_only), (right, left, &join.right_only)] {
        if !keys.is_empty() {
            let keys = counted(keys, named);
            notes.push(format!("Rows of the {side} that the {other} lack: {keys}."));
        }
    }
    if join.by_file_name > 0 {
        notes.push(format!(
            "Joined by file name, since paths differ ({left} to {right}): {}.",
            join.by_file_name
        ));
    }
    notes
}
