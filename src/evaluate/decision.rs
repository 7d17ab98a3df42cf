//! One finding by itself: its curves, and what a threshold makes of it.

use serde::Serialize;

use super::dataset::{Finding, Rows};
use super::metrics::{Bin, Confusion, Ranking, confusion, f1, mcc, sensitivity, specificity};
use super::order::ordered;

/// So many bins tell how often a finding is there by score.
const BINS: usize = 10;

/// What one threshold makes of the rows.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// Present when the score is at least this.
    pub threshold: f64,
    pub counts: Confusion,
    pub sensitivity: Option<f64>,
    pub specificity: Option<f64>,
    pub f1: f64,
    pub mcc: f64,
    /// The rows behind each count, by their keys in the predictions; the highest scores first.
    pub images: Cells,
}

/// Rows by what became of them.
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
    /// How often the finding is there, from the lowest scores on.
    pub reliability: Vec<Bin>,
    /// The scores, ascending and without repetition: where a threshold makes a difference.
    pub scores: Vec<f64>,
}

impl Rows {
    fn finding(&self, name: &str) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.name == name)
    }

    /// What a threshold makes of a finding; none where there is no such finding.
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

    /// A finding's curves; none where there is no such finding.
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
