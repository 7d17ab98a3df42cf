//! The WebAssembly module for WebGPU: everything is exported by the library.

use carzero as _;

fn main() {}
