//! [`kernel`](super::kernel) as an operation of Burn on the CPU device, with its gradient.

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
#[cfg(any(target_arch = "wasm32", test))]
use burn::backend::tensor::{IntTensor, QuantizedTensor};
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

/// Layers that Burn has too, but slower in WebAssembly; see [`kernel`]. There is no gradient.
#[cfg(target_arch = "wasm32")]
pub use layers::{gelu, linear, quantised_linear, quantised_rows, self_attention};

#[cfg(any(target_arch = "wasm32", test))]
mod layers {
    use super::*;
    use burn::backend::flex::FlexQTensor;
    use burn::tensor::{DType, Int};

    use crate::model::kernel::{Factor, Matrix, Quantised, Sizes};

    /// `x · weight + bias` over the last dimension of `x`; weight: `[input, output]`.
    pub fn linear<const D: usize>(x: Tensor<D>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<D> {
        let [x, weight, bias] = [x.into_dispatch(), weight.into_dispatch(), bias.into_dispatch()];
        Tensor::from_dispatch(<Dispatch as Layers>::linear(x, weight, bias))
    }

    /// The same where the weight is [`quantised`](crate::model::quantised).
    pub fn quantised_linear<const D: usize>(
        x: Tensor<D>,
        weight: Tensor<2>,
        bias: Tensor<1>,
    ) -> Tensor<D> {
        let [x, weight, bias] = [x.into_dispatch(), weight.into_dispatch(), bias.into_dispatch()];
        Tensor::from_dispatch(<Dispatch as Layers>::quantised_linear(x, weight, bias))
    }

    /// Rows of a [`quantised`](crate::model::quantised) matrix, `[rows, dim]`; ids: `[rows]`.
    pub fn quantised_rows(weight: Tensor<2>, ids: Tensor<1, Int>) -> Tensor<2> {
        let [weight, ids] = [weight.into_dispatch(), ids.into_dispatch()];
        Tensor::from_dispatch(<Dispatch as Layers>::quantised_rows(weight, ids))
    }

    /// GELU.
    pub fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
        Tensor::from_dispatch(<Dispatch as Layers>::gelu(x.into_dispatch()))
    }

    /// The attended values, `[batch, tokens, dim]`, as are query, key and value; bias:
    /// `[batch, tokens]`, added to the logits of each key.
    pub fn self_attention(
        query: Tensor<3>,
        key: Tensor<3>,
        value: Tensor<3>,
        bias: Tensor<2>,
        heads: usize,
    ) -> Tensor<3> {
        let [query, key, value] = [query, key, value].map(Tensor::into_dispatch);
        let bias = bias.into_dispatch();
        Tensor::from_dispatch(<Dispatch as Layers>::self_attention(query, key, value, bias, heads))
    }

    #[backend_extension(Flex)]
    trait Layers: Backend {
        fn linear(
            x: FloatTensor<Self>,
            weight: FloatTensor<Self>,
            bias: FloatTensor<Self>,
        ) -> FloatTensor<Self>;

        fn quantised_linear(
            x: FloatTensor<Self>,
            weight: QuantizedTensor<Self>,
            bias: FloatTensor<Self>,
        ) -> FloatTensor<Self>;

        fn quantised_rows(weight: QuantizedTensor<Self>, ids: IntTensor<Self>)
        -> FloatTensor<Self>;

        fn gelu(x: FloatTensor<Self>) -> FloatTensor<Self>;

        fn self_attention(
            query: FloatTensor<Self>,
            key: FloatTensor<Self>,
            value: FloatTensor<Self>,
            bias: FloatTensor<Self>,
            heads: usize,
        ) -> FloatTensor<Self>;
    }

    impl Layers for Flex {
        fn linear(x: FlexTensor, weight: FlexTensor, bias: FlexTensor) -> FlexTensor {
            // Weights may be a transposed view, which need not be copied.
            let [input, output] = weight.shape().dims();
            let strides = weight.layout().strides();
            let weight = Matrix {
                data: &weight.storage()[weight.layout().start_offset()..],
                rows: input,
                columns: output,
                row_stride: strides[0] as usize,
                column_stride: strides[1] as usize,
            };
            product(&x, Factor::Floats(weight), &bias)
        }

        fn quantised_linear(x: FlexTensor, weight: FlexQTensor, bias: FlexTensor) -> FlexTensor {
            let [_, columns] = weight.shape().dims();
            let data = weight.tensor().storage();
            let factors = &weight.scales()[..columns];
            product(&x, Factor::Integers(Quantised::whole(data, factors)), &bias)
        }

        fn quantised_rows(weight: FlexQTensor, ids: FlexTensor) -> FlexTensor {
            let [rows, dim] = weight.shape().dims();
            let blocks = weight.scales().len() / rows;
            let data: &[i8] = weight.tensor().storage();
            let ids: Vec<usize> = indices(&ids);
            let row = |id: &usize| {
                let factor = weight.scales()[id * blocks];
                data[id * dim..(id + 1) * dim].iter().map(move |&value| f32::from(value) * factor)
            };
            let y: Vec<f32> = ids.iter().flat_map(row).collect();
            FlexTensor::from_data(TensorData::new(y, [ids.len(), dim]))
        }

        fn gelu(x: FlexTensor) -> FlexTensor {
            let mut y = dense(&x);
            drop(x); // so that nothing is copied where nobody else holds it
            kernel::gelu(y.storage_mut());
            y
        }

        fn self_attention(
            query: FlexTensor,
            key: FlexTensor,
            value: FlexTensor,
            bias: FlexTensor,
            heads: usize,
        ) -> FlexTensor {
            let [_, tokens, dim] = query.shape().dims();
            let shape = query.shape();
            let [query, key, value, bias] = [query, key, value, bias].map(|x| dense(&x));
            let mut y = vec![0.0; shape.num_elements()];
            let items = [&query, &key, &value].map(|x| values(x).chunks_exact(tokens * dim));
            let [query, key, value] = items;
            let inputs = query.zip(key).zip(value).zip(values(&bias).chunks_exact(tokens));
            let sizes = Sizes { tokens, heads, dim };
            for ((((query, key), value), bias), y) in inputs.zip(y.chunks_exact_mut(tokens * dim)) {
                team::attention(&sizes, [query, key, value], bias, y);
            }
            FlexTensor::from_data(TensorData::new(y, shape))
        }
    }

    fn indices(ids: &FlexTensor) -> Vec<usize> {
        let ids = ids.to_contiguous();
        match ids.dtype() {
            DType::I32 => ids.storage::<i32>().iter().map(|&id| id as usize).collect(),
            _ => ids.storage::<i64>().iter().map(|&id| id as usize).collect(),
        }
    }

    /// `x · weight + bias`
    fn product(x: &FlexTensor, weight: Factor, bias: &FlexTensor) -> FlexTensor {
        let (x, bias) = (dense(x), dense(bias));
        let mut shape = x.shape();
        let input = shape.last().copied().unwrap_or(1);
        let rows = shape.num_elements() / input;
        let output = weight.columns();
        let mut y = vec![0.0; rows * output];
        team::linear(Matrix::rows(values(&x), rows, input), weight, values(&bias), &mut y);
        if let Some(last) = shape.last_mut() {
            *last = output;
        }
        FlexTensor::from_data(TensorData::new(y, shape))
    }
}

/// Operations without a team: outside of the page, threads are rayon's.
#[cfg(not(target_arch = "wasm32"))]
mod team {
    use super::*;
    #[cfg(test)]
    use crate::model::kernel::{
        Factor, Matrix, MatrixMut, Sizes, attention as attend, multiply_by,
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
    pub fn attention(sizes: &Sizes, inputs: [&[f32]; 3], bias: &[f32], y: &mut [f32]) {
        attend(sizes, 0..sizes.heads, inputs, bias, y);
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

#[cfg(feature = "train")]
mod gradient {
    use burn::backend::Autodiff;
    use burn::backend::autodiff::NodeId;
    use burn::backend::autodiff::checkpoint::base::Checkpointer;
    use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
    use burn::backend::autodiff::grads::Gradients;
    use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
    use rayon::prelude::*;

    use super::*;
    use crate::model::kernel::{Scratch, backward};

    /// Images are shared out to this many tasks, whatever the number of cores, so that sums are
    /// always made in the same order and training repeats to the last bit.
    const TASKS: usize = 4;

    type Tracked = FloatTensor<Autodiff<Flex>>;

    impl<C: CheckpointStrategy> Blocks for Autodiff<Flex, C> {
        fn expanding_block(
            x: Tracked,
            w1: Tracked,
            b1: Tracked,
            w2: Tracked,
            b2: Tracked,
            w3: Tracked,
            b3: Tracked,
            stride: usize,
        ) -> Tracked {
            forward::<C, 7>([x, w1, b1, w2, b2, w3, b3], stride)
        }

        fn separable_block(
            x: Tracked,
            w2: Tracked,
            b2: Tracked,
            w3: Tracked,
            b3: Tracked,
            stride: usize,
        ) -> Tracked {
            forward::<C, 5>([x, w2, b2, w3, b3], stride)
        }
    }

    fn forward<C: CheckpointStrategy, const N: usize>(
        tensors: [Tracked; N],
        stride: usize,
    ) -> Tracked {
        let nodes = tensors.each_ref().map(|tensor| tensor.node());
        let inputs = Inputs::new(&tensors.map(|tensor| tensor.into_primitive()), stride);
        let output = inputs.forward();
        match BlockGradient.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(inputs, output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }

    #[derive(Debug)]
    struct BlockGradient;

    impl<const N: usize> Backward<Flex, N> for BlockGradient {
        type State = Inputs;

        fn backward(
            self,
            ops: Ops<Inputs, N>,
            grads: &mut Gradients,
            _checkpointer: &mut Checkpointer,
        ) {
            let inputs = &ops.state;
            let dy = grads.consume::<Flex>(&ops.node).to_contiguous();
            let computed = inputs.backward(dy.as_slice().unwrap_or_default());
            for ((parent, grad), tensor) in ops.parents.iter().zip(computed).zip(&inputs.tensors) {
                if let Some(parent) = parent {
                    let grad = TensorData::new(grad, tensor.shape());
                    grads.register::<Flex>(NodeId::clone(&parent.id), FlexTensor::from_data(grad));
                }
            }
        }
    }

    impl Inputs {
        /// The gradient of each input, in their order.
        fn backward(&self, dy: &[f32]) -> Vec<Vec<f32>> {
            let (shape, parameters) = (&self.shape, self.parameters());
            let share = self.images.div_ceil(TASKS);
            let mut dx = vec![0.0; self.images * shape.input_len()];
            let shares: Vec<Parameters<Vec<f32>>> = dx
                .par_chunks_mut(share * shape.input_len())
                .zip(self.slice(0).par_chunks(share * shape.input_len()))
                .zip(dy.par_chunks(share * shape.output_len()))
                .map(|((dx, x), dy)| {
                    let mut grads = Parameters::zeros(shape, parameters.expand.is_some());
                    let mut scratch = Scratch::default();
                    let images = x.chunks_exact(shape.input_len());
                    let images = images.zip(dy.chunks_exact(shape.output_len()));
                    for (dx, (x, dy)) in dx.chunks_exact_mut(shape.input_len()).zip(images) {
                        backward(shape, &parameters, x, dy, &mut grads, dx, &mut scratch);
                    }
                    grads
                })
                .collect();
            let mut sum = Parameters::zeros(shape, parameters.expand.is_some());
            shares.iter().for_each(|share| sum.add(share));
            let pairs = sum.expand.into_iter().chain([sum.depthwise, sum.project]);
            std::iter::once(dx).chain(pairs.flat_map(|(weight, bias)| [weight, bias])).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Distribution, Int, Tolerance, activation, module};

    use super::*;
    use crate::model::attention::{attend, split_heads};
    use crate::model::quantised::quantised;

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
            let fused = layers::linear(x.clone(), weight.clone(), bias.clone());
            assert_equal(fused, module::linear(x.clone(), weight, Some(bias.clone())));
        }
        assert_equal(layers::gelu(x.clone()), activation::gelu(x));
    }

    #[test]
    fn quantised_layers_are_those_of_the_numbers_they_stand_for() {
        let [rows, columns] = [9, 64];
        let integers: Vec<i8> = (0..rows * columns).map(|i| (i * 37 % 255) as i8).collect();
        let stored: Vec<u8> = integers.iter().map(|&value| value as u8).collect();
        let factors: Vec<f32> = (1..=rows).map(|row| row as f32 / 128.0).collect();
        let numbers = integers.chunks(columns).zip(&factors);
        let numbers = numbers.flat_map(|(row, by)| row.iter().map(move |&v| f32::from(v) * by));
        let numbers = TensorData::new(numbers.collect::<Vec<f32>>(), [rows, columns]);
        let numbers = Tensor::<2>::from_data(numbers, &Device::flex());
        let tensor = |looked_up| {
            let data = quantised(&stored, [rows, columns], &factors, looked_up).unwrap();
            let dtype = data.dtype();
            Tensor::<2>::from_data(data, (&Device::flex(), dtype))
        };

        let (x, bias) = (random([2, 5, columns]), random([rows]));
        let weight = numbers.clone().transpose();
        let fused = layers::quantised_linear(x.clone(), tensor(false), bias.clone());
        assert_equal(fused, module::linear(x, weight.clone(), Some(bias)));
        assert_equal(tensor(false).dequantize(), weight);

        let ids = Tensor::<1, Int>::from_data([8, 0, 8], &Device::flex());
        let looked_up = layers::quantised_rows(tensor(true), ids.clone());
        assert_equal(looked_up, numbers.clone().select(0, ids));
        assert_equal(tensor(true).dequantize(), numbers);

        assert!(quantised(&stored, [columns, rows], &[1.0; 64], false).is_none(), "no block fits");
    }

    #[test]
    fn self_attention_is_attention_of_each_head() {
        let (heads, [batch, tokens, dim]) = (3, [2, 6, 12]);
        let joint = random([batch, tokens, 3 * dim]);
        let inputs = [0, 1, 2].map(|part| joint.clone().narrow(2, part * dim, dim));
        let bias = random([batch, tokens]);
        let [query, key, value] = inputs.clone();
        let fused = layers::self_attention(query, key, value, bias.clone(), heads);
        let [query, key, value] = inputs.map(|x| split_heads(x, heads));
        assert_equal(fused, attend(query, key, value, Some(bias)).context);
    }
}
