//! Why something cannot be measured, as a code with values, so that a page can say it in its own words.

use serde::Serialize;
use thiserror::Error;

/// Why nothing can be measured, or not so. As JSON it has its name as `code`, and its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Error)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Reason {
    /// No table was given.
    #[error("there is no table")]
    NoTable,
    /// There are boxes, and no table of labels.
    #[error("`{file}` has boxes. Give a table of labels with it")]
    BoxesAlone { file: String },
    /// One of two tables that belong together.
    #[error("`{file}` is one of two tables of {collection}. Give the other one with it: {other}")]
    OneOfTwo { file: String, collection: &'static str, other: &'static str },
    /// No column of the labels' table holds labels.
    #[error("no column of `{file}` holds labels such as 1 and 0 or yes and no ({columns})")]
    NoLabels { file: String, columns: String },
    /// No image has both a label and a score of any finding.
    #[error("no image has both a label and a score ({findings})")]
    NothingKnown { findings: String },
    /// No image has any of the findings.
    #[error("no image is positive ({findings})")]
    NoPositive { findings: String },
    /// No image is without any of the findings.
    #[error("no image is negative ({findings})")]
    NoNegative { findings: String },
    /// One of these, by finding.
    #[error("each lacks images with it or without it ({findings})")]
    OneClass { findings: String },
    /// Scores and labels have no finding in common.
    #[error(
        "no column of `{scores}` ({scored}) names a finding of `{labels}` ({labelled}). Give a finding the same name in both, e.g. `There is Pneumonia` and `Pneumonia`"
    )]
    NothingShared { scores: String, scored: String, labels: String, labelled: String },
    /// Other scores have no finding of the labels.
    #[error("no column of `{file}` ({columns}) is named as a finding of the labels")]
    OthersUnnamed { file: String, columns: String },
    /// Other scores are of other images.
    #[error("`{file}` has a row of none of the images. Name them as in the scores")]
    OthersUnknown { file: String },
    /// Negated scores have no finding of the labels.
    #[error(
        "no column of `{file}` ({columns}) is named `There is no …` with a finding of the labels"
    )]
    NegatedUnnamed { file: String, columns: String },
    /// No map belongs to a box.
    #[error(
        "no map of `{maps}` has a box of the same image and finding in `{boxes}`. Name images and findings alike in both"
    )]
    NoMapBoxed { maps: String, boxes: String },
    /// Several tables that do not belong together.
    #[error("{count} tables are given, and one is needed, or the two of Open-I or MIMIC-CXR-JPG")]
    SeveralTables { count: usize },
    /// The column of the patients is empty.
    #[error(
        "no image has a patient in the column `{column}`. Name the column that tells patients, or leave it out, so that every row counts as another patient"
    )]
    NoPatients { column: String },
    /// Two thresholds of one finding.
    #[error("\"{finding}\" has two thresholds")]
    TwoThresholds { finding: String },
    /// A finding that not both files have.
    #[error("\"{finding}\" is no finding of both files. Findings: {has}")]
    NotShared { finding: String, has: String },
    /// Rows are not chosen as COLUMN=VALUE.
    #[error("\"{choice}\" has no `=`. Write COLUMN=VALUE, e.g. split=val")]
    NoColumnValue { choice: String },
    /// No row has the value.
    #[error("no row of `{file}` has \"{value}\" as `{column}`. Its values: {has}")]
    NoRowsWith { file: String, column: String, value: String, has: String },
    /// Rows are only for choosing thresholds, or only for evaluating.
    #[error(
        "of the joined rows {choosing} are for choosing and {evaluating} for evaluating, and both are needed"
    )]
    OneSided { choosing: usize, evaluating: usize },
    /// The tables of a reader study have different sizes.
    #[error("its tables are not of the same findings and cases")]
    UnlikeTables,
}
