//! The model folder: `manifest.json`, `config.json`, `tokenizer.json` and weight shards.
//!
//! A shard is a safetensors file of at most 32 MB. Its tensors are named by their path in
//! [`CarZero`], with matrices as in PyTorch, `[out, in]`. 8-bit tensors are symmetric: `name` holds
//! the integers and `name.scale` one factor for each output channel. A tensor that does not fit
//! into one shard is cut along its first axis into `name#1/3`, `name#2/3`, …
//!
//! `reference.safetensors` may follow: the condensed tokens of the images of the reference
//! population ([`CarZero::condense_images`]), one row for each token, as the tensor `tokens`.

use std::collections::BTreeSet;
use std::sync::Mutex;

use burn::module::Module;
use burn::store::{
    ApplyError, ApplyResult, ModuleSnapshot, PyTorchToBurnAdapter, bridge, burn_pack,
};
use burn::tensor::{Device, Tensor, TensorData};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::config::ModelConfig;
use crate::engine::lock;
use crate::error::{Error, Result};
use crate::model::CarZero;
use crate::model::quantised::{KEPT, STORE, quantised};
use crate::text::TextTokenizer;

/// The tensor of [`REFERENCE`].
const REFERENCE_TOKENS: &str = "tokens";
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

/// How weights are stored. Vectors (biases and norms) are always f32, and small tensors of an 8-bit
/// model f16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32-bit floating point.
    F32,
    /// 16-bit floating point.
    F16,
    /// 8-bit integers, symmetric, one scale for each output channel.
    Q8,
}

/// `manifest.json`: what the folder holds, in the order in which it is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    format: u32,
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

    fn verify(&self, data: &[u8], digest: &str) -> Result<()> {
        let fail = |reason: String| Err(Error::File { path: self.path.clone(), reason });
        if data.len() as u64 != self.bytes {
            return fail(format!("it has {} bytes instead of {}", data.len(), self.bytes));
        }
        if digest != self.sha256 {
            return fail("its SHA-256 differs from the manifest's".to_string());
        }
        Ok(())
    }
}

fn sha256(data: &[u8]) -> String {
    Sha256::digest(data).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Manifest {
    /// A manifest of this version.
    pub fn new(precision: Precision, parameters: u64, files: Vec<FileEntry>) -> Self {
        Self { format: FORMAT, precision, parameters, files }
    }

    /// Reads and checks `manifest.json`.
    ///
    /// # Errors
    ///
    /// [`Error::Manifest`] where the JSON is not usable, of another version, or names files
    /// outside the folder, too many or too large.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let manifest: Self =
            serde_json::from_slice(json).map_err(|error| Error::Manifest(error.to_string()))?;
        let fail = |reason: String| Err(Error::Manifest(reason));
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

/// A complete model, as read from its folder.
#[derive(Debug)]
pub struct Loaded {
    /// What the folder holds.
    pub manifest: Manifest,
    /// All facts about the model.
    pub config: ModelConfig,
    /// The tokenizer.
    pub tokenizer: TextTokenizer,
    /// The model on its device.
    pub model: CarZero,
    /// Condensed tokens of the reference images, `[images, tokens, dim]`.
    pub reference: Option<Tensor<3>>,
}

/// Puts a model together, file by file, so that only one shard is in memory at a time.
#[derive(Debug)]
pub struct Loader {
    manifest: Manifest,
    device: Device,
    next: usize,
    config: Option<ModelConfig>,
    tokenizer: Option<TextTokenizer>,
    model: Option<CarZero>,
    reference: Option<Tensor<3>>,
    partial: Option<Partial>,
    applied: BTreeSet<String>,
    missing: Vec<String>,
}

/// The parts, so far, of a tensor that is cut over several shards.
#[derive(Debug)]
struct Partial {
    whole: Weight,
    parts: usize,
    next: usize,
}

impl Loader {
    /// Starts with the manifest.
    ///
    /// # Errors
    ///
    /// As [`Manifest::parse`].
    pub fn new(manifest: &[u8], device: Device) -> Result<Self> {
        Ok(Self {
            manifest: Manifest::parse(manifest)?,
            device,
            next: 0,
            config: None,
            tokenizer: None,
            model: None,
            reference: None,
            partial: None,
            applied: BTreeSet::new(),
            missing: Vec::new(),
        })
    }

    /// What has to be added, in this order.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Verifies a file's size and SHA-256 and takes it in.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where it is not the next file or was altered; it may then be added again.
    /// Otherwise an error that tells what in it is not usable.
    pub fn add(&mut self, path: &str, data: &[u8]) -> Result<()> {
        self.add_digested(path, data, &sha256(data))
    }

    /// As [`Loader::add`], where `digest`, the SHA-256 of `data`, is known already.
    ///
    /// # Errors
    ///
    /// As [`Loader::add`].
    pub fn add_digested(&mut self, path: &str, data: &[u8], digest: &str) -> Result<()> {
        let Some(entry) = self.manifest.files.get(self.next).filter(|entry| entry.path == path)
        else {
            return Err(Error::File {
                path: path.to_string(),
                reason: "it is not the file that comes next".to_string(),
            });
        };
        entry.verify(data, digest)?;
        match path {
            CONFIG => {
                let config = ModelConfig::parse(data)?;
                self.model = Some(CarZero::init(&config, &self.device));
                self.config = Some(config);
            }
            TOKENIZER => {
                let config = self.config.as_ref().ok_or_else(|| incomplete(CONFIG))?;
                let tokenizer = TextTokenizer::new(data, config.text_encoder.rows)?;
                if tokenizer.vocab_size() > config.text_encoder.vocab {
                    return Err(Error::Tokenizer(format!(
                        "it has {} word pieces, the model {}",
                        tokenizer.vocab_size(),
                        config.text_encoder.vocab
                    )));
                }
                self.tokenizer = Some(tokenizer);
            }
            REFERENCE => self.reference = Some(self.read_reference(data)?),
            _ => self.add_shard(data)?,
        }
        self.next += 1;
        Ok(())
    }

    fn add_shard(&mut self, data: &[u8]) -> Result<()> {
        let shard =
            SafeTensors::deserialize(data).map_err(|error| Error::Weights(error.to_string()))?;
        let mut tensors = Vec::new();
        let mut names: Vec<&str> = shard.names();
        names.sort_unstable();
        for stored in names.into_iter().filter(|name| !name.ends_with(".scale")) {
            let view = shard.tensor(stored).map_err(|error| Error::Weights(error.to_string()))?;
            if KEPT && let Some(data) = integers(&shard, stored, &view)? {
                tensors.push(once(stored, data));
                continue;
            }
            let values = decode(&shard, stored, &view)?;
            let part = Weight { name: stored.to_string(), shape: view.shape().to_vec(), values };
            if let Some(Weight { name, shape, values }) = self.join(part)? {
                tensors.push(once(&name, TensorData::new(values, shape)));
            }
        }
        let model = self.model.as_mut().ok_or_else(|| incomplete(CONFIG))?;
        let result = apply_tensors(model, tensors)?;
        self.applied.extend(result.applied);
        self.missing = result.missing.into_iter().map(|(name, _)| name).collect();
        Ok(())
    }

    fn read_reference(&self, data: &[u8]) -> Result<Tensor<3>> {
        let fail =
            |reason: &str| Error::File { path: REFERENCE.to_string(), reason: reason.into() };
        let config = self.config.as_ref().ok_or_else(|| incomplete(CONFIG))?;
        let file = SafeTensors::deserialize(data).map_err(|error| fail(&error.to_string()))?;
        let view = file.tensor(REFERENCE_TOKENS).map_err(|error| fail(&error.to_string()))?;
        let values = decode(&file, REFERENCE_TOKENS, &view)?;
        let (tokens, dim) = (1 + config.map_side().pow(2) / 4, config.fusion.dim);
        let images = values.len() / (tokens * dim);
        if images == 0 || values.len() != images * tokens * dim {
            return Err(fail("its size is not that of whole images"));
        }
        Ok(Tensor::from_data(TensorData::new(values, [images, tokens, dim]), &self.device))
    }

    /// Adds a part to its tensor; returns the tensor when it is complete.
    fn join(&mut self, part: Weight) -> Result<Option<Weight>> {
        let Some((name, index, parts)) = part_name(&part.name) else { return Ok(Some(part)) };
        let fail = || Error::Weights(format!("the parts of `{name}` do not fit together"));
        if index == 1 {
            let whole = Weight { name: name.to_string(), shape: part.shape, values: part.values };
            self.partial = Some(Partial { whole, parts, next: 2 });
        } else {
            let partial = self.partial.as_mut().ok_or_else(fail)?;
            let whole = &mut partial.whole;
            let fits = whole.name == name && partial.parts == parts && partial.next == index;
            if !fits || part.shape.is_empty() || part.shape.get(1..) != whole.shape.get(1..) {
                return Err(fail());
            }
            whole.shape[0] = whole.shape[0].checked_add(part.shape[0]).ok_or_else(fail)?;
            whole.values.extend(part.values);
            partial.next += 1;
        }
        Ok(if index == parts { self.partial.take().map(|partial| partial.whole) } else { None })
    }

    /// The model, once every file has been added.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where a file was not added, [`Error::Weights`] where a weight is missing.
    pub fn finish(self) -> Result<Loaded> {
        if let Some(entry) = self.manifest.files.get(self.next) {
            return Err(incomplete(&entry.path));
        }
        let missing: Vec<&String> =
            self.missing.iter().filter(|name| !self.applied.contains(*name)).collect();
        if let Some(first) = missing.first() {
            return Err(Error::Weights(format!("{} missing, `{first}` first", missing.len())));
        }
        let (Some(config), Some(tokenizer), Some(model)) =
            (self.config, self.tokenizer, self.model)
        else {
            return Err(incomplete(CONFIG));
        };
        let parameters = model.num_params() as u64;
        if self.applied.is_empty() || parameters != self.manifest.parameters {
            return Err(Error::Weights(format!(
                "{parameters} weights instead of {}",
                self.manifest.parameters
            )));
        }
        Ok(Loaded { manifest: self.manifest, config, tokenizer, model, reference: self.reference })
    }
}

/// A tensor whose data is handed over when it is put in its place, where Burn would copy it.
fn once(name: &str, data: TensorData) -> burn_pack::Tensor {
    let (dtype, shape) = (data.dtype(), data.shape().clone());
    let data = Mutex::new(Some(data));
    bridge::deferred(name.to_string(), dtype, shape, None, move || {
        lock(&data)
            .take()
            .ok_or_else(|| burn_pack::Error::ValidationError("it has been put in place".into()))
    })
}

/// Puts tensors into their places.
#[inline(never)] // see `lib.rs`
fn apply_tensors(model: &mut CarZero, tensors: Vec<burn_pack::Tensor>) -> Result<ApplyResult> {
    let result = model.apply(tensors, None, Some(Box::new(PyTorchToBurnAdapter)), true);
    if let Some(error) = result.errors.first() {
        return Err(Error::Weights(match error {
            ApplyError::ShapeMismatch { path, expected, found } => {
                format!(
                    "`{path}` has shape {:?} instead of {:?}",
                    found.to_vec(),
                    expected.to_vec()
                )
            }
            other => other.to_string(),
        }));
    }
    if let Some(name) = result.unused.first() {
        return Err(Error::Weights(format!("`{name}` belongs to no part of this architecture")));
    }
    Ok(result)
}

/// Puts some weights into a model.
///
/// # Errors
///
/// [`Error::Weights`] where one has no place or another shape.
#[cfg(feature = "train")]
pub fn apply(model: &mut CarZero, weights: Vec<Weight>) -> Result<()> {
    let tensor = |weight: Weight| once(&weight.name, TensorData::new(weight.values, weight.shape));
    apply_tensors(model, weights.into_iter().map(tensor).collect()).map(|_| ())
}

/// All weights of a model, as they are stored.
///
/// # Errors
///
/// [`Error::Weights`] where one cannot be read back from its device.
#[cfg(feature = "train")]
pub fn weights_of(model: &CarZero) -> Result<Vec<Weight>> {
    let adapter = Box::new(burn::store::BurnToPyTorchAdapter);
    let read = |tensor: burn_pack::Tensor| {
        let fail = |error: String| Error::Weights(format!("`{}`: {error}", tensor.name));
        let data = bridge::to_data(&tensor).map_err(|error| fail(error.to_string()))?;
        let values = data.try_into_vec().map_err(|error| fail(format!("{error:?}")))?;
        Ok(Weight { name: tensor.name.to_string(), shape: tensor.shape.to_vec(), values })
    };
    model.collect(None, Some(adapter), true).into_iter().map(read).collect()
}

fn incomplete(path: &str) -> Error {
    Error::File { path: path.to_string(), reason: "it is missing".to_string() }
}

/// `name#2/3` is the second of three parts of `name`.
fn part_name(stored: &str) -> Option<(&str, usize, usize)> {
    let (name, part) = stored.rsplit_once('#')?;
    let (part, parts) = part.split_once('/')?;
    Some((name, part.parse().ok()?, parts.parse().ok()?))
}

/// A whole 8-bit matrix as the integers that it is, if its layer can have it so.
fn integers(shard: &SafeTensors, name: &str, view: &TensorView) -> Result<Option<TensorData>> {
    match view.shape() {
        &[rows, columns] if view.dtype() == Dtype::I8 && part_name(name).is_none() => {
            let factors = factors(shard, name)?;
            let looked_up = name.ends_with("_embeddings.weight");
            Ok((factors.len() == rows)
                .then(|| quantised(view.data(), [rows, columns], &factors, looked_up, STORE))
                .flatten())
        }
        _ => Ok(None),
    }
}

/// The factors of an 8-bit tensor, one for each of its channels.
fn factors(shard: &SafeTensors, name: &str) -> Result<Vec<f32>> {
    let scale = shard
        .tensor(&format!("{name}.scale"))
        .map_err(|_| Error::Weights(format!("`{name}` has no scale")))?;
    Ok(floats(scale.data()))
}

/// A stored tensor as f32.
fn decode(shard: &SafeTensors, name: &str, view: &TensorView) -> Result<Vec<f32>> {
    let data = view.data();
    match view.dtype() {
        Dtype::F32 => Ok(floats(data)),
        Dtype::F16 => {
            Ok(data.as_chunks().0.iter().map(|&b| half::f16::from_le_bytes(b).to_f32()).collect())
        }
        Dtype::I8 => {
            let factors = factors(shard, name)?;
            if factors.is_empty() || data.len() % factors.len() != 0 {
                return Err(Error::Weights(format!("`{name}` and its scale do not fit together")));
            }
            let mut values = Vec::with_capacity(data.len());
            for (channel, by) in data.chunks_exact((data.len() / factors.len()).max(1)).zip(factors)
            {
                values.extend(channel.iter().map(|&value| f32::from(value as i8) * by));
            }
            Ok(values)
        }
        other => {
            Err(Error::Weights(format!("`{name}` is stored as {other:?}; convert the model again")))
        }
    }
}

fn floats(data: &[u8]) -> Vec<f32> {
    data.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
}

/// One tensor on its way into a folder.
#[derive(Debug, Clone, PartialEq)]
pub struct Weight {
    /// Path in [`CarZero`].
    pub name: String,
    /// Shape; matrices are `[out, in]`.
    pub shape: Vec<usize>,
    /// Values, the last axis fastest.
    pub values: Vec<f32>,
}

#[cfg(feature = "train")]
impl Weight {
    /// Some of the rows, in that order.
    pub fn rows(mut self, kept: &[u32]) -> Self {
        let row = self.values.len() / self.shape[0].max(1);
        let of = |&index: &u32| &self.values[index as usize * row..(index as usize + 1) * row];
        self.values = kept.iter().flat_map(of).copied().collect();
        self.shape[0] = kept.len();
        self
    }
}

/// Collects weights into shards.
#[derive(Debug)]
pub struct ShardWriter {
    precision: Precision,
    parameters: u64,
    shards: Vec<Vec<Stored>>,
    size: usize,
}

/// A tensor in its stored form.
#[derive(Debug)]
struct Stored {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    data: Vec<u8>,
}

impl ShardWriter {
    /// An empty set of shards.
    pub fn new(precision: Precision) -> Self {
        Self { precision, parameters: 0, shards: vec![Vec::new()], size: 0 }
    }

    /// Number of weights so far.
    pub fn parameters(&self) -> u64 {
        self.parameters
    }

    /// Stores a weight, cut along its first axis where it is larger than a shard.
    pub fn push(&mut self, weight: &Weight) {
        self.parameters += weight.values.len() as u64;
        let rows = weight.shape.first().copied().unwrap_or(1).max(1);
        let row = weight.values.len() / rows;
        let stored_row = row * self.precision_of(weight).size() + 4;
        let rows_a_part = ((MAX_SHARD - SHARD_OVERHEAD) / stored_row.max(1)).max(1);
        let parts = rows.div_ceil(rows_a_part);
        for (index, values) in weight.values.chunks((rows_a_part * row).max(1)).enumerate() {
            let mut part = Weight {
                name: weight.name.clone(),
                shape: weight.shape.clone(),
                values: values.to_vec(),
            };
            if parts > 1 {
                part.name = format!("{}#{}/{parts}", weight.name, index + 1);
                part.shape[0] = values.len() / row;
            }
            self.store(part);
        }
    }

    fn precision_of(&self, weight: &Weight) -> Precision {
        match self.precision {
            _ if weight.shape.len() < 2 => Precision::F32,
            Precision::Q8 if weight.values.len() < SMALL => Precision::F16,
            precision => precision,
        }
    }

    fn store(&mut self, weight: Weight) {
        let stored = match self.precision_of(&weight) {
            Precision::F32 => vec![Stored::f32(weight.name, weight.shape, &weight.values)],
            Precision::F16 => {
                let data = weight
                    .values
                    .iter()
                    .flat_map(|&v| half::f16::from_f32(v).to_le_bytes())
                    .collect();
                vec![Stored { name: weight.name, dtype: Dtype::F16, shape: weight.shape, data }]
            }
            Precision::Q8 => {
                let channels = channels(&weight.shape);
                let channel = (weight.values.len() / channels).max(1);
                let (scales, data) = weight.values.chunks(channel).map(quantize).fold(
                    (Vec::new(), Vec::new()),
                    |(mut scales, mut data), (scale, values)| {
                        scales.push(scale);
                        data.extend(values);
                        (scales, data)
                    },
                );
                let scale = Stored::f32(format!("{}.scale", weight.name), vec![channels], &scales);
                vec![
                    Stored { name: weight.name, dtype: Dtype::I8, shape: weight.shape, data },
                    scale,
                ]
            }
        };
        let size: usize = stored.iter().map(|tensor| tensor.data.len() + TENSOR_OVERHEAD).sum();
        if self.size + size > MAX_SHARD - SHARD_OVERHEAD && self.size > 0 {
            self.shards.push(Vec::new());
            self.size = 0;
        }
        self.size += size;
        if let Some(shard) = self.shards.last_mut() {
            shard.extend(stored);
        }
    }

    /// The shards as files: name and content.
    ///
    /// # Errors
    ///
    /// [`Error::Weights`] where two weights have one name.
    pub fn finish(self) -> Result<Vec<(String, Vec<u8>)>> {
        let count = self.shards.len();
        let mut files = Vec::with_capacity(count);
        for (index, shard) in self.shards.into_iter().enumerate() {
            let views: std::result::Result<Vec<_>, _> = shard
                .iter()
                .map(|t| {
                    TensorView::new(t.dtype, t.shape.clone(), &t.data)
                        .map(|view| (t.name.as_str(), view))
                })
                .collect();
            let data = views
                .and_then(|views| safetensors::serialize(views, None))
                .map_err(|error| Error::Weights(error.to_string()))?;
            files.push((format!("weights-{:02}-of-{count:02}.safetensors", index + 1), data));
        }
        Ok(files)
    }
}

/// The file of the reference images: one row of `tokens` for each token, in 8 bits.
///
/// # Errors
///
/// As [`ShardWriter::finish`].
pub fn reference_file(tokens: Vec<f32>, dim: usize) -> Result<Vec<u8>> {
    let mut writer = ShardWriter::new(Precision::Q8);
    let shape = vec![tokens.len() / dim, dim];
    writer.push(&Weight { name: REFERENCE_TOKENS.to_string(), shape, values: tokens });
    Ok(writer.finish()?.swap_remove(0).1)
}

/// Matrices and filters with fewer values stay f16 in an 8-bit model. They are the first layers of
/// a convolutional network, which 8 bits harm most and which weigh next to nothing: for `default`
/// the largest logit error falls from 1.1 to 0.2 for 2 % of its size.
const SMALL: usize = 1 << 16;
/// Room left in a shard for its header.
const SHARD_OVERHEAD: usize = 256;
/// Room that a tensor takes in the header, at most.
const TENSOR_OVERHEAD: usize = 256;

impl Precision {
    /// Bytes of one value.
    fn size(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
            Self::Q8 => 1,
        }
    }
}

impl Stored {
    fn f32(name: String, shape: Vec<usize>, values: &[f32]) -> Self {
        let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self { name, dtype: Dtype::F32, shape, data }
    }
}

/// Output channels: the first axis, or the first two where the first has one entry only.
fn channels(shape: &[usize]) -> usize {
    match shape {
        [1, second, ..] => *second,
        [first, ..] => *first,
        [] => 1,
    }
}

/// One channel as integers of -127..=127 and the factor that restores them.
fn quantize(values: &[f32]) -> (f32, Vec<u8>) {
    let largest = values.iter().fold(0.0f32, |largest, v| largest.max(v.abs()));
    let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
    (scale, values.iter().map(|v| (v / scale).round() as i8 as u8).collect())
}
