//! The content of all files: the scores of an image, and the statements that have to accompany them.

use serde::{Deserialize, Serialize};

/// The statement of purpose, which every file contains, and in a place that viewers show.
pub const PURPOSE: &str =
    "For teaching and research only. Not for clinical use, not for diagnosis.";

/// How a score has to be interpreted.
pub(super) const READING: &str = "A percentile is the share of the reference images with a lower logit for the same sentence: a rank, neither a \
     probability nor a statement that a finding is there. A logit is raw, and cannot be compared between sentences.";

/// The program's name, as the manufacturer in files.
pub(super) const MAKER: &str = "CARZero in the browser";
/// The program's version.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The scores of one image, with everything that has to be said about them.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Results {
    /// The model that computed the scores.
    pub model: Model,
    /// The population in which percentiles are ranks; `None` where the model has no reference images.
    pub population: Option<String>,
    /// Reasons against scoring the image, as sentences.
    pub warnings: Vec<String>,
    /// The scores, in the order of the user's list.
    pub scores: Vec<Score>,
    /// The identifiers of the image, if the files are to refer to it. The files then belong to its study, and otherwise
    /// to a new one.
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

/// The score of a sentence on the image.
#[derive(Debug, Clone, Deserialize)]
pub struct Score {
    /// The sentence as it was given to the model.
    pub sentence: String,
    /// The raw logit.
    pub logit: f32,
    /// The share of the reference images with a lower logit, in percent; `None` where the sentence has no reference.
    pub percentile: Option<f32>,
    /// How well the model knows the words; `None` where it does not say what it learnt.
    pub wording: Option<Wording>,
}

/// How well a model knows some words.
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

/// The identifiers of a DICOM image: its SOP class, its own, and those of its study and its series.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs, reason = "named as in the standard")]
pub struct Source {
    pub class: String,
    pub instance: String,
    pub study: String,
    pub series: String,
}

/// Words with which a sentence asks for an absence, or for something normal.
const NEGATIONS: [&str; 6] = ["no", "not", "without", "absent", "absence", "normal"];

impl Score {
    /// The finding: the sentence without the "There is" that the program puts before a name.
    pub(super) fn finding(&self) -> &str {
        self.sentence.strip_prefix("There is ").unwrap_or(&self.sentence)
    }

    /// Whether the sentence asks for an absence, or for something normal; the page's `isNegated` uses the same rule.
    fn is_negated(&self) -> bool {
        let text = self.finding().to_lowercase();
        let mut words = text.split(|c: char| !c.is_alphanumeric());
        words.any(|word| NEGATIONS.contains(&word)) || text.contains("free of")
    }

    /// The finding's standard name, if the sentence asks whether the finding is present and says nothing else.
    pub(super) fn standard_name(&self) -> &str {
        match &self.wording {
            Some(Wording::Learnt { finding }) if !self.is_negated() => finding,
            _ => self.finding(),
        }
    }

    /// Remarks on the sentence and its score, as sentences.
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

    /// The percentile with two decimals, which is finer than the resolution of any population.
    pub(super) fn percentile(&self) -> Option<String> {
        self.percentile.filter(|value| value.is_finite()).map(|value| format!("{value:.2}"))
    }

    /// The logit with four decimals, to which devices agree.
    pub(super) fn logit(&self) -> Option<String> {
        self.logit.is_finite().then(|| format!("{:.4}", self.logit))
    }
}

impl Results {
    /// The remarks on all scores that every file contains, as sentences.
    pub(super) fn remarks(&self) -> Vec<String> {
        let read = [PURPOSE, READING].map(str::to_string);
        read.into_iter().chain(self.warnings.clone()).collect()
    }

    /// Title and version of the model, such as "CARZero-S 0.4.0".
    pub(super) fn model(&self) -> String {
        format!("{} {}", self.model.title, self.model.version)
    }
}
