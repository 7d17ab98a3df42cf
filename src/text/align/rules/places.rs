//! Assigns the places of a text to its findings.

use super::super::lexicon::{Cue, LEXICON, Side, Spot};
use super::super::tokens::Token;
use super::events::{Event, What};
use super::found::{Found, Location, MAX_GAP, is_article, is_whole};

/// A place of the text, with its token range.
#[derive(Debug, Clone, Copy)]
struct Located {
    start: usize,
    end: usize,
    spot: Spot,
}

/// Assigns each place to a finding.
pub(super) struct Placing<'a> {
    tokens: &'a [Token],
    /// For each token, the number of its clause.
    clauses: Vec<usize>,
    /// Whether a token belongs to a cue. The "of" in "evidence of" does, and so does not count as a preposition.
    cues: Vec<bool>,
    /// For each token that joins two findings ("and", a comma, "or"): whether it offers an alternative ("or").
    joins: Vec<Option<bool>>,
}

impl<'a> Placing<'a> {
    pub(super) fn new(tokens: &'a [Token], events: &[Event]) -> Self {
        let mut clauses = vec![0; tokens.len()];
        let mut cues = vec![false; tokens.len()];
        let mut joins = vec![None; tokens.len()];
        let (mut clause, mut at) = (0, 0);
        for event in events {
            clauses[at..event.end].fill(clause);
            at = event.end;
            clause += usize::from(event.what.ends_clause());
            cues[event.start..event.end].fill(matches!(event.what, What::Cue(_)));
            let join = match event.what {
                What::Cue(Cue::Or | Cue::Versus) => Some(true),
                What::Cue(Cue::And) | What::Comma => Some(false),
                _ => None,
            };
            joins[event.start..event.end].fill(join);
        }
        clauses[at..].fill(clause);
        Self { tokens, clauses, cues, joins }
    }

    pub(super) fn run(&self, found: &mut Vec<Found>) {
        let places = self.places();
        let mut carried: Option<(usize, Location)> = None;
        let mut split = Vec::new();
        let mut fallback = vec![None; found.len()];
        let mut done = 0;
        let mut skip = false;
        for (index, place) in places.iter().enumerate() {
            if std::mem::take(&mut skip) {
                continue; // already named together with the place before it
            }
            let (mut place, mut location) = (*place, Location::new(place.spot));
            // From here on, `done` is the number of findings that end before the place.
            while found.get(done).is_some_and(|found| found.end <= place.start) {
                fallback[done] = self.carry(&found[done], carried.as_ref());
                done += 1;
            }
            let of_earlier =
                self.is_introduced(&place) && self.before(found, done, &place).is_some();
            let over = (done..found.len())
                .take(2)
                .find(|&at| found[at].start < place.end && found[at].end > place.start);
            if over.is_none()
                && let Some(second) = places.get(index + 1)
                && self.are_listed(&place, second)
                && !(of_earlier && self.described(found, done, second).is_some())
                && let (Some(one), Some(two)) = (&location, Location::new(second.spot))
            {
                let name = format!("{} and {}", one.name, two.name);
                location = Some(Location { name, spot: None });
                (place.end, skip) = (second.end, true);
            }
            let Some(location) = location else { continue };
            if let Some(over) = over.map(|at| &mut found[at]) {
                let group = &LEXICON.groups[over.group];
                let plain = place.spot.side.is_none() || place.spot.plural;
                let said =
                    plain && place.spot.place.is_some_and(|place| group.places.contains(&place));
                if !group.placeless && !said {
                    over.location.get_or_insert(location);
                }
                continue;
            }
            let earlier = self.before(found, done, &place).filter(|&earlier| {
                let joins = |said: &Location| {
                    said.with(&location).is_some() && self.adds_to(&found[earlier], &place)
                };
                found[earlier].location.as_ref().is_none_or(joins)
            });
            let later = self.described(found, done, &place);
            if later.is_none()
                && let Some(earlier) = self.before(found, done, &place)
                && let Some(gone) = self.split(&mut found[earlier], &place)
            {
                split.push(gone);
                continue;
            }
            match (earlier, later) {
                (Some(earlier), later)
                    if later.is_none_or(|later| of_earlier && found[later].start > place.end) =>
                {
                    self.share_back(found, earlier, &location)
                }
                (_, Some(later)) => self.share_on(found, later, &location),
                _ if self.before(found, done, &place).is_none() => {
                    carried = Some((self.clauses[place.start], location));
                }
                _ => {}
            }
        }
        for (index, fallback) in fallback.into_iter().enumerate() {
            let found = &mut found[index];
            let carried = if index < done { fallback } else { self.carry(found, carried.as_ref()) };
            found.location = match (found.location.take(), carried) {
                (Some(own), Some(carried)) => own.with(&carried).or(Some(own)),
                (own, carried) => own.or(carried),
            };
        }
        found.extend(split);
        found.sort_by_key(|found| (found.start, found.end));
    }

    /// The place that was named before the finding in the same clause: in "In the right lower lobe there is …" it
    /// applies to the rest of the clause.
    fn carry(&self, found: &Found, carried: Option<&(usize, Location)>) -> Option<Location> {
        let (clause, location) = carried?;
        let here = self.clauses[found.start] == *clause && !LEXICON.groups[found.group].unplaced;
        here.then(|| location.clone())
    }

    /// "Bilateral effusions, left resolved": one side remains. Returns the finding that resolved, and removes its side
    /// from `found`.
    fn split(&self, found: &mut Found, place: &Located) -> Option<Found> {
        let spot = found.location.as_ref()?.spot.filter(|spot| spot.side == Some(Side::Both))?;
        let (went, stays) = match place.spot.side.filter(|_| is_whole(place.spot))? {
            Side::Left => (Side::Left, Side::Right),
            Side::Right => (Side::Right, Side::Left),
            Side::Both => return None,
        };
        let (cue, cue_end) = found.denied_by?;
        let gap = self.tokens.get(place.end..cue).or(self.tokens.get(cue_end..place.start))?;
        let small = |token: &Token| {
            LEXICON.is_filler(token) || LEXICON.source.prepositions.contains(&token.word)
        };
        if gap.len() > MAX_GAP || !gap.iter().all(small) {
            return None;
        }
        let on = |side| Location::new(Spot { side: Some(side), plural: false, ..spot });
        let gone =
            Found { location: on(went), start: place.start, end: place.end, ..found.clone() };
        (found.negated, found.location) = (false, on(stays));
        Some(gone)
    }

    /// Places from left to right; a side is joined with the place that it belongs to.
    fn places(&self) -> Vec<Located> {
        let mut places: Vec<Located> = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            match LEXICON.spots.longest(self.tokens, at, |token| &token.word, |_| false) {
                Some((end, Some(spot))) => {
                    places.push(Located { start: at, end, spot });
                    at = end;
                }
                Some((end, None)) => at = end,
                None => at += 1,
            }
        }
        let mut merged: Vec<Located> = Vec::with_capacity(places.len());
        for (index, &place) in places.iter().enumerate() {
            let leads = places.get(index + 1).is_some_and(|next| self.is_side_of(&place, next));
            match merged.last_mut() {
                Some(last) if self.is_side_of(last, &place) => {
                    let spot =
                        Spot { side: last.spot.side, place: place.spot.place, plural: false };
                    *last = Located { start: last.start, end: place.end, spot };
                }
                Some(last) if !leads && self.is_place_of(last, &place) => {
                    (last.end, last.spot.side) = (place.end, place.spot.side);
                }
                _ => merged.push(place),
            }
        }
        merged
    }

    fn is_side_of(&self, side: &Located, place: &Located) -> bool {
        let open = place.spot.side.is_none_or(|own| own == Side::Both);
        side.spot.place.is_none() && place.spot.place.is_some() && open && self.is_near(side, place)
    }

    /// Whether a place and a side after it belong together: "base izquierda", "the apex on the left", but not "lung on
    /// the left".
    fn is_place_of(&self, place: &Located, side: &Located) -> bool {
        let bare = place.spot.place.is_some_and(|place| LEXICON.places[place].bare);
        let plain = place.spot.side.is_none() && side.spot.place.is_none();
        plain && self.is_near(place, side) && (bare || place.end == side.start)
    }

    fn is_near(&self, one: &Located, two: &Located) -> bool {
        let between = &self.tokens[one.end..two.start];
        between.len() <= 3
            && between.iter().all(|token| LEXICON.source.place_filler.contains(&token.word))
    }

    /// Whether two places are joined by "and": "the lingula and right middle lobe".
    fn are_listed(&self, one: &Located, two: &Located) -> bool {
        let both = one.spot.place.is_some() && two.spot.place.is_some();
        let and = |token: &Token| ["and", "&", "/", "y", "と"].contains(&token.word.as_str());
        match &self.tokens[one.end..two.start] {
            [join] => both && and(join),
            [join, the] => both && and(join) && the.word == "the",
            _ => false,
        }
    }

    /// Whether a preposition stands before the place: "in the right lower lobe".
    fn is_introduced(&self, place: &Located) -> bool {
        let mut before = (0..place.start).rev().take(3);
        before.find(|&at| !is_article(&self.tokens[at])).is_some_and(|at| {
            !self.cues[at] && LEXICON.source.prepositions.contains(&self.tokens[at].word)
        })
    }

    /// Whether a place adds to one that the finding already has: "Apical pneumothorax on the right", "right effusion at
    /// the base", but not "right line with its tip at the apex".
    fn adds_to(&self, found: &Found, place: &Located) -> bool {
        let source = &LEXICON.source;
        let small = |token: &Token| {
            LEXICON.is_filler(token)
                || source.prepositions.contains(&token.word)
                || source.place_filler.contains(&token.word)
        };
        let next = || self.tokens[found.end..place.start].iter().all(small);
        is_whole(place.spot) || (!LEXICON.groups[found.group].device && next())
    }

    /// The last finding before a place, in the same clause.
    fn before(&self, found: &[Found], done: usize, place: &Located) -> Option<usize> {
        let index = done.checked_sub(1)?;
        (self.clauses[found[index].start] == self.clauses[place.start]).then_some(index)
    }

    /// The finding that a place directly precedes: "right lower lobe pneumonia".
    fn described(&self, found: &[Found], done: usize, place: &Located) -> Option<usize> {
        let index = (done..found.len()).take(3).find(|&index| found[index].start >= place.end)?;
        let between = place.end..found[index].start;
        let near = between.len() <= MAX_GAP
            && between.clone().all(|at| {
                let word = &self.tokens[at].word;
                !LEXICON.source.connectors.contains(&self.tokens[at].word)
                    && self.joins[at].is_none()
                    && word.chars().any(char::is_alphanumeric)
            });
        (near && self.clauses[found[index].start] == self.clauses[place.start]).then_some(index)
    }

    /// Whether a finding is joined to the next one by a conjunction or comma; with `or`, only by a word that offers an
    /// alternative.
    fn are_joined(&self, one: &Found, two: &Found, or: bool) -> bool {
        let between = one.end.min(two.start)..two.start;
        between.len() <= MAX_GAP
            && self.clauses[one.start] == self.clauses[two.start]
            && !between.clone().any(|at| self.cues[at] && self.joins[at].is_none())
            && self.joins[between].iter().flatten().any(|&is_or| is_or || !or)
    }

    /// Gives a place to the finding before it and to those joined with that one: "Consolidation and effusion at the
    /// left base".
    fn share_back(&self, found: &mut [Found], last: usize, location: &Location) {
        if LEXICON.groups[found[last].group].placeless {
            return;
        }
        let own = found[last].location.take();
        found[last].location = own.and_then(|own| own.with(location)).or(Some(location.clone()));
        for index in (0..last).rev() {
            let (one, two) = (&found[index], &found[index + 1]);
            let same = one.negated == two.negated && one.location.is_none();
            if !same || LEXICON.groups[one.group].unplaced || !self.are_joined(one, two, false) {
                break;
            }
            found[index].location = Some(location.clone());
        }
    }

    /// Gives a place to the finding after it and to its alternatives: "Left lower lobe atelectasis or pneumonia".
    fn share_on(&self, found: &mut [Found], first: usize, location: &Location) {
        if LEXICON.groups[found[first].group].placeless {
            return;
        }
        let own = found[first].location.take();
        found[first].location = own.and_then(|own| own.with(location)).or(Some(location.clone()));
        for index in first + 1..found.len() {
            if found[index].location.is_some()
                || !self.are_joined(&found[index - 1], &found[index], true)
            {
                break;
            }
            found[index].location = Some(location.clone());
        }
    }
}
