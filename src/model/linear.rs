//! Linear layers and what follows them, each in one operation where the device has it.

use burn::nn::{Embedding, Linear};
use burn::tensor::{Int, Tensor, activation};

use super::ops::activation::Activation;

/// `x · weight + bias` over the last dimension of `x`.
pub fn linear<const D: usize>(layer: &Linear, x: Tensor<D>) -> Tensor<D> {
    activated(layer, x, Activation::Identity)
}

/// `activation(x · weight + bias)`.
pub fn activated<const D: usize>(layer: &Linear, x: Tensor<D>, after: Activation) -> Tensor<D> {
    product(x, layer.weight.val(), bias(layer), after, None)
}

/// `residual + x · weight + bias`.
pub fn added<const D: usize>(layer: &Linear, x: Tensor<D>, residual: Tensor<D>) -> Tensor<D> {
    product(x, layer.weight.val(), bias(layer), Activation::Identity, Some(residual))
}

/// `residual + second(activation(first(x)))`.
pub fn feed_forward<const D: usize>(
    [first, second]: [&Linear; 2],
    x: Tensor<D>,
    after: Activation,
    residual: Tensor<D>,
) -> Tensor<D> {
    #[cfg(all(feature = "flex", target_arch = "wasm32"))]
    if let (Some(first_bias), Some(second_bias)) = (bias(first), bias(second)) {
        let layers = [(first.weight.val(), first_bias), (second.weight.val(), second_bias)];
        return super::ops::cpu::feed_forward(x, layers, after, residual);
    }
    added(second, activated(first, x, after), residual)
}

fn bias(layer: &Linear) -> Option<Tensor<1>> {
    layer.bias.as_ref().map(|bias| bias.val())
}

/// `activation(x · weight + bias) + residual` over the last dimension of `x`; weight:
/// `[input, output]`.
pub fn product<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    after: Activation,
    residual: Option<Tensor<D>>,
) -> Tensor<D> {
    #[cfg(feature = "wgpu")]
    if super::ops::gpu::is_available(&[x.device(), weight.device()]) {
        return super::ops::gpu::linear(x, weight, bias, after, residual);
    }
    let y = layer(x, weight, bias, after);
    match residual {
        Some(residual) => residual + y,
        None => y,
    }
}

fn layer<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    after: Activation,
) -> Tensor<D> {
    #[cfg(all(feature = "flex", target_arch = "wasm32"))]
    if let Some(bias) = bias {
        return super::ops::cpu::linear(x, weight, bias, after);
    }
    let y = burn::tensor::module::linear(x, weight, bias);
    match after {
        Activation::Identity => y,
        Activation::Relu => activation::relu(y),
        Activation::Relu6 => activation::relu6(y),
        Activation::Gelu => activation::gelu(y),
    }
}

/// `x · w`, matrix by matrix.
pub fn matmul(x: Tensor<3>, w: Tensor<3>) -> Tensor<3> {
    #[cfg(feature = "wgpu")]
    if super::ops::gpu::is_available(&[x.device(), w.device()]) {
        let [x, w] = [x, w].map(|x| x.unsqueeze_dim(1));
        return super::ops::gpu::matmul(x, w, 1.0).squeeze_dim(1);
    }
    x.matmul(w)
}

/// The rows of an embedding, `[rows, dim]`; ids: `[rows]`.
pub fn rows(layer: &Embedding, ids: Tensor<1, Int>) -> Tensor<2> {
    let weight = layer.weight.val();
    #[cfg(target_arch = "wasm32")]
    if let burn::tensor::DType::QFloat(_) = weight.dtype() {
        #[cfg(feature = "flex")]
        return super::ops::cpu::quantised_rows(weight, ids);
        #[cfg(feature = "wgpu")]
        return super::ops::gpu::quantised_rows(weight, ids);
    }
    weight.select(0, ids)
}
