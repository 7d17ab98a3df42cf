//! The WebAssembly module for the CPU: everything is exported by the library.

use carzero as _;

fn main() {}
