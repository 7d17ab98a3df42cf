//! A 3 x 3 convolution of one plane as a matrix product.

use burn::tensor::{Tensor, s};

/// The nine neighbours of every second pixel in every second row, with zeros outside of the map:
/// `[images, 1, height, width]` to `[images, height / 2, width / 2, 9]`. Sides must be even.
pub fn neighbours(pixels: Tensor<4>) -> Tensor<4> {
    let [images, _, height, width] = pixels.dims();
    // Even and odd rows and columns are separated, so that the neighbours for each tap are contiguous.
    let [rows, columns] = [height / 2, width / 2];
    let padded = pixels.reshape([images, height, width]).pad((1, 1, 1, 1), 0.0);
    let parts = padded.reshape([images * (height + 2) * (columns + 1), 2]).transpose();
    let parts = parts.reshape([2, images, rows + 1, 2, columns + 1]);
    let tap = |index: usize| {
        let (y, x) = (index / 3, index % 3);
        let (top, left) = (y / 2, x / 2);
        let tap = s![x % 2, .., top..top + rows, y % 2, left..left + columns];
        parts.clone().slice(tap).reshape([images, rows, columns])
    };
    Tensor::stack::<4>((0..9).map(tap).collect(), 1).permute([0, 2, 3, 1])
}
