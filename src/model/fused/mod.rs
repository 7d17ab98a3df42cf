//! [`kernel`](super::kernel) as operations of Burn on the CPU device: the block, with its gradient, and
//! in WebAssembly layers.

#[cfg(feature = "train")]
mod gradient;
#[cfg(any(target_arch = "wasm32", test))]
mod layers;

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, DispatchDevice, Flex, TensorMetadata, backend_extension};
use burn::tensor::{Device, Tensor, TensorData};

use super::kernel::{self, Parameters, Shape};
#[cfg(target_arch = "wasm32")]
use super::team;

/// Parameters of a block as tensors, weights as Burn keeps them.
pub type Block = Parameters<Tensor<4>, Tensor<1>>;

/// Whether the device has the operation.
pub fn is_available(device: &Device) -> bool {
    matches!(device.as_dispatch().clone().inner(), DispatchDevice::Flex(_))
}

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
trait Blocks: Backend {
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

#[cfg(target_arch = "wasm32")]
pub use layers::{attend, attended, feed_forward, layer_norm, linear, quantised_rows};

/// Operations without a team: outside of the page, threads are rayon's.
#[cfg(not(target_arch = "wasm32"))]
mod team {
    use super::*;
    #[cfg(test)]
    pub use crate::model::kernel::feed_forward;
    #[cfg(test)]
    use crate::model::kernel::{
        Factor, Item, Matrix, MatrixMut, Sizes, attention as attend, multiply_by,
    };

    pub fn block(shape: &Shape, parameters: &Parameters<&[f32]>, x: &[f32], y: &mut [f32]) {
        kernel::forward(shape, parameters, x, 0..shape.output_size()[0], y);
    }

    #[cfg(test)]
    pub fn linear(x: Matrix, weight: Factor, bias: &[f32], y: &mut [f32]) {
        y.chunks_exact_mut(bias.len()).for_each(|row| row.copy_from_slice(bias));
        multiply_by(x, weight, true, MatrixMut::rows(y, bias.len()));
    }

    #[cfg(test)]
    pub fn attention(sizes: &Sizes, item: Item, y: &mut [f32]) {
        attend(sizes, 0..sizes.heads, item, y);
    }
}

/// The tensor with its values in order and nothing between them.
fn dense(tensor: &FlexTensor) -> FlexTensor {
    if tensor.as_slice::<f32>().is_some() { tensor.clone() } else { tensor.to_contiguous() }
}

/// The values of a dense tensor.
fn values(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice().unwrap_or_default()
}

/// The inputs of the operation, dense in memory.
#[derive(Debug, Clone)]
struct Inputs {
    images: usize,
    shape: Shape,
    /// `x`, then weight and bias of each convolution.
    tensors: Vec<FlexTensor>,
}

impl Inputs {
    fn new(tensors: &[FlexTensor], stride: usize) -> Self {
        let [images, height, width, input] = tensors[0].shape().dims();
        let [output, hidden, ..] = tensors[tensors.len() - 2].shape().dims::<4>();
        Self {
            images,
            shape: Shape { height, width, input, hidden, output, stride },
            tensors: tensors.iter().map(dense).collect(),
        }
    }

    fn slice(&self, index: usize) -> &[f32] {
        values(&self.tensors[index])
    }

    fn parameters(&self) -> Parameters<&[f32]> {
        let pair = |index: usize| (self.slice(index), self.slice(index + 1));
        let last = self.tensors.len() - 2;
        Parameters {
            expand: (last > 3).then(|| pair(1)),
            depthwise: pair(last - 2),
            project: pair(last),
        }
    }

    fn forward(&self) -> FlexTensor {
        let shape = &self.shape;
        let mut y = vec![0.0; self.images * shape.output_len()];
        let parameters = self.parameters();
        let images = self.slice(0).chunks_exact(shape.input_len());
        each(images.zip(y.chunks_exact_mut(shape.output_len())), |(x, y)| {
            team::block(shape, &parameters, x, y);
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

#[cfg(test)]
mod tests {
    use burn::tensor::{Distribution, Int, Tolerance, activation, module};

    use super::*;
    use crate::model::attention::attend;
    use crate::model::linear::Activation;
    use crate::model::quantised::{STORE, quantised};

    fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
        Tensor::random(shape, Distribution::Normal(0.0, 1.0), &Device::flex())
    }

    fn assert_equal<const D: usize>(fused: Tensor<D>, composed: Tensor<D>) {
        let tolerance = Tolerance::<f32>::rel_abs(1e-5, 1e-5);
        fused.into_data().assert_approx_eq(&composed.into_data(), tolerance);
    }

    #[test]
    fn linear_layers_are_those_of_burn() {
        let (x, bias) = (random([2, 5, 12]), random([7]));
        for weight in [random([12, 7]), random([7, 12]).transpose()] {
            let fused = layers::linear(x.clone(), weight.clone(), bias.clone(), Activation::Relu6);
            let composed = module::linear(x.clone(), weight, Some(bias.clone()));
            assert_equal(fused, activation::relu6(composed));
        }
    }

    #[test]
    fn feed_forward_is_two_linear_layers() {
        let (x, residual) = (random([2, 5, 12]), random([2, 5, 6]));
        let layers = [(random([12, 20]), random([20])), (random([6, 20]).transpose(), random([6]))];
        let [first, second] = layers.clone();
        let hidden = activation::gelu(module::linear(x.clone(), first.0, Some(first.1)));
        let composed = residual.clone() + module::linear(hidden, second.0, Some(second.1));
        assert_equal(layers::feed_forward(x, layers, Activation::Gelu, residual), composed);
    }

    #[test]
    fn layer_norm_is_that_of_burn() {
        for dim in [5, 24] {
            let (x, gamma, beta) = (random([2, 7, dim]) * 3.0 + 1.0, random([dim]), random([dim]));
            let composed = module::layer_norm(x.clone(), gamma.clone(), Some(beta.clone()), 1e-5);
            assert_equal(layers::layer_norm(x, gamma, beta, 1e-5), composed);
        }
    }

    #[test]
    fn quantised_layers_are_those_of_the_numbers_they_stand_for() {
        let [rows, columns] = [70, 96];
        let integers: Vec<i8> = (0..rows * columns).map(|i| (i * 37 % 255) as i8).collect();
        let stored: Vec<u8> = integers.iter().map(|&value| value as u8).collect();
        let factors: Vec<f32> = (1..=rows).map(|row| row as f32 / 65536.0).collect();
        let numbers = integers.chunks(columns).zip(&factors);
        let numbers = numbers.flat_map(|(row, by)| row.iter().map(move |&v| f32::from(v) * by));
        let numbers = TensorData::new(numbers.collect::<Vec<f32>>(), [rows, columns]);
        let numbers = Tensor::<2>::from_data(numbers, &Device::flex());
        let tensor = |looked_up| {
            let data = quantised(&stored, [rows, columns], &factors, looked_up, STORE).unwrap();
            let dtype = data.dtype();
            Tensor::<2>::from_data(data, (&Device::flex(), dtype))
        };

        let (x, bias) = (random([2, 5, columns]), random([rows]));
        let weight = numbers.clone().transpose();
        let fused = layers::linear(x.clone(), tensor(false), bias.clone(), Activation::Identity);
        assert_equal(fused, module::linear(x, weight.clone(), Some(bias)));
        assert_equal(tensor(false).dequantize(), weight);

        let ids = Tensor::<1, Int>::from_data([8, 0, 8], &Device::flex());
        let looked_up = layers::quantised_rows(tensor(true), ids.clone());
        assert_equal(looked_up, numbers.clone().select(0, ids));
        assert_equal(tensor(true).dequantize(), numbers);

        assert!(quantised(&stored[..64 * 9], [64, 9], &[1.0; 64], false, STORE).is_none());
    }

    #[test]
    fn attention_is_that_of_each_head() {
        let (heads, [batch, keys, dim]) = (3, [2, 6, 12]);
        let joint = random([batch, keys, 2 * dim]);
        let memory = || [0, 1].map(|part| joint.clone().narrow(2, part * dim, dim));
        let bias = random([batch, keys]);
        for query in [random([batch, 4, dim]), random([1, 4, dim])] {
            let [key, value] = memory();
            let composed =
                attend(query.clone(), key.clone(), value.clone(), heads, Some(bias.clone()));
            let inputs = || (query.clone(), key.clone(), value.clone(), bias.clone());
            let (q, k, v, b) = inputs();
            assert_equal(layers::attended(q, k, v, b, heads), composed.context.clone());
            let (q, k, v, b) = inputs();
            let fused = layers::attend(q, k, v, b, heads);
            assert_equal(fused.context, composed.context);
            assert_equal(fused.scores, composed.scores);
            assert_equal(fused.weights, composed.weights);
        }
    }
}
