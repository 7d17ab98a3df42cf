//! A pool of workers for the CPU: further instances of this module, each with a memory of its own, take
//! shares of large operations.
//!
//! WebAssembly's own threads need a standard library that was built for them, which stable Rust does not provide. The
//! further instances share with the first one, the [lead](lead), only a buffer for each [member](member). Through this
//! buffer a member gets a [job](job) and its inputs, and returns the result. Weights are sent once and cached: a member
//! finds them by the identifier of the parameter that they belong to.
//!
//! MobileNetV2 is one job: each participant computes its [rows](rows) of every map, and exchanges the rows next to them
//! with its neighbours by messages.
//!
//! The transport of the numbers is behind [`Workers`]: the page's workers, or in tests plain memory. Without a pool the
//! caller computes an operation alone.

mod job;
mod lead;
mod member;
mod rows;

pub use lead::{Workers, feed_forward, forget_weights, join, linear, network, self_attention};
pub use member::Member;
pub use rows::{Neighbours, Side};
