//! Free text as findings.
#![no_main]

use carzero::text::align;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for aligned in align::align(text) {
        assert!(text.get(aligned.start..aligned.end).is_some_and(|named| !named.is_empty()));
    }
    align::complete(text, 8);
});
