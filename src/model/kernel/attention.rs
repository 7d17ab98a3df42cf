//! Self-attention on the CPU without moving heads about: each reads and writes its own columns.

use std::ops::Range;

use super::functions::softmax;
use super::matrix::{Matrix, MatrixMut, multiply};

/// The sizes of a self-attention.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    pub tokens: usize,
    pub heads: usize,
    pub dim: usize,
}

/// `softmax(query · keyᵀ / sqrt(dim / heads) + bias) · value` of one item, for some of its heads.
///
/// # Shapes
///
/// - inputs (query, key, value), out: `[tokens, dim]`, all heads side by side
/// - bias: `[tokens]`, one number for each key
pub fn attention(
    sizes: &Sizes,
    heads: Range<usize>,
    inputs: [&[f32]; 3],
    bias: &[f32],
    out: &mut [f32],
) {
    let Sizes { tokens, dim, .. } = *sizes;
    let width = dim / sizes.heads;
    let scale = 1.0 / (width as f32).sqrt();
    let mut weights = vec![0.0; tokens * tokens];
    for head in heads {
        let [query, key, value] = inputs.map(|data| Matrix {
            data: &data[head * width..],
            rows: tokens,
            columns: width,
            row_stride: dim,
            column_stride: 1,
        });
        multiply(query, key.transposed(), false, MatrixMut::rows(&mut weights, tokens));
        for row in weights.chunks_exact_mut(tokens) {
            row.iter_mut().zip(bias).for_each(|(weight, bias)| *weight = *weight * scale + bias);
            softmax(row);
        }
        let out = MatrixMut { data: &mut out[head * width..], row_stride: dim };
        multiply(Matrix::rows(&weights, tokens, tokens), value, false, out);
    }
}
