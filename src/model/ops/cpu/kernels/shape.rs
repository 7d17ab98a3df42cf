//! The shape of an inverted residual block.

use std::ops::Range;

/// The sizes of a block's maps, and its stride.
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

impl Shape {
    /// Height and width of the output map.
    pub fn output_size(&self) -> [usize; 2] {
        [self.height.div_ceil(self.stride), self.width.div_ceil(self.stride)]
    }

    /// The number of values in the input map.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn input_len(&self) -> usize {
        self.height * self.width * self.input
    }

    /// The number of values in the output map.
    #[cfg(not(target_arch = "wasm32"))]
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
