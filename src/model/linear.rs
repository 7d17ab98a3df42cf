//! Linear layers and GELU, each in one operation where the device has it.

use burn::nn::{Embedding, Linear};
use burn::tensor::{Int, Tensor};

/// `x · weight + bias` over the last dimension of `x`.
pub fn linear<const D: usize>(layer: &Linear, x: Tensor<D>) -> Tensor<D> {
    let bias = layer.bias.as_ref().map(|bias| bias.val());
    product(x, layer.weight.val(), bias)
}

/// `x · weight + bias` over the last dimension of `x`; weight: `[input, output]`.
pub fn product<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
) -> Tensor<D> {
    #[cfg(all(feature = "flex", target_arch = "wasm32"))]
    if let Some(bias) = bias {
        return match weight.dtype() {
            burn::tensor::DType::QFloat(_) => super::fused::quantised_linear(x, weight, bias),
            _ => super::fused::linear(x, weight, bias),
        };
    }
    burn::tensor::module::linear(x, weight, bias)
}

/// The rows of an embedding, `[rows, dim]`; ids: `[rows]`.
pub fn rows(layer: &Embedding, ids: Tensor<1, Int>) -> Tensor<2> {
    let weight = layer.weight.val();
    #[cfg(all(feature = "flex", target_arch = "wasm32"))]
    if let burn::tensor::DType::QFloat(_) = weight.dtype() {
        return super::fused::quantised_rows(weight, ids);
    }
    weight.select(0, ids)
}

/// GELU (Hendrycks and Gimpel, 2016, <https://arxiv.org/abs/1606.08415>).
pub fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    #[cfg(all(feature = "flex", target_arch = "wasm32"))]
    return super::fused::gelu(x);
    #[cfg(not(all(feature = "flex", target_arch = "wasm32")))]
    burn::tensor::activation::gelu(x)
}
