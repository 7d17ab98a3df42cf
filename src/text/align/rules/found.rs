//! A finding of a text, and where it is.

use super::super::lexicon::{LEXICON, Spot};
use super::super::tokens::Token;

/// At most this many words stand between a place and the finding it describes.
pub(super) const MAX_GAP: usize = 6;

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
    pub(super) alternative: bool,
    /// Whether another person has it, such as a relative.
    pub(super) others: bool,
    /// In a section on the clinical question or the history, after which no heading begins the report: the number of
    /// the sentence, counted from the section's first. The report then begins with the first of these sentences that
    /// plainly says where something is.
    pub(super) asked: Option<usize>,
    /// Range of tokens of the cue after it that denies it.
    pub(super) denied_by: Option<(usize, usize)>,
    pub location: Option<Location>,
}
/// Where a finding is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    pub name: String,
    /// The spot that `name` is the name of; `None` where it names two places.
    pub(super) spot: Option<Spot>,
}

impl Location {
    pub(super) fn new(spot: Spot) -> Option<Self> {
        Some(Self { name: LEXICON.place_name(spot)?, spot: Some(spot) })
    }

    /// Combines two locations, one of which is a side: "Apical … on the right" is at the right apex. `None` where the
    /// place already has a side, or the other location is more than a side.
    pub(super) fn with(&self, other: &Self) -> Option<Self> {
        let (one, other) = (self.spot?, other.spot?);
        let (place, side) = if is_whole(other) { (one, other) } else { (other, one) };
        let sided = LEXICON.places[place.place?].many.is_some();
        let joins = sided && place.side.is_none() && is_whole(side) && !is_whole(place);
        Self::new(Spot { side: side.side, ..place }).filter(|_| joins)
    }
}

/// Whether a spot is a whole side of the chest and no part of it: "right", "the right lung".
pub(super) fn is_whole(spot: Spot) -> bool {
    const WHOLE: [&str; 3] = ["side", "lung", "hemithorax"];
    spot.place.is_none_or(|place| WHOLE.contains(&LEXICON.places[place].one.as_str()))
}
pub(super) fn is_article(token: &Token) -> bool {
    ["the", "el", "la", "los", "las", "a"].contains(&token.word.as_str())
}

/// Whether a word connects two phrases, unlike "in", which is part of one.
pub(super) fn is_link(token: &Token) -> bool {
    let source = &LEXICON.source;
    source.connectors.contains(&token.word) && !source.prepositions.contains(&token.word)
}
