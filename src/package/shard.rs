//! Weight shards: safetensors files of at most 32 MB.
//!
//! Tensors are named by their path in `CarZero`, and matrices are `[out, in]` as in PyTorch. 8-bit tensors have
//! symmetric quantisation: `name` holds the integers, and `name.scale` one factor for each output channel. A tensor
//! that does not fit into one shard is divided along its first axis into `name#1/3`, `name#2/3`, …

use std::collections::{BTreeMap, HashMap};

use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::config::PERCENTILES;
use super::{MAX_SHARD, Precision};
use crate::error::{Cause, Error, Result};

/// The tensor in [`REFERENCE`](super::REFERENCE) that holds the tokens of the images.
const TOKENS: &str = "tokens";
/// The tensor in [`REFERENCE`](super::REFERENCE) that holds percentiles, with a row for each of the sentences in its
/// metadata.
const RANKED: &str = "percentiles";
/// The key in its metadata under which the sentences are, as a JSON list.
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

/// A tensor that is to be stored in a model folder.
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
    /// Selects some of the rows, in the given order.
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
    /// The shards, of which the last one is being filled.
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

    /// Stores a weight, divided along its first axis if it is larger than a shard.
    pub fn push(&mut self, weight: &Weight) {
        self.parameters += weight.values.len() as u64;
        let precision = self.precision_of(weight);
        let rows = weight.shape.first().copied().unwrap_or(1).max(1);
        let row = weight.values.len() / rows;
        let stored_row = row * precision.size() + 4;
        let rows_a_part = ((MAX_SHARD - SHARD_OVERHEAD) / stored_row.max(1)).max(1);
        let parts = rows.div_ceil(rows_a_part);
        for (index, values) in weight.values.chunks((rows_a_part * row).max(1)).enumerate() {
            let (mut name, mut shape) = (weight.name.clone(), weight.shape.clone());
            if parts > 1 {
                name = format!("{name}#{}/{parts}", index + 1);
                shape[0] = values.len() / row;
            }
            self.store(Stored::tensors(precision, name, shape, values));
        }
    }

    fn precision_of(&self, weight: &Weight) -> Precision {
        match self.precision {
            _ if weight.shape.len() < 2 => Precision::F32,
            Precision::Q8 if weight.values.len() < SMALL => Precision::F16,
            precision => precision,
        }
    }

    fn store(&mut self, stored: Vec<Stored>) {
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

    /// Takes out the shards that are full.
    ///
    /// # Errors
    ///
    /// [`Error::Weights`] where two weights have one name.
    pub fn take_full(&mut self) -> Result<Vec<Vec<u8>>> {
        let full = self.shards.len() - 1;
        self.shards.drain(..full).map(serialized).collect()
    }

    /// Takes out all shards, once every weight has been added.
    ///
    /// # Errors
    ///
    /// Those of [`ShardWriter::take_full`].
    pub fn take_all(&mut self) -> Result<Vec<Vec<u8>>> {
        self.size = 0;
        std::mem::replace(&mut self.shards, vec![Vec::new()]).into_iter().map(serialized).collect()
    }

    /// The shards as files, each with name and content.
    ///
    /// # Errors
    ///
    /// Those of [`ShardWriter::take_full`].
    pub fn finish(mut self) -> Result<Vec<(String, Vec<u8>)>> {
        let shards = self.take_all()?;
        let count = shards.len();
        let named = |(index, data)| (shard_name(index, count), data);
        Ok(shards.into_iter().enumerate().map(named).collect())
    }
}

/// The file name of a shard, whose index counts from 0.
pub(crate) fn shard_name(index: usize, count: usize) -> String {
    format!("weights-{:02}-of-{count:02}.safetensors", index + 1)
}

fn serialized(shard: Vec<Stored>) -> Result<Vec<u8>> {
    let views = shard.iter().map(|t| {
        let view = TensorView::new(t.dtype, t.shape.clone(), &t.data)?;
        Ok((t.name.as_str(), view))
    });
    views
        .collect::<std::result::Result<Vec<_>, _>>()
        .and_then(|views| safetensors::serialize(views, None))
        .map_err(|error| Error::Weights(error.into()))
}

/// Percentiles of logits over the reference images, by normalised sentence.
pub type Ranked = BTreeMap<String, Vec<f32>>;

/// The file of the reference images: a matrix `tokens` with a row for each token, in 8 bits.
///
/// # Errors
///
/// Those of [`ShardWriter::finish`].
pub fn reference_file(tokens: Vec<f32>, dim: usize) -> Result<Vec<u8>> {
    let mut writer = ShardWriter::new(Precision::Q8);
    let shape = vec![tokens.len() / dim, dim];
    writer.push(&Weight { name: TOKENS.to_string(), shape, values: tokens });
    Ok(writer.finish()?.swap_remove(0).1)
}

/// The file of the same images, with these percentiles in 16 bits replacing any that it had.
///
/// # Errors
///
/// [`Error::Weights`] where `file` is not a [`reference_file`].
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
/// What is wrong with the file.
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

/// Matrices and filters with fewer values than this stay f16 in an 8-bit model. They are the first layers of a
/// convolutional network, which suffer most from 8 bits and take hardly any space: for the model `default` the largest
/// logit error falls from 1.1 to 0.2, for 2 % of its size.
const SMALL: usize = 1 << 16;
/// Number of bytes reserved in a shard for its header.
const SHARD_OVERHEAD: usize = 256;
/// The most bytes that a tensor takes in the header.
const TENSOR_OVERHEAD: usize = 256;

impl Precision {
    /// The size of a value in bytes.
    fn size(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
            Self::Q8 => 1,
        }
    }
}

impl Stored {
    /// A tensor in the given precision; in 8 bits it is accompanied by its factors.
    fn tensors(precision: Precision, name: String, shape: Vec<usize>, values: &[f32]) -> Vec<Self> {
        match precision {
            Precision::F32 => vec![Self::f32(name, shape, values)],
            Precision::F16 => {
                let data = values.iter().flat_map(|&value| half(value)).collect();
                vec![Self { name, dtype: Dtype::F16, shape, data }]
            }
            Precision::Q8 => {
                let channels = channels(&shape);
                let channel = (values.len() / channels).max(1);
                let (mut scales, mut data) = (Vec::new(), Vec::with_capacity(values.len()));
                for values in values.chunks(channel) {
                    scales.push(quantize(values, &mut data));
                }
                let scale = Self::f32(format!("{name}.scale"), vec![channels], &scales);
                vec![Self { name, dtype: Dtype::I8, shape, data }, scale]
            }
        }
    }

    fn f32(name: String, shape: Vec<usize>, values: &[f32]) -> Self {
        let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self { name, dtype: Dtype::F32, shape, data }
    }
}

/// The number of output channels: the length of the first axis, or of the second where the first has length 1.
fn channels(shape: &[usize]) -> usize {
    match shape {
        [1, second, ..] => *second,
        [first, ..] => *first,
        [] => 1,
    }
}

/// Appends the values of one channel as integers from -127 to 127; returns the factor that restores them.
fn quantize(values: &[f32], integers: &mut Vec<u8>) -> f32 {
    // Comparison and `rounded` are used because neither `max` nor `round` is a single instruction in WebAssembly.
    let larger = |largest: f32, v: &f32| if v.abs() > largest { v.abs() } else { largest };
    let largest = values.iter().fold(0.0, larger);
    let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
    integers.extend(values.iter().map(|v| rounded(v / scale) as i8 as u8));
    scale
}

/// Rounds like `f32::round`.
fn rounded(value: f32) -> f32 {
    let whole = value.trunc();
    if (value - whole).abs() < 0.5 { whole } else { whole + 1f32.copysign(value) }
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn numbers_are_rounded_as_round_does() {
        let mut values = vec![0.0, -0.0, 0.5, -0.5, 0.49999997, -0.49999997, 126.5, -126.5, 127.0];
        values.extend((0..100_000).map(|step| (step as f32).mul_add(0.00254, -127.0)));
        for value in values {
            assert_eq!(rounded(value), value.round(), "{value}");
        }
    }
}
