//! The CPU's kernels: loops over slices, independent of tensors.

mod attention;
mod block;
mod depthwise;
mod functions;
#[cfg(not(target_arch = "wasm32"))]
mod gemm;
#[cfg(feature = "train")]
mod gradient;
mod lanes;
mod matrix;
mod network;
mod panels;
mod pointwise;
mod shape;

#[cfg(any(target_arch = "wasm32", test))]
pub use attention::{Item, attention_maps};
pub use attention::{Sizes, self_attention};
#[cfg(any(target_arch = "wasm32", test))]
pub use block::add;
#[cfg(not(target_arch = "wasm32"))]
pub use block::{Block, Parameters};
#[cfg(any(target_arch = "wasm32", test))]
pub use functions::{activate, layer_norm};
#[cfg(feature = "train")]
pub use gradient::{Scratch, backward};
pub use matrix::{Factor, Matrix, MatrixMut, Quantised};
pub use network::{Kind, Network, Size};
pub use panels::{feed_forward, multiply};
#[cfg(not(target_arch = "wasm32"))]
pub use shape::Shape;
