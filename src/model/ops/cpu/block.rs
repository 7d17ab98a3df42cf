//! The inverted residual block as one operation of Burn, for native builds.

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;

use super::kernels::{Block, Parameters, Shape};
use super::tensors::{dense, values};
use crate::model::ops::composed;
use crate::model::ops::inputs::{Convolution, InvertedResidual, Layer};

/// See [`ops::convolutions`](crate::model::ops::convolutions).
pub fn convolutions(x: Tensor<4>, layers: Vec<Layer>) -> Tensor<4> {
    layers.into_iter().fold(x, |x, layer| match layer {
        Layer::InvertedResidual(block) => inverted_residual(x, *block),
        other => composed::convolutions(x, vec![other]),
    })
}

fn inverted_residual(x: Tensor<4>, block: InvertedResidual) -> Tensor<4> {
    let InvertedResidual { expand, depthwise, project, stride, .. } = block;
    let pair = |it: Convolution| (it.weight.into_dispatch(), it.bias.into_dispatch());
    let (x, (w2, b2), (w3, b3)) = (x.into_dispatch(), pair(depthwise), pair(project));
    Tensor::from_dispatch(match expand.map(pair) {
        Some((w1, b1)) => <Dispatch as Blocks>::expanding_block(x, w1, b1, w2, b2, w3, b3, stride),
        None => <Dispatch as Blocks>::separable_block(x, w2, b2, w3, b3, stride),
    })
}

/// The block with and without an expansion, as two operations, because an operation has a fixed number of inputs.
#[allow(clippy::too_many_arguments, reason = "an operation takes its tensors one by one")]
#[backend_extension(Flex, Autodiff: cfg(feature = "train"))]
pub(super) trait Blocks: Backend {
    fn expanding_block(
        x: FloatTensor<Self>,
        w1: FloatTensor<Self>,
        b1: FloatTensor<Self>,
        w2: FloatTensor<Self>,
        b2: FloatTensor<Self>,
        w3: FloatTensor<Self>,
        b3: FloatTensor<Self>,
        stride: usize,
    ) -> FloatTensor<Self>;

    fn separable_block(
        x: FloatTensor<Self>,
        w2: FloatTensor<Self>,
        b2: FloatTensor<Self>,
        w3: FloatTensor<Self>,
        b3: FloatTensor<Self>,
        stride: usize,
    ) -> FloatTensor<Self>;
}

impl Blocks for Flex {
    fn expanding_block(
        x: FlexTensor,
        w1: FlexTensor,
        b1: FlexTensor,
        w2: FlexTensor,
        b2: FlexTensor,
        w3: FlexTensor,
        b3: FlexTensor,
        stride: usize,
    ) -> FlexTensor {
        Inputs::new(&[x, w1, b1, w2, b2, w3, b3], stride).forward()
    }

    fn separable_block(
        x: FlexTensor,
        w2: FlexTensor,
        b2: FlexTensor,
        w3: FlexTensor,
        b3: FlexTensor,
        stride: usize,
    ) -> FlexTensor {
        Inputs::new(&[x, w2, b2, w3, b3], stride).forward()
    }
}

/// The inputs of the operation, dense in memory.
#[derive(Debug, Clone)]
pub(super) struct Inputs {
    pub images: usize,
    pub shape: Shape,
    /// `x`, then weight and bias of each convolution.
    pub tensors: Vec<FlexTensor>,
}

impl Inputs {
    pub fn new(tensors: &[FlexTensor], stride: usize) -> Self {
        let [images, height, width, input] = tensors[0].shape().dims();
        let [output, hidden, ..] = tensors[tensors.len() - 2].shape().dims::<4>();
        Self {
            images,
            shape: Shape { height, width, input, hidden, output, stride },
            tensors: tensors.iter().map(dense).collect(),
        }
    }

    pub fn slice(&self, index: usize) -> &[f32] {
        values(&self.tensors[index])
    }

    pub fn parameters(&self) -> Parameters<&[f32]> {
        let pair = |index: usize| (self.slice(index), self.slice(index + 1));
        let last = self.tensors.len() - 2;
        Parameters {
            expand: (last > 3).then(|| pair(1)),
            depthwise: pair(last - 2),
            project: pair(last),
        }
    }

    pub fn forward(&self) -> FlexTensor {
        let shape = &self.shape;
        let mut y = vec![0.0; self.images * shape.output_len()];
        let block = Block::new(&self.parameters());
        let images = self.slice(0).par_chunks_exact(shape.input_len());
        let outputs = y.par_chunks_exact_mut(shape.output_len());
        let [height, width] = shape.output_size();
        images.zip(outputs).for_each(|(x, y)| block.forward(shape, x, 0..height, y));
        FlexTensor::from_data(TensorData::new(y, [self.images, height, width, shape.output]))
    }
}
