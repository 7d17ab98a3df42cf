//! Help for serde.

use serde::{Deserialize, Deserializer};

/// Deserialises a field as serde would do anyway, but in a function of its own. It is for fields
/// that hold most of a file's bytes, whose loop is then compiled as a small function; `lib.rs` says
/// why.
#[inline(never)]
pub fn not_inlined<'de, T, D>(from: D) -> std::result::Result<T, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(from)
}
