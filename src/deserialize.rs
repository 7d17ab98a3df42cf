//! Help for serde.

use serde::{Deserialize, Deserializer};

/// Deserialises a field that holds most of a file's bytes in a function of its own.
#[inline(never)] // see `lib.rs`
pub fn not_inlined<'de, T, D>(from: D) -> std::result::Result<T, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(from)
}
