//! Bounds on what foreign files can ask for.

/// The largest picture accepted, in pixels: a bound on memory that also fits a browser tab.
pub const MAX_PIXELS: u64 = 64_000_000;
