//! Attention on the CPU without rearranging heads: each head reads and writes its own columns.

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

/// `y += context · output`, where `context` is the attention from the rows of each item to the same rows:
/// `softmax(query · keyᵀ / sqrt(dim / heads) + bias) · value`, head by head.
///
/// - `sizes`: of an item, which has as many queries as keys
/// - `x`: `[items * rows, input]`
/// - `projections`: to query, key and value, `[input, dim]`, with their biases
/// - `output`: `[dim, columns of y]`
/// - `bias`: `[items, rows]`, added to the logits of each key
pub fn self_attention(
    sizes: &Sizes,
    x: Matrix,
    projections: [(Factor, &[f32]); 3],
    output: Factor,
    bias: &[f32],
    y: &mut [f32],
) {
    let Sizes { keys, dim, .. } = *sizes;
    let [query, key, value] = projections.map(|(weight, bias)| {
        let mut projected = bias.repeat(x.rows);
        multiply(x, weight, true, MatrixMut::rows(&mut projected, dim));
        projected
    });
    let mut context = vec![0.0; x.rows * dim];
    let mut weights = vec![0.0; keys * keys];
    let [query, key, value] = [&query, &key, &value].map(|all| all.chunks_exact(keys * dim));
    let items = query.zip(key).zip(value).zip(bias.chunks_exact(keys));
    for ((((query, key), value), bias), context) in items.zip(context.chunks_exact_mut(keys * dim))
    {
        let item = Item { query, key, value, bias };
        for head in 0..sizes.heads {
            item.scores(sizes, head, &mut weights);
            item.context(sizes, head, &mut weights, context);
        }
    }
    multiply(
        Matrix::rows(&context, x.rows, dim),
        output,
        true,
        MatrixMut::rows(y, output.columns()),
    );
}

/// Attention of one item, `[queries, dim]`. Also returns the logits before bias and softmax, and the weights after them:
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
