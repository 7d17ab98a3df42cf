//! What can stop a training run or the making of a manifest.

use std::path::PathBuf;

use thiserror::Error;

/// In words for a person, with the remedy.
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
    /// A file is no table.
    #[error(transparent)]
    Csv(#[from] crate::table::TableError),
    /// A table is not as it should be.
    #[error("{path}: {reason}")]
    Table {
        /// Which file.
        path: PathBuf,
        /// What is wrong, with the row.
        reason: String,
    },
    /// A folder is not laid out as its dataset is published.
    #[error("{root} is not {layout} as it is published: {missing}. {remedy}")]
    Layout {
        /// The folder.
        root: PathBuf,
        /// The dataset's name.
        layout: &'static str,
        /// What is not there.
        missing: String,
        /// What to do.
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
        /// Whose images.
        patient: String,
        /// A split.
        first: String,
        /// Another one.
        second: String,
    },
    /// A checkpoint does not fit.
    #[error("the checkpoint cannot be used ({0}); start again without --resume")]
    Checkpoint(String),
    /// The model, the tokenizer or a picture.
    #[error(transparent)]
    Model(#[from] crate::Error),
}

/// The trainer's result.
pub type Result<T, E = TrainError> = std::result::Result<T, E>;
