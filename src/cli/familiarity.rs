//! `carzero familiarity`: which pictures a model takes for frontal chest radiographs.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use carzero::familiarity::Familiarity;
use carzero::{Engine, Picture, Verdict};
use image::{GrayImage, Luma, imageops};

use super::convert::rewrite;
use super::{IMAGE_BATCH, ModelArgs, decode, progress};

/// Measure which images look like those the model knows, or store in the model what those look like
///
/// Prints the distance and the verdict for each image, and the share of each verdict. With --learn,
/// the distribution of the encoder's features over the images given here goes into config.json; give
/// images the model was trained on, those of one patient next to one another.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// Learn from the images, at least 500, instead of measuring them; the text says which they are
    #[arg(long, value_name = "TEXT")]
    learn: Option<String>,
    /// Measure what is made of the images too: their negatives, quarter and half turns, photographs of
    /// them as films, with what is around, and close-ups, with almost nothing around
    #[arg(long, conflicts_with = "learn")]
    altered: bool,
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    let engine = args.model.open()?;
    match &args.learn {
        Some(population) => learn(args, &engine, population),
        None => measure(args, &engine),
    }
}

fn learn(args: &Args, engine: &Engine, population: &str) -> Result<()> {
    let count = args.images.len();
    ensure!(count >= 500, "what images look like needs at least 500 of them, not {count}");
    let bar = progress(count, "learning");
    let mut means = Vec::with_capacity(count);
    for batch in args.images.chunks(IMAGE_BATCH) {
        let pictures = batch.iter().map(|path| decode(path)).collect::<Result<Vec<Picture>>>()?;
        let images = engine.encode_images(&pictures.iter().collect::<Vec<_>>());
        means.extend(pollster::block_on(engine.fine_means(&images))?);
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    let known = Familiarity::learn(population, &means).context("the images do not vary")?;
    let (doubt, limit) = (known.doubt, known.limit);
    let mut config = engine.config().clone();
    config.familiarity = Some(known);
    rewrite(&args.model.model, engine.manifest(), &config, None)?;
    println!("{count} images; in doubt beyond {doubt:.2}, unfamiliar beyond {limit:.2}");
    Ok(())
}

/// What is made of an image.
type Alteration = (&'static str, fn(&GrayImage, usize) -> GrayImage);

const ALTERATIONS: [Alteration; 5] = [
    ("negatives", |grey, _| {
        let mut negative = grey.clone();
        imageops::invert(&mut negative);
        negative
    }),
    ("quarter turns", |grey, index| match index % 2 {
        0 => imageops::rotate90(grey),
        _ => imageops::rotate270(grey),
    }),
    ("half turns", |grey, _| imageops::rotate180(grey)),
    ("photographs", |grey, index| photograph(grey, index, 1.5)),
    ("close-ups", |grey, index| photograph(grey, index, 1.1)),
];

fn measure(args: &Args, engine: &Engine) -> Result<()> {
    ensure!(
        engine.config().familiarity.is_some(),
        "{} does not say what its images look like; --learn stores it",
        args.model.model.display()
    );
    let alterations = if args.altered { &ALTERATIONS[..] } else { &[] };
    let mut verdicts = vec![Vec::with_capacity(args.images.len()); 1 + alterations.len()];
    let mut out = csv::Writer::from_writer(io::stdout());
    out.write_record(["image", "distance", "verdict"])?;
    let bar = progress(args.images.len(), "measuring");
    for (index, path) in args.images.iter().enumerate() {
        let picture = decode(path)?;
        let (distance, verdict) = look(engine, &picture)?;
        out.serialize((path, distance, verdict))?;
        verdicts[0].push(verdict);
        for ((_, alter), verdicts) in alterations.iter().zip(&mut verdicts[1..]) {
            let altered = alter(picture.grey(), index);
            let (width, height) = altered.dimensions();
            let altered = Picture::from_grey(width, height, altered.into_raw())?;
            verdicts.push(look(engine, &altered)?.1);
        }
        bar.inc(1);
    }
    out.flush()?;
    bar.finish_and_clear();
    let names = ["images"].into_iter().chain(alterations.iter().map(|(name, _)| *name));
    let mut summary = io::stderr().lock();
    for (name, verdicts) in names.zip(&verdicts) {
        let count = |wanted| verdicts.iter().filter(|verdict| **verdict == wanted).count();
        let [familiar, unfamiliar, inverted] =
            [Verdict::Familiar, Verdict::Unfamiliar, Verdict::Inverted].map(count);
        writeln!(
            summary,
            "{} {name}: {familiar} familiar, {unfamiliar} unfamiliar, {inverted} inverted",
            verdicts.len()
        )?;
    }
    Ok(())
}

fn look(engine: &Engine, picture: &Picture) -> Result<(f32, Verdict)> {
    let images = engine.encode_images(&[picture]);
    let looks = pollster::block_on(engine.familiarity(&[picture], &images))?;
    looks.and_then(|looks| looks.first().copied()).context("the model does not say")
}

/// A film as somebody photographs it from a light box or a screen: aslant, with something around it
/// and in uneven light. The frame is `zoom` times as wide as the film; the index varies the rest.
fn photograph(film: &GrayImage, index: usize, zoom: f64) -> GrayImage {
    let vary = |period: usize| index as f64 * 0.618 * period as f64 % 2.0 - 1.0;
    let (slant, tilt, angle) = (0.12 * vary(1), 0.12 * vary(3), 0.08 * vary(5));
    let around = [235.0, 30.0, 120.0][index % 3];
    let (width, height) = film.dimensions();
    GrayImage::from_fn(width, height, |column, row| {
        // From -1 to 1, in the photograph and then on the film.
        let (x, y) = (
            2.0 * f64::from(column) / f64::from(width) - 1.0,
            2.0 * f64::from(row) / f64::from(height) - 1.0,
        );
        let depth = (1.0 + slant * x + tilt * y) / zoom;
        let on_film = [angle.cos() * x - angle.sin() * y, angle.sin() * x + angle.cos() * y];
        let [u, v] = on_film.map(|at| (at / depth + 1.0) / 2.0);
        let light = 1.0 - 0.2 * (x * x + y * y) + 0.1 * (x * vary(2) + y * vary(4));
        let inside = (0.0..1.0).contains(&u) && (0.0..1.0).contains(&v);
        let grey = match imageops::sample_bilinear(film, u as f32, v as f32) {
            Some(Luma([grey])) if inside => 20.0 + 0.8 * f64::from(grey),
            _ => around,
        };
        Luma([(grey * light) as u8])
    })
}
