//! The first stage: the image encoder learns the findings under a linear classifier.
//!
//! With so few images, training by cross-attention alone hardly changes a backbone; training under a classifier does.
//! The classifier adds the evidence of the whole image to that of its single patches, so that small findings are learnt
//! where they are. It is removed afterwards, but its predictions are used as targets in the second stage.

use std::borrow::Cow;

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Distribution, Tensor, TensorData};
use rand::{RngExt, rngs::StdRng};
use rayon::prelude::*;

use super::augment::Change;
use super::boxes::{Inside, inside};
use super::config::{EncoderRound, TrainConfig};
use super::data::Targets;
use super::error::Result;
use super::learner::Stage;
use super::lesion::Lesions;
use super::loss::{binary_cross_entropy, outside_boxes};
use super::samples::{Sample, Samples, draw};
use crate::model::ImageEncoder;
use crate::radiograph::preprocess::ImageConfig;

/// An image encoder with a classifier on top, which has an output for each finding.
#[derive(Module, Debug)]
pub struct Classifier {
    /// The encoder.
    pub img_encoder: ImageEncoder,
    head: Linear,
    head_of_patches: Linear,
}

impl Classifier {
    /// A classifier that initially predicts the frequency of each finding for every image. `channels` are the numbers
    /// of channels of the pooled features and of a patch.
    pub fn new(
        img_encoder: ImageEncoder,
        channels: [usize; 2],
        config: &TrainConfig,
        samples: &[Sample],
        device: &Device,
    ) -> Self {
        let findings = config.data.findings.len();
        let linear = |channels: usize| {
            let noise = Distribution::Normal(0.0, 0.01);
            let weight = Param::from_tensor(Tensor::random([channels, findings], noise, device));
            Linear { weight, bias: None }
        };
        let odds: Vec<f32> = (0..findings).map(|finding| log_odds(samples, finding)).collect();
        let bias = Param::from_tensor(Tensor::from_floats(odds.as_slice(), device));
        let [whole, patch] = channels;
        Self {
            img_encoder,
            head: Linear { bias: Some(bias), ..linear(whole) },
            head_of_patches: linear(patch),
        }
    }

    /// Logits of the findings, `[images, findings]`.
    pub fn forward(&self, pixels: Tensor<4>) -> Tensor<2> {
        self.classify(&self.img_encoder.features(pixels))
    }

    /// The same, given the encoder's features.
    pub fn classify(&self, features: &[Tensor<3>]) -> Tensor<2> {
        self.head.forward(self.img_encoder.pooled(features)) + strongest(self.evidence(features))
    }

    /// The evidence of each patch for each finding, `[images, patches, findings]`.
    fn evidence(&self, features: &[Tensor<3>]) -> Tensor<3> {
        self.head_of_patches.forward(self.img_encoder.patches(features))
    }
}

/// A smooth maximum over the patches, which is zero if all of them are: the logarithm of the mean of the exponentials.
/// `[images, patches, findings]` to `[images, findings]`.
fn strongest(evidence: Tensor<3>) -> Tensor<2> {
    let most = evidence.clone().detach().max_dim(1);
    let mean = (evidence - most.clone()).exp().mean_dim(1);
    (mean.log() + most).squeeze_dim(1)
}

/// The log-odds of a finding's frequency.
fn log_odds(samples: &[Sample], finding: usize) -> f32 {
    let known = samples.iter().filter_map(|sample| sample.labels[finding]);
    let (sum, count) = known.fold((0.0, 0.0), |(sum, count), label| (sum + label, count + 1.0));
    ((sum + 1.0) / (count - sum + 1.0f32)).ln()
}

/// Trains the encoder under the classifier.
pub struct EncoderTraining<'a> {
    /// The whole config.
    pub config: &'a TrainConfig,
    /// The round of the first stage.
    pub round: &'a EncoderRound,
    /// All images.
    pub samples: &'a Samples,
    /// Lesions that are drawn into some of the images.
    pub lesions: Option<Lesions<'a>>,
    /// The previous round's predictions for each training image, if there was a previous round.
    pub taught: Option<Vec<Vec<f32>>>,
    /// The device, with support for gradients.
    pub device: Device,
}

impl Stage for EncoderTraining<'_> {
    type Model = Classifier;

    fn order(&self, rng: &mut StdRng) -> Vec<usize> {
        draw_epoch(self.config, &self.samples.train, rng)
    }

    fn loss(&self, model: &Classifier, rows: &[usize], rng: &mut StdRng) -> Tensor<1> {
        let image = &self.config.model.image;
        let versions: Vec<(Cow<Sample>, Change)> = rows
            .iter()
            .map(|&row| {
                let sample =
                    perhaps_with_lesion(self.lesions.as_ref(), &self.samples.train[row], rng);
                (sample, Change::draw(&self.round.augmentation, rng))
            })
            .collect();
        let features = model.img_encoder.features(pixels(&versions, image, &self.device));
        let pooled = dropout(model.img_encoder.pooled(&features), self.round.dropout, rng);
        let evidence = model.evidence(&features);
        let logits = model.head.forward(pooled) + strongest(evidence.clone());
        let known = rows.iter().zip(&versions).map(|(&row, (sample, _))| {
            let taught = self.taught.as_ref().filter(|_| !sample.exact);
            (sample.targets.as_slice(), taught.map(|taught| taught[row].as_slice()))
        });
        let targets = Targets::new(known, self.round.distil, &self.device);
        let loss = binary_cross_entropy(logits, targets.values, targets.weights);

        let side = self.config.model.map_side();
        let boxes: Vec<Vec<Inside>> =
            versions.iter().map(|(sample, change)| inside(sample, change, image, side)).collect();
        let [images, patches, findings] = evidence.dims();
        let boxed: Vec<(usize, &[f32])> = boxes
            .iter()
            .enumerate()
            .flat_map(|(row, boxes)| {
                boxes.iter().map(move |(finding, inside)| (row * findings + finding, &inside[..]))
            })
            .collect();
        if boxed.is_empty() || self.round.boxes == 0.0 {
            return loss;
        }
        let attention = softmax(evidence, 1).swap_dims(1, 2);
        let attention = attention.reshape([images * findings, patches]);
        // The loss of the boxes is a mean over the pairs with boxes, so it is weighted by the number of such pairs.
        let weight = self.round.boxes * boxed.len() as f32 / images as f32;
        loss + outside_boxes(attention, &boxed) * weight
    }

    fn validate(&self, model: &Classifier) -> Result<Vec<Vec<f32>>> {
        let (image, device) = (&self.config.model.image, self.device.clone().inner());
        Ok(predict(model, &self.samples.val, image, &device))
    }
}

/// Dropout of features. Burn's own dropout draws from the device's random numbers, which are shared by batches that are
/// computed in parallel, so a run would not be reproducible.
fn dropout(features: Tensor<2>, rate: f32, rng: &mut StdRng) -> Tensor<2> {
    let [rows, columns] = features.dims();
    let kept = |_| if rng.random::<f32>() < rate { 0.0 } else { 1.0 / (1.0 - rate) };
    let mask: Vec<f32> = (0..rows * columns).map(kept).collect();
    let device = features.device();
    features * Tensor::from_data(TensorData::new(mask, [rows, columns]), &device)
}

/// A sample, into which a lesion may have been drawn.
pub fn perhaps_with_lesion<'s>(
    lesions: Option<&Lesions>,
    sample: &'s Sample,
    rng: &mut StdRng,
) -> Cow<'s, Sample> {
    lesions.map_or(Cow::Borrowed(sample), |lesions| lesions.perhaps_add(sample, rng))
}

/// The crops of changed images as the encoder's input, `[images, 1, crop, crop]`.
pub fn pixels(
    versions: &[(Cow<Sample>, Change)],
    image: &ImageConfig,
    device: &Device,
) -> Tensor<4> {
    let pixels: Vec<f32> = versions
        .par_iter()
        .flat_map_iter(|(sample, change)| change.pixels(&sample.square, image))
        .collect();
    let shape = [versions.len(), 1, image.crop, image.crop];
    Tensor::from_data(TensorData::new(pixels, shape), device)
}

/// The rows of one epoch in random order, with as many of each source as the config says.
pub fn draw_epoch(config: &TrainConfig, samples: &[Sample], rng: &mut StdRng) -> Vec<usize> {
    let most = |source: &str| {
        config.data.sources.get(source).map_or(0, |rules| rules.per_epoch.unwrap_or(usize::MAX))
    };
    let mut order = draw(samples, most, rng);
    order.retain(|&index| samples[index].targets.iter().any(Option::is_some));
    order
}

/// Logits of unchanged images, row by row.
pub fn predict(
    model: &Classifier,
    samples: &[Sample],
    image: &ImageConfig,
    device: &Device,
) -> Vec<Vec<f32>> {
    let of_batch = |batch: &[Sample]| {
        let unchanged = |sample| (Cow::Borrowed(sample), Change::NONE);
        let versions: Vec<_> = batch.iter().map(unchanged).collect();
        rows_of(model.forward(pixels(&versions, image, device)))
    };
    samples.chunks(16).flat_map(of_batch).collect()
}

/// The rows of a matrix.
pub fn rows_of(matrix: Tensor<2>) -> Vec<Vec<f32>> {
    let columns = matrix.dims()[1].max(1);
    let values = matrix.into_data().try_into_vec::<f32>().unwrap_or_default();
    values.chunks_exact(columns).map(<[f32]>::to_vec).collect()
}
