//! `carzero phantom`: writes synthetic radiographs to files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use carzero::phantom::{Bedside, MASS, Phantom};
use image::GrayImage;
use rayon::prelude::*;

use super::open::progress;

/// Draw synthetic chest radiographs
///
/// Draws one example by its name, or with --random a folder of different ones, with manifest.csv and boxes.csv for
/// `carzero train`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which one: normal, effusion, cardiomegaly or pneumothorax
    #[arg(default_value = "normal", conflicts_with = "random")]
    name: String,
    /// Draw this many at random, with random body, pose, exposure, findings, collimation, cables and lettering
    #[arg(long, value_name = "COUNT")]
    random: Option<usize>,
    /// Seed; the same seed draws the same phantoms
    #[arg(long, default_value_t = 0, requires = "random")]
    seed: u32,
    /// The PNG to write, or for --random the folder
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// Width and height in pixels
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=4096))]
    size: u32,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    match args.random {
        Some(count) => draw_random(args, count),
        None => {
            let phantom = Phantom::example(&args.name)
                .with_context(|| format!("there is no phantom `{}`", args.name))?;
            save(phantom.render(args.size as usize), args.size, &args.out)
        }
    }
}

fn save(pixels: Vec<u8>, size: u32, path: &Path) -> Result<()> {
    let image = GrayImage::from_raw(size, size, pixels).context("the phantom has no pixels")?;
    image.save(path).with_context(|| format!("cannot write {}", path.display()))
}

/// Draws random phantoms, of which every tenth is for validation.
fn draw_random(args: &Args, count: usize) -> Result<()> {
    fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot make the folder {}", args.out.display()))?;
    let mut manifest = csv::Writer::from_path(args.out.join("manifest.csv"))?;
    manifest.write_record(["path", "source", "split", "patient", "labels", "uncertain"])?;
    let mut boxes = csv::Writer::from_path(args.out.join("boxes.csv"))?;
    boxes.write_record(["path", "finding", "x", "y", "w", "h"])?;
    let bar = progress(count, "drawing");
    (0..count).into_par_iter().try_for_each(|index| {
        let (phantom, bedside) = drawn(args.seed, index);
        let mut pixels = phantom.render(args.size as usize);
        bedside.apply(&mut pixels, args.size as usize);
        bar.inc(1);
        save(pixels, args.size, &args.out.join(name(index)))
    })?;
    bar.finish_and_clear();
    for index in 0..count {
        let (phantom, _) = drawn(args.seed, index);
        let path = name(index);
        let mut labels = Vec::new();
        for truth in phantom.truth() {
            let mass = truth.finding == "Lung Nodule"
                && phantom.nodule.is_some_and(|nodule| nodule.radius >= MASS);
            for finding in [truth.finding].into_iter().chain(mass.then_some("Pulmonary Mass")) {
                labels.push(finding);
                let side = f64::from(args.size);
                let pixels = [truth.x, truth.y, truth.width, truth.height]
                    .map(|share| (f64::from(share) * side).round().to_string());
                boxes.write_record(
                    [path.as_str(), finding].into_iter().chain(pixels.iter().map(String::as_str)),
                )?;
            }
        }
        let split = if index % 10 == 9 { "val" } else { "train" };
        let patient = format!("phantom:{}:{index}", args.seed);
        let uncertain = unclear(&labels).join(";");
        manifest.write_record([
            &path,
            "phantom",
            split,
            &patient,
            &labels.join(";"),
            &uncertain,
        ])?;
    }
    manifest.flush()?;
    Ok(boxes.flush()?)
}

fn drawn(seed: u32, index: usize) -> (Phantom, Bedside) {
    let seed = (u64::from(seed) << 32) + index as u64;
    (Phantom::random(seed), Bedside::random(seed))
}

fn name(index: usize) -> String {
    format!("phantom-{index:06}.png")
}

/// Findings that a reader might also call present in a chest with these findings, although they were not drawn.
fn unclear(labels: &[&str]) -> Vec<&'static str> {
    let mut unclear = Vec::new();
    let mut add = |present: &str, also: &[&'static str]| {
        if labels.contains(&present) {
            unclear.extend(also);
        }
    };
    add("Pulmonary Consolidation", &["Pneumonia", "Pulmonary Infiltration", "Atelectasis"]);
    add("Pleural Effusion", &["Atelectasis", "Pleural Thickening", "Pneumonia"]);
    add("Pneumothorax", &["Atelectasis", "Pulmonary Emphysema"]);
    add("Lung Nodule", &["Pulmonary Infiltration"]);
    add("Pulmonary Mass", &["Pulmonary Consolidation", "Pneumonia"]);
    unclear.sort_unstable();
    unclear.dedup();
    unclear.retain(|finding| !labels.contains(finding));
    unclear
}
