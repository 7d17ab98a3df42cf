//! Every step from one picture and one sentence to their score: word pieces and words, their vectors, the attention of
//! every layer and head, the two rows that the fusion returns, and the outputs of the projector's layers.

use burn::tensor::{Tensor, Transaction};
use serde::Serialize;

use super::{EncodedImages, Engine, read_all};
use crate::error::{Error, Result};
use crate::model::Interaction;
use crate::text::prompt::Prompt;

/// A word piece.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// Its letters, after `##` if it continues a word.
    pub text: String,
    /// The word that it belongs to, counted from 0.
    pub word: usize,
}

/// All intermediate numbers between a picture and a sentence and their score.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The sentence's words as the model reads them, `[CLS]` first and `[SEP]` last.
    pub words: Vec<String>,
    /// The word pieces of all words, in order.
    pub pieces: Vec<Piece>,
    /// Number of layers of the fusion.
    pub layers: usize,
    /// Number of heads in each layer.
    pub heads: usize,
    /// The vector of each word in the text memory, `[words, dim]`.
    pub word_vectors: Vec<f32>,
    /// The vector of the whole sentence, `[dim]`, which is the query over the picture.
    pub text_vector: Vec<f32>,
    /// The vector of the whole picture, `[dim]`, which is the query over the words.
    pub image_vector: Vec<f32>,
    /// Attention weights of the sentence's query over the patches of the view, `[layers, heads, patches]`. The
    /// remainder up to 1 is the weight of the picture's global token.
    pub patches: Vec<f32>,
    /// Attention weights of the picture's query over the words, `[layers, heads, words]`. The remainder up to 1 is the
    /// weight of the text's global token and of the empty rows of its memory.
    pub attended_words: Vec<f32>,
    /// Attention weights of the picture's query over the text's global token, `[layers, heads]`.
    pub attended_text: Vec<f32>,
    /// Where each word would look if it alone were the query over the picture, averaged over layers and
    /// heads: `[words, patches]`. The score does not use this.
    pub word_patches: Vec<f32>,
    /// The two query rows after the last layer, `[2, dim]`: that of the sentence over the picture, and that of the
    /// picture over the sentence.
    pub fused: Vec<f32>,
    /// The outputs of the projector's hidden layers for these two rows, each `[2, width]`.
    pub hidden: Vec<Vec<f32>>,
    /// The score of the first row, as in a [`Score`](super::Score).
    pub i2t: f32,
    /// The score of the second row.
    pub t2i: f32,
    /// The mean of both.
    pub logit: f32,
}

impl Engine {
    /// Computes all steps from the first picture and a sentence to their score. The picture is not encoded again.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::score`].
    pub async fn explain(&self, images: &EncodedImages, prompt: &str) -> Result<Explanation> {
        let prompt = Prompt::new(prompt);
        let tokens = self.tokenizer.encode_words(prompt.normalized())?;
        let text = self.encode_texts(std::slice::from_ref(&prompt))?;
        let words = self.model.encode_words(&tokens, &self.device);
        let image = images.encoded.range(0, 1);
        let fusion = &self.model.fusion_module;
        let [i2t, t2i] = fusion.interact([(&image, &text), (&text, &image)]);
        let [by_word] = fusion.interact([(&image, &words)]);
        let fused = Tensor::cat(vec![i2t.rows.clone(), t2i.rows.clone()], 0).squeeze_dim::<2>(1);

        let count = tokens.words.len();
        let mut all = Transaction::default()
            .register(words.query())
            .register(text.query())
            .register(image.query())
            .register(weights(i2t, 1, None))
            .register(weights(t2i.clone(), 1, Some(count)))
            .register(weights(t2i, 0, Some(1)))
            .register(weights(by_word, 1, None).mean_dim(1).mean_dim(0))
            .register(fused.clone());
        for layer in fusion.project(fused) {
            all = all.register(layer);
        }
        let mut all = read_all(all).await?;
        let logits = all.pop().unwrap_or_default();
        let hidden = all.split_off(8);
        let mut all = all.into_iter();
        let mut next = || all.next().unwrap_or_default();
        let &[i2t, t2i] = &logits[..] else {
            return Err(Error::Device("a score was lost on the way".into()));
        };
        Ok(Explanation {
            pieces: pieces(tokens.pieces, &tokens.rows),
            words: tokens.words,
            layers: self.config.fusion.layers,
            heads: self.config.fusion.heads,
            word_vectors: next(),
            text_vector: next(),
            image_vector: next(),
            patches: next(),
            attended_words: next(),
            attended_text: next(),
            word_patches: next(),
            fused: next(),
            hidden,
            i2t,
            t2i,
            logit: (i2t + t2i) / 2.0,
        })
    }
}

/// The attention weights of all layers and queries over a single memory, `[layers, heads, queries, keys]`, for `keys`
/// keys from the key `from` on, or for all that follow. The first key is the global token.
fn weights(interaction: Interaction, from: usize, keys: Option<usize>) -> Tensor<4> {
    let layers = interaction.layers.into_iter().map(|layer| {
        let [_, _, _, all] = layer.weights.dims();
        layer.weights.squeeze_dim::<3>(0).narrow(2, from, keys.unwrap_or(all - from))
    });
    Tensor::stack(layers.collect(), 0)
}

fn pieces(texts: Vec<String>, words: &[usize]) -> Vec<Piece> {
    texts.into_iter().zip(words).map(|(text, &word)| Piece { text, word }).collect()
}
