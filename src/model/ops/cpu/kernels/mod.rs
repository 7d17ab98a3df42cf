//! The CPU's kernels: loops over slices that know no tensors.

#[cfg(any(target_arch = "wasm32", test))]
mod attention;
mod block;
#[cfg(any(target_arch = "wasm32", test))]
mod functions;
mod gemm;
#[cfg(feature = "train")]
mod gradient;
mod matrix;
#[cfg(any(target_arch = "wasm32", test))]
mod panels;

#[cfg(any(target_arch = "wasm32", test))]
pub use attention::{Item, Sizes, attention, attention_maps};
#[cfg(any(target_arch = "wasm32", test))]
pub use block::add;
pub use block::{Parameters, Shape, forward};
#[cfg(any(target_arch = "wasm32", test))]
pub use functions::{activate, layer_norm};
#[cfg(feature = "train")]
pub use gradient::{Scratch, backward};
#[cfg(any(target_arch = "wasm32", test))]
pub use matrix::{Factor, Matrix, MatrixMut, Quantised};
#[cfg(any(target_arch = "wasm32", test))]
pub use panels::{feed_forward, multiply};
