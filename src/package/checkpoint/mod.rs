//! Conversion of a published checkpoint to a model folder.
//!
//! It reads PyTorch (Lightning) `.ckpt` files and safetensors (`safetensors.rs`). Of the former only tensors are
//! interpreted and nothing is executed (`pickle.rs`, inside the zip archive of `archive.rs`, or for PyTorch before 1.6
//! in the format of `legacy.rs`). Each of these readers finds where tensors are in the file (`file.rs`), from which
//! they are then read one at a time. Sizes are inferred from the shapes of the tensors; then every key and shape is
//! checked against the layout that these sizes imply.

mod archive;
mod file;
mod legacy;
mod pickle;
pub mod recipe;
mod safetensors;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::rc::Rc;

use crate::error::{Cause, Error, Result, Unreadable};
use crate::package::config::{
    FusionConfig, ImageEncoderConfig, InvertedResidualConfig, MobileNetV2Config, TextEncoderConfig,
    VitConfig,
};
use crate::package::shard::Weight;

use file::{Found, Located, SourceFile};

pub use file::Source;

/// Prefix of the official keys.
const PREFIX: &str = "CARZero.";
/// Prefixes that `DataParallel` adds before keys, and `torch.compile` before and inside of them.
const WRAPPERS: [&str; 2] = ["module.", "_orig_mod."];
/// Strides of MobileNetV2's blocks, which cannot be inferred from shapes.
const MOBILENET_STRIDES: [usize; 17] = [1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1];
/// The last block of MobileNetV2 with stride 16.
const MOBILENET_MID: usize = 12;

/// Sizes that cannot be inferred from the shapes of tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assumed {
    /// Attention heads of the image encoder.
    pub vision_heads: usize,
    /// Attention heads of the text encoder.
    pub text_heads: usize,
    /// Attention heads of the fusion.
    pub fusion_heads: usize,
    /// Rows of the text memory.
    pub text_rows: usize,
}

/// Sizes of the three parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Architecture {
    /// The image encoder.
    pub image_encoder: ImageEncoderConfig,
    /// The text encoder.
    pub text_encoder: TextEncoderConfig,
    /// The fusion.
    pub fusion: FusionConfig,
}

/// The tensors of a checkpoint by key, which are read when they are needed.
#[derive(Debug)]
pub struct Checkpoint {
    tensors: BTreeMap<String, Tensor>,
    notes: Vec<String>,
}

/// A tensor and its location.
#[derive(Debug)]
struct Tensor {
    /// Its key in the file.
    key: String,
    file: Rc<SourceFile>,
    at: Located,
}

impl Checkpoint {
    /// Opens a file; see [`Checkpoint::read`].
    ///
    /// # Errors
    ///
    /// Those of [`Checkpoint::read`].
    pub fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| unreadable(&name, error.into()))?;
        Self::read(file, &name)
    }

    /// Finds the tensors of a safetensors file or of a PyTorch checkpoint, which has them either under one of a few
    /// known entries or at the top level. Everything else in the file is ignored. `name` is the name of the file for
    /// error messages.
    ///
    /// # Errors
    ///
    /// [`Error::Weights`] where the file is neither.
    pub fn read(source: impl Source + 'static, name: &str) -> Result<Self> {
        let fail = |reason: String| unreadable(name, reason.into());
        let file = Rc::new(SourceFile::new(source).map_err(fail)?);
        let Found { entry, tensors } = find(&file).map_err(fail)?;
        let mut notes = Vec::new();
        notes.extend(entry.map(|entry| format!("the tensors are those of `{entry}`")));
        // A view can repeat stored values, with which a hostile file could ask for any amount of memory.
        let repeats =
            |tensor: &Located| tensor.count().is_none_or(|count| count as u64 > file.length());
        if let Some((key, _)) = tensors.iter().find(|(_, tensor)| repeats(tensor)) {
            return Err(fail(format!("`{key}` has more values than the file bytes")));
        }
        let mut named: BTreeMap<String, Tensor> = BTreeMap::new();
        for (key, at) in tensors {
            let (own, wrappers) = unwrapped(&key);
            if let Some(Tensor { key: first, .. }) = named.get(&own) {
                return Err(fail(format!("`{first}` and `{key}` are both `{own}`")));
            }
            named.insert(own, Tensor { key, file: file.clone(), at });
            for wrapper in wrappers {
                let note = format!("`{wrapper}` is left out of keys");
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
        }
        Ok(Self { tensors: named, notes })
    }

    /// Notes for the user: in which entry the tensors were found, and which prefixes were removed from their keys.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Adds a Hugging Face BertModel as the text encoder of a checkpoint that has none.
    ///
    /// # Errors
    ///
    /// Those of [`Checkpoint::open`].
    pub fn add_text_encoder(&mut self, path: &Path) -> Result<()> {
        let text = Self::open(path)?;
        let prefixed = text
            .tensors
            .into_iter()
            .map(|(key, tensor)| (format!("text_encoder.model.{key}"), tensor));
        self.tensors.extend(prefixed);
        Ok(())
    }

    /// Pretrained backbones for training CARZero: an image encoder and a Hugging Face BertModel, each from a
    /// safetensors file.
    ///
    /// # Errors
    ///
    /// Those of [`Checkpoint::open`].
    #[cfg(feature = "train")]
    pub fn backbones(image_encoder: &Path, text_encoder: &Path) -> Result<Self> {
        let image = Self::open(image_encoder)?.tensors;
        let prefixed =
            image.into_iter().map(|(key, tensor)| (format!("img_encoder.model.{key}"), tensor));
        let mut both = Self { tensors: prefixed.collect(), notes: Vec::new() };
        both.add_text_encoder(text_encoder)?;
        Ok(both)
    }

    /// The weights of the backbones only.
    ///
    /// # Errors
    ///
    /// [`Error::Weights`] naming the first that is missing or has another shape.
    #[cfg(feature = "train")]
    pub fn backbone_weights(
        &self,
        model: &crate::package::config::ModelConfig,
    ) -> Result<Vec<Weight>> {
        let [positions, _] =
            self.shape("text_encoder.model.embeddings.position_embeddings.weight")?;
        let architecture = Architecture {
            image_encoder: model.image_encoder.clone(),
            text_encoder: model.text_encoder.clone(),
            fusion: model.fusion.clone(),
        };
        let layout = Layout::of(&architecture, model.map_side(), positions);
        let backbone = |entry: &Entry| {
            entry.key.starts_with("img_encoder.model.")
                || entry.key.starts_with("text_encoder.model.")
        };
        let mut weights = Vec::new();
        for entry in layout.entries.into_iter().filter(backbone) {
            let found = self.shape_of(&entry.key)?;
            if found != entry.shape {
                let Entry { key, shape, .. } = &entry;
                let reason = format!("`{key}` has shape {found:?} instead of {shape:?}");
                return Err(Error::Weights(reason.into()));
            }
            weights.extend(self.read_entry(&entry)?);
        }
        Ok(weights)
    }

    /// Infers all sizes from the shapes of the tensors.
    ///
    /// # Errors
    ///
    /// [`Error::Weights`] naming the key that is needed for this but missing, or the part whose width cannot be divided
    /// into the given number of heads.
    pub fn architecture(&self, assumed: Assumed) -> Result<Architecture> {
        let image_encoder = if self.tensors.contains_key("img_encoder.model.stem.weight") {
            ImageEncoderConfig::MobileNetV2(self.mobilenet()?)
        } else {
            ImageEncoderConfig::Vit(self.vit(assumed.vision_heads)?)
        };
        let text_encoder = self.text_encoder(assumed)?;
        let fusion = self.fusion(assumed.fusion_heads)?;
        if let ImageEncoderConfig::Vit(vit) = &image_encoder {
            check_heads("the image encoder", vit.dim, vit.heads)?;
        }
        check_heads("the text encoder", text_encoder.dim, text_encoder.heads)?;
        check_heads("the fusion", fusion.dim, fusion.heads)?;
        Ok(Architecture { image_encoder, text_encoder, fusion })
    }

    fn vit(&self, heads: usize) -> Result<VitConfig> {
        let [dim, _, patch, _] = self.shape("img_encoder.model.patch_embed.proj.weight")?;
        let depth = self.count("img_encoder.model.blocks.");
        let [mlp, _] = self.shape("img_encoder.model.blocks.0.mlp.fc1.weight")?;
        Ok(VitConfig { patch, dim, depth, heads, mlp, norm_eps: 1e-6 })
    }

    fn mobilenet(&self) -> Result<MobileNetV2Config> {
        let [stem, ..] = self.shape::<4>("img_encoder.model.stem.weight")?;
        let blocks = MOBILENET_STRIDES
            .iter()
            .enumerate()
            .map(|(index, &stride)| {
                let [out, hidden, ..] =
                    self.shape::<4>(&format!("img_encoder.model.blocks.{index}.project.weight"))?;
                Ok(InvertedResidualConfig { hidden, out, stride })
            })
            .collect::<Result<_>>()?;
        let [head, ..] = self.shape::<4>("img_encoder.model.head.weight")?;
        let [dim, _] = self.shape("img_encoder.local_mid.weight")?;
        Ok(MobileNetV2Config { stem, blocks, head, mid: MOBILENET_MID, dim })
    }

    fn text_encoder(&self, assumed: Assumed) -> Result<TextEncoderConfig> {
        let [vocab, dim] = self.shape("text_encoder.model.embeddings.word_embeddings.weight")?;
        let [intermediate, _] =
            self.shape("text_encoder.model.encoder.layer.0.intermediate.dense.weight")?;
        let embedder = "text_encoder.local_embedder.weight";
        let embed = match self.tensors.contains_key(embedder) {
            true => Some(self.shape::<2>(embedder)?[0]),
            false => None,
        };
        Ok(TextEncoderConfig {
            vocab,
            dim,
            layers: self.count("text_encoder.model.encoder.layer."),
            heads: assumed.text_heads,
            intermediate,
            norm_eps: 1e-12,
            last_layers: 4,
            rows: assumed.text_rows,
            embed,
        })
    }

    fn fusion(&self, heads: usize) -> Result<FusionConfig> {
        let [feed_forward, dim] = self.shape("fusion_module.decoder.layers.0.linear1.weight")?;
        let projector = (0..self.count("fusion_module.mlp_head."))
            .map(|index| {
                Ok(self.shape::<2>(&format!("fusion_module.mlp_head.{}.weight", 3 * index))?[0])
            })
            .collect::<Result<Vec<_>>>()?;
        let hidden = projector.len().saturating_sub(1);
        Ok(FusionConfig {
            dim,
            layers: self.count("fusion_module.decoder.layers."),
            heads,
            feed_forward,
            projector: projector[..hidden].to_vec(),
            norm_eps: 1e-5,
        })
    }

    fn shape<const D: usize>(&self, key: &str) -> Result<[usize; D]> {
        let shape = self.shape_of(key)?;
        shape.as_slice().try_into().map_err(|_| {
            Error::Weights(format!("`{key}` has shape {shape:?}, not of {D} axes").into())
        })
    }

    fn shape_of(&self, key: &str) -> Result<Vec<usize>> {
        let tensor = self.tensors.get(key).ok_or_else(|| {
            let reason = format!("`{key}` is missing, without which this is no CARZero checkpoint");
            Error::Weights(reason.into())
        })?;
        Ok(tensor.at.shape.clone())
    }

    /// How many different numbers follow `prefix` in the keys.
    fn count(&self, prefix: &str) -> usize {
        let number =
            |key: &String| key.strip_prefix(prefix)?.split('.').next()?.parse::<usize>().ok();
        let mut numbers = BTreeSet::new();
        numbers.extend(self.tensors.keys().filter_map(number));
        numbers.len()
    }

    /// Checks every key and shape, and then returns the weights, one key after another.
    ///
    /// `side` is the side of the patch grid.
    ///
    /// # Errors
    ///
    /// [`Error::Weights`] naming all keys that are missing, unexpected or of another shape.
    pub fn weights(self, architecture: &Architecture, side: usize) -> Result<Weights> {
        let [positions, _] =
            self.shape("text_encoder.model.embeddings.position_embeddings.weight")?;
        let entries = Layout::of(architecture, side, positions).entries;
        self.check(&entries, architecture.text_encoder.rows, positions)?;
        Ok(Weights { checkpoint: self, entries: entries.into_iter() })
    }

    fn check(&self, entries: &[Entry], rows: usize, positions: usize) -> Result<()> {
        let mut faults = Vec::new();
        if positions < rows {
            faults.push(format!(
                "the text encoder has {positions} positions, fewer than {rows} rows"
            ));
        }
        for Entry { key, shape, .. } in entries {
            match self.tensors.get(key) {
                None => faults.push(format!("`{key}` is missing")),
                Some(Tensor { at, .. }) if at.shape != *shape => {
                    let found = &at.shape;
                    faults.push(format!("`{key}` has shape {found:?} instead of {shape:?}"));
                }
                Some(_) => {}
            }
        }
        let mut known = BTreeSet::new();
        known.extend(entries.iter().map(|entry| entry.key.as_str()));
        let unexpected =
            self.tensors.keys().filter(|key| !known.contains(key.as_str()) && !is_unused(key));
        faults.extend(unexpected.map(|key| format!("`{key}` is unexpected")));
        if faults.is_empty() { Ok(()) } else { Err(Error::Weights(faults.join("; ").into())) }
    }

    fn read_entry(&self, entry: &Entry) -> Result<Vec<Weight>> {
        let fail = |reason: String| unreadable(&format!("`{}`", entry.key), reason.into());
        let tensor = self.tensors.get(&entry.key).ok_or_else(|| fail("it is missing".into()))?;
        let values = tensor.file.values(&tensor.at).map_err(fail)?;
        if values.iter().any(|value| !value.is_finite()) {
            return Err(fail("it holds values that are not finite".into()));
        }
        Ok(entry.conversion.weights(module_path(&entry.key), &entry.shape, values))
    }
}

/// The weights of a checkpoint whose layout was checked, one key after another.
#[derive(Debug)]
pub struct Weights {
    checkpoint: Checkpoint,
    entries: std::vec::IntoIter<Entry>,
}

impl Weights {
    /// Where the tensor of a key that has not been returned yet is in its file; `ahead` is 0 for the next one. Returns
    /// the position of its first byte, and the number of bytes.
    pub fn place(&self, ahead: usize) -> Option<(u64, u64)> {
        let Entry { key, .. } = self.entries.as_slice().get(ahead)?;
        self.checkpoint.tensors.get(key)?.at.place()
    }
}

impl Iterator for Weights {
    type Item = Result<Vec<Weight>>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.entries.next()?;
        Some(self.checkpoint.read_entry(&entry))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }
}

impl ExactSizeIterator for Weights {}

/// The tensors of a file, whose format is recognised by its beginning.
fn find(file: &SourceFile) -> std::result::Result<Found, String> {
    let start = file.read(0, file.length().min(legacy::MAGIC.len() as u64))?;
    if start.starts_with(&archive::ZIP) {
        archive::tensors(file)
    } else if start.starts_with(&legacy::MAGIC) {
        legacy::tensors(file)
    } else if safetensors::begins_so(&start) {
        safetensors::tensors(file)
    } else {
        Err("it is neither a checkpoint of PyTorch nor a safetensors file".into())
    }
}

#[cold]
fn unreadable(what: &str, cause: Cause) -> Error {
    Error::Weights(Unreadable { what: what.to_string(), cause }.into())
}

fn check_heads(part: &str, width: usize, heads: usize) -> Result<()> {
    if heads > 0 && width.is_multiple_of(heads) {
        return Ok(());
    }
    let reason = format!(
        "{part} is {width} wide, which {heads} heads of attention do not divide; give the number \
         that it was trained with"
    );
    Err(Error::Weights(reason.into()))
}

/// Removes from a key the prefix of official keys, and the wrappers before it or, as `torch.compile` leaves them,
/// inside of it. Also returns which wrappers there were.
fn unwrapped(key: &str) -> (String, Vec<&'static str>) {
    let (mut own, mut wrappers) = (key, Vec::new());
    while let Some((wrapper, rest)) = [WRAPPERS[0], WRAPPERS[1], PREFIX]
        .into_iter()
        .find_map(|wrapper| Some((wrapper, own.strip_prefix(wrapper)?)))
    {
        wrappers.extend(Some(wrapper).filter(|wrapper| *wrapper != PREFIX));
        own = rest;
    }
    let inner = format!(".{}", WRAPPERS[1]);
    if own.contains(&inner) {
        wrappers.push(WRAPPERS[1]);
    }
    (own.replace(&inner, "."), wrappers)
}

/// Whether a key is in the official checkpoint but not used by CARZero.
fn is_unused(key: &str) -> bool {
    // BERT's pooler and its index buffer.
    key.starts_with("text_encoder.model.pooler.")
        || key == "text_encoder.model.embeddings.position_ids"
        // The same tensor as `decoder.norm`.
        || key.starts_with("fusion_module.decoder_norm.")
        || key == "fusion_module.logit_scale"
        // Self-attention and its norm, which the fusion does not have.
        || key.starts_with("fusion_module.decoder.layers.") && (key.contains(".self_attn.") || key.contains(".norm1."))
}

/// The path in the model for a key. Only a few names cannot be the same as in the checkpoint.
fn module_path(key: &str) -> String {
    let path = key
        .replace(".LayerNorm.", ".layer_norm.") // Rust's naming
        .replace(".attention.self.", ".attention.") // `self` is a keyword
        .replace(".in_proj_", "."); // split into query, key and value
    match path.strip_prefix("fusion_module.mlp_head.").and_then(|rest| rest.split_once('.')) {
        // Linear, ReLU and dropout are three modules in the checkpoint, and one here.
        Some((index, rest)) => {
            let index = index.parse::<usize>().unwrap_or(0) / 3;
            format!("fusion_module.mlp_head.{index}.{rest}")
        }
        None => path,
    }
}

/// A key that the checkpoint must have.
#[derive(Debug)]
struct Entry {
    key: String,
    shape: Vec<usize>,
    conversion: Conversion,
}

/// How a tensor of the checkpoint is converted.
#[derive(Debug, Clone, Copy)]
enum Conversion {
    Same,
    /// PyTorch packs the three projections of an attention into one matrix, which is split.
    QueryKeyValue,
    /// The three input channels of the encoder are equal, so the weights of its first convolution are summed over them.
    OneChannel,
    /// Like [`Conversion::OneChannel`]; in addition, the convolution becomes a matrix product, because its stride
    /// equals its kernel size.
    PatchProduct,
    /// Only the first rows, this many, are ever used.
    Rows(usize),
}

impl Conversion {
    fn weights(self, name: String, shape: &[usize], mut values: Vec<f32>) -> Vec<Weight> {
        let mut shape = shape.to_vec();
        match self {
            Self::Same => {}
            Self::QueryKeyValue => {
                let (module, parameter) = name.rsplit_once('.').unwrap_or(("", &name));
                shape[0] /= 3;
                return ["query", "key", "value"]
                    .iter()
                    .zip(values.chunks(values.len() / 3))
                    .map(|(part, values)| Weight {
                        name: format!("{module}.{part}.{parameter}"),
                        shape: shape.clone(),
                        values: values.to_vec(),
                    })
                    .collect();
            }
            Self::OneChannel | Self::PatchProduct => {
                let [out, channels, height, width] = [shape[0], shape[1], shape[2], shape[3]];
                let area = height * width;
                let sum = |filter: &[f32]| -> Vec<f32> {
                    (0..area).map(|i| filter.iter().skip(i).step_by(area).sum()).collect()
                };
                values = values.chunks(channels * area).flat_map(sum).collect();
                shape = match self {
                    Self::PatchProduct => vec![out, area],
                    _ => vec![out, 1, height, width],
                };
            }
            Self::Rows(rows) => {
                let row = values.len() / shape[0];
                shape[0] = rows;
                values.truncate(rows * row);
            }
        }
        vec![Weight { name, shape, values }]
    }
}

/// All keys and shapes of a checkpoint.
#[derive(Debug, Default)]
struct Layout {
    entries: Vec<Entry>,
}

impl Layout {
    fn of(architecture: &Architecture, side: usize, positions: usize) -> Self {
        let mut layout = Self::default();
        layout.text_encoder(&architecture.text_encoder, positions);
        match &architecture.image_encoder {
            ImageEncoderConfig::Vit(vit) => layout.vit(vit, side),
            ImageEncoderConfig::MobileNetV2(net) => layout.mobilenet(net),
        }
        layout.fusion(&architecture.fusion);
        layout
    }

    #[inline(never)] // one copy, as the page has to download all of this code
    fn add(&mut self, key: String, shape: &[usize], conversion: Conversion) {
        self.entries.push(Entry { key, shape: shape.to_vec(), conversion });
    }

    #[inline(never)]
    fn linear(&mut self, key: &str, from: usize, to: usize) {
        self.add(format!("{key}.weight"), &[to, from], Conversion::Same);
        self.add(format!("{key}.bias"), &[to], Conversion::Same);
    }

    #[inline(never)]
    fn norm(&mut self, key: &str, dim: usize) {
        self.add(format!("{key}.weight"), &[dim], Conversion::Same);
        self.add(format!("{key}.bias"), &[dim], Conversion::Same);
    }

    #[inline(never)]
    fn conv(&mut self, key: &str, shape: [usize; 4], conversion: Conversion) {
        self.add(format!("{key}.weight"), &shape, conversion);
        self.add(format!("{key}.bias"), &shape[..1], Conversion::Same);
    }

    fn text_encoder(&mut self, text: &TextEncoderConfig, positions: usize) {
        let dim = text.dim;
        let embeddings = "text_encoder.model.embeddings";
        self.add(
            format!("{embeddings}.word_embeddings.weight"),
            &[text.vocab, dim],
            Conversion::Same,
        );
        self.add(
            format!("{embeddings}.position_embeddings.weight"),
            &[positions, dim],
            Conversion::Rows(text.rows),
        );
        self.add(format!("{embeddings}.token_type_embeddings.weight"), &[2, dim], Conversion::Same);
        self.norm(&format!("{embeddings}.LayerNorm"), dim);
        for index in 0..text.layers {
            let layer = format!("text_encoder.model.encoder.layer.{index}");
            for part in ["query", "key", "value"] {
                self.linear(&format!("{layer}.attention.self.{part}"), dim, dim);
            }
            self.linear(&format!("{layer}.attention.output.dense"), dim, dim);
            self.norm(&format!("{layer}.attention.output.LayerNorm"), dim);
            self.linear(&format!("{layer}.intermediate.dense"), dim, text.intermediate);
            self.linear(&format!("{layer}.output.dense"), text.intermediate, dim);
            self.norm(&format!("{layer}.output.LayerNorm"), dim);
        }
        if let Some(embed) = text.embed {
            self.linear("text_encoder.global_embedder", dim, embed);
            self.linear("text_encoder.local_embedder", dim, embed);
        }
    }

    fn vit(&mut self, vit: &VitConfig, side: usize) {
        let (dim, patch) = (vit.dim, vit.patch);
        let model = "img_encoder.model";
        self.add(format!("{model}.cls_token"), &[1, 1, dim], Conversion::Same);
        self.add(format!("{model}.pos_embed"), &[1, side * side + 1, dim], Conversion::Same);
        self.conv(
            &format!("{model}.patch_embed.proj"),
            [dim, 3, patch, patch],
            Conversion::PatchProduct,
        );
        for index in 0..vit.depth {
            let block = format!("{model}.blocks.{index}");
            self.norm(&format!("{block}.norm1"), dim);
            self.linear(&format!("{block}.attn.qkv"), dim, 3 * dim);
            self.linear(&format!("{block}.attn.proj"), dim, dim);
            self.norm(&format!("{block}.norm2"), dim);
            self.linear(&format!("{block}.mlp.fc1"), dim, vit.mlp);
            self.linear(&format!("{block}.mlp.fc2"), vit.mlp, dim);
        }
        self.norm(&format!("{model}.norm"), dim);
    }

    fn mobilenet(&mut self, net: &MobileNetV2Config) {
        let model = "img_encoder.model";
        self.conv(&format!("{model}.stem"), [net.stem, 3, 3, 3], Conversion::OneChannel);
        let mut channels = net.stem;
        for (index, block) in net.blocks.iter().enumerate() {
            let key = format!("{model}.blocks.{index}");
            if block.hidden != channels {
                self.conv(
                    &format!("{key}.expand"),
                    [block.hidden, channels, 1, 1],
                    Conversion::Same,
                );
            }
            self.conv(&format!("{key}.depthwise"), [block.hidden, 1, 3, 3], Conversion::Same);
            self.conv(&format!("{key}.project"), [block.out, block.hidden, 1, 1], Conversion::Same);
            channels = block.out;
        }
        self.conv(&format!("{model}.head"), [net.head, channels, 1, 1], Conversion::Same);
        self.linear("img_encoder.local_mid", net.blocks[net.mid].out, net.dim);
        self.linear("img_encoder.local_high", net.head, net.dim);
        self.linear("img_encoder.global_embedder", net.head, net.dim);
    }

    fn fusion(&mut self, fusion: &FusionConfig) {
        let (dim, hidden) = (fusion.dim, fusion.feed_forward);
        let decoder = "fusion_module.decoder";
        for index in 0..fusion.layers {
            let layer = format!("{decoder}.layers.{index}");
            let attention = format!("{layer}.multihead_attn");
            self.add(
                format!("{attention}.in_proj_weight"),
                &[3 * dim, dim],
                Conversion::QueryKeyValue,
            );
            self.add(format!("{attention}.in_proj_bias"), &[3 * dim], Conversion::QueryKeyValue);
            self.linear(&format!("{attention}.out_proj"), dim, dim);
            self.linear(&format!("{layer}.linear1"), dim, hidden);
            self.linear(&format!("{layer}.linear2"), hidden, dim);
            self.norm(&format!("{layer}.norm2"), dim);
            self.norm(&format!("{layer}.norm3"), dim);
        }
        self.norm(&format!("{decoder}.norm"), dim);
        let mut from = dim;
        for (index, &to) in fusion.projector.iter().chain(&[1]).enumerate() {
            self.linear(&format!("fusion_module.mlp_head.{}", 3 * index), from, to);
            from = to;
        }
    }
}
