//! BERT (Devlin et al., 2019, <https://arxiv.org/abs/1810.04805>) in Hugging Face's layout,
//! without the pooler.

use burn::module::Module;
use burn::nn::{Embedding, Linear};
use burn::tensor::{Device, Int, Tensor};

use super::linear::{feed_forward, rows};
use super::norm::LayerNorm;
use super::ops::activation::Activation;
use super::ops::{self, Projections};
use super::parameters;
use crate::package::config::TextEncoderConfig;

/// The encoder stack.
#[derive(Module, Debug)]
pub struct Bert {
    embeddings: Embeddings,
    encoder: Layers,
}

#[derive(Module, Debug)]
struct Embeddings {
    word_embeddings: Embedding,
    position_embeddings: Embedding,
    token_type_embeddings: Embedding,
    layer_norm: LayerNorm,
}

#[derive(Module, Debug)]
struct Layers {
    layer: Vec<Layer>,
}

#[derive(Module, Debug)]
struct Layer {
    attention: SelfAttention,
    intermediate: Intermediate,
    output: Output,
}

#[derive(Module, Debug)]
struct SelfAttention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Output,
    heads: usize,
}

#[derive(Module, Debug)]
struct Intermediate {
    dense: Linear,
}

/// A projection, the residual and the norm after it.
#[derive(Module, Debug)]
struct Output {
    dense: Linear,
    layer_norm: LayerNorm,
}

impl Bert {
    /// A stack with its parameters still to be loaded. It has as many position embeddings as the text memory has rows,
    /// since more are never used.
    pub fn init(config: &TextEncoderConfig, device: &Device) -> Self {
        let embedding = |count| parameters::embedding(count, config.dim, device);
        Self {
            embeddings: Embeddings {
                word_embeddings: embedding(config.vocab),
                position_embeddings: embedding(config.rows),
                token_type_embeddings: embedding(2),
                layer_norm: norm(config, device),
            },
            encoder: Layers {
                layer: (0..config.layers).map(|_| Layer::init(config, device)).collect(),
            },
        }
    }

    /// The sum of the last `last` hidden states, `[texts, tokens, dim]`. The output of the embeddings counts as the
    /// first hidden state.
    ///
    /// # Shapes
    ///
    /// - ids: `[texts, tokens]`
    /// - mask: `[texts, tokens]`, added to the attention logits: 0 for a token, very negative for
    ///   padding
    /// - last: from 1 to the number of layers plus one
    pub fn forward(&self, ids: Tensor<2, Int>, mask: Tensor<2>, last: usize) -> Tensor<3> {
        let layers = &self.encoder.layer;
        let (below, above) = layers.split_at(layers.len() + 1 - last);
        let mut x = self.embeddings.forward(ids);
        for layer in below {
            x = layer.forward(x, mask.clone());
        }
        let mut sum = x.clone();
        for layer in above {
            x = layer.forward(x, mask.clone());
            sum = sum + x.clone();
        }
        sum
    }
}

impl Embeddings {
    fn forward(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        let [texts, tokens] = ids.dims();
        let first = |count: usize| Tensor::arange(0..count as i64, &ids.device());
        let positions = rows(&self.position_embeddings, first(tokens));
        let segment = rows(&self.token_type_embeddings, first(1));
        let words = rows(&self.word_embeddings, ids.reshape([texts * tokens]));
        let words = words.reshape([texts as isize, tokens as isize, -1]);
        self.layer_norm.forward(words + (positions + segment).unsqueeze_dim(0))
    }
}

impl Layer {
    fn init(config: &TextEncoderConfig, device: &Device) -> Self {
        let TextEncoderConfig { dim, intermediate, heads, .. } = *config;
        let linear = |from, to| parameters::linear(from, to, device);
        let output = |from| Output { dense: linear(from, dim), layer_norm: norm(config, device) };
        Self {
            attention: SelfAttention {
                query: linear(dim, dim),
                key: linear(dim, dim),
                value: linear(dim, dim),
                output: output(dim),
                heads,
            },
            intermediate: Intermediate { dense: linear(dim, intermediate) },
            output: output(intermediate),
        }
    }

    fn forward(&self, x: Tensor<3>, mask: Tensor<2>) -> Tensor<3> {
        let x = self.attention.forward(x, mask);
        let layers = [&self.intermediate.dense, &self.output.dense];
        self.output.layer_norm.forward(feed_forward(layers, x.clone(), Activation::Gelu, x))
    }
}

impl SelfAttention {
    fn forward(&self, x: Tensor<3>, mask: Tensor<2>) -> Tensor<3> {
        let layers = ops::SelfAttention {
            projections: Projections::Separate(Box::new(
                [&self.query, &self.key, &self.value].map(Into::into),
            )),
            output: (&self.output.dense).into(),
            heads: self.heads,
        };
        self.output.layer_norm.forward(ops::self_attention(x.clone(), layers, Some(mask), x))
    }
}

fn norm(config: &TextEncoderConfig, device: &Device) -> LayerNorm {
    LayerNorm::init(config.dim, config.norm_eps, device)
}
