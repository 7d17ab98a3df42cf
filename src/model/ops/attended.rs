//! What attention yields.

use burn::tensor::Tensor;

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
