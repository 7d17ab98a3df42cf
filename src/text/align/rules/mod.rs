//! What a text says of its findings: which are denied, doubted or past, and where each is.

mod events;
mod places;
mod scopes;

use super::lexicon::LEXICON;
use super::tokens::Token;
use events::events;
use places::{Location, Placing};
use scopes::Walk;

/// At most this many words stand between a place and the finding it describes.
const MAX_GAP: usize = 6;

/// A finding of the text.
#[derive(Debug, Clone)]
pub struct Found {
    /// Token range.
    pub start: usize,
    /// End of the token range.
    pub end: usize,
    /// Index in the lexicon's groups.
    pub group: usize,
    pub negated: bool,
    pub uncertain: bool,
    pub historical: bool,
    /// One of several that were named as alternatives: uncertain unless it is negated.
    alternative: bool,
    /// Whether another person has it, such as a relative.
    others: bool,
    /// Which sentence after the first of a section on what was asked or known before, where no other part of the text is
    /// the report: it begins with the first of them that plainly says where something is.
    asked: Option<usize>,
    /// Token range of the cue behind it that denies it.
    denied_by: Option<(usize, usize)>,
    pub location: Option<Location>,
}
/// All findings of a text, in order.
pub fn find(tokens: &[Token]) -> Vec<Found> {
    let events = events(tokens);
    let mut found = Walk::new(tokens).run(&events);
    found.sort_by_key(|found| (found.start, found.end));
    Placing::new(tokens, &events).run(&mut found);
    found.retain(|found| !found.others);
    for found in &mut found {
        found.uncertain |= found.alternative && !found.negated;
    }
    let plain = |found: &&Found| {
        let lasting = LEXICON.groups[found.group].lasting;
        found.location.is_some() && !found.uncertain && !found.historical && !lasting
    };
    let report = found.iter().filter(plain).filter_map(|found| found.asked).min();
    for found in &mut found {
        found.historical |= found.asked.is_some_and(|at| report.is_none_or(|from| at < from));
    }
    found
}

fn is_article(token: &Token) -> bool {
    ["the", "el", "la", "los", "las", "a"].contains(&token.word.as_str())
}

/// Whether a word ties two phrases together, rather than being part of one as "in" is.
fn is_link(token: &Token) -> bool {
    let source = &LEXICON.source;
    source.connectors.contains(&token.word) && !source.prepositions.contains(&token.word)
}
