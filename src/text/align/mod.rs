//! Prompt alignment by rules: free text (a finding, a sentence, a whole report) becomes standard
//! prompts, "There is [no] [finding] [in the place]", the form that CARZero was trained on. The
//! authors rewrote reports with a large language model; here a vocabulary (`lexicon.json`) and
//! scopes of cue words do it, in English and for common terms in Japanese and Spanish.
//!
//! Conventions:
//! - Where finding sets have several names for the same finding, one is used, if possible one with a reference
//!   distribution: "Consolidation" becomes "Pulmonary Consolidation" ([`canonical`]).
//! - "Heart size is normal" is read as no Cardiomegaly, "the lungs are clear" as neither Pulmonary Consolidation nor
//!   Lung Opacity. "No acute cardiopulmonary process" and "骨に異常なし" name no finding, so they give no statement.
//! - "PE" is read as a pleural effusion only beside a size or side ("small left PE"), and else not at all.
//! - What an indication or history section says is `historical`, not observed. "Status post CABG" leaves something that
//!   is there now, "status post pneumonia" does not.
//! - Such a section ends with its line, or at a heading, which includes "Currently:". Where neither follows, the report
//!   begins with the first later sentence that says with certainty where something is: "Indication: cough. Pneumonia in
//!   the left lower lobe."
//! - An empty box means "no"; a tab or bar before a new field ends the field before it.
//! - Text is compared in Unicode's NFKC form, so that ligatures from PDF text and half-width kana are recognised.
//! - "No A B or C", as it is dictated without commas, denies all three. "A or B" is uncertain in both.
//! - Absent is only what the text denies or calls unlikely (which is also uncertain). Uncertain is what the text
//!   doubts, asks about, wants to have excluded or cannot exclude, supposes ("if there is") or fears ("risk of", "may
//!   be missed"), whether this is said before the finding or after it. "CT excludes pneumonia" denies it, "exclude
//!   pneumonia" asks about it. Everything else is present.
//! - What was not seen before, or has not changed, is there now: "not present on prior", "no change in the effusion".
//! - Diseases of other persons, such as relatives, are left out.
//! - A place applies to the next finding over "or" ("left base atelectasis or pneumonia") and to the previous one over
//!   "and" ("consolidation and effusion at the left base"), but not in "right effusion and pneumothorax".
//! - A side is combined with a place that is named without one: "apical pneumothorax on the right" is at the right
//!   apex.
//! - "Bilateral effusions, left resolved" leaves the right one.
//! - "Lung" without a side is no place, and "left" alone is "left side".
//!
//! CARZero itself hardly responds to "no": score the finding, and use `negated` to show what the text said.

mod lexicon;
#[cfg(feature = "llm")]
pub mod llm;
pub mod observations;
pub mod paraphrases;
pub mod reading;
mod rules;
#[cfg(test)]
mod tests;
mod tokens;
pub mod typed;

use std::collections::{BTreeMap, HashMap, HashSet};

use lexicon::{Cue, Entry, LEXICON};
use serde::Serialize;

/// One statement of a text about a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Aligned {
    /// Canonical name of the finding.
    pub finding: String,
    /// Whether the text says that it is absent.
    pub negated: bool,
    /// Whether the text expresses doubt.
    pub uncertain: bool,
    /// Whether it belongs to the history or the clinical question, and not to what was seen.
    pub historical: bool,
    /// Canonical name of the place, such as "right lower lobe".
    pub location: Option<String>,
    /// The standard prompt: "There is no Pleural Effusion in the right lower lobe".
    pub prompt: String,
    /// Where the text names the finding: start of the byte range.
    pub start: usize,
    /// End of the byte range.
    pub end: usize,
}

/// A name to offer while a person types.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Completion {
    /// The name, synonym or abbreviation that matches.
    pub text: String,
    /// The canonical finding it stands for.
    pub finding: String,
}

/// The statements of a text, in order. Repetitions are merged into the first: a statement without a place into one with
/// a place, an uncertain one into a certain one.
pub fn align(text: &str) -> Vec<Aligned> {
    let tokens = LEXICON.read(text);
    let mut aligned: Vec<Aligned> = Vec::new();
    let mut exact: HashMap<_, usize> = HashMap::new();
    let mut vague: HashMap<_, usize> = HashMap::new();
    for found in rules::find(&tokens) {
        let (Some(first), Some(last)) = (tokens.get(found.start), tokens.get(found.end - 1)) else {
            continue;
        };
        let location = found.location.map(|location| location.name);
        for finding in &LEXICON.groups[found.group].findings {
            let statement = (finding, found.negated, found.historical);
            let placed = (statement, location.clone());
            let known = match (exact.get(&placed), vague.get(&statement)) {
                (Some(&index), _) => Some(index),
                (None, Some(&index)) if location.is_none() => Some(index),
                (None, Some(&index)) if aligned[index].location.is_none() => Some(index),
                _ => None,
            };
            let index = known.unwrap_or(aligned.len());
            vague.entry(statement).or_insert(index);
            exact.insert(placed, index);
            match aligned.get_mut(index) {
                Some(earlier) => {
                    earlier.uncertain &= found.uncertain;
                    if earlier.location.is_none() && location.is_some() {
                        earlier.location.clone_from(&location);
                        earlier.prompt = prompt(finding, found.negated, location.as_deref());
                    }
                }
                None => aligned.push(Aligned {
                    finding: finding.clone(),
                    negated: found.negated,
                    uncertain: found.uncertain,
                    historical: found.historical,
                    location: location.clone(),
                    prompt: prompt(finding, found.negated, location.as_deref()),
                    start: first.start,
                    end: last.end,
                }),
            }
        }
    }
    aligned
}

/// The standard form of a statement.
fn prompt(finding: &str, negated: bool, location: Option<&str>) -> String {
    let no = if negated { "no " } else { "" };
    match location {
        None => format!("There is {no}{finding}"),
        Some("both sides") => format!("There is {no}{finding} on both sides"),
        Some(side) if side.ends_with(" side") => format!("There is {no}{finding} on the {side}"),
        Some(place) if place.starts_with("both ") => format!("There is {no}{finding} in {place}"),
        Some(place) => format!("There is {no}{finding} in the {place}"),
    }
}

/// The name that [`align`] uses for a finding, given a name from any finding set.
pub fn canonical(name: &str) -> &str {
    LEXICON.source.same.get(name).map_or(name, String::as_str)
}

/// The Japanese name of each finding, also under its other names in finding sets, and of each place with its sides, by
/// the names in [`Aligned::location`].
pub fn japanese() -> BTreeMap<String, String> {
    let kana_or_kanji = |c: char| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}');
    let japanese =
        |terms: &[String]| terms.iter().find(|term| term.contains(kana_or_kanji)).cloned();
    let own = LEXICON.source.findings.iter();
    let mut names: BTreeMap<String, String> =
        own.filter_map(|(finding, terms)| Some((finding.clone(), japanese(terms)?))).collect();
    for (other, used) in &LEXICON.source.same {
        if let Some(name) = names.get(used).cloned() {
            names.insert(other.clone(), name);
        }
    }
    for (place, about) in &LEXICON.source.places {
        let Some(name) = japanese(&about.terms) else { continue };
        for (side, sign) in [("left", "左"), ("right", "右")] {
            names.insert(format!("{side} {place}"), format!("{sign}{name}"));
        }
        if let Some(many) = &about.many {
            names.insert(format!("both {many}"), format!("両{name}"));
        }
        names.insert(place.clone(), name);
    }
    names
}

/// The finding that a name, synonym or abbreviation stands for, whatever its case and spelling: "effusions" is Pleural
/// Effusion. `None` if the vocabulary does not contain it.
pub fn finding(name: &str) -> Option<&'static str> {
    let folded = LEXICON.fold(name);
    LEXICON.names.iter().find(|name| name.folded == folded).map(|name| name.finding.as_str())
}

/// The fraction (0..=1) of a text's words that occur in terms of the lexicon. Filler words, which may stand inside a
/// term, are not counted.
pub fn share_known(text: &str) -> f32 {
    let mut words = LEXICON.read(text);
    words.retain(|token| !LEXICON.is_filler(token));
    let known = words.iter().filter(|token| LEXICON.knows(token)).count();
    known as f32 / words.len().max(1) as f32
}

/// Whether a text names no disease although its words resemble some that do: it contains what the vocabulary ignores
/// ("pulmonary embolism", which a radiograph does not show), operations and devices, or nothing but anatomy ("clear
/// lungs").
pub fn names_no_disease(text: &str) -> bool {
    let tokens = LEXICON.read(text);
    let entries = LEXICON.entries(&tokens);
    let found = rules::find(&tokens);
    let is_treatment = |group: usize| LEXICON.groups[group].device || LEXICON.groups[group].lasting;
    (!found.is_empty() && found.iter().all(|found| is_treatment(found.group)))
        || (!tokens.is_empty()
            && entries.iter().zip(&tokens).all(|(entry, token)| match entry {
                Some(Entry::Subject(_) | Entry::Cue(Cue::Normal) | Entry::Ignore) => true,
                _ => LEXICON.is_filler(token),
            }))
}

/// All names, synonyms and abbreviations of findings.
#[cfg(feature = "train")]
pub fn vocabulary() -> impl Iterator<Item = &'static str> {
    LEXICON.names.iter().map(|name| name.text.as_str())
}

/// Names, synonyms and abbreviations that begin with a text, or that contain a word which does: the best one for each
/// finding, canonical names first.
pub fn complete(prefix: &str, limit: usize) -> Vec<Completion> {
    let prefix = LEXICON.fold(prefix);
    if prefix.is_empty() {
        return Vec::new();
    }
    let inner = format!(" {prefix}");
    let mut ranked: Vec<_> = LEXICON
        .names
        .iter()
        .filter_map(|name| {
            let rank = match (name.folded.starts_with(&prefix), name.own) {
                (true, true) => 0,
                (true, false) => 1,
                (false, _) => 2 + usize::from(!name.own),
            };
            (rank < 2 || name.folded.contains(&inner)).then_some((
                rank,
                name.folded.chars().count(),
                name,
            ))
        })
        .collect();
    ranked.sort_by_key(|&(rank, length, name)| (rank, length, &name.folded));
    let mut seen = HashSet::new();
    ranked
        .into_iter()
        .filter(|(_, _, name)| seen.insert(&name.finding))
        .take(limit)
        .map(|(_, _, name)| Completion { text: name.text.clone(), finding: name.finding.clone() })
        .collect()
}
