//! A finding by its observations: each observation is scored by itself, and then all are combined (after Xplainer,
//! Pellegrini et al., 2023). Raw logits of different sentences cannot be added, so ranks are combined: the percentile
//! of each observation is averaged, and the mean is ranked among the means of the reference images.

use serde::Serialize;

use super::{EncodedImages, Engine, Score, read};
use crate::error::Result;
use crate::package::config::Reference;
use crate::text::align::observations::observations;
use crate::text::prompt::{Prompt, sentence};

/// The least number of observations that can be combined.
const LEAST: usize = 2;

/// The result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Observed {
    /// The score of each observation, in the order of the list.
    pub observations: Vec<Score>,
    /// The combination of all observations that have a percentile; `None` for fewer than two, or without reference
    /// images.
    pub combined: Option<Combined>,
}

/// Several observations combined.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Combined {
    /// How many observations there are.
    pub observations: usize,
    /// The mean of their percentiles.
    pub mean: f32,
    /// Share of the reference images with a lower mean, in percent.
    pub percentile: f32,
}

impl Engine {
    /// Scores the first picture on the observations of a finding; there are none for a finding that no list contains.
    /// The picture is not encoded again.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::score`].
    pub async fn observe(&self, images: &EncodedImages, finding: &str) -> Result<Observed> {
        let prompts = observations(finding).iter().map(|words| sentence(words));
        let prompts = prompts.collect::<Result<Vec<String>>>()?;
        let scores = self.score(images, &prompts).await?;
        let observations = scores.into_iter().next().unwrap_or_default();
        let ranked = observations.iter().filter(|score| score.percentile.is_some());
        let (prompts, logits): (Vec<Prompt>, Vec<f32>) =
            ranked.map(|score| (score.prompt.clone(), score.logit)).unzip();
        let mut combined = None;
        if let Some(reference) = self.encoded_reference().filter(|_| prompts.len() >= LEAST) {
            let [i2t, t2i] = self.model.logits(reference, &self.encode_texts(&prompts)?);
            combined = Some(combine(&logits, &read((i2t + t2i) / 2.0).await?));
        }
        Ok(Observed { observations, combined })
    }
}

/// Combines the observations of a picture. `reference` holds their logits for each reference image, one image after
/// another.
fn combine(logits: &[f32], reference: &[f32]) -> Combined {
    let count = logits.len();
    let ranks: Vec<Vec<f32>> = (0..count)
        .map(|at| {
            Reference::percentiles(reference.iter().skip(at).step_by(count).copied().collect())
        })
        .collect();
    let mean_of = |logits: &[f32]| {
        let percentiles = ranks.iter().zip(logits).map(|(all, &at)| Reference::percentile(all, at));
        percentiles.sum::<f32>() / count as f32
    };
    let mean = mean_of(logits);
    let means = Reference::percentiles(reference.chunks_exact(count).map(mean_of).collect());
    Combined { observations: count, mean, percentile: Reference::percentile(&means, mean) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected numbers were computed by tests/golden/observations.py.
    #[test]
    fn observations_are_put_together_as_an_independent_implementation_does() {
        let reference: Vec<f32> =
            (0..300).map(|at| ((at * at % 97) as f32 * 0.37 + at as f32 * 0.011).sin()).collect();
        for (logits, mean, percentile) in [
            ([0.5, 0.9, -0.2], 64.7592, 82.0995),
            ([-0.95, -0.9, 0.1], 25.5689, 3.9179),
            ([2.0, 2.0, 2.0], 100.0, 100.0),
        ] {
            let combined = combine(&logits, &reference);
            assert_eq!(combined.observations, 3);
            assert!((combined.mean - mean).abs() < 1e-2, "{combined:?}");
            assert!((combined.percentile - percentile).abs() < 1e-2, "{combined:?}");
        }
    }
}
