//! Operations without a pool of workers: outside of the page, threads are rayon's.

#[cfg(test)]
pub use super::kernels::feed_forward;
use super::kernels::{self, Parameters, Shape};
#[cfg(test)]
use super::kernels::{Factor, Item, Matrix, MatrixMut, Sizes, attention as attend, multiply};

pub fn block(shape: &Shape, parameters: &Parameters<&[f32]>, x: &[f32], y: &mut [f32]) {
    kernels::forward(shape, parameters, x, 0..shape.output_size()[0], y);
}

#[cfg(test)]
pub fn linear(x: Matrix, weight: Factor, bias: &[f32], y: &mut [f32]) {
    y.chunks_exact_mut(bias.len()).for_each(|row| row.copy_from_slice(bias));
    multiply(x, weight, true, MatrixMut::rows(y, bias.len()));
}

#[cfg(test)]
pub fn attention(sizes: &Sizes, item: Item, y: &mut [f32]) {
    attend(sizes, 0..sizes.heads, item, y);
}
