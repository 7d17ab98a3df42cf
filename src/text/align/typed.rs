//! Reads what a person types into the field for findings, before anything of it is given to the model.

use serde::Serialize;

use super::lexicon::{Cue, Entry, LEXICON, distance};
use super::{Aligned, align, complete, finding};
use crate::text::prompt::sentence;

/// A text shorter than this is not completed to a name that begins with it.
const BEGINNING: usize = 4;

/// How a typed text was understood: as a name, as a misspelt name, or as statements. If nothing in it was recognised,
/// all three are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Typed {
    /// If the text is a name, synonym or abbreviation: the canonical name of its finding, followed by the names that
    /// the finding has in other finding sets.
    pub names: Vec<String>,
    /// The name that was probably meant, if the text is no name itself.
    pub near: Option<String>,
    /// The statements of the text, or of the name in `near`; for a name with several meanings, one statement for each.
    pub statements: Vec<Aligned>,
    /// The text names no finding, but says that something is normal or absent: "normal chest".
    pub rules_out: bool,
}

/// Reads a typed text.
pub fn typed(text: &str) -> Typed {
    if let Some(finding) = finding(text) {
        let folded = LEXICON.fold(text);
        let ambiguous = LEXICON.source.ambiguous.iter();
        if let Some((_, others)) =
            ambiguous.into_iter().find(|(term, _)| LEXICON.fold(term) == folded)
        {
            let others = others.iter().flat_map(|other| align(other));
            let statements = align(text).into_iter().chain(others).collect();
            return Typed { near: Some(finding.into()), statements, ..Typed::default() };
        }
        let others = LEXICON.source.same.iter().filter(|(_, used)| *used == finding);
        let names = [finding].into_iter().chain(others.map(|(other, _)| other.as_str()));
        let names = names.map(str::to_owned).collect();
        return Typed { names, statements: align(text), ..Typed::default() };
    }
    let statements = align(text);
    if LEXICON.read(text).iter().any(|token| LEXICON.is_elsewhere(token)) {
        return Typed { statements, ..Typed::default() };
    }
    match misspelt(text).or_else(|| near(text).filter(|_| statements.is_empty())) {
        Some(name) => {
            Typed { statements: align(name), near: Some(name.into()), ..Typed::default() }
        }
        None => {
            let rules_out = statements.is_empty() && says_normal(text);
            Typed { statements, rules_out, ..Typed::default() }
        }
    }
}

/// Whether a word of the text says that something is normal or absent.
fn says_normal(text: &str) -> bool {
    use Cue::{NegAfter, NegBefore, NegEither, Normal};
    let says =
        |entry: &Entry| matches!(entry, Entry::Cue(Normal | NegBefore | NegAfter | NegEither));
    LEXICON.entries(&LEXICON.read(text)).iter().flatten().any(says)
}

/// The prompt for a text that a person enters: that of the finding it names, or else of its first statement. `None` if
/// nothing in it was recognised.
pub fn aligned(text: &str) -> Option<String> {
    let typed = typed(text);
    let named = typed.names.first().and_then(|name| sentence(name).ok());
    named.or_else(|| typed.statements.into_iter().next().map(|statement| statement.prompt))
}

/// The finding that the text names once its words are spell-corrected: "pneumothroax".
fn misspelt(text: &str) -> Option<&'static str> {
    let words: Vec<String> = LEXICON.read(text).into_iter().map(|token| token.word).collect();
    finding(&words.join(" "))
}

/// The finding whose name is one or two slips away, ignoring blanks and hyphens ("pneumo-thorax", "neumothorax"), or
/// begins with the text ("pneumoth"; but "lung" begins too many names).
fn near(text: &str) -> Option<&'static str> {
    let folded = LEXICON.fold(text);
    if LEXICON.read(text).iter().all(|token| LEXICON.knows(token)) {
        return None; // "tube" is a known word, not the beginning of "tuberculosis"
    }
    let letters = folded.replace(' ', "");
    let slips = match letters.len() {
        _ if !letters.is_ascii() => return None,
        0..6 => 0,
        6..10 => 1,
        _ => 2,
    };
    let closest = LEXICON.names.iter().filter_map(|name| {
        let other = name.folded.replace(' ', "");
        Some((distance(letters.as_bytes(), other.as_bytes(), slips)?, name))
    });
    let closest = closest.min_by_key(|&(slips, name)| (slips, !name.own));
    let begun = || {
        let name = complete(text, 1).into_iter().next()?;
        let rest = LEXICON.fold(&name.text).strip_prefix(&folded)?.to_owned();
        let broken_off = folded.chars().count() >= BEGINNING && !rest.contains(' ');
        finding(&name.finding).filter(|_| broken_off)
    };
    closest.map(|(_, name)| name.finding.as_str()).or_else(begun)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_synonyms_and_abbreviations_are_taken_at_once() {
        for (text, finding) in [
            ("Pneumothorax", "Pneumothorax"),
            ("PTX", "Pneumothorax"),
            (" ptx ", "Pneumothorax"),
            ("胸水", "Pleural Effusion"),
            ("derrame pleural", "Pleural Effusion"),
            ("NSG tube", "Nasogastric Tube"),
            ("Ryles tube", "Nasogastric Tube"),
            ("ETT", "Endotracheal Tube"),
            ("ICC", "Heart Insufficiency"),
            ("CHF", "Heart Insufficiency"),
            ("PICC line", "Central Venous Catheter"),
            ("consolidation", "Pulmonary Consolidation"),
        ] {
            let typed = typed(text);
            assert_eq!(typed.names.first().map(String::as_str), Some(finding), "{text}");
            assert_eq!(typed.near, None, "{text}");
        }
        for (text, prompt) in [
            ("LLL collapse", "There is Atelectasis in the left lower lobe"),
            ("corazón grande", "There is Cardiomegaly"),
        ] {
            let prompts = typed(text).statements.into_iter().map(|one| one.prompt);
            assert_eq!(prompts.collect::<Vec<_>>(), [prompt]);
        }
        assert!(typed("LLL collapse").names.is_empty(), "a name alone would lose the place");
        assert_eq!(typed("Consolidation").names, ["Pulmonary Consolidation", "Consolidation"]);
    }

    #[test]
    fn a_near_miss_names_what_was_meant() {
        for (text, finding) in [
            ("pneumothroax", "Pneumothorax"),
            ("neumothorax", "Pneumothorax"),
            ("pneumo-thorax", "Pneumothorax"),
            ("pnuemonia", "Pneumonia"),
            ("cardio megaly", "Cardiomegaly"),
            ("plueral efusion", "Pleural Effusion"),
            ("atelectsis", "Atelectasis"),
            ("pneumoth", "Pneumothorax"),
            ("emphisema", "Pulmonary Emphysema"),
        ] {
            let typed = typed(text);
            let known = typed.names.first().or(typed.near.as_ref());
            assert_eq!(known.map(String::as_str), Some(finding), "{text}");
            assert_eq!(typed.statements.len(), 1, "{text}");
            assert!(typed.statements.iter().all(|one| !one.negated), "{text}");
        }
        let meanings = typed("collapsed lung");
        let meanings: Vec<&str> =
            meanings.statements.iter().map(|one| one.finding.as_str()).collect();
        assert_eq!(meanings, ["Atelectasis", "Pneumothorax"], "people mean either");
    }

    #[test]
    fn a_statement_keeps_what_it_says_of_the_finding() {
        let said = |text: &str| {
            let typed = typed(text);
            assert_eq!((typed.names.len(), &typed.near), (0, &None), "{text}");
            let one = typed.statements.into_iter().next().unwrap();
            (one.finding, one.negated, one.historical)
        };
        for (text, finding, negated, historical) in [
            ("sin derrame", "Pleural Effusion", true, false),
            ("no pneumothorax", "Pneumothorax", true, false),
            ("胸水なし", "Pleural Effusion", true, false),
            ("hx of CHF", "Heart Insufficiency", false, true),
            ("left pleural effusion", "Pleural Effusion", false, false),
        ] {
            assert_eq!(said(text), (finding.into(), negated, historical), "{text}");
        }
    }

    #[test]
    fn what_is_typed_is_aligned_as_the_page_does() {
        for (text, prompt) in [
            ("PTX", Some("There is Pneumothorax")),
            ("胸水", Some("There is Pleural Effusion")),
            ("pneumothroax", Some("There is Pneumothorax")),
            ("no effusion on the left", Some("There is no Pleural Effusion on the left side")),
            ("asdfgh", None),
            ("", None),
        ] {
            assert_eq!(aligned(text).as_deref(), prompt, "{text}");
        }
    }

    #[test]
    fn what_rules_all_out_is_told_from_what_is_not_known() {
        for (text, rules_out) in [
            ("normal chest", true),
            ("normal", true),
            ("no acute cardiopulmonary process", true),
            ("異常なし", true),
            ("NAD", true),
            ("radiografía normal", true),
            ("asdfgh", false),
            ("chest", false),
            ("", false),
            ("no pneumothorax", false),
            ("lungs are clear", false),
        ] {
            assert_eq!(typed(text).rules_out, rules_out, "{text}");
        }
    }

    #[test]
    fn what_is_not_known_is_nothing() {
        for text in [
            "",
            "a",
            "asdfgh",
            "a coin in the oesophagus",
            "happiness",
            "元気",
            "🫁",
            "lung",
            "heart",
            "fluid",
            "tube",
            "line",
            "chest",
            "brain tumor",
            "ovarian mass",
            "mass in the liver",
            "abdominal mass",
            "nodule in the thyroid",
            "skin nodule",
            "cardiac mass",
            "nodule in breast",
            "mastoid opacity",
            "knee fracture",
            "hip fracture",
        ] {
            let typed = typed(text);
            assert_eq!(
                (typed.names.len(), typed.near, typed.statements.len()),
                (0, None, 0),
                "{text}"
            );
        }
    }
}
