//! Why a language model cannot be asked, or why its answer is not used.

use std::path::PathBuf;

use thiserror::Error;

/// Why a language model gave no reading of a text.
#[derive(Debug, Error)]
pub enum LlmError {
    /// The server cannot be reached or does not answer in time.
    #[error(
        "the endpoint cannot be reached ({0}). Check the URL and that the server runs, or allow more time with --llm-timeout"
    )]
    Unreachable(#[source] ureq::Error),
    /// The server refuses.
    #[error(
        "the endpoint answers {status} ({body}). Check the URL, the model's name and the key in CARZERO_LLM_KEY"
    )]
    Status {
        /// The HTTP status.
        status: u16,
        /// The beginning of the response's body.
        body: String,
    },
    /// The model's answer is not the JSON that was asked for.
    #[error(transparent)]
    Answer(#[from] crate::Error),
    /// The folder for cached answers cannot be used.
    #[error("answers cannot be kept in {folder} ({source}). Give another folder as --llm-cache")]
    Cache {
        /// Which folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl LlmError {
    /// Whether asking again a little later may help.
    pub(super) fn passes(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Answer(_) => true,
            Self::Status { status, .. } => *status == 429 || *status >= 500,
            Self::Cache { .. } => false,
        }
    }
}
