//! `carzero align`: converts free text to standard prompts.

use std::io::{self, Read};

use anyhow::Result;
use carzero::text::align::{Aligned, align};
use serde::Serialize;

/// Turn a finding, a sentence or a whole report into standard prompts
///
/// Uses rules and a lexicon (English; common terms in Japanese and Spanish). Prints one JSON object per line: the
/// finding, whether it is negated, uncertain or historical, its location, the prompt, and whether the rules or a
/// language model (llm) found it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The text; if it is omitted, standard input is read
    #[arg(value_name = "TEXT")]
    text: Option<String>,
    #[cfg(feature = "llm")]
    #[command(flatten)]
    llm: llm::LlmArgs,
}

/// Whether rules or a language model made a statement.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
enum By {
    Rules,
    #[cfg(feature = "llm")]
    Llm,
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    aligned: &'a Aligned,
    by: By,
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
    let by_rules = || (align(&text), By::Rules);
    #[cfg(feature = "llm")]
    let (aligned, by) = llm::read(&args.llm, &text)?.unwrap_or_else(by_rules);
    #[cfg(not(feature = "llm"))]
    let (aligned, by) = by_rules();
    for aligned in &aligned {
        println!("{}", serde_json::to_string(&Line { aligned, by })?);
    }
    Ok(())
}

#[cfg(feature = "llm")]
mod llm {
    use std::env;
    use std::path::PathBuf;
    use std::time::Duration;

    use anyhow::{Context, Result};
    use carzero::text::align::Aligned;
    use carzero::text::align::llm::{Llm, LlmConfig};
    use carzero::text::align::reading::Reading;

    use super::By;

    /// The environment variable of the key.
    const KEY: &str = "CARZERO_LLM_KEY";

    #[derive(Debug, clap::Args)]
    pub struct LlmArgs {
        /// Ask a language model at this OpenAI-compatible endpoint, such as http://127.0.0.1:11434/v1; the text is sent
        /// there. The key, if one is needed, is read from CARZERO_LLM_KEY. If the model fails, the rules are used, with
        /// a warning
        #[arg(long, value_name = "URL", requires = "llm_model")]
        llm: Option<String>,
        /// The model's name at the endpoint
        #[arg(long, value_name = "NAME", requires = "llm")]
        llm_model: Option<String>,
        /// Folder in which answers are cached, so that no text is sent twice; by default carzero/llm in the user's
        /// cache folder
        #[arg(long, value_name = "DIR", requires = "llm")]
        llm_cache: Option<PathBuf>,
        /// Seconds to wait for an answer
        #[arg(long, value_name = "SECONDS", default_value_t = 120)]
        llm_timeout: u64,
    }

    /// The statements of the language model; `None` if no model is configured, or if it fails.
    pub fn read(args: &LlmArgs, text: &str) -> Result<Option<(Vec<Aligned>, By)>> {
        let (Some(url), Some(model)) = (&args.llm, &args.llm_model) else { return Ok(None) };
        let config = LlmConfig {
            url: url.clone(),
            model: model.clone(),
            key: env::var(KEY).ok().filter(|key| !key.is_empty()),
            timeout: Duration::from_secs(args.llm_timeout),
            cache: match &args.llm_cache {
                Some(folder) => folder.clone(),
                None => user_cache().context("there is no home folder; give --llm-cache")?,
            },
        };
        match Llm::new(config)?.align(text) {
            Ok(reading) => {
                warn(&reading);
                Ok(Some((reading.statements, By::Llm)))
            }
            Err(error) => {
                eprintln!("warning: {error}. The rules are used instead");
                Ok(None)
            }
        }
    }

    fn warn(reading: &Reading) {
        let findings = (&reading.unknown_findings, "findings", "are left out");
        let places = (&reading.unknown_places, "places", "are left off");
        for (names, what, fate) in [findings, places] {
            if !names.is_empty() {
                let (count, names) = (names.len(), names.join("\", \""));
                eprintln!(
                    "warning: {count} {what} that the lexicon does not know {fate}: \"{names}\""
                );
            }
        }
    }

    fn user_cache() -> Option<PathBuf> {
        let folder = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        let cache = folder("XDG_CACHE_HOME").or_else(|| folder("LOCALAPPDATA")).map(PathBuf::from);
        let cache = cache.or_else(|| Some(PathBuf::from(folder("HOME")?).join(".cache")))?;
        Some(cache.join("carzero").join("llm"))
    }
}
