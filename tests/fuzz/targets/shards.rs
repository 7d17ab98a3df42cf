//! What follows a model folder's JSON: weights and reference images, whose manifest entries agree; and what familiar pictures look like.
#![no_main]

use burn::tensor::Device;
use carzero::engine::loader::Loader;
use carzero::engine::ood::verdict;
use carzero::package::ood::OodStatistics;
use carzero::package::{CONFIG, FileEntry, Manifest, Precision, REFERENCE, TOKENIZER};
use libfuzzer_sys::fuzz_target;

const FILES: [(&str, &[u8]); 2] = [
    (CONFIG, include_bytes!("../seeds/manifest/tiny.json")),
    (TOKENIZER, include_bytes!("../seeds/manifest/tokenizer.json")),
];
/// Of the seed that has all weights.
const PARAMETERS: u64 = 1057;

fuzz_target!(|data: &[u8]| {
    if let Ok(known) = serde_json::from_slice::<OodStatistics>(data)
        && known.check(2).is_ok()
    {
        let features = [0.5; 10];
        let _ = verdict(&known, &features, known.distance(&features), Some(1.0)).warning();
    }
    // The header of a safetensors file follows its length.
    if data.get(8) != Some(&b'{') {
        return;
    }
    for path in ["weights.safetensors", REFERENCE] {
        let files = [FILES[0], FILES[1], (path, data)];
        let entries = files.map(|(path, data)| FileEntry::new(path, data)).to_vec();
        let manifest =
            serde_json::to_vec(&Manifest::new(Precision::Q8, PARAMETERS, entries)).unwrap();
        let mut loader = Loader::new(&manifest, Device::flex()).unwrap();
        if files.iter().all(|(path, data)| loader.add(path, data).is_ok()) {
            let _ = loader.finish();
        }
    }
});
