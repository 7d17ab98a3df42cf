//! The whole boundary to JavaScript: what a worker can call.
//!
//! One build holds one device: the CPU (feature `flex`) or WebGPU (feature `wgpu`). Everything here
//! is a thin wrapper. `types.d.ts` declares the plain objects that cross, `objects` makes them, and
//! `js` puts the two together; errors become a JS `Error` with the `code` of
//! [`Error::code`](crate::Error::code).

#[cfg(target_arch = "wasm32")]
mod device;
#[cfg(target_arch = "wasm32")]
mod js;
#[cfg(target_arch = "wasm32")]
mod model;
mod objects;
#[cfg(target_arch = "wasm32")]
mod picture;
#[cfg(all(target_arch = "wasm32", feature = "flex"))]
mod pool;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "wasm32")]
mod text;
