//! From a finding to the sentence that is given to the model, in the form on which the model was trained.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::error::{Error, Result};

/// A sentence for the model, and its normalised form, which is the key for everything that is stored about it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Prompt {
    sentence: String,
    normalized: String,
}

impl Prompt {
    /// Normalises a sentence.
    pub fn new(sentence: &str) -> Self {
        Self { sentence: sentence.to_string(), normalized: normalize(sentence) }
    }

    /// The sentence as it was given.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }

    /// The sentence in the form that [`normalize`] returns.
    pub fn normalized(&self) -> &str {
        &self.normalized
    }
}

impl fmt::Display for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl Serialize for Prompt {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.sentence)
    }
}

/// The sentence that is given to the model for a finding. A phrase is wrapped as "There is …", a form on which the
/// model was trained and without which a single word would be dropped (see [`normalize`]). A finding that is already a
/// sentence is kept.
///
/// # Errors
///
/// [`Error::Prompt`] where no word in Latin letters or digits remains.
pub fn sentence(finding: &str) -> Result<String> {
    const VERBS: [&str; 9] = ["is", "are", "was", "were", "has", "have", "shows", "show", "there"];
    let finding = finding.split_whitespace().collect::<Vec<_>>().join(" ");
    let phrase = finding.trim_end_matches(['.', ',', ';']);
    let words: Vec<String> = ascii_words(phrase).collect();
    if words.is_empty() {
        return Err(Error::Prompt(finding));
    }
    if words.len() > 1 && words.iter().any(|word| VERBS.contains(&word.as_str())) {
        return Ok(finding);
    }
    Ok(format!("There is {phrase}"))
}

/// CARZero's normalisation: sentences are split at `.` and at numbering (`1.`), lower-cased and
/// reduced to their ASCII words; a sentence of one word or none is dropped.
pub fn normalize(text: &str) -> String {
    split_sentences(text)
        .filter(|sentence| words(sentence).count() > 1)
        .flat_map(|sentence| ascii_words(sentence).collect::<Vec<_>>())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Splits at every `.`. Digits right before a `.` are a number in a numbered list, and belong to no sentence.
fn split_sentences(text: &str) -> impl Iterator<Item = &str> {
    let numbered = text.matches('.').count();
    text.split('.').enumerate().map(move |(index, sentence)| {
        if index < numbered {
            sentence.trim_end_matches(|c: char| c.is_ascii_digit())
        } else {
            sentence
        }
    })
}

/// The words of a text: runs of letters, digits and `_` (Python's `\w+`).
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
}

/// The words in lower case, reduced to their ASCII characters.
fn ascii_words(text: &str) -> impl Iterator<Item = String> {
    words(text)
        .map(|word| word.to_lowercase().chars().filter(char::is_ascii).collect::<String>())
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_become_sentences() {
        for (finding, expected) in [
            ("pneumothorax", "There is pneumothorax"),
            ("  Pleural   Effusion. ", "There is Pleural Effusion"),
            ("no pneumothorax", "There is no pneumothorax"),
            ("There is Hernia", "There is Hernia"),
            ("The heart is enlarged.", "The heart is enlarged."),
        ] {
            assert_eq!(sentence(finding).unwrap(), expected);
        }
    }

    #[test]
    fn text_without_a_readable_word_is_refused() {
        for finding in ["", " . ", "気胸", "…"] {
            assert_eq!(sentence(finding).unwrap_err().code(), "bad-prompt", "{finding:?}");
        }
    }

    #[test]
    fn a_sentence_of_one_word_is_dropped() {
        assert_eq!(normalize("pneumothorax"), "");
        assert_eq!(normalize("Normal. There is no effusion"), "there is no effusion");
        assert_eq!(normalize("1. Heart size 2.5 cm"), "heart size 5 cm");
    }
}
