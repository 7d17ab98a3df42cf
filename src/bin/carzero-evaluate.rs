//! The WebAssembly module that measures scores: everything is exported by the library.

use carzero as _;

fn main() {}
