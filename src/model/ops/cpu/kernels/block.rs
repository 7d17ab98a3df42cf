//! The inverted residual block of MobileNetV2 on the CPU, as one pass over memory.
//!
//! Burn's own convolutions write every intermediate map out and read it back; at this model's sizes
//! that costs more than the arithmetic. Here a block is computed a few rows at a time, so that what
//! the expansion yields stays in the cache until the depthwise convolution and the projection have
//! used it. The backward pass recomputes it instead of storing it.
//!
//! Maps are `[height, width, channels]`, row-major, one image at a time. Matrix products are the
//! `gemm` crate's; the loops between them are compiled for the widest vectors the CPU has (`pulp`).

use std::ops::Range;

use super::gemm::multiply;
use super::matrix::{Matrix, MatrixMut};

/// Taps of a 3 x 3 kernel.
pub(super) const TAPS: usize = 9;
/// Values of expanded rows to keep at a time: 256 KiB, which fits a core's cache.
const STRIP: usize = 64 * 1024;

/// The shape of a block and of what goes through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Height of the input map.
    pub height: usize,
    /// Width of the input map.
    pub width: usize,
    /// Channels of the input.
    pub input: usize,
    /// Channels between expansion and projection.
    pub hidden: usize,
    /// Channels of the output.
    pub output: usize,
    /// Stride of the depthwise convolution, 1 or 2.
    pub stride: usize,
}

/// The parameters of a block (or their gradients, as owned vectors), in PyTorch's layouts.
#[derive(Debug, Clone, Copy)]
pub struct Parameters<Weight, Bias = Weight> {
    /// 1 x 1 convolution, `[hidden, input]`, and its bias; none where the block does not expand.
    pub expand: Option<(Weight, Bias)>,
    /// 3 x 3 depthwise convolution, `[hidden, 9]`, and its bias.
    pub depthwise: (Weight, Bias),
    /// 1 x 1 convolution, `[output, hidden]`, and its bias.
    pub project: (Weight, Bias),
}

impl Shape {
    /// Height and width of the output map.
    pub fn output_size(&self) -> [usize; 2] {
        [self.height.div_ceil(self.stride), self.width.div_ceil(self.stride)]
    }

    /// Values of the input map.
    pub fn input_len(&self) -> usize {
        self.height * self.width * self.input
    }

    /// Values of the output map.
    pub fn output_len(&self) -> usize {
        let [height, width] = self.output_size();
        height * width * self.output
    }

    /// Whether the input is added to the output.
    pub fn residual(&self) -> bool {
        self.stride == 1 && self.input == self.output
    }

    /// Rows of the input that the output rows `rows` depend on.
    pub fn receptive(&self, rows: &Range<usize>) -> Range<usize> {
        (rows.start * self.stride).saturating_sub(1)
            ..((rows.end - 1) * self.stride + 2).min(self.height)
    }
}

/// `y = project(relu6(depthwise(relu6(expand(x)))))`, plus `x` where the block is a residual one, for
/// some rows of the output.
///
/// # Shapes
///
/// - x: `[height, width, input]`, of which only the rows `shape.receptive(&rows)` are given
/// - y: `[rows, width / stride, output]`, rounded up
pub fn forward(
    shape: &Shape,
    parameters: &Parameters<&[f32]>,
    x: &[f32],
    rows: Range<usize>,
    y: &mut [f32],
) {
    let [_, out_width] = shape.output_size();
    let taps = taps_first(parameters.depthwise.0, shape.hidden);
    let (row, input_row) = (shape.width * shape.hidden, shape.width * shape.input);
    let rows_per_strip = (STRIP / (row * shape.stride)).clamp(1, rows.len());
    let (first_in, first_out) = (shape.receptive(&rows).start, rows.start);

    let mut expanded: Vec<f32> = Vec::new();
    let mut held = first_in..first_in;
    let mut filtered = vec![0.0; rows_per_strip * out_width * shape.hidden];
    for start in rows.clone().step_by(rows_per_strip) {
        let rows = start..(start + rows_per_strip).min(rows.end);
        let needed = shape.receptive(&rows);
        let x = |rows: &Range<usize>| {
            &x[(rows.start - first_in) * input_row..(rows.end - first_in) * input_row]
        };
        let source = match parameters.expand {
            None => x(&needed),
            Some(expand) => {
                let kept = needed.start.max(held.start).min(held.end)..held.end;
                expanded
                    .copy_within((kept.start - held.start) * row..(kept.end - held.start) * row, 0);
                expanded.resize(needed.len() * row, 0.0);
                let new = if kept.is_empty() { needed.clone() } else { kept.end..needed.end };
                let target = &mut expanded[(new.start - needed.start) * row..];
                pointwise(x(&new), expand, shape.input, target);
                relu6(target);
                held = needed.clone();
                &expanded[..]
            }
        };
        let filtered = &mut filtered[..rows.len() * out_width * shape.hidden];
        depthwise(
            shape,
            &taps,
            parameters.depthwise.1,
            source,
            needed.start,
            rows.clone(),
            filtered,
        );
        let out_row = out_width * shape.output;
        let y = &mut y[(rows.start - first_out) * out_row..(rows.end - first_out) * out_row];
        pointwise(filtered, parameters.project, shape.hidden, y);
        if shape.residual() {
            add(y, x(&rows));
        }
    }
}

/// A 1 x 1 convolution: `x · weightᵀ + bias` for each pixel.
pub(super) fn pointwise(
    x: &[f32],
    (weight, bias): (&[f32], &[f32]),
    input: usize,
    out: &mut [f32],
) {
    let output = bias.len();
    for pixel in out.chunks_exact_mut(output) {
        pixel.copy_from_slice(bias);
    }
    let pixels = x.len() / input;
    let (x, weight) = (Matrix::rows(x, pixels, input), Matrix::columns(weight, output, input));
    multiply(x, weight, true, MatrixMut::rows(out, output));
}

/// `[channels, 9]` to `[9, channels]`.
pub(super) fn taps_first(weight: &[f32], channels: usize) -> Vec<f32> {
    (0..TAPS * channels).map(|i| weight[(i % channels) * TAPS + i / channels]).collect()
}

/// A 3 x 3 depthwise convolution, padded by one, and ReLU6, for the output rows `rows`.
/// `source` begins with the input row `first`.
pub(super) fn depthwise(
    shape: &Shape,
    taps: &[f32],
    bias: &[f32],
    source: &[f32],
    first: usize,
    rows: Range<usize>,
    out: &mut [f32],
) {
    let hidden = shape.hidden;
    pulp::Arch::new().dispatch(|| {
        let mut pixels = out.chunks_exact_mut(hidden);
        for y in rows.clone() {
            for x in 0..shape.output_size()[1] {
                let Some(pixel) = pixels.next() else { return };
                let window = Window::new(shape, y, x);
                if let Some(corner) = window.whole() {
                    let corner = &source[corner - first * shape.width * hidden..];
                    whole_window(corner, shape.width * hidden, taps, bias, pixel);
                } else {
                    pixel.copy_from_slice(bias);
                    for (tap, place) in window.places() {
                        let place = place - first * shape.width * hidden;
                        let values = &source[place..place + hidden];
                        let weights = &taps[tap * hidden..(tap + 1) * hidden];
                        for ((sum, value), weight) in pixel.iter_mut().zip(values).zip(weights) {
                            *sum += value * weight;
                        }
                    }
                }
                for value in pixel.iter_mut() {
                    *value = value.clamp(0.0, 6.0);
                }
            }
        }
    });
}

/// All nine taps of a window inside the map; `corner` begins with its first pixel.
#[inline(always)]
fn whole_window(corner: &[f32], row: usize, taps: &[f32], bias: &[f32], out: &mut [f32]) {
    let hidden = out.len();
    let value = |tap: usize| &corner[(tap / 3) * row + (tap % 3) * hidden..][..hidden];
    let weight = |tap: usize| &taps[tap * hidden..][..hidden];
    let (v, w): ([&[f32]; TAPS], [&[f32]; TAPS]) =
        (std::array::from_fn(value), std::array::from_fn(weight));
    let bias = &bias[..hidden];
    for c in 0..hidden {
        let upper = v[0][c] * w[0][c] + v[1][c] * w[1][c] + v[2][c] * w[2][c];
        let middle = v[3][c] * w[3][c] + v[4][c] * w[4][c] + v[5][c] * w[5][c];
        let lower = v[6][c] * w[6][c] + v[7][c] * w[7][c] + v[8][c] * w[8][c];
        out[c] = bias[c] + upper + middle + lower;
    }
}

/// The 3 x 3 pixels that an output pixel looks at.
pub(super) struct Window<'a> {
    shape: &'a Shape,
    top: isize,
    left: isize,
}

impl<'a> Window<'a> {
    #[inline(always)]
    pub fn new(shape: &'a Shape, y: usize, x: usize) -> Self {
        let corner = |i: usize| (i * shape.stride) as isize - 1;
        Self { shape, top: corner(y), left: corner(x) }
    }

    /// Where its first pixel lies, if all of it lies inside the map.
    #[inline(always)]
    fn whole(&self) -> Option<usize> {
        let Shape { height, width, hidden, .. } = *self.shape;
        let inside = self.top >= 0
            && self.left >= 0
            && self.top as usize + 3 <= height
            && self.left as usize + 3 <= width;
        inside.then(|| (self.top as usize * width + self.left as usize) * hidden)
    }

    /// The taps inside the map, and where the pixel of each lies.
    #[inline(always)]
    pub fn places(&self) -> impl Iterator<Item = (usize, usize)> {
        let Shape { height, width, hidden, .. } = *self.shape;
        let (top, left) = (self.top, self.left);
        (0..TAPS).filter_map(move |tap| {
            let (y, x) = (top + (tap / 3) as isize, left + (tap % 3) as isize);
            let inside = y >= 0 && x >= 0 && (y as usize) < height && (x as usize) < width;
            inside.then(|| (tap, (y as usize * width + x as usize) * hidden))
        })
    }
}

pub(super) fn relu6(values: &mut [f32]) {
    pulp::Arch::new().dispatch(|| {
        for value in values.iter_mut() {
            *value = value.clamp(0.0, 6.0);
        }
    });
}

/// `sum += values`.
pub fn add(sum: &mut [f32], values: &[f32]) {
    pulp::Arch::new().dispatch(|| {
        for (sum, value) in sum.iter_mut().zip(values) {
            *sum += value;
        }
    });
}
