//! Tokens of images.

use burn::tensor::Tensor;

/// What an image encoder makes of a batch of images.
#[derive(Debug, Clone)]
pub struct ImageTokens {
    /// One token for the whole image, `[images, dim]`.
    pub global: Tensor<2>,
    /// One token for each patch, row by row, `[images, side * side, dim]`.
    pub local: Tensor<3>,
}
