//! Loads the files of a model package into a model on its device.

use std::collections::BTreeSet;
use std::sync::Mutex;

use burn::module::Module;
use burn::store::{
    ApplyError, ApplyResult, ModuleSnapshot, PyTorchToBurnAdapter, bridge, burn_pack,
};
use burn::tensor::{Device, Tensor, TensorData};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

#[cfg(feature = "train")]
use crate::error::Unreadable;
use crate::error::{Cause, Error, Result};
use crate::model::CarZero;
use crate::model::ops::quantised::{KEPT, STORE, User, quantised};
use crate::package::config::{ModelConfig, is_ranking};
use crate::package::shard::{Ranked, Weight, decode, factors, part_name, read_reference};
use crate::package::{CONFIG, Manifest, REFERENCE, TOKENIZER, sha256};
use crate::sync::lock;
use crate::text::tokenizer::TextTokenizer;

/// A complete model, as read from its folder.
#[derive(Debug)]
pub struct Loaded {
    /// The manifest of the folder.
    pub manifest: Manifest,
    /// All facts about the model.
    pub config: ModelConfig,
    /// The tokenizer.
    pub tokenizer: TextTokenizer,
    /// The model on its device.
    pub model: CarZero,
    /// The reference population.
    pub reference: Option<ReferenceImages>,
}

/// The images of the reference population.
#[derive(Debug)]
pub struct ReferenceImages {
    /// Their condensed tokens, `[images, tokens, dim]`.
    pub tokens: Tensor<3>,
    /// Percentiles of the sentences on which they were scored in advance.
    pub ranked: Ranked,
}

/// Builds a model file by file, so that only one shard is in memory at a time.
#[derive(Debug)]
pub struct Loader {
    manifest: Manifest,
    device: Device,
    next: usize,
    config: Option<ModelConfig>,
    tokenizer: Option<TextTokenizer>,
    model: Option<CarZero>,
    reference: Option<ReferenceImages>,
    partial: Option<Partial>,
    applied: BTreeSet<String>,
    missing: Vec<String>,
}

/// The parts, so far, of a tensor that is divided among several shards.
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
    /// Those of [`Manifest::parse`].
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

    /// The manifest, which lists the files that have to be added, in this order.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Verifies a file's size and SHA-256, and adds it.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where it is not the next file or was altered; the correct file may then be added again.
    /// Otherwise an error that says what in the file is not usable.
    pub fn add(&mut self, path: &str, data: &[u8]) -> Result<()> {
        self.add_digested(path, data, &sha256(data))
    }

    /// Like [`Loader::add`], for a caller that already knows `digest`, the SHA-256 of `data`.
    ///
    /// # Errors
    ///
    /// Those of [`Loader::add`].
    pub fn add_digested(&mut self, path: &str, data: &[u8], digest: &str) -> Result<()> {
        let Some(entry) = self.manifest.files.get(self.next).filter(|entry| entry.path == path)
        else {
            return Err(Error::File {
                path: path.to_string(),
                reason: "it is not the file that comes next".into(),
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
                    let (pieces, known) = (tokenizer.vocab_size(), config.text_encoder.vocab);
                    let reason = format!("it has {pieces} word pieces, the model {known}");
                    return Err(Error::Tokenizer(reason.into()));
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
        let shard = SafeTensors::deserialize(data).map_err(|error| Error::Weights(error.into()))?;
        let mut tensors = Vec::new();
        let mut names: Vec<&str> = shard.names();
        names.sort_unstable();
        for stored in names.into_iter().filter(|name| !name.ends_with(".scale")) {
            let view = shard.tensor(stored).map_err(|error| Error::Weights(error.into()))?;
            if KEPT && let Some(data) = integers(&shard, stored, &view)? {
                tensors.push(moved_tensor(stored, data));
                continue;
            }
            let values = decode(&shard, stored, &view)?;
            let part = Weight { name: stored.to_string(), shape: view.shape().to_vec(), values };
            if let Some(Weight { name, shape, values }) = self.join(part)? {
                tensors.push(moved_tensor(&name, TensorData::new(values, shape)));
            }
        }
        let model = self.model.as_mut().ok_or_else(|| incomplete(CONFIG))?;
        let result = apply_tensors(model, tensors)?;
        self.applied.extend(result.applied);
        self.missing = result.missing.into_iter().map(|(name, _)| name).collect();
        Ok(())
    }

    fn read_reference(&self, data: &[u8]) -> Result<ReferenceImages> {
        let fail = |reason: Cause| Error::File { path: REFERENCE.to_string(), reason };
        let config = self.config.as_ref().ok_or_else(|| incomplete(CONFIG))?;
        let (values, ranked) = read_reference(data).map_err(fail)?;
        let (tokens, dim) = (1 + config.map_side().pow(2) / 4, config.fusion.dim);
        let images = values.len() / (tokens * dim);
        if images == 0 || values.len() != images * tokens * dim {
            return Err(fail("its size is not that of whole images".into()));
        }
        if !ranked.values().all(|percentiles| is_ranking(percentiles)) {
            return Err(fail("its percentiles must be ascending numbers".into()));
        }
        let values = TensorData::new(values, [images, tokens, dim]);
        Ok(ReferenceImages { tokens: Tensor::from_data(values, &self.device), ranked })
    }

    /// Adds a part to its tensor; returns the tensor once it is complete.
    fn join(&mut self, part: Weight) -> Result<Option<Weight>> {
        let Some((name, index, parts)) = part_name(&part.name) else { return Ok(Some(part)) };
        let fail = || Error::Weights(format!("the parts of `{name}` do not fit together").into());
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
            let reason = format!("{} missing, `{first}` first", missing.len());
            return Err(Error::Weights(reason.into()));
        }
        let (Some(config), Some(tokenizer), Some(model)) =
            (self.config, self.tokenizer, self.model)
        else {
            return Err(incomplete(CONFIG));
        };
        let parameters = model.num_params() as u64;
        if self.applied.is_empty() || parameters != self.manifest.parameters {
            let reason = format!("{parameters} weights instead of {}", self.manifest.parameters);
            return Err(Error::Weights(reason.into()));
        }
        Ok(Loaded { manifest: self.manifest, config, tokenizer, model, reference: self.reference })
    }
}

/// A tensor whose data is moved into the model; Burn would otherwise copy it.
fn moved_tensor(name: &str, data: TensorData) -> burn_pack::Tensor {
    let (dtype, shape) = (data.dtype(), data.shape().clone());
    let data = Mutex::new(Some(data));
    bridge::deferred(name.to_string(), dtype, shape, None, move || {
        lock(&data)
            .take()
            .ok_or_else(|| burn_pack::Error::ValidationError("it has been put in place".into()))
    })
}

/// Loads tensors into a model.
#[inline(never)] // see `lib.rs`
fn apply_tensors(model: &mut CarZero, tensors: Vec<burn_pack::Tensor>) -> Result<ApplyResult> {
    let result = model.apply(tensors, None, Some(Box::new(PyTorchToBurnAdapter)), true);
    if let Some(error) = result.errors.first() {
        let reason = match error {
            ApplyError::ShapeMismatch { path, expected, found } => {
                let (found, expected) = (found.to_vec(), expected.to_vec());
                format!("`{path}` has shape {found:?} instead of {expected:?}")
            }
            other => other.to_string(),
        };
        return Err(Error::Weights(reason.into()));
    }
    if let Some(name) = result.unused.first() {
        let reason = format!("`{name}` belongs to no part of this architecture");
        return Err(Error::Weights(reason.into()));
    }
    Ok(result)
}

/// Replaces some weights of a model.
///
/// # Errors
///
/// [`Error::Weights`] where the model has no weight of a name, or one of another shape.
#[cfg(feature = "train")]
pub fn apply(model: &mut CarZero, weights: Vec<Weight>) -> Result<()> {
    let tensor =
        |weight: Weight| moved_tensor(&weight.name, TensorData::new(weight.values, weight.shape));
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
        let fail = |cause: Cause| {
            Error::Weights(Unreadable { what: format!("`{}`", tensor.name), cause }.into())
        };
        let data = bridge::to_data(&tensor).map_err(|error| fail(error.into()))?;
        let values = data.try_into_vec().map_err(|error| fail(format!("{error:?}").into()))?;
        Ok(Weight { name: tensor.name.to_string(), shape: tensor.shape.to_vec(), values })
    };
    model.collect(None, Some(adapter), true).into_iter().map(read).collect()
}

fn incomplete(path: &str) -> Error {
    Error::File { path: path.to_string(), reason: "it is missing".into() }
}

/// A whole 8-bit matrix as its stored integers, if its layer can use them in that form.
fn integers(shard: &SafeTensors, name: &str, view: &TensorView) -> Result<Option<TensorData>> {
    let (rows, columns, user) = match *view.shape() {
        [rows, columns] if name.ends_with("_embeddings.weight") => (rows, columns, User::Embedding),
        [rows, columns] => (rows, columns, User::Linear),
        [rows, columns, 1, 1] if cfg!(feature = "flex") => (rows, columns, User::Convolution),
        _ => return Ok(None),
    };
    if view.dtype() != Dtype::I8 || part_name(name).is_some() {
        return Ok(None);
    }
    let factors = factors(shard, name)?;
    Ok((factors.len() == rows)
        .then(|| quantised(view.data(), [rows, columns], &factors, user, STORE))
        .flatten())
}
