//! Opening models and pictures for several commands, and a progress bar.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use burn::tensor::Device;
use carzero::engine::loader::{Loaded, Loader};
use carzero::package::MANIFEST;
use carzero::package::population::Population;
use carzero::{Engine, Picture};
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};

/// Number of pictures that are encoded at once.
pub const IMAGE_BATCH: usize = 8;

/// The model, and the device on which it runs.
#[derive(Debug, clap::Args)]
pub struct ModelArgs {
    /// The model folder, as written by `carzero convert`
    #[arg(long, value_name = "DIR")]
    pub model: PathBuf,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceKind::Cpu)]
    pub device: DeviceKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DeviceKind {
    /// The CPU (Burn Flex)
    Cpu,
    /// The first GPU (Burn wgpu)
    #[cfg(feature = "wgpu")]
    Wgpu,
}

impl DeviceKind {
    pub fn device(self) -> Device {
        match self {
            Self::Cpu => Device::flex(),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => Device::wgpu(burn::tensor::DeviceKind::DefaultDevice),
        }
    }
}

impl ModelArgs {
    pub fn open(&self) -> Result<Engine> {
        let engine = open(&self.model, self.device.device())?;
        if self.device != DeviceKind::Cpu {
            pollster::block_on(engine.self_test())?;
        }
        Ok(engine)
    }
}

/// The population in which scores are ranked.
#[derive(Debug, clap::Args)]
pub struct Ranks {
    /// Rank scores among the images of this file, which the page or `carzero reference --out` wrote, instead of among
    /// the model's own images
    #[arg(long, value_name = "FILE")]
    population: Option<PathBuf>,
}

impl Ranks {
    /// Makes the model rank scores in the chosen population.
    pub fn apply(&self, engine: &Engine) -> Result<()> {
        let population = self.population.as_deref().map(read_population).transpose()?;
        Ok(engine.rank_among(population)?)
    }
}

/// Reads a reference population.
pub fn read_population(path: &Path) -> Result<Population> {
    let json = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Population::parse(&json).with_context(|| path.display().to_string())
}

/// Writes a reference population.
pub fn write_population(path: &Path, population: &Population) -> Result<()> {
    fs::write(path, population.to_json()?)
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Opens a model folder for use.
fn open(folder: &Path, device: Device) -> Result<Engine> {
    Ok(Engine::new(load(folder, &device)?, device))
}

/// Reads a model folder.
pub fn load(folder: &Path, device: &Device) -> Result<Loaded> {
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

pub fn decode(path: &Path) -> Result<Picture> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Picture::decode(&bytes).with_context(|| path.display().to_string())
}

/// A progress bar on standard error, which is shown only on a terminal.
pub fn progress(length: usize, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(length as u64).with_message(what);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}
