//! The whole boundary to JavaScript: what a worker can call.
//!
//! One build holds one device: the CPU (feature `flex`) or WebGPU (feature `wgpu`); or, with the feature `evaluate`, no model
//! but what measures its scores (`evaluation`). Everything here is a thin wrapper. `types.d.ts` declares the plain objects
//! that cross, `objects` makes them, and `js` and `boundary` put the two together; errors become a JS `Error` with the `code`
//! of [`Error::code`](crate::Error::code).

#[cfg(target_arch = "wasm32")]
mod boundary;
#[cfg(all(target_arch = "wasm32", feature = "flex", not(feature = "evaluate")))]
mod convert;
#[cfg(all(target_arch = "wasm32", not(feature = "evaluate")))]
mod device;
#[cfg(any(feature = "evaluate", test))]
mod evaluation;
#[cfg(all(target_arch = "wasm32", not(feature = "evaluate")))]
mod experiment;
#[cfg(all(target_arch = "wasm32", not(feature = "evaluate")))]
mod js;
#[cfg(all(target_arch = "wasm32", not(feature = "evaluate")))]
mod model;
#[cfg(not(feature = "evaluate"))]
mod objects;
#[cfg(all(target_arch = "wasm32", not(feature = "evaluate")))]
mod picture;
#[cfg(all(target_arch = "wasm32", feature = "flex", not(feature = "evaluate")))]
mod pool;
#[cfg(all(test, not(feature = "evaluate")))]
mod tests;
#[cfg(all(target_arch = "wasm32", not(feature = "evaluate")))]
mod text;
