//! `carzero score`: scores findings on images.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use carzero::engine::heatmap::{Heatmap, PALETTES};
use carzero::radiograph::preprocess::View;
use carzero::text::prompt::{normalize, sentence};
use carzero::{EncodedImages, Engine, Picture, Score, Verdict, Wording};
use clap::ValueEnum;
use serde::Serialize;
use serde_json::Value;

use super::errors::in_one_line;
use super::open::{IMAGE_BATCH, ModelArgs, Ranks, decode, progress};
use super::results::{Files, Map, ResultArgs, Scored, slug};

/// Score findings on chest radiographs
///
/// Without --prompt or --findings, the model's first list of findings is used.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    ranks: Ranks,
    /// A complete sentence, given to the model as it is; may be repeated
    #[arg(long = "prompt", value_name = "SENTENCE")]
    prompts: Vec<String>,
    /// File with one finding per line, or with JSON lists; "pneumothorax" becomes "There is pneumothorax"
    #[arg(long, value_name = "FILE")]
    findings: Option<PathBuf>,
    /// Folder into which an overlay PNG is written for each image and finding
    #[arg(long, value_name = "DIR")]
    maps: Option<PathBuf>,
    /// CSV file into which the values of the maps are written, in the form that `carzero evaluate --maps` reads
    #[arg(long, value_name = "FILE")]
    map_values: Option<PathBuf>,
    /// What the maps show
    #[arg(long, value_enum, default_value_t = MapKind::Attention)]
    map: MapKind,
    #[command(flatten)]
    results: ResultArgs,
    /// Output format: json prints one object per line for each image, in full precision
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
    /// PNG, JPEG, WebP, TIFF, JPEG 2000 or DICOM files
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Json,
    Csv,
    Table,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MapKind {
    /// Attention weights, as in the paper
    Attention,
    /// Logits before the softmax
    Similarity,
    /// Cosines of patches and sentence, by the model's CLIP-style head
    Cosine,
}

impl MapKind {
    fn name(self) -> &'static str {
        match self {
            Self::Attention => "attention",
            Self::Similarity => "similarity",
            Self::Cosine => "cosine",
        }
    }
}

#[derive(Serialize)]
struct ImageScores<'a> {
    image: &'a Path,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Verdict>,
    findings: &'a [Score],
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    let engine = args.model.open()?;
    args.ranks.apply(&engine)?;
    let prompts =
        prompts(args, engine.config().presets.first().map(|preset| &preset.findings[..]))?;
    if let Some(folder) = &args.maps {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let patches = engine.config().map_side().pow(2);
    let map_values = args.map_values.as_deref().map(|path| MapValues::create(path, patches));
    let mut map_values = map_values.transpose()?;
    let files = Files::new(&args.results, &engine)?;
    let mut out = Output::new(args.format)?;
    let bar = progress(args.images.len(), "scoring");
    let mut unreadable = 0;
    for (start, batch) in args.images.chunks(IMAGE_BATCH).enumerate() {
        let mut readable = Vec::with_capacity(batch.len());
        for (offset, path) in batch.iter().enumerate() {
            match decode(path).and_then(|picture| Ok((files.source(path)?, picture))) {
                Ok((source, picture)) => {
                    for warning in picture.warnings() {
                        bar.suspend(|| eprintln!("warning: {}: {warning}", path.display()));
                    }
                    readable.push((start * IMAGE_BATCH + offset, path, picture, source));
                }
                Err(error) => {
                    bar.suspend(|| eprintln!("error: {}", in_one_line(&error)));
                    unreadable += 1;
                }
            }
        }
        if !readable.is_empty() {
            let pictures: Vec<&Picture> =
                readable.iter().map(|(_, _, picture, _)| picture).collect();
            let images = engine.encode_images(&pictures);
            let scores = pollster::block_on(engine.score(&images, &prompts))?;
            let looks = pollster::block_on(engine.ood_check(&pictures, &images))?;
            let maps = maps(args, &engine, &images, &prompts, &scores)?;
            for (row, (((index, path, picture, source), scores), view)) in
                readable.iter().zip(&scores).zip(&images.views).enumerate()
            {
                let verdict = looks.as_ref().map(|looks| looks[row].1);
                if let Some(warning) = verdict.and_then(Verdict::warning) {
                    bar.suspend(|| eprintln!("warning: {}: {warning}", path.display()));
                }
                bar.suspend(|| out.write(path, scores, verdict))?;
                if let Some(file) = &mut map_values {
                    file.write(path, *view, &prompts, &maps[row])?;
                }
                let stem = unique_stem(&args.images, *index);
                if let Some(folder) = &args.maps {
                    write_maps(folder, &stem, picture, *view, &prompts, &maps[row])?;
                }
                let scored = Scored {
                    picture,
                    view: *view,
                    verdict,
                    scores,
                    maps: &maps[row],
                    kind: args.map.name(),
                };
                files.write(&stem, &scored, source.as_ref())?;
            }
        }
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    out.finish()?;
    ensure!(unreadable == 0, "{unreadable} of {} images could not be read", args.images.len());
    Ok(())
}

/// How well the model knows a sentence, as one word.
fn standing(score: &Score) -> &'static str {
    score.wording.as_ref().map_or("", Wording::standing)
}

/// The sentences to score.
fn prompts(args: &Args, preset: Option<&[String]>) -> Result<Vec<String>> {
    for prompt in &args.prompts {
        if normalize(prompt).is_empty() {
            eprintln!(
                "warning: the model reads nothing of \"{prompt}\": a sentence needs two words. \
                 Try \"There is {prompt}\", or list it in a file for --findings"
            );
        }
    }
    let mut prompts = args.prompts.clone();
    let mut findings: Vec<String> = Vec::new();
    if let Some(path) = &args.findings {
        let text =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        findings = findings_in(&text);
    } else if prompts.is_empty() {
        findings = preset.unwrap_or_default().to_vec();
    }
    for finding in &findings {
        prompts.push(sentence(finding)?);
    }
    if prompts.is_empty() {
        bail!("nothing to score: give --prompt or --findings");
    }
    Ok(prompts)
}

/// The lines of a text, or all strings in the lists of a JSON document such as `models/finding_sets.json`.
fn findings_in(text: &str) -> Vec<String> {
    fn collect(value: &Value, into: &mut Vec<String>) {
        match value {
            Value::Array(items) => {
                into.extend(items.iter().filter_map(Value::as_str).map(str::to_string));
                items.iter().for_each(|item| collect(item, into));
            }
            Value::Object(fields) => fields.values().for_each(|field| collect(field, into)),
            _ => {}
        }
    }
    let mut findings: Vec<String> = Vec::new();
    match serde_json::from_str(text) {
        Ok(json) => collect(&json, &mut findings),
        Err(_) => findings.extend(text.lines().map(|line| line.trim().to_string())),
    }
    let mut seen = HashSet::new();
    findings.retain(|finding| !finding.is_empty() && seen.insert(finding.clone()));
    findings
}

/// Prints results as they become available.
enum Output {
    Json(io::Stdout),
    Csv(Box<csv::Writer<io::Stdout>>),
    Table(io::Stdout),
}

impl Output {
    fn new(format: Format) -> Result<Self> {
        Ok(match format {
            Format::Json => Self::Json(io::stdout()),
            Format::Table => Self::Table(io::stdout()),
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(io::stdout());
                writer.write_record([
                    "image",
                    "prompt",
                    "logit",
                    "i2t",
                    "t2i",
                    "percentile",
                    "wording",
                    "cosine",
                ])?;
                Self::Csv(Box::new(writer))
            }
        })
    }

    fn write(&mut self, path: &Path, scores: &[Score], verdict: Option<Verdict>) -> Result<()> {
        match self {
            Self::Json(out) => {
                let line = ImageScores { image: path, verdict, findings: scores };
                let line = serde_json::to_string(&line)?;
                writeln!(out, "{line}")?;
            }
            Self::Csv(writer) => {
                for score in scores {
                    writer.write_record([
                        path.display().to_string(),
                        score.prompt.to_string(),
                        score.logit.to_string(),
                        score.i2t.to_string(),
                        score.t2i.to_string(),
                        score.percentile.map(|p| p.to_string()).unwrap_or_default(),
                        standing(score).to_string(),
                        score.cosine.map(|cosine| cosine.to_string()).unwrap_or_default(),
                    ])?;
                }
            }
            Self::Table(out) => {
                let mut ranked: Vec<&Score> = scores.iter().collect();
                let place = |score: &Score| score.percentile.unwrap_or(f32::NEG_INFINITY);
                ranked.sort_by(|a, b| place(b).total_cmp(&place(a)));
                writeln!(out, "{}\n  percentile   logit  wording  prompt", path.display())?;
                for score in ranked {
                    let percentile =
                        score.percentile.map_or("-".to_string(), |p| format!("{p:.0}"));
                    let (logit, wording) = (score.logit, standing(score));
                    writeln!(
                        out,
                        "  {percentile:>10} {logit:>7.3}  {wording:7}  {}",
                        score.prompt
                    )?;
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<()> {
        match self {
            Self::Json(mut out) | Self::Table(mut out) => out.flush()?,
            Self::Csv(mut writer) => writer.flush()?,
        }
        Ok(())
    }
}

/// Writes maps as rows: the image, the prompt, the view in pixels of the image, and the values row by row.
struct MapValues(csv::Writer<fs::File>);

impl MapValues {
    /// Creates a file for maps with `patches` values, and writes its header.
    fn create(path: &Path, patches: usize) -> Result<Self> {
        let mut writer = csv::Writer::from_path(path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        let place = ["key", "finding", "view_x", "view_y", "view_width", "view_height"];
        let values = (0..patches).map(|index| format!("v{index}"));
        writer.write_record(place.map(str::to_string).into_iter().chain(values))?;
        Ok(Self(writer))
    }

    fn write(&mut self, path: &Path, view: View, prompts: &[String], maps: &[Map]) -> Result<()> {
        for (prompt, map) in prompts.iter().zip(maps) {
            let what = [path.display().to_string(), prompt.clone()];
            let place = [view.x, view.y, view.width, view.height].map(|number| number.to_string());
            let values = map.iter().map(|value| value.to_string());
            self.0.write_record(what.into_iter().chain(place).chain(values))?;
        }
        Ok(self.0.flush()?)
    }
}

/// The maps that are asked for, if any: for each picture a map for each prompt.
fn maps(
    args: &Args,
    engine: &Engine,
    images: &EncodedImages,
    prompts: &[String],
    scores: &[Vec<Score>],
) -> Result<Vec<Vec<Map>>> {
    let of_scores = |map: fn(&Score) -> &Map| {
        scores.iter().map(|scores| scores.iter().map(map).cloned().collect()).collect()
    };
    if args.maps.is_none() && args.map_values.is_none() && !args.results.need_maps() {
        return Ok(vec![Vec::new(); scores.len()]);
    }
    Ok(match args.map {
        MapKind::Attention => of_scores(|score| &score.attention),
        MapKind::Similarity => of_scores(|score| &score.similarity),
        MapKind::Cosine => pollster::block_on(engine.cosine_maps(images, prompts))?
            .context("this model has no CLIP-style head: choose another --map")?,
    })
}

/// The file's name without its extension; if several images share it, the number of the image is appended.
fn unique_stem(images: &[PathBuf], index: usize) -> String {
    let stem = |path: &Path| {
        path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
    };
    let own = stem(&images[index]);
    let shared = images.iter().filter(|path| stem(path) == own).count() > 1;
    if shared { format!("{own}-{}", index + 1) } else { own }
}

fn write_maps(
    folder: &Path,
    stem: &str,
    picture: &Picture,
    view: View,
    prompts: &[String],
    maps: &[Map],
) -> Result<()> {
    for (index, (prompt, map)) in prompts.iter().zip(maps).enumerate() {
        let overlay = Heatmap::new(map).overlay(picture.grey(), view, PALETTES[0]);
        let path = folder.join(format!("{stem}.{:02}-{}.png", index + 1, slug(prompt)));
        overlay.save(&path).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
