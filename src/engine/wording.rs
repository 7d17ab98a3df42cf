//! Whether a model has learnt what a sentence says. For words that it never learnt, a percentile is no evidence.
//!
//! Words that the lexicon recognises as a finding that the model learnt count as related to that finding. Other words,
//! without the template around them, are compared with the wordings that the model learnt, by the cosine of the text
//! encoder's mean hidden states. This is the similarity for which all-MiniLM-L6-v2 was trained (Reimers and Gurevych,
//! 2019, <https://arxiv.org/abs/1908.10084>).

use serde::Serialize;

use crate::package::config::Wordings;
use crate::text::align::{align, names_no_disease, share_known};
use crate::text::prompt::{Prompt, normalize};

/// How well a model knows a sentence.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Wording {
    /// It learnt this finding in these words.
    Learnt {
        /// The finding's standard name.
        finding: String,
    },
    /// It learnt something similar.
    Related {
        /// The standard name of the nearest finding.
        finding: String,
        /// The nearest words.
        nearest: String,
        /// Their cosine similarity, -1 to 1; `None` where the lexicon recognises the words as this finding.
        #[serde(skip_serializing_if = "Option::is_none")]
        cosine: Option<f32>,
    },
    /// It learnt nothing similar, so a score means nothing.
    Unknown {
        /// The cosine similarity of the nearest wording that it learnt, -1 to 1.
        cosine: f32,
    },
}

impl Wording {
    /// The standing as one word: `learnt`, `related` or `unknown`.
    pub fn standing(&self) -> &'static str {
        match self {
            Self::Learnt { .. } => "learnt",
            Self::Related { .. } => "related",
            Self::Unknown { .. } => "unknown",
        }
    }
}

impl Wordings {
    /// The normalised sentence without the template around its finding; the whole sentence if it fits no template.
    pub fn finding_of(&self, prompt: &Prompt) -> String {
        let sentence = prompt.normalized();
        let bare = self.templates.iter().filter_map(|template| {
            let (before, after) = template.split_once("{}")?;
            let [before, after] = [before, after].map(words);
            let rest = sentence.strip_prefix(&before)?;
            let rest = rest.strip_suffix(&after)?;
            // "there is no" must not match the beginning of "there is nodule".
            let whole = (before.is_empty() || rest.is_empty() || rest.starts_with(' '))
                && (after.is_empty() || rest.is_empty() || rest.ends_with(' '));
            whole.then(|| rest.trim())
        });
        bare.min_by_key(|bare| bare.len()).unwrap_or(sentence).to_string()
    }

    /// Judges normalised words without the text encoder: they are a learnt wording, or according to the lexicon name a
    /// learnt finding and nothing else. `None` if they are neither.
    pub fn look_up(&self, words: &str) -> Option<Wording> {
        let is = |wording: &String| self::words(wording) == words;
        if let Some((finding, _)) = self.learnt.iter().find(|(_, wordings)| wordings.iter().any(is))
        {
            return Some(Wording::Learnt { finding: finding.clone() });
        }
        let statements = align(words);
        let [statement] = &statements[..] else { return None };
        if share_known(words) < 1.0 {
            return None; // "mass of people" does not name a finding
        }
        let (finding, _) = self.learnt.get_key_value(&statement.finding)?;
        let [finding, nearest] = [finding.clone(), finding.clone()];
        Some(Wording::Related { finding, nearest, cosine: None })
    }

    /// Everything that was learnt: pairs of a finding and one of its wordings.
    pub fn all(&self) -> impl Iterator<Item = (&String, &String)> {
        let pairs = |(finding, wordings)| std::iter::repeat(finding).zip(wordings);
        self.learnt.iter().flat_map(pairs)
    }

    /// Judges normalised words that were not learnt, by their cosines with [`Wordings::all`]. A single medical word
    /// makes any sentence look similar, so more than half of the words have to be medical, and what they name has to be
    /// a disease.
    pub fn judge(&self, words: &str, cosines: impl Iterator<Item = f32>) -> Wording {
        let nearest = self.all().zip(cosines).max_by(|a, b| a.1.total_cmp(&b.1));
        match nearest {
            Some(((finding, nearest), cosine))
                if cosine >= self.related
                    && share_known(words) > 0.5
                    && !names_no_disease(words) =>
            {
                let (finding, nearest) = (finding.clone(), nearest.clone());
                Wording::Related { finding, nearest, cosine: Some(cosine) }
            }
            nearest => Wording::Unknown { cosine: nearest.map_or(0.0, |(_, cosine)| cosine) },
        }
    }
}

/// The words of a part of a sentence, normalised as [`normalize`] does with a whole one.
fn words(part: &str) -> String {
    // `normalize` would drop a sentence of one word, so a template is added.
    let sentence = normalize(&format!("there is {part}"));
    sentence.strip_prefix("there is").unwrap_or_default().trim().to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn wordings() -> Wordings {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        Wordings {
            templates: names(&["There is {}", "There is no {}", "{} is present"]),
            learnt: BTreeMap::from([
                ("Hernia".to_string(), names(&["Hernia", "a hiatus hernia"])),
                ("Mass".to_string(), names(&["Mass"])),
            ]),
            related: 0.5,
        }
    }

    #[test]
    fn templates_are_taken_off() {
        for (sentence, finding) in [
            ("There is Hernia", "hernia"),
            ("There is no large mass.", "large mass"),
            ("A hiatus hernia is present", "a hiatus hernia"),
            ("The heart is large", "the heart is large"),
            ("There is nodule", "nodule"),
            ("There is no nodule", "nodule"),
            ("There is", ""),
        ] {
            assert_eq!(wordings().finding_of(&Prompt::new(sentence)), finding, "{sentence}");
        }
    }

    #[test]
    fn what_is_learnt_near_and_far_is_told_apart() {
        let wordings = wordings();
        let hernia = Wording::Learnt { finding: "Hernia".to_string() };
        assert_eq!(wordings.look_up("a hiatus hernia"), Some(hernia));
        let lexicon = wordings.look_up("large hernias").map(|wording| wording.standing());
        assert_eq!(lexicon, Some("related"));
        assert_eq!(wordings.look_up("hernia and mass"), None, "two findings");
        assert_eq!(wordings.look_up("mass of people"), None, "no finding");
        assert_eq!(wordings.look_up("pneumothorax"), None, "a finding that it did not learn");
        let near = wordings.judge("hernia", [0.1, 0.6, 0.3].into_iter());
        let expected = Wording::Related {
            finding: "Hernia".to_string(),
            nearest: "a hiatus hernia".to_string(),
            cosine: Some(0.6),
        };
        assert_eq!(near, expected);
        let words = wordings.judge("hernia of gold", [0.1, 0.6, 0.3].into_iter());
        assert_eq!(words.standing(), "unknown", "half of the words are none of medicine");
        let far = wordings.judge("hernia", [0.1, 0.2, 0.3].into_iter());
        assert_eq!(far, Wording::Unknown { cosine: 0.3 });
    }
}
