//! The whole boundary to JavaScript: everything that a worker can call.
//!
//! A build has one device: the CPU (feature `flex`) or WebGPU (feature `wgpu`); or it has no model, but evaluates
//! scores (feature `evaluate`, module `evaluation`) or writes results for other programs (feature `results`, module
//! `results`). Everything here is a thin wrapper. `types.d.ts` declares the plain objects that cross the boundary,
//! `objects` makes them, and `js` and `boundary` connect the two. Errors become a JavaScript `Error` with the `code` of
//! [`Error::code`](crate::Error::code).

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
