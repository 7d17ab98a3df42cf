//! How one picture and one sentence come to their score, step by step: pieces and words, their vectors, the attention of
//! every layer and head, the two rows that come out of the fusion, and what the projector makes of them.

use burn::tensor::{Tensor, Transaction};
use serde::Serialize;

use super::{EncodedImages, Engine, read_all};
use crate::error::{Error, Result};
use crate::model::Interaction;
use crate::text::prompt::Prompt;

/// A word piece.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// Its letters; after `##` where it goes on with a word.
    pub text: String,
    /// The word that it belongs to, counted from 0.
    pub word: usize,
}

/// All numbers on the way from a sentence and a picture to their score.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The sentence's words as the model reads them, `[CLS]` first and `[SEP]` last.
    pub words: Vec<String>,
    /// The pieces that the words are read in, in their order.
    pub pieces: Vec<Piece>,
    /// Layers of the fusion.
    pub layers: usize,
    /// Heads of each layer.
    pub heads: usize,
    /// Each word as the fusion takes it, `[words, dim]`.
    pub word_vectors: Vec<f32>,
    /// The sentence as a whole, `[dim]`: the query over the picture.
    pub text_vector: Vec<f32>,
    /// The picture as a whole, `[dim]`: the query over the words.
    pub image_vector: Vec<f32>,
    /// Weights of the sentence over the patches of the view, `[layers, heads, patches]`. The rest, up to 1, went to the
    /// picture as a whole.
    pub patches: Vec<f32>,
    /// Weights of the picture over the words, `[layers, heads, words]`. The rest, up to 1, went to
    /// the text as a whole and to the empty rows of its memory.
    pub attended_words: Vec<f32>,
    /// Weights of the picture over the text as a whole, `[layers, heads]`.
    pub attended_text: Vec<f32>,
    /// Where each word would look if it alone were the query over the picture, averaged over layers and
    /// heads: `[words, patches]`. The score does not use this.
    pub word_patches: Vec<f32>,
    /// The two queries once they have attended, `[2, dim]`: the sentence's over the picture, and the picture's over the
    /// sentence.
    pub fused: Vec<f32>,
    /// What the projector's hidden layers make of the two, each `[2, width]`.
    pub hidden: Vec<Vec<f32>>,
    /// The score of the first, as in a [`Score`](super::Score).
    pub i2t: f32,
    /// The score of the second.
    pub t2i: f32,
    /// The mean of both.
    pub logit: f32,
}

impl Engine {
    /// Walks from the first picture and a sentence to their score. The picture is not encoded again.
    ///
    /// # Errors
    ///
    /// As [`Engine::score`].
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

/// All layers' weights of all queries over the one memory, `[layers, heads, queries, keys]`, from a key on: so many, or
/// all. The first key is the global token.
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
