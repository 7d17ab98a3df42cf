//! The module that evaluates scores, with the same code as `carzero evaluate`, on tables in memory. `types.d.ts`
//! declares the plain objects that cross the boundary.

#[cfg(target_arch = "wasm32")]
mod js;
#[cfg(target_arch = "wasm32")]
mod measure;
mod settings;
#[cfg(all(test, not(feature = "without-model")))]
mod tests;
