//! Converts a published checkpoint, which is read in place, to the files of a model folder.

use std::io::{self, Read, Seek, SeekFrom};

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use super::model::Model;
use crate::error::Result;
use crate::package::checkpoint::recipe::Recipe;
use crate::package::checkpoint::{Assumed, Checkpoint, Weights};
use crate::package::folder::{FolderWriter, SELF_TEST_PROMPTS, manifest_file};
use crate::package::{Precision, sha256};
use crate::text::tokenizer::{TextTokenizer, tokenizer_json};

#[wasm_bindgen]
extern "C" {
    /// A file of the page, of which parts are read on demand.
    #[wasm_bindgen(typescript_type = "Stored")]
    pub type Stored;

    #[wasm_bindgen(method, catch)]
    fn read(this: &Stored, start: f64, into: &mut [u8]) -> std::result::Result<(), JsValue>;
}

/// A file with the current reading position.
struct Place {
    file: Stored,
    size: u64,
    at: u64,
}

impl Read for Place {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.size.saturating_sub(self.at);
        let length = into.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        self.file.read(self.at as f64, &mut into[..length]).map_err(|error| {
            let message = js_sys::Error::from(error).message();
            io::Error::other(String::from(message))
        })?;
        self.at += length as u64;
        Ok(length)
    }
}

impl Seek for Place {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (from, by) = match to {
            SeekFrom::Start(at) => (at, 0),
            SeekFrom::Current(by) => (self.at, by),
            SeekFrom::End(by) => (self.size, by),
        };
        self.at = from.checked_add_signed(by).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// Converts a checkpoint to 8 bits, one tensor after another.
#[wasm_bindgen]
pub struct Converter {
    weights: Weights,
    tensors: usize,
    last: String,
    folder: FolderWriter,
}

#[wasm_bindgen]
impl Converter {
    /// Finds the tensors, checks their names and shapes, and checks that the tokenizer (`tokenizer.json` or
    /// `vocab.txt`) belongs to them. The numbers of attention heads (of the image encoder, the text encoder and the
    /// fusion) have to be given, because they cannot be inferred from a checkpoint.
    #[wasm_bindgen(constructor)]
    pub fn new(
        name: &str,
        size: f64,
        file: Stored,
        tokenizer: Vec<u8>,
        vision_heads: usize,
        text_heads: usize,
        fusion_heads: usize,
    ) -> Result<Self> {
        let checkpoint = Checkpoint::read(Place { file, size: size as u64, at: 0 }, name)?;
        let recipe = Recipe::default();
        let architecture = checkpoint.architecture(Assumed {
            vision_heads,
            text_heads,
            fusion_heads,
            text_rows: recipe.text_rows,
        })?;
        let config = recipe.config(&architecture, None)?;
        let tokenizer = tokenizer_json(tokenizer)?;
        let findings = config.presets.iter().flat_map(|preset| &preset.findings);
        let text = &config.text_encoder;
        TextTokenizer::new(&tokenizer, text.rows)?.fits(text.vocab, findings)?;
        let weights = checkpoint.weights(&architecture, config.map_side())?;
        let folder = FolderWriter::new(config, tokenizer, Precision::Q8)?;
        Ok(Self { tensors: weights.len(), weights, last: String::new(), folder })
    }

    /// Number of tensors.
    #[wasm_bindgen(getter)]
    pub fn tensors(&self) -> usize {
        self.tensors
    }

    /// Number of tensors that have not been converted yet.
    #[wasm_bindgen(getter)]
    pub fn left(&self) -> usize {
        self.weights.len()
    }

    /// Where a tensor that has not been converted is in the file; `ahead` is 0 for the next one. Returns the position
    /// of its first byte, and the number of its bytes.
    pub fn place(&self, ahead: usize) -> Option<Vec<f64>> {
        self.weights.place(ahead).map(|(start, bytes)| vec![start as f64, bytes as f64])
    }

    /// The name, in the model, of the tensor that was converted last.
    #[wasm_bindgen(getter)]
    pub fn last(&self) -> String {
        self.last.clone()
    }

    /// Converts the next tensor. Returns, in order, the shards that have become full, or after the last tensor all that
    /// remain.
    pub fn next(&mut self) -> Result<Vec<Uint8Array>> {
        let mut shards = Vec::new();
        for weight in self.weights.next().transpose()?.unwrap_or_default() {
            shards.extend(self.folder.push(&weight)?);
            self.last = weight.name;
        }
        if self.weights.len() == 0 {
            shards.extend(self.folder.last_shards()?);
        }
        Ok(arrays(&shards))
    }

    /// The files other than the shards, once all tensors are converted: config, tokenizer and manifest. `digests` are
    /// the SHA-256 of the shards, in order; `logits` are those that `testPattern` returns for a model loaded from
    /// exactly these shards.
    pub fn files(
        &mut self,
        digests: Vec<String>,
        logits: Option<Vec<f32>>,
    ) -> Result<Vec<Uint8Array>> {
        let (manifest, files) = self.folder.described(&digests, logits.as_deref())?;
        let files = files.into_iter().chain([manifest_file(&manifest)?]);
        Ok(arrays(&files.map(|(_, data)| data).collect::<Vec<_>>()))
    }

    /// SHA-256 in lower-case hexadecimal, for browsers that do not compute it.
    pub fn digest(data: &[u8]) -> String {
        sha256(data)
    }
}

fn arrays(files: &[Vec<u8>]) -> Vec<Uint8Array> {
    files.iter().map(|data| Uint8Array::from(data.as_slice())).collect()
}

#[wasm_bindgen]
impl Model {
    /// The logits that every device must reproduce with these weights.
    #[wasm_bindgen(js_name = testPattern)]
    pub async fn test_pattern(&self) -> Result<Vec<f32>> {
        self.engine.test_pattern_logits(&SELF_TEST_PROMPTS.map(str::to_string)).await
    }
}
