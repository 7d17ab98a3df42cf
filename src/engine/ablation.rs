//! Ablation: the same image and sentence scored by one part of the fusion alone, or with one part of it switched off.
//! Nothing is retrained, so the remaining model lacks a part that it learnt to rely on. A change therefore says that
//! the score rests on that part, not that the model could not do without it.

use burn::tensor::{Tensor, Transaction};
use serde::Serialize;

use super::{EncodedImages, Engine, read_all};
use crate::error::Result;
use crate::model::{Encoded, Keys};
use crate::package::config::Reference;
use crate::text::prompt::Prompt;

/// The part of the model that computes a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Part {
    /// The model as it is.
    Whole,
    /// Only the global tokens of image and text: patches and words cannot be attended to.
    Global,
    /// Only patches and words: the global tokens cannot be attended to.
    Local,
    /// Only the text's query over the image (i2t).
    ImageToText,
    /// Only the image's query over the text (t2i).
    TextToImage,
    /// The model without the attention of one layer, counted from 0.
    WithoutLayer {
        /// Which one.
        layer: usize,
    },
    /// The model without one head of one layer, both counted from 0.
    WithoutHead {
        /// Which layer.
        layer: usize,
        /// Which of its heads.
        head: usize,
    },
}

/// A score that a part of the model computed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ablated {
    /// What was scored.
    pub part: Part,
    /// The raw logit.
    pub logit: f32,
    /// The share of the reference images to which the same part of the model gives a lower score, in percent; `None`
    /// where a [`Score`](super::Score) would have no percentile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percentile: Option<f32>,
}

impl Part {
    /// All parts of a fusion with this many layers and heads, beginning with the whole.
    pub fn all(layers: usize, heads: usize) -> Vec<Self> {
        let fixed = [Self::Whole, Self::Global, Self::Local, Self::ImageToText, Self::TextToImage];
        let whole_layers = (0..layers).map(|layer| Self::WithoutLayer { layer });
        let single_heads = (0..layers)
            .flat_map(|layer| (0..heads).map(move |head| Self::WithoutHead { layer, head }));
        fixed.into_iter().chain(whole_layers).chain(single_heads).collect()
    }

    /// The encoded images or texts, reduced to this part of the model.
    fn of(self, encoded: &Encoded, heads: usize) -> Encoded {
        match self {
            Self::Whole | Self::ImageToText | Self::TextToImage => encoded.clone(),
            Self::Global => encoded.only(Keys::Global),
            Self::Local => encoded.only(Keys::Local),
            Self::WithoutLayer { layer } => encoded.without_heads(layer, 0..heads, heads),
            Self::WithoutHead { layer, head } => {
                encoded.without_heads(layer, head..head + 1, heads)
            }
        }
    }

    /// The logit of this part, given the logits of both directions.
    fn logit(self, [i2t, t2i]: [Tensor<2>; 2]) -> Tensor<2> {
        match self {
            Self::ImageToText => i2t,
            Self::TextToImage => t2i,
            _ => (i2t + t2i) / 2.0,
        }
    }
}

impl Engine {
    /// Scores the first picture on a prompt with every part of the model, beginning with [`Part::Whole`]. The picture
    /// is not encoded again.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::score`].
    pub async fn ablate(&self, images: &EncodedImages, prompt: &str) -> Result<Vec<Ablated>> {
        let prompt = Prompt::new(prompt);
        let text = self.encode_texts(std::slice::from_ref(&prompt))?;
        let image = images.encoded.range(0, 1);
        let known = self.is_known(&prompt).await?;
        self.measure(std::slice::from_ref(&prompt), &text, |_| known).await?;
        let reference = known.then(|| self.encoded_reference()).flatten();
        let fusion = &self.config.fusion;
        let parts = Part::all(fusion.layers, fusion.heads);
        // The distribution of the whole model's scores on the reference images is already known.
        let whole = self.reference(&prompt).filter(|_| known);
        let of_reference = |part: Part| reference.filter(|_| part != Part::Whole);
        let mut logits = Transaction::default();
        for &part in &parts {
            let text = part.of(&text, fusion.heads);
            for images in std::iter::once(&image).chain(of_reference(part)) {
                let both = self.model.logits(&part.of(images, fusion.heads), &text);
                logits = logits.register(part.logit(both));
            }
        }
        let mut logits = read_all(logits).await?.into_iter();
        let mut ablated = Vec::with_capacity(parts.len());
        for part in parts {
            let logit = logits.next().and_then(|one| one.first().copied()).unwrap_or(f32::NAN);
            let own = of_reference(part).and_then(|_| logits.next()).map(Reference::percentiles);
            let ranks = if part == Part::Whole { whole.clone() } else { own };
            let percentile = ranks.map(|ranks| Reference::percentile(&ranks, logit));
            ablated.push(Ablated { part, logit, percentile });
        }
        Ok(ablated)
    }
}
