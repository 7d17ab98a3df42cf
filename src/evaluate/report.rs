//! The results of an evaluation, and their form as Markdown; their JSON is made by serde.

use serde::Serialize;

use super::bootstrap::Estimate;
use super::localise::Localisation;

/// All results of one evaluation.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub predictions: String,
    pub labels: String,
    /// Number of images on which the metrics are computed.
    pub images: usize,
    /// Number of images that were used only to choose thresholds.
    pub validation_images: usize,
    /// What the bootstrap resamples: "patient" or "row".
    pub unit: &'static str,
    /// How many different units there are.
    pub units: usize,
    pub resamples: usize,
    pub seed: u64,
    /// Means over groups of findings; the first is over all.
    pub macros: Vec<MacroReport>,
    pub findings: Vec<FindingReport>,
    pub top_k: Vec<TopKReport>,
    /// Results by group of rows; empty unless that was asked for.
    pub slices: Vec<SliceReport>,
    /// How many groups of rows are not reported, because they have fewer than five rows or are not among the eight
    /// largest of a column.
    pub slices_left_out: usize,
    /// The comparison with other scores, with the mean over findings first; empty without other scores.
    pub comparison: Vec<ComparedReport>,
    /// How well maps point at boxes, with the mean over findings first; empty without boxes and maps.
    pub localisation: Vec<Localisation>,
    /// Findings without metrics, each with the reason.
    pub left_out: Vec<LeftOut>,
    /// What readers of the report need to know: rows that could not be joined, definitions, warnings.
    pub notes: Vec<String>,
}

/// The metrics; each is absent where it has no value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Metrics {
    pub auroc: Option<Estimate>,
    pub average_precision: Option<Estimate>,
    pub f1: Option<Estimate>,
    pub mcc: Option<Estimate>,
    pub sensitivity: Option<Estimate>,
    pub specificity: Option<Estimate>,
    /// AUROC of "There is no …" as a score for the absence of the finding.
    pub negation_auroc: Option<Estimate>,
}

/// Means over a group of findings.
#[derive(Debug, Clone, Serialize)]
pub struct MacroReport {
    pub group: &'static str,
    pub findings: Vec<String>,
    #[serde(flatten)]
    pub metrics: Metrics,
}

/// One finding.
#[derive(Debug, Clone, Serialize)]
pub struct FindingReport {
    pub name: String,
    pub positives: u64,
    pub negatives: u64,
    /// Images without a label or without a score.
    pub unknown: u64,
    /// "head", "medium" or "tail" by number of positives; absent with fewer than 3 findings.
    pub frequency: Option<&'static str>,
    pub unseen: bool,
    /// The finding is called present if its score is at least this.
    pub threshold: Option<f64>,
    /// See [`Ranking::undecided`](super::metrics::Ranking::undecided).
    pub undecided: Option<[f64; 2]>,
    #[serde(flatten)]
    pub metrics: Metrics,
    /// Points of the ROC curve.
    #[serde(skip)]
    pub roc: Vec<(f64, f64)>,
}

/// How often a positive finding is among the k highest of its image.
#[derive(Debug, Clone, Serialize)]
pub struct TopKReport {
    pub k: usize,
    pub images: usize,
    pub accuracy: Option<Estimate>,
    /// The expected accuracy of a random order.
    pub chance: Option<f64>,
}

/// The rows with the same value in a column.
#[derive(Debug, Clone, Serialize)]
pub struct SliceReport {
    pub column: String,
    pub value: String,
    pub images: usize,
    /// The mean over the findings that have an AUROC here.
    pub auroc: Option<Estimate>,
    /// The findings, in the order of the report.
    pub findings: Vec<SliceFinding>,
}

/// One finding on the rows of a slice.
#[derive(Debug, Clone, Serialize)]
pub struct SliceFinding {
    pub name: String,
    pub positives: u64,
    pub negatives: u64,
    pub auroc: Option<Estimate>,
}

/// The comparison of two scores of the same images, on those images that have both.
#[derive(Debug, Clone, Serialize)]
pub struct ComparedReport {
    pub name: String,
    pub auroc: Option<f64>,
    /// AUROC of the other scores.
    pub against: Option<f64>,
    /// The first AUROC minus the other; its interval comes from resampling both together.
    pub difference: Option<Estimate>,
    /// The two-sided p value of DeLong's test; `None` for the mean over findings.
    pub p: Option<f64>,
}

/// A finding that cannot be evaluated.
#[derive(Debug, Clone, Serialize)]
pub struct LeftOut {
    pub finding: String,
    pub positives: u64,
    pub negatives: u64,
    pub reason: &'static str,
}

impl Report {
    /// The report for people.
    pub fn markdown(&self) -> String {
        let mut text = self.heading();
        // Only metrics for which some finding has a value.
        let used: Vec<&(&str, Get)> = COLUMNS
            .iter()
            .filter(|(_, get)| self.findings.iter().any(|finding| get(&finding.metrics).is_some()))
            .collect();
        let values = |metrics: &Metrics| {
            used.iter().map(|(_, get)| estimate(get(metrics))).collect::<Vec<_>>()
        };
        let header = ["finding", "present", "absent", "unknown"]
            .into_iter()
            .chain(used.iter().map(|(name, _)| *name));
        let macros = self.macros.iter().map(|group| {
            let name = format!("**{}** ({})", group.group, group.findings.len());
            [vec![name, String::new(), String::new(), String::new()], values(&group.metrics)]
                .concat()
        });
        let findings = self.findings.iter().map(|finding| {
            let counts = [finding.positives, finding.negatives, finding.unknown]
                .map(|count| count.to_string());
            [vec![finding.name.clone()], counts.to_vec(), values(&finding.metrics)].concat()
        });
        table(&mut text, "", header.collect(), macros.chain(findings).collect());
        let top_k = self.top_k.iter().map(|row| {
            vec![
                row.k.to_string(),
                row.images.to_string(),
                estimate(row.accuracy),
                number(row.chance),
            ]
        });
        let header = vec!["k", "images", "accuracy", "random order"];
        table(&mut text, "## Top-k accuracy\n\n", header, top_k.collect());
        let slices = self.slices.iter().map(|slice| {
            let smallest = slice.findings.iter().map(|finding| finding.positives).min();
            vec![
                slice.column.clone(),
                slice.value.clone(),
                slice.images.to_string(),
                smallest.map_or_else(String::new, |count| count.to_string()),
                estimate(slice.auroc),
            ]
        });
        let header = vec!["column", "value", "images", "fewest positives", "mean AUROC"];
        table(&mut text, "## Parts\n\n", header, slices.collect());
        let comparison = self.comparison.iter().map(|row| {
            let aurocs = [number(row.auroc), number(row.against), estimate(row.difference)];
            let p = row.p.map_or_else(String::new, |p| format!("{p:.4}"));
            [vec![row.name.clone()], aurocs.to_vec(), vec![p]].concat()
        });
        let header = vec!["finding", "AUROC", "of the others", "difference", "p (DeLong)"];
        table(&mut text, "## Comparison\n\n", header, comparison.collect());
        let localisation = self.localisation.iter().map(|row| {
            let metrics =
                [estimate(row.pointing_game), estimate(row.box_energy), number(row.chance)];
            [vec![row.finding.clone(), row.maps.to_string()], metrics.to_vec()].concat()
        });
        let header = vec!["finding", "maps", "pointing game", "box energy", "chance"];
        table(&mut text, "## Localisation\n\n", header, localisation.collect());

        let left_out = self.left_out.iter().map(|out| format!("{}: {}", out.finding, out.reason));
        list(&mut text, "## Findings left out\n\n", left_out.collect());
        list(&mut text, "## Notes\n\n", self.notes.clone());
        text
    }

    fn heading(&self) -> String {
        let Self { predictions, labels, images, resamples, units, unit, seed, .. } = self;
        let validation = match self.validation_images {
            0 => String::new(),
            chosen_on => format!(", thresholds chosen on {chosen_on} others"),
        };
        let intervals = if *resamples == 0 || *units < 2 {
            "no intervals".to_string()
        } else {
            format!(
                "in brackets 95 % intervals from {resamples} bootstrap resamples of {units} {unit}s (percentile method, seed {seed})"
            )
        };
        format!(
            "# Evaluation\n\n`{predictions}` against `{labels}`: {images} images{validation}; {intervals}.\n"
        )
    }
}

type Get = fn(&Metrics) -> Option<Estimate>;

/// The metrics as columns of the table.
const COLUMNS: [(&str, Get); 7] = [
    ("AUROC", |metrics| metrics.auroc),
    ("AUPRC", |metrics| metrics.average_precision),
    ("F1", |metrics| metrics.f1),
    ("MCC", |metrics| metrics.mcc),
    ("sensitivity", |metrics| metrics.sensitivity),
    ("specificity", |metrics| metrics.specificity),
    ("negation AUROC", |metrics| metrics.negation_auroc),
];

/// Adds a heading and a table, or nothing where there are no rows.
fn table(text: &mut String, heading: &str, header: Vec<&str>, rows: Vec<Vec<String>>) {
    if rows.is_empty() {
        return;
    }
    *text += &format!("\n{heading}| {} |\n|{}\n", header.join(" | "), "---|".repeat(header.len()));
    for row in rows {
        let cells: Vec<String> =
            row.iter().map(|cell| cell.replace('|', "\\|").replace(['\n', '\r'], " ")).collect();
        *text += &format!("| {} |\n", cells.join(" | "));
    }
}

/// Adds a heading and a list, or nothing where there are no items.
fn list(text: &mut String, heading: &str, items: Vec<String>) {
    if !items.is_empty() {
        *text += &format!("\n{heading}- {}\n", items.join("\n- "));
    }
}

/// "0.812 (0.790 to 0.833)".
pub fn plain(estimate: &Estimate) -> String {
    match estimate.interval {
        Some([low, high]) => format!("{:.3} ({low:.3} to {high:.3})", estimate.value),
        None => format!("{:.3}", estimate.value),
    }
}

fn estimate(estimate: Option<Estimate>) -> String {
    estimate.as_ref().map_or_else(|| "–".to_string(), plain)
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_string(), |value| format!("{value:.3}"))
}
