//! `carzero familiarity`: which pictures a model recognises as frontal chest radiographs.

use std::io::{self, Write};
use std::ops::Range;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use carzero::package::ood::OodStatistics;
use carzero::phantom::Bedside;
use carzero::{Engine, Picture, Verdict};
use image::{GrayImage, Luma, imageops};

use super::convert::rewrite;
use super::open::{ModelArgs, decode, progress};

/// Measure which images look like those that the model knows, or store in the model how these look
///
/// Prints the distance and the verdict for each image, and the share of each verdict. With --learn, the distribution of
/// the encoder's features over the given images is stored in config.json, together with how the features of simulated
/// photographs differ from it. Give images on which the model was trained, with those of one patient next to one
/// another.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// Learn from the images, of which there must be at least 500, instead of measuring them; the text describes the
    /// images
    #[arg(long, value_name = "TEXT")]
    learn: Option<String>,
    /// Also measure altered versions of the images: negatives, quarter and half turns, and simulated photographs of
    /// them as films, both with surroundings and close up; these alterations differ from those used in learning
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
    let (mut means, mut photographs) = (Vec::new(), Vec::new());
    for (index, path) in args.images.iter().enumerate() {
        let picture = decode(path)?;
        let changed = bedside(picture.grey(), index);
        let photographed = [2 * index, 2 * index + 1]
            .map(|take| photograph(picture.grey(), Chance::learnt(take), CLOSE_UP));
        let films = [picture, picture_of(changed)?];
        let photographed = photographed.into_iter().map(picture_of).collect::<Result<Vec<_>>>()?;
        let images = engine.encode_images(&films.iter().chain(&photographed).collect::<Vec<_>>());
        let mut features = pollster::block_on(engine.fine_means(&images))?;
        photographs.extend(features.split_off(films.len()));
        means.extend(features);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let known =
        OodStatistics::learn(population, &means, &photographs).context("the images do not vary")?;
    let (doubt, limit) = (known.doubt, known.limit);
    let mut config = engine.config().clone();
    config.ood = Some(known);
    rewrite(&args.model.model, engine.manifest(), &config, None)?;
    println!("{count} images; in doubt beyond {doubt:.2}, unfamiliar beyond {limit:.2}");
    Ok(())
}

/// A film under the conditions of a bedside examination: collimated, with cables and lettering, or with low contrast.
/// It is still a radiograph of the same kind, and has to be recognised as such.
fn bedside(film: &GrayImage, index: usize) -> GrayImage {
    let mut changed = film.clone();
    let width = changed.width() as usize;
    Bedside::random(index as u64).apply(&mut changed, width);
    changed
}

/// An alteration of an image, with its name.
type Alteration = (&'static str, fn(&GrayImage, usize) -> GrayImage);

const ALTERATIONS: [Alteration; 6] = [
    ("bedside films", |grey, index| bedside(grey, !index)),
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
    ("photographs", |grey, index| {
        photograph(grey, Chance::measured(index), CLOSE_UP.end..FRAME.end)
    }),
    ("close-ups", |grey, index| photograph(grey, Chance::measured(index), CLOSE_UP)),
];

fn measure(args: &Args, engine: &Engine) -> Result<()> {
    ensure!(
        engine.config().ood.is_some(),
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
            verdicts.push(look(engine, &picture_of(alter(picture.grey(), index))?)?.1);
        }
        bar.inc(1);
    }
    out.flush()?;
    bar.finish_and_clear();
    let names = ["images"].into_iter().chain(alterations.iter().map(|(name, _)| *name));
    let mut summary = io::stderr().lock();
    for (name, verdicts) in names.zip(&verdicts) {
        let count = |wanted| verdicts.iter().filter(|verdict| **verdict == wanted).count();
        let [familiar, unusual, unfamiliar, inverted] =
            [Verdict::Familiar, Verdict::Unusual, Verdict::Unfamiliar, Verdict::Inverted]
                .map(count);
        writeln!(
            summary,
            "{} {name}: {familiar} familiar, {unusual} unusual, {unfamiliar} unfamiliar, {inverted} inverted",
            verdicts.len()
        )?;
    }
    Ok(())
}

fn look(engine: &Engine, picture: &Picture) -> Result<(f32, Verdict)> {
    let images = engine.encode_images(&[picture]);
    let looks = pollster::block_on(engine.ood_check(&[picture], &images))?;
    looks.and_then(|looks| looks.first().copied()).context("the model does not say")
}

fn picture_of(grey: GrayImage) -> Result<Picture> {
    Ok(Picture::from_grey(grey.width(), grey.height(), grey.into_raw())?)
}

/// A reproducible sequence of random numbers (SplitMix64).
struct Chance(u64);

impl Chance {
    fn learnt(index: usize) -> Self {
        Self(index as u64)
    }

    fn measured(index: usize) -> Self {
        Self(!(index as u64))
    }

    fn between(&mut self, range: Range<f64>) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        range.start + (range.end - range.start) * (bits >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A random value in half of all cases, and 0 in the others.
    fn maybe(&mut self, range: Range<f64>) -> f64 {
        let value = self.between(range);
        if self.between(0.0..1.0) < 0.5 { value } else { 0.0 }
    }
}

/// The width of a photograph, as a multiple of the film's width.
const FRAME: Range<f64> = 1.0..1.5;
/// The same for close-up photographs, with almost nothing around the film; other photographs are far from known images
/// anyway.
const CLOSE_UP: Range<f64> = 1.0..1.15;

/// A film as a person photographs it from a light box or a screen: at an angle, with surroundings, in uneven light and
/// with less contrast; some with glare, moiré, out of focus, or with noise.
fn photograph(film: &GrayImage, mut chance: Chance, frame: Range<f64>) -> GrayImage {
    let zoom = chance.between(frame);
    let [slant, tilt] = [(); 2].map(|()| chance.between(-0.12..0.12));
    let (sin, cos) = chance.between(-0.08..0.08).sin_cos();
    let aside = [(); 2].map(|()| chance.between(-0.04..0.04));
    let around = chance.between(10.0..240.0);
    let (black, white) = (chance.between(5.0..45.0), chance.between(160.0..240.0));
    let gamma = chance.between(0.8..1.25);
    let falloff = chance.between(0.0..0.2);
    let [right, down] = [(); 2].map(|()| chance.between(-0.15..0.15));
    let (glare, radius) = (chance.maybe(15.0..90.0), chance.between(0.1..0.5));
    let spot = [(); 2].map(|()| chance.between(-0.9..0.9));
    let (moire, across, along) =
        (chance.maybe(1.0..7.0), chance.between(60.0..900.0), chance.between(60.0..900.0));
    let (blur, noise) = (chance.maybe(0.3..1.3), chance.maybe(1.0..5.0));
    let (width, height) = film.dimensions();
    let mut photograph = GrayImage::from_fn(width, height, |column, row| {
        // Coordinates from -1 to 1, first in the photograph and then on the film.
        let (x, y) = (
            2.0 * f64::from(column) / f64::from(width) - 1.0,
            2.0 * f64::from(row) / f64::from(height) - 1.0,
        );
        let depth = (1.0 + slant * x + tilt * y) / zoom;
        let on_film = [cos * x - sin * y + aside[0], sin * x + cos * y + aside[1]];
        let [u, v] = on_film.map(|at| (at / depth + 1.0) / 2.0);
        let inside = (0.0..1.0).contains(&u) && (0.0..1.0).contains(&v);
        let grey = match imageops::sample_bilinear(film, u as f32, v as f32) {
            Some(Luma([grey])) if inside => {
                black
                    + (white - black) * (f64::from(grey) / 255.0).powf(gamma)
                    + moire * (across * u + along * v).sin()
            }
            _ => around,
        };
        let light = 1.0 - falloff * (x * x + y * y) + right * x + down * y;
        let from_spot = ((x - spot[0]).powi(2) + (y - spot[1]).powi(2)) / (radius * radius);
        Luma([(grey * light + glare * (-from_spot).exp()) as u8])
    });
    if blur > 0.0 {
        photograph = imageops::blur(&photograph, blur as f32);
    }
    for Luma([grey]) in photograph.pixels_mut() {
        // Approximately normally distributed, with a standard deviation of `noise`.
        let normal: f64 = [(); 3].map(|()| chance.between(-1.0..1.0)).iter().sum();
        *grey = (f64::from(*grey) + noise * normal).round() as u8;
    }
    photograph
}
