//! Scaled dot-product attention over several heads, shared by all parts of the model.

use burn::tensor::Tensor;
#[cfg(not(all(feature = "flex", target_arch = "wasm32")))]
use burn::tensor::activation::softmax;

use super::ops::Attended;

/// Added to an attention logit, this makes its weight zero, in f32 and in f16.
pub const MASKED: f32 = -1e4;

/// `softmax(query · keyᵀ / sqrt(dim / heads) + bias) · value`.
///
/// # Shapes
///
/// - query: `[batch, queries, dim]`, heads side by side, or of one item for the whole batch
/// - key, value: `[batch, keys, dim]`
/// - bias: `[batch, keys]`, added to the logits of each key
pub fn attend(
    query: Tensor<3>,
    key: Tensor<3>,
    value: Tensor<3>,
    heads: usize,
    bias: Option<Tensor<2>>,
) -> Attended {
    #[cfg(all(feature = "flex", target_arch = "wasm32"))]
    {
        let bias = bias.unwrap_or_else(|| no_bias(&key));
        super::ops::cpu::attend(query, key, value, bias, heads)
    }
    #[cfg(not(all(feature = "flex", target_arch = "wasm32")))]
    {
        let [query, key, value] = [query, key, value].map(|x| split_heads(x, heads));
        let scale = 1.0 / (query.dims()[3] as f64).sqrt();
        #[cfg(feature = "wgpu")]
        if super::ops::gpu::is_available(&[query.device(), key.device(), value.device()]) {
            let ([batch, ..], [_, _, queries, head_dim]) = (key.dims(), query.dims());
            let query = query.expand([batch, heads, queries, head_dim]);
            let scores = super::ops::gpu::matmul(query, key.swap_dims(2, 3), scale as f32);
            let weights = super::ops::gpu::softmax(scores.clone(), bias);
            let context = super::ops::gpu::matmul(weights.clone(), value, 1.0);
            return Attended { context: joined_heads(context), scores, weights };
        }
        let scores = (query * scale).matmul(key.swap_dims(2, 3));
        let biased = match bias {
            Some(bias) => scores.clone() + bias.unsqueeze_dims(&[1, 2]),
            None => scores.clone(),
        };
        let weights = softmax(biased, 3);
        let context = joined_heads(weights.clone().matmul(value));
        Attended { context, scores, weights }
    }
}

/// The attended values alone, `[batch, queries, dim]`; shapes are those of [`attend`].
pub fn attended(
    query: Tensor<3>,
    key: Tensor<3>,
    value: Tensor<3>,
    heads: usize,
    bias: Option<Tensor<2>>,
) -> Tensor<3> {
    #[cfg(all(feature = "flex", target_arch = "wasm32"))]
    {
        let bias = bias.unwrap_or_else(|| no_bias(&key));
        super::ops::cpu::attended(query, key, value, bias, heads)
    }
    #[cfg(not(all(feature = "flex", target_arch = "wasm32")))]
    {
        attend(query, key, value, heads, bias).context
    }
}

#[cfg(all(feature = "flex", target_arch = "wasm32"))]
fn no_bias(key: &Tensor<3>) -> Tensor<2> {
    let [batch, keys, _] = key.dims();
    Tensor::zeros([batch, keys], &key.device())
}

/// `[batch, tokens, dim]` to `[batch, heads, tokens, dim / heads]`.
#[cfg(not(all(feature = "flex", target_arch = "wasm32")))]
fn split_heads(x: Tensor<3>, heads: usize) -> Tensor<4> {
    let [batch, tokens, dim] = x.dims();
    x.reshape([batch, tokens, heads, dim / heads]).swap_dims(1, 2)
}

/// The way back.
#[cfg(not(all(feature = "flex", target_arch = "wasm32")))]
fn joined_heads(x: Tensor<4>) -> Tensor<3> {
    let [batch, heads, tokens, head_dim] = x.dims();
    x.swap_dims(1, 2).reshape([batch, tokens, heads * head_dim])
}
