//! A reader study, in which the same cases are read without and with the model.
//!
//! For every finding a reader states on a scale of five steps how certain it is that the finding is present, and may
//! mark a place. From one of the steps on ([`Study::present_from`]) the finding counts as called present. Figures are
//! means over the readers. Intervals resample cases, each with all its readings, so that differences are paired. Where
//! a figure is a mean over findings, a finding without a value in a resample enters with its value on all cases.
//!
//! Functions that are called from several places are `#[inline(never)]`, so that the page's module stays small.

use serde::Serialize;

use super::bootstrap::{Bootstrap, Estimate};
use super::error::{EvaluateError, Result};
use super::metrics::{Ranking, mean, weighted_mean};
use super::mrmc::{Mrmc, analyse, jackknife, ln_gamma};
use super::reason::Reason;

/// The readings of the same cases by all readers. Tables are indexed by finding, then by case.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(serde::Deserialize), serde(rename_all = "camelCase"))]
pub struct Study {
    pub findings: Vec<String>,
    /// Whether a finding is present; `None` where that is unknown.
    pub truth: Vec<Vec<Option<bool>>>,
    /// The same, but also `None` where a finding is present at an unknown place.
    pub places: Vec<Vec<Option<bool>>>,
    /// The model's scores.
    pub scores: Vec<Vec<f64>>,
    /// Whether the model calls a finding present; `None` where the model gives no decision.
    pub called: Vec<Vec<Option<bool>>>,
    /// For each reader the readings without the model and with it.
    pub readers: Vec<[Readings; 2]>,
    /// The step of confidence from which on a finding is called present.
    pub present_from: u8,
    /// Seed of the bootstrap.
    pub seed: u32,
    /// Number of bootstrap resamples; 0 for no intervals.
    pub resamples: usize,
}

/// The readings of one reader in one condition.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Readings {
    /// For each case the time from showing the picture to the answer.
    pub seconds: Vec<f64>,
    /// Confidence, from 1, certainly absent, to 5, certainly present.
    pub confidence: Vec<Vec<u8>>,
    /// Whether the marked place is that of the finding; `None` without a mark.
    pub marks: Vec<Vec<Option<bool>>>,
}

/// All results of a study.
#[derive(Debug, Clone, Serialize)]
pub struct StudyReport {
    pub cases: usize,
    pub readers: usize,
    /// The means over the findings, followed by each finding.
    pub parts: Vec<StudyPart>,
}

/// The results for a finding, or the means over all findings.
#[derive(Debug, Clone, Serialize)]
pub struct StudyPart {
    /// Empty for the means over all findings.
    pub finding: String,
    pub positives: usize,
    pub negatives: usize,
    pub measures: Vec<Measure>,
    /// For a single reader and a finding: how decisions changed with the model, on cases with the finding and on cases
    /// without it.
    pub changed: Option<[Changed; 2]>,
    /// For several readers: the test for a difference in AUROC.
    pub mrmc: Option<Mrmc>,
}

/// A figure in both conditions, and for the model alone.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Measure {
    pub name: &'static str,
    pub without: Option<Estimate>,
    pub with: Option<Estimate>,
    /// The figure with the model minus that without it.
    pub difference: Option<Estimate>,
    pub model: Option<Estimate>,
}

/// Decisions that differ between the conditions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Changed {
    /// Right only with the model.
    pub gained: u32,
    /// Right only without it.
    pub lost: u32,
    /// The p value of McNemar's test, see [`mcnemar`].
    pub p: f64,
}

/// Values without the model, with it, and of the model itself.
type Three = [Option<f64>; 3];

/// What [`Cases::figures`] computes, in this order. Sensitivity and specificity. The areas under the ROC curve and
/// under the AFROC curve (Chakraborty and Winter, Radiology 1990); for the latter, a present finding counts as found
/// only if its place was marked, and an absent one as a false alarm only if any place was marked. Cohen's kappa between
/// readers and the model, and between readers. Of the decisions that were right without the model where the model is
/// wrong, the share that is wrong with it ("misled"), and the reverse ("helped"). The mean time.
const MEASURES: [&str; 9] = [
    "sensitivity",
    "specificity",
    "auroc",
    "afroc",
    "kappaModel",
    "kappaReaders",
    "misled",
    "helped",
    "seconds",
];
const AUROC: usize = 2;
const SECONDS: usize = 8;

/// One finding, prepared for computing figures under any weights of the cases.
struct Cases<'a> {
    truth: &'a [Option<bool>],
    /// The decisions of the model.
    called: &'a [Option<bool>],
    model: Ranking,
    readers: Vec<[Read; 2]>,
}

/// One reader's readings of one finding.
struct Read {
    called: Vec<Option<bool>>,
    roc: Ranking,
    afroc: Ranking,
}

impl Read {
    #[inline(never)]
    fn new(study: &Study, readings: &Readings, finding: usize) -> Self {
        let confidence = &readings.confidence[finding];
        let rating: Vec<f64> = confidence.iter().copied().map(f64::from).collect();
        let places = &study.places[finding];
        // A mark beside a present finding did not find it, and without a mark nothing was found.
        let found = rating.iter().zip(&readings.marks[finding]).zip(places);
        let found: Vec<f64> = found
            .map(|((rating, mark), place)| match (mark, place) {
                (None, _) | (Some(false), Some(true)) => 0.0,
                _ => *rating,
            })
            .collect();
        Self {
            called: confidence.iter().map(|step| Some(*step >= study.present_from)).collect(),
            roc: Ranking::new(&rating, &study.truth[finding]),
            afroc: Ranking::new(&found, places),
        }
    }
}

/// The weighted share of cases for which `of` is true, among those for which it is known.
#[inline(never)]
fn share(weights: &[u32], of: &dyn Fn(usize) -> Option<bool>) -> Option<f64> {
    let known =
        |(case, weight): (usize, &u32)| (of(case).map(|is| f64::from(u8::from(is))), *weight);
    weighted_mean(weights.iter().enumerate().map(known))
}

/// Cohen's kappa of two decisions, which is their agreement beyond chance. `None` where neither ever varies.
#[inline(never)]
fn kappa(weights: &[u32], one: &[Option<bool>], two: &[Option<bool>]) -> Option<f64> {
    let of_both = |what: fn(bool, bool) -> bool| {
        share(weights, &|case| one[case].zip(two[case]).map(|(one, two)| what(one, two)))
    };
    let (agreed, a, b) = (of_both(|a, b| a == b)?, of_both(|a, _| a)?, of_both(|_, b| b)?);
    let chance = a * b + (1.0 - a) * (1.0 - b);
    (chance < 1.0).then(|| (agreed - chance) / (1.0 - chance))
}

impl<'a> Cases<'a> {
    fn new(study: &'a Study, finding: usize) -> Self {
        let truth = &study.truth[finding];
        let read = |both: &[Readings; 2]| both.each_ref().map(|one| Read::new(study, one, finding));
        Self {
            truth,
            called: &study.called[finding],
            model: Ranking::new(&study.scores[finding], truth),
            readers: study.readers.iter().map(read).collect(),
        }
    }

    /// The share of cases with the finding, or without it, for which decisions are right.
    #[inline(never)]
    fn right(&self, weights: &[u32], called: &[Option<bool>], present: bool) -> Option<f64> {
        share(weights, &|case| {
            let called = called[case].filter(|_| self.truth[case] == Some(present));
            called.map(|called| called == present)
        })
    }

    /// Of the decisions that differ from the model's without seeing it, the share that agrees with it when it is seen.
    /// Only cases are counted in which the model is right, or wrong, as `model_right` says.
    #[inline(never)]
    fn won_over(
        &self,
        weights: &[u32],
        [without, with]: &[Read; 2],
        model_right: bool,
    ) -> Option<f64> {
        share(weights, &|case| {
            let (truth, model) = self.truth[case].zip(self.called[case])?;
            let [alone, aided] = [without, with].map(|read| read.called[case] == Some(model));
            ((model == truth) == model_right && !alone).then_some(aided)
        })
    }

    #[inline(never)]
    fn kappa_between(&self, weights: &[u32], condition: usize) -> Option<f64> {
        let called = |reader: usize| &self.readers[reader][condition].called;
        let pairs = (0..self.readers.len()).flat_map(|one| (0..one).map(move |two| (one, two)));
        mean(pairs.map(|(one, two)| kappa(weights, called(one), called(two))))
    }

    /// The mean over the readers that have a value.
    #[inline(never)]
    fn over_readers(&self, what: &dyn Fn(&[Read; 2]) -> Option<f64>) -> Option<f64> {
        mean(self.readers.iter().map(what))
    }

    /// See [`MEASURES`]; the last of these does not depend on a finding and is left out.
    #[inline(never)]
    fn figures(&self, weights: &[u32]) -> [Three; SECONDS] {
        let both = |what: &dyn Fn(&Read) -> Option<f64>, model| {
            [
                self.over_readers(&|both| what(&both[0])),
                self.over_readers(&|both| what(&both[1])),
                model,
            ]
        };
        let right = |present| {
            let model = self.right(weights, self.called, present);
            both(&|read| self.right(weights, &read.called, present), model)
        };
        let won = |model_right| {
            [None, self.over_readers(&|both| self.won_over(weights, both, model_right)), None]
        };
        [
            right(true),
            right(false),
            both(&|read| read.roc.auroc(weights), self.model.auroc(weights)),
            both(&|read| read.afroc.auroc(weights), None),
            both(&|read| kappa(weights, &read.called, self.called), None),
            [self.kappa_between(weights, 0), self.kappa_between(weights, 1), None],
            won(false),
            won(true),
        ]
    }

    fn count(&self, label: bool) -> usize {
        self.truth.iter().filter(|truth| **truth == Some(label)).count()
    }

    #[inline(never)]
    fn changed(&self, present: bool) -> Option<Changed> {
        let [[without, with]] = &self.readers[..] else { return None };
        let right = |read: &Read, case: usize| read.called[case] == Some(present);
        let count = |wanted: [bool; 2]| {
            let cases = (0..self.truth.len()).filter(|case| self.truth[*case] == Some(present));
            cases.filter(|case| [right(without, *case), right(with, *case)] == wanted).count()
                as u32
        };
        let [gained, lost] = [count([false, true]), count([true, false])];
        Some(Changed { gained, lost, p: mcnemar(gained, lost) })
    }
}

/// The two-sided mid-p value of McNemar's test (Fagerland, Lydersen and Laake, BMC Medical Research Methodology 2013):
/// the probability that changes are at least as uneven as these if both directions are equally likely, where equally
/// uneven ones count half.
pub fn mcnemar(gained: u32, lost: u32) -> f64 {
    let all = f64::from(gained + lost);
    let chance = |k: f64| {
        let ways = ln_gamma(all + 1.0) - ln_gamma(k + 1.0) - ln_gamma(all - k + 1.0);
        (ways - all * std::f64::consts::LN_2).exp()
    };
    let least = gained.min(lost);
    let beyond: f64 = (0..least).map(|k| chance(f64::from(k))).sum();
    if gained == lost { 1.0 } else { 2.0 * beyond + chance(f64::from(least)) }
}

impl Study {
    /// Checks that all tables are of the same findings and cases.
    #[inline(never)]
    fn check(&self) -> Result<usize> {
        let (findings, cases) = (self.findings.len(), self.truth.first().map_or(0, Vec::len));
        fn fits<T>(table: &[Vec<T>], findings: usize, cases: usize) -> bool {
            table.len() == findings && table.iter().all(|row| row.len() == cases)
        }
        let read = |one: &Readings| {
            one.seconds.len() == cases
                && fits(&one.confidence, findings, cases)
                && fits(&one.marks, findings, cases)
        };
        let whole = findings > 0
            && cases > 0
            && !self.readers.is_empty()
            && fits(&self.truth, findings, cases)
            && fits(&self.places, findings, cases)
            && fits(&self.scores, findings, cases)
            && fits(&self.called, findings, cases)
            && self.readers.iter().flatten().all(read);
        let unlike = EvaluateError::Option { option: "study", reason: Reason::UnlikeTables };
        if whole { Ok(cases) } else { Err(unlike) }
    }

    fn seconds(&self, weights: &[u32]) -> Three {
        let of = |condition: usize| {
            let all = self.readers.iter().map(|both| {
                let seconds = both[condition].seconds.iter().zip(weights);
                weighted_mean(seconds.map(|(seconds, weight)| (Some(*seconds), *weight)))
            });
            mean(all)
        };
        [of(0), of(1), None]
    }

    /// Computes all results. `progress` is given how many resamples are done, and how many there are.
    ///
    /// # Errors
    ///
    /// [`EvaluateError::Option`] where the tables have different sizes.
    pub fn measure(&self, progress: &mut dyn FnMut(usize, usize)) -> Result<StudyReport> {
        let cases = self.check()?;
        let parts: Vec<Cases> =
            (0..self.findings.len()).map(|finding| Cases::new(self, finding)).collect();
        let whole: Vec<[Three; SECONDS]> =
            parts.iter().map(|part| part.figures(&vec![1; cases])).collect();
        let statistics = |weights: &[u32]| {
            let own: Vec<[Three; SECONDS]> =
                parts.iter().map(|part| part.figures(weights)).collect();
            let together = |measure: usize, side: usize| {
                let values = own.iter().zip(&whole);
                mean(values.map(|(own, whole)| own[measure][side].or(whole[measure][side])))
            };
            let means = (0..SECONDS).map(|measure| [0, 1, 2].map(|side| together(measure, side)));
            let rows = means.chain([self.seconds(weights)]).chain(own.iter().flatten().copied());
            rows.flat_map(|[without, with, model]| {
                [without, with, with.zip(without).map(|(with, without)| with - without), model]
            })
            .collect()
        };
        let names: Vec<String> = (0..cases).map(|case| case.to_string()).collect();
        let bootstrap = Bootstrap::new(&names, self.seed.into(), self.resamples);
        let estimates = bootstrap.estimate(&statistics, progress);
        let mut measures =
            estimates.chunks(4).zip(MEASURES.iter().chain(MEASURES[..SECONDS].iter().cycle()));
        let mut next = |count: usize| -> Vec<Measure> {
            let of = |(four, name): (&[Option<Estimate>], &&'static str)| Measure {
                name,
                without: four[0],
                with: four[1],
                difference: four[2],
                model: four[3],
            };
            measures.by_ref().take(count).map(of).collect()
        };
        let all: Vec<&Cases> = parts.iter().collect();
        let sum = |label| parts.iter().map(|part| part.count(label)).sum();
        let mut found = vec![StudyPart {
            finding: String::new(),
            positives: sum(true),
            negatives: sum(false),
            measures: next(MEASURES.len()),
            changed: None,
            mrmc: mrmc(&all, cases),
        }];
        for (finding, part) in self.findings.iter().zip(&parts) {
            found.push(StudyPart {
                finding: finding.clone(),
                positives: part.count(true),
                negatives: part.count(false),
                measures: next(SECONDS),
                changed: part.changed(true).zip(part.changed(false)).map(<[Changed; 2]>::from),
                mrmc: mrmc(&[part], cases),
            });
        }
        Ok(StudyReport { cases, readers: self.readers.len(), parts: found })
    }
}

/// The MRMC analysis of AUROC, or of its mean over those findings that have one.
#[inline(never)]
fn mrmc(parts: &[&Cases], cases: usize) -> Option<Mrmc> {
    let ones = vec![1; cases];
    let parts: Vec<_> =
        parts.iter().filter(|part| part.figures(&ones)[AUROC][0].is_some()).collect();
    let readers = parts.first()?.readers.len();
    if readers < 2 {
        return None;
    }
    let merit = |weights: &[u32], reader: usize, condition: usize| -> Option<f64> {
        let aurocs = parts.iter().map(|part| part.readers[reader][condition].roc.auroc(weights));
        Some(aurocs.sum::<Option<f64>>()? / parts.len() as f64)
    };
    let merits = |weights: &[u32]| -> Option<Vec<[f64; 2]>> {
        let both = |reader| Some([merit(weights, reader, 0)?, merit(weights, reader, 1)?]);
        (0..readers).map(both).collect()
    };
    let without: Option<Vec<_>> = (0..cases)
        .map(|case| {
            let mut weights = ones.clone();
            weights[case] = 0;
            merits(&weights)
        })
        .collect();
    analyse(&merits(&ones)?, jackknife(&without?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn fixture() -> (Study, Value) {
        let study = include_str!("../../tests/fixtures/study/study.json");
        let expected = include_str!("../../tests/fixtures/study/expected.json");
        (serde_json::from_str(study).unwrap(), serde_json::from_str(expected).unwrap())
    }

    #[track_caller]
    fn assert_near(found: f64, expected: &Value, what: &str) {
        let expected = expected.as_f64().unwrap();
        assert!(
            (found - expected).abs() <= 1e-9 * expected.abs().max(1.0),
            "{what}: {found} {expected}"
        );
    }

    /// The expected figures are those of `tests/golden/study.py`, to 1e-9.
    #[test]
    fn figures_are_those_of_scikit_learn() {
        let (study, expected) = fixture();
        let report = study.measure(&mut |_, _| {}).unwrap();
        assert_eq!((report.cases, report.readers), (60, 3));
        for (part, expected) in report.parts[1..].iter().zip(expected["parts"].as_array().unwrap())
        {
            for measure in &part.measures {
                let sides = [measure.without, measure.with, measure.model];
                for (side, expected) in sides.iter().zip(expected[measure.name].as_array().unwrap())
                {
                    let what = format!("{} {}", part.finding, measure.name);
                    match side {
                        Some(found) => assert_near(found.value, expected, &what),
                        None => assert!(expected.is_null(), "{what}"),
                    }
                }
                let apart = measure.with.zip(measure.without);
                let apart = apart.map(|(with, without)| with.value - without.value);
                assert_eq!(measure.difference.map(|found| found.value), apart);
            }
        }
        let means = &report.parts[0];
        let auroc = means.measures[AUROC].with.unwrap().value;
        let both: f64 =
            report.parts[1..].iter().map(|p| p.measures[AUROC].with.unwrap().value).sum();
        assert!((auroc - both / 2.0).abs() < 1e-12);
        let seconds = means.measures[SECONDS];
        assert_near(seconds.without.unwrap().value, &expected["seconds"][0], "seconds");
        assert_near(seconds.with.unwrap().value, &expected["seconds"][1], "seconds");
        for (part, expected) in report.parts.iter().zip(expected["mrmc"].as_array().unwrap()) {
            let Mrmc { difference, interval, f, df, p } = part.mrmc.unwrap();
            for (found, name) in [(difference, "difference"), (f, "f"), (df, "df"), (p, "p")] {
                assert_near(found, &expected[name], name);
            }
            assert!((interval[0] - expected["interval"][0].as_f64().unwrap()).abs() < 1e-8);
            assert!((interval[1] - expected["interval"][1].as_f64().unwrap()).abs() < 1e-8);
        }
    }

    #[test]
    fn one_reader_has_mcnemar_and_no_analysis_of_variance() {
        let (mut study, expected) = fixture();
        study.readers.truncate(1);
        let report = study.measure(&mut |_, _| {}).unwrap();
        assert_eq!((report.parts[0].mrmc, report.parts[0].changed), (None, None));
        for (finding, part) in report.parts[1..].iter().enumerate() {
            for (found, present) in part.changed.unwrap().iter().zip([0, 1]) {
                let expected = &expected["changed"][finding][present];
                assert_eq!(Value::from(found.gained), expected["gained"]);
                assert_eq!(Value::from(found.lost), expected["lost"]);
                assert_near(found.p, &expected["p"], "McNemar");
            }
        }
        assert_eq!([mcnemar(0, 0), mcnemar(3, 3)], [1.0, 1.0]);
        assert!((mcnemar(6, 0) - 0.015_625).abs() < 1e-12);
    }

    #[test]
    fn intervals_repeat_by_seed_and_are_paired() {
        let (mut study, _) = fixture();
        study.resamples = 200;
        let first = study.measure(&mut |_, _| {}).unwrap().parts[0].measures.clone();
        assert_eq!(first, study.measure(&mut |_, _| {}).unwrap().parts[0].measures);
        study.readers.iter_mut().for_each(|both| both[1] = both[0].clone());
        let same = study.measure(&mut |_, _| {}).unwrap();
        for measure in &same.parts[0].measures {
            if let Some(difference) = measure.difference {
                assert_eq!(difference, Estimate { value: 0.0, interval: Some([0.0, 0.0]) });
            }
        }
    }

    #[test]
    fn tables_of_other_sizes_are_refused() {
        let (study, _) = fixture();
        let mut short = study.clone();
        short.readers[1][0].marks[0].pop();
        let mut none = study.clone();
        none.findings.clear();
        let mut lonely = study.clone();
        lonely.readers.clear();
        for study in [short, none, lonely] {
            assert_eq!(study.measure(&mut |_, _| {}).unwrap_err().code(), "bad-option");
        }
        let mut one_class = study;
        one_class.truth[0].iter_mut().for_each(|truth| *truth = Some(false));
        let report = one_class.measure(&mut |_, _| {}).unwrap();
        assert_eq!(report.parts[1].measures[AUROC].with, None);
        assert!(report.parts[0].mrmc.is_some(), "of the finding that has both classes");
    }
}
