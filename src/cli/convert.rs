//! `carzero convert`: a published checkpoint becomes a model folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use carzero::Engine;
use carzero::engine::loader::Loader;
use carzero::package::checkpoint::{Assumed, Checkpoint};
use carzero::package::config::{Credit, ModelConfig, Preset, Reference, SelfTest};
use carzero::package::shard::{ShardWriter, Weight};
use carzero::package::{CONFIG, FileEntry, MANIFEST, Manifest, Precision, REFERENCE, TOKENIZER};
use carzero::radiograph::preprocess::{ImageConfig, Resize};
use carzero::table::Csv;
use carzero::text::prompt::normalize;
use carzero::text::tokenizer::{TextTokenizer, vocabulary_as_tokenizer};
use clap::ValueEnum;
use serde::Deserialize;
use serde_json::{Number, Value};

use super::open::progress;

const FINDING_SETS: &str = include_str!("../../models/finding_sets.json");
/// Sentences of the self-test.
const SELF_TEST_PROMPTS: [&str; 2] =
    ["There is Pneumothorax", "There is Pleural Effusion in the left lower lobe"];

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
    /// JSON with the model's name, credits and preprocessing; the official CARZero's by default
    #[arg(long, value_name = "FILE")]
    recipe: Option<PathBuf>,
    /// CSV with a column of 101 percentiles for each prompt: the reference distribution
    #[arg(long, value_name = "FILE", requires = "population")]
    percentiles: Option<PathBuf>,
    /// Which images the percentiles were measured on, in words
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

/// What no checkpoint tells about a model.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Recipe {
    name: String,
    title: String,
    version: String,
    license: String,
    text_rows: usize,
    image: ImageConfig,
    credits: Vec<Credit>,
}

impl Default for Recipe {
    /// The official CARZero.
    fn default() -> Self {
        Self {
            name: "carzero-vitb16".to_string(),
            title: "CARZero ViT-B/16".to_string(),
            version: "1.0.0".to_string(),
            license: "Apache-2.0".to_string(),
            text_rows: 97,
            image: ImageConfig {
                resize: Resize::LongestSidePad,
                size: 256,
                crop: 224,
                mean: 0.4978,
                std: 0.2449,
            },
            credits: vec![Credit {
                what: "CARZero, method and weights".to_string(),
                who: "Lai et al., CVPR 2024".to_string(),
                license: "Apache-2.0".to_string(),
            }],
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
    let config = ModelConfig {
        name: recipe.name,
        title: recipe.title,
        version: recipe.version,
        license: recipe.license,
        image: recipe.image,
        image_encoder: architecture.image_encoder.clone(),
        text_encoder: architecture.text_encoder.clone(),
        fusion: architecture.fusion.clone(),
        cosine: None,
        wordings: None,
        presets: presets()?,
        reference: reference(args)?,
        validation: None,
        ood: None,
        credits: recipe.credits,
        self_test: None,
    };
    config.check()?;
    let tokenizer = tokenizer(&args.tokenizer)?;
    check_tokenizer(&tokenizer, &config)?;
    let bar = progress(0, "converting");
    let weights = checkpoint
        .weights(&architecture, config.map_side())?
        .inspect(|_| bar.inc(1))
        .flat_map(|weights| {
            weights.map_or_else(|error| vec![Err(error)], |all| all.into_iter().map(Ok).collect())
        });
    write_model(&args.out, config, tokenizer, weights, args.precision.into())
}

/// Refuses another model's tokenizer, and says how far the embeddings are padded.
fn check_tokenizer(json: &[u8], config: &ModelConfig) -> Result<()> {
    let text = &config.text_encoder;
    let findings = config.presets.iter().flat_map(|preset| &preset.findings);
    let padding = TextTokenizer::new(json, text.rows)?.fits(text.vocab, findings)?;
    if padding > 0 {
        eprintln!("{padding} of {} embeddings are padding: no word piece has them", text.vocab);
    }
    Ok(())
}

/// The findings that every model offers.
pub fn presets() -> Result<Vec<Preset>> {
    Ok(serde_json::from_str(FINDING_SETS)?)
}

/// Writes a model folder, with a self-test computed from the weights as they are stored.
pub fn write_model(
    out: &Path,
    mut config: ModelConfig,
    tokenizer: Vec<u8>,
    weights: impl IntoIterator<Item = carzero::Result<Weight>>,
    precision: Precision,
) -> Result<()> {
    config.check()?;
    let mut shards = ShardWriter::new(precision);
    for weight in weights {
        shards.push(&weight?);
    }
    let parameters = shards.parameters();
    let mut files = vec![(CONFIG.to_string(), Vec::new()), (TOKENIZER.to_string(), tokenizer)];
    files.extend(shards.finish()?);
    let manifest = |config: &ModelConfig, files: &mut Vec<(String, Vec<u8>)>| -> Result<Manifest> {
        files[0].1 = config_json(config)?;
        let entries = files.iter().map(|(path, data)| FileEntry::new(path, data)).collect();
        Ok(Manifest::new(precision, parameters, entries))
    };
    let untested = manifest(&config, &mut files)?;
    config.self_test = Some(self_test(&untested, &files)?);
    let manifest = manifest(&config, &mut files)?;
    write_folder(out, &manifest, &files)?;
    println!(
        "{}: {} weights, {:.1} MB",
        out.display(),
        manifest.parameters,
        manifest.bytes() as f64 / 1e6
    );
    Ok(())
}

/// Stores another config, and reference images if given, in a folder that holds `manifest`'s files.
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

/// Computes, on the CPU and from the weights as stored, what every device must reproduce.
fn self_test(manifest: &Manifest, files: &[(String, Vec<u8>)]) -> Result<SelfTest> {
    let device = Device::flex();
    let mut loader = Loader::new(&serde_json::to_vec(manifest)?, device.clone())?;
    for (path, data) in files {
        loader.add(path, data)?;
    }
    let prompts = SELF_TEST_PROMPTS.map(str::to_string).to_vec();
    let engine = Engine::new(loader.finish()?, device);
    let logits = pollster::block_on(engine.test_pattern_logits(&prompts))?;
    Ok(SelfTest { prompts, logits })
}

fn write_folder(folder: &Path, manifest: &Manifest, files: &[(String, Vec<u8>)]) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let write = |name: &str, data: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, data).with_context(|| format!("cannot write {}", path.display()))
    };
    for (name, data) in files {
        write(name, data)?;
    }
    // Last, so that a folder is never described by what it does not hold yet.
    let mut json = serde_json::to_vec_pretty(manifest)?;
    json.push(b'\n');
    write(MANIFEST, &json)
}

/// The config with one line for each of its parts, so that changes can be read.
fn config_json(config: &ModelConfig) -> Result<Vec<u8>> {
    let mut config = serde_json::to_value(config)?;
    shorten(&mut config);
    let Value::Object(parts) = config else { return Ok(Vec::new()) };
    let lines: Vec<String> =
        parts.iter().map(|(name, value)| format!("  \"{name}\": {value}")).collect();
    Ok(format!("{{\n{}\n}}\n", lines.join(",\n")).into_bytes())
}

/// Writes numbers that are f32 with the few digits that tell them from other f32.
fn shorten(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Object(parts) => parts.values_mut().for_each(shorten),
        Value::Number(number) => {
            let short = number.as_f64().filter(|_| number.is_f64()).map(|exact| exact as f32);
            if let Some(short) = short.filter(|short| Some(f64::from(*short)) == number.as_f64())
                && let Some(digits) = short.to_string().parse().ok().and_then(Number::from_f64)
            {
                *number = digits;
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

fn tokenizer(path: &Path) -> Result<Vec<u8>> {
    let data = read(path)?;
    if path.extension().is_some_and(|extension| extension == "txt") {
        return Ok(vocabulary_as_tokenizer(&String::from_utf8(data)?)?);
    }
    Ok(data)
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
