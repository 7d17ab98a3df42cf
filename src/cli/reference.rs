//! `carzero reference`: measures how the model's logits are distributed over a population of images.

use std::path::PathBuf;

use anyhow::{Context, Result};
use carzero::engine::population::key_of;
use carzero::package::REFERENCE;
use carzero::package::config::Reference;
use carzero::package::population::LEAST_IMAGES;
use carzero::package::shard::{reference_file, with_ranked};
use carzero::text::prompt::{Prompt, sentence};
use carzero::{EncodedImages, Engine, Error, Picture};

use super::convert::rewrite;
use super::open::{IMAGE_BATCH, ModelArgs, decode, load, progress, write_population};

/// Measure the reference distribution of every preset finding, and store it in the model or in a separate file
///
/// A logit means nothing by itself; its percentile in a population does. The 0th to 100th percentile of each finding's
/// logit over the given images are stored in config.json, and the images' condensed tokens in reference.safetensors,
/// from which the percentile of any other prompt can be computed. Percentiles for the many wordings of the findings
/// that the model learnt are stored there, too. With --out, the percentiles are written to a small file of numbers
/// instead, and the model is not changed: the page and `carzero score --population` can then rank scores among these
/// images.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// Description of the images, in words that complete "higher than 80 % of …"
    #[arg(long, value_name = "TEXT", required_unless_present = "wordings")]
    population: Option<String>,
    /// Write a file of percentiles, which contains no image, instead of changing the model
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// A further finding to measure; may be given several times
    #[arg(long = "finding", value_name = "NAME")]
    findings: Vec<String>,
    /// Measure only the wordings, on the images that are stored in the model; needed after a change of the lexicon
    #[arg(long, conflicts_with_all = ["population", "out", "findings", "images"])]
    wordings: bool,
    /// The images, at least 50
    #[arg(required_unless_present = "wordings", value_name = "IMAGE")]
    images: Vec<PathBuf>,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    let Some(population) = &args.population else { return measure_wordings(&args.model) };
    if args.images.len() < LEAST_IMAGES {
        return Err(Error::FewImages { images: args.images.len(), least: LEAST_IMAGES }.into());
    }
    let engine = args.model.open()?;
    let findings = pollster::block_on(engine.measurable(&args.findings))?;
    let sentences =
        findings.iter().map(|finding| sentence(finding)).collect::<carzero::Result<Vec<_>>>()?;

    let bar = progress(args.images.len(), "measuring");
    let none = || vec![Vec::with_capacity(args.images.len()); sentences.len()];
    let (mut logits, mut cosines): (Vec<Vec<f32>>, Vec<Vec<f32>>) = (none(), none());
    let mut tokens = Vec::new();
    for batch in args.images.chunks(IMAGE_BATCH) {
        let pictures = batch.iter().map(|path| decode(path)).collect::<Result<Vec<Picture>>>()?;
        let pictures: Vec<&Picture> = pictures.iter().collect();
        if args.out.is_none() {
            tokens.extend(pollster::block_on(engine.condense(&pictures))?);
        }
        let images: EncodedImages = engine.encode_images(&pictures);
        for scores in pollster::block_on(engine.score(&images, &sentences))? {
            for (index, score) in scores.iter().enumerate() {
                logits[index].push(score.logit);
                cosines[index].extend(score.cosine);
            }
        }
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    if let Some(path) = &args.out {
        let own = engine.population_of(population, &findings, &logits, &cosines, None)?;
        write_population(path, &own)?;
        println!("{}: {} prompts over {} images", path.display(), sentences.len(), own.images);
        return Ok(());
    }

    let keys =
        findings.iter().map(|finding| key_of(finding)).collect::<carzero::Result<Vec<_>>>()?;
    let mut config = engine.config().clone();
    config.reference = Some(Reference::measured(population, &keys, &logits, &cosines));
    let file = reference_file(tokens, config.fusion.dim)?;
    let size = file.len();
    rewrite(&args.model.model, engine.manifest(), &config, Some(file))?;

    let first = engine.encode_images(&[&decode(&args.images[0])?]);
    let agreement = agreement(&args.model, &first, &sentences, &logits)?;
    println!(
        "{} prompts over {} images; the images themselves take {:.1} MB, and percentiles from them agree with these by a Spearman correlation of {agreement:.3}",
        sentences.len(),
        args.images.len(),
        size as f64 / 1e6
    );
    measure_wordings(&args.model)
}

/// Stores the percentiles of the reference images for the wordings of all findings that the model learnt.
fn measure_wordings(model: &ModelArgs) -> Result<()> {
    let engine = model.open()?;
    let Some(wordings) = &engine.config().wordings else { return Ok(()) };
    let findings: Vec<String> = wordings.learnt.keys().cloned().collect();
    let ranked = pollster::block_on(engine.rank_wordings(&findings))?;
    let file = std::fs::read(model.model.join(REFERENCE)).with_context(|| {
        format!("{} holds no images: give some, and --population", model.model.display())
    })?;
    let file = with_ranked(&file, &ranked)?;
    rewrite(&model.model, engine.manifest(), engine.config(), Some(file))?;
    println!("{} wordings of {} findings", ranked.len(), findings.len());
    Ok(())
}

/// Spearman's correlation, over all pairs of image and prompt, between percentiles computed from the stored images and
/// those computed from all logits.
fn agreement(
    model: &ModelArgs,
    image: &EncodedImages,
    sentences: &[String],
    logits: &[Vec<f32>],
) -> Result<f64> {
    let device = model.device.device();
    let mut loaded = load(&model.model, &device)?;
    loaded.config.reference = None;
    let engine = Engine::new(loaded, device);
    // Scoring a prompt also measures its reference distribution.
    pollster::block_on(engine.score(image, sentences))?;
    let (mut stored, mut exact) = (Vec::new(), Vec::new());
    for (sentence, logits) in sentences.iter().zip(logits) {
        let all = Reference::percentiles(logits.clone());
        let by_images = engine.reference(&Prompt::new(sentence)).unwrap_or_default();
        stored.extend(logits.iter().map(|&logit| Reference::percentile(&by_images, logit)));
        exact.extend(logits.iter().map(|&logit| Reference::percentile(&all, logit)));
    }
    Ok(pearson(&ranks(&stored), &ranks(&exact)))
}

/// Ranks; equal values share the mean of their ranks.
fn ranks(values: &[f32]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    for ties in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let first = order.partition_point(|&index| values[index] < values[ties[0]]);
        for &index in ties {
            ranks[index] = first as f64 + (ties.len() - 1) as f64 / 2.0;
        }
    }
    ranks
}

fn pearson(a: &[f64], b: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(f64, f64) -> f64| {
        a.iter().zip(b).map(|(a, b)| f(a - mean_a, b - mean_b)).sum::<f64>()
    };
    sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_share_their_rank() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [2.5, 0.0, 2.5, 1.0]);
        assert!((pearson(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]) - 1.0).abs() < 1e-12);
    }
}
