//! PNG, JPEG, WebP and JPEG 2000.
#![no_main]

use carzero::Picture;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = Picture::decode(data);
});
