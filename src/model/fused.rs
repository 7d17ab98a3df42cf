//! [`kernel`](super::kernel) as an operation of Burn on the CPU device, with its gradient.

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, DispatchDevice, Flex, TensorMetadata, backend_extension};
use burn::tensor::{Device, Tensor, TensorData};

use super::kernel::{self, Parameters, Shape};

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
        let dense = |tensor: &FlexTensor| {
            if tensor.as_slice::<f32>().is_some() { tensor.clone() } else { tensor.to_contiguous() }
        };
        let [images, height, width, input] = tensors[0].shape().dims();
        let [output, hidden, ..] = tensors[tensors.len() - 2].shape().dims::<4>();
        Self {
            images,
            shape: Shape { height, width, input, hidden, output, stride },
            tensors: tensors.iter().map(dense).collect(),
        }
    }

    fn slice(&self, index: usize) -> &[f32] {
        self.tensors[index].as_slice().unwrap_or_default()
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
            kernel::forward(shape, &parameters, x, y);
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
