//! The layers of MobileNetV2 one after the other, for a range of rows of their maps. A participant that computes the
//! same range of rows in every map needs from others only the few rows next to its own.

use std::ops::Range;

use super::block::{Block, Parameters};
use super::depthwise::TAPS;
use super::pointwise::Pointwise;
use super::shape::Shape;

/// The kind of a layer, with its numbers of channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A 3 x 3 convolution of one plane with stride 2 and padding 1, and ReLU6.
    Stem { output: usize },
    /// An inverted residual block; it has an expansion if `hidden` differs from `input`.
    Block { input: usize, hidden: usize, output: usize, stride: usize },
    /// A 1 x 1 convolution and ReLU6.
    Pointwise { input: usize, output: usize },
}

/// Height and width of a map.
pub type Size = [usize; 2];

impl Kind {
    /// Channels of a layer's input and output.
    fn channels(self) -> [usize; 2] {
        match self {
            Self::Stem { output } => [1, output],
            Self::Block { input, output, .. } | Self::Pointwise { input, output } => {
                [input, output]
            }
        }
    }

    /// How many elements each of its weights and biases has, in their order.
    fn parameters(self) -> Vec<usize> {
        match self {
            Self::Stem { output } => vec![TAPS * output, output],
            Self::Pointwise { input, output } => vec![input * output, output],
            Self::Block { input, hidden, output, .. } => {
                let expand = if hidden == input { vec![] } else { vec![input * hidden, hidden] };
                [expand, vec![TAPS * hidden, hidden, hidden * output, output]].concat()
            }
        }
    }

    /// How many elements its weights and biases have together.
    pub fn numbers(self) -> usize {
        self.parameters().iter().sum()
    }

    /// The number of multiplications for an input map of this size.
    pub fn work(self, size: Size) -> usize {
        let pixels = |[height, width]: Size| height * width;
        let output = pixels(self.output_size(size));
        match self {
            Self::Stem { output: channels } => output * TAPS * channels,
            Self::Pointwise { input, output: channels } => output * input * channels,
            Self::Block { input, hidden, output: channels, .. } => {
                let expansion = if hidden == input { 0 } else { pixels(size) * input * hidden };
                expansion + output * hidden * (TAPS + channels)
            }
        }
    }

    fn stride(self) -> usize {
        match self {
            Self::Stem { .. } => 2,
            Self::Block { stride, .. } => stride,
            Self::Pointwise { .. } => 1,
        }
    }

    /// Size of the output map.
    pub fn output_size(self, size: Size) -> Size {
        size.map(|side| side.div_ceil(self.stride()))
    }

    /// The number of elements in a row of the input.
    pub fn input_row(self, [_, width]: Size) -> usize {
        width * self.channels()[0]
    }

    /// The number of elements in a row of the output.
    pub fn output_row(self, size: Size) -> usize {
        self.output_size(size)[1] * self.channels()[1]
    }

    /// Rows of the input that the output rows `rows` depend on.
    pub fn receptive(self, size: Size, rows: &Range<usize>) -> Range<usize> {
        match self {
            Self::Pointwise { .. } => rows.clone(),
            Self::Stem { .. } | Self::Block { .. } => self.shape(size).receptive(rows),
        }
    }

    fn shape(self, [height, width]: Size) -> Shape {
        let ([input, output], stride) = (self.channels(), self.stride());
        let hidden = if let Self::Block { hidden, .. } = self { hidden } else { input };
        Shape { height, width, input, hidden, output, stride }
    }
}

/// The layers of a network, in the layout of the forward pass.
#[derive(Debug)]
pub struct Network(Vec<(Kind, Layer)>);

#[derive(Debug)]
enum Layer {
    /// A 1 x 1 convolution over the channels of a pixel; for the stem, over the nine pixels of a window.
    Pointwise(Pointwise<'static>),
    Block(Block<'static>),
}

impl Network {
    /// From the parameters of each layer: its weights and biases, one after another, in PyTorch's layouts.
    pub fn new(layers: impl Iterator<Item = (Kind, impl AsRef<[f32]>)>) -> Self {
        Self(layers.map(|(kind, numbers)| (kind, Layer::new(kind, numbers.as_ref()))).collect())
    }

    /// Computes some rows of a layer's output.
    ///
    /// # Shapes
    ///
    /// - x: `[height, width, input]`, of which only the rows `kind.receptive(size, &rows)` are given
    /// - y: `[rows, width / stride, output]`, rounded up
    pub fn forward(&self, index: usize, size: Size, x: &[f32], rows: Range<usize>, y: &mut [f32]) {
        let (kind, layer) = &self.0[index];
        match (kind, layer) {
            (Kind::Stem { .. }, Layer::Pointwise(layer)) => stem(*kind, layer, size, x, rows, y),
            (_, Layer::Pointwise(layer)) => layer.apply(x, true, y),
            (_, Layer::Block(block)) => block.forward(&kind.shape(size), x, rows, y),
        }
    }
}

impl Layer {
    fn new(kind: Kind, mut numbers: &[f32]) -> Self {
        let mut parameters = kind.parameters().into_iter().map(|count| {
            let (taken, rest) = numbers.split_at(count);
            numbers = rest;
            taken
        });
        let mut pair = || parameters.next().zip(parameters.next()).unwrap_or_default();
        match kind {
            Kind::Stem { .. } | Kind::Pointwise { .. } => {
                let (weight, bias) = pair();
                Self::Pointwise(Pointwise::new(weight, bias).owned())
            }
            Kind::Block { input, hidden, .. } => {
                let expand = (hidden != input).then(&mut pair);
                let parameters = Parameters { expand, depthwise: pair(), project: pair() };
                Self::Block(Block::new(&parameters).owned())
            }
        }
    }
}

/// Computes the stem row by row, as the product of the nine pixels of each window with the weights.
fn stem(kind: Kind, layer: &Pointwise, size: Size, x: &[f32], rows: Range<usize>, y: &mut [f32]) {
    let [height, width] = size;
    let first = kind.receptive(size, &rows).start;
    let mut windows = vec![0.0; TAPS * kind.output_size(size)[1]];
    for (row, y) in rows.zip(y.chunks_exact_mut(kind.output_row(size))) {
        for tap in 0..3 {
            let mut padded = vec![0.0; width + 3];
            if let Some(line) = (2 * row + tap).checked_sub(1).filter(|&line| line < height) {
                padded[1..=width].copy_from_slice(&x[(line - first) * width..][..width]);
            }
            for (window, values) in windows.chunks_exact_mut(TAPS).zip(padded.windows(3).step_by(2))
            {
                window[3 * tap..][..3].copy_from_slice(values);
            }
        }
        layer.apply(&windows, true, y);
    }
}
