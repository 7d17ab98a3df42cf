//! Help for serde.

use serde::{Deserialize, Deserializer};

/// Deserialises a field, as serde does without this. For fields that hold most of a file's bytes: their
/// long loop is then compiled as a small function, see `lib.rs`.
#[inline(never)]
pub fn not_inlined<'de, T, D>(from: D) -> std::result::Result<T, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(from)
}
