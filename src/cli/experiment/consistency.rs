//! `carzero experiment consistency`: how much a model's scores depend on the wording, over many images.

use std::path::PathBuf;

use anyhow::{Context, Result};
use carzero::engine::sensitivity::Spread;
use carzero::evaluate::bootstrap::{Bootstrap, Estimate};
use serde::Serialize;

use crate::cli::open::{ModelArgs, decode, progress};

const SEED: u64 = 1;
const RESAMPLES: usize = 1000;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// A finding; may be given several times [default: those of the model's first preset]
    #[arg(long = "finding", value_name = "TEXT")]
    findings: Vec<String>,
    /// Images that were not used in training
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,
}

/// The output.
#[derive(Debug, Serialize)]
pub struct Consistency {
    images: usize,
    /// The number of wordings that keep a finding's meaning: the smallest and the largest number over the findings.
    wordings: [usize; 2],
    findings: Vec<Row>,
    /// Over all findings.
    all: Row,
}

/// How much the percentiles of wordings with the same meaning vary, with 95 % intervals over images.
#[derive(Debug, Serialize)]
struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    finding: Option<String>,
    /// Standard deviation of the percentiles within an image, as root mean square over images.
    before: Option<Estimate>,
    /// The same after the wordings have been aligned.
    after: Option<Estimate>,
    /// The share of the variance that alignment removes.
    explained: Option<Estimate>,
}

impl Args {
    /// Scores all images with all wordings.
    pub fn ask(&self) -> Result<Consistency> {
        let engine = self.model.open()?;
        let findings = match self.findings.as_slice() {
            [] => engine.config().presets.first().map(|preset| preset.findings.clone()),
            given => Some(given.to_vec()),
        };
        let findings = findings.context("the model has no preset: name a --finding")?;
        let bar = progress(self.images.len(), "scoring wordings");
        let mut spreads: Vec<Vec<Spread>> = vec![Vec::new(); findings.len()];
        for path in &self.images {
            let images = engine.encode_images(&[&decode(path)?]);
            for (finding, spreads) in findings.iter().zip(&mut spreads) {
                let told = pollster::block_on(engine.sensitivity(&images, finding, &[]))?;
                spreads.push(told.spread.context(
                    "the model has no reference images, so that no wording has a percentile",
                )?);
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(Consistency::new(&findings, &spreads))
    }
}

impl Consistency {
    /// `spreads` holds for each finding its spread on each image.
    fn new(findings: &[String], spreads: &[Vec<Spread>]) -> Self {
        let images = spreads.first().map_or(0, Vec::len);
        let counts = || spreads.iter().flatten().map(|spread| spread.wordings);
        let each = findings.iter().zip(spreads);
        Self {
            images,
            wordings: [counts().min().unwrap_or(0), counts().max().unwrap_or(0)],
            findings: each
                .map(|(finding, spreads)| Row::new(Some(finding.clone()), &[spreads]))
                .collect(),
            all: Row::new(None, &spreads.iter().collect::<Vec<_>>()),
        }
    }
}

impl Row {
    fn new(finding: Option<String>, spreads: &[&Vec<Spread>]) -> Self {
        let images: Vec<String> =
            (0..spreads.first().map_or(0, |images| images.len())).map(|i| i.to_string()).collect();
        let statistics = |weights: &[u32]| {
            let variance = |of: fn(&Spread) -> f32| {
                let images = spreads.iter().flat_map(|images| images.iter().zip(weights));
                let (sum, count) = images.fold((0.0, 0.0), |(sum, count), (spread, &weight)| {
                    let weight = f64::from(weight);
                    (sum + weight * f64::from(of(spread)).powi(2), count + weight)
                });
                sum / count
            };
            let [before, after] =
                [variance(|spread| spread.before), variance(|spread| spread.after)];
            let explained = (before > 0.0).then(|| 1.0 - after / before);
            vec![Some(before.sqrt()), Some(after.sqrt()), explained]
        };
        let told = Bootstrap::new(&images, SEED, RESAMPLES).estimate(&statistics, &mut |_, _| {});
        let mut told = told.into_iter();
        let mut next = || told.next().flatten();
        Self { finding, before: next(), after: next(), explained: next() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(before: f32, after: f32) -> Spread {
        Spread { wordings: 9, before, after, explained: None }
    }

    #[test]
    fn variances_are_means_over_images_and_findings() {
        let findings = ["one".to_string(), "two".to_string()];
        let spreads = [vec![spread(3.0, 0.0), spread(5.0, 1.0)], vec![spread(1.0, 1.0); 2]];
        let told = Consistency::new(&findings, &spreads);
        let value = |estimate: &Option<Estimate>| estimate.as_ref().map(|estimate| estimate.value);
        assert_eq!((told.images, told.wordings), (2, [9, 9]));
        assert_eq!(value(&told.findings[0].before), Some(17_f64.sqrt()));
        assert_eq!(value(&told.findings[1].explained), Some(0.0));
        assert_eq!(value(&told.all.after), Some(0.75_f64.sqrt()));
        assert!((value(&told.all.explained).unwrap() - (1.0 - 0.75 / 9.0)).abs() < 1e-12);
    }

    #[test]
    fn nothing_to_take_away_is_no_share() {
        let told = Consistency::new(&["one".to_string()], &[vec![spread(0.0, 0.0)]]);
        assert!(told.all.explained.is_none());
    }
}
