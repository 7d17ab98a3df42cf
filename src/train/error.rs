//! Errors of a training run, or of making a manifest.

use std::path::PathBuf;

use thiserror::Error;

/// An error of training, whose message includes the remedy.
#[derive(Debug, Error)]
pub enum TrainError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not a table.
    #[error(transparent)]
    Csv(#[from] crate::table::TableError),
    /// A table does not have the required form.
    #[error("{path}: {reason}")]
    Table {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and in which row.
        reason: String,
    },
    /// A folder does not have the published layout of its dataset.
    #[error("{root} is not {layout} as it is published: {missing}. {remedy}")]
    Layout {
        /// The folder.
        root: PathBuf,
        /// The dataset's name.
        layout: &'static str,
        /// What is missing.
        missing: String,
        /// What the user can do.
        remedy: &'static str,
    },
    /// The config contradicts itself or the data.
    #[error("the training config is not usable: {0}")]
    Config(String),
    /// A patient is in two splits.
    #[error(
        "patient `{patient}` has images in both `{first}` and `{second}`; give all of a patient's images one split"
    )]
    Leak {
        /// The patient.
        patient: String,
        /// One of the splits.
        first: String,
        /// The other split.
        second: String,
    },
    /// A checkpoint does not fit the run.
    #[error("the checkpoint cannot be used ({0}); start again without --resume")]
    Checkpoint(String),
    /// An error of the model, the tokenizer or a picture.
    #[error(transparent)]
    Model(#[from] crate::Error),
}

/// The trainer's result.
pub type Result<T, E = TrainError> = std::result::Result<T, E>;
