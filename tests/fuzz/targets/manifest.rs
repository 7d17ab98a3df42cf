//! A model folder's JSON: the same text as manifest, config and tokenizer.
#![no_main]

use burn::tensor::Device;
use carzero::engine::loader::Loader;
use carzero::package::{CONFIG, FileEntry, Manifest, Precision, TOKENIZER};
use carzero::text::tokenizer::TextTokenizer;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = Loader::new(data, Device::flex());
    let files = vec![FileEntry::new(CONFIG, data), FileEntry::new(TOKENIZER, b"")];
    let manifest = serde_json::to_vec(&Manifest::new(Precision::Q8, 1, files)).unwrap();
    let mut loader = Loader::new(&manifest, Device::flex()).unwrap();
    let _ = loader.add(CONFIG, data);
    if let Ok(tokenizer) = TextTokenizer::new(data, 8)
        && let Ok(tokens) = tokenizer.encode("There is a 2 cm Pneumothorax of the left lung")
    {
        assert!(tokens.ids.len() <= 8);
        assert!(tokens.ids.iter().all(|&id| (id as usize) < tokenizer.vocab_size()));
    }
});
