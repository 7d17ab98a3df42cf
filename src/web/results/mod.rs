//! The module that writes results for other programs, with the same code as `carzero score`. `types.d.ts` declares the
//! plain objects that cross the boundary.

mod input;
#[cfg(all(test, not(feature = "without-model")))]
mod tests;
#[cfg(target_arch = "wasm32")]
mod write;
