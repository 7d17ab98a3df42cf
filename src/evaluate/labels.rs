//! Converts labels from the forms in which they are published or written to one form, with a column for each finding.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::error::{EvaluateError, Result};
use super::key;
use super::reason::Reason;
use super::table::{Table, finding_key};
use crate::labels::{Name, Statements, Vocabulary, chexpert, nih14, openi, padchest};
use crate::table::Csv;

/// The form in which labels are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// A column for each finding: 1, 0, yes, no or the like; empty, nan or -1 for unknown.
    Wide,
    /// `Data_Entry_2017.csv` of ChestX-ray14.
    Nih14,
    /// CheXpert's `train.csv`, `valid.csv` or `test.csv`.
    Chexpert,
    /// PadChest's table.
    Padchest,
    /// Open-I's `indiana_projections.csv` and `indiana_reports.csv`.
    Openi,
    /// MIMIC-CXR-JPG's `mimic-cxr-2.0.0-chexpert.csv`, which has labels of studies; the images of each study are in
    /// `mimic-cxr-2.0.0-metadata.csv`.
    MimicCxr,
}

/// Labels of images.
#[derive(Debug)]
pub struct Labels {
    /// The table with a row for each image, whatever the form of the files.
    pub table: Table,
    /// The form in which they were written.
    pub form: Form,
    /// The columns that are known to be findings; `None` for a wide table, in which any column may be one.
    findings: Option<Vec<usize>>,
}

impl Labels {
    /// Reads one table, or the two tables of Open-I or MIMIC-CXR-JPG. A published form is converted to findings with
    /// canonical names.
    ///
    /// # Errors
    ///
    /// Those of [`Table::read`], and [`EvaluateError::Option`] for several tables that do not belong together.
    pub fn read(files: &[Csv]) -> Result<Self> {
        let tables = files.iter().map(Table::read).collect::<Result<Vec<_>>>()?;
        if let Some([images, studies]) = pair_of(&tables) {
            let (images, studies) = (&tables[images], &tables[studies]);
            return Ok(match chexpert_columns(studies) {
                Some(columns) => read_mimic_cxr(images, studies, columns),
                None => read_openi(images, studies),
            });
        }
        let count = tables.len();
        let Ok([table]) = <[Table; 1]>::try_from(tables) else {
            let reason = Reason::SeveralTables { count };
            return Err(EvaluateError::Option { option: "--labels", reason });
        };
        let mut vocabulary = own_words();
        let one = |name| table.column(name);
        if let (Some(_), Some(labels)) = (one("Image Index"), one("Finding Labels")) {
            let of = |row| Some(nih14::statements(table.cell(row, labels), &mut vocabulary));
            let statements = (0..table.rows()).map(of).collect();
            return Ok(widened(table, Form::Nih14, &[labels], statements));
        }
        if let (Some(_), Some(labels)) = (one("ImageID"), one("Labels")) {
            let of = |row| {
                let cell = table.cell(row, labels);
                (!padchest::is_excluded(cell)).then(|| padchest::statements(cell, &mut vocabulary))
            };
            let statements = (0..table.rows()).map(of).collect();
            return Ok(widened(table, Form::Padchest, &[labels], statements));
        }
        if let Some(columns) = chexpert_columns(&table) {
            if let Some(path) = one("Path") {
                return Ok(read_chexpert(table, path, columns));
            }
            if let (Some(_), Some(_)) = (one("subject_id"), one("study_id")) {
                let statements =
                    (0..table.rows()).map(|row| Some(chexpert_of(&table, columns, row)));
                let statements = statements.collect();
                return Ok(widened(table, Form::MimicCxr, &columns, statements));
            }
        }
        Ok(Self { table, form: Form::Wide, findings: None })
    }

    /// Which columns are findings, except for those in `reserved`; and which of the others contain no labels.
    pub fn findings(&self, reserved: &[usize]) -> (Vec<usize>, Vec<usize>) {
        if let Some(findings) = &self.findings {
            return (findings.clone(), Vec::new());
        }
        let free = (0..self.table.header.len()).filter(|column| !reserved.contains(column));
        free.partition(|&column| self.holds_labels(column))
    }

    /// Removes rows that have the same key as another row and exactly the same labels. Returns how many were removed.
    pub fn take_once(&mut self, key: usize) -> usize {
        let (findings, _) = self.findings(&[key]);
        let table = &self.table;
        let mut first: HashMap<&str, usize> = HashMap::new();
        let repeats: HashSet<usize> = (0..table.rows())
            .filter(|&row| {
                let same = |&other: &usize| {
                    let equal = |&at: &usize| table.cell(row, at) == table.cell(other, at);
                    !findings.is_empty() && findings.iter().all(equal)
                };
                let name = table.cell(row, key);
                let earlier = *first.entry(name).or_insert(row);
                !name.is_empty() && earlier != row && same(&earlier)
            })
            .collect();
        self.table = self.table.clone().filtered(|_, row| !repeats.contains(&row));
        repeats.len()
    }

    /// Whether a column can be a finding: it does not identify images, and at least half of its nonempty cells are
    /// labels.
    fn holds_labels(&self, column: usize) -> bool {
        let cells = (0..self.table.rows()).filter(|&row| !self.table.cell(row, column).is_empty());
        let (right, wrong): (Vec<_>, Vec<_>) =
            cells.partition(|&row| self.table.label(row, column).is_ok());
        !key::is_identifying(&self.table.header[column]) && right.len() >= wrong.len()
    }

    /// The only column of a finding, given by its [`finding_key`].
    ///
    /// # Errors
    ///
    /// [`EvaluateError::DuplicateColumn`] where `wanted` has several.
    pub fn single(&self, findings: &[usize], wanted: &str) -> Result<Option<usize>> {
        let key_of = |column: &&usize| finding_key(&self.table.header[**column]) == wanted;
        let mut columns = findings.iter().filter(key_of);
        match (columns.next(), columns.next()) {
            (Some(&first), Some(&second)) => {
                let [first, second] = [first, second].map(|at| self.table.header[at].clone());
                let file = self.table.file.clone();
                Err(EvaluateError::DuplicateColumn { file, first, second })
            }
            (first, _) => Ok(first.copied()),
        }
    }
}

/// A vocabulary for datasets' labels without a canonical name, which keep their own names.
fn own_words() -> Vocabulary {
    Vocabulary::new(|label| Some(label.to_string().into()))
}

/// The positions of the two tables of Open-I or MIMIC-CXR-JPG: the one that lists the images of each study, and the one
/// with the labels of each study.
pub fn pair_of(tables: &[Table]) -> Option<[usize; 2]> {
    let with = |columns: [&str; 2]| {
        let has = |table: &Table| columns.iter().all(|name| table.column(name).is_some());
        tables.iter().position(has)
    };
    let openi = with(["uid", "filename"]).zip(with(["uid", "MeSH"]));
    let mimic_cxr = || {
        let has =
            |table: &Table| table.column("study_id").is_some() && chexpert_columns(table).is_some();
        with(["dicom_id", "study_id"]).zip(tables.iter().position(has))
    };
    let pair = openi.or_else(mimic_cxr);
    pair.filter(|(images, studies)| images != studies).map(|(images, studies)| [images, studies])
}

/// For one of the two tables of Open-I or MIMIC-CXR-JPG: the name of the dataset, and that of the other table.
pub fn other_of(table: &Table) -> Option<(&'static str, &'static str)> {
    let has = |column| table.column(column).is_some();
    let labelled = chexpert_columns(table).is_some();
    if has("uid") && has("filename") {
        Some(("Open-I", "indiana_reports.csv"))
    } else if has("uid") && has("MeSH") {
        Some(("Open-I", "indiana_projections.csv"))
    } else if has("study_id") && has("dicom_id") && !labelled {
        Some(("MIMIC-CXR-JPG", "mimic-cxr-2.0.0-chexpert.csv"))
    } else if has("study_id") && labelled {
        Some(("MIMIC-CXR-JPG", "mimic-cxr-2.0.0-metadata.csv"))
    } else {
        None
    }
}

/// The fourteen columns of CheXpert, where a table has all of them.
fn chexpert_columns(table: &Table) -> Option<[usize; 14]> {
    let columns = chexpert::FINDINGS.map(|(name, _)| table.column(name));
    columns.iter().all(Option::is_some).then(|| columns.map(Option::unwrap_or_default))
}

fn chexpert_of(table: &Table, columns: [usize; 14], row: usize) -> Statements {
    chexpert::statements(columns.map(|column| table.cell(row, column)))
}

/// Gives each image the labels of its study.
fn read_mimic_cxr(images: &Table, studies: &Table, columns: [usize; 14]) -> Labels {
    let study = |table: &Table| table.column("study_id").unwrap_or_default();
    let (of_image, of_study) = (study(images), study(studies));
    let labelled: HashMap<&str, Statements> = (0..studies.rows())
        .map(|row| (studies.cell(row, of_study), chexpert_of(studies, columns, row)))
        .collect();
    let of = |row| Some(labelled.get(images.cell(row, of_image)).cloned().unwrap_or_default());
    let statements = (0..images.rows()).map(of).collect();
    widened(images.clone(), Form::MimicCxr, &[], statements)
}

fn read_openi(projections: &Table, reports: &Table) -> Labels {
    let mut vocabulary = own_words();
    let cells = |table: &Table, name| table.column(name).unwrap_or_default();
    let (uid, mesh) = (cells(reports, "uid"), cells(reports, "MeSH"));
    let studies: HashMap<&str, Statements> = (0..reports.rows())
        .map(|row| {
            let statements = openi::statements(reports.cell(row, mesh), &mut vocabulary);
            (reports.cell(row, uid), statements)
        })
        .collect();
    let uid = cells(projections, "uid");
    let of = |row| Some(studies.get(projections.cell(row, uid)).cloned().unwrap_or_default());
    let statements = (0..projections.rows()).map(of).collect();
    widened(projections.clone(), Form::Openi, &[], statements)
}

/// Reads CheXpert's table by that dataset's own conventions: an image with No Finding lacks all findings, and the
/// patient is part of the path.
fn read_chexpert(table: Table, path: usize, columns: [usize; 14]) -> Labels {
    let statements = (0..table.rows()).map(|row| Some(chexpert_of(&table, columns, row))).collect();
    let patients: Vec<String> =
        (0..table.rows()).map(|row| chexpert::patient(table.cell(row, path)).to_string()).collect();
    let more: Vec<_> = patients.iter().map(|patient| Some(vec![patient.as_str()])).collect();
    let table = table.rearranged(&[], &["patient"], &more);
    widened(table, Form::Chexpert, &columns, statements)
}

/// Replaces the columns that were read by a column for each finding; rows without statements are removed.
fn widened(
    table: Table,
    form: Form,
    read: &[usize],
    statements: Vec<Option<Statements>>,
) -> Labels {
    let mut names: Vec<&str> = Vec::new();
    let mut position = HashMap::new();
    for each in statements.iter().flatten() {
        for name in each.present.iter().chain(&each.absent).chain(&each.uncertain) {
            position.entry(finding_key(name)).or_insert_with(|| {
                names.push(name);
                names.len() - 1
            });
        }
    }
    let cells = |of: &Statements| {
        let mut cells = vec![""; names.len()];
        for (value, findings) in [("0", &of.absent), ("-1", &of.uncertain), ("1", &of.present)] {
            findings.iter().for_each(|name: &Name| cells[position[&finding_key(name)]] = value);
        }
        cells
    };
    let more: Vec<_> = statements.iter().map(|each| each.as_ref().map(cells)).collect();
    let table = table.rearranged(read, &names, &more);
    let first = table.header.len() - names.len();
    Labels { findings: Some((first..table.header.len()).collect()), table, form }
}
