//! The WebAssembly module for the webgpu: everything is exported by the library.

use carzero as _;

fn main() {}
