//! Why something cannot be measured, as a code with values, so that the page can say it in its own words.

use serde::Serialize;
use thiserror::Error;

/// Why nothing can be measured, or not in the way that was asked for. As JSON it has its name as `code`, and its
/// values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Error)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Reason {
    /// No table was given.
    #[error("there is no table")]
    NoTable,
    /// A table with boxes was given, but no table of labels.
    #[error("`{file}` has boxes. Give a table of labels with it")]
    BoxesAlone { file: String },
    /// Only one of two tables that belong together was given.
    #[error("`{file}` is one of two tables of {collection}. Give the other one with it: {other}")]
    OneOfTwo { file: String, collection: &'static str, other: &'static str },
    /// No column of the labels' table holds labels.
    #[error("no column of `{file}` holds labels such as 1 and 0 or yes and no ({columns})")]
    NoLabels { file: String, columns: String },
    /// No image has both a label and a score of any finding.
    #[error("no image has both a label and a score ({findings})")]
    NothingKnown { findings: String },
    /// No image is positive for any of the findings.
    #[error("no image is positive ({findings})")]
    NoPositive { findings: String },
    /// No image is negative for any of the findings.
    #[error("no image is negative ({findings})")]
    NoNegative { findings: String },
    /// For each finding, one of the three reasons above.
    #[error("each lacks images with it or without it ({findings})")]
    OneClass { findings: String },
    /// Scores and labels have no finding in common.
    #[error(
        "no column of `{scores}` ({scored}) names a finding of `{labels}` ({labelled}). Give a finding the same name in both, e.g. `There is Pneumonia` and `Pneumonia`"
    )]
    NothingShared { scores: String, scored: String, labels: String, labelled: String },
    /// No column of the other scores is named like a finding of the labels.
    #[error("no column of `{file}` ({columns}) is named as a finding of the labels")]
    OthersUnnamed { file: String, columns: String },
    /// The other scores are of other images.
    #[error("`{file}` has a row of none of the images. Name them as in the scores")]
    OthersUnknown { file: String },
    /// No column of the negated scores is named like a finding of the labels.
    #[error(
        "no column of `{file}` ({columns}) is named `There is no …` with a finding of the labels"
    )]
    NegatedUnnamed { file: String, columns: String },
    /// No map belongs to a box.
    #[error(
        "no map of `{maps}` has a box of the same image and finding in `{boxes}`. Name images and findings alike in both"
    )]
    NoMapBoxed { maps: String, boxes: String },
    /// Several tables were given that do not belong together.
    #[error("{count} tables are given, and one is needed, or the two of Open-I or MIMIC-CXR-JPG")]
    SeveralTables { count: usize },
    /// The column of patients is empty.
    #[error(
        "no image has a patient in the column `{column}`. Name the column that tells patients, or leave it out, so that every row counts as another patient"
    )]
    NoPatients { column: String },
    /// A finding has two thresholds.
    #[error("\"{finding}\" has two thresholds")]
    TwoThresholds { finding: String },
    /// A finding is not in both files.
    #[error("\"{finding}\" is no finding of both files. Findings: {has}")]
    NotShared { finding: String, has: String },
    /// A choice of rows does not have the form COLUMN=VALUE.
    #[error("\"{choice}\" has no `=`. Write COLUMN=VALUE, e.g. split=val")]
    NoColumnValue { choice: String },
    /// No row has the chosen value.
    #[error("no row of `{file}` has \"{value}\" as `{column}`. Its values: {has}")]
    NoRowsWith { file: String, column: String, value: String, has: String },
    /// After joining, all rows are for choosing thresholds, or all are for evaluating.
    #[error(
        "of the joined rows {choosing} are for choosing and {evaluating} for evaluating, and both are needed"
    )]
    OneSided { choosing: usize, evaluating: usize },
    /// The tables of a reader study have different numbers of findings or cases.
    #[error("its tables are not of the same findings and cases")]
    UnlikeTables,
}
