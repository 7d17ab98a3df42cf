//! `carzero experiment`: experiments on what a score is based on.

mod consistency;

use std::path::PathBuf;

use anyhow::Result;
use carzero::engine::cover::Cover;
use carzero::text::prompt::sentence;
use carzero::{EncodedImages, Engine, Picture};
use clap::Subcommand;
use serde::Serialize;

use super::open::{ModelArgs, Ranks, decode, progress};

/// Examine what a score is based on; prints JSON
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    experiment: Experiment,
}

#[derive(Debug, Subcommand)]
enum Experiment {
    /// Score with parts of the fusion only, and with each layer and head switched off
    Ablation(Question),
    /// Score by cross-attention and by cosine, of the CLIP-style head or else of the global features before the fusion
    Heads(Question),
    /// Score many wordings of the finding, both as they are and aligned to prompts
    Wording {
        #[command(flatten)]
        question: Question,
        /// A further wording; may be given several times
        #[arg(long, value_name = "TEXT")]
        own: Vec<String>,
    },
    /// Measure over many images how much scores depend on the wording, and how much of that alignment removes
    Consistency(consistency::Args),
    /// Cover the place that the attention map shows, and for comparison other places of the same size
    Audit {
        #[command(flatten)]
        question: Question,
        /// What places are covered with: mean, blur or mirror
        #[arg(long, default_value = "mean")]
        cover: String,
    },
    /// Score the observations that make up the finding, and combine their scores
    Observations(Question),
    /// Cover patches in the order of the attention map, and uncover them (RISE)
    Curves(Question),
    /// Score the finding on the left and on the right, on the image and on its mirror image
    Sides(Question),
}

#[derive(Debug, clap::Args)]
struct Question {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    ranks: Ranks,
    /// A finding; "pneumothorax" becomes "There is pneumothorax"
    #[arg(long)]
    finding: String,
    /// A PNG, JPEG, WebP, TIFF, JPEG 2000 or DICOM file
    image: PathBuf,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    match &args.experiment {
        Experiment::Ablation(question) => {
            let Prepared { engine, images, prompt, .. } = question.prepare()?;
            print(&pollster::block_on(engine.ablate(&images, &prompt))?)
        }
        Experiment::Heads(question) => {
            let Prepared { engine, images, prompt, .. } = question.prepare()?;
            print(&pollster::block_on(engine.both_heads(&images, &[prompt]))?)
        }
        Experiment::Wording { question, own } => {
            let Prepared { engine, images, .. } = question.prepare()?;
            print(&pollster::block_on(engine.sensitivity(&images, &question.finding, own))?)
        }
        Experiment::Consistency(args) => print(&args.ask()?),
        Experiment::Audit { question, cover } => audit(&question.prepare()?, Cover::named(cover)?),
        Experiment::Observations(question) => {
            let Prepared { engine, images, .. } = question.prepare()?;
            let observed = pollster::block_on(engine.observe(&images, &question.finding))?;
            print(&observed)
        }
        Experiment::Curves(question) => curves(&question.prepare()?),
        Experiment::Sides(question) => {
            let Prepared { engine, picture, images, .. } = question.prepare()?;
            print(&pollster::block_on(engine.sides(&picture, &images, &question.finding))?)
        }
    }
}

/// A model, the picture and the prompt.
struct Prepared {
    engine: Engine,
    picture: Picture,
    images: EncodedImages,
    prompt: String,
}

impl Question {
    fn prepare(&self) -> Result<Prepared> {
        let engine = self.model.open()?;
        self.ranks.apply(&engine)?;
        let prompt = sentence(&self.finding)?;
        let picture = decode(&self.image)?;
        let images = engine.encode_images(&[&picture]);
        Ok(Prepared { engine, picture, images, prompt })
    }
}

impl Prepared {
    /// The attention map of the prompt.
    fn attention(&self) -> Result<Vec<f32>> {
        let prompts = std::slice::from_ref(&self.prompt);
        let scores = pollster::block_on(self.engine.score(&self.images, prompts))?;
        Ok(scores.into_iter().flatten().flat_map(|score| score.attention).collect())
    }
}

fn print(answer: &impl Serialize) -> Result<()> {
    println!("{}", serde_json::to_string_pretty(answer)?);
    Ok(())
}

fn audit(prepared: &Prepared, cover: Cover) -> Result<()> {
    let Prepared { engine, picture, images, prompt } = prepared;
    let map = prepared.attention()?;
    let mut audit = pollster::block_on(engine.audit(picture, images, prompt, &map, cover))?;
    let bar = progress(audit.passes(), "covering");
    while audit.done() < audit.passes() {
        pollster::block_on(engine.audit_step(&mut audit))?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    print(&audit.report())
}

fn curves(prepared: &Prepared) -> Result<()> {
    let Prepared { engine, picture, images, prompt } = prepared;
    let map = prepared.attention()?;
    let mut curves = pollster::block_on(engine.curves(picture, images, prompt, &map))?;
    let bar = progress(curves.passes(), "covering");
    while curves.done() < curves.passes() {
        pollster::block_on(engine.curves_step(&mut curves))?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    print(&curves.report())
}
