//! `carzero train`: trains a model on radiographs with labels or reports.
//!
//! | file | purpose |
//! |---|---|
//! | `config.rs` | the training config |
//! | `datasets/` | converts public datasets, in their published layout, to manifests |
//! | `patients.rs` | checks that no patient is in two splits |
//! | `samples.rs` | converts manifest, boxes and teacher to images with targets |
//! | `augment.rs` | random changes of pixels and boxes |
//! | `boxes.rs` | converts annotated boxes to shares of patches |
//! | `lesion.rs` | nodules and masses drawn into normal radiographs |
//! | `encoder.rs` | first stage: the image encoder under a classifier |
//! | `fusion.rs` | second stage: embedders and fusion on frozen features |
//! | `loss.rs` | the terms of the loss |
//! | `learner.rs` | the training loop, checkpoints |
//! | `average.rs` | moving average of the weights |

mod augment;
mod average;
mod boxes;
pub mod config;
mod data;
pub mod datasets;
mod encoder;
pub mod error;
mod fusion;
mod learner;
mod lesion;
mod loss;
mod patients;
pub mod samples;

use std::fs;
use std::path::{Path, PathBuf};

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor};

use crate::engine::loader;
use crate::evaluate::metrics::{auroc, mean};
use crate::model::CarZero;
use crate::package::checkpoint::Checkpoint;
use crate::package::config::{ImageEncoderConfig, ModelConfig, Wordings};
use crate::package::shard::Weight;
use crate::text::tokenizer::TextTokenizer;
use config::{FindingConfig, TrainConfig};
use encoder::{Classifier, EncoderTraining, predict};
use error::{Result, TrainError};
use fusion::{FusionTraining, Predictions};
use learner::Learner;
use lesion::Lesions;
use samples::{Fold, Sample, Samples};

/// Paths of parameters that no stage trains directly: the pretrained text encoder, and in the second stage the image
/// encoder's backbone.
const BACKBONES: [&str; 3] =
    ["img_encoder.MobileNetV2.model.", "img_encoder.Vit.model.", "text_encoder.model."];

/// A trained model, ready to be written.
#[derive(Debug)]
pub struct Trained {
    /// Its config.
    pub config: ModelConfig,
    /// Its `tokenizer.json`.
    pub tokenizer: Vec<u8>,
    /// All weights.
    pub weights: Vec<Weight>,
    /// Its outputs for the validation images.
    pub validation: Vec<Validated>,
}

/// A validation image, with a value for each finding of the config.
#[derive(Debug, Clone, PartialEq)]
pub struct Validated {
    /// Its path, as in the manifest.
    pub path: String,
    /// The patient.
    pub patient: String,
    /// For each finding whether it is present; `None` where that is unknown.
    pub labels: Vec<Option<bool>>,
    /// The model's logit of the finding's standard prompt.
    pub logits: Vec<f32>,
    /// The cosine for the same prompt, as in a [`Score`](crate::Score).
    pub cosines: Option<Vec<f32>>,
}

/// The files and folders of a training run.
#[derive(Debug, Clone, Copy)]
pub struct Paths<'a> {
    /// CSVs of the images.
    pub manifests: &'a [PathBuf],
    /// Folder of the pretrained weights.
    pub init: &'a Path,
    /// Folder for checkpoints and the log.
    pub out: &'a Path,
    /// The fold of a cross-validation; with `None`, the manifest's own splits are used.
    pub fold: Option<Fold>,
}

/// Trains a model. `report` receives lines on the progress.
///
/// # Errors
///
/// [`TrainError`], which names the file and the remedy.
pub fn train(
    config: &TrainConfig,
    paths: Paths,
    device: &Device,
    resume: bool,
    report: &dyn Fn(&str),
) -> Result<Trained> {
    config.model.check()?;
    let samples = Samples::read(paths.manifests, &config.data, &config.model.image, paths.fold)?;
    report(&format!(
        "training on {:?}, validation on {:?}",
        samples::count_by_source(&samples.train),
        samples::count_by_source(&samples.val)
    ));
    fs::create_dir_all(paths.out)
        .map_err(|source| TrainError::Io { path: paths.out.to_path_buf(), source })?;
    let gradients = device.clone().autodiff();
    let (model, tokenizer) = start(config, paths.init, &gradients)?;
    let measure = |logits: &[Vec<f32>]| macro_auroc(config, &samples, logits);

    let channels = match &config.model.image_encoder {
        ImageEncoderConfig::MobileNetV2(net) => [net.head, net.blocks[net.mid].out],
        ImageEncoderConfig::Vit(vit) => [vit.dim; 2],
    };
    let encoder = model.img_encoder.clone();
    let mut classifier =
        Classifier::new(encoder, channels, config, &samples.train, &gradients).valid();
    for (index, round) in config.encoder.iter().enumerate() {
        let learner = Learner {
            name: format!("encoder-{}", index + 1),
            schedule: &round.schedule,
            faster: Some(("head", round.head_rate)),
            seed: config.seed + index as u64,
            device: &gradients,
            folder: paths.out,
            measure: &measure,
            report,
        };
        let finished = resume && learner.is_finished();
        let taught = (index > 0 && !finished).then(|| {
            let logits = predict(&classifier, &samples.train, &config.model.image, device);
            let probability = |logit: f32| samples::sigmoid(logit.into()) as f32;
            logits.into_iter().map(|row| row.into_iter().map(probability).collect()).collect()
        });
        let training = EncoderTraining {
            config,
            round,
            samples: &samples,
            lesions: Lesions::new(&config.data)?,
            taught,
            device: gradients.clone(),
        };
        classifier = learner.run(&training, classifier.train(), resume)?;
    }

    gradients.seed(config.seed);
    let kept = samples.thinned(&config.fusion.images, config.seed);
    let model = CarZero { img_encoder: classifier.img_encoder.clone(), ..model.valid() };
    let reader = TextTokenizer::new(&tokenizer, config.model.text_encoder.rows)?;
    let training =
        FusionTraining::new(config, &kept, &classifier, &model, &reader, gradients.clone())?;
    let model = freeze(training.standardised(model).train(), &BACKBONES);
    let learner = Learner {
        name: "fusion".to_string(),
        schedule: &config.fusion.schedule,
        faster: None,
        seed: config.seed + config.encoder.len() as u64,
        device: &gradients,
        folder: paths.out,
        measure: &measure,
        report,
    };
    let model = learner.run(&training, model, resume)?;
    let Predictions { logits, cosines } = training.predictions(&model);
    let mut cosines = cosines.into_iter();
    let rows = samples.val.iter().zip(logits);
    let validation = rows.map(|(sample, logits)| validated(sample, logits, cosines.next()));
    let validation = validation.collect();
    let mut model_config = config.model.clone();
    model_config.wordings = Some(wordings(config));
    let (tokenizer, kept) = reader.prune(&tokenizer, config.vocabulary)?;
    model_config.text_encoder.vocab = kept.len();
    let weights =
        loader::weights_of(&model)?.into_iter().map(|weight| match weight.name.as_str() {
            "text_encoder.model.embeddings.word_embeddings.weight" => weight.rows(&kept),
            _ => weight,
        });
    Ok(Trained { config: model_config, tokenizer, weights: weights.collect(), validation })
}

fn validated(sample: &Sample, logits: Vec<f32>, cosines: Option<Vec<f32>>) -> Validated {
    Validated {
        path: sample.path.clone(),
        patient: sample.patient.clone(),
        labels: sample.labels.iter().map(|label| label.map(|value| value > 0.5)).collect(),
        logits,
        cosines,
    }
}

/// The wordings in which the findings are learnt.
fn wordings(config: &TrainConfig) -> Wordings {
    let names = |finding: &FindingConfig| {
        let words = std::iter::once(&finding.name).chain(&finding.phrases);
        (finding.name.clone(), words.cloned().collect())
    };
    Wordings {
        templates: config.fusion.present.iter().chain(&config.fusion.absent).cloned().collect(),
        learnt: config.data.findings.iter().map(names).collect(),
        related: 1.0,
    }
}

/// The untrained model with its pretrained backbones, and its tokenizer.
fn start(config: &TrainConfig, init: &Path, device: &Device) -> Result<(CarZero, Vec<u8>)> {
    device.seed(config.seed);
    let path = init.join(&config.start.tokenizer);
    let tokenizer = fs::read(&path).map_err(|source| TrainError::Io { path, source })?;
    let backbones = Checkpoint::backbones(
        &init.join(&config.start.image_encoder),
        &init.join(&config.start.text_encoder),
    )?;
    let mut model = CarZero::init(&config.model, device);
    loader::apply(&mut model, backbones.backbone_weights(&config.model)?)?;
    Ok((model, tokenizer))
}

/// Mean AUROC of the findings on the validation rows.
fn macro_auroc(config: &TrainConfig, samples: &Samples, logits: &[Vec<f32>]) -> Option<f64> {
    let of_finding = |finding: usize| {
        let scores: Vec<f64> = logits.iter().map(|row| f64::from(row[finding])).collect();
        let present = |sample: &Sample| sample.labels[finding].map(|value| value > 0.5);
        let labels: Vec<Option<bool>> = samples.val.iter().map(present).collect();
        auroc(&scores, &labels)
    };
    mean((0..config.data.findings.len()).map(of_finding))
}

/// The module, with every parameter frozen whose path begins with one of `prefixes`.
fn freeze<M: Module>(module: M, prefixes: &[&str]) -> M {
    module.map(&mut Freeze { prefixes, path: Vec::new() })
}

struct Freeze<'a> {
    prefixes: &'a [&'a str],
    path: Vec<String>,
}

impl ModuleMapper for Freeze<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let path = self.path.join(".");
        let frozen = self.prefixes.iter().any(|prefix| path.starts_with(prefix));
        if frozen { param.set_require_grad(false) } else { param }
    }
}
