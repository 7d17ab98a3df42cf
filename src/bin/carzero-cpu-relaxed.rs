//! The WebAssembly module for the CPU with relaxed SIMD: everything is exported by the library.

use carzero as _;

fn main() {}
