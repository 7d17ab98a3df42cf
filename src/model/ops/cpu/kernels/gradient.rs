//! The gradients of a block; its intermediate maps are recomputed.

use super::block::{Parameters, add};
use super::depthwise::{TAPS, Window, depthwise, taps_first};
use super::gemm::multiply;
use super::matrix::{Matrix, MatrixMut};
use super::pointwise::Pointwise;
use super::shape::Shape;

/// Buffers that the backward pass of one image needs and the next one reuses.
#[derive(Debug, Default)]
pub struct Scratch {
    expanded: Vec<f32>,
    filtered: Vec<f32>,
    expanded_grad: Vec<f32>,
    filtered_grad: Vec<f32>,
}

impl Parameters<Vec<f32>> {
    /// Gradients of a block, all zero.
    pub fn zeros(shape: &Shape, expands: bool) -> Self {
        let Shape { input, hidden, output, .. } = *shape;
        let pair = |weights, biases| (vec![0.0; weights], vec![0.0; biases]);
        Self {
            expand: expands.then(|| pair(hidden * input, hidden)),
            depthwise: pair(hidden * TAPS, hidden),
            project: pair(output * hidden, output),
        }
    }

    /// Adds the gradients of other images.
    pub fn add(&mut self, other: &Self) {
        let pairs = |it: &mut (Vec<f32>, Vec<f32>), other: &(Vec<f32>, Vec<f32>)| {
            add(&mut it.0, &other.0);
            add(&mut it.1, &other.1);
        };
        if let (Some(expand), Some(other)) = (&mut self.expand, &other.expand) {
            pairs(expand, other);
        }
        pairs(&mut self.depthwise, &other.depthwise);
        pairs(&mut self.project, &other.project);
    }
}

/// The gradients of [`forward`](super::block::Block::forward): adds those of the parameters to `grads`, and writes that
/// of the input to `dx`.
///
/// # Shapes
///
/// - x, dx: `[height, width, input]`
/// - dy: like `y` of [`forward`](super::block::Block::forward)
pub fn backward(
    shape: &Shape,
    parameters: &Parameters<&[f32]>,
    x: &[f32],
    dy: &[f32],
    grads: &mut Parameters<Vec<f32>>,
    dx: &mut [f32],
    scratch: &mut Scratch,
) {
    let Shape { height, width, input, hidden, output, .. } = *shape;
    let [out_height, out_width] = shape.output_size();
    let (pixels, out_pixels) = (height * width, out_height * out_width);
    let Scratch { expanded, filtered, expanded_grad, filtered_grad } = scratch;
    let taps = taps_first(parameters.depthwise.0, hidden);

    let expanded: &[f32] = match parameters.expand {
        None => x,
        Some((weight, bias)) => {
            expanded.resize(pixels * hidden, 0.0);
            Pointwise::new(weight, bias).apply(x, true, expanded);
            expanded
        }
    };
    filtered.resize(out_pixels * hidden, 0.0);
    depthwise(shape, &taps, parameters.depthwise.1, expanded, 0, 0..out_height, filtered);

    sum_rows(dy, &mut grads.project.1);
    multiply(
        Matrix::columns(dy, out_pixels, output),
        Matrix::rows(filtered, out_pixels, hidden),
        true,
        MatrixMut::rows(&mut grads.project.0, hidden),
    );
    filtered_grad.resize(out_pixels * hidden, 0.0);
    multiply(
        Matrix::rows(dy, out_pixels, output),
        Matrix::rows(parameters.project.0, output, hidden),
        false,
        MatrixMut::rows(filtered_grad, hidden),
    );
    relu6_grad(filtered, filtered_grad);

    sum_rows(filtered_grad, &mut grads.depthwise.1);
    let mut taps_grad = vec![0.0; TAPS * hidden];
    if let (Some(expand), Some(grads)) = (parameters.expand, &mut grads.expand) {
        expanded_grad.resize(pixels * hidden, 0.0);
        depthwise_backward(shape, &taps, expanded, filtered_grad, &mut taps_grad, expanded_grad);
        relu6_grad(expanded, expanded_grad);
        sum_rows(expanded_grad, &mut grads.1);
        multiply(
            Matrix::columns(expanded_grad, pixels, hidden),
            Matrix::rows(x, pixels, input),
            true,
            MatrixMut::rows(&mut grads.0, input),
        );
        multiply(
            Matrix::rows(expanded_grad, pixels, hidden),
            Matrix::rows(expand.0, hidden, input),
            false,
            MatrixMut::rows(dx, input),
        );
    } else {
        depthwise_backward(shape, &taps, expanded, filtered_grad, &mut taps_grad, dx);
    }
    for (channel, grads) in grads.depthwise.0.chunks_exact_mut(TAPS).enumerate() {
        for (tap, grad) in grads.iter_mut().enumerate() {
            *grad += taps_grad[tap * hidden + channel];
        }
    }
    if shape.residual() {
        add(dx, dy);
    }
}

/// Adds the gradient of the taps (`[9, channels]`), and writes that of the input.
fn depthwise_backward(
    shape: &Shape,
    taps: &[f32],
    source: &[f32],
    grad: &[f32],
    taps_grad: &mut [f32],
    source_grad: &mut [f32],
) {
    let hidden = shape.hidden;
    let width = shape.output_size()[1];
    pulp::Arch::new().dispatch(|| {
        source_grad.fill(0.0);
        for (index, grad) in grad.chunks_exact(hidden).enumerate() {
            for (tap, place) in Window::new(shape, index / width, index % width).places() {
                let values = &source[place..place + hidden];
                let values_grad = &mut source_grad[place..place + hidden];
                let weights = &taps[tap * hidden..(tap + 1) * hidden];
                let weights_grad = &mut taps_grad[tap * hidden..(tap + 1) * hidden];
                for c in 0..hidden {
                    values_grad[c] += grad[c] * weights[c];
                    weights_grad[c] += grad[c] * values[c];
                }
            }
        }
    });
}

/// Sets the gradient to zero where ReLU6 gave 0 or 6.
fn relu6_grad(output: &[f32], grad: &mut [f32]) {
    pulp::Arch::new().dispatch(|| {
        for (grad, &value) in grad.iter_mut().zip(output) {
            *grad = if value > 0.0 && value < 6.0 { *grad } else { 0.0 };
        }
    });
}

/// Adds up the rows of a matrix that has as many columns as `sums`.
fn sum_rows(rows: &[f32], sums: &mut [f32]) {
    for row in rows.chunks_exact(sums.len()) {
        add(sums, row);
    }
}
