//! The training config, a single file that determines how a model is trained.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::package::Precision;
use crate::package::config::ModelConfig;

/// Everything that determines the result of a training run, except for the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Seed of all random numbers: the same seed and data give the same weights.
    pub seed: u64,
    /// The model to train; its presets, reference and self-test are filled in later.
    pub model: ModelConfig,
    /// How the finished weights are stored.
    pub precision: Precision,
    /// How many frequent word pieces are kept in addition to those that the finding vocabulary needs; see
    /// [`TextTokenizer::prune`](crate::text::tokenizer::TextTokenizer::prune).
    pub vocabulary: usize,
    /// Pretrained weights, relative to `--init`.
    pub start: Start,
    /// The images, and what is to be learnt from them.
    pub data: DataConfig,
    /// First stage: the image encoder is trained under a linear classifier, in one or more rounds. Each round continues
    /// from the one before.
    pub encoder: Vec<EncoderRound>,
    /// Second stage: embedders and fusion are trained on the features of the frozen encoders.
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

/// The data and its labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// The findings to learn, in the order of the classifier's outputs.
    pub findings: Vec<FindingConfig>,
    /// What the labels of each source of the manifest cover; rows of other sources are left out.
    pub sources: BTreeMap<String, SourceConfig>,
    /// The source on whose validation rows the model is evaluated.
    pub validate: String,
    /// Logits of a teacher model.
    pub teacher: Option<TeacherConfig>,
    /// The results of a second reading of some of the images by radiologists.
    #[serde(default)]
    pub readings: Option<ReadingsConfig>,
    /// CSV with the columns path, finding, x, y, w, h, in the folder of a manifest.
    pub boxes: Option<PathBuf>,
    /// Lesions that are drawn into normal radiographs.
    #[serde(default)]
    pub lesions: Option<LesionConfig>,
}

/// Nodules and masses that are drawn into normal radiographs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LesionConfig {
    /// Sources of normal radiographs.
    pub sources: Vec<String>,
    /// The probability that an image of these sources gets a lesion, each time it is used.
    pub share: f32,
    /// The finding that a small lesion counts as.
    pub nodule: String,
    /// The finding that a lesion of 3 cm and more counts as.
    pub mass: String,
}

/// Readings of the RSNA Pneumonia Detection Challenge 2018 (Shih et al., Radiology: AI 2019,
/// <https://doi.org/10.1148/ryai.2019180041>): a column `rsna_class` of a manifest, or a separate file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadingsConfig {
    /// CSV in the folder of a manifest, with the class in the column `rsna2018`.
    pub file: PathBuf,
    /// Name of the column, in both files, by which they are joined.
    pub key: String,
    /// The finding that the class `Lung Opacity` stands for.
    pub opacity: String,
    /// The weight of the readings in the targets; the labels have the remaining weight.
    pub trust: f32,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingConfig {
    /// Its standard name.
    pub name: String,
    /// The labels in the manifest (and in the boxes) that stand for it, in any case.
    pub labels: Vec<String>,
    /// Other wordings, for sentences.
    #[serde(default)]
    pub phrases: Vec<String>,
}

/// What the labels of one source of images cover.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceConfig {
    /// Findings that its labels cover: if a row does not name such a finding, it is absent. Without this field, the
    /// labels cover all findings. A finding that a source does not cover is never taken as negative.
    pub knows: Option<Vec<String>>,
    /// Findings that its images cannot show, whatever labels and readings say; their targets are masked.
    #[serde(default)]
    pub ignores: Vec<String>,
    /// Whether its labels are certain, so that no earlier predictions are mixed into its targets.
    #[serde(default)]
    pub exact: bool,
    /// Number of rows drawn for each epoch; all by default.
    pub per_epoch: Option<usize>,
}

/// Logits of a stronger model for some of the images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeacherConfig {
    /// CSV in the folder of a manifest, with a column for each prompt.
    pub file: PathBuf,
    /// Name of the column, in both files, by which they are joined.
    pub key: String,
    /// The weight of the teacher in the targets; the labels have the remaining weight.
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
    /// Number of batches whose gradients are summed for one step; they are computed in parallel.
    pub accumulate: usize,
    /// Highest learning rate (AdamW); it rises during the warm-up, and then falls along a cosine.
    pub learning_rate: f64,
    /// Share of all steps during which the learning rate rises.
    pub warmup: f64,
    /// Decoupled weight decay.
    pub weight_decay: f32,
    /// Largest norm of a parameter's gradient.
    pub clip: f32,
    /// Decay of the moving average of the weights; the averaged weights are the result.
    pub average: f32,
    /// Training stops when the validation AUROC has not risen for this many epochs.
    pub patience: Option<usize>,
}

/// A round of the first stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderRound {
    /// Optimiser and schedule.
    pub schedule: Schedule,
    /// Factor on the learning rate of the classifier, which is not pretrained.
    pub head_rate: f64,
    /// How the previous round's predictions are mixed into the targets (self-distillation).
    pub distil: Distil,
    /// Probability of dropping a feature before the classifier.
    pub dropout: f32,
    /// Weight of the loss for evidence of a finding outside of its annotated boxes.
    #[serde(default)]
    pub boxes: f32,
    /// Random changes.
    pub augmentation: Augmentation,
}

/// How earlier predictions are mixed into the targets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distil {
    /// The share of the earlier predictions in a known target.
    pub known: f32,
    /// The weight of an unknown target, which is the earlier prediction alone; 0 masks it.
    pub unknown: f32,
}

/// The second stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FusionStage {
    /// Optimiser and schedule.
    pub schedule: Schedule,
    /// Number of versions of each image whose features are computed and stored; the first version is unchanged.
    pub views: usize,
    /// Number of training images that are used of some sources; of other sources all are used.
    #[serde(default)]
    pub images: BTreeMap<String, usize>,
    /// Random changes for the other versions.
    pub augmentation: Augmentation,
    /// Sentence templates that say that a finding is present; `{}` stands for the finding.
    pub present: Vec<String>,
    /// Sentence templates that say that it is absent.
    pub absent: Vec<String>,
    /// How the first stage's predictions are mixed into the targets.
    pub distil: Distil,
    /// Weights of the loss's terms.
    pub loss: LossWeights,
}

/// Weights of the terms whose sum is the loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossWeights {
    /// Binary cross-entropy of each pair of image and sentence (sigmoid), for which any number of sentences may be
    /// right. It applies to the logits of both directions and to their mean.
    pub sigmoid: f32,
    /// The squared distance to the first stage's logits, in units of their standard deviation.
    pub regression: f32,
    /// CARZero's symmetric InfoNCE, in which equal sentences are not negatives.
    pub contrastive: f32,
    /// The loss for attention outside of annotated boxes.
    pub boxes: f32,
}
