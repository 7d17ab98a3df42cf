//! The training config: the one file that says how a model is trained.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::package::Precision;
use crate::package::config::ModelConfig;

/// Everything that decides the result of a training run, besides the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Seed of all chance: the same seed and data give the same weights.
    pub seed: u64,
    /// The model to train; presets, reference and self-test are filled in later.
    pub model: ModelConfig,
    /// How the finished weights are stored.
    pub precision: Precision,
    /// Word pieces kept beside the reachable pieces of the finding vocabulary; see
    /// [`TextTokenizer::prune`](crate::text::tokenizer::TextTokenizer::prune).
    pub vocabulary: usize,
    /// Pretrained weights, relative to `--init`.
    pub start: Start,
    /// The images, and what is learnt from them.
    pub data: DataConfig,
    /// First stage: the image encoder, under a linear classifier, in one or more rounds. Each goes on
    /// from the one before.
    pub encoder: Vec<EncoderRound>,
    /// Second stage: embedders and fusion, on the frozen encoders' features.
    pub fusion: FusionStage,
}

/// Where training starts from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// Safetensors of the image encoder's backbone.
    pub image_encoder: PathBuf,
    /// Safetensors of a Hugging Face BertModel.
    pub text_encoder: PathBuf,
    /// Its `tokenizer.json`.
    pub tokenizer: PathBuf,
}

/// What the images teach.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// The findings to learn, in the order of the classifier's outputs.
    pub findings: Vec<FindingConfig>,
    /// What each source of the manifest knows; rows of other sources are left out.
    pub sources: BTreeMap<String, SourceConfig>,
    /// The source whose validation rows are measured.
    pub validate: String,
    /// Logits of a teacher.
    pub teacher: Option<TeacherConfig>,
    /// What radiologists said when they looked at some of the images again.
    #[serde(default)]
    pub readings: Option<ReadingsConfig>,
    /// CSV with the columns path, finding, x, y, w, h, beside a manifest.
    pub boxes: Option<PathBuf>,
    /// Lesions drawn into normal radiographs.
    #[serde(default)]
    pub lesions: Option<LesionConfig>,
}

/// Nodules and masses that are drawn into radiographs without any.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LesionConfig {
    /// Sources of normal radiographs.
    pub sources: Vec<String>,
    /// Share of their images that get one, each time they are seen.
    pub share: f32,
    /// The finding that a small lesion counts as.
    pub nodule: String,
    /// The finding that a lesion of 3 cm and more counts as.
    pub mass: String,
}

/// Readings of the RSNA Pneumonia Detection Challenge 2018 (Shih et al., Radiology: AI 2019,
/// <https://doi.org/10.1148/ryai.2019180041>): a column `rsna_class` of a manifest, or a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadingsConfig {
    /// CSV beside a manifest, with the class in the column `rsna2018`.
    pub file: PathBuf,
    /// Column of both files that joins them.
    pub key: String,
    /// The finding that the class `Lung Opacity` means.
    pub opacity: String,
    /// The weight of the readings in the targets; the labels have the rest.
    pub trust: f32,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingConfig {
    /// Its standard name.
    pub name: String,
    /// The labels of the manifest (and of the boxes) that mean it, in any case.
    pub labels: Vec<String>,
    /// Other wordings, for sentences.
    #[serde(default)]
    pub phrases: Vec<String>,
}

/// What one source of images knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceConfig {
    /// Findings that its labels cover: one that a row does not name is absent there. Without this,
    /// the labels cover all findings. A finding that a source does not cover is never taken as
    /// negative.
    pub knows: Option<Vec<String>>,
    /// Findings that its images cannot show, whatever labels and readings say; they are masked.
    #[serde(default)]
    pub ignores: Vec<String>,
    /// Whether its labels are beyond doubt: no earlier prediction is mixed into its targets.
    #[serde(default)]
    pub exact: bool,
    /// Rows drawn for each epoch; all by default.
    pub per_epoch: Option<usize>,
}

/// Logits of a stronger model for some of the images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeacherConfig {
    /// CSV beside a manifest, a column for each prompt.
    pub file: PathBuf,
    /// Column of both files that joins them.
    pub key: String,
    /// The weight of the teacher in the targets; the labels have the rest.
    pub weight: f32,
}

/// Random changes of an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Augmentation {
    /// Probability of mirroring.
    pub flip: f32,
    /// Largest rotation, in degrees.
    pub rotation: f32,
    /// Smallest and largest magnification.
    pub scale: [f32; 2],
    /// Largest shift, as a share of the side.
    pub shift: f32,
    /// Largest change of brightness, as a share of the range.
    pub brightness: f32,
    /// Largest change of contrast, as a factor.
    pub contrast: f32,
    /// Largest change of the exponent of the grey value.
    pub gamma: f32,
    /// Probability of blanking a rectangle.
    pub erase: f32,
}

/// An optimiser and its schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Passes over the data.
    pub epochs: usize,
    /// Images whose gradients are computed together.
    pub batch: usize,
    /// Batches whose gradients are added up for one step; they are computed side by side.
    pub accumulate: usize,
    /// Highest learning rate (AdamW); it rises over `warmup` and falls along a cosine.
    pub learning_rate: f64,
    /// Share of all steps over which the learning rate rises.
    pub warmup: f64,
    /// Decoupled weight decay.
    pub weight_decay: f32,
    /// Largest norm of a parameter's gradient.
    pub clip: f32,
    /// Decay of the running average of the weights, which is what is kept.
    pub average: f32,
    /// Stop when the validation AUROC has not risen for so many epochs.
    pub patience: Option<usize>,
}

/// A round of the first stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderRound {
    /// Optimiser and schedule.
    pub schedule: Schedule,
    /// Factor on the learning rate of the classifier, which starts from nothing.
    pub head_rate: f64,
    /// Share of the last round's predictions in the targets (self-distillation).
    pub distil: Distil,
    /// Probability of leaving out a feature before the classifier.
    pub dropout: f32,
    /// Weight of the share of a finding's evidence that lies outside its annotated boxes.
    #[serde(default)]
    pub boxes: f32,
    /// Random changes.
    pub augmentation: Augmentation,
}

/// How earlier predictions teach.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distil {
    /// Their share in a target that is known.
    pub known: f32,
    /// The weight of a target that is not known, which they give alone; 0 masks it.
    pub unknown: f32,
}

/// The second stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FusionStage {
    /// Optimiser and schedule.
    pub schedule: Schedule,
    /// Versions of each image whose features are computed and kept; the first is unchanged.
    pub views: usize,
    /// Training images kept of some sources; of the others, all.
    #[serde(default)]
    pub images: BTreeMap<String, usize>,
    /// Random changes of the other versions.
    pub augmentation: Augmentation,
    /// Sentences that say a finding is there; `{}` is the finding.
    pub present: Vec<String>,
    /// Sentences that say it is not.
    pub absent: Vec<String>,
    /// Share of the first stage's predictions in the targets.
    pub distil: Distil,
    /// Weights of the loss's terms.
    pub loss: LossWeights,
}

/// Weights of the terms that are added up to the loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossWeights {
    /// Each image-sentence pair by itself, as a probability (sigmoid): any number of sentences may
    /// be right. Of both directions and their mean.
    pub sigmoid: f32,
    /// The squared distance to the first stage's logits, in units of their deviation.
    pub regression: f32,
    /// CARZero's symmetric InfoNCE, where equal sentences are no negatives.
    pub contrastive: f32,
    /// The share of attention outside annotated boxes.
    pub boxes: f32,
}
