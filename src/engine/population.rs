//! Scores ranked among images of one's own: what a population is measured for, and where scores stand in it.

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
    /// Images of one's own that scores are ranked among, if not the model's.
    pub fn population(&self) -> Option<Arc<Population>> {
        lock(&self.population).clone()
    }

    /// Ranks scores among other images from now on, or among the model's own again.
    ///
    /// # Errors
    ///
    /// [`Error::OtherModel`](crate::Error::OtherModel) for a population of another model; then all stays as it is.
    pub fn rank_among(&self, population: Option<Population>) -> Result<()> {
        if let Some(population) = &population {
            population.check_model(&self.identity())?;
        }
        *lock(&self.population) = population.map(Arc::new);
        Ok(())
    }

    /// Which model this is.
    pub fn identity(&self) -> ModelId {
        let ModelConfig { title, version, .. } = &self.config;
        let sha256 = self.manifest.sha256.clone();
        ModelId { name: title.clone(), version: version.clone(), sha256 }
    }

    /// The findings that a population is measured for: those of all lists and `more`, one for each sentence, as far as the
    /// model learnt anything near their words. What it never learnt has no rank.
    ///
    /// # Errors
    ///
    /// As [`Engine::score`].
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

    /// A population from the scores of its images: `logits`, and `cosines` unless empty, hold those of all images for each
    /// finding.
    ///
    /// # Errors
    ///
    /// As [`Population::new`].
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

    /// Where logits of a sentence stand, for images that were scored before: their percentiles, or none where a
    /// [`Score`](super::Score) would have none.
    ///
    /// # Errors
    ///
    /// As [`Engine::score`].
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

    /// How well a prompt was told apart on labelled images: one's own where they have labels, or else the model's.
    pub fn validation(&self, prompt: &Prompt) -> Option<Measured> {
        let own = self.population();
        let labelled = own.as_ref().and_then(|own| own.validation.as_ref());
        let all = labelled.or(self.config.validation.as_ref())?;
        all.findings.get(prompt.normalized()).cloned()
    }
}

/// A finding's sentence, normalised: by it percentiles and measurements are found.
///
/// # Errors
///
/// [`Error::Prompt`](crate::Error::Prompt) where nothing of it can be read.
pub fn key_of(finding: &str) -> Result<String> {
    Ok(normalize(&sentence(finding)?))
}
