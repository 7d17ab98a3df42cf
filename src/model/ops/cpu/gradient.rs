//! The gradient of the block.

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex, TensorMetadata};
use burn::tensor::TensorData;
use rayon::prelude::*;

use super::block::{Blocks, Inputs};
use super::kernels::{Parameters, Scratch, backward};

/// The images of a batch are divided among this many tasks, whatever the number of cores, so that sums are always made
/// in the same order and training is reproducible to the last bit.
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

fn forward<C: CheckpointStrategy, const N: usize>(tensors: [Tracked; N], stride: usize) -> Tracked {
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
