//! Tokens of images and texts.

use burn::tensor::Tensor;

/// The tokens of a batch of images.
#[derive(Debug, Clone)]
pub struct ImageTokens {
    /// One token for the whole image, `[images, dim]`.
    pub global: Tensor<2>,
    /// One token for each patch, row by row, `[images, side * side, dim]`.
    pub local: Tensor<3>,
}

/// Added to an attention logit, this makes the attention weight zero, both in f32 and in f16.
pub const MASKED: f32 = -1e4;
