//! Scaled dot-product attention over several heads, shared by all parts of the model.

use burn::tensor::{Tensor, activation::softmax};

/// Added to an attention logit, this makes its weight zero, in f32 and in f16.
pub const MASKED: f32 = -1e4;

/// What attention yields.
#[derive(Debug, Clone)]
pub struct Attended {
    /// The attended values, heads side by side, `[batch, queries, dim]`.
    pub context: Tensor<3>,
    /// Logits before the softmax, without the bias, `[batch, heads, queries, keys]`.
    pub scores: Tensor<4>,
    /// Weights after the softmax, `[batch, heads, queries, keys]`.
    pub weights: Tensor<4>,
}

/// Splits `[batch, tokens, dim]` into `[batch, heads, tokens, dim / heads]`.
pub fn split_heads(x: Tensor<3>, heads: usize) -> Tensor<4> {
    let [batch, tokens, dim] = x.dims();
    x.reshape([batch, tokens, heads, dim / heads]).swap_dims(1, 2)
}

/// `softmax(query · keyᵀ / sqrt(dim / heads) + bias) · value`.
///
/// # Shapes
///
/// - query: `[batch, heads, queries, dim / heads]`, or of one item for the whole batch
/// - key, value: `[batch, heads, keys, dim / heads]`
/// - bias: `[batch, keys]`, added to the logits of each key
pub fn attend(
    query: Tensor<4>,
    key: Tensor<4>,
    value: Tensor<4>,
    bias: Option<Tensor<2>>,
) -> Attended {
    let [_, heads, queries, head_dim] = query.dims();
    let [batch, ..] = key.dims();
    let scale = 1.0 / (head_dim as f64).sqrt();
    #[cfg(feature = "wgpu")]
    if super::gpu::is_available(&[query.device(), key.device(), value.device()]) {
        let query = query.expand([batch, heads, queries, head_dim]);
        let scores = super::gpu::matmul(query, key.swap_dims(2, 3), scale as f32);
        let weights = super::gpu::softmax(scores.clone(), bias);
        let context = super::gpu::matmul(weights.clone(), value, 1.0);
        let context = context.swap_dims(1, 2).reshape([batch, queries, heads * head_dim]);
        return Attended { context, scores, weights };
    }
    let scores = (query * scale).matmul(key.swap_dims(2, 3));
    let biased = match bias {
        Some(bias) => scores.clone() + bias.unsqueeze_dims(&[1, 2]),
        None => scores.clone(),
    };
    let weights = softmax(biased, 3);
    let context = weights.clone().matmul(value);
    let context = context.swap_dims(1, 2).reshape([batch, queries, heads * head_dim]);
    Attended { context, scores, weights }
}

/// Self-attention without its weights: the attended values, `[batch, tokens, dim]`.
///
/// # Shapes
///
/// - query, key, value: `[batch, tokens, dim]`, heads side by side
/// - bias: `[batch, tokens]`, added to the logits of each key
pub fn self_attention(
    query: Tensor<3>,
    key: Tensor<3>,
    value: Tensor<3>,
    heads: usize,
    bias: Option<Tensor<2>>,
) -> Tensor<3> {
    #[cfg(all(feature = "flex", target_arch = "wasm32"))]
    {
        let [batch, tokens, _] = query.dims();
        let bias = bias.unwrap_or_else(|| Tensor::zeros([batch, tokens], &query.device()));
        super::fused::self_attention(query, key, value, bias, heads)
    }
    #[cfg(not(all(feature = "flex", target_arch = "wasm32")))]
    {
        let [query, key, value] = [query, key, value].map(|x| split_heads(x, heads));
        attend(query, key, value, bias).context
    }
}
