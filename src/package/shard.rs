//! Weight shards: safetensors files of at most 32 MB.
//!
//! Tensors are named by their path in `CarZero`, with matrices as in PyTorch, `[out, in]`. 8-bit
//! tensors are symmetric: `name` holds the integers and `name.scale` one factor for each output
//! channel. A tensor that does not fit into one shard is cut along its first axis into `name#1/3`,
//! `name#2/3`, …

use std::collections::{BTreeMap, HashMap};

use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::config::PERCENTILES;
use super::{MAX_SHARD, Precision};
use crate::error::{Cause, Error, Result};

/// The tensor of [`REFERENCE`](super::REFERENCE) that holds the images.
const TOKENS: &str = "tokens";
/// Its tensor of percentiles, a row for each of the sentences in its metadata.
const RANKED: &str = "percentiles";
/// In its metadata: a JSON list.
const SENTENCES: &str = "sentences";

/// `name#2/3` is the second of three parts of `name`.
pub(crate) fn part_name(stored: &str) -> Option<(&str, usize, usize)> {
    let (name, part) = stored.rsplit_once('#')?;
    let (part, parts) = part.split_once('/')?;
    Some((name, part.parse().ok()?, parts.parse().ok()?))
}

/// The factors of an 8-bit tensor, one for each of its channels.
pub(crate) fn factors(shard: &SafeTensors, name: &str) -> Result<Vec<f32>> {
    let scale = shard
        .tensor(&format!("{name}.scale"))
        .map_err(|_| Error::Weights(format!("`{name}` has no scale").into()))?;
    Ok(floats(scale.data()))
}

/// A stored tensor as f32.
pub(crate) fn decode(shard: &SafeTensors, name: &str, view: &TensorView) -> Result<Vec<f32>> {
    let data = view.data();
    match view.dtype() {
        Dtype::F32 => Ok(floats(data)),
        Dtype::F16 => {
            Ok(data.as_chunks().0.iter().map(|&b| half::f16::from_le_bytes(b).to_f32()).collect())
        }
        Dtype::I8 => {
            let factors = factors(shard, name)?;
            if factors.is_empty() || data.len() % factors.len() != 0 {
                let reason = format!("`{name}` and its scale do not fit together");
                return Err(Error::Weights(reason.into()));
            }
            let mut values = Vec::with_capacity(data.len());
            for (channel, by) in data.chunks_exact((data.len() / factors.len()).max(1)).zip(factors)
            {
                values.extend(channel.iter().map(|&value| f32::from(value as i8) * by));
            }
            Ok(values)
        }
        other => {
            let reason = format!("`{name}` is stored as {other:?}; convert the model again");
            Err(Error::Weights(reason.into()))
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
                let data = weight.values.iter().flat_map(|&value| half(value)).collect();
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
                .map_err(|error| Error::Weights(error.into()))?;
            files.push((format!("weights-{:02}-of-{count:02}.safetensors", index + 1), data));
        }
        Ok(files)
    }
}

/// Percentiles of logits over the reference images, by normalised sentence.
pub type Ranked = BTreeMap<String, Vec<f32>>;

/// The file of the reference images: one row of `tokens` for each token, in 8 bits.
///
/// # Errors
///
/// As [`ShardWriter::finish`].
pub fn reference_file(tokens: Vec<f32>, dim: usize) -> Result<Vec<u8>> {
    let mut writer = ShardWriter::new(Precision::Q8);
    let shape = vec![tokens.len() / dim, dim];
    writer.push(&Weight { name: TOKENS.to_string(), shape, values: tokens });
    Ok(writer.finish()?.swap_remove(0).1)
}

/// The same images with the percentiles of some sentences, in 16 bits, in place of those that it had.
///
/// # Errors
///
/// [`Error::Weights`] where `file` is no [`reference_file`].
pub fn with_ranked(file: &[u8], ranked: &Ranked) -> Result<Vec<u8>> {
    let write = || -> std::result::Result<Vec<u8>, Cause> {
        let images = SafeTensors::deserialize(file)?;
        let percentiles: Vec<u8> = ranked.values().flatten().flat_map(|&v| half(v)).collect();
        let mut tensors = images.tensors();
        tensors.retain(|(name, _)| name != RANKED);
        let rows = TensorView::new(Dtype::F16, vec![ranked.len(), PERCENTILES], &percentiles)?;
        tensors.push((RANKED.to_string(), rows));
        let sentences = serde_json::to_string(&ranked.keys().collect::<Vec<_>>())?;
        let metadata = HashMap::from([(SENTENCES.to_string(), sentences)]);
        Ok(safetensors::serialize(tensors, Some(metadata))?)
    };
    write().map_err(Error::Weights)
}

/// Tokens and percentiles of a [`reference_file`].
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn read_reference(file: &[u8]) -> std::result::Result<(Vec<f32>, Ranked), Cause> {
    let (_, header) = SafeTensors::read_metadata(file)?;
    let tensors = SafeTensors::deserialize(file)?;
    let read = |name| Ok::<_, Cause>(decode(&tensors, name, &tensors.tensor(name)?)?);
    let tokens = read(TOKENS)?;
    let listed = header.metadata().as_ref().and_then(|all| all.get(SENTENCES));
    let Some(listed) = listed else { return Ok((tokens, Ranked::new())) };
    let sentences: Vec<String> = serde_json::from_str(listed)?;
    let values = read(RANKED)?;
    if values.len() != sentences.len() * PERCENTILES {
        return Err("its percentiles are not those of its sentences".into());
    }
    let rows = values.chunks_exact(PERCENTILES).map(<[f32]>::to_vec);
    Ok((tokens, sentences.into_iter().zip(rows).collect()))
}

fn half(value: f32) -> [u8; 2] {
    half::f16::from_f32(value).to_le_bytes()
}

/// Matrices and filters with fewer values than this stay f16 in an 8-bit model. They are the first
/// layers of a convolutional network, which 8 bits harm most and which weigh next to nothing: for
/// `default` the largest logit error falls from 1.1 to 0.2 for 2 % of its size.
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
