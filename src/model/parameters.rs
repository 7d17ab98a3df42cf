//! Layers whose parameters are loaded later. Parameters that are not loaded are drawn at random on first use, like
//! those of Burn's own layers. Burn's [`Initializer`](burn::module::Initializer) is not used: as it can also make
//! orthogonal matrices, it would link all of Burn's matrix products into the WebAssembly module.

use burn::module::{Param, ParamId};
use burn::nn::conv::Conv2d;
use burn::nn::{Embedding, Linear, PaddingConfig2d};
use burn::tensor::{Device, Distribution, Shape, Tensor};

/// A parameter that is filled with one number.
pub fn filled<const D: usize>(value: f32, shape: [usize; D], device: &Device) -> Param<Tensor<D>> {
    parameter(shape, device, move |device| Tensor::full(shape, value, device))
}

/// A linear layer.
pub fn linear(from: usize, to: usize, device: &Device) -> Linear {
    Linear { weight: uniform([from, to], from, device), bias: Some(uniform([to], from, device)) }
}

/// An embedding.
pub fn embedding(count: usize, dim: usize, device: &Device) -> Embedding {
    Embedding { weight: drawn(Distribution::Normal(0.0, 1.0), [count, dim], device) }
}

/// A square convolution with padding that keeps the size of a map, or divides it by the stride.
pub fn convolution(
    [from, to]: [usize; 2],
    size: usize,
    stride: usize,
    groups: usize,
    device: &Device,
) -> Conv2d {
    let (inputs, padding) = (from / groups, size / 2);
    let fan_in = inputs * size * size;
    Conv2d {
        weight: uniform([to, inputs, size, size], fan_in, device),
        bias: Some(uniform([to], fan_in, device)),
        stride: [stride; 2],
        kernel_size: [size; 2],
        dilation: [1; 2],
        groups,
        padding: PaddingConfig2d::Explicit(padding, padding, padding, padding),
    }
}

/// Uniform initialisation after He et al., 2015 (<https://arxiv.org/abs/1502.01852>), with PyTorch's gain.
fn uniform<const D: usize>(shape: [usize; D], fan_in: usize, device: &Device) -> Param<Tensor<D>> {
    let bound = 1.0 / (fan_in as f64).sqrt();
    drawn(Distribution::Uniform(-bound, bound), shape, device)
}

fn drawn<const D: usize>(
    distribution: Distribution,
    shape: [usize; D],
    device: &Device,
) -> Param<Tensor<D>> {
    parameter(shape, device, move |device| Tensor::random(shape, distribution, device))
}

fn parameter<const D: usize>(
    shape: [usize; D],
    device: &Device,
    init: impl Fn(&Device) -> Tensor<D> + Send + Sync + 'static,
) -> Param<Tensor<D>> {
    let init = move |device: &Device, tracked: bool| init(device).set_require_grad(tracked);
    Param::uninitialized(ParamId::new(), init, device.clone(), true, Shape::from(shape))
}

/// Initialises a linear layer to apply `(x - mean) / deviation` before a random projection, where mean and deviation
/// are those of the weighted rows of `x`. The outputs of the untrained layer then have a mean of zero and a variance of
/// one.
#[cfg(feature = "train")]
pub fn standardised(linear: Linear, x: Tensor<2>, weights: Tensor<2>) -> Linear {
    let count = weights.clone().sum_dim(0);
    let mean = (x.clone() * weights.clone()).sum_dim(0) / count.clone();
    let deviation = (((x - mean.clone()).square() * weights).sum_dim(0) / count).mean().sqrt();
    let [from, _] = linear.weight.dims();
    // The variance of the weights is 1 / (inputs · deviation²).
    let normal = |weight: Tensor<2>| {
        let noise = Distribution::Normal(0.0, 1.0 / (from as f64).sqrt());
        Tensor::random_like(&weight, noise) / deviation.clone().unsqueeze()
    };
    let weight = linear.weight.map(normal);
    let offset = -mean.matmul(weight.val()).squeeze_dim(0);
    Linear { bias: linear.bias.map(|bias| bias.map(|_| offset)), weight }
}
