//! Linear layers and GELU, each in one operation where the device has it.

use burn::nn::Linear;
use burn::tensor::Tensor;

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
        return super::fused::linear(x, weight, bias);
    }
    burn::tensor::module::linear(x, weight, bias)
}

/// GELU (Hendrycks and Gimpel, 2016, <https://arxiv.org/abs/1606.08415>).
pub fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    #[cfg(all(feature = "flex", target_arch = "wasm32"))]
    return super::fused::gelu(x);
    #[cfg(not(all(feature = "flex", target_arch = "wasm32")))]
    burn::tensor::activation::gelu(x)
}
