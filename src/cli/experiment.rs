//! `carzero experiment`: what a score rests on.

use std::path::PathBuf;

use anyhow::Result;
use carzero::engine::audit::Cover;
use carzero::text::prompt::sentence;
use carzero::{Picture, Score};
use clap::Subcommand;

use super::open::{ModelArgs, decode, progress};

/// Ask what a score rests on; prints JSON
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    experiment: Experiment,
}

#[derive(Debug, Subcommand)]
enum Experiment {
    /// Score by parts of the fusion alone, and with each layer and head switched off
    Ablation(Question),
    /// Cover the place that the attention map shows, and other places of the same size
    Audit {
        #[command(flatten)]
        question: Question,
        /// With what places are covered: mean, blur or mirror
        #[arg(long, default_value = "mean")]
        cover: String,
    },
}

#[derive(Debug, clap::Args)]
struct Question {
    #[command(flatten)]
    model: ModelArgs,
    /// A finding; "pneumothorax" becomes "There is pneumothorax"
    #[arg(long)]
    finding: String,
    /// A PNG, JPEG, WebP, TIFF, JPEG 2000 or DICOM file
    image: PathBuf,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    let (question, cover) = match &args.experiment {
        Experiment::Ablation(question) => (question, None),
        Experiment::Audit { question, cover } => (question, Some(Cover::named(cover)?)),
    };
    let engine = question.model.open()?;
    let prompt = sentence(&question.finding)?;
    let picture: Picture = decode(&question.image)?;
    let images = engine.encode_images(&[&picture]);
    let Some(cover) = cover else {
        let parts = pollster::block_on(engine.ablate(&images, &prompt))?;
        println!("{}", serde_json::to_string_pretty(&parts)?);
        return Ok(());
    };
    let scores: Vec<Vec<Score>> =
        pollster::block_on(engine.score(&images, std::slice::from_ref(&prompt)))?;
    let map =
        scores.iter().flatten().flat_map(|score| &score.attention).copied().collect::<Vec<_>>();
    let mut audit = pollster::block_on(engine.audit(&picture, &images, &prompt, &map, cover))?;
    let bar = progress(audit.passes(), "covering");
    while audit.done() < audit.passes() {
        pollster::block_on(engine.audit_step(&mut audit))?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    println!("{}", serde_json::to_string_pretty(&audit.report())?);
    Ok(())
}
