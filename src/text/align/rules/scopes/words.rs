//! What the words around an event say about its meaning.

use super::super::super::lexicon::LEXICON;
use super::super::super::tokens::{TICKED_BOX, Token};
use super::super::events::{Event, What};
use super::super::found::{Found, MAX_GAP, is_article, is_link};
use super::{Walk, leads_on};

/// Words that follow "change" where a finding has not changed: "no change in …". Without one the finding itself is
/// denied: "no changes of emphysema".
const CHANGED: [&str; 6] = ["in", "en", "since", "desde", "respecto", "from"];
/// "change" has to be among this many words after "no".
const MAX_CHANGED: usize = 4;

impl Walk<'_> {
    /// Whether a negation denies a change, so that the finding is there: "No se aprecian cambios (significativos) en el
    /// derrame".
    pub(super) fn denies_change(&self, event: &Event, next: Option<&Event>) -> bool {
        let ahead = next.map_or(self.tokens.len(), |next| next.start);
        let mut words = self.tokens[event.end..ahead.max(event.end)].iter();
        let is_change = |token: &Token| LEXICON.source.changes.contains(&token.stem);
        words.by_ref().take(MAX_CHANGED).any(is_change)
            && words
                .take(2)
                .find(|token| {
                    LEXICON.source.connectors.contains(&token.word)
                        || CHANGED.contains(&token.word.as_str())
                })
                .is_some_and(|token| CHANGED.contains(&token.word.as_str()))
    }

    /// Whether "non" is part of a longer word: "non-calcified granuloma", but not "non-pneumonia".
    pub(super) fn is_part_of_word(&self, event: &Event, next: Option<&Event>) -> bool {
        let whole = |next: &Event| {
            let word = (next.start, next.end) == (event.end, event.end + 1);
            word && matches!(next.what, What::Finding(_))
        };
        self.tokens[event.start].word == "non" && !next.is_some_and(whole)
    }

    /// Whether "risk" is not about the finding before it: "effusion in a high risk patient", but not "pneumothorax
    /// risk".
    pub(super) fn is_risk_of_another(&self, event: &Event) -> bool {
        self.tokens[event.start].word == "risk"
            && self.found.last().is_none_or(|last| last.end != event.start)
    }

    /// Whether a cue asks for all findings of a list: "Rule out pneumonia, effusion" asks for both.
    pub(super) fn asks(&self, event: &Event) -> bool {
        const VERBS: [&str; 10] = [
            "exclude",
            "rule",
            "r",
            "evaluate",
            "eval",
            "assess",
            "check",
            "screen",
            "descartar",
            "excluir",
        ];
        let words = &self.tokens[event.start..event.end];
        words.iter().any(|token| VERBS.contains(&token.word.as_str()))
    }

    pub(super) fn says_excluded(&self, event: &Event) -> bool {
        ["excludes", "rules"].contains(&self.tokens[event.start].word.as_str())
    }

    /// Whether a negation answers the finding before it: "Pneumothorax: no", "effusion – absent", "Fracture? None",
    /// "edema, resolved" and "Mass no".
    pub(super) fn answers(&self, event: &Event, next: Option<&Event>) -> bool {
        let marks = |before: usize| {
            [":", "-", "?", "(", TICKED_BOX].contains(&self.tokens[before].word.as_str())
        };
        let asked = event.start.checked_sub(1).is_some_and(marks);
        let direct =
            self.is_next_to(event) && self.tokens.get(event.end).is_none_or(Token::ends_sentence);
        let ends = next.is_none_or(|next| {
            next.what.ends_clause() || (asked && matches!(next.what, What::Comma | What::Close))
        });
        (asked || direct) && self.found.len() > self.barrier && ends
    }

    /// Whether a cue says that an earlier finding is gone: "Known effusion, resolved in the interval".
    pub(super) fn ends_earlier(&self, event: &Event, next: Option<&Event>) -> bool {
        let word = self.tokens[event.start].word.as_str();
        ["resolved", "cleared"].contains(&word)
            && self.found.len() > self.barrier
            && !leads_on(next)
    }

    /// Whether the clause of a cue has a pronoun such as "it" as its subject, and names nothing else.
    pub(super) fn is_about_last(&self, event: &Event) -> bool {
        const IT: [&str; 6] = ["it", "this", "they", "these", "that", "which"];
        const FEW: usize = 4;
        let begins = |token: &&Token| !token.ends_sentence() && !matches!(&*token.word, "," | ";");
        let mut clause: Vec<&Token> =
            self.tokens[..event.start].iter().rev().take_while(begins).take(FEW).collect();
        let it = clause.pop().is_some_and(|token| IT.contains(&token.word.as_str()));
        it && clause.into_iter().all(|token| LEXICON.is_filler(token))
    }

    /// Whether a cue of doubt ends its phrase and so is about the finding before it: "Pneumonia: possible", "effusion
    /// likely".
    pub(super) fn trails(&self, event: &Event) -> bool {
        const ENDS: [&str; 5] = [",", ";", ")", "and", "but"];
        let ends = |token: &Token| token.ends_sentence() || ENDS.contains(&token.word.as_str());
        self.tokens.get(event.end).is_none_or(ends) && self.is_next_to(event)
    }

    /// Whether only filler words and marks stand between the last finding and a cue.
    pub(super) fn is_next_to(&self, event: &Event) -> bool {
        let skips = |token: &Token| {
            LEXICON.is_filler(token) || [":", "-", "(", ")", ","].contains(&token.word.as_str())
        };
        let gap = |found: &Found| self.tokens.get(found.end..event.start);
        let last = self.found[self.barrier..].last().and_then(gap);
        last.is_some_and(|gap| gap.iter().all(skips))
    }

    /// Whether a finding is in a part of the body that a chest radiograph does not show: "Brain tumor", "mass in the
    /// liver".
    pub(super) fn is_elsewhere(&self, event: &Event) -> bool {
        let is_part = |token: &Token| LEXICON.is_elsewhere(token);
        let before = event.start.checked_sub(1).and_then(|at| self.tokens.get(at));
        let mut after = self.tokens.get(event.end..).unwrap_or_default().iter();
        let leads =
            after.next().is_some_and(|token| LEXICON.source.prepositions.contains(&token.word));
        let place = after.find(|token| !LEXICON.is_filler(token));
        before.is_some_and(is_part) || (leads && place.is_some_and(is_part))
    }

    /// Whether a finding is named again on the other side: "No pneumothorax left, pneumothorax right".
    pub(super) fn is_on_other_side(&self, event: &Event, group: usize) -> bool {
        let side = |start: usize, end: usize| {
            let after = self.tokens[end..].iter().take(3).take_while(|token| {
                LEXICON.source.prepositions.contains(&token.word) || is_article(token)
            });
            let at = |at: &usize| {
                LEXICON.spots.longest(self.tokens, *at, |token| &token.word, |_| false)?.1?.side
            };
            [end + after.count(), start.wrapping_sub(1)].iter().find_map(at)
        };
        let here = side(event.start, event.end);
        let denied = self.found[self.neg.since..].iter().rev().take(MAX_GAP);
        let mut denied = denied.filter(|found| found.group == group);
        here.is_some()
            && denied
                .any(|found| side(found.start, found.end).is_some_and(|side| Some(side) != here))
    }

    /// Whether a finding continues a list without commas: "No consolidation moderate effusion or mass", "no effusion
    /// pneumothorax". It has to follow the last finding directly; where an "or" ends the list, attributes may stand
    /// between.
    pub(super) fn is_listed(&self, event: &Event, or_ends: bool) -> bool {
        let Some(last) = self.found.last() else { return false };
        let gap = self.tokens.get(last.end..event.start).unwrap_or_default();
        let closed = self.neg.or && !or_ends; // no effusion or pneumothorax cardiomegaly present
        let own = ["calcified", "degenerative", "old", "healed"]
            .contains(&self.tokens[event.start].word.as_str());
        (gap.is_empty() && !closed && !own)
            || (or_ends && gap.len() <= MAX_GAP && !gap.iter().any(is_link))
    }

    /// Whether an event is a statement about an organ, which the negation of something else does not reach: "heart is
    /// enlarged".
    pub(super) fn is_statement(&self, event: &Event) -> bool {
        const ORGANS: [&str; 9] = [
            "heart",
            "cardiac",
            "cardiomediastinal",
            "aorta",
            "trachea",
            "mediastinum",
            "diaphragm",
            "hemidiaphragm",
            "lung",
        ];
        let words = &self.tokens[event.start..event.end];
        let [organ, .., said] = words else { return false };
        ORGANS.contains(&organ.stem.as_str())
            && (said.word.ends_with("ed")
                || ["large", "big", "tortuous"].contains(&said.word.as_str()))
    }
}
