//! Cross-attention compared with cosine similarity: the same findings scored by the fusion and by the CLIP-style head,
//! which has the same encoders and was trained on the same sentences. Only how image and text are combined differs (Lai
//! et al., 2024, Table 3). A model without such a head has the cosine of the global features before the fusion, which
//! was never trained to rank images.

use serde::Serialize;

use super::{EncodedImages, Engine, Standing};
use crate::error::Result;
use crate::package::config::Reference;
use crate::text::prompt::Prompt;

/// A finding, scored in both ways.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BothHeads {
    /// The score by cross-attention, as in a [`Score`](super::Score).
    pub cross_attention: Standing,
    /// The cosine, -1 to 1. Its percentile is relative to the same reference images, where the model has their cosines.
    pub cosine: Standing,
}

impl Engine {
    /// Scores the first picture on prompts in both ways, in the order of the prompts.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::score`].
    pub async fn both_heads(
        &self,
        images: &EncodedImages,
        prompts: &[String],
    ) -> Result<Vec<BothHeads>> {
        let scores = self.score(images, prompts).await?;
        let both = scores.into_iter().next().unwrap_or_default().into_iter().filter_map(|score| {
            let cosine = score.cosine?;
            let ranks = self.cosine_reference(&score.prompt).filter(|_| score.percentile.is_some());
            Some(BothHeads {
                cross_attention: Standing { logit: score.logit, percentile: score.percentile },
                cosine: Standing {
                    logit: cosine,
                    percentile: ranks.map(|ranks| Reference::percentile(&ranks, cosine)),
                },
            })
        });
        Ok(both.collect())
    }

    /// The reference distribution of a prompt's cosine: its 0th to 100th percentile.
    fn cosine_reference(&self, prompt: &Prompt) -> Option<Vec<f32>> {
        let own = self.population();
        let own = own.as_ref().map(|own| &own.reference);
        own.or(self.config.reference.as_ref())?.cosines.get(prompt.normalized()).cloned()
    }
}
