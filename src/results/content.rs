//! What is to be written: the scores of an image, and what has to be said of them in every file.

use serde::{Deserialize, Serialize};

/// In every file, and where viewers show it.
pub const PURPOSE: &str =
    "For teaching and research only. Not for clinical use, not for diagnosis.";

/// How a score is to be read.
pub(super) const READING: &str = "A percentile is the share of the reference images with a lower logit for the same sentence: a rank, neither a \
     probability nor a statement that a finding is there. A logit is raw, and cannot be compared between sentences.";

/// The program, as the maker of files.
pub(super) const MAKER: &str = "CARZero in the browser";
/// The program's version.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The scores of one image, with what has to be said of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Results {
    /// What made the scores.
    pub model: Model,
    /// Whom percentiles are among; none where the model has no reference images.
    pub population: Option<String>,
    /// What speaks against scoring the image, in sentences.
    pub warnings: Vec<String>,
    /// The scores, in the order of a person's list.
    pub scores: Vec<Score>,
    /// Which image it was, where the files shall refer to it. Then they belong to its study, and otherwise to a fresh one.
    pub source: Option<Source>,
}

/// A model.
#[derive(Debug, Clone, Deserialize)]
pub struct Model {
    /// Its title.
    pub title: String,
    /// Its version.
    pub version: String,
    /// The SHA-256 of its files, in lower-case hexadecimal.
    pub sha256: String,
}

/// How a sentence scores on the image.
#[derive(Debug, Clone, Deserialize)]
pub struct Score {
    /// As it was put to the model.
    pub sentence: String,
    /// The raw logit.
    pub logit: f32,
    /// Share of the reference images with a lower logit, in percent; none where the sentence has no reference.
    pub percentile: Option<f32>,
    /// What the model knows of the words; none where it does not say what it learnt.
    pub wording: Option<Wording>,
}

/// What a model knows of words.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Wording {
    /// It learnt the finding in these words.
    Learnt {
        /// The finding's standard name.
        finding: String,
    },
    /// It learnt something similar.
    Related {
        /// The standard name of the nearest finding.
        finding: String,
    },
    /// It learnt nothing similar.
    Unknown,
}

/// The identifiers of a DICOM image: its kind, itself, its study and its series.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs, reason = "named as in the standard")]
pub struct Source {
    pub class: String,
    pub instance: String,
    pub study: String,
    pub series: String,
}

/// Words that ask for an absence, or for what is normal.
const NEGATIONS: [&str; 6] = ["no", "not", "without", "absent", "absence", "normal"];

impl Score {
    /// The finding: the sentence without the "There is" that the program puts before a name.
    pub(super) fn finding(&self) -> &str {
        self.sentence.strip_prefix("There is ").unwrap_or(&self.sentence)
    }

    /// Whether it asks for an absence, or for what is normal, as the page's `isNegated` says.
    fn is_negated(&self) -> bool {
        let text = self.finding().to_lowercase();
        let mut words = text.split(|c: char| !c.is_alphanumeric());
        words.any(|word| NEGATIONS.contains(&word)) || text.contains("free of")
    }

    /// The finding's standard name, where the sentence asks whether it is there in words that say nothing else.
    pub(super) fn standard_name(&self) -> &str {
        match &self.wording {
            Some(Wording::Learnt { finding }) if !self.is_negated() => finding,
            _ => self.finding(),
        }
    }

    /// What has to be said of the words, in sentences.
    pub(super) fn remarks(&self) -> Vec<String> {
        let words = match &self.wording {
            Some(Wording::Related { finding }) => Some(format!(
                "The model did not learn these words, but similar ones: {finding}. The score may say more of those."
            )),
            Some(Wording::Unknown) => Some(
                "The model learnt nothing similar to these words: the score says nothing, and has no percentile."
                    .to_string(),
            ),
            _ if self.percentile.is_none() => {
                Some("There are no reference images for this sentence, so it has no percentile.".to_string())
            }
            _ => None,
        };
        let negated = self.is_negated().then(|| {
            "The sentence asks for an absence, which the model often misreads.".to_string()
        });
        words.into_iter().chain(negated).collect()
    }

    /// The percentile with two decimals, which is finer than any population.
    pub(super) fn percentile(&self) -> Option<String> {
        self.percentile.filter(|value| value.is_finite()).map(|value| format!("{value:.2}"))
    }

    /// The logit with four decimals, in which devices agree.
    pub(super) fn logit(&self) -> Option<String> {
        self.logit.is_finite().then(|| format!("{:.4}", self.logit))
    }
}

impl Results {
    /// What every file says of all scores, in sentences.
    pub(super) fn remarks(&self) -> Vec<String> {
        let read = [PURPOSE, READING].map(str::to_string);
        read.into_iter().chain(self.warnings.clone()).collect()
    }

    /// "CARZero-S 0.4.0".
    pub(super) fn model(&self) -> String {
        format!("{} {}", self.model.title, self.model.version)
    }
}
