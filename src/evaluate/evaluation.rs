//! From joined scores and labels to the report: selects findings, chooses thresholds, groups findings, and computes
//! top-k accuracy and the statistics that the bootstrap repeats.

use std::collections::{BTreeMap, HashSet};

use super::bootstrap::{Bootstrap, Estimate};
use super::compare::Compared;
use super::dataset::{Dataset, Finding, Rows};
use super::error::{EvaluateError, Result, some_of};
use super::localise::{self, Localisation};
use super::metrics::{
    FEW, Ranking, best_f1_threshold, f1, mcc, mean, percentiles, sensitivity, specificity,
    top_k_chance, top_k_hit, weighted_mean,
};
use super::options::{Options, Thresholds};
use super::order::ordered;
use super::reason::Reason;
use super::report::{
    FindingReport, LeftOut, MacroReport, Metrics, Report, SliceFinding, SliceReport, TopKReport,
};
use super::sliced::Sliced;
use super::table::{Join, finding_key};
use crate::table::Csv;

/// Reasons for leaving out a finding.
const NOTHING_KNOWN: &str = "no image has both a label and a score";
const NO_POSITIVE: &str = "no image is positive";
const NO_NEGATIVE: &str = "no image is negative";

/// Number of fields of [`Metrics`].
const METRICS: usize = 7;

/// One finding with its rows ranked, so that they are sorted only once.
struct Ranked<'a> {
    finding: &'a Finding,
    ranking: Ranking,
    negation: Option<Ranking>,
    threshold: Option<f64>,
    counts: (u64, u64),
}

impl<'a> Ranked<'a> {
    fn new(finding: &'a Finding, threshold: Option<f64>) -> Self {
        let ranking = Ranking::new(&finding.scores, &finding.labels);
        let absent: Vec<Option<bool>> =
            finding.labels.iter().map(|label| label.map(|present| !present)).collect();
        let negation = finding.negated.as_deref().map(|scores| Ranking::new(scores, &absent));
        let counts = ranking.counts(&vec![1; finding.scores.len()]);
        Self { finding, ranking, negation, threshold, counts }
    }

    /// The fields of [`Metrics`] in their order; all absent without positives or without negatives.
    fn values(&self, weights: &[u32]) -> [Option<f64>; METRICS] {
        let Some(auroc) = self.ranking.auroc(weights) else {
            return [None; METRICS];
        };
        let decision = self.threshold.map(|threshold| self.ranking.confusion(threshold, weights));
        let negation = self.negation.as_ref().and_then(|ranking| ranking.auroc(weights));
        [
            Some(auroc),
            self.ranking.average_precision(weights),
            decision.map(f1),
            decision.map(mcc),
            decision.and_then(sensitivity),
            decision.and_then(specificity),
            negation,
        ]
    }
}

/// A completed evaluation, with the rows that it is based on.
#[derive(Debug)]
pub struct Evaluation {
    /// The results.
    pub report: Report,
    /// The rows on which the metrics are computed.
    pub rows: Rows,
}

impl Evaluation {
    /// Computes everything. `progress` is given how many resamples of the bootstrap are done, and how many there are.
    ///
    /// # Errors
    ///
    /// [`EvaluateError`], where the tables do not fit together, or the options do not fit the tables.
    pub fn new(options: &Options, progress: &mut dyn FnMut(usize, usize)) -> Result<Self> {
        let dataset = Dataset::read(options)?;
        let report = report(options, &dataset, progress)?;
        Ok(Self { report, rows: dataset.evaluated })
    }
}

fn report(
    options: &Options,
    dataset: &Dataset,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Report> {
    let Dataset { evaluated, validation, notes } = dataset;
    let mut notes = notes.clone();
    let thresholds = thresholds(options, validation, evaluated, &mut notes)?;
    let unseen = unseen(&options.unseen, &evaluated.findings)?;
    let (mut ranked, mut left_out) = (Vec::new(), Vec::new());
    for (finding, threshold) in evaluated.findings.iter().zip(thresholds) {
        let candidate = Ranked::new(finding, threshold);
        let reason = match candidate.counts {
            (0, 0) => NOTHING_KNOWN,
            (0, _) => NO_POSITIVE,
            (_, 0) => NO_NEGATIVE,
            _ => {
                ranked.push(candidate);
                continue;
            }
        };
        let (positives, negatives) = candidate.counts;
        left_out.push(LeftOut { finding: finding.name.clone(), positives, negatives, reason });
    }
    if ranked.is_empty() {
        return Err(EvaluateError::NoFindings { reason: none_left(&left_out) });
    }

    let bootstrap = Bootstrap::new(&evaluated.patients, options.seed, options.resamples);
    let frequencies = frequencies(&ranked);
    let is_unseen = |ranked: &Ranked<'_>| unseen.contains(&ranked.finding.key);
    let groups = groups(&ranked, &frequencies, &is_unseen);
    let top_k = top_k(&ranked);
    let of_ranked: Vec<&Finding> = ranked.iter().map(|ranked| ranked.finding).collect();
    let sliced = Sliced::all(&evaluated.slices, &of_ranked);
    let compared = Compared::all(&of_ranked);

    let ones = vec![1; evaluated.keys.len()];
    let values =
        |weights: &[u32]| ranked.iter().map(|ranked| ranked.values(weights)).collect::<Vec<_>>();
    let whole = values(&ones);
    // All metrics of each finding, then those of each group; then top-k, groups of rows and differences. Every finding
    // enters its macro means: one without a value in a resample enters with its value on all rows.
    let statistics = |weights: &[u32]| {
        let findings = values(weights);
        let macros = groups.iter().map(|(_, members)| {
            std::array::from_fn(|metric| {
                mean(
                    members
                        .iter()
                        .map(|&member| findings[member][metric].or(whole[member][metric])),
                )
            })
        });
        let hits = top_k
            .iter()
            .map(|(_, hits)| weighted_mean(hits.iter().copied().zip(weights.iter().copied())));
        let slices = sliced.iter().flat_map(|slice| slice.aurocs(weights));
        let differences = Compared::differences(&compared, weights);
        let metrics = findings.iter().copied().chain(macros).flatten();
        metrics.chain(hits).chain(slices).chain(differences).collect()
    };
    let estimates = bootstrap.estimate(&statistics, progress);
    let (metrics, others) = estimates.split_at((ranked.len() + groups.len()) * METRICS);
    let (accuracies, others) = others.split_at(top_k.len());
    let (aurocs, differences) = others.split_at(sliced.iter().map(Sliced::len).sum());
    let (metrics, _) = metrics.as_chunks::<METRICS>();
    let (finding_metrics, group_metrics) = metrics.split_at(ranked.len());

    notes.extend(patient_notes(options, validation, evaluated));
    notes.extend(rules(&ranked, options));
    let slices = Sliced::reports(&sliced, aurocs);
    let left_out_slices = evaluated.slices.iter().map(|slices| slices.left_out).sum();
    notes.extend(slice_notes(&slices, left_out_slices));
    let (localisation, localisation_notes) = localisation(options, &[evaluated, validation])?;
    notes.extend(localisation_notes);
    let findings = ranked.iter().zip(finding_metrics).zip(&frequencies).map(
        |((ranked, metrics), &frequency)| FindingReport {
            name: ranked.finding.name.clone(),
            positives: ranked.counts.0,
            negatives: ranked.counts.1,
            unknown: evaluated.keys.len() as u64 - ranked.counts.0 - ranked.counts.1,
            frequency,
            unseen: is_unseen(ranked),
            threshold: ranked.threshold,
            undecided: ranked.ranking.undecided(),
            metrics: metrics_from(metrics),
            roc: ranked.ranking.roc(&ones),
        },
    );
    let macros = groups.iter().zip(group_metrics).map(|((group, members), metrics)| MacroReport {
        group,
        findings: members.iter().map(|&member| ranked[member].finding.name.clone()).collect(),
        metrics: metrics_from(metrics),
    });
    let top_k = top_k
        .iter()
        .zip(accuracies)
        .map(|((report, _), &accuracy)| TopKReport { accuracy, ..*report });
    Ok(Report {
        predictions: options.predictions.file().to_string(),
        labels: options.labels.iter().map(Csv::file).collect::<Vec<_>>().join("`, `"),
        images: evaluated.keys.len(),
        validation_images: validation.keys.len(),
        unit: if options.patient.is_some() { "patient" } else { "row" },
        units: bootstrap.groups(),
        resamples: options.resamples,
        seed: options.seed,
        macros: macros.collect(),
        findings: findings.collect(),
        top_k: top_k.collect(),
        slices_left_out: left_out_slices,
        slices,
        comparison: Compared::reports(&compared, differences),
        localisation,
        left_out,
        notes,
    })
}

/// The reason why no finding is left.
fn none_left(left_out: &[LeftOut]) -> Reason {
    let names: Vec<&str> = left_out.iter().map(|out| out.finding.as_str()).collect();
    let findings = some_of(&names);
    let all = |reason| left_out.iter().all(|out| out.reason == reason);
    if all(NOTHING_KNOWN) {
        Reason::NothingKnown { findings }
    } else if all(NO_POSITIVE) {
        Reason::NoPositive { findings }
    } else if all(NO_NEGATIVE) {
        Reason::NoNegative { findings }
    } else {
        Reason::OneClass { findings }
    }
}

fn metrics_from(
    &[auroc, average_precision, f1, mcc, sensitivity, specificity, negation_auroc]: &[Option<Estimate>;
         METRICS],
) -> Metrics {
    Metrics { auroc, average_precision, f1, mcc, sensitivity, specificity, negation_auroc }
}

/// The threshold of each finding, where it has one.
fn thresholds(
    options: &Options,
    validation: &Rows,
    evaluated: &Rows,
    notes: &mut Vec<String>,
) -> Result<Vec<Option<f64>>> {
    let best = |rows: &Rows| {
        let best = |finding: &Finding| best_f1_threshold(&finding.scores, &finding.labels);
        rows.findings.iter().map(best).collect::<Vec<_>>()
    };
    let thresholds = match &options.thresholds {
        Thresholds::None => vec![None; evaluated.findings.len()],
        Thresholds::Given(given) => {
            let mut given = by_key(given)?;
            let thresholds =
                evaluated.findings.iter().map(|finding| given.remove(&finding.key)).collect();
            let rest: Vec<String> = given.into_keys().collect();
            if !rest.is_empty() {
                notes.push(format!(
                    "Thresholds without such a finding, ignored: {}.",
                    some_of(&rest)
                ));
            }
            thresholds
        }
        Thresholds::ChosenOn(_) => best(validation),
        Thresholds::ChosenHere => {
            notes.push("Thresholds have the highest F1 on these very images, which flatters what depends on them: such figures are no estimate for others.".to_string());
            best(evaluated)
        }
    };
    let without =
        evaluated.findings.iter().zip(&thresholds).filter(|(_, threshold)| threshold.is_none());
    let without: Vec<&str> = without.map(|(finding, _)| finding.name.as_str()).collect();
    if options.thresholds != Thresholds::None && !without.is_empty() {
        notes.push(format!(
            "Findings without a threshold, and so without the metrics that need one: {}.",
            some_of(&without)
        ));
    }
    Ok(thresholds)
}

fn by_key(given: &BTreeMap<String, f64>) -> Result<BTreeMap<String, f64>> {
    let mut thresholds = BTreeMap::new();
    for (name, &threshold) in given {
        if thresholds.insert(finding_key(name), threshold).is_some() {
            let reason = Reason::TwoThresholds { finding: name.clone() };
            return Err(EvaluateError::Option { option: "--thresholds", reason });
        }
    }
    Ok(thresholds)
}

/// The keys of the findings on which the model was not trained.
fn unseen(names: &[String], findings: &[Finding]) -> Result<HashSet<String>> {
    let keys: HashSet<String> = names.iter().map(|name| finding_key(name)).collect();
    if let Some(key) = keys.iter().find(|key| findings.iter().all(|finding| finding.key != **key)) {
        let has: Vec<&str> = findings.iter().map(|finding| finding.name.as_str()).collect();
        let reason = Reason::NotShared { finding: key.clone(), has: some_of(&has) };
        return Err(EvaluateError::Option { option: "--unseen", reason });
    }
    Ok(keys)
}

/// Terciles of the findings by their number of positives, the most frequent first.
fn frequencies(ranked: &[Ranked<'_>]) -> Vec<Option<&'static str>> {
    let order = ordered(ranked.len(), &|one, two| ranked[two].counts.0.cmp(&ranked[one].counts.0));
    let mut frequencies = vec![None; ranked.len()];
    if ranked.len() >= 3 {
        for (position, &index) in order.iter().enumerate() {
            frequencies[index] = Some(["head", "medium", "tail"][position * 3 / ranked.len()]);
        }
    }
    frequencies
}

/// Groups of findings for macro means, by index.
fn groups(
    ranked: &[Ranked<'_>],
    frequencies: &[Option<&'static str>],
    is_unseen: &dyn Fn(&Ranked<'_>) -> bool,
) -> Vec<(&'static str, Vec<usize>)> {
    let which = |wanted: &dyn Fn(usize) -> bool| {
        (0..ranked.len()).filter(|&index| wanted(index)).collect::<Vec<_>>()
    };
    let unseen = which(&|index| is_unseen(&ranked[index]));
    let seen = which(&|index| !unseen.is_empty() && !unseen.contains(&index));
    let third = |name: &str| which(&|index| frequencies[index] == Some(name));
    let mut groups = vec![
        ("macro", which(&|_| true)),
        ("macro seen", seen),
        ("macro unseen", unseen),
        ("macro head", third("head")),
        ("macro medium", third("medium")),
        ("macro tail", third("tail")),
    ];
    groups.retain(|(_, members)| !members.is_empty());
    groups
}

/// For k = 1, 3 and 5, if any image has more than k known findings: whether each image is a hit.
fn top_k(ranked: &[Ranked<'_>]) -> Vec<(TopKReport, Vec<Option<f64>>)> {
    let mut images =
        vec![Vec::new(); ranked.first().map_or(0, |ranked| ranked.finding.scores.len())];
    for Ranked { finding, .. } in ranked {
        let values = percentiles(&finding.scores).into_iter().zip(&finding.labels);
        for (image, (percentile, label)) in images.iter_mut().zip(values) {
            image.extend(label.filter(|_| !percentile.is_nan()).map(|label| (percentile, label)));
        }
    }
    let report = |k| {
        let hit = |image: &Vec<_>| top_k_hit(image, k).map(|hit| f64::from(u8::from(hit)));
        let hits: Vec<Option<f64>> = images.iter().map(hit).collect();
        let chance = |(image, hit): (&Vec<(f64, bool)>, &Option<f64>)| {
            let positives = image.iter().filter(|(_, positive)| *positive).count();
            hit.map(|_| top_k_chance(image.len(), positives, k))
        };
        let chance = mean(images.iter().zip(&hits).map(chance));
        (TopKReport { k, images: hits.iter().flatten().count(), accuracy: None, chance }, hits)
    };
    [1, 3, 5].into_iter().map(report).filter(|(report, _)| report.images > 0).collect()
}

/// Compares maps with boxes, if both are given.
fn localisation(options: &Options, parts: &[&Rows]) -> Result<(Vec<Localisation>, Vec<String>)> {
    let (Some(boxes), Some(maps)) = (&options.boxes, &options.maps) else {
        return Ok((Vec::new(), Vec::new()));
    };
    let Options { tolerance, notes_name_images: named, .. } = *options;
    let files = localise::Files { boxes, maps, tolerance, named };
    let keys: Vec<String> = parts.iter().flat_map(|rows| rows.keys.clone()).collect();
    let patients: Vec<&String> = parts.iter().flat_map(|rows| &rows.patients).collect();
    // The patient of each image, or the image itself if its patient is unknown.
    let patients_of = |images: &[String]| {
        let rows = Join::new(images, &keys).right.into_iter();
        rows.zip(images)
            .map(|(row, image)| row.map_or(image, |row| patients[row]).clone())
            .collect()
    };
    localise::evaluate(&files, patients_of, options.seed, options.resamples)
}

/// A warning if patients are unknown, or are on both sides of the split.
fn patient_notes(options: &Options, validation: &Rows, evaluated: &Rows) -> Option<String> {
    if options.patient.is_none() {
        let warning = "Rows were resampled as if each were of another patient; with several images of a patient the intervals are too narrow. Name the patients' column with --patient.";
        return (options.resamples > 0).then(|| warning.to_string());
    }
    let chosen: HashSet<&String> = validation.patients.iter().collect();
    let both: HashSet<&String> =
        evaluated.patients.iter().filter(|patient| chosen.contains(patient)).collect();
    (!both.is_empty()).then(|| {
        format!("Patients on whom thresholds were chosen and who are evaluated as well, which flatters the metrics that need one: {}.", both.len())
    })
}

/// Notes on groups of rows that are too small for reliable figures, or too small to be reported.
fn slice_notes(slices: &[SliceReport], left_out: usize) -> Vec<String> {
    let few = |finding: &SliceFinding| finding.positives.min(finding.negatives) < FEW;
    let few = slices.iter().filter(|slice| slice.findings.iter().any(few));
    let few: Vec<String> = few.map(|slice| format!("{}={}", slice.column, slice.value)).collect();
    let mut notes = Vec::new();
    if !few.is_empty() {
        notes.push(format!(
            "Parts with a finding of which fewer than {FEW} images are positive or negative, so that their intervals tell little: {}.",
            some_of(&few)
        ));
    }
    if !slices.is_empty() {
        notes.push(
            "Mean AUROCs of parts that have different findings cannot be compared.".to_string(),
        );
    }
    if left_out > 0 {
        notes.push(format!(
            "Parts left out, of fewer than five images or beyond the eight largest of their column: {left_out}."
        ));
    }
    notes
}

/// Notes that explain the numbers.
fn rules(ranked: &[Ranked<'_>], options: &Options) -> Vec<String> {
    let mut notes = vec![
        "A macro row is the plain mean over its findings that have a value. A finding that a resample leaves without positives or negatives enters that resample's mean with its value on all images.".to_string(),
        "AUROC counts ties half. AUPRC is average precision; a random order gives the share of positives.".to_string(),
        "Head, medium and tail are thirds of the findings by number of positives, frequent ones first.".to_string(),
        "Top-k: each finding's logits become percentiles within the evaluated images, which are the population; counted are images with a positive and more than k known findings; a tie with a negative counts against the hit.".to_string(),
    ];
    if ranked.iter().any(|ranked| ranked.threshold.is_some()) {
        notes.push("F1, MCC, sensitivity and specificity: present when the score is at least the threshold, which stays fixed in the resamples.".to_string());
    }
    if options.negated.is_some() {
        notes.push("Negation AUROC: \"There is no …\" should rank images without the finding higher; 0.5 is chance.".to_string());
    }
    if options.against.is_some() {
        notes.push("Comparison: on the images that have both scores. The interval draws patients, each with both scores; DeLong's test takes each row for another patient.".to_string());
    }
    if options.boxes.is_some() {
        notes.push(format!("Pointing game: the centre of a map's highest cell lies in a box of the finding (tolerance {} px). Box energy: the share of the map's mass in the boxes. Chance: the share of the view that they cover.", options.tolerance));
    }
    let few = ranked.iter().filter(|ranked| ranked.counts.0.min(ranked.counts.1) < FEW);
    let few: Vec<&str> = few.map(|ranked| ranked.finding.name.as_str()).collect();
    if !few.is_empty() {
        notes.push(format!(
            "Fewer than {FEW} positives or negatives, so their intervals tell little: {}.",
            some_of(&few)
        ));
    }
    notes
}
