//! Compares two scores of the same images: how much their AUROCs differ, and whether the difference is significant.

use super::bootstrap::Estimate;
use super::dataset::Finding;
use super::metrics::{Ranking, mean};
use super::report::ComparedReport;

/// One finding with both scores, on the rows that have a label and both scores.
pub struct Compared<'a> {
    name: &'a str,
    own: Ranking,
    other: Ranking,
    /// The AUROCs of both scores; `None` where the rows are not of both classes.
    aurocs: Option<[f64; 2]>,
    /// See [`delong`].
    p: Option<f64>,
}

impl<'a> Compared<'a> {
    /// Those findings that have other scores to compare with.
    pub fn all(findings: &[&'a Finding]) -> Vec<Self> {
        findings.iter().filter_map(|finding| Self::new(finding)).collect()
    }

    fn new(finding: &'a Finding) -> Option<Self> {
        let other = finding.against.as_ref()?;
        let both = finding.labels.iter().zip(finding.scores.iter().zip(other));
        let labels: Vec<Option<bool>> = both
            .map(|(label, (one, two))| label.filter(|_| !one.is_nan() && !two.is_nan()))
            .collect();
        let p = delong([&finding.scores, other], &labels);
        let [own, other] = [&finding.scores, other].map(|scores| Ranking::new(scores, &labels));
        let ones = vec![1; labels.len()];
        let aurocs = own.auroc(&ones).zip(other.auroc(&ones)).map(<[f64; 2]>::from);
        Some(Self { name: &finding.name, own, other, aurocs, p })
    }

    fn difference(&self, weights: &[u32]) -> Option<f64> {
        Some(self.own.auroc(weights)? - self.other.auroc(weights)?)
    }

    /// The mean difference of AUROCs under these weights, followed by the difference of each finding. Every finding
    /// enters the mean: one without a value in a resample enters with its value on all rows.
    pub fn differences(all: &[Self], weights: &[u32]) -> Vec<Option<f64>> {
        if all.is_empty() {
            return Vec::new();
        }
        let own: Vec<_> = all.iter().map(|compared| compared.difference(weights)).collect();
        let whole = all.iter().map(|compared| compared.aurocs.map(|[one, two]| one - two));
        let together = mean(own.iter().zip(whole).map(|(own, whole)| own.or(whole)));
        std::iter::once(together).chain(own).collect()
    }

    /// The reports, given the estimates of all [`differences`](Self::differences), of which the mean comes first.
    pub fn reports(all: &[Self], estimates: &[Option<Estimate>]) -> Vec<ComparedReport> {
        let Some((&together, own)) = estimates.split_first() else { return Vec::new() };
        let of =
            |index: usize| mean(all.iter().map(|compared| compared.aurocs.map(|both| both[index])));
        let first = ComparedReport {
            name: "macro".to_string(),
            auroc: of(0),
            against: of(1),
            difference: together,
            p: None,
        };
        let rest = all.iter().zip(own).map(|(compared, &difference)| ComparedReport {
            name: compared.name.to_string(),
            auroc: compared.aurocs.map(|[auroc, _]| auroc),
            against: compared.aurocs.map(|[_, against]| against),
            difference,
            p: compared.p,
        });
        std::iter::once(first).chain(rest).collect()
    }
}

/// The two-sided p value of the test by DeLong, DeLong and Clarke-Pearson (Biometrics 1988) that the AUROCs of two
/// scores are equal. The test treats rows as independent, as if each were of another patient. `None` with fewer than
/// two positives or two negatives. If the scores never differ in rank, p is 1.
fn delong(scores: [&Vec<f64>; 2], labels: &[Option<bool>]) -> Option<f64> {
    let of = |scores: &Vec<f64>, wanted: bool| -> Vec<f64> {
        let rows = scores.iter().zip(labels).filter(|(_, label)| **label == Some(wanted));
        rows.map(|(score, _)| *score).collect()
    };
    // For each positive the share of negatives that it outranks, and for each negative the share of positives that
    // outrank it.
    let components = scores.map(|scores| {
        let (positives, negatives) = (of(scores, true), of(scores, false));
        let above = placements(&positives, &negatives);
        let below = placements(&negatives, &positives).iter().map(|share| 1.0 - share).collect();
        [above, below]
    });
    let [[above, below], [above_other, below_other]] = &components;
    if above.len() < 2 || below.len() < 2 {
        return None;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let variance = [[above, above_other], [below, below_other]].map(|[one, two]| {
        let apart: Vec<f64> = one.iter().zip(two).map(|(one, two)| one - two).collect();
        let middle = mean(&apart);
        let squares: f64 = apart.iter().map(|value| (value - middle).powi(2)).sum();
        squares / (apart.len() - 1) as f64 / apart.len() as f64
    });
    let error = variance.iter().sum::<f64>().sqrt();
    let apart = mean(above) - mean(above_other);
    Some(if error > 0.0 { two_sided(apart / error) } else { f64::from(u8::from(apart == 0.0)) })
}

/// For each of `values` the share of `others` that are lower, where equal ones count half.
fn placements(values: &[f64], others: &[f64]) -> Vec<f64> {
    let mut sorted = others.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = |value: &f64| {
        let lower = sorted.partition_point(|other| other < value);
        let up_to = sorted.partition_point(|other| other <= value);
        (lower + up_to) as f64 / (2 * sorted.len()) as f64
    };
    values.iter().map(place).collect()
}

/// The probability that the absolute value of a standard normal variable is at least `|z|`, which is
/// `erfc(|z| / sqrt(2))`. It is computed by the series near 0, and by the continued fraction further out (Abramowitz
/// and Stegun, 7.1.5 and 7.1.14).
pub(super) fn two_sided(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    if x < 2.0 {
        let (mut term, mut sum) = (x, x);
        for n in 1..100 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        return 1.0 - std::f64::consts::FRAC_2_SQRT_PI * sum;
    }
    let fraction = (1..200).rev().fold(0.0, |below, n| f64::from(n) / 2.0 / (x + below));
    (-x * x).exp() / (x + fraction) / std::f64::consts::PI.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_tails_are_those_of_scipy() {
        for (z, p) in [
            (0.0, 1.0),
            (0.5, 0.617_075_077_451_973_8),
            (-1.96, 0.049_995_790_296_440_97),
            (2.8, 0.005_110_260_660_855_864),
            (2.9, 0.003_731_626_600_768_075),
            (6.0, 1.973_175_290_075_389e-9),
        ] {
            assert!((two_sided(z) - p).abs() < 1e-12 + 1e-9 * p, "{z}: {} {p}", two_sided(z));
        }
    }

    #[test]
    fn equal_scores_are_not_apart() {
        let scores = vec![1.0, 2.0, 3.0, 4.0];
        let labels = [Some(false), Some(true), Some(false), Some(true)];
        assert_eq!(delong([&scores, &scores], &labels), Some(1.0));
        let shifted = scores.iter().map(|score| 2.0 * score + 1.0).collect();
        assert_eq!(delong([&scores, &shifted], &labels), Some(1.0));
        assert_eq!(delong([&scores, &scores], &[None, None, Some(true), Some(false)]), None);
    }
}
