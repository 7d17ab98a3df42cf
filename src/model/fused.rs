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
pub use layers::{attend, attended, feed_forward, linear, quantised_rows};

#[cfg(any(target_arch = "wasm32", test))]
mod layers {
    use super::*;
    use burn::backend::ExtensionType;
    use burn::backend::flex::FlexQTensor;
    use burn::tensor::{DType, Int};

    use crate::model::attention::Attended;
    use crate::model::kernel::{Factor, Item, Matrix, Quantised, Sizes};
    use crate::model::linear::Activation;

    /// `x · weight + bias` over the last dimension of `x`; weight: `[input, output]`, which may be
    /// [`quantised`](crate::model::quantised).
    pub fn linear<const D: usize>(x: Tensor<D>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<D> {
        let (x, bias) = (x.into_dispatch(), bias.into_dispatch());
        Tensor::from_dispatch(<Dispatch as Layers>::linear(x, Weight::new(weight), bias))
    }

    /// `residual + activation(x · first + bias) · second + bias`: two linear layers, each its weight
    /// and bias.
    pub fn feed_forward<const D: usize>(
        x: Tensor<D>,
        [first, second]: [(Tensor<2>, Tensor<1>); 2],
        activation: Activation,
        residual: Tensor<D>,
    ) -> Tensor<D> {
        Tensor::from_dispatch(<Dispatch as Layers>::feed_forward(
            x.into_dispatch(),
            Weight::new(first.0),
            first.1.into_dispatch(),
            Weight::new(second.0),
            second.1.into_dispatch(),
            activation,
            residual.into_dispatch(),
        ))
    }

    /// Rows of a [`quantised`](crate::model::quantised) matrix, `[rows, dim]`; ids: `[rows]`.
    pub fn quantised_rows(weight: Tensor<2>, ids: Tensor<1, Int>) -> Tensor<2> {
        let [weight, ids] = [weight.into_dispatch(), ids.into_dispatch()];
        Tensor::from_dispatch(<Dispatch as Layers>::quantised_rows(weight, ids))
    }

    /// See [`attention::attend`](crate::model::attention::attend).
    pub fn attend(
        query: Tensor<3>,
        key: Tensor<3>,
        value: Tensor<3>,
        bias: Tensor<2>,
        heads: usize,
    ) -> Attended {
        let [query, key, value] = [query, key, value].map(Tensor::into_dispatch);
        let bias = bias.into_dispatch();
        let (context, scores, weights) =
            <Dispatch as Layers>::attend(query, key, value, bias, heads);
        Attended {
            context: Tensor::from_dispatch(context),
            scores: Tensor::from_dispatch(scores),
            weights: Tensor::from_dispatch(weights),
        }
    }

    /// See [`attention::attended`](crate::model::attention::attended).
    pub fn attended(
        query: Tensor<3>,
        key: Tensor<3>,
        value: Tensor<3>,
        bias: Tensor<2>,
        heads: usize,
    ) -> Tensor<3> {
        let [query, key, value] = [query, key, value].map(Tensor::into_dispatch);
        let bias = bias.into_dispatch();
        Tensor::from_dispatch(<Dispatch as Layers>::attended(query, key, value, bias, heads))
    }

    /// The weight of a linear layer, `[input, output]`.
    #[derive(ExtensionType)]
    pub enum Weight<B: Backend> {
        Floats(FloatTensor<B>),
        Integers(QuantizedTensor<B>),
    }

    impl Weight<Dispatch> {
        fn new(weight: Tensor<2>) -> Self {
            match weight.dtype() {
                DType::QFloat(_) => Self::Integers(weight.into_dispatch()),
                _ => Self::Floats(weight.into_dispatch()),
            }
        }
    }

    impl Weight<Flex> {
        fn factor(&self) -> Factor<'_> {
            match self {
                Self::Floats(weight) => {
                    // It may be a transposed view, which need not be copied.
                    let [input, output] = weight.shape().dims();
                    let strides = weight.layout().strides();
                    Factor::Floats(Matrix {
                        data: &weight.storage()[weight.layout().start_offset()..],
                        rows: input,
                        columns: output,
                        row_stride: strides[0] as usize,
                        column_stride: strides[1] as usize,
                    })
                }
                Self::Integers(weight) => {
                    let [_, columns] = weight.shape().dims();
                    let data = weight.tensor().storage();
                    Factor::Integers(Quantised::whole(data, &weight.scales()[..columns]))
                }
            }
        }
    }

    #[backend_extension(Flex)]
    trait Layers: Backend {
        fn linear(
            x: FloatTensor<Self>,
            #[extension_type] weight: Weight<Self>,
            bias: FloatTensor<Self>,
        ) -> FloatTensor<Self>;

        fn feed_forward(
            x: FloatTensor<Self>,
            #[extension_type] first: Weight<Self>,
            first_bias: FloatTensor<Self>,
            #[extension_type] second: Weight<Self>,
            second_bias: FloatTensor<Self>,
            activation: Activation,
            residual: FloatTensor<Self>,
        ) -> FloatTensor<Self>;

        fn quantised_rows(weight: QuantizedTensor<Self>, ids: IntTensor<Self>)
        -> FloatTensor<Self>;

        fn attend(
            query: FloatTensor<Self>,
            key: FloatTensor<Self>,
            value: FloatTensor<Self>,
            bias: FloatTensor<Self>,
            heads: usize,
        ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

        fn attended(
            query: FloatTensor<Self>,
            key: FloatTensor<Self>,
            value: FloatTensor<Self>,
            bias: FloatTensor<Self>,
            heads: usize,
        ) -> FloatTensor<Self>;
    }

    impl Layers for Flex {
        fn linear(x: FlexTensor, weight: Weight<Flex>, bias: FlexTensor) -> FlexTensor {
            let (x, bias) = (dense(&x), dense(&bias));
            let weight = weight.factor();
            let mut shape = x.shape();
            let rows = matrix(&x);
            let mut y = vec![0.0; rows.rows * weight.columns()];
            team::linear(rows, weight, values(&bias), &mut y);
            if let Some(last) = shape.last_mut() {
                *last = weight.columns();
            }
            FlexTensor::from_data(TensorData::new(y, shape))
        }

        fn feed_forward(
            x: FlexTensor,
            first: Weight<Flex>,
            first_bias: FlexTensor,
            second: Weight<Flex>,
            second_bias: FlexTensor,
            activation: Activation,
            residual: FlexTensor,
        ) -> FlexTensor {
            let [x, residual] = [x, residual].map(|x| dense(&x));
            let [first_bias, second_bias] = [first_bias, second_bias].map(|bias| dense(&bias));
            let mut y = values(&residual).to_vec();
            for row in y.chunks_exact_mut(second.factor().columns()) {
                row.iter_mut().zip(values(&second_bias)).for_each(|(y, bias)| *y += bias);
            }
            let first = (first.factor(), values(&first_bias));
            team::feed_forward(matrix(&x), first, second.factor(), activation, &mut y);
            FlexTensor::from_data(TensorData::new(y, residual.shape()))
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

        fn attend(
            query: FlexTensor,
            key: FlexTensor,
            value: FlexTensor,
            bias: FlexTensor,
            heads: usize,
        ) -> (FlexTensor, FlexTensor, FlexTensor) {
            let attention = Attention::new([query, key, value, bias], heads);
            let Sizes { queries, keys, heads, dim } = attention.sizes;
            let batch = attention.batch;
            let map = heads * queries * keys;
            let mut y = vec![0.0; batch * queries * dim];
            let [mut scores, mut weights] = [(); 2].map(|()| vec![0.0; batch * map]);
            let maps = scores.chunks_exact_mut(map).zip(weights.chunks_exact_mut(map));
            for ((item, y), (scores, weights)) in
                attention.items().zip(y.chunks_exact_mut(queries * dim)).zip(maps)
            {
                kernel::attention_maps(&attention.sizes, item, scores, weights, y);
            }
            let map = |values| {
                FlexTensor::from_data(TensorData::new(values, [batch, heads, queries, keys]))
            };
            let context = FlexTensor::from_data(TensorData::new(y, [batch, queries, dim]));
            (context, map(scores), map(weights))
        }

        fn attended(
            query: FlexTensor,
            key: FlexTensor,
            value: FlexTensor,
            bias: FlexTensor,
            heads: usize,
        ) -> FlexTensor {
            let attention = Attention::new([query, key, value, bias], heads);
            let Sizes { queries, dim, .. } = attention.sizes;
            let mut y = vec![0.0; attention.batch * queries * dim];
            for (item, y) in attention.items().zip(y.chunks_exact_mut(queries * dim)) {
                team::attention(&attention.sizes, item, y);
            }
            FlexTensor::from_data(TensorData::new(y, [attention.batch, queries, dim]))
        }
    }

    /// What attention is computed from, dense in memory.
    struct Attention {
        batch: usize,
        sizes: Sizes,
        /// Query, key, value and bias.
        inputs: [FlexTensor; 4],
    }

    impl Attention {
        fn new(inputs: [FlexTensor; 4], heads: usize) -> Self {
            let [_, queries, dim] = inputs[0].shape().dims();
            let [batch, keys, _] = inputs[1].shape().dims();
            let sizes = Sizes { queries, keys, heads, dim };
            Self { batch, sizes, inputs: inputs.map(|x| dense(&x)) }
        }

        /// The items of the batch; they may share one query.
        fn items(&self) -> impl Iterator<Item = Item<'_>> {
            let Sizes { queries, keys, dim, .. } = self.sizes;
            let [query, key, value, bias] = self.inputs.each_ref().map(values);
            let queries = query.chunks_exact(queries * dim).cycle();
            let memory = key.chunks_exact(keys * dim).zip(value.chunks_exact(keys * dim));
            queries
                .zip(memory)
                .zip(bias.chunks_exact(keys))
                .map(|((query, (key, value)), bias)| Item { query, key, value, bias })
        }
    }

    fn indices(ids: &FlexTensor) -> Vec<usize> {
        let ids = ids.to_contiguous();
        match ids.dtype() {
            DType::I32 => ids.storage::<i32>().iter().map(|&id| id as usize).collect(),
            _ => ids.storage::<i64>().iter().map(|&id| id as usize).collect(),
        }
    }

    /// The rows of a dense tensor.
    fn matrix(x: &FlexTensor) -> Matrix<'_> {
        let shape = x.shape();
        let columns = shape.last().copied().unwrap_or(1);
        Matrix::rows(values(x), shape.num_elements() / columns, columns)
    }
}

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
            let fused = layers::linear(x.clone(), weight.clone(), bias.clone());
            assert_equal(fused, module::linear(x.clone(), weight, Some(bias.clone())));
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
            let data = quantised(&stored, [rows, columns], &factors, looked_up, STORE).unwrap();
            let dtype = data.dtype();
            Tensor::<2>::from_data(data, (&Device::flex(), dtype))
        };

        let (x, bias) = (random([2, 5, columns]), random([rows]));
        let weight = numbers.clone().transpose();
        let fused = layers::linear(x.clone(), tensor(false), bias.clone());
        assert_equal(fused, module::linear(x, weight.clone(), Some(bias)));
        assert_equal(tensor(false).dequantize(), weight);

        let ids = Tensor::<1, Int>::from_data([8, 0, 8], &Device::flex());
        let looked_up = layers::quantised_rows(tensor(true), ids.clone());
        assert_equal(looked_up, numbers.clone().select(0, ids));
        assert_equal(tensor(true).dequantize(), numbers);

        assert!(quantised(&stored, [columns, rows], &[1.0; 64], false, STORE).is_none());
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
