//! The whole boundary to JavaScript: what a worker can call.
//!
//! One build holds one device: the CPU (feature `flex`) or WebGPU (feature `wgpu`); or no model, but what measures its scores
//! (feature `evaluate`, `evaluation`) or writes them for other programs (feature `results`, `results`). Everything here is a thin
//! wrapper. `types.d.ts` declares the plain objects that cross, `objects` makes them, and `js` and `boundary` put the two
//! together; errors become a JS `Error` with the `code` of [`Error::code`](crate::Error::code).

#[cfg(target_arch = "wasm32")]
mod boundary;
#[cfg(all(target_arch = "wasm32", feature = "flex", not(feature = "without-model")))]
mod convert;
#[cfg(all(target_arch = "wasm32", not(feature = "without-model")))]
mod device;
#[cfg(any(feature = "evaluate", test))]
mod evaluation;
#[cfg(all(target_arch = "wasm32", not(feature = "without-model")))]
mod experiment;
#[cfg(all(target_arch = "wasm32", not(feature = "without-model")))]
mod js;
#[cfg(all(target_arch = "wasm32", not(feature = "without-model")))]
mod model;
#[cfg(not(feature = "without-model"))]
mod objects;
#[cfg(all(target_arch = "wasm32", not(feature = "without-model")))]
mod picture;
#[cfg(all(target_arch = "wasm32", feature = "flex", not(feature = "without-model")))]
mod pool;
#[cfg(any(feature = "results", test))]
mod results;
#[cfg(all(test, not(feature = "without-model")))]
mod tests;
#[cfg(all(target_arch = "wasm32", not(feature = "without-model")))]
mod text;
