//! Retrieval: pictures are encoded once and kept, to be ranked later by any sentence, or by their likeness to one of
//! them.

use burn::tensor::{Tensor, TensorData, Transaction};
use half::f16;

use super::{EncodedImages, Engine, Score, read, read_all};
use crate::error::{Error, Result};
use crate::model::{Encoded, ImageTokens};
use crate::text::prompt::Prompt;

/// The kept form of an encoded picture, as bits of IEEE 754 half-precision numbers: the `(1 + patches) * dim` numbers
/// of its tokens, the global one first, followed by its projection if the model has a CLIP-style head. It contains no
/// pixels, and only scores, maps and cosines are computed from it. The rounding changes a logit of the shipped model by
/// less than 0.001.
pub type KeptImage = Vec<u16>;

/// A sentence, encoded by the text encoder.
#[derive(Debug, Clone, PartialEq)]
pub struct EncodedText {
    /// The sentence's words as the model reads them, `[CLS]` first and `[SEP]` last.
    pub words: Vec<String>,
    /// The global features, `[dim]`.
    pub global: Vec<f32>,
    /// One token for each word, `[words, dim]`.
    pub tokens: Vec<f32>,
}

impl Engine {
    /// The kept form of each picture.
    ///
    /// # Errors
    ///
    /// [`Error::Device`] where the device fails.
    pub async fn keep(&self, images: &EncodedImages) -> Result<Vec<KeptImage>> {
        let ImageTokens { global, local } = images.tokens.clone();
        let parts = [global, local.flatten(1, 2)].into_iter().chain(images.clip_embedding.clone());
        let rows = Tensor::cat(parts.collect(), 1);
        let [_, length] = rows.dims();
        let largest = f16::MAX.to_f32();
        let bits = |&value: &f32| f16::from_f32(value.clamp(-largest, largest)).to_bits();
        let rows = read(rows).await?;
        Ok(rows.chunks(length).map(|row| row.iter().map(bits).collect()).collect())
    }

    /// Prepares kept pictures for scoring.
    fn recall(&self, kept: &[&[u16]]) -> Result<Encoded> {
        let (dim, patches) = (self.config.fusion.dim, self.config.map_side().pow(2));
        let clip_embedding = self.config.cosine.as_ref().map_or(0, |head| head.dim);
        let tokens = (1 + patches) * dim;
        if kept.is_empty() || kept.iter().any(|image| image.len() != tokens + clip_embedding) {
            return Err(Error::Weights("an image was kept with another model".into()));
        }
        let values = kept.iter().copied().flatten().map(|&bits| f16::from_bits(bits).to_f32());
        let values = TensorData::new(values.collect(), [kept.len(), tokens + clip_embedding]);
        let rows = Tensor::<2>::from_data(values, &self.device);
        let part = |from, length| rows.clone().narrow(1, from, length);
        let local = part(dim, patches * dim).reshape([kept.len(), patches, dim]);
        let clip_embedding = (clip_embedding > 0).then(|| part(tokens, clip_embedding));
        Ok(self.model.encode_tokens(ImageTokens { global: part(0, dim), local }, clip_embedding))
    }

    /// Scores kept pictures, as [`Engine::score`] does with encoded ones.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::score`], and [`Error::Weights`] for pictures that were kept with another model.
    pub async fn score_kept(&self, kept: &[&[u16]], prompts: &[String]) -> Result<Vec<Vec<Score>>> {
        self.score_encoded(&self.recall(kept)?, prompts).await
    }

    /// The global features of each picture from the image encoder, `[dim]`.
    ///
    /// # Errors
    ///
    /// [`Error::Device`] where the device fails.
    pub async fn embed(&self, images: &EncodedImages) -> Result<Vec<Vec<f32>>> {
        let [_, dim] = images.tokens.global.dims();
        let all = read(images.tokens.global.clone()).await?;
        Ok(all.chunks(dim).map(<[f32]>::to_vec).collect())
    }

    /// Encodes a sentence with the text encoder, as the input of the fusion.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::score`].
    pub async fn encode_text(&self, prompt: &str) -> Result<EncodedText> {
        let tokens = self.tokenizer.encode_words(Prompt::new(prompt).normalized())?;
        let text = self.model.text_encoder.forward(std::slice::from_ref(&tokens), &self.device);
        let rows = text.local.narrow(1, 0, tokens.row_count());
        let all = Transaction::default().register(text.global).register(rows);
        let mut all = read_all(all).await?.into_iter();
        let mut next = || all.next().unwrap_or_default();
        Ok(EncodedText { words: tokens.words, global: next(), tokens: next() })
    }
}

/// How alike two pictures are to the image encoder: the cosine of their global features, -1 to 1, or 0 if either is a
/// zero vector. It depends on view, device and hospital as much as on what the pictures show, so it is no similarity of
/// diagnosis.
pub fn likeness(one: &[f32], two: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
    };
    let lengths = (dot(one, one) * dot(two, two)).sqrt();
    if lengths > 0.0 { (dot(one, two) / lengths) as f32 } else { 0.0 }
}
