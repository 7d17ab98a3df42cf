//! The CPU device: [`kernels`] as operations of Burn. The block has a gradient; in WebAssembly there
//! are layers too.

#[cfg(not(target_arch = "wasm32"))]
mod alone;
mod block;
#[cfg(feature = "train")]
mod gradient;
pub(super) mod kernels;
#[cfg(any(target_arch = "wasm32", test))]
mod layers;
mod tensors;

#[cfg(target_arch = "wasm32")]
use super::pool as workers;
#[cfg(not(target_arch = "wasm32"))]
use alone as workers;

pub use block::{Block, inverted_residual};
#[cfg(target_arch = "wasm32")]
pub use layers::{attend, attended, feed_forward, layer_norm, linear, quantised_rows};
pub use tensors::is_available;
