//! `carzero info`: describes a model folder.

use anyhow::Result;
use carzero::package::config::ImageEncoderConfig;

use super::open::ModelArgs;

/// Describe a model: architecture, size, prompts, reference population and credits
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    let engine = args.model.open()?;
    let (config, manifest) = (engine.config(), engine.manifest());
    let encoder = match &config.image_encoder {
        ImageEncoderConfig::Vit(vit) => {
            format!(
                "ViT, {} blocks of width {}, {} heads, patch {}",
                vit.depth, vit.dim, vit.heads, vit.patch
            )
        }
        ImageEncoderConfig::MobileNetV2(net) => format!("MobileNetV2, tokens of width {}", net.dim),
    };
    let (text, fusion, image) = (&config.text_encoder, &config.fusion, &config.image);
    let projector = match fusion.projector.len() {
        0 => "linear".to_string(),
        _ => format!("{:?} hidden", fusion.projector),
    };
    println!("{} {} ({}), {}", config.title, config.version, config.name, config.license);
    println!(
        "weights     {} in {:?}, {:.1} MB",
        manifest.parameters,
        manifest.precision,
        manifest.bytes() as f64 / 1e6
    );
    println!("image       {:?} to {}, central {} px", image.resize, image.size, image.crop);
    println!("            {encoder}");
    println!(
        "text        BERT, {} layers of width {}, {} heads, {} rows",
        text.layers, text.dim, text.heads, text.rows
    );
    println!(
        "fusion      {} layers of width {}, {} heads, projector {projector}",
        fusion.layers, fusion.dim, fusion.heads
    );
    for preset in &config.presets {
        println!("findings    {} ({})", preset.title, preset.findings.len());
    }
    match &config.reference {
        Some(reference) => println!(
            "reference   {} prompts over {}",
            reference.percentiles.len(),
            reference.population
        ),
        None => println!("reference   none: logits have no percentile"),
    }
    for credit in &config.credits {
        println!("credit      {}: {}, {}", credit.what, credit.who, credit.license);
    }
    Ok(())
}
