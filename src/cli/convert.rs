//! `carzero convert`: converts a published checkpoint to a model folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use carzero::Engine;
use carzero::engine::loader::Loader;
use carzero::package::checkpoint::recipe::Recipe;
use carzero::package::checkpoint::{Assumed, Checkpoint};
use carzero::package::config::{ModelConfig, Reference};
use carzero::package::folder::{File, FolderWriter, SELF_TEST_PROMPTS, config_json, manifest_file};
use carzero::package::shard::Weight;
use carzero::package::{CONFIG, FileEntry, Manifest, Precision, REFERENCE, sha256};
use carzero::table::Csv;
use carzero::text::prompt::normalize;
use carzero::text::tokenizer::{TextTokenizer, tokenizer_json};
use clap::ValueEnum;

use super::open::progress;

/// Convert a CARZero checkpoint to a model folder
///
/// Reads the official Lightning .ckpt (tensors only; nothing in it is executed) or safetensors,
/// checks every key and shape, and writes config.json, tokenizer.json, weight shards of at most
/// 32 MB and manifest.json with their SHA-256.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The checkpoint
    #[arg(value_name = "CKPT")]
    checkpoint: PathBuf,
    /// The tokenizer that belongs to it: tokenizer.json or vocab.txt
    #[arg(long, value_name = "PATH")]
    tokenizer: PathBuf,
    /// The folder to write
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// How to store the weights; the page is best served with q8
    #[arg(long, value_enum, default_value_t = StoredAs::F32)]
    precision: StoredAs,
    /// Attention heads of the image encoder
    #[arg(long, value_name = "N", default_value_t = 12)]
    vision_heads: usize,
    /// Attention heads of the text encoder
    #[arg(long, value_name = "N", default_value_t = 12)]
    text_heads: usize,
    /// Attention heads of the fusion
    #[arg(long, value_name = "N", default_value_t = 4)]
    fusion_heads: usize,
    /// Safetensors of a Hugging Face BertModel, where the checkpoint has no text encoder
    #[arg(long, value_name = "FILE")]
    text_encoder: Option<PathBuf>,
    /// JSON with the model's name, credits and preprocessing; by default those of the official CARZero
    #[arg(long, value_name = "FILE")]
    recipe: Option<PathBuf>,
    /// CSV with a column of 101 percentiles for each prompt: the reference distribution
    #[arg(long, value_name = "FILE", requires = "population")]
    percentiles: Option<PathBuf>,
    /// Description of the images on which the percentiles were measured
    #[arg(long, value_name = "TEXT", requires = "percentiles")]
    population: Option<String>,
}

/// [`Precision`] on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum StoredAs {
    /// 32-bit floating point
    F32,
    /// 16-bit floating point
    F16,
    /// 8-bit integers, symmetric, one scale for each output channel
    Q8,
}

impl From<StoredAs> for Precision {
    fn from(stored: StoredAs) -> Self {
        match stored {
            StoredAs::F32 => Self::F32,
            StoredAs::F16 => Self::F16,
            StoredAs::Q8 => Self::Q8,
        }
    }
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    let recipe = match &args.recipe {
        Some(path) => {
            serde_json::from_slice(&read(path)?).with_context(|| path.display().to_string())?
        }
        None => Recipe::default(),
    };
    let mut checkpoint = Checkpoint::open(&args.checkpoint)?;
    for note in checkpoint.notes() {
        eprintln!("{}: {note}", args.checkpoint.display());
    }
    if let Some(path) = &args.text_encoder {
        checkpoint.add_text_encoder(path)?;
    }
    let architecture = checkpoint.architecture(Assumed {
        vision_heads: args.vision_heads,
        text_heads: args.text_heads,
        fusion_heads: args.fusion_heads,
        text_rows: recipe.text_rows,
    })?;
    let config = recipe.config(&architecture, reference(args)?)?;
    let tokenizer = tokenizer_json(read(&args.tokenizer)?)?;
    let findings = config.presets.iter().flat_map(|preset| &preset.findings);
    let text = &config.text_encoder;
    let padding = TextTokenizer::new(&tokenizer, text.rows)?.fits(text.vocab, findings)?;
    if padding > 0 {
        eprintln!("{padding} of {} embeddings are padding: no word piece has them", text.vocab);
    }
    let weights = checkpoint.weights(&architecture, config.map_side())?;
    let bar = progress(weights.len(), "converting");
    let weights = weights.inspect(|_| bar.inc(1)).flat_map(|weights| {
        weights.map_or_else(|error| vec![Err(error)], |all| all.into_iter().map(Ok).collect())
    });
    write_model(&args.out, config, tokenizer, weights, args.precision.into())
}

/// Writes a model folder, with a self-test computed from the weights as they are stored.
pub fn write_model(
    out: &Path,
    config: ModelConfig,
    tokenizer: Vec<u8>,
    weights: impl IntoIterator<Item = carzero::Result<Weight>>,
    precision: Precision,
) -> Result<()> {
    let mut folder = FolderWriter::new(config, tokenizer, precision)?;
    let mut shards = Vec::new();
    for weight in weights {
        shards.extend(folder.push(&weight?)?);
    }
    shards.extend(folder.last_shards()?);
    let digests: Vec<String> = shards.iter().map(|data| sha256(data)).collect();
    let (untested, files) = folder.described(&digests, None)?;
    let logits = self_test(&untested, &files, &shards)?;
    let (manifest, mut files) = folder.described(&digests, Some(&logits))?;
    let names = manifest.files.iter().skip(files.len()).map(|entry| entry.path.clone());
    files.extend(names.zip(shards));
    write_folder(out, &manifest, &files)?;
    println!(
        "{}: {} weights, {:.1} MB",
        out.display(),
        manifest.parameters,
        manifest.bytes() as f64 / 1e6
    );
    Ok(())
}

/// Writes another config, and reference images if given, into the folder that `manifest` describes.
pub fn rewrite(
    folder: &Path,
    manifest: &Manifest,
    config: &ModelConfig,
    reference: Option<Vec<u8>>,
) -> Result<()> {
    config.check()?;
    let mut files = vec![(CONFIG.to_string(), config_json(config)?)];
    files.extend(reference.map(|data| (REFERENCE.to_string(), data)));
    let mut manifest = manifest.clone();
    for (path, data) in &files {
        let entry = FileEntry::new(path, data);
        match manifest.files.iter_mut().find(|file| file.path == *path) {
            Some(file) => *file = entry,
            None => manifest.files.push(entry),
        }
    }
    write_folder(folder, &manifest, &files)
}

/// Computes the logits that every device must reproduce, on the CPU and from the weights as stored.
fn self_test(manifest: &Manifest, files: &[File], shards: &[Vec<u8>]) -> Result<Vec<f32>> {
    let device = Device::flex();
    let mut loader = Loader::new(&serde_json::to_vec(manifest)?, device.clone())?;
    let contents = files.iter().map(|(_, data)| data).chain(shards);
    for (entry, data) in manifest.files.iter().zip(contents) {
        loader.add(&entry.path, data)?;
    }
    let engine = Engine::new(loader.finish()?, device);
    let prompts = SELF_TEST_PROMPTS.map(str::to_string);
    Ok(pollster::block_on(engine.test_pattern_logits(&prompts))?)
}

fn write_folder(folder: &Path, manifest: &Manifest, files: &[File]) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    // The manifest is written last, so that it never describes files that the folder does not contain yet.
    for (name, data) in files.iter().chain([&manifest_file(manifest)?]) {
        let path = folder.join(name);
        fs::write(&path, data).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn reference(args: &Args) -> Result<Option<Reference>> {
    let (Some(path), Some(population)) = (&args.percentiles, &args.population) else {
        return Ok(None);
    };
    let csv = Csv::read(path)?;
    let prompts: Vec<String> = csv.header()?.iter().skip(1).map(|name| normalize(name)).collect();
    let mut percentiles: BTreeMap<String, Vec<f32>> = BTreeMap::new();
    for row in csv.rows()? {
        for (prompt, value) in prompts.iter().zip(row.iter().skip(1)) {
            percentiles.entry(prompt.clone()).or_default().push(value.parse()?);
        }
    }
    ensure!(!percentiles.is_empty(), "{} has no prompt", path.display());
    Ok(Some(Reference { population: population.clone(), percentiles, cosines: BTreeMap::new() }))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
