//! The model package: a folder with `manifest.json`, `config.json`, `tokenizer.json` and weight shards.
//!
//! `reference.safetensors` may follow: the condensed tokens of the images of the reference
//! population (`CarZero::condense_images`), one row for each token, as the tensor `tokens`.

pub mod checkpoint;
pub mod config;
pub mod folder;
pub mod ood;
pub mod population;
pub mod shard;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Cause, Error, Result};

/// The version of this layout.
const FORMAT: u32 = 1;
/// The largest weight shard, in bytes.
pub const MAX_SHARD: usize = 32_000_000;
/// The most files that a folder may have, which bounds what a hostile manifest can ask for.
const MAX_FILES: usize = 256;

/// Name of the config in the folder.
pub const CONFIG: &str = "config.json";
/// Name of the tokenizer in the folder.
pub const TOKENIZER: &str = "tokenizer.json";
/// Name of the reference images' tokens in the folder.
pub const REFERENCE: &str = "reference.safetensors";
/// Name of the manifest in the folder.
pub const MANIFEST: &str = "manifest.json";

/// How weights are stored. Vectors (biases and norms) are always stored as f32, and small tensors of an 8-bit model as
/// f16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32-bit floating point.
    F32,
    /// 16-bit floating point.
    F16,
    /// 8-bit integers with symmetric quantisation and one scale for each output channel.
    Q8,
}

/// `manifest.json`: what the folder holds, in the order in which it is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    format: u32,
    /// SHA-256 of the file from which it was read, in lower-case hexadecimal; "" if it was not read from a file.
    #[serde(skip)]
    pub sha256: String,
    /// Precision of the weights.
    pub precision: Precision,
    /// Number of weights.
    pub parameters: u64,
    /// All other files of the folder.
    pub files: Vec<FileEntry>,
}

/// One file of the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Name of the file.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}

impl FileEntry {
    /// Describes a file's content.
    pub fn new(path: &str, data: &[u8]) -> Self {
        Self { path: path.to_string(), bytes: data.len() as u64, sha256: sha256(data) }
    }

    pub(crate) fn verify(&self, data: &[u8], digest: &str) -> Result<()> {
        let fail = |reason: Cause| Err(Error::File { path: self.path.clone(), reason });
        if data.len() as u64 != self.bytes {
            return fail(format!("it has {} bytes instead of {}", data.len(), self.bytes).into());
        }
        if digest != self.sha256 {
            return fail("its SHA-256 differs from the manifest's".into());
        }
        Ok(())
    }
}

/// SHA-256 in lower-case hexadecimal.
pub fn sha256(data: &[u8]) -> String {
    Sha256::digest(data).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Manifest {
    /// A manifest of this version.
    pub fn new(precision: Precision, parameters: u64, files: Vec<FileEntry>) -> Self {
        Self { format: FORMAT, sha256: String::new(), precision, parameters, files }
    }

    /// Reads and checks `manifest.json`.
    ///
    /// # Errors
    ///
    /// [`Error::Manifest`] where the JSON is not usable, of another version, or names files
    /// outside the folder, too many or too large.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let mut manifest: Self =
            serde_json::from_slice(json).map_err(|error| Error::Manifest(error.into()))?;
        manifest.sha256 = sha256(json);
        let fail = |reason: String| Err(Error::Manifest(reason.into()));
        if manifest.format != FORMAT {
            return fail(format!(
                "format {} instead of {FORMAT}; convert the model again",
                manifest.format
            ));
        }
        if manifest.files.len() > MAX_FILES {
            return fail(format!("more than {MAX_FILES} files"));
        }
        let named = |index: usize, name: &str| {
            manifest.files.get(index).is_some_and(|file| file.path == name)
        };
        if !named(0, CONFIG) || !named(1, TOKENIZER) {
            return fail(format!("{CONFIG} and {TOKENIZER} must come first"));
        }
        for file in &manifest.files {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if file.path.starts_with('.') || !file.path.chars().all(plain) {
                return fail(format!("`{}` is not a plain file name", file.path));
            }
            if file.bytes > MAX_SHARD as u64 {
                return fail(format!("`{}` is larger than {MAX_SHARD} bytes", file.path));
            }
        }
        Ok(manifest)
    }

    /// Size of all files, in bytes.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}
