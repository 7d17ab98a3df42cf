//! `carzero search`: ranks images by a text, or by their likeness to one of them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use carzero::engine::retrieval::likeness;
use carzero::text::align::typed::aligned;
use carzero::text::prompt::sentence;
use carzero::{Engine, Picture, Score, Wording};
use clap::ValueEnum;
use serde::Serialize;

use super::errors::in_one_line;
use super::open::{IMAGE_BATCH, ModelArgs, Ranks, decode, progress};

/// Rank chest radiographs by a text, or by their likeness to one of them
///
/// The text is aligned as on the page: synonyms, abbreviations, Spanish and Japanese are understood. Likeness is the
/// cosine of the image encoder's global features. It depends on view, device and hospital as well, so it is no
/// similarity of diagnosis.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("by").required(true).args(["text", "like"])))]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    ranks: Ranks,
    /// Rank by the score of this finding or sentence, the highest first
    #[arg(long)]
    text: Option<String>,
    /// Rank by likeness to this image, the most similar first
    #[arg(long, value_name = "IMAGE")]
    like: Option<PathBuf>,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Images, or folders of them
    #[arg(required = true, value_name = "FOLDER")]
    images: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Csv,
    /// One object per line
    Json,
}

/// An image, with the value by which it is ranked: the score of the text, or a likeness.
#[derive(Debug, Serialize)]
struct Hit<'a> {
    rank: usize,
    image: &'a Path,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logit: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    percentile: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wording: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    likeness: Option<f32>,
}

/// What images are ranked by.
enum By {
    Prompt(String),
    Image(Vec<f32>),
}

/// The value of an image.
enum Found {
    Score(Box<Score>),
    Likeness(f32),
}

impl Found {
    fn value(&self) -> f32 {
        match self {
            Self::Score(score) => score.logit,
            Self::Likeness(cosine) => *cosine,
        }
    }
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    let engine = args.model.open()?;
    args.ranks.apply(&engine)?;
    let by = match (&args.text, &args.like) {
        (Some(text), _) => By::Prompt(match aligned(text) {
            Some(prompt) => prompt,
            None => sentence(text)?,
        }),
        (None, like) => {
            let picture = decode(like.as_deref().context("give --text or --like")?)?;
            By::Image(embed(&engine, &[&picture])?.swap_remove(0))
        }
    };
    let files = files_in(&args.images)?;
    let (mut found, mut unreadable) = (Vec::new(), 0);
    let bar = progress(files.len(), "searching");
    for batch in files.chunks(IMAGE_BATCH) {
        let mut readable = Vec::with_capacity(batch.len());
        for path in batch {
            match decode(path) {
                Ok(picture) => readable.push((path.as_path(), picture)),
                Err(error) => {
                    bar.suspend(|| eprintln!("left out: {}", in_one_line(&error)));
                    unreadable += 1;
                }
            }
        }
        let pictures: Vec<&Picture> = readable.iter().map(|(_, picture)| picture).collect();
        let of_batch =
            if pictures.is_empty() { Vec::new() } else { ranked(&engine, &pictures, &by)? };
        found.extend(readable.iter().map(|(path, _)| *path).zip(of_batch));
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    ensure!(!found.is_empty(), "there is no image to rank ({unreadable} files could not be read)");
    found.sort_by(|(_, one), (_, two)| two.value().total_cmp(&one.value()));
    let prompt = match &by {
        By::Prompt(prompt) => Some(prompt.as_str()),
        By::Image(_) => None,
    };
    let hits =
        found.iter().enumerate().map(|(at, (image, found))| hit(at + 1, image, prompt, found));
    print(args.format, &hits.collect::<Vec<_>>())
}

fn hit<'a>(rank: usize, image: &'a Path, prompt: Option<&'a str>, found: &Found) -> Hit<'a> {
    let (score, likeness) = match found {
        Found::Score(score) => (Some(score), None),
        Found::Likeness(cosine) => (None, Some(*cosine)),
    };
    Hit {
        rank,
        image,
        prompt,
        logit: score.map(|score| score.logit),
        percentile: score.and_then(|score| score.percentile),
        wording: score.and_then(|score| score.wording.as_ref()).map(Wording::standing),
        likeness,
    }
}

fn embed(engine: &Engine, pictures: &[&Picture]) -> Result<Vec<Vec<f32>>> {
    Ok(pollster::block_on(engine.embed(&engine.encode_images(pictures)))?)
}

/// The value of each picture, by which they are ranked.
fn ranked(engine: &Engine, pictures: &[&Picture], by: &By) -> Result<Vec<Found>> {
    Ok(match by {
        By::Prompt(prompt) => {
            let images = engine.encode_images(pictures);
            let scores = pollster::block_on(engine.score(&images, std::slice::from_ref(prompt)))?;
            scores.into_iter().flatten().map(|score| Found::Score(Box::new(score))).collect()
        }
        By::Image(image) => embed(engine, pictures)?
            .iter()
            .map(|other| Found::Likeness(likeness(image, other)))
            .collect(),
    })
}

/// The given files, and all files in given folders and their subfolders, in the order of their names; hidden files are
/// left out.
fn files_in(given: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in given {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let fail = || format!("cannot read {}", path.display());
        let entries = fs::read_dir(path).with_context(fail)?;
        let mut inside = entries
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<Vec<_>>>()
            .with_context(fail)?;
        let hidden = |path: &PathBuf| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
        };
        inside.retain(|path| !hidden(path) && !path.is_symlink());
        inside.sort();
        files.extend(files_in(&inside)?);
    }
    Ok(files)
}

fn print(format: Format, hits: &[Hit]) -> Result<()> {
    let written = |number: Option<f32>| number.map(|number| number.to_string()).unwrap_or_default();
    match format {
        Format::Json => {
            for hit in hits {
                println!("{}", serde_json::to_string(hit)?);
            }
        }
        Format::Csv => {
            let mut out = csv::Writer::from_writer(io::stdout());
            out.write_record([
                "rank",
                "image",
                "prompt",
                "logit",
                "percentile",
                "wording",
                "likeness",
            ])?;
            for hit in hits {
                out.write_record([
                    hit.rank.to_string(),
                    hit.image.display().to_string(),
                    hit.prompt.unwrap_or_default().to_string(),
                    written(hit.logit),
                    written(hit.percentile),
                    hit.wording.unwrap_or_default().to_string(),
                    written(hit.likeness),
                ])?;
            }
            out.flush()?;
        }
        Format::Table => {
            match hits.first().and_then(|hit| hit.prompt) {
                Some(prompt) => println!("{prompt}\n  rank percentile   logit  image"),
                None => println!("  rank likeness  image"),
            }
            for Hit { rank, image, logit, percentile, likeness, .. } in hits {
                let image = image.display();
                match (logit, likeness) {
                    (Some(logit), _) => {
                        let percentile = percentile.map_or("-".to_string(), |p| format!("{p:.0}"));
                        println!("  {rank:>4} {percentile:>10} {logit:>7.3}  {image}");
                    }
                    (None, likeness) => {
                        println!("  {rank:>4} {:>8.3}  {image}", likeness.unwrap_or_default());
                    }
                }
            }
            if hits.first().and_then(|hit| hit.wording) == Some("unknown") {
                println!("The model never learnt these words: the order says nothing of them.");
            }
        }
    }
    Ok(())
}
