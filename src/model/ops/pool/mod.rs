//! A pool of workers for the CPU: further instances of this module, each with a memory of its own, take
//! shares of large operations.
//!
//! WebAssembly's own threads need a standard library built for them, which stable Rust does not have.
//! These instances have in common with the first, the [lead](lead), only a buffer for each
//! [member](member). Through it go a [job](job) and the numbers that it needs, and the result comes
//! back. Weights go once and stay there: a member knows them by the identifier of the parameter that
//! they belong to.
//!
//! MobileNetV2 is one job: each participant computes its [rows](rows) of every map, and gets those beside them from
//! its neighbours, by messages.
//!
//! What moves the numbers is behind [`Workers`]: the page's workers, or in tests plain memory. Without
//! any, an operation is done by its caller alone.

mod job;
mod lead;
mod member;
mod rows;

pub use lead::{Workers, feed_forward, forget_weights, join, linear, network, self_attention};
pub use member::Member;
pub use rows::{Neighbours, Side};
