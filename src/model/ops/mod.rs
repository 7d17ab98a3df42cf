//! What devices compute.

pub mod activation;
mod attended;
#[cfg(feature = "flex")]
pub(super) mod cpu;
#[cfg(feature = "wgpu")]
pub(super) mod gpu;
#[cfg(all(feature = "flex", target_arch = "wasm32"))]
pub mod pool;
pub(crate) mod quantised;

pub use attended::Attended;
