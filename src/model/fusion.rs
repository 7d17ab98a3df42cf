//! SimR: cross-attention between image and text in both directions, followed by the projector that turns its result
//! into a score.

use std::ops::Range;

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Int, Tensor};

use super::cosine::cosines;
use super::linear::{activated, added, feed_forward, linear};
use super::norm::LayerNorm;
use super::ops::activation::Activation;
use super::ops::{Attended, attend};
use super::parameters;
use super::tokens::MASKED;
use crate::package::config::FusionConfig;

/// `fusion_module`: the same decoder serves both directions.
#[derive(Module, Debug)]
pub struct Fusion {
    decoder: Decoder,
    mlp_head: Vec<Linear>,
}

#[derive(Module, Debug)]
struct Decoder {
    layers: Vec<DecoderLayer>,
    norm: LayerNorm,
}

/// A decoder layer without self-attention: a single query row has nothing to attend to.
#[derive(Module, Debug)]
struct DecoderLayer {
    multihead_attn: CrossAttention,
    norm2: LayerNorm,
    linear1: Linear,
    linear2: Linear,
    norm3: LayerNorm,
}

#[derive(Module, Debug)]
struct CrossAttention {
    query: Linear,
    key: Linear,
    value: Linear,
    out_proj: Linear,
    heads: usize,
}

/// Images or texts, ready to be scored: the query row of each, and the keys and values of its memory in every layer.
/// None of it depends on the other side.
#[derive(Debug, Clone)]
pub struct Encoded {
    /// `[items, dim]`
    query: Tensor<2>,
    memory: Vec<KeyValue>,
    /// Added to the attention logits of each key, `[items, keys]`.
    bias: Option<Tensor<2>>,
    /// Unit vectors `[items, dim]` for comparison by cosine: the projections of the CLIP-style head, or the normalised
    /// global tokens where the model has none. `None` for items that serve only as queries or memories.
    unit_embedding: Option<Tensor<2>>,
}

/// Keys and values of one layer, both `[items, keys, dim]`, heads side by side.
#[derive(Debug, Clone)]
struct KeyValue {
    key: Tensor<3>,
    value: Tensor<3>,
}

/// Attention of one layer from every query to every memory, `[memories, heads, queries, keys]`.
#[derive(Debug, Clone)]
pub struct LayerAttention {
    /// Logits before the softmax.
    pub scores: Tensor<4>,
    /// Weights after the softmax.
    pub weights: Tensor<4>,
}

/// Every query's attention over every memory.
#[derive(Debug, Clone)]
pub struct Interaction {
    /// `[memories, queries]`
    pub logits: Tensor<2>,
    /// The query rows after the last layer, which the projector turns into scores: `[memories, queries, dim]`.
    pub rows: Tensor<3>,
    /// One for each layer.
    pub layers: Vec<LayerAttention>,
}

/// Scores of every image against every text.
#[derive(Debug, Clone)]
pub struct Scores {
    /// Text query over the image memory, `[images, texts]`.
    pub i2t: Tensor<2>,
    /// Image query over the text memory, `[images, texts]`.
    pub t2i: Tensor<2>,
    /// Attention weights of i2t, averaged over heads and layers, the global token left out:
    /// `[images, texts, patches]`.
    pub attention: Tensor<3>,
    /// The same average of the logits before the softmax, which localise better (RadZero, 2025).
    pub similarity: Tensor<3>,
    /// Cosines of images and texts, -1 to 1, `[images, texts]`; `None` where either side has no unit embedding.
    pub cosine: Option<Tensor<2>>,
}

/// A part of the keys of every memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// The token that stands for the whole image or text.
    Global,
    /// Patches, or words.
    Local,
}

impl Encoded {
    /// Number of images or texts.
    pub fn count(&self) -> usize {
        self.query.dims()[0]
    }

    /// The query row of each item, as it enters the first layer: `[items, dim]`.
    pub fn query(&self) -> Tensor<2> {
        self.query.clone()
    }

    /// The unit vectors of the items for comparison by cosine, `[items, dim]`.
    pub fn unit_embedding(&self) -> Option<Tensor<2>> {
        self.unit_embedding.clone()
    }

    /// The same items with these directions.
    pub fn with_unit_embedding(self, unit_embedding: Tensor<2>) -> Self {
        Self { unit_embedding: Some(unit_embedding), ..self }
    }

    /// Cosines of the directions of images and texts, `[images, texts]`.
    fn cosine(&self, texts: &Self) -> Option<Tensor<2>> {
        let (images, texts) = (self.unit_embedding.clone()?, texts.unit_embedding.clone()?);
        Some(cosines(images, texts))
    }

    /// A contiguous range of the items, as a view without copying.
    pub fn range(&self, first: usize, count: usize) -> Self {
        Self {
            query: self.query.clone().narrow(0, first, count),
            memory: self.map_memory(|x| x.narrow(0, first, count)),
            bias: self.bias.clone().map(|bias| bias.narrow(0, first, count)),
            unit_embedding: self.unit_embedding.clone().map(|x| x.narrow(0, first, count)),
        }
    }

    /// A copy of the items at these indices, of which there must be at least one.
    pub fn copy(&self, indices: &[usize]) -> Self {
        let indices: Vec<i32> = indices.iter().map(|&index| index as i32).collect();
        let indices = Tensor::<1, Int>::from_data(indices.as_slice(), &self.query.device());
        Self {
            query: self.query.clone().select(0, indices.clone()),
            memory: self.map_memory(|x| x.select(0, indices.clone())),
            bias: self.bias.clone().map(|bias| bias.select(0, indices.clone())),
            unit_embedding: self.unit_embedding.clone().map(|x| x.select(0, indices.clone())),
        }
    }

    /// The same items, but only some of their keys can be attended to.
    pub fn only(&self, keys: Keys) -> Self {
        let (first, count) = match keys {
            Keys::Global => (0, 1),
            Keys::Local => (1, self.keys() - 1),
        };
        Self {
            query: self.query.clone(),
            memory: self.map_memory(|x| x.narrow(1, first, count)),
            bias: self.bias.clone().map(|bias| bias.narrow(1, first, count)),
            unit_embedding: self.unit_embedding.clone(),
        }
    }

    /// The same items with the heads `off` of one layer switched off, of `heads` in all: the values of those heads are
    /// set to zero.
    pub fn without_heads(&self, layer: usize, off: Range<usize>, heads: usize) -> Self {
        let mut changed = self.clone();
        let value = &mut changed.memory[layer].value;
        let [items, keys, dim] = value.dims();
        let width = dim / heads;
        let zeros = Tensor::zeros([items, keys, off.len() * width], &value.device());
        *value = value
            .clone()
            .slice_assign([0..items, 0..keys, off.start * width..off.end * width], zeros);
        changed
    }

    fn map_memory(&self, change: impl Fn(Tensor<3>) -> Tensor<3>) -> Vec<KeyValue> {
        let layer = |layer: &KeyValue| KeyValue {
            key: change(layer.key.clone()),
            value: change(layer.value.clone()),
        };
        self.memory.iter().map(layer).collect()
    }

    /// Joins several batches into one. Shorter memories are padded with keys that are never attended to.
    ///
    /// `parts` must not be empty and must come from the same fusion.
    pub fn cat(parts: &[Self]) -> Self {
        if let [part] = parts {
            return part.clone();
        }
        let keys = parts.iter().map(|part| part.keys()).max().unwrap_or(0);
        let padded: Vec<Self> = parts.iter().map(|part| part.pad(keys)).collect();
        let layer = |index: usize| KeyValue {
            key: Tensor::cat(padded.iter().map(|part| part.memory[index].key.clone()).collect(), 0),
            value: Tensor::cat(
                padded.iter().map(|part| part.memory[index].value.clone()).collect(),
                0,
            ),
        };
        let bias: Option<Vec<_>> = padded.iter().map(|part| part.bias.clone()).collect();
        let unit_embedding: Option<Vec<_>> =
            padded.iter().map(|part| part.unit_embedding.clone()).collect();
        Self {
            query: Tensor::cat(padded.iter().map(|part| part.query.clone()).collect(), 0),
            memory: (0..padded[0].memory.len()).map(layer).collect(),
            bias: bias.map(|parts| Tensor::cat(parts, 0)),
            unit_embedding: unit_embedding.map(|parts| Tensor::cat(parts, 0)),
        }
    }

    fn keys(&self) -> usize {
        self.memory[0].key.dims()[1]
    }

    /// Pads the memories to `keys` keys with keys that are never attended to. Only memories with a bias differ in
    /// length.
    fn pad(&self, keys: usize) -> Self {
        let missing = keys - self.keys();
        if missing == 0 {
            return self.clone();
        }
        let device = self.query.device();
        let pad = |x: Tensor<3>| {
            let [items, _, dim] = x.dims();
            Tensor::cat(vec![x, Tensor::zeros([items, missing, dim], &device)], 1)
        };
        let masked = Tensor::full([self.count(), missing], MASKED, &device);
        Self {
            query: self.query.clone(),
            memory: self.map_memory(pad),
            bias: self.bias.as_ref().map(|bias| Tensor::cat(vec![bias.clone(), masked], 1)),
            unit_embedding: self.unit_embedding.clone(),
        }
    }
}

impl Fusion {
    /// A fusion with its parameters still to be loaded.
    pub fn init(config: &FusionConfig, device: &Device) -> Self {
        let widths: Vec<usize> =
            [config.dim].iter().chain(&config.projector).chain(&[1]).copied().collect();
        Self {
            decoder: Decoder {
                layers: (0..config.layers).map(|_| DecoderLayer::init(config, device)).collect(),
                norm: norm(config, device),
            },
            mlp_head: widths.windows(2).map(|w| parameters::linear(w[0], w[1], device)).collect(),
        }
    }

    /// Prepares images or texts for scoring.
    ///
    /// # Shapes
    ///
    /// - global: `[items, dim]`
    /// - local: `[items, tokens, dim]`
    /// - bias: `[items, 1 + tokens]`, added to the attention logits of each key
    pub fn encode(&self, global: Tensor<2>, local: Tensor<3>, bias: Option<Tensor<2>>) -> Encoded {
        let norm = &self.decoder.norm;
        let memory = norm.forward(Tensor::cat(vec![global.clone().unsqueeze_dim(1), local], 1));
        Encoded {
            query: norm.forward(global),
            memory: self
                .decoder
                .layers
                .iter()
                .map(|layer| layer.multihead_attn.remember(memory.clone()))
                .collect(),
            bias,
            unit_embedding: None,
        }
    }

    /// Prepares the rows of a memory as queries, to see what a single word would attend to. CARZero's score does not
    /// use this: its query always stands for the whole text.
    ///
    /// # Shapes
    ///
    /// - local: `[rows, dim]`
    pub fn encode_rows(&self, local: Tensor<2>) -> Encoded {
        let [rows, dim] = local.dims();
        self.encode(local.clone(), local.reshape([rows, 1, dim]), None)
    }

    /// Scores every image against every text: in i2t the texts' queries attend to the images'
    /// memories, in t2i the images' queries to the texts' memories; the logit is the mean of both.
    pub fn score(&self, images: &Encoded, texts: &Encoded) -> Scores {
        let [i2t, t2i] = self.interact([(images, texts), (texts, images)]);
        Scores {
            i2t: i2t.logits,
            t2i: t2i.logits.transpose(),
            attention: patch_map(i2t.layers.iter().map(|layer| layer.weights.clone())),
            similarity: patch_map(i2t.layers.iter().map(|layer| layer.scores.clone())),
            cosine: images.cosine(texts),
        }
    }

    /// For each pair of a memory side and a query side, attends from every query to every memory. Layers that have
    /// weights process the rows of all pairs in one call.
    pub fn interact<const N: usize>(&self, pairs: [(&Encoded, &Encoded); N]) -> [Interaction; N] {
        let sizes = pairs.map(|(memories, queries)| [memories.count(), queries.count()]);
        // Before the first attention the query rows are the same for all memories.
        let mut current = pairs.map(|(_, queries)| [1, queries.count()]);
        let mut x = joined(pairs.map(|(_, queries)| queries.query.clone().unsqueeze_dim(0)));
        let mut attention = pairs.map(|_| Vec::with_capacity(self.decoder.layers.len()));
        for (index, layer) in self.decoder.layers.iter().enumerate() {
            let queries = split(layer.query(x.clone()), current);
            let contexts: [Tensor<3>; N] = std::array::from_fn(|pair| {
                let memories = pairs[pair].0;
                let KeyValue { key, value } = memories.memory[index].clone();
                let (query, heads) = (queries[pair].clone(), layer.multihead_attn.heads);
                let Attended { context, scores, weights } =
                    attend(query, key, value, heads, memories.bias.clone());
                attention[pair].push(LayerAttention { scores, weights });
                context
            });
            if current != sizes {
                let parts = split(x, current);
                x = joined::<N>(std::array::from_fn(|pair| {
                    let ([memories, items], dim) = (sizes[pair], parts[pair].dims()[2]);
                    parts[pair].clone().expand([memories, items, dim])
                }));
                current = sizes;
            }
            x = layer.forward(x, joined(contexts));
        }
        let rows = self.decoder.norm.forward(x);
        let logits = self.project(rows.clone()).last().unwrap_or_else(|| rows.clone());
        let logits = split(logits, sizes).into_iter();
        let mut parts = logits.zip(split(rows, sizes)).zip(attention);
        std::array::from_fn(|_| {
            let Some(((logits, rows), layers)) = parts.next() else { unreachable!("N of each") };
            Interaction { logits: logits.squeeze_dim(2), rows, layers }
        })
    }

    /// The output of each layer of the projector, one after the other; the last one holds the score of each row,
    /// `[rows, 1]`.
    pub fn project(&self, rows: Tensor<2>) -> impl Iterator<Item = Tensor<2>> {
        let last = self.mlp_head.len() - 1;
        self.mlp_head.iter().enumerate().scan(rows, move |x, (index, layer)| {
            let activation = if index == last { Activation::Identity } else { Activation::Relu };
            *x = activated(layer, x.clone(), activation);
            Some(x.clone())
        })
    }
}

/// Concatenates the rows of all parts.
fn joined<const N: usize>(parts: [Tensor<3>; N]) -> Tensor<2> {
    Tensor::cat(parts.map(|part| part.flatten(0, 1)).to_vec(), 0)
}

/// The inverse of [`joined`]: splits the rows of `x` into parts, given the number of memories and of items of each.
fn split<const N: usize>(x: Tensor<2>, sizes: [[usize; 2]; N]) -> [Tensor<3>; N] {
    let mut start = 0;
    sizes.map(|[memories, items]| {
        let rows = memories * items;
        let part = x.clone().narrow(0, start, rows);
        start += rows;
        part.reshape([memories, items, x.dims()[1]])
    })
}

/// Averages over heads and layers, and drops the first key, the global token.
fn patch_map(layers: impl Iterator<Item = Tensor<4>>) -> Tensor<3> {
    let means: Vec<Tensor<3>> = layers.map(|layer| layer.mean_dim(1).squeeze_dim(1)).collect();
    let mean = Tensor::stack::<4>(means, 0).mean_dim(0).squeeze_dim::<3>(0);
    let keys = mean.dims()[2];
    mean.narrow(2, 1, keys - 1)
}

impl DecoderLayer {
    fn init(config: &FusionConfig, device: &Device) -> Self {
        let FusionConfig { dim, feed_forward, heads, .. } = *config;
        let linear = |from, to| parameters::linear(from, to, device);
        Self {
            multihead_attn: CrossAttention {
                query: linear(dim, dim),
                key: linear(dim, dim),
                value: linear(dim, dim),
                out_proj: linear(dim, dim),
                heads,
            },
            norm2: norm(config, device),
            linear1: linear(dim, feed_forward),
            linear2: linear(feed_forward, dim),
            norm3: norm(config, device),
        }
    }

    /// The attention's query for each row.
    fn query(&self, x: Tensor<2>) -> Tensor<2> {
        linear(&self.multihead_attn.query, self.norm2.forward(x))
    }

    /// The rest of the layer after the attention: `context` is the attention's result.
    fn forward(&self, x: Tensor<2>, context: Tensor<2>) -> Tensor<2> {
        let x = added(&self.multihead_attn.out_proj, context, x);
        let layers = [&self.linear1, &self.linear2];
        feed_forward(layers, self.norm3.forward(x.clone()), Activation::Relu, x)
    }
}

impl CrossAttention {
    /// Keys and values of a memory, `[items, keys, dim]`.
    fn remember(&self, memory: Tensor<3>) -> KeyValue {
        KeyValue { key: linear(&self.key, memory.clone()), value: linear(&self.value, memory) }
    }
}

fn norm(config: &FusionConfig, device: &Device) -> LayerNorm {
    LayerNorm::init(config.dim, config.norm_eps, device)
}
