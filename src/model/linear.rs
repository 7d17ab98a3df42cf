//! Linear layers and embeddings, computed by [`ops`].

use burn::nn::{Embedding, Linear};
use burn::tensor::{Int, Tensor};

use super::ops;
use super::ops::activation::Activation;

/// `x · weight + bias` over the last dimension of `x`.
pub fn linear<const D: usize>(layer: &Linear, x: Tensor<D>) -> Tensor<D> {
    activated(layer, x, Activation::Identity)
}

/// `activation(x · weight + bias)`.
pub fn activated<const D: usize>(layer: &Linear, x: Tensor<D>, after: Activation) -> Tensor<D> {
    ops::linear(x, layer.into(), after, None)
}

/// `residual + x · weight + bias`.
pub fn added<const D: usize>(layer: &Linear, x: Tensor<D>, residual: Tensor<D>) -> Tensor<D> {
    ops::linear(x, layer.into(), Activation::Identity, Some(residual))
}

/// `residual + second(activation(first(x)))`.
pub fn feed_forward<const D: usize>(
    layers: [&Linear; 2],
    x: Tensor<D>,
    between: Activation,
    residual: Tensor<D>,
) -> Tensor<D> {
    ops::feed_forward(x, layers.map(Into::into), between, residual)
}

/// Looks up rows of an embedding, `[rows, dim]`; ids: `[rows]`.
pub fn rows(layer: &Embedding, ids: Tensor<1, Int>) -> Tensor<2> {
    ops::rows(layer.weight.val(), ids)
}
