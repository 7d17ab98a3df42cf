//! `carzero train`: trains a model on the user's own data.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use carzero::package::checkpoint::recipe::presets;
use carzero::table::Csv;
use carzero::train::config::TrainConfig;
use carzero::train::samples::Fold;
use carzero::train::{Paths, Trained, Validated, train};

use super::convert::write_model;
use super::open::DeviceKind;

/// File names of the tables of a cross-validation.
const LABELS: &str = "labels.csv";
const PREDICTIONS: &str = "predictions.csv";
/// The predictions of the CLIP-style head.
const COSINES: &str = "cosines.csv";

/// Train a model on radiographs with labels or reports
///
/// There are two stages: first the image encoder is trained under a classifier, and then embedders and fusion on its
/// frozen features. Everything that determines the outcome is in the config; the same config, data and seed give the
/// same weights. A checkpoint is written after every epoch.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Training config in JSON; see models/default.train.json
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// CSVs with the columns path, split, patient, labels and optionally source, absent, uncertain, report and
    /// rsna_class; the files of boxes, teacher and readings have to be in the same folder
    #[arg(long, value_name = "MANIFEST", num_args = 1.., required = true)]
    data: Vec<PathBuf>,
    /// Folder with the pretrained weights that the config names
    #[arg(long, value_name = "DIR", default_value = ".")]
    init: PathBuf,
    /// The model folder to write; checkpoints and log are written into `DIR/training`
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Cross-validate by patient instead: train this many times with the whole recipe, each time on the patients of the
    /// other parts. No model is written, but predictions.csv and labels.csv for `carzero evaluate`
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(2..=100))]
    folds: Option<u32>,
    /// Train only this part of the cross-validation, counted from 0
    #[arg(long, value_name = "INDEX", requires = "folds")]
    fold: Option<u32>,
    /// Continue from the last checkpoint
    #[arg(long)]
    resume: bool,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceKind::Cpu)]
    device: DeviceKind,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    let json =
        fs::read(&args.config).with_context(|| format!("cannot read {}", args.config.display()))?;
    let config: TrainConfig =
        serde_json::from_slice(&json).with_context(|| args.config.display().to_string())?;
    match args.folds {
        None => train_model(args, &config),
        Some(count) => cross_validate(args, &config, count as usize),
    }
}

fn train_model(args: &Args, config: &TrainConfig) -> Result<()> {
    let mut trained = trained(args, config, &args.out, None)?;
    trained.config.presets = presets()?;
    let weights = trained.weights.into_iter().map(Ok);
    write_model(&args.out, trained.config, trained.tokenizer, weights, config.precision)
}

fn trained(args: &Args, config: &TrainConfig, out: &Path, fold: Option<Fold>) -> Result<Trained> {
    let training = out.join("training");
    let paths = Paths { manifests: &args.data, init: &args.init, out: &training, fold };
    Ok(train(config, paths, &args.device.device(), args.resume, &|line| println!("{line}"))?)
}

/// Each part has a folder of its own, which contains its predictions once it is finished. The tables of all finished
/// parts are then merged.
fn cross_validate(args: &Args, config: &TrainConfig, count: usize) -> Result<()> {
    let part = |index: usize| args.out.join(format!("fold-{index}"));
    ensure!(args.fold.is_none_or(|index| (index as usize) < count), "there are only {count} folds");
    for index in 0..count {
        let chosen = args.fold.is_none_or(|only| only as usize == index);
        let finished = args.resume && part(index).join(PREDICTIONS).exists();
        if chosen && !finished {
            println!("fold {index} of {count}");
            let trained = trained(args, config, &part(index), Some(Fold { index, count }))?;
            write_validation(&part(index), config, &trained.validation)?;
        }
    }
    let finished: Vec<PathBuf> =
        (0..count).map(part).filter(|part| part.join(PREDICTIONS).exists()).collect();
    let names = match config.model.cosine {
        Some(_) => &[LABELS, PREDICTIONS, COSINES][..],
        None => &[LABELS, PREDICTIONS],
    };
    for name in names {
        let mut all = csv::Writer::from_path(args.out.join(name))?;
        for (index, part) in finished.iter().enumerate() {
            let rows = Csv::read(&part.join(name))?;
            if index == 0 {
                all.write_record(rows.header()?)?;
            }
            for row in rows.rows()? {
                all.write_record(&row)?;
            }
        }
        all.flush()?;
    }
    println!(
        "{} of {count} folds are finished; see {}",
        finished.len(),
        args.out.join(PREDICTIONS).display()
    );
    Ok(())
}

/// Writes the model's predictions for the images of a fold, and their labels. The predictions are written last, because
/// their presence marks the fold as finished.
fn write_validation(folder: &Path, config: &TrainConfig, rows: &[Validated]) -> Result<()> {
    let findings = config.data.findings.iter().map(|finding| finding.name.as_str());
    let header =
        |first: &[&'static str]| first.iter().copied().chain(findings.clone()).collect::<Vec<_>>();
    let mut labels = csv::Writer::from_path(folder.join(LABELS))?;
    labels.write_record(header(&["image", "patient"]))?;
    let table = |name: &str, values: &dyn Fn(&Validated) -> Option<&Vec<f32>>| -> Result<()> {
        let mut table = csv::Writer::from_path(folder.join(name))?;
        table.write_record(header(&["image"]))?;
        for row in rows {
            let values = values(row).into_iter().flatten().map(f32::to_string);
            table.write_record([row.path.clone()].into_iter().chain(values))?;
        }
        Ok(table.flush()?)
    };
    for row in rows {
        let label = |label: &Option<bool>| match label {
            Some(true) => "1".to_string(),
            Some(false) => "0".to_string(),
            None => String::new(),
        };
        let first = [row.path.clone(), row.patient.clone()];
        labels.write_record(first.into_iter().chain(row.labels.iter().map(label)))?;
    }
    labels.flush()?;
    if config.model.cosine.is_some() {
        table(COSINES, &|row| row.cosines.as_ref())?;
    }
    table(PREDICTIONS, &|row| Some(&row.logits))
}
