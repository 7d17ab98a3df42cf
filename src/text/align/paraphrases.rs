//! One finding in many wordings, to measure how much its score depends on the wording.

use serde::Serialize;

use super::LEXICON;
use super::finding;

/// The most wordings of one finding.
const MOST: usize = 60;
/// How many of them may be other names of the finding.
const MOST_NAMES: usize = 24;
/// Words shorter than this get no misspelt variant.
const WORTH_MISSPELLING: usize = 6;
/// Words for the size or the side of a finding. A name that contains one says more than the finding's own name, so it
/// is no paraphrase.
const QUALIFIERS: [&str; 8] =
    ["small", "moderate", "large", "trace", "left", "right", "bilateral", "b/l"];

/// What a wording changes compared with the standard prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// The sentence around the name.
    Template,
    /// The name: a synonym, an abbreviation, or its name in another language.
    Name,
    /// One or two letters of the name.
    Misspelling,
    /// It says that the finding is not certain.
    Uncertainty,
    /// It says on which side the finding is.
    Side,
    /// It says that the finding is absent.
    Negation,
    /// A person's own words, which may say anything.
    Own,
}

impl Change {
    /// Whether such a wording means the same as the finding's name.
    pub fn keeps_meaning(self) -> bool {
        matches!(self, Self::Template | Self::Name | Self::Misspelling)
    }
}

/// A wording of a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Paraphrase {
    /// What it changes.
    pub change: Change,
    /// The wording, as a person would write it.
    pub text: String,
}

/// Wordings of a finding, at most 60. Words that the vocabulary does not contain get no other names.
pub fn paraphrases(words: &str) -> Vec<Paraphrase> {
    let canonical = finding(words).unwrap_or(words);
    let name = canonical.to_lowercase();
    let around = |change, patterns: &[&str]| -> Vec<Paraphrase> {
        let text = |pattern: &&str| Paraphrase { change, text: pattern.replace("{}", &name) };
        patterns.iter().map(text).collect()
    };
    let mut all = around(
        Change::Template,
        &[
            "There is {}",
            "{}",
            "{} is present",
            "{} is seen",
            "There is evidence of {}",
            "The chest radiograph shows {}",
            "The patient has {}",
            "Frontal view with {}",
            "Findings: {}",
        ],
    );
    let is_plain = |text: &str| !text.split(' ').any(|word| QUALIFIERS.contains(&word));
    let others = LEXICON
        .names
        .iter()
        .filter(|other| other.finding == canonical && !other.own && is_plain(&other.text));
    let others = others.map(|other| Paraphrase { change: Change::Name, text: other.text.clone() });
    all.extend(others.take(MOST_NAMES));
    all.extend(misspellings(&name).map(|text| Paraphrase { change: Change::Misspelling, text }));
    all.extend(around(
        Change::Uncertainty,
        &["Possible {}", "Suspicion of {}", "{} cannot be excluded"],
    ));
    let group = LEXICON.groups.iter().find(|group| group.findings == [canonical]);
    if !group.is_some_and(|group| group.unplaced || group.placeless) {
        all.extend(around(Change::Side, &["{} on the left side", "{} on the right side"]));
    }
    all.extend(around(
        Change::Negation,
        &["There is no {}", "No evidence of {}", "Without {}", "{} is absent"],
    ));
    all.truncate(MOST);
    all
}

/// The name in three misspellings: its longest word with two letters exchanged, with one left out, and with one
/// doubled.
fn misspellings(name: &str) -> impl Iterator<Item = String> {
    let longest = name.split_whitespace().max_by_key(|word| word.len()).unwrap_or_default();
    let fits = longest.is_ascii() && longest.len() >= WORTH_MISSPELLING;
    let middle = longest.len() / 2;
    let with = move |slip: [&str; 2]| {
        let [from, to] = slip;
        let word = format!("{}{to}{}", &longest[..middle], &longest[middle + from.len()..]);
        name.replacen(longest, &word, 1)
    };
    let slips = fits.then(|| {
        let two = &longest[middle..middle + 2];
        let exchanged: String = two.chars().rev().collect();
        let doubled = format!("{}{two}", &two[..1]);
        [with([two, &exchanged]), with([two, &two[1..]]), with([two, &doubled])]
    });
    slips.into_iter().flatten().filter(move |text| text != name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::align::typed::typed;

    /// The findings of ChestX-ray14.
    fn findings() -> Vec<String> {
        let sets: serde_json::Value =
            serde_json::from_str(include_str!("../../../models/finding_sets.json")).unwrap();
        serde_json::from_value(sets[0]["findings"].clone()).unwrap()
    }

    /// Once it is aligned, a wording says of the finding what its kind of change promises. A few misspellings are not
    /// recognised.
    #[test]
    fn alignment_understands_what_each_wording_says() {
        let mut missed = 0;
        let findings = findings();
        assert_eq!(findings.len(), 14);
        for name in &findings {
            let own = finding(name).unwrap();
            let all = paraphrases(name);
            assert!((18..=MOST).contains(&all.len()), "{name}: {}", all.len());
            for Paraphrase { change, text } in all {
                let typed = typed(&text);
                let said = typed.statements.iter().find(|one| one.finding == own);
                if said.is_none() && change == Change::Misspelling {
                    missed += 1;
                    continue;
                }
                let said = said.unwrap_or_else(|| panic!("{name}: {text}: {typed:?}"));
                assert_eq!(said.negated, change == Change::Negation, "{text}");
                assert_eq!(said.uncertain, change == Change::Uncertainty, "{text}");
                assert!(change != Change::Side || said.location.is_some(), "{text}");
            }
        }
        assert!(missed <= 4, "{missed} of {} misspellings", 3 * findings.len());
    }

    #[test]
    fn wordings_differ_and_unknown_words_have_templates_alone() {
        for words in ["Pneumothorax", "asdfgh", "", "気胸", "a", "éééééé"] {
            let all = paraphrases(words);
            let distinct: std::collections::BTreeSet<_> = all.iter().map(|one| &one.text).collect();
            assert_eq!(distinct.len(), all.len(), "{words:?}");
            let named = all.iter().any(|one| one.change == Change::Name);
            assert_eq!(named, finding(words).is_some(), "{words:?}");
        }
    }
}
