//! `carzero align`: free text as standard prompts.

use std::io::{self, Read};

use anyhow::Result;

/// Turn a finding, a sentence or a whole report into standard prompts
///
/// By rules and a lexicon (English; common terms in Japanese and Spanish). Prints one JSON object a
/// line: the finding, whether it is negated, uncertain or historical, its location, and the prompt.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The text; standard input where it is left out
    #[arg(value_name = "TEXT")]
    text: Option<String>,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    let text = match &args.text {
        Some(text) => text.clone(),
        None => {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text)?;
            text
        }
    };
    for aligned in carzero::align::align(&text) {
        println!("{}", serde_json::to_string(&aligned)?);
    }
    Ok(())
}
