//! Ranking scores among the user's own images: for which findings a population is measured, and how scores rank in it.

use std::collections::HashSet;
use std::slice::from_ref;
use std::sync::Arc;

use super::{Engine, Wording};
use crate::error::Result;
use crate::package::config::{Measured, ModelConfig, Reference, Validation};
use crate::package::population::{ModelId, Population};
use crate::sync::lock;
use crate::text::prompt::{Prompt, normalize, sentence};

impl Engine {
    /// The user's own population, if scores are ranked in it instead of among the model's reference images.
    pub fn population(&self) -> Option<Arc<Population>> {
        lock(&self.population).clone()
    }

    /// Ranks scores in this population from now on; with `None`, among the model's reference images again.
    ///
    /// # Errors
    ///
    /// [`Error::OtherModel`](crate::Error::OtherModel) for a population of another model; nothing changes then.
    pub fn rank_among(&self, population: Option<Population>) -> Result<()> {
        if let Some(population) = &population {
            population.check_model(&self.identity())?;
        }
        *lock(&self.population) = population.map(Arc::new);
        Ok(())
    }

    /// The identity of this model.
    pub fn identity(&self) -> ModelId {
        let ModelConfig { title, version, .. } = &self.config;
        let sha256 = self.manifest.sha256.clone();
        ModelId { name: title.clone(), version: version.clone(), sha256 }
    }

    /// The findings for which a population is measured: those of all presets and `more`, one for each sentence, if the
    /// model learnt something similar to their words. Other findings cannot be ranked.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::score`].
    pub async fn measurable(&self, more: &[String]) -> Result<Vec<String>> {
        let listed = self.config.presets.iter().flat_map(|preset| &preset.findings);
        let mut seen = HashSet::new();
        let (mut findings, mut sentences) = (Vec::new(), Vec::new());
        for finding in listed.chain(more) {
            let sentence = sentence(finding)?;
            if seen.insert(normalize(&sentence)) {
                findings.push(finding.clone());
                sentences.push(sentence);
            }
        }
        if let Some(wordings) = self.wordings(&sentences).await? {
            let mut wordings = wordings.iter();
            findings.retain(|_| !matches!(wordings.next(), Some(Wording::Unknown { .. })));
        }
        Ok(findings)
    }

    /// Makes a population of the scores of its images. `logits`, and `cosines` unless it is empty, hold for each
    /// finding the scores of all images.
    ///
    /// # Errors
    ///
    /// Those of [`Population::new`].
    pub fn population_of(
        &self,
        name: &str,
        findings: &[String],
        logits: &[Vec<f32>],
        cosines: &[Vec<f32>],
        validation: Option<Validation>,
    ) -> Result<Population> {
        let sentences =
            findings.iter().map(|finding| key_of(finding)).collect::<Result<Vec<_>>>()?;
        let images = logits.first().map_or(0, Vec::len);
        let reference = Reference::measured(name, &sentences, logits, cosines);
        Population::new(self.identity(), images, reference, validation)
    }

    /// The percentiles of logits of a sentence, for images that were scored before; `None` where a
    /// [`Score`](super::Score) would have no percentile.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::score`].
    pub async fn rank(&self, prompt: &Prompt, logits: &[f32]) -> Result<Option<Vec<f32>>> {
        if !self.is_known(prompt).await? {
            return Ok(None);
        }
        let one = from_ref(prompt);
        if self.reference(prompt).is_none() && self.encoded_reference().is_some() {
            self.measure(one, &self.encode_texts(one)?, |_| true).await?;
        }
        let ranked =
            |all: Vec<f32>| logits.iter().map(|&at| Reference::percentile(&all, at)).collect();
        Ok(self.reference(prompt).map(ranked))
    }

    /// How well the model separated positive and negative images of a prompt's finding: on the user's own images if
    /// these have labels, or else on the model's validation images.
    pub fn validation(&self, prompt: &Prompt) -> Option<Measured> {
        let own = self.population();
        let labelled = own.as_ref().and_then(|own| own.validation.as_ref());
        let all = labelled.or(self.config.validation.as_ref())?;
        all.findings.get(prompt.normalized()).cloned()
    }
}

/// The normalised sentence of a finding, which is the key of its percentiles and measurements.
///
/// # Errors
///
/// [`Error::Prompt`](crate::Error::Prompt) where the finding has no word that can be read.
pub fn key_of(finding: &str) -> Result<String> {
    Ok(normalize(&sentence(finding)?))
}
