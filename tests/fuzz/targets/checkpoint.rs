//! What `carzero convert` reads: PyTorch's pickles, and safetensors.
#![no_main]

use std::io::Cursor;

use carzero::package::checkpoint::{Assumed, Checkpoint};
use carzero::package::config::ModelConfig;
use libfuzzer_sys::fuzz_target;

const CONFIG: &str = include_str!("../seeds/manifest/vit.json");
const ASSUMED: Assumed = Assumed { vision_heads: 4, text_heads: 4, fusion_heads: 4, text_rows: 4 };

fuzz_target!(|data: &[u8]| {
    if let Ok(checkpoint) = Checkpoint::read(Cursor::new(data.to_vec()), "fuzz")
        && let Ok(architecture) = checkpoint.architecture(ASSUMED)
    {
        let mut config: ModelConfig = serde_json::from_str(CONFIG).unwrap();
        (config.image.size, config.image.crop) = (2, 2);
        config.image_encoder = architecture.image_encoder.clone();
        config.text_encoder = architecture.text_encoder.clone();
        config.fusion = architecture.fusion.clone();
        if config.check().is_ok()
            && let Ok(weights) = checkpoint.weights(&architecture, config.map_side())
        {
            weights.for_each(drop);
        }
    }
});
