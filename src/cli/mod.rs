//! The commands, one module each.

mod align;
mod convert;
#[cfg(feature = "train")]
mod dataset;
mod evaluate;
mod familiarity;
mod info;
mod phantom;
mod reference;
mod score;
#[cfg(feature = "train")]
mod train;
mod wording;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use burn::tensor::Device;
use carzero::engine::loader::{Loaded, Loader};
use carzero::package::MANIFEST;
use carzero::{Engine, Picture};
use clap::{Parser, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

/// Zero-shot classification of chest radiographs with CARZero (Lai et al., CVPR 2024).
///
/// For teaching and research, never for diagnosis. Scores are raw logits: they are not
/// probabilities and cannot be compared between findings.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    after_help = "Examples:
  carzero score --model models/default --prompt \"There is Pneumothorax\" chest.png
  carzero score --model models/default --maps maps --format table *.png
  carzero convert CARZero_best_model.ckpt --tokenizer tokenizer.json --out models/carzero-vitb16"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Convert(convert::Args),
    Score(score::Args),
    Info(info::Args),
    Reference(reference::Args),
    Familiarity(familiarity::Args),
    Align(align::Args),
    Wording(wording::Args),
    Evaluate(evaluate::Args),
    Phantom(phantom::Args),
    #[cfg(feature = "train")]
    Dataset(dataset::Args),
    #[cfg(feature = "train")]
    Train(train::Args),
}

/// Runs one command.
pub fn run(cli: Cli) -> Result<()> {
    match cli.command {
        Command::Convert(args) => convert::run(&args),
        Command::Score(args) => score::run(&args),
        Command::Info(args) => info::run(&args),
        Command::Reference(args) => reference::run(&args),
        Command::Familiarity(args) => familiarity::run(&args),
        Command::Align(args) => align::run(&args),
        Command::Wording(args) => wording::run(&args),
        Command::Evaluate(args) => evaluate::run(&args),
        Command::Phantom(args) => phantom::run(&args),
        #[cfg(feature = "train")]
        Command::Dataset(args) => dataset::run(&args),
        #[cfg(feature = "train")]
        Command::Train(args) => train::run(&args),
    }
}

/// Pictures encoded in one go.
const IMAGE_BATCH: usize = 8;

/// Which model, and where it runs.
#[derive(Debug, clap::Args)]
struct ModelArgs {
    /// The model folder, as `carzero convert` writes it
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceKind::Cpu)]
    device: DeviceKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DeviceKind {
    /// The CPU (Burn Flex)
    Cpu,
    /// The first GPU (Burn wgpu)
    #[cfg(feature = "wgpu")]
    Wgpu,
}

impl DeviceKind {
    fn device(self) -> Device {
        match self {
            Self::Cpu => Device::flex(),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => Device::wgpu(burn::tensor::DeviceKind::DefaultDevice),
        }
    }
}

impl ModelArgs {
    fn open(&self) -> Result<Engine> {
        let engine = open(&self.model, self.device.device())?;
        if self.device != DeviceKind::Cpu {
            pollster::block_on(engine.self_test())?;
        }
        Ok(engine)
    }
}

/// Puts a model folder to work.
fn open(folder: &Path, device: Device) -> Result<Engine> {
    Ok(Engine::new(load(folder, &device)?, device))
}

/// Reads a model folder.
fn load(folder: &Path, device: &Device) -> Result<Loaded> {
    let read = |name: &str| {
        let path = folder.join(name);
        fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let mut loader = Loader::new(&read(MANIFEST)?, device.clone())?;
    for entry in loader.manifest().files.clone() {
        loader.add(&entry.path, &read(&entry.path)?)?;
    }
    Ok(loader.finish()?)
}

fn decode(path: &Path) -> Result<Picture> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Picture::decode(&bytes).with_context(|| path.display().to_string())
}

/// A bar on standard error, on a terminal only.
fn progress(length: usize, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(length as u64).with_message(what);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}
