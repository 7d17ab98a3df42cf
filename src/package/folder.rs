//! Writes a model folder: weights are added one by one, and its files are returned.

use std::collections::BTreeMap;

use serde_json::Value;

use super::config::{ModelConfig, SelfTest};
use super::shard::{ShardWriter, Weight, shard_name};
use super::{CONFIG, FileEntry, MANIFEST, Manifest, Precision, TOKENIZER};
use crate::error::{Error, Result};

/// Sentences of the self-test.
pub const SELF_TEST_PROMPTS: [&str; 2] =
    ["There is Pneumothorax", "There is Pleural Effusion in the left lower lobe"];

/// A file of the folder: name and content.
pub type File = (String, Vec<u8>);

/// Builds a model folder. Only those weights are in memory that belong to the shard being filled.
#[derive(Debug)]
pub struct FolderWriter {
    config: ModelConfig,
    tokenizer: Vec<u8>,
    precision: Precision,
    shards: ShardWriter,
    /// Size in bytes of each shard so far.
    sizes: Vec<u64>,
}

impl FolderWriter {
    /// A folder without weights. `tokenizer` is its `tokenizer.json`.
    ///
    /// # Errors
    ///
    /// Those of [`ModelConfig::check`].
    pub fn new(config: ModelConfig, tokenizer: Vec<u8>, precision: Precision) -> Result<Self> {
        config.check()?;
        let shards = ShardWriter::new(precision);
        Ok(Self { config, tokenizer, precision, shards, sizes: Vec::new() })
    }

    /// Adds a weight. Returns the shards that have become full, each once and in order.
    ///
    /// # Errors
    ///
    /// [`Error::Weights`] where two weights have the same name.
    pub fn push(&mut self, weight: &Weight) -> Result<Vec<Vec<u8>>> {
        self.shards.push(weight);
        let full = self.shards.take_full()?;
        Ok(self.noted(full))
    }

    /// The remaining shards, once all weights have been added.
    ///
    /// # Errors
    ///
    /// Those of [`FolderWriter::push`].
    pub fn last_shards(&mut self) -> Result<Vec<Vec<u8>>> {
        let last = self.shards.take_all()?;
        Ok(self.noted(last))
    }

    fn noted(&mut self, shards: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        self.sizes.extend(shards.iter().map(|data| data.len() as u64));
        shards
    }

    /// The manifest, and the files other than shards, which are config and tokenizer. `digests` are the SHA-256 of the
    /// shards, in order and in lower-case hexadecimal. `logits` are those of [`SELF_TEST_PROMPTS`] on the built-in test
    /// pattern, computed on the CPU from exactly these weights.
    ///
    /// # Errors
    ///
    /// [`Error::Manifest`] where a digest is missing, [`Error::Config`] where the config cannot be
    /// written.
    pub fn described(
        &mut self,
        digests: &[String],
        logits: Option<&[f32]>,
    ) -> Result<(Manifest, Vec<File>)> {
        let count = self.sizes.len();
        if digests.len() != count {
            let reason = format!("{} digests of {count} shards", digests.len());
            return Err(Error::Manifest(reason.into()));
        }
        self.config.self_test = logits.map(|logits| SelfTest {
            prompts: SELF_TEST_PROMPTS.map(str::to_string).to_vec(),
            logits: logits.iter().map(|&logit| rounded(logit)).collect(),
        });
        let files = vec![
            (CONFIG.to_string(), config_json(&self.config)?),
            (TOKENIZER.to_string(), self.tokenizer.clone()),
        ];
        let mut entries: Vec<_> =
            files.iter().map(|(path, data)| FileEntry::new(path, data)).collect();
        for (index, (&bytes, sha256)) in self.sizes.iter().zip(digests).enumerate() {
            let (path, sha256) = (shard_name(index, count), sha256.clone());
            entries.push(FileEntry { path, bytes, sha256 });
        }
        Ok((Manifest::new(self.precision, self.shards.parameters(), entries), files))
    }
}

/// Rounds to three decimals, a fifth of the smallest error that the self-test rejects. So the stored logits do not
/// depend on how the processor rounds its sums.
fn rounded(logit: f32) -> f32 {
    (logit * 1e3).round() / 1e3
}

/// The config with each of its parts on a line of its own, so that changes are readable.
///
/// # Errors
///
/// [`Error::Config`] where it cannot be written.
pub fn config_json(config: &ModelConfig) -> Result<Vec<u8>> {
    let fail = |error: serde_json::Error| Error::Config(error.into());
    let json = serde_json::to_vec(config).map_err(fail)?;
    let parts: BTreeMap<String, Value> = serde_json::from_slice(&json).map_err(fail)?;
    let mut lines = String::new();
    for (name, value) in parts {
        let before = if lines.is_empty() { "{" } else { "," };
        lines += &format!("{before}\n  \"{name}\": {value}");
    }
    Ok((lines + "\n}\n").into_bytes())
}

/// `manifest.json`, which has to be written last, so that it never describes files that the folder does not contain
/// yet.
///
/// # Errors
///
/// [`Error::Manifest`] where it cannot be written.
pub fn manifest_file(manifest: &Manifest) -> Result<File> {
    let mut json =
        serde_json::to_vec_pretty(manifest).map_err(|error| Error::Manifest(error.into()))?;
    json.push(b'\n');
    Ok((MANIFEST.to_string(), json))
}
