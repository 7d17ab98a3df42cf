//! Splits a text into events, which are terms and punctuation marks, from left to right.

use super::super::lexicon::{Cue, Entry, LEXICON};
use super::super::tokens::{EMPTY_BOX, LINE, TICKED_BOX, Token};
use super::found::MAX_GAP;

/// Denies a finding if it stands between the finding's words: "the shoulder is not dislocated".
pub(super) const DENIED: &str = "not";
/// Words before an expression of an earlier time that mean what was seen then: "seen previously".
const SEEN_EARLIER: [&str; 6] = ["seen", "present", "visible", "on", "in", "the"];
/// A negation cue with one of these words says that something is not there; other negation cues say that it went away.
const UNSEEN: [&str; 6] = ["not", "absent", "ausente", "な", "ず", "ん"];

/// A term or mark of the text, with its range of tokens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Finding(usize),
    Subject(usize),
    Cue(Cue),
    /// A tick box of a form.
    Box {
        ticked: bool,
        /// Whether it stands before the finding that it belongs to.
        leads: bool,
    },
    Comma,
    Open,
    Close,
    /// `? pneumonia`
    QueryBefore,
    /// `pneumonia?`
    QueryAfter,
    Sentence,
    Line,
}

impl What {
    pub(super) fn ends_clause(self) -> bool {
        matches!(
            self,
            Self::Sentence
                | Self::Line
                | Self::QueryAfter
                | Self::Box { .. }
                | Self::Cue(Cue::Break | Cue::Except)
        )
    }
}
/// The events of a text: the longest terms from left to right, and marks.
pub(super) fn events(tokens: &[Token]) -> Vec<Event> {
    let lexicon = &*LEXICON;
    let mut events: Vec<Event> = Vec::new();
    let mut at = 0;
    let (mut line_end, mut leads) = (0, true);
    // Index of the event for what was not seen earlier, if there was one.
    let mut new = None;
    // Whether the sentence has named a finding.
    let mut named = false;
    while let Some(token) = tokens.get(at) {
        if token.word == EMPTY_BOX && is_answer(tokens, at + 1) {
            at += 2; // "[ ] yes [x] no": the empty box belongs to "yes", which is not the answer
            continue;
        }
        if at >= line_end {
            (line_end, leads) = boxes(tokens, at);
        }
        if named && let Some(end) = aside(tokens, at) {
            at = end;
            continue;
        }
        let longest = |denied: bool| {
            let between = |token: &Token| {
                lexicon.is_filler(token)
                    || [":", "-"].contains(&token.word.as_str())
                    || (denied && token.word == DENIED)
            };
            lexicon.terms.longest(tokens, at, |token| &token.stem, between)
        };
        let plain = longest(false);
        let longer = |&(end, entry): &(usize, Entry)| {
            matches!(entry, Entry::Finding(_)) && plain.is_none_or(|(other, _)| end > other)
        };
        let alone = lexicon.alone.longest(tokens, at, |token| &token.stem, |_| false);
        let alone = alone.filter(|&(end, _)| is_alone(tokens, at, end));
        let term = alone.or_else(|| longest(true).filter(longer)).or(plain);
        let unseen = unseen_earlier(tokens, at);
        let (end, what) = match term.filter(|&(end, _)| !is_mere_word(tokens, at, end)) {
            _ if let Some(end) = unseen => (end, Some(What::Cue(Cue::Present))),
            Some((end, Entry::Finding(group))) => (end, Some(What::Finding(group))),
            Some((end, Entry::Subject(group))) => (end, Some(What::Subject(group))),
            Some((end, Entry::Cue(cue))) => (end, Some(What::Cue(cue))),
            Some((end, Entry::Ignore)) => (end, None),
            None => (at + 1, mark(tokens, at, token, leads)),
        };
        match what {
            _ if unseen.is_some() => new = Some(events.len()),
            Some(What::Finding(_) | What::Sentence | What::Line) => new = None,
            Some(What::Cue(Cue::NegAfter | Cue::NegEither)) => {
                // "Not seen previously and not seen today"
                if let Some(new) = new.take() {
                    events[new].what = What::Cue(Cue::NegAfter);
                }
            }
            _ => {}
        }
        match what {
            Some(What::Finding(_)) => named = true,
            Some(What::Sentence | What::Line) => named = false,
            _ => {}
        }
        events.extend(what.map(|what| Event { start: at, end, what }));
        at = end;
    }
    events
}

/// Where a phrase such as "not present on prior" or "前回みられなかった" ends. What was not there before is there now.
fn unseen_earlier(tokens: &[Token], at: usize) -> Option<usize> {
    let lexicon = &*LEXICON;
    let over = |at: usize| {
        let small = |token: &Token| lexicon.source.earlier_filler.contains(&token.word);
        at + tokens[at..].iter().take(MAX_GAP).take_while(|token| small(token)).count()
    };
    let earlier = |at| Some(lexicon.earlier.longest(tokens, at, |token| &token.word, |_| false)?.0);
    let unseen = |at: usize| {
        let filler = |token: &Token| lexicon.is_filler(token);
        let cue = lexicon.terms.longest(tokens, at, |token| &token.stem, filler)?;
        let (end, Entry::Cue(Cue::NegAfter | Cue::NegEither)) = cue else { return None };
        tokens[at..end].iter().any(|token| UNSEEN.contains(&token.word.as_str())).then_some(end)
    };
    // "effusion on prior not seen", "seen previously not seen now"
    let seen =
        |token: &Token| token.word.ends_with("ed") || SEEN_EARLIER.contains(&token.word.as_str());
    let end = match earlier(at) {
        Some(_) if at > 0 && seen(&tokens[at - 1]) => None,
        Some(end) => unseen(over(end)),
        None => earlier(over(unseen(at)?)),
    };
    // "not present on prior or current exam"
    let or = |token: &Token| ["or", "nor", "ni"].contains(&token.word.as_str());
    end.filter(|&end| !tokens.get(end).is_some_and(or))
}

/// Where an aside on the earlier state of a finding ends, so that the verb after it applies to the finding: "the
/// effusion, seen previously, has resolved", "the pneumothorax that was present yesterday is no longer seen".
fn aside(tokens: &[Token], at: usize) -> Option<usize> {
    const MOST: usize = 12;
    const RELATIVE: [&str; 2] = ["that", "which"];
    const WAS: [&str; 3] = ["was", "were", "had"];
    const SAID: [&str; 9] = [
        "seen",
        "noted",
        "described",
        "reported",
        "identified",
        "visible",
        "present",
        "known",
        "mentioned",
    ];
    const VERBS: [&str; 9] = ["is", "are", "was", "were", "has", "have", "had", "can", "could"];
    let has = |at: usize, words: &[&str]| {
        tokens.get(at).is_some_and(|token| words.contains(&token.word.as_str()))
    };
    let comma = has(at, &[","]);
    let start = at + usize::from(comma);
    let relative = has(start, &RELATIVE) && has(start + 1, &WAS);
    let said = comma && has(start, &SAID);
    if !relative && !said {
        return None;
    }
    let first = start + if relative { 2 } else { 1 };
    let ends = |token: &&Token| {
        !token.ends_sentence() && token.word != "," && !VERBS.contains(&token.word.as_str())
    };
    let last = first + tokens.get(first..)?.iter().take(MOST).take_while(ends).count();
    let earlier =
        |at| LEXICON.earlier.longest(tokens, at, |token| &token.word, |_| false).is_some();
    let verb = last + usize::from(has(last, &[","]));
    let closed = comma == (verb > last) && has(verb, &VERBS);
    (closed && (first..last).any(earlier)).then_some(verb)
}

/// Whether a heading without a colon does not count as a heading, because other words stand before it on its line.
fn is_mere_word(tokens: &[Token], start: usize, end: usize) -> bool {
    let leads = start.checked_sub(1).is_none_or(|before| tokens[before].ends_sentence());
    tokens[end - 1].word == LINE && !leads
}

fn mark(tokens: &[Token], at: usize, token: &Token, leads: bool) -> Option<What> {
    Some(match token.word.as_str() {
        "?" if is_answered(tokens, at) => return None,
        "-" | "n" | "0" if is_minus(tokens, at) => What::Cue(Cue::NegAfter),
        "0" if begins_item(tokens, at) => What::Cue(Cue::NegBefore),
        "+" | "with" | "con" if is_contrast(tokens, at) => What::Cue(Cue::Restart),
        TICKED_BOX if is_answer(tokens, at + 1) => return None,
        EMPTY_BOX | TICKED_BOX => What::Box { ticked: token.word == TICKED_BOX, leads },
        "in" if is_year(tokens, at + 1) => What::Cue(Cue::Past),
        LINE => What::Line,
        _ if token.ends_sentence() => What::Sentence,
        ";" => What::Cue(Cue::Break),
        "," | "-" => What::Comma,
        "(" => What::Open,
        ")" => What::Close,
        "?" if at > 0 && (token.glued || ends_line(tokens, at)) && !is_open(&tokens[at - 1]) => {
            What::QueryAfter
        }
        "?" => What::QueryBefore,
        _ => return None,
    })
}

/// Where a line ends, and whether its tick boxes stand before the findings that they belong to. They stand after them
/// if the line ends with a box and does not begin with one.
fn boxes(tokens: &[Token], start: usize) -> (usize, bool) {
    let is_box = |token: &Token| [EMPTY_BOX, TICKED_BOX].contains(&token.word.as_str());
    let length = tokens[start..].iter().take_while(|token| !token.ends_sentence()).count();
    let line = &tokens[start..start + length];
    (start + length + 1, line.first().is_some_and(is_box) || !line.last().is_some_and(is_box))
}

/// "2019", "March 2019"
fn is_year(tokens: &[Token], at: usize) -> bool {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let month = |token: &Token| MONTHS.iter().any(|month| token.word.starts_with(month));
    let year = at + usize::from(tokens.get(at).is_some_and(month));
    tokens.get(year).is_some_and(|token| {
        token.word.parse::<u32>().is_ok_and(|year| (1900..2100).contains(&year))
    })
}

fn is_answer(tokens: &[Token], at: usize) -> bool {
    tokens
        .get(at)
        .is_some_and(|token| ["yes", "no", "present", "absent"].contains(&token.word.as_str()))
}

/// Whether a sentence ends right after this token.
fn ends_line(tokens: &[Token], at: usize) -> bool {
    tokens.get(at + 1).is_none_or(Token::ends_sentence)
}

/// Whether a new phrase begins after this token.
fn is_open(token: &Token) -> bool {
    ["(", "/"].contains(&token.word.as_str()) || token.ends_sentence()
}

/// "Pneumothorax? No"
fn is_answered(tokens: &[Token], at: usize) -> bool {
    const ANSWERS: [&str; 10] =
        ["no", "yes", "none", "nil", "absent", "present", "negative", "positive", "n", "y"];
    tokens.get(at + 1).is_some_and(|token| ANSWERS.contains(&token.word.as_str()))
        && tokens.get(at + 2).is_none_or(|token| token.ends_sentence() || token.word == ",")
}

/// A minus sign, "n" or zero that answers a field of a form: "胸水：-", "PTX -" and "Effusion N".
fn is_minus(tokens: &[Token], at: usize) -> bool {
    let asked = at.checked_sub(1).is_some_and(|before| !tokens[before].ends_sentence());
    asked && tokens.get(at + 1).is_none_or(|token| token.ends_sentence() || token.word == ",")
}

/// Whether a token begins the text, a line or an item of a list.
fn begins_item(tokens: &[Token], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| tokens[before].word.as_str());
    before.is_none_or(|word| [",", ";", LINE].contains(&word))
}

/// "No effusion, with cardiomegaly", "no PTX, + consolidation": what follows the comma is a new statement.
fn is_contrast(tokens: &[Token], at: usize) -> bool {
    at.checked_sub(1).is_some_and(|before| tokens[before].word == ",")
}

/// Whether these tokens are the whole text, apart from "there is no".
fn is_alone(tokens: &[Token], start: usize, end: usize) -> bool {
    let around = tokens[..start].iter().take(4).chain(tokens[end..].iter().take(4));
    start <= 3
        && tokens.len() - end <= 3
        && around.into_iter().all(|token| ["there", "is", "no", "."].contains(&token.word.as_str()))
}
