//! `carzero wording`: how well a model knows sentences.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use carzero::table::Csv;
use carzero::{Engine, Wording};
use serde::Deserialize;

use super::convert::rewrite;
use super::open::ModelArgs;

/// Measure how well a model distinguishes what it learnt from what it did not, or choose the limit between them
///
/// The table is a CSV with the columns sentence, standing (learnt, related or unknown) and part. With --learn, the
/// limit is chosen on rows of the part `choose`; rows of the part `test` are used for measuring.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// Choose the least cosine at which words count as related to learnt ones, and store it in config.json
    #[arg(long)]
    learn: bool,
    /// Sentences with their correct standing
    #[arg(value_name = "CSV")]
    table: PathBuf,
}

/// A row of the table.
#[derive(Debug, Deserialize)]
struct Row {
    sentence: String,
    standing: Standing,
    part: Part,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Standing {
    Learnt,
    Related,
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Part {
    Choose,
    Test,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    let rows = read(&args.table)?;
    let sentences: Vec<String> = rows.iter().map(|row| row.sentence.clone()).collect();
    let judge = || -> Result<(Engine, Vec<Wording>)> {
        let engine = args.model.open()?;
        let judged = pollster::block_on(engine.wordings(&sentences))?;
        let judged = judged.context(
            "the model's config.json does not say in which words it learnt: train it anew",
        )?;
        Ok((engine, judged))
    };
    let (mut engine, mut judged) = judge()?;
    if args.learn {
        let pairs = rows.iter().zip(&judged).filter(|(row, _)| row.part == Part::Choose);
        let pairs = pairs.filter_map(|(row, wording)| Some((cosine(wording)?, row.standing)));
        let limit = best_limit(&pairs.collect::<Vec<_>>())
            .context("the part `choose` needs both related and unknown sentences")?;
        let mut config = engine.config().clone();
        config.wordings.iter_mut().for_each(|wordings| wordings.related = limit);
        rewrite(&args.model.model, engine.manifest(), &config, None)?;
        (engine, judged) = judge()?;
    }
    let mut counts: BTreeMap<Standing, (usize, usize)> = BTreeMap::new();
    for (row, wording) in rows.iter().zip(&judged).filter(|(row, _)| row.part == Part::Test) {
        let standing = match wording {
            Wording::Learnt { .. } => Standing::Learnt,
            Wording::Related { .. } => Standing::Related,
            Wording::Unknown { .. } => Standing::Unknown,
        };
        let (right, all) = counts.entry(row.standing).or_default();
        *right += usize::from(standing == row.standing);
        *all += 1;
        if standing != row.standing {
            println!("{:?}, not {:?}: {} ({wording:?})", standing, row.standing, row.sentence);
        }
    }
    ensure!(!counts.is_empty(), "no row is of the part `test`");
    for (standing, (right, all)) in &counts {
        println!("{standing:?}: {right} of {all}");
    }
    let recall = counts.values().map(|(right, all)| *right as f64 / *all as f64).sum::<f64>();
    if let Some(wordings) = &engine.config().wordings {
        println!("related from a cosine of {:.3}", wordings.related);
    }
    println!("balanced accuracy {:.3}", recall / counts.len() as f64);
    Ok(())
}

fn read(path: &Path) -> Result<Vec<Row>> {
    let csv = Csv::read(path)?;
    csv.reader().deserialize().collect::<Result<_, _>>().with_context(|| path.display().to_string())
}

/// The cosine of words with the nearest learnt ones; `None` where no cosine was computed.
fn cosine(wording: &Wording) -> Option<f32> {
    match wording {
        Wording::Learnt { .. } => None,
        Wording::Related { cosine, .. } => *cosine,
        Wording::Unknown { cosine } => Some(*cosine),
    }
}

/// The cosine that best separates related sentences from unknown ones, by balanced accuracy. It is the midpoint between
/// two neighbouring cosines.
fn best_limit(pairs: &[(f32, Standing)]) -> Option<f32> {
    let mut sorted = pairs.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let count = |standing| sorted.iter().filter(|pair| pair.1 == standing).count() as f64;
    let (related, unknown) = (count(Standing::Related), count(Standing::Unknown));
    let (mut below_related, mut below_unknown) = (0.0, 0.0);
    let mut best: Option<(f64, f32)> = None;
    for neighbours in sorted.windows(2) {
        match neighbours[0].1 {
            Standing::Related => below_related += 1.0,
            Standing::Unknown => below_unknown += 1.0,
            Standing::Learnt => {}
        }
        let accuracy = 1.0 - below_related / related + below_unknown / unknown;
        if accuracy.is_finite() && best.is_none_or(|(highest, _)| accuracy > highest) {
            best = Some((accuracy, (neighbours[0].0 + neighbours[1].0) / 2.0));
        }
    }
    best.map(|(_, limit)| limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_lies_between_the_two() {
        use Standing::{Related, Unknown};
        let limit = best_limit(&[(0.9, Related), (0.1, Unknown), (0.4, Unknown), (0.6, Related)]);
        assert_eq!(limit, Some(0.5));
        assert_eq!(best_limit(&[(0.9, Related), (0.8, Related)]), None);
    }
}
