//! A reference population of the user's own: a small JSON file of numbers, by which scores are ranked among other
//! images than those of the model (docs/model-package.md).
//!
//! It contains no picture, no tokens and no names of files, so that it can be shared: for each sentence it has 101
//! percentiles. Sentences that were not measured cannot be ranked in it.

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

use super::config::{Reference, Validation};
use crate::error::{Error, Result};

/// The version of this file.
const FORMAT: u32 = 1;
/// The least number of images that make a population.
pub const LEAST_IMAGES: usize = 50;
/// The largest size of a file in bytes, hundreds of times that of a usual one.
const MAX_BYTES: usize = 32_000_000;
/// The most characters of a name.
const MAX_NAME: usize = 200;
const PURPOSE: &str = "For teaching and research, not for diagnosis";

/// Identifies the model with which a population was measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelId {
    /// Its name for people.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its manifest, which names all of its files.
    pub sha256: String,
}

impl Display for ModelId {
    /// "Compact CARZero 0.4.0 (1f0c8a2b9d3e)".
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { name, version, sha256 } = self;
        write!(f, "{name} {version} ({})", sha256.chars().take(12).collect::<String>())
    }
}

/// The distribution of logits over the user's own images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Population {
    format: u32,
    purpose: String,
    /// The model whose logits these are.
    pub model: ModelId,
    /// Number of images.
    pub images: usize,
    /// Their percentiles. `reference.population` is the name that the user gave them.
    pub reference: Reference,
    /// How well the model separates positive and negative images of each finding, if the images have labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<Validation>,
}

impl Population {
    /// A population of `images` images.
    ///
    /// # Errors
    ///
    /// [`Error::FewImages`] for fewer than [`LEAST_IMAGES`], [`Error::Population`] for a name that is empty or too long,
    /// or numbers that are not finite.
    pub fn new(
        model: ModelId,
        images: usize,
        reference: Reference,
        validation: Option<Validation>,
    ) -> Result<Self> {
        let purpose = PURPOSE.to_string();
        let population = Self { format: FORMAT, purpose, model, images, reference, validation };
        population.check()?;
        Ok(population)
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    ///
    /// Those of [`Population::new`], and [`Error::Population`] where it is not such a file, or has another version.
    pub fn parse(json: &[u8]) -> Result<Self> {
        if json.len() > MAX_BYTES {
            return fail("it is too large");
        }
        let population: Self =
            serde_json::from_slice(json).map_err(|error| Error::Population(error.into()))?;
        population.check()?;
        Ok(population)
    }

    fn check(&self) -> Result<()> {
        if self.format != FORMAT {
            return fail(&format!("format {} instead of {FORMAT}", self.format));
        }
        let name = self.reference.population.trim();
        if name.is_empty() || name.chars().count() > MAX_NAME {
            return fail(&format!("its name must have 1 to {MAX_NAME} characters"));
        }
        if self.reference.percentiles.is_empty() {
            return fail("it ranks no finding");
        }
        if self.images < LEAST_IMAGES {
            return Err(Error::FewImages { images: self.images, least: LEAST_IMAGES });
        }
        let sound =
            self.reference.check().and(self.validation.as_ref().map_or(Ok(()), Validation::check));
        sound.map_err(|error| Error::Population(error.into()))
    }

    /// Rejects a population of another model.
    ///
    /// # Errors
    ///
    /// [`Error::OtherModel`] where it is one.
    pub fn check_model(&self, model: &ModelId) -> Result<()> {
        if self.model.sha256 == model.sha256 {
            return Ok(());
        }
        Err(Error::OtherModel { theirs: self.model.to_string(), ours: model.to_string() })
    }

    /// The file's content, with a line for each sentence.
    ///
    /// # Errors
    ///
    /// [`Error::Population`] where it cannot be written as JSON.
    pub fn to_json(&self) -> Result<String> {
        let json = serde_json::to_string(self).map_err(|error| Error::Population(error.into()))?;
        // Line breaks are added between entries of the maps. No text in the file contains these sequences, as quotes in
        // texts are escaped.
        Ok(json.replace("],\"", "],\n\"").replace("},\"", "},\n\"") + "\n")
    }
}

fn fail<T>(reason: &str) -> Result<T> {
    Err(Error::Population(reason.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::config::Measured;

    fn model() -> ModelId {
        let text = |text: &str| text.to_string();
        ModelId { name: text("default"), version: text("1"), sha256: "a".repeat(64) }
    }

    fn population(images: usize, name: &str) -> Result<Population> {
        let logits: Vec<f32> = (0..images).map(|at| (at * at % 97) as f32).collect();
        let sentences = ["there is edema".to_string(), "there is mass".to_string()];
        let logits = [logits.clone(), logits];
        let measured =
            Measured { positives: 20, negatives: 40, auroc: 0.9, interval: None, undecided: None };
        let validation = Validation {
            population: name.to_string(),
            findings: [("there is edema".to_string(), measured)].into(),
        };
        let reference = Reference::measured(name, &sentences, &logits, &[]);
        Population::new(model(), images, reference, Some(validation))
    }

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let ward = population(60, "ward \"],\" 7 },\"").unwrap();
        let json = ward.to_json().unwrap();
        assert_eq!(Population::parse(json.as_bytes()).unwrap(), ward);
        assert_eq!(json.lines().count(), 4, "a line for each sentence: {json}");
        assert_eq!(ward.reference.percentiles["there is edema"].len(), 101);
        assert!(ward.check_model(&model()).is_ok());
    }

    #[test]
    fn what_is_no_population_of_this_model_is_refused() {
        assert_eq!(population(49, "few").unwrap_err().code(), "few-images");
        assert_eq!(population(50, " ").unwrap_err().code(), "bad-population");
        let unranked = Reference::measured("ward", &[], &[], &[]);
        let unranked = Population::new(model(), 50, unranked, None).unwrap_err();
        assert_eq!(unranked.code(), "bad-population");
        let ward = population(50, "ward").unwrap();
        let json = ward.to_json().unwrap();
        for (from, to) in [
            ("\"format\":1", "\"format\":2"),
            ("[0.0,", "[1e9,"),
            ("[0.0,", "["),
            ("\"auroc\":0.9", "\"auroc\":9.0"),
            ("{\"format\"", "[\"format\""),
        ] {
            let broken = json.replacen(from, to, 1);
            assert_ne!(broken, json, "{from}");
            let error = Population::parse(broken.as_bytes()).unwrap_err();
            assert_eq!(error.code(), "bad-population", "{from}");
        }
        let other = ModelId { sha256: "b".repeat(64), ..model() };
        let error = ward.check_model(&other).unwrap_err();
        assert_eq!(error.code(), "other-model");
        assert!(error.to_string().contains("default 1 (aaaaaaaaaaaa)"), "{error}");
    }
}
