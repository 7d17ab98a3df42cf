//! `config.json`: everything that is particular to one model.
//!
//! Architecture, preprocessing, prompts, reference distribution and credits live in the model
//! folder and never in code, so that one program serves every model.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ood::OodStatistics;
use crate::deserialize::not_inlined;
use crate::error::{Error, Result};
use crate::radiograph::preprocess::ImageConfig;

/// All facts about one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelConfig {
    /// Short identifier, such as `default`.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// Version of the weights.
    pub version: String,
    /// Licence of the weights (SPDX).
    pub license: String,
    /// How a picture becomes the model's input.
    pub image: ImageConfig,
    /// The image encoder.
    pub image_encoder: ImageEncoderConfig,
    /// The text encoder.
    pub text_encoder: TextEncoderConfig,
    /// The cross-attention fusion.
    pub fusion: FusionConfig,
    /// A CLIP-style head beside the fusion, for comparison.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cosine: Option<CosineConfig>,
    /// The wordings in which it learnt its findings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wordings: Option<Wordings>,
    /// Lists of findings for the user to choose from.
    pub presets: Vec<Preset>,
    /// The distribution of logits in a population, by sentence.
    pub reference: Option<Reference>,
    /// How well the model separates positive and negative images of individual findings, measured on labelled images.
    pub validation: Option<Validation>,
    /// Statistics of the pictures that the model knows.
    #[serde(rename = "familiarity")]
    pub ood: Option<OodStatistics>,
    /// The works that the model builds on.
    pub credits: Vec<Credit>,
    /// Known logits of a known input, by which a device is checked.
    pub self_test: Option<SelfTest>,
}

/// The image encoder's architecture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ImageEncoderConfig {
    /// A Vision Transformer in timm's layout.
    Vit(VitConfig),
    /// MobileNetV2 1.0 with two token maps.
    #[serde(rename = "mobilenet_v2")]
    MobileNetV2(MobileNetV2Config),
}

/// Vision Transformer (Dosovitskiy et al., 2021), pre-norm, with a class token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VitConfig {
    /// Side of a patch, in pixels.
    pub patch: usize,
    /// Width of a token.
    pub dim: usize,
    /// Number of blocks.
    pub depth: usize,
    /// Attention heads.
    pub heads: usize,
    /// Hidden width of the MLP.
    pub mlp: usize,
    /// Epsilon of the layer norms.
    pub norm_eps: f64,
}

/// MobileNetV2 (Sandler et al., 2018) whose stride-16 and stride-32 maps become tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MobileNetV2Config {
    /// Channels of the stem.
    pub stem: usize,
    /// The inverted residual blocks, in order.
    pub blocks: Vec<InvertedResidualConfig>,
    /// Channels of the last 1x1 convolution.
    pub head: usize,
    /// Index of the block whose output gives the fine (stride 16) tokens.
    pub mid: usize,
    /// Width of a token.
    pub dim: usize,
}

/// One inverted residual block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InvertedResidualConfig {
    /// Channels between expansion and projection.
    pub hidden: usize,
    /// Output channels.
    pub out: usize,
    /// Stride of the depthwise convolution.
    pub stride: usize,
}

/// BERT with CARZero's aggregation of word pieces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TextEncoderConfig {
    /// Number of word pieces.
    pub vocab: usize,
    /// Width of a hidden state.
    pub dim: usize,
    /// Number of layers.
    pub layers: usize,
    /// Attention heads.
    pub heads: usize,
    /// Hidden width of the feed-forward part.
    pub intermediate: usize,
    /// Epsilon of the layer norms.
    pub norm_eps: f64,
    /// How many of the last hidden states are added up.
    pub last_layers: usize,
    /// Rows of the text memory: longer texts are truncated to this number of tokens, and shorter ones are filled with
    /// zero rows.
    pub rows: usize,
    /// Output width of the linear embedders, or `None` where the hidden states are used as they are.
    pub embed: Option<usize>,
}

/// The fusion (SimR) and its projector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FusionConfig {
    /// Width of the tokens.
    pub dim: usize,
    /// Number of decoder layers.
    pub layers: usize,
    /// Attention heads.
    pub heads: usize,
    /// Hidden width of the feed-forward part.
    pub feed_forward: usize,
    /// Hidden widths of the projector; empty for a single linear layer.
    pub projector: Vec<usize>,
    /// Epsilon of the layer norms.
    pub norm_eps: f64,
}

/// A CLIP-style head: the cosine of projected global features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CosineConfig {
    /// Width of the projections.
    pub dim: usize,
}

/// The wordings in which a model learnt its findings, which tell how well it knows a sentence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wordings {
    /// Sentence templates, with `{}` in the place of the finding.
    pub templates: Vec<String>,
    /// For each finding, by its standard name, the wordings by which it was learnt.
    pub learnt: BTreeMap<String, Vec<String>>,
    /// The least cosine with a learnt wording at which words count as related; 1 until `carzero wording --learn` has
    /// chosen it.
    pub related: f32,
}

/// A named list of findings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preset {
    /// Identifier.
    pub id: String,
    /// Name for people.
    pub title: String,
    /// The findings, as names.
    pub findings: Vec<String>,
}

/// The number of values that describe a distribution: its 0th to 100th percentile.
pub const PERCENTILES: usize = 101;

/// The distribution of logits over a population of images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// A description of the images, to be shown.
    pub population: String,
    /// For each sentence (as [`text::normalize`](crate::text::prompt::normalize) returns it) the 0th to
    /// 100th percentile of its logit: 101 ascending numbers.
    #[serde(deserialize_with = "not_inlined")]
    pub percentiles: BTreeMap<String, Vec<f32>>,
    /// The same for the cosine of each sentence.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cosines: BTreeMap<String, Vec<f32>>,
}

/// Whether these numbers can be the percentiles of a distribution.
pub(crate) fn is_ranking(percentiles: &[f32]) -> bool {
    percentiles.len() == PERCENTILES
        && percentiles.is_sorted()
        && percentiles.iter().all(|value| value.is_finite())
}

impl Reference {
    /// Percentiles of the scores of some images, by normalised sentence, rounded to four decimals. `logits`, and
    /// `cosines` where the model has them, hold for each sentence the scores of all images.
    pub fn measured(
        population: &str,
        sentences: &[String],
        logits: &[Vec<f32>],
        cosines: &[Vec<f32>],
    ) -> Self {
        let rounded = |values: &Vec<f32>| {
            let percentiles = Self::percentiles(values.clone()).into_iter();
            percentiles.map(|value| (value * 1e4).round() / 1e4).collect::<Vec<f32>>()
        };
        let by_sentence = |all: &[Vec<f32>]| -> BTreeMap<String, Vec<f32>> {
            let measured = sentences.iter().zip(all).filter(|(_, values)| !values.is_empty());
            measured.map(|(text, values)| (text.clone(), rounded(values))).collect()
        };
        let (percentiles, cosines) = (by_sentence(logits), by_sentence(cosines));
        Self { population: population.to_string(), percentiles, cosines }
    }

    /// Checks that all percentiles are valid.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where one is not.
    pub fn check(&self) -> Result<()> {
        ensure(
            self.percentiles.values().chain(self.cosines.values()).all(|all| is_ranking(all)),
            "reference.percentiles and reference.cosines must be 101 ascending numbers",
        )
    }

    /// The 0th to 100th percentile of some logits, interpolated linearly.
    pub fn percentiles(mut logits: Vec<f32>) -> Vec<f32> {
        logits.sort_by(f32::total_cmp);
        let Some(last) = logits.len().checked_sub(1) else { return Vec::new() };
        let at = |percent: usize| {
            let position = percent as f32 / 100.0 * last as f32;
            let low = position.floor() as usize;
            let high = (low + 1).min(last);
            logits[low] + (logits[high] - logits[low]) * (position - low as f32)
        };
        (0..PERCENTILES).map(at).collect()
    }

    /// The share of the population, in percent (0..=100), whose logit lies below `logit`,
    /// interpolated linearly between the percentiles.
    pub fn percentile(percentiles: &[f32], logit: f32) -> f32 {
        let above = percentiles.partition_point(|&p| p <= logit);
        match above {
            0 => 0.0,
            n if n == percentiles.len() => 100.0,
            n => {
                let (low, high) = (percentiles[n - 1], percentiles[n]);
                let step = 100.0 / (percentiles.len() - 1) as f32;
                ((n - 1) as f32 + (logit - low) / (high - low)) * step
            }
        }
    }
}

/// What `carzero evaluate` measured on labelled images, for the explanations beside a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// A description of the images, to be shown.
    pub population: String,
    /// The findings by sentence, in the form that [`text::normalize`](crate::text::prompt::normalize) returns.
    pub findings: BTreeMap<String, Measured>,
}

impl Validation {
    /// Checks that all values are possible measurements.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where one is not.
    pub fn check(&self) -> Result<()> {
        let finite = |measured: &Measured| {
            let pairs = measured.interval.iter().chain(&measured.undecided).flatten();
            (0.0..=1.0).contains(&measured.auroc) && pairs.copied().all(f32::is_finite)
        };
        ensure(self.findings.values().all(finite), "validation must be finite numbers")
    }
}

/// What was measured for one finding on labelled images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Images with the finding.
    pub positives: u64,
    /// Images without it.
    pub negatives: u64,
    /// The area under the ROC curve.
    pub auroc: f32,
    /// The 95 % confidence interval of the AUROC.
    pub interval: Option<[f32; 2]>,
    /// Two logits: nine in ten images with the finding have at least the first, and nine in ten without it have at most
    /// the second. Between them the model does not decide. `None` if there are fewer than ten images of either kind.
    pub undecided: Option<[f32; 2]>,
}

impl Measured {
    /// The results of an evaluation, with the AUROC rounded to four decimals.
    pub fn new(
        positives: u64,
        negatives: u64,
        auroc: f64,
        interval: Option<[f64; 2]>,
        undecided: Option<[f64; 2]>,
    ) -> Self {
        let rounded = |value: f64| ((value * 1e4).round() / 1e4) as f32;
        Self {
            positives,
            negatives,
            auroc: rounded(auroc),
            interval: interval.map(|pair| pair.map(rounded)),
            undecided: undecided.map(|pair| pair.map(|logit| logit as f32)),
        }
    }
}

/// A work of others that the model contains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Credit {
    /// What the work is.
    pub what: String,
    /// Who made it.
    pub who: String,
    /// Its licence.
    pub license: String,
}

/// Known logits of the built-in test pattern.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelfTest {
    /// The sentences.
    pub prompts: Vec<String>,
    /// Their logits, computed on the CPU from exactly the weights in the folder.
    pub logits: Vec<f32>,
}

impl ModelConfig {
    /// Reads and checks `config.json`.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the JSON or a dimension is not usable.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let config: Self =
            serde_json::from_slice(json).map_err(|error| Error::Config(error.into()))?;
        config.check()?;
        Ok(config)
    }

    /// Side of the token grid, which the encoder computes from the crop.
    pub fn map_side(&self) -> usize {
        let stride = match &self.image_encoder {
            ImageEncoderConfig::Vit(vit) => vit.patch,
            ImageEncoderConfig::MobileNetV2(_) => 16,
        };
        self.image.crop / stride
    }

    /// Rejects sizes that would divide by zero, do not fit together, or need an absurd amount of memory.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] naming the part that is wrong.
    pub fn check(&self) -> Result<()> {
        self.image.check()?;
        self.text_encoder.check()?;
        self.fusion.check()?;
        let dim = self.fusion.dim;
        let text_dim = self.text_encoder.embed.unwrap_or(self.text_encoder.dim);
        ensure(
            self.image_encoder.check(self.image.crop)? == dim && text_dim == dim,
            "the image encoder, the text encoder and the fusion must have one width",
        )?;
        ensure(self.cosine.as_ref().is_none_or(|head| is_width(head.dim)), "cosine.dim")?;
        self.check_measurements()
    }

    /// Checks the statistics of images: their lengths, ranges and order.
    fn check_measurements(&self) -> Result<()> {
        let sane = |wordings: &Wordings| wordings.related.is_finite();
        ensure(self.wordings.as_ref().is_none_or(sane), "wordings.related")?;
        self.reference.as_ref().map_or(Ok(()), Reference::check)?;
        self.validation.as_ref().map_or(Ok(()), Validation::check)?;
        if let Some(ood) = &self.ood {
            let channels = match &self.image_encoder {
                ImageEncoderConfig::Vit(vit) => vit.dim,
                ImageEncoderConfig::MobileNetV2(net) => net.blocks[net.mid].out,
            };
            ood.check(channels)?;
        }
        if let Some(test) = &self.self_test {
            ensure(test.prompts.len() == test.logits.len(), "self_test needs one logit a prompt")?;
        }
        Ok(())
    }
}

/// The most channels of a layer, which also bounds the side of a picture in pixels.
const MAX_WIDTH: usize = 8192;
/// The most layers.
const MAX_DEPTH: usize = 128;

fn ensure(ok: bool, what: &str) -> Result<()> {
    if ok { Ok(()) } else { Err(Error::Config(what.into())) }
}

fn is_width(value: usize) -> bool {
    (1..=MAX_WIDTH).contains(&value)
}

fn ensure_heads(dim: usize, heads: usize, part: &str) -> Result<()> {
    ensure(heads > 0 && dim.is_multiple_of(heads), &format!("{part}.heads must divide its dim"))
}

impl ImageConfig {
    /// # Errors
    ///
    /// [`Error::Config`] where a number is out of its range.
    pub fn check(&self) -> Result<()> {
        ensure(
            is_width(self.size) && is_width(self.crop) && self.crop <= self.size,
            "image.size and image.crop",
        )?;
        ensure(
            self.mean.is_finite() && self.std.is_finite() && self.std > 0.0,
            "image.mean and image.std",
        )
    }
}

impl ImageEncoderConfig {
    /// Checks the encoder for a crop with this side, and returns the width of its tokens.
    fn check(&self, crop: usize) -> Result<usize> {
        match self {
            Self::Vit(vit) => {
                ensure(
                    is_width(vit.dim) && is_width(vit.mlp) && vit.depth <= MAX_DEPTH,
                    "the size of the image encoder",
                )?;
                ensure_heads(vit.dim, vit.heads, "image_encoder")?;
                ensure(
                    vit.patch > 0 && crop.is_multiple_of(vit.patch),
                    "image_encoder.patch must divide image.crop",
                )?;
                Ok(vit.dim)
            }
            Self::MobileNetV2(net) => {
                let sane = |block: &InvertedResidualConfig| {
                    is_width(block.hidden) && is_width(block.out) && (1..=2).contains(&block.stride)
                };
                ensure(
                    net.blocks.len() <= MAX_DEPTH && net.blocks.iter().all(sane),
                    "image_encoder.blocks",
                )?;
                ensure(
                    is_width(net.stem) && is_width(net.head) && is_width(net.dim),
                    "the size of the image encoder",
                )?;
                ensure(
                    net.mid < net.blocks.len() && crop.is_multiple_of(32),
                    "image_encoder.mid and image.crop",
                )?;
                Ok(net.dim)
            }
        }
    }
}

impl TextEncoderConfig {
    fn check(&self) -> Result<()> {
        ensure(
            is_width(self.dim)
                && is_width(self.intermediate)
                && is_width(self.rows)
                && self.rows >= 3
                && (1..=1_000_000).contains(&self.vocab)
                && self.layers <= MAX_DEPTH,
            "the size of the text encoder",
        )?;
        ensure_heads(self.dim, self.heads, "text_encoder")?;
        ensure((1..=self.layers + 1).contains(&self.last_layers), "text_encoder.last_layers")
    }
}

impl FusionConfig {
    fn check(&self) -> Result<()> {
        ensure(
            is_width(self.dim)
                && is_width(self.feed_forward)
                && (1..=MAX_DEPTH).contains(&self.layers)
                && self.projector.len() <= MAX_DEPTH
                && self.projector.iter().all(|&width| is_width(width)),
            "the size of the fusion",
        )?;
        ensure_heads(self.dim, self.heads, "fusion")
    }
}
