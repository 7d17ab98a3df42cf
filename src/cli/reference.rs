//! `carzero reference`: how the model's logits are distributed over a population of images.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Result, ensure};
use carzero::config::Reference;
use carzero::text::{normalize, sentence};
use carzero::{EncodedImages, Picture};

use super::convert::rewrite_config;
use super::{IMAGE_BATCH, ModelArgs, decode, progress};

/// Measure the reference distribution of every preset finding and store it in the model
///
/// A logit means nothing by itself; its percentile in a population does. The 0th to 100th
/// percentile of each finding's logit over the images given here go into config.json.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// Which images these are, in words that complete "higher than 80 % of …"
    #[arg(long, value_name = "TEXT")]
    population: String,
    /// At least 100 images
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    ensure!(
        args.images.len() >= 100,
        "percentiles need at least 100 images, not {}",
        args.images.len()
    );
    let engine = args.model.open()?;
    let findings = engine.config().presets.iter().flat_map(|preset| &preset.findings);
    let sentences: BTreeSet<String> =
        findings.map(|finding| sentence(finding)).collect::<carzero::Result<_>>()?;
    let sentences: Vec<String> = sentences.into_iter().collect();

    let bar = progress(args.images.len(), "measuring");
    let mut logits: Vec<Vec<f32>> = vec![Vec::with_capacity(args.images.len()); sentences.len()];
    for batch in args.images.chunks(IMAGE_BATCH) {
        let pictures = batch.iter().map(|path| decode(path)).collect::<Result<Vec<Picture>>>()?;
        let images: EncodedImages = engine.encode_images(&pictures.iter().collect::<Vec<_>>());
        for scores in pollster::block_on(engine.score(&images, &sentences))? {
            for (of_sentence, score) in logits.iter_mut().zip(scores) {
                of_sentence.push(score.logit);
            }
        }
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();

    let percentiles: BTreeMap<String, Vec<f32>> = sentences
        .iter()
        .map(|text| normalize(text))
        .zip(logits.into_iter().map(percentiles))
        .collect();
    let mut config = engine.config().clone();
    config.reference = Some(Reference { population: args.population.clone(), percentiles });
    rewrite_config(&args.model.model, engine.manifest(), &config)
}

/// The 0th to 100th percentile, interpolated linearly, to 4 decimals.
fn percentiles(mut values: Vec<f32>) -> Vec<f32> {
    values.sort_by(f32::total_cmp);
    (0..=100)
        .map(|percent| {
            let position = percent as f32 / 100.0 * (values.len() - 1) as f32;
            let low = position.floor() as usize;
            let high = (low + 1).min(values.len() - 1);
            let value = values[low] + (values[high] - values[low]) * (position - low as f32);
            (value * 1e4).round() / 1e4
        })
        .collect()
}
