//! The CPU device: [`kernels`] as operations of Burn. MobileNetV2's block has a gradient. The other layers are faster
//! than Burn's only in WebAssembly, so native builds use Burn's.

#[cfg(not(target_arch = "wasm32"))]
mod block;
#[cfg(feature = "train")]
mod gradient;
pub(super) mod kernels;
#[cfg(any(target_arch = "wasm32", test))]
mod layers;
#[cfg(any(target_arch = "wasm32", test))]
mod network;
mod tensors;

pub use super::composed::matmul;
#[cfg(not(target_arch = "wasm32"))]
pub use super::composed::{attend, feed_forward, layer_norm, linear, rows, self_attention};
#[cfg(not(target_arch = "wasm32"))]
pub use block::convolutions;
#[cfg(target_arch = "wasm32")]
pub use layers::{attend, feed_forward, layer_norm, linear, rows, self_attention};
#[cfg(target_arch = "wasm32")]
pub use network::convolutions;
pub use tensors::is_available;
