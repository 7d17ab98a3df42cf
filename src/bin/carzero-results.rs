//! The WebAssembly module that writes results for other programs: everything is exported by the library.

use carzero as _;

fn main() {}
