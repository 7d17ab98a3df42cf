//! A model folder in the making: weights go in one by one, and its files come out.

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

/// Makes a folder, of whose weights only the shard that is being filled is in memory.
#[derive(Debug)]
pub struct FolderWriter {
    config: ModelConfig,
    tokenizer: Vec<u8>,
    precision: Precision,
    shards: ShardWriter,
    /// Bytes of each shard so far.
    sizes: Vec<u64>,
}

impl FolderWriter {
    /// A folder without weights. `tokenizer` is its `tokenizer.json`.
    ///
    /// # Errors
    ///
    /// As [`ModelConfig::check`].
    pub fn new(config: ModelConfig, tokenizer: Vec<u8>, precision: Precision) -> Result<Self> {
        config.check()?;
        let shards = ShardWriter::new(precision);
        Ok(Self { config, tokenizer, precision, shards, sizes: Vec::new() })
    }

    /// Takes a weight in. Returns the shards that are full now, each once and in order.
    ///
    /// # Errors
    ///
    /// [`Error::Weights`] where two weights have one name.
    pub fn push(&mut self, weight: &Weight) -> Result<Vec<Vec<u8>>> {
        self.shards.push(weight);
        let full = self.shards.take_full()?;
        Ok(self.noted(full))
    }

    /// What is left once all weights are in.
    ///
    /// # Errors
    ///
    /// As [`FolderWriter::push`].
    pub fn last_shards(&mut self) -> Result<Vec<Vec<u8>>> {
        let last = self.shards.take_all()?;
        Ok(self.noted(last))
    }

    fn noted(&mut self, shards: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        self.sizes.extend(shards.iter().map(|data| data.len() as u64));
        shards
    }

    /// The manifest, and the files that are no shards: config and tokenizer. `digests` are the SHA-256
    /// of the shards, in order and in lower-case hexadecimal, and `logits` those of
    /// [`SELF_TEST_PROMPTS`] on the built-in test pattern, computed on the CPU from the very weights.
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

/// To three decimals, a fifth of the smallest error that the self-test refuses: so processors that
/// round their sums otherwise agree on what is stored.
fn rounded(logit: f32) -> f32 {
    (logit * 1e3).round() / 1e3
}

/// The config with one line for each of its parts, so that changes can be read.
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

/// `manifest.json`, the file that is written last, so that a folder is never described by what it does not hold yet.
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
