//! AUROC on groups of rows ("slices").

use super::bootstrap::Estimate;
use super::dataset::Finding;
use super::metrics::{Ranking, mean};
use super::report::{SliceFinding, SliceReport};
use super::slices::Slices;

/// One slice, with the rows of each finding ranked.
pub struct Sliced<'a> {
    column: &'a str,
    value: &'a str,
    images: usize,
    findings: Vec<(&'a str, Ranking, (u64, u64))>,
    /// The AUROC of each finding on this slice. Every finding that has one enters each mean: one without a value in a
    /// resample enters with this value.
    whole: Vec<Option<f64>>,
}

impl<'a> Sliced<'a> {
    /// All slices of all columns.
    pub fn all(slices: &'a [Slices], findings: &[&'a Finding]) -> Vec<Self> {
        let parts = slices.iter().flat_map(|slices| {
            slices.parts.iter().map(|(value, rows)| (&*slices.column, value, rows))
        });
        parts.map(|(column, value, rows)| Self::new(column, value, rows, findings)).collect()
    }

    fn new(column: &'a str, value: &'a str, rows: &[usize], findings: &[&'a Finding]) -> Self {
        let total = findings.first().map_or(0, |finding| finding.scores.len());
        let ones = vec![1; total];
        let ranked = |finding: &&'a Finding| {
            let mut labels = vec![None; total];
            rows.iter().for_each(|&row| labels[row] = finding.labels[row]);
            let ranking = Ranking::new(&finding.scores, &labels);
            let counts = ranking.counts(&ones);
            (finding.name.as_str(), ranking, counts)
        };
        let findings: Vec<_> = findings.iter().map(ranked).collect();
        let whole = findings.iter().map(|(_, ranking, _)| ranking.auroc(&ones)).collect();
        Self { column, value, images: rows.len(), findings, whole }
    }

    /// Number of values that [`aurocs`](Self::aurocs) returns.
    pub fn len(&self) -> usize {
        1 + self.findings.len()
    }

    /// The mean AUROC under weights of all rows, followed by that of each finding.
    pub fn aurocs(&self, weights: &[u32]) -> Vec<Option<f64>> {
        let own: Vec<_> =
            self.findings.iter().map(|(_, ranking, _)| ranking.auroc(weights)).collect();
        let together = mean(
            own.iter().zip(&self.whole).map(|(own, whole)| whole.map(|whole| own.unwrap_or(whole))),
        );
        std::iter::once(together).chain(own).collect()
    }

    /// The reports, given the estimates of all [`aurocs`](Self::aurocs), one slice after another.
    pub fn reports(all: &[Self], estimates: &[Option<Estimate>]) -> Vec<SliceReport> {
        let mut rest = estimates;
        let mut report = |slice: &Self| {
            let (own, others) = rest.split_at(slice.len());
            rest = others;
            let findings = slice.findings.iter().zip(&own[1..]);
            let finding = |((name, _, (positives, negatives)), &auroc): (
                &(&str, _, (u64, u64)),
                &Option<Estimate>,
            )| SliceFinding {
                name: name.to_string(),
                positives: *positives,
                negatives: *negatives,
                auroc,
            };
            SliceReport {
                column: slice.column.to_string(),
                value: slice.value.to_string(),
                images: slice.images,
                auroc: own[0],
                findings: findings.map(finding).collect(),
            }
        };
        all.iter().map(&mut report).collect()
    }
}
