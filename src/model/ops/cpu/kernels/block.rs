//! The inverted residual block of MobileNetV2 on the CPU, as one pass over memory.
//!
//! Burn's own convolutions write every intermediate map to memory and read it back; at this model's sizes that costs
//! more than the arithmetic. Here a block is computed a few rows at a time, so that the output of the expansion stays
//! in the cache until the depthwise convolution and the projection have used it. The backward pass recomputes it
//! instead of storing it.
//!
//! Maps are `[height, width, channels]`, row-major, one image at a time. The loops between matrix products are compiled
//! for the widest vectors that the CPU has (`pulp`).

use std::borrow::Cow;
use std::ops::Range;

use super::depthwise::{depthwise, taps_first};
use super::pointwise::Pointwise;
use super::shape::Shape;

/// How many values of expanded rows are computed at a time: 256 KiB, which fits into a core's cache.
const STRIP: usize = 64 * 1024;

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

/// The parameters of a block, in the layout of the forward pass.
#[derive(Debug)]
pub struct Block<'a> {
    expand: Option<Pointwise<'a>>,
    /// `[9, hidden]`
    taps: Vec<f32>,
    /// `[hidden]`
    bias: Cow<'a, [f32]>,
    project: Pointwise<'a>,
}

impl<'a> Block<'a> {
    /// From parameters in PyTorch's layouts.
    pub fn new(parameters: &Parameters<&'a [f32]>) -> Self {
        let (weight, bias) = parameters.depthwise;
        let (project, project_bias) = parameters.project;
        Self {
            expand: parameters.expand.map(|(weight, bias)| Pointwise::new(weight, bias)),
            taps: taps_first(weight, bias.len()),
            bias: bias.into(),
            project: Pointwise::new(project, project_bias),
        }
    }

    /// The same block, owning its parameters.
    pub fn owned(self) -> Block<'static> {
        Block {
            expand: self.expand.map(Pointwise::owned),
            taps: self.taps,
            bias: self.bias.into_owned().into(),
            project: self.project.owned(),
        }
    }

    /// `y = project(relu6(depthwise(relu6(expand(x)))))`, plus `x` in a residual block, for some rows of the output.
    ///
    /// # Shapes
    ///
    /// - x: `[height, width, input]`, of which only the rows `shape.receptive(&rows)` are given
    /// - y: `[rows, width / stride, output]`, rounded up
    pub fn forward(&self, shape: &Shape, x: &[f32], rows: Range<usize>, y: &mut [f32]) {
        let [_, out_width] = shape.output_size();
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
            let source = match &self.expand {
                None => x(&needed),
                Some(expand) => {
                    let kept = needed.start.max(held.start).min(held.end)..held.end;
                    let moved = (kept.start - held.start) * row..(kept.end - held.start) * row;
                    expanded.copy_within(moved, 0);
                    expanded.resize(needed.len() * row, 0.0);
                    let new = if kept.is_empty() { needed.clone() } else { kept.end..needed.end };
                    let target = &mut expanded[(new.start - needed.start) * row..];
                    expand.apply(x(&new), true, target);
                    held = needed.clone();
                    &expanded[..]
                }
            };
            let filtered = &mut filtered[..rows.len() * out_width * shape.hidden];
            depthwise(shape, &self.taps, &self.bias, source, needed.start, rows.clone(), filtered);
            let out_row = out_width * shape.output;
            let y = &mut y[(rows.start - first_out) * out_row..(rows.end - first_out) * out_row];
            self.project.apply(filtered, false, y);
            if shape.residual() {
                add(y, x(&rows));
            }
        }
    }
}

/// `sum += values`.
pub fn add(sum: &mut [f32], values: &[f32]) {
    pulp::Arch::new().dispatch(|| {
        for (sum, value) in sum.iter_mut().zip(values) {
            *sum += value;
        }
    });
}
