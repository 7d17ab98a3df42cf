//! What no checkpoint tells about a model.

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
    /// From picture to input.
    pub image: ImageConfig,
    /// Whose work it contains.
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
    /// As [`ModelConfig::check`].
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
/// [`Error::Config`] where their file is not what a config takes.
pub fn presets() -> Result<Vec<Preset>> {
    serde_json::from_slice(FINDING_SETS).map_err(|error| Error::Config(error.into()))
}
