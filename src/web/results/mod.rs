//! The module that writes results for other programs: the same code as `carzero score` has. `types.d.ts` declares the plain
//! objects that cross.

#[cfg(all(test, not(feature = "without-model")))]
mod tests;
mod told;
#[cfg(target_arch = "wasm32")]
mod write;
