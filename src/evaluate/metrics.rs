//! Metrics of one finding, as pure functions.
//!
//! Higher scores mean "present". A row whose label is `None` or whose score is NaN is masked: it counts neither as
//! positive nor as negative. [`Ranking`] sorts the rows once, and then computes metrics for any weights of the rows,
//! which is what the bootstrap needs; the free functions weight each row by 1.

use serde::Serialize;

use super::bootstrap::quantile;
use super::order::ordered;

/// With fewer positives or negatives than this, metrics are unreliable.
pub const FEW: u64 = 10;

/// The known rows of one finding in descending order of their scores.
#[derive(Debug, Clone)]
pub struct Ranking {
    rows: Vec<Ranked>,
}

#[derive(Debug, Clone, Copy)]
struct Ranked {
    score: f64,
    row: u32,
    positive: bool,
    /// Whether the next row has a lower score, or there is none.
    ends_tie: bool,
}

/// All rows with the same score, together with the cumulative counts of all rows that score at least as high.
struct Step {
    score: f64,
    positives: u64,
    negatives: u64,
    tp: u64,
    fp: u64,
}

/// Counts of a yes/no decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Confusion {
    /// Present and called present.
    pub tp: u64,
    /// Absent but called present.
    pub fp: u64,
    /// Present but called absent.
    #[serde(rename = "fn")]
    pub fn_: u64,
    /// Absent and called absent.
    pub tn: u64,
}

/// A group of rows with similar scores.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Bin {
    /// Their mean score.
    pub score: f64,
    pub images: u64,
    pub positives: u64,
}

impl Ranking {
    /// Sorts the rows that are not masked.
    pub fn new(scores: &[f64], labels: &[Option<bool>]) -> Self {
        let rows: Vec<Ranked> = (0u32..)
            .zip(scores.iter().zip(labels))
            .filter(|(_, (score, _))| !score.is_nan())
            .filter_map(|(row, (&score, &label))| {
                Some(Ranked { score, row, positive: label?, ends_tie: true })
            })
            .collect();
        let order = ordered(rows.len(), &|one, two| rows[two].score.total_cmp(&rows[one].score));
        let mut rows: Vec<Ranked> = order.into_iter().map(|row| rows[row]).collect();
        for index in 1..rows.len() {
            rows[index - 1].ends_tie = rows[index - 1].score != rows[index].score;
        }
        Self { rows }
    }

    /// The numbers of positives and negatives under these weights, one for each row of the input.
    pub fn counts(&self, weights: &[u32]) -> (u64, u64) {
        self.rows.iter().fold((0, 0), |(positives, negatives), ranked| {
            let weight = u64::from(weights[ranked.row as usize]);
            if ranked.positive {
                (positives + weight, negatives)
            } else {
                (positives, negatives + weight)
            }
        })
    }

    /// The highest score that nine in ten positives reach, and the lowest score that nine in ten negatives do not
    /// exceed. Scores between them are common both with the finding and without it. `None` for fewer than ten of
    /// either, because a tenth is then less than one image.
    pub fn undecided(&self) -> Option<[f64; 2]> {
        let (with, without): (Vec<&Ranked>, Vec<&Ranked>) =
            self.rows.iter().partition(|ranked| ranked.positive);
        (with.len().min(without.len()) as u64 >= FEW).then(|| {
            let most = |count: usize| (9 * count).div_ceil(10);
            [with[most(with.len()) - 1].score, without[without.len() - most(without.len())].score]
        })
    }

    /// [`auroc`] under weights. It is computed in integers up to the final division, and so is exact.
    #[inline(never)] // see `study.rs`
    pub fn auroc(&self, weights: &[u32]) -> Option<f64> {
        let (mut doubled, mut totals) = (0u128, (0, 0));
        self.sweep(weights, |step| {
            let above = step.tp - step.positives;
            doubled += u128::from(step.negatives) * u128::from(2 * above + step.positives);
            totals = (step.tp, step.fp);
        });
        let (positives, negatives) = totals;
        (positives > 0 && negatives > 0)
            .then(|| doubled as f64 / (2.0 * positives as f64 * negatives as f64))
    }

    /// [`average_precision`] under weights.
    pub fn average_precision(&self, weights: &[u32]) -> Option<f64> {
        let (mut sum, mut positives) = (0.0, 0);
        self.sweep(weights, |step| {
            if step.positives > 0 {
                sum += step.positives as f64 * step.tp as f64 / (step.tp + step.fp) as f64;
            }
            positives = step.tp;
        });
        (positives > 0).then(|| sum / positives as f64)
    }

    /// [`best_f1_threshold`] under weights.
    pub fn best_f1_threshold(&self, weights: &[u32]) -> Option<f64> {
        let (positives, _) = self.counts(weights);
        let mut best: Option<(f64, f64)> = None;
        self.sweep(weights, |step| {
            let f1 = 2.0 * step.tp as f64 / (step.tp + step.fp + positives) as f64;
            if f1 > best.map_or(0.0, |(best, _)| best) {
                best = Some((f1, step.score));
            }
        });
        best.map(|(_, threshold)| threshold)
    }

    /// [`confusion`] under weights.
    pub fn confusion(&self, threshold: f64, weights: &[u32]) -> Confusion {
        let mut counts = Confusion::default();
        for ranked in &self.rows {
            let cell = match (ranked.score >= threshold, ranked.positive) {
                (true, true) => &mut counts.tp,
                (true, false) => &mut counts.fp,
                (false, true) => &mut counts.fn_,
                (false, false) => &mut counts.tn,
            };
            *cell += u64::from(weights[ranked.row as usize]);
        }
        counts
    }

    /// The ROC curve as (false positive rate, true positive rate) from (0, 0) to (1, 1), one point
    /// for each distinct score. Empty where there are no positives or no negatives.
    pub fn roc(&self, weights: &[u32]) -> Vec<(f64, f64)> {
        let (positives, negatives) = self.counts(weights);
        if positives == 0 || negatives == 0 {
            return Vec::new();
        }
        let mut points = vec![(0.0, 0.0)];
        self.sweep(weights, |step| {
            points.push((step.fp as f64 / negatives as f64, step.tp as f64 / positives as f64));
        });
        points
    }

    /// The precision-recall curve as (recall, precision), one point for each distinct score, beginning with the
    /// highest. Empty where there are no positives.
    pub fn precision_recall(&self, weights: &[u32]) -> Vec<(f64, f64)> {
        let (positives, _) = self.counts(weights);
        let mut points = Vec::new();
        self.sweep(weights, |step| {
            let called = step.tp + step.fp;
            if positives > 0 && called > 0 {
                points.push((step.tp as f64 / positives as f64, step.tp as f64 / called as f64));
            }
        });
        points
    }

    /// The reliability curve: how often the finding is present, by score. The rows are divided into `bins` bins with
    /// numbers of rows as equal as ties allow, beginning with the lowest scores, as in scikit-learn's
    /// `calibration_curve` with quantiles. Empty bins are left out.
    pub fn reliability(&self, bins: usize) -> Vec<Bin> {
        let ascending: Vec<f64> = self.rows.iter().rev().map(|ranked| ranked.score).collect();
        if ascending.is_empty() {
            return Vec::new();
        }
        let edges: Vec<f64> =
            (1..bins).map(|bin| quantile(&ascending, bin as f64 / bins as f64)).collect();
        let mut filled = vec![Bin::default(); bins];
        for ranked in &self.rows {
            let bin = &mut filled[edges.partition_point(|edge| *edge < ranked.score)];
            bin.score += ranked.score;
            bin.images += 1;
            bin.positives += u64::from(ranked.positive);
        }
        filled.retain(|bin| bin.images > 0);
        filled.iter_mut().for_each(|bin| bin.score /= bin.images as f64);
        filled
    }

    /// Visits the distinct scores, highest first.
    fn sweep(&self, weights: &[u32], mut visit: impl FnMut(&Step)) {
        let mut step = Step { score: 0.0, positives: 0, negatives: 0, tp: 0, fp: 0 };
        for ranked in &self.rows {
            let weight = u64::from(weights[ranked.row as usize]);
            // There is no branch on the label, because a processor could not predict it.
            let positive = weight * u64::from(ranked.positive);
            step.positives += positive;
            step.negatives += weight - positive;
            if ranked.ends_tie {
                step.score = ranked.score;
                step.tp += step.positives;
                step.fp += step.negatives;
                visit(&step);
                (step.positives, step.negatives) = (0, 0);
            }
        }
    }
}

/// Area under the ROC curve: the probability that a positive scores higher than a negative, where a tie counts one half
/// (which equals mid-ranks). `None` without positives or without negatives.
pub fn auroc(scores: &[f64], labels: &[Option<bool>]) -> Option<f64> {
    Ranking::new(scores, labels).auroc(&ones(scores))
}

/// Average precision, `sum over distinct scores of (recall - previous recall) * precision`. It is step-wise without
/// interpolation, and equal scores are one step, as in scikit-learn's `average_precision_score`. A random order gives
/// the prevalence. `None` without positives.
pub fn average_precision(scores: &[f64], labels: &[Option<bool>]) -> Option<f64> {
    Ranking::new(scores, labels).average_precision(&ones(scores))
}

/// The threshold for which the decision "present when score >= threshold" has the highest F1; if several do, the
/// highest of them, which gives the fewest false alarms. `None` without positives.
pub fn best_f1_threshold(scores: &[f64], labels: &[Option<bool>]) -> Option<f64> {
    Ranking::new(scores, labels).best_f1_threshold(&ones(scores))
}

/// Counts of the decision "present when score >= threshold".
pub fn confusion(scores: &[f64], labels: &[Option<bool>], threshold: f64) -> Confusion {
    Ranking::new(scores, labels).confusion(threshold, &ones(scores))
}

/// `TP / (TP + FN)`, the share of positives that are called present. `None` without positives.
pub fn sensitivity(counts: Confusion) -> Option<f64> {
    let positives = counts.tp + counts.fn_;
    (positives > 0).then(|| counts.tp as f64 / positives as f64)
}

/// `TN / (TN + FP)`, the share of negatives that are called absent. `None` without negatives.
pub fn specificity(counts: Confusion) -> Option<f64> {
    let negatives = counts.tn + counts.fp;
    (negatives > 0).then(|| counts.tn as f64 / negatives as f64)
}

/// `2 TP / (2 TP + FP + FN)`, the harmonic mean of precision and recall. It is 0 where nothing is present and nothing
/// is called present, as in scikit-learn.
pub fn f1(counts: Confusion) -> f64 {
    let denominator = 2 * counts.tp + counts.fp + counts.fn_;
    if denominator == 0 { 0.0 } else { 2.0 * counts.tp as f64 / denominator as f64 }
}

/// Matthews correlation coefficient, `(TP TN - FP FN) / sqrt((TP+FP)(TP+FN)(TN+FP)(TN+FN))`. It is 0 where a factor
/// under the root is 0, as in scikit-learn.
pub fn mcc(counts: Confusion) -> f64 {
    let [tp, fp, fn_, tn] = [counts.tp, counts.fp, counts.fn_, counts.tn].map(|count| count as f64);
    let root = ((tp + fp) * (tp + fn_) * (tn + fp) * (tn + fn_)).sqrt();
    if root == 0.0 { 0.0 } else { (tp * tn - fp * fn_) / root }
}

/// The percentile of each score among all that are not NaN, `100 (lower + equal / 2) / n`, where the score itself is
/// among the equal ones. NaN stays NaN. Percentiles make findings comparable, which raw logits are not.
pub fn percentiles(scores: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = scores.iter().copied().filter(|score| !score.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    let percentile = |&score: &f64| {
        if score.is_nan() {
            return f64::NAN;
        }
        let lower = sorted.partition_point(|&other| other < score);
        let up_to = sorted.partition_point(|&other| other <= score);
        50.0 * (lower + up_to) as f64 / sorted.len() as f64
    };
    scores.iter().map(percentile).collect()
}

/// Whether a positive finding of an image is among its `k` highest, given the percentile and the label of each known
/// finding. In a tie, a negative is ranked before a positive. `None` where no finding is positive, or where there are
/// at most `k` findings.
pub fn top_k_hit(findings: &[(f64, bool)], k: usize) -> Option<bool> {
    let best = findings
        .iter()
        .filter(|(_, positive)| *positive)
        .map(|(p, _)| *p)
        .max_by(f64::total_cmp)?;
    let ahead =
        findings.iter().filter(|(percentile, positive)| !positive && *percentile >= best).count();
    (findings.len() > k).then_some(ahead < k)
}

/// The probability of a top-`k` hit for a random order of `total` findings, of which `positives` are present.
pub fn top_k_chance(total: usize, positives: usize, k: usize) -> f64 {
    let missed =
        |drawn: usize| total.saturating_sub(positives + drawn) as f64 / (total - drawn) as f64;
    1.0 - (0..k.min(total)).map(missed).product::<f64>()
}

/// The mean of the values that are not `None`.
pub fn mean(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    weighted_mean(values.map(|value| (value, 1)))
}

/// The weighted mean of the values that are not `None`.
pub fn weighted_mean(values: impl Iterator<Item = (Option<f64>, u32)>) -> Option<f64> {
    let known = values.filter_map(|(value, weight)| Some((value?, f64::from(weight))));
    let (sum, total) = known
        .fold((0.0, 0.0), |(sum, total), (value, weight)| (sum + value * weight, total + weight));
    (total > 0.0).then(|| sum / total)
}

fn ones(scores: &[f64]) -> Vec<u32> {
    vec![1; scores.len()]
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::bootstrap::SplitMix64;
    use super::*;

    const P: Option<bool> = Some(true);
    const N: Option<bool> = Some(false);

    #[test]
    fn nine_in_ten_of_each_side_bound_the_undecided() {
        let scores: Vec<f64> = (0..20).map(f64::from).collect();
        // Even numbers are negatives, odd ones positives; the lowest is masked.
        let labels: Vec<Option<bool>> = (0..20).map(|i| (i > 0).then_some(i % 2 == 1)).collect();
        assert_eq!(Ranking::new(&scores, &labels).undecided(), None, "nine without it");
        let labels: Vec<Option<bool>> = (0..20).map(|i| Some(i % 2 == 1)).collect();
        assert_eq!(Ranking::new(&scores, &labels).undecided(), Some([3.0, 16.0]));
        // With eleven positives, nine in ten of them are ten. The classes are separated, so the first value is above
        // the second.
        let labels: Vec<Option<bool>> = (0..21).map(|i| Some(i >= 10)).collect();
        let scores: Vec<f64> = (0..21).map(f64::from).collect();
        assert_eq!(Ranking::new(&scores, &labels).undecided(), Some([11.0, 8.0]));
    }

    #[test]
    fn hand_computed_values() {
        struct Case {
            name: &'static str,
            scores: &'static [f64],
            labels: &'static [Option<bool>],
            auroc: Option<f64>,
            average_precision: Option<f64>,
            threshold: Option<f64>,
        }
        #[rustfmt::skip]
        let cases = [
            Case { name: "perfect", scores: &[3.0, 2.0, 1.0], labels: &[P, N, N], auroc: Some(1.0), average_precision: Some(1.0), threshold: Some(3.0) },
            Case { name: "inverted", scores: &[1.0, 2.0, 3.0], labels: &[P, N, N], auroc: Some(0.0), average_precision: Some(1.0 / 3.0), threshold: Some(1.0) },
            Case { name: "one pair wrong", scores: &[4.0, 3.0, 2.0, 1.0], labels: &[P, N, P, N], auroc: Some(0.75), average_precision: Some(5.0 / 6.0), threshold: Some(2.0) },
            Case { name: "all tied", scores: &[1.0; 4], labels: &[P, N, N, N], auroc: Some(0.5), average_precision: Some(0.25), threshold: Some(1.0) },
            Case { name: "half tie", scores: &[2.0, 1.0, 1.0], labels: &[N, P, N], auroc: Some(0.25), average_precision: Some(1.0 / 3.0), threshold: Some(1.0) },
            Case { name: "signed zeros tie", scores: &[0.0, -0.0], labels: &[N, P], auroc: Some(0.5), average_precision: Some(0.5), threshold: Some(-0.0) },
            Case { name: "masked", scores: &[9.0, 3.0, f64::NAN, 2.0], labels: &[None, P, P, N], auroc: Some(1.0), average_precision: Some(1.0), threshold: Some(3.0) },
            Case { name: "no negatives", scores: &[1.0, 2.0], labels: &[P, P], auroc: None, average_precision: Some(1.0), threshold: Some(1.0) },
            Case { name: "no positives", scores: &[1.0, 2.0], labels: &[N, N], auroc: None, average_precision: None, threshold: None },
            Case { name: "equal F1: highest threshold", scores: &[4.0, 3.0, 2.0, 1.0], labels: &[P, N, N, P], auroc: Some(0.5), average_precision: Some(0.75), threshold: Some(4.0) },
            Case { name: "empty", scores: &[], labels: &[], auroc: None, average_precision: None, threshold: None },
        ];
        for case in cases {
            assert_eq!(auroc(case.scores, case.labels), case.auroc, "{}", case.name);
            let rounded = |value: Option<f64>| value.map(|value| (value * 1e12).round());
            let ours = average_precision(case.scores, case.labels);
            assert_eq!(rounded(ours), rounded(case.average_precision), "{}", case.name);
            assert_eq!(
                best_f1_threshold(case.scores, case.labels),
                case.threshold,
                "{}",
                case.name
            );
        }
    }

    #[test]
    fn decisions() {
        let counts = confusion(&[3.0, 2.0, 2.0, 1.0, 9.0], &[P, P, N, P, None], 2.0);
        assert_eq!(counts, Confusion { tp: 2, fp: 1, fn_: 1, tn: 0 });
        assert_eq!(f1(counts), 2.0 / 3.0);
        assert!((mcc(counts) + 1.0 / 3.0).abs() < 1e-12);
        assert_eq!((f1(Confusion::default()), mcc(Confusion::default())), (0.0, 0.0));
        assert_eq!(mcc(Confusion { tp: 5, fp: 0, fn_: 0, tn: 5 }), 1.0);
    }

    /// `n` rows with tied scores that are higher for positives on average.
    fn random_rows(n: usize) -> (Vec<f64>, Vec<Option<bool>>) {
        let mut random = SplitMix64::new(7);
        (0..n)
            .map(|_| {
                let score = random.next() % 50;
                (score as f64 / 10.0 - 2.0, Some(random.next() % 100 < 10 + score))
            })
            .unzip()
    }

    /// The expected values are from scikit-learn 1.9.1, on the rows of `random_rows(500)`, which were reproduced in
    /// Python with the same SplitMix64: `roc_auc_score(y, s)`, `average_precision_score(y, s)`, and
    /// `f1_score(y, s >= t)` and `matthews_corrcoef(y, s >= t)` at the threshold `t` of `precision_recall_curve` with
    /// the highest F1.
    #[test]
    fn equals_scikit_learn() {
        let (scores, labels) = random_rows(500);
        let threshold = best_f1_threshold(&scores, &labels).unwrap();
        let counts = confusion(&scores, &labels, threshold);
        let ours = [
            auroc(&scores, &labels).unwrap(),
            average_precision(&scores, &labels).unwrap(),
            threshold,
            f1(counts),
            mcc(counts),
        ];
        let theirs =
            [0.6930725274725276, 0.4949495146474775, -0.1, 0.593939393939394, 0.3057497440438928];
        for (ours, theirs) in ours.into_iter().zip(theirs) {
            assert!((ours - theirs).abs() < 1e-12, "{ours} is not {theirs}");
        }
    }

    #[test]
    fn monotone_transforms_change_nothing_and_negation_mirrors() {
        let (scores, labels) = random_rows(300);
        let transformed: Vec<f64> = scores.iter().map(|score| (3.0 * score).exp() - 7.0).collect();
        assert_eq!(auroc(&scores, &labels), auroc(&transformed, &labels));
        assert_eq!(average_precision(&scores, &labels), average_precision(&transformed, &labels));
        let opposite: Vec<f64> = scores.iter().map(|score| -score).collect();
        let sum = auroc(&scores, &labels).unwrap() + auroc(&opposite, &labels).unwrap();
        assert!((sum - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_weight_equals_a_repeated_row() {
        let (scores, labels) = random_rows(40);
        let weights: Vec<u32> = (0..40).map(|row| row % 3).collect();
        let repeated: Vec<usize> = (0..40).flat_map(|row| vec![row; row % 3]).collect();
        let (more_scores, more_labels): (Vec<f64>, Vec<_>) =
            repeated.iter().map(|&r| (scores[r], labels[r])).unzip();
        let ranking = Ranking::new(&scores, &labels);
        assert_eq!(ranking.auroc(&weights), auroc(&more_scores, &more_labels));
        assert_eq!(ranking.confusion(0.5, &weights), confusion(&more_scores, &more_labels, 0.5));
        let [ours, theirs] =
            [ranking.average_precision(&weights), average_precision(&more_scores, &more_labels)]
                .map(Option::unwrap);
        assert!((ours - theirs).abs() < 1e-12);
    }

    #[test]
    fn the_area_below_the_roc_curve_is_the_auroc() {
        let (scores, labels) = random_rows(200);
        let points = Ranking::new(&scores, &labels).roc(&ones(&scores));
        let area: f64 =
            points.windows(2).map(|w| (w[1].0 - w[0].0) * (w[1].1 + w[0].1) / 2.0).sum();
        assert!((area - auroc(&scores, &labels).unwrap()).abs() < 1e-12);
        assert_eq!((points[0], points[points.len() - 1]), ((0.0, 0.0), (1.0, 1.0)));
    }

    #[test]
    fn percentiles_and_top_k() {
        let ranks = percentiles(&[1.0, 2.0, 2.0, f64::NAN, 4.0]);
        assert_eq!(ranks[..3], [12.5, 50.0, 50.0]);
        assert!(ranks[3].is_nan() && ranks[4] == 87.5);
        let image = [(90.0, false), (80.0, true), (70.0, false), (10.0, true)];
        assert_eq!(
            [1, 2, 3, 4].map(|k| top_k_hit(&image, k)),
            [Some(false), Some(true), Some(true), None]
        );
        assert_eq!(top_k_hit(&[(50.0, true), (50.0, false)], 1), Some(false));
        assert_eq!(top_k_hit(&[(50.0, false), (40.0, false)], 1), None);
        assert!((top_k_chance(14, 1, 5) - 5.0 / 14.0).abs() < 1e-12);
        assert!((top_k_chance(4, 2, 2) - 5.0 / 6.0).abs() < 1e-12);
        assert_eq!(top_k_chance(3, 2, 2), 1.0);
    }
}
