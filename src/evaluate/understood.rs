//! How tables are understood for some images, so that a person can check it before anything is measured.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use super::error::{EvaluateError, Result, some_of};
use super::key;
use super::labels::{Form, Labels, other_of, pair_of};
use super::localise;
use super::order::set_of;
use super::reason::Reason;
use super::table::{Join, Table, finding_key};
use crate::table::Csv;

/// A person's corrections; what is not given is guessed.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// The index of the table that has the labels.
    pub table: Option<usize>,
    /// The column that names the image.
    pub key: Option<String>,
    /// The column that names the patient; "" where there is none.
    pub patient: Option<String>,
}

/// How the tables were understood for the images.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Understood {
    /// The indices of the tables that were read: one, or the two of Open-I or MIMIC-CXR-JPG.
    pub tables: Vec<usize>,
    pub form: Form,
    /// The columns that can be chosen as the column of images or of patients.
    pub columns: Vec<String>,
    pub key: String,
    pub patient: Option<String>,
    /// Number of different patients among the images that have labels.
    pub patients: Option<usize>,
    /// Number of images that have labels.
    pub images: usize,
    /// Images for which there is no row.
    pub images_without: Vec<String>,
    /// Number of rows for which there is no image.
    pub rows_without: usize,
    /// Number of rows that repeat the key and all labels of another one, and are ignored.
    pub doubled: usize,
    pub findings: Vec<FindingLabels>,
    /// Columns that contain no labels, and have no other use.
    pub not_read: Vec<NotRead>,
    /// Columns by which results can be stratified.
    pub slices: Vec<Slice>,
    /// Choices such as `split=val` of rows on which thresholds can be chosen.
    pub splits: Vec<String>,
    /// The index of the table that has boxes for these images.
    pub boxes: Option<usize>,
    /// The images that have boxes.
    pub boxed: Vec<Boxed>,
    /// Findings that have boxes but no labels.
    pub boxed_only: Vec<String>,
}

/// A column that contains no labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotRead {
    pub column: String,
    /// The first value that is not a label, if there is one.
    pub value: Option<String>,
}

/// A column by which results can be stratified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Slice {
    pub column: String,
    pub by: SliceBy,
}

/// The attribute in a column by which results are stratified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SliceBy {
    View,
    Sex,
    Age,
}

impl SliceBy {
    /// The attribute that a column of this name holds, if it is one of these.
    fn of(column: &str) -> Option<Self> {
        let by = |word: &String| match word.as_str() {
            "view" | "projection" | "frontal" | "ap" => Some(Self::View),
            "sex" | "gender" => Some(Self::Sex),
            "age" => Some(Self::Age),
            _ => None,
        };
        key::words(column).iter().find_map(by)
    }
}

/// An image with boxes.
#[derive(Debug, Clone, Serialize)]
pub struct Boxed {
    pub image: String,
    /// The findings that have boxes, by the names of their columns in the labels.
    pub findings: Vec<String>,
}

/// A finding in the table of labels.
#[derive(Debug, Clone, Serialize)]
pub struct FindingLabels {
    /// Its column.
    pub name: String,
    /// Images with it.
    pub positives: usize,
    /// Images without it.
    pub negatives: usize,
    /// Images for which the label is unknown.
    pub unknown: usize,
}

/// Reads what the tables say about the images, whose names may include folders.
///
/// # Errors
///
/// The errors of the table that was chosen, or else of the first one; [`EvaluateError::NothingJoined`] where it names
/// none of the images, and [`EvaluateError::NoFindings`] where no column contains labels.
pub fn understand(tables: &[Csv], images: &[String], choice: &Choice) -> Result<Understood> {
    let read: Vec<Table> = tables.iter().filter_map(|csv| Table::read(csv).ok()).collect();
    let pair = if read.len() == tables.len() { pair_of(&read) } else { None };
    let is_labels =
        |table: &usize| !Table::read(&tables[*table]).is_ok_and(|table| localise::is_boxes(&table));
    let sets: Vec<Vec<usize>> = match (choice.table, pair) {
        (Some(table), Some(pair)) if pair.contains(&table) => vec![pair.to_vec()],
        (Some(table), _) => vec![vec![table]],
        (None, Some(pair)) => vec![pair.to_vec()],
        (None, None) => (0..tables.len()).filter(is_labels).map(|table| vec![table]).collect(),
    };
    let tried = sets.into_iter().map(|set| understand_set(tables, set, images, choice));
    let (understood, errors): (Vec<_>, Vec<_>) = tried.partition(Result::is_ok);
    let most = |one: &Understood| one.images * one.findings.len();
    let best = understood
        .into_iter()
        .flatten()
        .reduce(|best, next| if most(&next) > most(&best) { next } else { best });
    let lacking = || {
        let reason = match &read[..] {
            [table, ..] if read.iter().all(localise::is_boxes) => {
                Reason::BoxesAlone { file: table.file.clone() }
            }
            [table] => {
                let (collection, other) = other_of(table)?;
                Reason::OneOfTwo { file: table.file.clone(), collection, other }
            }
            _ => return None,
        };
        Some(EvaluateError::NoFindings { reason })
    };
    let nothing = || EvaluateError::NoFindings { reason: Reason::NoTable };
    best.ok_or_else(|| {
        let first = || errors.into_iter().find_map(Result::err);
        lacking().or_else(first).unwrap_or_else(nothing)
    })
}

fn understand_set(
    tables: &[Csv],
    set: Vec<usize>,
    images: &[String],
    choice: &Choice,
) -> Result<Understood> {
    let files: Vec<Csv> = set.iter().filter_map(|&table| tables.get(table).cloned()).collect();
    let mut read = Labels::read(&files)?;
    let of_images = Table::of_images(images);
    let (_, key) = key::columns(&of_images, true, &read.table, choice.key.as_deref())?;
    let doubled = read.take_once(key);
    let labels = &read.table;
    let patient = match choice.patient.as_deref() {
        Some("") => None,
        Some(name) => Some(labels.require(name, "Choose another column for the patient")?),
        None => (0..labels.header.len()).find(|&column| is_patient(&labels.header[column])),
    };
    let join = Join::new(images, &labels.keys(key)?);
    let rows: Vec<usize> = join.right.iter().flatten().copied().collect();
    if rows.is_empty() {
        let (left, right) = ("images".to_string(), labels.file.clone());
        return Err(EvaluateError::NothingJoined { left, right });
    }
    let others = || (0..labels.header.len()).filter(|column| *column != key);
    let slices: Vec<(usize, SliceBy)> = others()
        .filter_map(|column| Some((column, SliceBy::of(&labels.header[column])?)))
        .collect();
    let splits: Vec<usize> = others()
        .filter(|&column| {
            let words = key::words(&labels.header[column]);
            words.iter().any(|word| matches!(word.as_str(), "split" | "fold" | "subset"))
        })
        .collect();
    let sliced: Vec<usize> = slices.iter().map(|(column, _)| *column).collect();
    let reserved = [&[key], &sliced[..], &splits, patient.as_slice()].concat();
    let (columns, mut not_read) = read.findings(&reserved);
    let mut findings = Vec::new();
    for &column in &columns {
        let name = &labels.header[column];
        read.single(&columns, &finding_key(name))?;
        let states: Vec<Result<Option<bool>>> =
            rows.iter().map(|&row| labels.label(row, column)).collect();
        // Up to one cell in ten may be an error, which then has to be corrected; with more, the column does not contain
        // labels.
        if 10 * states.iter().flatten().count() < 9 * rows.len() {
            not_read.push(column);
            continue;
        }
        let states = states.into_iter().collect::<Result<Vec<_>>>()?;
        let count = |wanted| states.iter().filter(|state| **state == wanted).count();
        findings.push(FindingLabels {
            name: name.clone(),
            positives: count(Some(true)),
            negatives: count(Some(false)),
            unknown: count(None),
        });
    }
    if findings.is_empty() {
        let columns: Vec<&String> = not_read.iter().map(|&at| &labels.header[at]).collect();
        let (file, columns) = (labels.file.clone(), some_of(&columns));
        let reason = Reason::NoLabels { file, columns };
        return Err(EvaluateError::NoFindings { reason });
    }
    let distinct = |column: usize| -> BTreeSet<&str> {
        set_of(rows.iter().map(|&row| labels.cell(row, column)).filter(|cell| !cell.is_empty()))
    };
    let patient = patient.filter(|&column| !distinct(column).is_empty());
    let values_of = |&column: &usize| {
        let values = distinct(column);
        let text = move |value: &str| format!("{}={value}", labels.header[column]);
        let several = (2..=8).contains(&values.len());
        values.into_iter().filter(move |_| several).map(text)
    };
    let name_of = |column: usize| labels.header[column].clone();
    let unread = |column: usize| NotRead {
        column: name_of(column),
        value: rows
            .iter()
            .find(|&&row| labels.label(row, column).is_err())
            .map(|&row| labels.cell(row, column).to_string()),
    };
    let Boxes { table: boxes, images: boxed, unlabelled: boxed_only } =
        boxes_of(tables, images, &findings)?;
    Ok(Understood {
        tables: set,
        form: read.form,
        columns: (0..labels.header.len())
            .filter(|column| !columns.contains(column) || *column == key)
            .map(name_of)
            .collect(),
        key: name_of(key),
        patient: patient.map(name_of),
        patients: patient.map(|column| distinct(column).len()),
        images: rows.len(),
        images_without: join.left_only,
        rows_without: join.right_only.len(),
        doubled,
        findings,
        not_read: not_read
            .into_iter()
            .filter(|&column| !labels.header[column].is_empty())
            .map(unread)
            .collect(),
        slices: slices
            .into_iter()
            .filter(|&(column, _)| distinct(column).len() > 1)
            .map(|(column, by)| Slice { column: name_of(column), by })
            .collect(),
        splits: splits.iter().flat_map(values_of).collect(),
        boxes,
        boxed,
        boxed_only,
    })
}

/// The boxes of the images.
#[derive(Default)]
struct Boxes {
    table: Option<usize>,
    images: Vec<Boxed>,
    /// Findings that have boxes but no labels.
    unlabelled: Vec<String>,
}

/// The boxes of the first table that has any for these findings and images.
fn boxes_of(tables: &[Csv], images: &[String], findings: &[FindingLabels]) -> Result<Boxes> {
    let name_of: HashMap<String, &String> =
        findings.iter().map(|finding| (finding_key(&finding.name), &finding.name)).collect();
    let mut unlabelled = BTreeSet::new();
    for (index, csv) in tables.iter().enumerate() {
        let Some(table) = Table::read(csv).ok().filter(localise::is_boxes) else { continue };
        let mut by_image: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (image, finding) in localise::boxed(&table)? {
            match name_of.get(&finding_key(&finding)) {
                Some(&name) => by_image.entry(image).or_default().push(name.clone()),
                None => drop(unlabelled.insert(finding)),
            }
        }
        let named: Vec<String> = by_image.keys().cloned().collect();
        let rows = Join::new(images, &named).right.into_iter();
        let boxed: Vec<Boxed> = rows
            .zip(images)
            .filter_map(|(row, image)| {
                let findings = by_image.get(&named[row?])?.clone();
                Some(Boxed { image: image.clone(), findings })
            })
            .collect();
        if !boxed.is_empty() {
            let unlabelled = unlabelled.into_iter().collect();
            return Ok(Boxes { table: Some(index), images: boxed, unlabelled });
        }
    }
    Ok(Boxes { unlabelled: unlabelled.into_iter().collect(), ..Boxes::default() })
}

/// Whether a column names patients: "Patient ID", "PatientID", "subject_id", "patient".
fn is_patient(column: &str) -> bool {
    match &key::words(column)[..] {
        [who] => matches!(who.as_str(), "patient" | "subject" | "person" | "patientid"),
        [who, id] => {
            matches!(who.as_str(), "patient" | "subject" | "person")
                && matches!(id.as_str(), "id" | "uid" | "key" | "number")
        }
        _ => false,
    }
}
