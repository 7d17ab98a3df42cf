//! Attention on the CPU without rearranging heads: each head reads and writes its own columns.

use std::ops::Range;

use super::functions::softmax;
use super::matrix::{Factor, Matrix, MatrixMut};
use super::panels::multiply;

/// The sizes of an attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    pub queries: usize,
    pub keys: usize,
    pub heads: usize,
    pub dim: usize,
}

/// Query, key and value of one item. In each row, all heads are side by side.
#[derive(Clone, Copy)]
pub struct Item<'a> {
    /// `[queries, dim]`
    pub query: &'a [f32],
    /// `[keys, dim]`
    pub key: &'a [f32],
    /// `[keys, dim]`
    pub value: &'a [f32],
    /// `[keys]`, added to the logits of each key.
    pub bias: &'a [f32],
}

/// `softmax(query · keyᵀ / sqrt(dim / heads) + bias) · value` of one item, for some of its heads;
/// out: `[queries, dim]`.
pub fn attention(sizes: &Sizes, heads: Range<usize>, item: Item, out: &mut [f32]) {
    let mut weights = vec![0.0; sizes.queries * sizes.keys];
    for head in heads {
        item.scores(sizes, head, &mut weights);
        item.context(sizes, head, &mut weights, out);
    }
}

/// The same for all heads. Also returns the logits before bias and softmax, and the weights after them:
/// `[heads, queries, keys]` each.
#[cfg(any(target_arch = "wasm32", test))]
pub fn attention_maps(
    sizes: &Sizes,
    item: Item,
    scores: &mut [f32],
    weights: &mut [f32],
    out: &mut [f32],
) {
    let size = sizes.queries * sizes.keys;
    let maps = scores.chunks_exact_mut(size).zip(weights.chunks_exact_mut(size));
    for (head, (scores, weights)) in maps.enumerate() {
        item.scores(sizes, head, scores);
        weights.copy_from_slice(scores);
        item.context(sizes, head, weights, out);
    }
}

impl Item<'_> {
    /// `query · keyᵀ / sqrt(dim / heads)` of one head.
    fn scores(&self, sizes: &Sizes, head: usize, scores: &mut [f32]) {
        let (query, key) = (
            columns(self.query, sizes.queries, sizes, head),
            columns(self.key, sizes.keys, sizes, head),
        );
        let target = MatrixMut::rows(scores, sizes.keys);
        multiply(query, Factor::Floats(key.transposed()), false, target);
        let scale = 1.0 / (key.columns as f32).sqrt();
        scores.iter_mut().for_each(|score| *score *= scale);
    }

    /// Turns the scores of a head into weights, and writes the weighted sums of its values.
    fn context(&self, sizes: &Sizes, head: usize, weights: &mut [f32], out: &mut [f32]) {
        for row in weights.chunks_exact_mut(sizes.keys) {
            row.iter_mut().zip(self.bias).for_each(|(weight, bias)| *weight += bias);
            softmax(row);
        }
        let value = columns(self.value, sizes.keys, sizes, head);
        let width = value.columns;
        let target = MatrixMut { data: &mut out[head * width..], row_stride: sizes.dim };
        let weights = Matrix::rows(weights, sizes.queries, sizes.keys);
        multiply(weights, Factor::Floats(value), false, target);
    }
}

/// The columns of a head.
fn columns<'a>(data: &'a [f32], rows: usize, sizes: &Sizes, head: usize) -> Matrix<'a> {
    let width = sizes.dim / sizes.heads;
    Matrix {
        data: &data[head * width..],
        rows,
        columns: width,
        row_stride: sizes.dim,
        column_stride: 1,
    }
}
