//! The operations of the model: one interface, with three implementations for different devices.
//!
//! | module | device |
//! |---|---|
//! | `cpu` | the CPU: loops over slices; natively for MobileNetV2's block only, in WebAssembly for all operations |
//! | `gpu` | a GPU: kernels in CubeCL |
//! | `composed` | any device, also where gradients are tracked: Burn's own operations |
//!
//! The devices of the inputs decide which implementation is used ([`Kernels::of`]); nothing else in the model depends
//! on the device. Where a build has only one device, the compiler removes the others.

pub mod activation;
pub(super) mod composed;
#[cfg(feature = "flex")]
mod cpu;
#[cfg(feature = "wgpu")]
mod gpu;
mod heads;
mod inputs;
#[cfg(feature = "flex")]
pub mod pool;
pub(crate) mod quantised;
mod taps;

use burn::tensor::{Device, Int, Tensor};

use activation::Activation;
pub use inputs::{
    Affine, Attended, Convolution, InvertedResidual, Layer, Projections, SelfAttention,
};

/// Which implementation computes an operation.
enum Kernels {
    #[cfg(feature = "flex")]
    Cpu,
    #[cfg(feature = "wgpu")]
    Gpu,
    Composed,
}

impl Kernels {
    /// Chooses by the devices that an operation's inputs are on. In training some inputs may track gradients, for which
    /// only the CPU's inverted residual block has a kernel.
    fn of(devices: &[Device]) -> Self {
        #[cfg(feature = "wgpu")]
        if devices.iter().all(gpu::is_available) {
            return Self::Gpu;
        }
        #[cfg(feature = "flex")]
        if devices.iter().all(cpu::is_available) {
            return Self::Cpu;
        }
        Self::Composed
    }
}

/// Calls the operation of this name in the implementation that the devices select.
macro_rules! compute {
    ([$($device:expr),*], $operation:ident($($input:expr),*)) => {
        match Kernels::of(&[$($device),*]) {
            #[cfg(feature = "flex")]
            Kernels::Cpu => cpu::$operation($($input),*),
            #[cfg(feature = "wgpu")]
            Kernels::Gpu => gpu::$operation($($input),*),
            Kernels::Composed => composed::$operation($($input),*),
        }
    };
}

/// `after(x · weight + bias) + residual` over the last dimension of `x`.
///
/// # Shapes
///
/// - x: `[.., input]`
/// - residual, output: `[.., output]`
pub fn linear<const D: usize>(
    x: Tensor<D>,
    layer: Affine,
    after: Activation,
    residual: Option<Tensor<D>>,
) -> Tensor<D> {
    compute!([x.device(), layer.weight.device()], linear(x, layer, after, residual))
}

/// `residual + second(between(first(x)))`.
///
/// # Shapes
///
/// - x: `[.., input]`
/// - residual, output: `[.., output]`
pub fn feed_forward<const D: usize>(
    x: Tensor<D>,
    layers: [Affine; 2],
    between: Activation,
    residual: Tensor<D>,
) -> Tensor<D> {
    compute!([x.device(), layers[0].weight.device()], feed_forward(x, layers, between, residual))
}

/// `x · w` for each matrix of the batch.
///
/// # Shapes
///
/// - x: `[batch, rows, depth]`
/// - w: `[batch, depth, columns]`
pub fn matmul(x: Tensor<3>, w: Tensor<3>) -> Tensor<3> {
    compute!([x.device(), w.device()], matmul(x, w))
}

/// Looks up rows of a table, which may be [`quantised`], by their indices.
///
/// # Shapes
///
/// - table: `[count, dim]`
/// - ids: `[rows]`
/// - output: `[rows, dim]`
pub fn rows(table: Tensor<2>, ids: Tensor<1, Int>) -> Tensor<2> {
    compute!([table.device()], rows(table, ids))
}

/// Layer norm over the last dimension (Ba et al., 2016, <https://arxiv.org/abs/1607.06450>).
///
/// # Shapes
///
/// - x, output: `[.., dim]`
/// - gamma, beta: `[dim]`
pub fn layer_norm<const D: usize>(
    x: Tensor<D>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
) -> Tensor<D> {
    compute!([x.device(), gamma.device()], layer_norm(x, gamma, beta, epsilon))
}

/// `softmax(query · keyᵀ / sqrt(dim / heads) + bias) · value` for each head.
///
/// # Shapes
///
/// - query: `[batch, queries, dim]` with heads side by side, or `[1, queries, dim]` for the whole batch
/// - key, value: `[batch, keys, dim]`
/// - bias: `[batch, keys]`, added to the logits of each key
pub fn attend(
    query: Tensor<3>,
    key: Tensor<3>,
    value: Tensor<3>,
    heads: usize,
    bias: Option<Tensor<2>>,
) -> Attended {
    compute!([query.device(), key.device(), value.device()], attend(query, key, value, heads, bias))
}

/// `residual + output(context)`, where `context` is what [`attend`] computes with the rows of `x`, projected, as queries,
/// keys and values.
///
/// # Shapes
///
/// - x, residual, output: `[batch, rows, dim]`
/// - bias: `[batch, rows]`, added to the logits of each key
pub fn self_attention(
    x: Tensor<3>,
    layers: SelfAttention,
    bias: Option<Tensor<2>>,
    residual: Tensor<3>,
) -> Tensor<3> {
    compute!([x.device(), layers.output.weight.device()], self_attention(x, layers, bias, residual))
}

/// Layers of MobileNetV2, one after the other.
///
/// # Shapes
///
/// - x: `[images, height, width, channels]`
/// - output: like `x`, with height and width divided by the layers' strides, rounded up
pub fn convolutions(x: Tensor<4>, layers: Vec<Layer>) -> Tensor<4> {
    compute!([x.device(), layers[0].device()], convolutions(x, layers))
}
