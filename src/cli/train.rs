//! `carzero train`: a model of one's own.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use carzero::train::config::TrainConfig;
use carzero::train::{Paths, train};

use super::DeviceKind;
use super::convert::{presets, write_model};

/// Train a model on radiographs with labels or reports
///
/// Two stages: the image encoder under a classifier, then embedders and fusion on its frozen
/// features. Everything that decides the outcome is in the config; the same config, data and seed
/// give the same weights. A checkpoint is written after every epoch.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// JSON that says how; see models/default.train.json
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// CSV with the columns path, split, patient, labels and optionally source, absent, uncertain
    /// and report; boxes and teacher lie beside it
    #[arg(long, value_name = "MANIFEST")]
    data: PathBuf,
    /// Folder of the pretrained weights that the config names
    #[arg(long, value_name = "DIR", default_value = ".")]
    init: PathBuf,
    /// The model folder to write; checkpoints and log go into `DIR/training`
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Go on from the last checkpoint
    #[arg(long)]
    resume: bool,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceKind::Cpu)]
    device: DeviceKind,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    let json = fs::read(&args.config)
        .with_context(|| format!("cannot read {}", args.config.display()))?;
    let config: TrainConfig =
        serde_json::from_slice(&json).with_context(|| args.config.display().to_string())?;
    let training = args.out.join("training");
    let paths = Paths { manifest: &args.data, init: &args.init, out: &training };
    let mut trained = train(&config, paths, &args.device.device(), args.resume)?;
    trained.config.presets = presets()?;
    let weights = trained.weights.into_iter().map(Ok);
    write_model(&args.out, trained.config, trained.tokenizer, weights, config.precision)
}
