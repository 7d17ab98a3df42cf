//! The inverted residual block as one operation of Burn.

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::{Tensor, TensorData};

use super::kernels::{Parameters, Shape};
use super::tensors::{dense, values};
use super::workers;

/// Parameters of a block as tensors, weights as Burn keeps them.
pub type Block = Parameters<Tensor<4>, Tensor<1>>;

/// An inverted residual block.
///
/// # Shapes
///
/// - x: `[images, height, width, input]`
/// - output: `[images, height / stride, width / stride, output]`, rounded up
pub fn inverted_residual(x: Tensor<4>, block: Block, stride: usize) -> Tensor<4> {
    let x = x.into_dispatch();
    let (w2, b2) = (block.depthwise.0.into_dispatch(), block.depthwise.1.into_dispatch());
    let (w3, b3) = (block.project.0.into_dispatch(), block.project.1.into_dispatch());
    Tensor::from_dispatch(match block.expand {
        Some((w1, b1)) => {
            let (w1, b1) = (w1.into_dispatch(), b1.into_dispatch());
            <Dispatch as Blocks>::expanding_block(x, w1, b1, w2, b2, w3, b3, stride)
        }
        None => <Dispatch as Blocks>::separable_block(x, w2, b2, w3, b3, stride),
    })
}

/// The block with and without expansion: an operation has a fixed number of inputs.
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
        let parameters = self.parameters();
        let images = self.slice(0).chunks_exact(shape.input_len());
        each(images.zip(y.chunks_exact_mut(shape.output_len())), |(x, y)| {
            workers::block(shape, &parameters, x, y);
        });
        let [height, width] = shape.output_size();
        FlexTensor::from_data(TensorData::new(y, [self.images, height, width, shape.output]))
    }
}

/// Does the work for each item, on all cores where there are threads.
#[cfg(not(target_arch = "wasm32"))]
fn each<T: Send>(items: impl Iterator<Item = T>, work: impl Fn(T) + Sync + Send) {
    use rayon::prelude::*;
    items.collect::<Vec<_>>().into_par_iter().for_each(work);
}

#[cfg(target_arch = "wasm32")]
fn each<T>(items: impl Iterator<Item = T>, work: impl Fn(T)) {
    items.for_each(work);
}
