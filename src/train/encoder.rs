//! The first stage: the image encoder learns the findings under a linear classifier.
//!
//! Cross-attention alone hardly moves a backbone with so few images; a classifier does. It is
//! dropped afterwards, but its predictions teach the second stage.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor, TensorData, activation::sigmoid};
use rand::rngs::StdRng;
use rayon::prelude::*;

use super::augment::Change;
use super::config::{EncoderStage, TrainConfig};
use super::data::Batch;
use super::error::Result;
use super::learner::{Learner, Stage};
use super::loss::binary_cross_entropy;
use super::samples::{Sample, Samples};
use crate::config::ImageConfig;
use crate::model::ImageEncoder;

/// An image encoder under a classifier with an output for each finding.
#[derive(Module, Debug)]
pub struct Classifier {
    /// The encoder.
    pub img_encoder: ImageEncoder,
    head: Linear,
    dropout: Dropout,
}

impl Classifier {
    /// A classifier with no opinion yet.
    pub fn new(img_encoder: ImageEncoder, channels: usize, config: &TrainConfig) -> Self {
        let findings = config.data.findings.len();
        let device = img_encoder.devices().into_iter().next().unwrap_or_default();
        Self {
            img_encoder,
            head: LinearConfig::new(channels, findings).init(&device),
            dropout: DropoutConfig::new(config.encoder.dropout).init(),
        }
    }

    /// Logits of the findings, `[images, findings]`.
    pub fn forward(&self, pixels: Tensor<4>) -> Tensor<2> {
        self.classify(&self.img_encoder.features(pixels))
    }

    /// The same from the encoder's features.
    pub fn classify(&self, features: &[Tensor<3>]) -> Tensor<2> {
        self.head.forward(self.dropout.forward(self.img_encoder.pooled(features)))
    }
}

/// Teaches the classifier.
pub struct EncoderTraining<'a> {
    /// The whole config.
    pub config: &'a TrainConfig,
    /// All images.
    pub samples: &'a Samples,
    /// Where to compute, with gradients.
    pub device: Device,
}

impl EncoderTraining<'_> {
    fn stage(&self) -> &EncoderStage {
        &self.config.encoder
    }

    /// The crops of a batch under random changes, mixed in pairs.
    fn batch(&self, samples: &[&Sample], rng: &mut StdRng) -> (Tensor<4>, Tensor<2>, Tensor<2>) {
        let image = &self.config.model.image;
        let changes: Vec<Change> =
            samples.iter().map(|_| Change::draw(&self.stage().augmentation, rng)).collect();
        let mut batch = Batch::new(samples, self.config.data.findings.len());
        batch.pixels = samples
            .par_iter()
            .zip(&changes)
            .flat_map_iter(|(sample, change)| change.pixels(&sample.square, image))
            .collect();
        if self.stage().mixup > 0.0 {
            batch.mix_pairs(self.stage().mixup, rng);
        }
        batch.into_tensors(image.crop, &self.device)
    }
}

impl Stage for EncoderTraining<'_> {
    type Model = Classifier;

    fn order(&self, rng: &mut StdRng) -> Vec<usize> {
        draw_epoch(self.config, &self.samples.train, rng)
    }

    fn loss(&self, model: &Classifier, indices: &[usize], rng: &mut StdRng) -> Tensor<1> {
        let samples: Vec<&Sample> =
            indices.iter().map(|&index| &self.samples.train[index]).collect();
        let (pixels, targets, known) = self.batch(&samples, rng);
        binary_cross_entropy(model.forward(pixels), targets, known)
    }

    fn validate(&self, model: &Classifier) -> Result<Vec<Vec<f32>>> {
        let val: Vec<&Sample> = self.samples.val.iter().collect();
        Ok(predict(model, &val, &self.config.model.image, &self.device.clone().inner()))
    }
}

/// The rows of one epoch, in random order: of each source as many as the config says.
pub fn draw_epoch(config: &TrainConfig, samples: &[Sample], rng: &mut StdRng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..samples.len()).collect();
    Learner::shuffle(&mut order, rng);
    let mut left: std::collections::HashMap<&str, usize> = config
        .data
        .sources
        .iter()
        .map(|(name, source)| (name.as_str(), source.per_epoch.unwrap_or(usize::MAX)))
        .collect();
    order.retain(|&index| match left.get_mut(samples[index].source.as_str()) {
        Some(left) if *left > 0 => {
            *left -= 1;
            samples[index].targets.iter().any(Option::is_some)
        }
        _ => false,
    });
    order
}

/// Logits of unchanged images, row by row.
pub fn predict(
    model: &Classifier,
    samples: &[&Sample],
    image: &ImageConfig,
    device: &Device,
) -> Vec<Vec<f32>> {
    let mut rows = Vec::with_capacity(samples.len());
    for batch in samples.chunks(16) {
        let pixels: Vec<f32> = batch
            .par_iter()
            .flat_map_iter(|sample| Change::NONE.pixels(&sample.square, image))
            .collect();
        let data = TensorData::new(pixels, [batch.len(), 1, image.crop, image.crop]);
        rows.extend(rows_of(model.forward(Tensor::from_data(data, device))));
    }
    rows
}

/// The rows of a matrix.
pub fn rows_of(matrix: Tensor<2>) -> Vec<Vec<f32>> {
    let columns = matrix.dims()[1].max(1);
    let values = matrix.into_data().try_into_vec::<f32>().unwrap_or_default();
    values.chunks_exact(columns).map(<[f32]>::to_vec).collect()
}

/// Probabilities from logits.
pub fn probabilities(logits: Tensor<2>) -> Vec<Vec<f32>> {
    rows_of(sigmoid(logits))
}
