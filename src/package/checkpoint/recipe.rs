//! Facts about a model that its checkpoint does not contain.

use serde::Deserialize;

use super::Architecture;
use crate::error::{Error, Result};
use crate::package::config::{Credit, ModelConfig, Preset, Reference};
use crate::radiograph::preprocess::{ImageConfig, Resize};

const FINDING_SETS: &[u8] = include_bytes!("../../../models/finding_sets.json");

/// Name, credits and preprocessing of a model.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Recipe {
    /// Identifier.
    pub name: String,
    /// Name to show.
    pub title: String,
    /// Version of the model.
    pub version: String,
    /// Licence of the weights.
    pub license: String,
    /// Rows of the text memory.
    pub text_rows: usize,
    /// How a picture becomes the model's input.
    pub image: ImageConfig,
    /// The works that the model contains, with their authors.
    pub credits: Vec<Credit>,
}

impl Default for Recipe {
    /// The official CARZero.
    fn default() -> Self {
        Self {
            name: "carzero-vitb16".to_string(),
            title: "CARZero ViT-B/16".to_string(),
            version: "1.0.0".to_string(),
            license: "Apache-2.0".to_string(),
            text_rows: 97,
            image: ImageConfig {
                resize: Resize::LongestSidePad,
                size: 256,
                crop: 224,
                mean: 0.4978,
                std: 0.2449,
            },
            credits: vec![Credit {
                what: "CARZero, method and weights".to_string(),
                who: "Lai et al., CVPR 2024".to_string(),
                license: "Apache-2.0".to_string(),
            }],
        }
    }
}

impl Recipe {
    /// The config of a model of this architecture.
    ///
    /// # Errors
    ///
    /// Those of [`ModelConfig::check`].
    pub fn config(
        self,
        architecture: &Architecture,
        reference: Option<Reference>,
    ) -> Result<ModelConfig> {
        let config = ModelConfig {
            name: self.name,
            title: self.title,
            version: self.version,
            license: self.license,
            image: self.image,
            image_encoder: architecture.image_encoder.clone(),
            text_encoder: architecture.text_encoder.clone(),
            fusion: architecture.fusion.clone(),
            cosine: None,
            wordings: None,
            presets: presets()?,
            reference,
            validation: None,
            ood: None,
            credits: self.credits,
            self_test: None,
        };
        config.check()?;
        Ok(config)
    }
}

/// The findings that every model offers.
///
/// # Errors
///
/// [`Error::Config`] where the file of findings does not have the form of a config's presets.
pub fn presets() -> Result<Vec<Preset>> {
    serde_json::from_slice(FINDING_SETS).map_err(|error| Error::Config(error.into()))
}
