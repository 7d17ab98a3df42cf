//! `carzero dataset`: writes a manifest for a public dataset.

use std::path::PathBuf;

use anyhow::Result;
use carzero::train::datasets::{Included, Layout, Summary, write_manifest};
use clap::ValueEnum;

/// How many labels the summary names, the most frequent first.
const NAMED_LABELS: usize = 5;

/// Write the manifest of a public dataset for `carzero train`
///
/// Reads the dataset's own tables. What they do not mention is unknown, so set `"knows": []` for this source in the
/// training config. Official splits are kept; otherwise one patient in ten is for validation. Missing images are
/// counted and left out; it is an error if most of them are missing.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which dataset it is, which determines the layout of the folder
    #[arg(value_enum)]
    layout: Dataset,
    /// The dataset's folder, which contains its tables, or the folder into which it was downloaded
    #[arg(long, value_name = "DIR")]
    root: PathBuf,
    /// The CSV to write; if the dataset has boxes, boxes.csv is written beside it. Paths are relative if the CSV lies
    /// in the dataset's folder or above it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Keep lateral views too
    #[arg(long)]
    lateral: bool,
    /// Accept a folder in which most of the images are missing
    #[arg(long)]
    partial: bool,
}

/// [`Layout`] on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Dataset {
    /// NIH ChestX-ray14
    Nih14,
    /// CheXpert (Stanford)
    Chexpert,
    /// PadChest (Hospital San Juan)
    Padchest,
    /// Open-I (Indiana University), the CSVs of Kaggle
    Openi,
    /// MIMIC-CXR-JPG (PhysioNet)
    MimicCxr,
}

impl From<Dataset> for Layout {
    fn from(dataset: Dataset) -> Self {
        match dataset {
            Dataset::Nih14 => Self::Nih14,
            Dataset::Chexpert => Self::Chexpert,
            Dataset::Padchest => Self::Padchest,
            Dataset::Openi => Self::Openi,
            Dataset::MimicCxr => Self::MimicCxr,
        }
    }
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    let included = Included { lateral: args.lateral, partial: args.partial };
    let summary = write_manifest(args.layout.into(), &args.root, &args.out, included)?;
    eprint!("{}", describe(&summary));
    Ok(())
}

fn describe(summary: &Summary) -> String {
    let images: usize = summary.written.values().sum();
    let splits: Vec<_> =
        summary.written.iter().map(|(split, count)| format!("{count} {split}")).collect();
    let mut text = format!("{images} images: {}\n", splits.join(", "));
    let counts = [
        (summary.boxes, "boxes"),
        (summary.missing, "images are not there"),
        (summary.left_out, "images of other views or excluded by the dataset are left out"),
    ];
    for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
        text += &format!("{count} {what}\n");
    }
    let mut unknown: Vec<_> = summary.unknown_labels.iter().collect();
    unknown.sort_by_key(|(label, count)| (std::cmp::Reverse(**count), *label));
    if !unknown.is_empty() {
        let named =
            unknown.iter().take(NAMED_LABELS).map(|(label, count)| format!("{label} ({count})"));
        let named: Vec<_> = named.collect();
        text += &format!("{} labels are no finding: {}\n", unknown.len(), named.join(", "));
    }
    text
}
