//! One finding: its curves, and the decisions that a threshold gives.

use serde::Serialize;

use super::dataset::{Finding, Rows};
use super::metrics::{Bin, Confusion, Ranking, confusion, f1, mcc, sensitivity, specificity};
use super::order::ordered;

/// Number of bins of the reliability curve.
const BINS: usize = 10;

/// The decisions that a threshold gives.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// A finding is called present if its score is at least this.
    pub threshold: f64,
    pub counts: Confusion,
    pub sensitivity: Option<f64>,
    pub specificity: Option<f64>,
    pub f1: f64,
    pub mcc: f64,
    /// The rows behind each count, by their keys in the predictions, with the highest scores first.
    pub images: Cells,
}

/// Rows by the outcome of the decision.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Cells {
    pub tp: Vec<String>,
    pub fp: Vec<String>,
    #[serde(rename = "fn")]
    pub fn_: Vec<String>,
    pub tn: Vec<String>,
}

/// The curves of one finding.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Curves {
    /// False positive rate and true positive rate, from (0, 0) to (1, 1).
    pub roc: Vec<(f64, f64)>,
    /// Recall and precision.
    pub precision_recall: Vec<(f64, f64)>,
    /// The reliability curve: how often the finding is present in each bin of scores, beginning with the lowest.
    pub reliability: Vec<Bin>,
    /// The scores in ascending order without duplicates, which are the thresholds that make a difference.
    pub scores: Vec<f64>,
}

impl Rows {
    fn finding(&self, name: &str) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.name == name)
    }

    /// The decisions that a threshold gives for a finding; `None` where there is no such finding.
    pub fn decide(&self, name: &str, threshold: f64) -> Option<Decision> {
        let finding = self.finding(name)?;
        let counts = confusion(&finding.scores, &finding.labels, threshold);
        let scores = &finding.scores;
        let order = ordered(self.keys.len(), &|one, two| scores[two].total_cmp(&scores[one]));
        let mut images = Cells::default();
        for row in order.into_iter().filter(|&row| !scores[row].is_nan()) {
            let cell = match (finding.scores[row] >= threshold, finding.labels[row]) {
                (true, Some(true)) => &mut images.tp,
                (true, Some(false)) => &mut images.fp,
                (false, Some(true)) => &mut images.fn_,
                (false, Some(false)) => &mut images.tn,
                (_, None) => continue,
            };
            cell.push(self.keys[row].clone());
        }
        Some(Decision {
            threshold,
            counts,
            sensitivity: sensitivity(counts),
            specificity: specificity(counts),
            f1: f1(counts),
            mcc: mcc(counts),
            images,
        })
    }

    /// A finding's curves; `None` where there is no such finding.
    pub fn curves(&self, name: &str) -> Option<Curves> {
        let finding = self.finding(name)?;
        let ranking = Ranking::new(&finding.scores, &finding.labels);
        let ones = vec![1; finding.scores.len()];
        let known = finding.scores.iter().zip(&finding.labels);
        let mut scores: Vec<f64> = known
            .filter(|(score, label)| !score.is_nan() && label.is_some())
            .map(|(score, _)| *score)
            .collect();
        scores.sort_by(f64::total_cmp);
        scores.dedup();
        Some(Curves {
            roc: ranking.roc(&ones),
            precision_recall: ranking.precision_recall(&ones),
            reliability: ranking.reliability(BINS),
            scores,
        })
    }
}
