//! The commands, each in a module of its own.

mod align;
mod convert;
#[cfg(feature = "train")]
mod dataset;
mod errors;
mod evaluate;
mod experiment;
mod familiarity;
mod info;
mod open;
mod phantom;
mod reference;
mod results;
mod score;
mod search;
#[cfg(feature = "train")]
mod train;
mod wording;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

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
  carzero search --model models/default --text \"pleural effusion\" folder
  carzero convert CARZero_best_model.ckpt --tokenizer tokenizer.json --out models/carzero-vitb16"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Convert(convert::Args),
    Score(score::Args),
    Search(search::Args),
    Info(info::Args),
    Reference(reference::Args),
    Familiarity(familiarity::Args),
    Align(align::Args),
    Wording(wording::Args),
    Evaluate(Box<evaluate::Args>),
    Experiment(experiment::Args),
    Phantom(phantom::Args),
    #[cfg(feature = "train")]
    Dataset(dataset::Args),
    #[cfg(feature = "train")]
    Train(train::Args),
}

/// Runs the command that the program was started with.
pub fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", errors::in_one_line(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Convert(args) => convert::run(&args),
        Command::Score(args) => score::run(&args),
        Command::Search(args) => search::run(&args),
        Command::Info(args) => info::run(&args),
        Command::Reference(args) => reference::run(&args),
        Command::Familiarity(args) => familiarity::run(&args),
        Command::Align(args) => align::run(&args),
        Command::Wording(args) => wording::run(&args),
        Command::Evaluate(args) => evaluate::run(&args),
        Command::Experiment(args) => experiment::run(&args),
        Command::Phantom(args) => phantom::run(&args),
        #[cfg(feature = "train")]
        Command::Dataset(args) => dataset::run(&args),
        #[cfg(feature = "train")]
        Command::Train(args) => train::run(&args),
    }
}
