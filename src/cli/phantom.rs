//! `carzero phantom`: a synthetic radiograph as a file.

use std::path::PathBuf;

use anyhow::{Context, Result};
use carzero::phantom::Phantom;
use image::GrayImage;

/// Draw a synthetic chest radiograph
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which one: normal, effusion, cardiomegaly or pneumothorax
    #[arg(default_value = "normal")]
    name: String,
    /// Where to write the PNG
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Width and height in pixels
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=4096))]
    size: u32,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    let phantom = Phantom::example(&args.name)
        .with_context(|| format!("there is no phantom `{}`", args.name))?;
    let pixels = phantom.render(args.size as usize);
    let image =
        GrayImage::from_raw(args.size, args.size, pixels).context("the phantom has no pixels")?;
    image.save(&args.out).with_context(|| format!("cannot write {}", args.out.display()))
}
