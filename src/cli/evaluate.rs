//! `carzero evaluate`: the measurement itself is [`carzero::evaluate`]; here it is kept in a model.

use std::path::PathBuf;

use anyhow::Result;
use burn::tensor::Device;
use carzero::evaluate::report::FindingReport;
use carzero::package::config::{Measured, Validation};
use carzero::text::prompt::{normalize, sentence};

use super::convert::rewrite;
use super::load;

// No doc comment: the description is that of the flattened arguments.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub struct Args {
    #[command(flatten)]
    evaluate: carzero::evaluate::Args,

    /// Model folder of these predictions: each finding's figures are stored in its config.json, so
    /// that the page can tell how to read a score
    #[arg(long, value_name = "DIR", requires = "population")]
    keep: Option<PathBuf>,

    /// Which images these are, in words that complete "On …"
    #[arg(long, value_name = "TEXT", requires = "keep")]
    population: Option<String>,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    let report = carzero::evaluate::run(&args.evaluate)?;
    let (Some(folder), Some(population)) = (&args.keep, &args.population) else { return Ok(()) };
    let loaded = load(folder, &Device::flex())?;
    let findings = report.findings.iter().filter_map(measured).collect::<Result<_>>()?;
    let mut config = loaded.config;
    config.validation = Some(Validation { population: population.clone(), findings });
    rewrite(folder, &loaded.manifest, &config, None)
}

fn measured(finding: &FindingReport) -> Option<Result<(String, Measured)>> {
    let auroc = finding.metrics.auroc?;
    let measured = Measured {
        positives: finding.positives,
        negatives: finding.negatives,
        auroc: rounded(auroc.value),
        interval: auroc.interval.map(|pair| pair.map(rounded)),
        undecided: finding.undecided.map(|pair| pair.map(|logit| logit as f32)),
    };
    let sentence = sentence(&finding.name).map_err(Into::into);
    Some(sentence.map(|sentence| (normalize(&sentence), measured)))
}

/// To four decimals.
fn rounded(value: f64) -> f32 {
    ((value * 1e4).round() / 1e4) as f32
}
