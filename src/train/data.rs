//! Batches of images and targets.

use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, rngs::StdRng};

use super::samples::{Sample, Target};

/// Images and targets on the host.
#[derive(Debug)]
pub struct Batch {
    /// `[images, crop, crop]`
    pub pixels: Vec<f32>,
    images: usize,
    findings: usize,
    /// `[images, findings]`, 0 where unknown.
    targets: Vec<f32>,
    /// `[images, findings]`, 1 where known.
    known: Vec<f32>,
}

impl Batch {
    /// The targets of images whose pixels are still to come.
    pub fn new(samples: &[&Sample], findings: usize) -> Self {
        let targets: Vec<Target> =
            samples.iter().flat_map(|sample| sample.targets.iter().copied()).collect();
        let (targets, known) = split(&targets);
        Self { pixels: Vec::new(), images: samples.len(), findings, targets, known }
    }

    /// Mixes each image with another one, in proportions around which `strength` allows
    /// (mixup; Zhang et al., 2018). What is known of either image counts by its share.
    pub fn mix_pairs(&mut self, strength: f32, rng: &mut StdRng) {
        let share = 1.0 - strength * rng.random::<f32>();
        let mix = |values: &mut [f32], images: usize| {
            let length = values.len() / images;
            let other = values.to_vec();
            for (index, row) in values.chunks_exact_mut(length).enumerate() {
                let partner = &other[(images - 1 - index) * length..][..length];
                for (value, partner) in row.iter_mut().zip(partner) {
                    *value = *value * share + partner * (1.0 - share);
                }
            }
        };
        mix(&mut self.pixels, self.images);
        mix(&mut self.targets, self.images);
        mix(&mut self.known, self.images);
        for (target, known) in self.targets.iter_mut().zip(&self.known) {
            *target /= known.max(1e-6);
        }
    }

    /// Pixels `[images, 1, crop, crop]`, targets and weights `[images, findings]`.
    pub fn into_tensors(self, crop: usize, device: &Device) -> (Tensor<4>, Tensor<2>, Tensor<2>) {
        let shape = [self.images, self.findings];
        (
            Tensor::from_data(TensorData::new(self.pixels, [self.images, 1, crop, crop]), device),
            Tensor::from_data(TensorData::new(self.targets, shape), device),
            Tensor::from_data(TensorData::new(self.known, shape), device),
        )
    }
}

/// Targets as values (0 where unknown) and weights (0 where unknown, else 1).
pub fn split(targets: &[Target]) -> (Vec<f32>, Vec<f32>) {
    targets.iter().map(|target| target.map_or((0.0, 0.0), |value| (value, 1.0))).unzip()
}
