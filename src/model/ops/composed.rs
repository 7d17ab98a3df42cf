//! Operations composed of Burn's own, which every device can compute and which support gradients.

use burn::tensor::activation::{gelu, relu, relu6, softmax};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Int, Tensor, module};

use super::activation::Activation;
use super::heads::{join_heads, split_heads};
use super::inputs::{Affine, Attended, Convolution, InvertedResidual, Layer, SelfAttention};
use super::taps::neighbours;

/// See [`ops::linear`](super::linear).
pub fn linear<const D: usize>(
    x: Tensor<D>,
    layer: Affine,
    after: Activation,
    residual: Option<Tensor<D>>,
) -> Tensor<D> {
    let y = module::linear(x, layer.weight, layer.bias);
    let y = match after {
        Activation::Identity => y,
        Activation::Relu => relu(y),
        Activation::Relu6 => relu6(y),
        Activation::Gelu => gelu(y),
    };
    match residual {
        Some(residual) => residual + y,
        None => y,
    }
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
    x.matmul(w)
}

/// See [`ops::rows`](super::rows).
pub fn rows(table: Tensor<2>, ids: Tensor<1, Int>) -> Tensor<2> {
    table.select(0, ids)
}

/// See [`ops::layer_norm`](super::layer_norm).
pub fn layer_norm<const D: usize>(
    x: Tensor<D>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
) -> Tensor<D> {
    module::layer_norm(x, gamma, Some(beta), epsilon)
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
    let scale = 1.0 / (query.dims()[3] as f64).sqrt();
    let scores = (query * scale).matmul(key.swap_dims(2, 3));
    let biased = match bias {
        Some(bias) => scores.clone() + bias.unsqueeze_dims(&[1, 2]),
        None => scores.clone(),
    };
    let weights = softmax(biased, 3);
    let context = join_heads(weights.clone().matmul(value));
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

/// See [`Layer::Stem`].
pub fn stem(pixels: Tensor<4>, convolution: Convolution) -> Tensor<4> {
    linear(neighbours(pixels), convolution.into(), Activation::Relu6, None)
}

fn inverted_residual(x: Tensor<4>, block: InvertedResidual) -> Tensor<4> {
    let InvertedResidual { expand, depthwise, project, stride, residual } = block;
    let hidden = match expand {
        Some(expand) => linear(x.clone(), expand.into(), Activation::Relu6, None),
        None => x.clone(),
    };
    let Convolution { weight, bias, .. } = depthwise;
    let options = ConvOptions::new([stride; 2], [1; 2], [1; 2], weight.dims()[0]);
    let filtered = module::conv2d(hidden.permute([0, 3, 1, 2]), weight, Some(bias), options);
    let filtered = relu6(filtered).permute([0, 2, 3, 1]);
    linear(filtered, project.into(), Activation::Identity, residual.then_some(x))
}
