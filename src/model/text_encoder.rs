//! BERT with the official aggregation: the hidden states of the last layers are summed, the word pieces of each word
//! are summed, and linear embedders follow where the model has them.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::bert::Bert;
use super::cosine::unit;
use super::linear::linear;
use super::ops::matmul;
use super::parameters;
#[cfg(feature = "train")]
use super::parameters::standardised;
use super::tokens::MASKED;
use crate::package::config::TextEncoderConfig;
use crate::text::tokenizer::Tokens;

/// `text_encoder` of the checkpoint.
#[derive(Module, Debug)]
pub struct TextEncoder {
    model: Bert,
    global_embedder: Option<Linear>,
    local_embedder: Option<Linear>,
    rows: usize,
    last_layers: usize,
}

/// The tokens of a batch of texts.
///
/// The official memory has `rows` rows, most of them zero and therefore equal. Here equal rows are stored only once or
/// a few times, and `log_counts` compensates for that: a key that stands for n equal ones gets ln(n) added to its
/// attention logit.
#[derive(Debug, Clone)]
pub struct TextTokens {
    /// One token for the whole text, `[texts, dim]`.
    pub global: Tensor<2>,
    /// One row for `[CLS]`, for each word and for `[SEP]`, then zero rows: `[texts, kept rows, dim]`.
    pub local: Tensor<3>,
    /// For the global token and each row, the logarithm of how many rows it stands for:
    /// `[texts, 1 + kept rows]`.
    pub log_counts: Tensor<2>,
}

impl TextEncoder {
    /// An encoder with its parameters still to be loaded.
    pub fn init(config: &TextEncoderConfig, device: &Device) -> Self {
        let embedder = || config.embed.map(|to| parameters::linear(config.dim, to, device));
        Self {
            model: Bert::init(config, device),
            global_embedder: embedder(),
            local_embedder: embedder(),
            rows: config.rows,
            last_layers: config.last_layers,
        }
    }

    /// Encodes a batch of at least one text.
    pub fn forward(&self, texts: &[Tokens], device: &Device) -> TextTokens {
        self.embed(self.hidden(texts, device))
    }

    /// The tokens before the embedders, with the width of BERT's hidden states.
    pub fn hidden(&self, texts: &[Tokens], device: &Device) -> TextTokens {
        let batch = Batch::new(texts, self.rows);
        let (count, tokens, kept) = (batch.texts, batch.tokens, batch.kept);
        let ids = Tensor::<2, Int>::from_data(TensorData::new(batch.ids, [count, tokens]), device);
        let mask = Tensor::from_data(TensorData::new(batch.mask, [count, tokens]), device);
        let gather =
            Tensor::<3>::from_data(TensorData::new(batch.gather, [count, kept, tokens]), device);

        let local = matmul(gather, self.model.forward(ids, mask, self.last_layers));
        let global = local.clone().sum_dim(1).squeeze_dim::<2>(1) / self.rows as f32;
        let log_counts = TensorData::new(batch.log_counts, [count, 1 + kept]);
        TextTokens { global, local, log_counts: Tensor::from_data(log_counts, device) }
    }

    /// Unit vectors in the direction of the mean of BERT's last hidden states, `[texts, dim]`, to compare the meaning
    /// of texts. The fusion does not use them.
    pub fn meaning(&self, texts: &[Tokens], device: &Device) -> Tensor<2> {
        let Batch { texts: count, tokens, ids, mask, .. } = Batch::new(texts, self.rows);
        let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, [count, tokens]), device);
        let mask = Tensor::from_data(TensorData::new(mask, [count, tokens]), device);
        let used = mask.clone().greater_equal_elem(0.0).float().reshape([count, tokens, 1]);
        let sum = (self.model.forward(ids, mask, 1) * used).sum_dim(1).squeeze_dim::<2>(1);
        unit(sum)
    }

    /// The encoder with its embedders initialised so that the features of some texts are centred and have unit variance
    /// once projected. Encodings of different findings are very similar, and without this training hardly separates
    /// them.
    #[cfg(feature = "train")]
    pub fn standardised(mut self, hidden: &TextTokens) -> Self {
        let [texts, rows, dim] = hidden.local.dims();
        let used = hidden.log_counts.clone().narrow(1, 1, rows).lower_equal_elem(0.0).float();
        let local = hidden.local.clone().reshape([texts * rows, dim]);
        let used = used.reshape([texts * rows, 1]);
        let all = Tensor::ones([texts, 1], &hidden.global.device());
        let global = hidden.global.clone();
        self.global_embedder = self.global_embedder.map(|linear| standardised(linear, global, all));
        self.local_embedder = self.local_embedder.map(|linear| standardised(linear, local, used));
        self
    }

    /// Applies the embedders, where the model has them.
    pub fn embed(&self, hidden: TextTokens) -> TextTokens {
        TextTokens {
            global: embed(&self.global_embedder, hidden.global),
            local: embed(&self.local_embedder, hidden.local),
            log_counts: hidden.log_counts,
        }
    }
}

fn embed<const D: usize>(embedder: &Option<Linear>, x: Tensor<D>) -> Tensor<D> {
    match embedder {
        Some(embedder) => linear(embedder, x),
        None => x,
    }
}

/// Texts of different lengths, padded to rectangular arrays.
struct Batch {
    texts: usize,
    tokens: usize,
    kept: usize,
    ids: Vec<i32>,
    mask: Vec<f32>,
    gather: Vec<f32>,
    log_counts: Vec<f32>,
}

impl Batch {
    fn new(texts: &[Tokens], rows: usize) -> Self {
        let tokens = texts.iter().map(|text| text.ids.len()).max().unwrap_or(0);
        let longest = texts.iter().map(Tokens::row_count).max().unwrap_or(0);
        let kept = (longest + 1).min(rows);
        let mut batch = Self {
            texts: texts.len(),
            tokens,
            kept,
            ids: vec![0; texts.len() * tokens],
            mask: vec![MASKED; texts.len() * tokens],
            gather: vec![0.0; texts.len() * kept * tokens],
            log_counts: vec![0.0; texts.len() * (1 + kept)],
        };
        for (index, text) in texts.iter().enumerate() {
            for (position, (&id, &row)) in text.ids.iter().zip(&text.rows).enumerate() {
                batch.ids[index * tokens + position] = id as i32;
                batch.mask[index * tokens + position] = 0.0;
                batch.gather[(index * kept + row) * tokens + position] = 1.0;
            }
            let used = text.row_count();
            let zero_rows = ((rows - used) as f32 / (kept - used) as f32).ln();
            let start = index * (1 + kept) + 1;
            batch.log_counts[start + used..start + kept].fill(zero_rows);
        }
        batch
    }
}
