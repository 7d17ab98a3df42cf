//! The GPU device, with the project's own kernels. They have no gradient, so a device that tracks gradients does not
//! count as a GPU here.

mod kernels;
mod launch;

use burn::backend::DispatchDevice;
use burn::tensor::{DType, Device, Int, Tensor};

use super::activation::Activation;
use super::heads::{join_heads, split_heads};
use super::inputs::{Affine, Attended, Convolution, InvertedResidual, Layer, SelfAttention};
pub use launch::layer_norm;

/// Whether a device is a GPU that tracks no gradients.
pub fn is_available(device: &Device) -> bool {
    matches!(device.as_dispatch(), DispatchDevice::Cube(_))
}

/// See [`ops::linear`](super::linear).
pub fn linear<const D: usize>(
    x: Tensor<D>,
    layer: Affine,
    after: Activation,
    residual: Option<Tensor<D>>,
) -> Tensor<D> {
    launch::linear(x, layer.weight, layer.bias, after, residual)
}

/// See [`ops::feed_forward`](super::feed_forward).
pub fn feed_forward<const D: usize>(
    x: Tensor<D>,
    [first, second]: [Affine; 2],
    between: Activation,
    residual: Tensor<D>,
) -> Tensor<D> {
    let hidden = linear(x, first, between, None);
    linear(hidden, second, Activation::Identity, Some(residual))
}

/// See [`ops::matmul`](super::matmul).
pub fn matmul(x: Tensor<3>, w: Tensor<3>) -> Tensor<3> {
    let [x, w] = [x, w].map(|x| x.unsqueeze_dim(1));
    launch::matmul(x, w, 1.0).squeeze_dim(1)
}

/// See [`ops::rows`](super::rows).
pub fn rows(table: Tensor<2>, ids: Tensor<1, Int>) -> Tensor<2> {
    match table.dtype() {
        DType::QFloat(_) => launch::quantised_rows(table, ids),
        _ => table.select(0, ids),
    }
}

/// See [`ops::attend`](super::attend).
pub fn attend(
    query: Tensor<3>,
    key: Tensor<3>,
    value: Tensor<3>,
    heads: usize,
    bias: Option<Tensor<2>>,
) -> Attended {
    let [query, key, value] = [query, key, value].map(|x| split_heads(x, heads));
    let ([batch, ..], [_, _, queries, head_dim]) = (key.dims(), query.dims());
    let scale = 1.0 / (head_dim as f64).sqrt();
    let query = query.expand([batch, heads, queries, head_dim]);
    let scores = launch::matmul(query, key.swap_dims(2, 3), scale as f32);
    let weights = launch::softmax(scores.clone(), bias);
    let context = join_heads(launch::matmul(weights.clone(), value, 1.0));
    Attended { context, scores, weights }
}

/// See [`ops::self_attention`](super::self_attention).
pub fn self_attention(
    x: Tensor<3>,
    SelfAttention { projections, output, heads }: SelfAttention,
    bias: Option<Tensor<2>>,
    residual: Tensor<3>,
) -> Tensor<3> {
    let apply = |x, layer| linear(x, layer, Activation::Identity, None);
    let [query, key, value] = projections.apply(&x, apply);
    let context = attend(query, key, value, heads, bias).context;
    linear(context, output, Activation::Identity, Some(residual))
}

/// See [`ops::convolutions`](super::convolutions).
pub fn convolutions(x: Tensor<4>, layers: Vec<Layer>) -> Tensor<4> {
    layers.into_iter().fold(x, |x, layer| match layer {
        Layer::Stem(convolution) => stem(x, convolution),
        Layer::InvertedResidual(block) => inverted_residual(x, *block),
        Layer::Pointwise(convolution) => linear(x, convolution.into(), Activation::Relu6, None),
    })
}

fn stem(pixels: Tensor<4>, convolution: Convolution) -> Tensor<4> {
    let [images, _, height, width] = pixels.dims();
    let plane = pixels.reshape([images, height, width, 1]);
    launch::depthwise(plane, convolution.weight, convolution.bias, 2)
}

fn inverted_residual(x: Tensor<4>, block: InvertedResidual) -> Tensor<4> {
    let InvertedResidual { expand, depthwise, project, stride, residual } = block;
    let hidden = match expand {
        Some(expand) => linear(x.clone(), expand.into(), Activation::Relu6, None),
        None => x.clone(),
    };
    let filtered = launch::depthwise(hidden, depthwise.weight, depthwise.bias, stride);
    linear(filtered, project.into(), Activation::Identity, residual.then_some(x))
}
