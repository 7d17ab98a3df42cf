//! Scopes of cues, and which place belongs to which finding.

use super::lexicon::{Cue, Entry, LEXICON, Side, Spot};
use super::tokens::{EMPTY_BOX, LINE, TICKED_BOX, Token};

/// Between the words of a finding it denies it: "the shoulder is not dislocated".
const DENIED: &str = "not";
/// Before a word for an earlier time: what was seen then is meant.
const SEEN_EARLIER: [&str; 6] = ["seen", "present", "visible", "on", "in", "the"];
/// What follows "change" where a finding has not changed: "no changes of emphysema" has none.
const CHANGED: [&str; 6] = ["in", "en", "since", "desde", "respecto", "from"];
/// A change stands among this many words after "no".
const MAX_CHANGED: usize = 4;
/// A word of the cues that say that something is not there; others say that it went.
const UNSEEN: [&str; 6] = ["not", "absent", "ausente", "な", "ず", "ん"];
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

/// A term or mark of the text, with its token range.
#[derive(Debug, Clone, Copy)]
struct Event {
    start: usize,
    end: usize,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Finding(usize),
    Subject(usize),
    Cue(Cue),
    /// A box of a form.
    Box {
        ticked: bool,
        /// Whether it stands before what it is about.
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
    fn ends_clause(self) -> bool {
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

/// All findings of a text, in order.
pub fn find(tokens: &[Token]) -> Vec<Found> {
    let events = events(tokens);
    let mut found = Walk { tokens, ..Walk::default() }.run(&events);
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

/// Where a finding is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    pub name: String,
    /// What it is the name of; none of two places.
    spot: Option<Spot>,
}

impl Location {
    fn new(spot: Spot) -> Option<Self> {
        Some(Self { name: LEXICON.place_name(spot)?, spot: Some(spot) })
    }

    /// "Apical … on the right" is at the right apex; where it is already said on which side, or what place there, none.
    fn with(&self, other: &Self) -> Option<Self> {
        let (one, other) = (self.spot?, other.spot?);
        let (place, side) = if is_whole(other) { (one, other) } else { (other, one) };
        let sided = LEXICON.places[place.place?].many.is_some();
        let joins = sided && place.side.is_none() && is_whole(side) && !is_whole(place);
        Self::new(Spot { side: side.side, ..place }).filter(|_| joins)
    }
}

/// Whether a spot is a side and no part of it: "right", "the right lung".
fn is_whole(spot: Spot) -> bool {
    const WHOLE: [&str; 3] = ["side", "lung", "hemithorax"];
    spot.place.is_none_or(|place| WHOLE.contains(&LEXICON.places[place].one.as_str()))
}

/// Longest terms from left to right, and marks.
fn events(tokens: &[Token]) -> Vec<Event> {
    let lexicon = &*LEXICON;
    let mut events: Vec<Event> = Vec::new();
    let mut at = 0;
    let (mut line_end, mut leads) = (0, true);
    // What was not seen earlier, so far.
    let mut new = None;
    while let Some(token) = tokens.get(at) {
        if token.word == EMPTY_BOX && is_answer(tokens, at + 1) {
            at += 2; // "[ ] yes [x] no"
            continue;
        }
        if at >= line_end {
            (line_end, leads) = boxes(tokens, at);
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
        let named = lexicon.alone.longest(tokens, at, |token| &token.stem, |_| false);
        let named = named.filter(|&(end, _)| is_alone(tokens, at, end));
        let term = named.or_else(|| longest(true).filter(longer)).or(plain);
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
        events.extend(what.map(|what| Event { start: at, end, what }));
        at = end;
    }
    events
}

/// Where "not present on prior" and "前回みられなかった" end: what was not there before is there now.
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

/// Whether a heading without a colon does not count as one, because it does not stand alone on its
/// line.
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

/// Where a line ends, and whether its tick boxes stand before what they are about. They stand
/// behind it if the line ends with a box and does not begin with one.
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

/// Whether a sentence ends after a token.
fn ends_line(tokens: &[Token], at: usize) -> bool {
    tokens.get(at + 1).is_none_or(Token::ends_sentence)
}

/// Whether something begins after a token.
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

/// "胸水：-", "PTX -" and "Effusion N", as a form is filled in
fn is_minus(tokens: &[Token], at: usize) -> bool {
    let asked = at.checked_sub(1).is_some_and(|before| !tokens[before].ends_sentence());
    asked && tokens.get(at + 1).is_none_or(|token| token.ends_sentence() || token.word == ",")
}

/// Whether a token begins the text, a line or an item of a list.
fn begins_item(tokens: &[Token], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| tokens[before].word.as_str());
    before.is_none_or(|word| [",", ";", LINE].contains(&word))
}

/// "No effusion, with cardiomegaly", "no PTX, + consolidation": after the comma something else is said.
fn is_contrast(tokens: &[Token], at: usize) -> bool {
    at.checked_sub(1).is_some_and(|before| tokens[before].word == ",")
}

/// Whether the text says nothing but these tokens, apart from "there is no".
fn is_alone(tokens: &[Token], start: usize, end: usize) -> bool {
    let around = tokens[..start].iter().take(4).chain(tokens[end..].iter().take(4));
    start <= 3
        && tokens.len() - end <= 3
        && around.into_iter().all(|token| ["there", "is", "no", "."].contains(&token.word.as_str()))
}

/// Whether a cue acts at the moment.
#[derive(Debug, Clone, Copy, Default)]
struct Scope {
    on: bool,
    /// A finding has been reached.
    used: bool,
    /// "or" has been reached.
    or: bool,
    /// Number of findings before the cue that opened the scope.
    since: usize,
}

impl Scope {
    fn end_if(&mut self, ends: bool) {
        if ends && self.used {
            *self = Self::default();
        }
    }
}

/// Reads events from left to right and knows which scopes are open.
#[derive(Default)]
struct Walk<'a> {
    tokens: &'a [Token],
    found: Vec<Found>,
    /// Subjects that wait for "normal".
    subjects: Vec<Found>,
    /// "normal" waits for subjects.
    normal_ahead: bool,
    neg: Scope,
    unc: Scope,
    hist: Scope,
    /// The token where the cue of `hist` ends.
    hist_end: usize,
    others: Scope,
    /// The next finding is an alternative to the last.
    alternative: bool,
    /// What the clause lists has not changed: "no change in effusion or edema".
    unchanged: bool,
    /// Inside a section on what was asked or known before.
    context: bool,
    /// How many sentences of it were read, where no heading or line begins the report.
    asked: Option<usize>,
    /// The doubt ends with the comma: "if pneumothorax is a concern, …".
    supposed: bool,
    /// The section ends with the sentence: "PMH: COPD."
    brief: bool,
    /// Inside a list of possible causes, which goes on over commas.
    differential: bool,
    /// A comma or conjunction came after the last finding.
    joined: bool,
    /// A conjunction came after the last comma: the commas of this clause make a list.
    list: bool,
    /// Number of findings before the last sentence or line.
    sentence: usize,
    /// Number of findings before the last comma.
    segment: usize,
    /// Number of findings before the last "、", which lists more loosely than "and".
    item: usize,
    /// Number of findings before the last clause or predicate.
    barrier: usize,
    /// Scopes outside the parenthesis.
    outside: Option<[Scope; 3]>,
}

impl Walk<'_> {
    fn run(mut self, events: &[Event]) -> Vec<Found> {
        let mut or_ahead = vec![false; events.len() + 1];
        // Whether an "or" ends the list of findings that goes on here.
        let mut or_ends = vec![false; events.len() + 1];
        let mut finding_ahead = vec![false; events.len() + 1];
        for (index, event) in events.iter().enumerate().rev() {
            let or = matches!(event.what, What::Cue(Cue::Or | Cue::Versus));
            or_ahead[index] = or || (or_ahead[index + 1] && !event.what.ends_clause());
            finding_ahead[index] = matches!(event.what, What::Finding(_) | What::Subject(_))
                || (finding_ahead[index + 1] && !event.what.ends_clause());
            let item = matches!(event.what, What::Finding(_) | What::Subject(_) | What::Comma);
            or_ends[index] = or || (or_ends[index + 1] && item);
        }
        let named = |event: &Event| matches!(event.what, What::Finding(_) | What::Subject(_));
        let last = events.iter().rposition(named).unwrap_or(0);
        let parts =
            |event: &Event| matches!(event.what, What::Line | What::Cue(Cue::Context | Cue::Body));
        let has_body = events.iter().any(|event| event.what == What::Cue(Cue::Body));
        let last_part = events[..last].iter().rposition(parts);
        for (index, event) in events.iter().enumerate() {
            let before =
                index.checked_sub(1).and_then(|index| events.get(index)).map(|event| event.what);
            if let What::Finding(group) = event.what {
                if !LEXICON.groups[group].device && self.is_elsewhere(event) {
                    continue;
                }
                self.finding(event, group, or_ends[index + 1]);
            } else {
                let ahead = [or_ahead[index + 1], finding_ahead[index + 1]];
                self.step(event, before, events.get(index + 1), ahead);
                if !has_body && last_part == Some(index) && event.what != What::Line {
                    self.asked = Some(0);
                }
            }
        }
        self.found
    }

    fn step(
        &mut self,
        event: &Event,
        before: Option<What>,
        next: Option<&Event>,
        [or_ahead, finding_ahead]: [bool; 2],
    ) {
        let after_join = matches!(before, Some(What::Comma | What::Cue(Cue::And)));
        match event.what {
            What::Finding(_) => {}
            What::Subject(group) => self.subject(event, group),
            What::Comma => self.join(event, or_ahead, true),
            What::Open => {
                self.outside = Some([self.neg, self.unc, self.hist]);
                self.join(event, or_ahead, true);
            }
            What::Box { ticked, leads } => self.tick(event, ticked, leads),
            What::Close => {
                if let Some(outside) = self.outside.take() {
                    [self.neg, self.unc, self.hist] = outside;
                }
            }
            What::QueryBefore => self.unc = self.start(),
            What::QueryAfter => {
                if before == Some(What::Cue(Cue::Present)) {
                    self.barrier = self.segment.min(self.found.len().saturating_sub(1));
                }
                self.mark_before(|found| found.uncertain = true);
                self.end_clause();
            }
            What::Sentence => {
                self.end_clause();
                self.sentence = self.found.len();
                self.context &= !self.brief;
                self.asked = self.asked.map(|sentences| sentences + 1);
            }
            What::Line => {
                self.end_clause();
                self.sentence = self.found.len();
                self.context &= before == Some(What::Cue(Cue::Context));
            }
            What::Cue(cue) => match cue {
                Cue::NegBefore | Cue::NegEither if self.answers(event, next) => self.answer(event),
                Cue::NegBefore if self.denies_change(event, next) => self.unchanged = true,
                Cue::NegBefore => self.start_neg(),
                Cue::NegAfter if self.found.len() > self.barrier || !leads_on(next) => {
                    self.reach_back(event);
                    self.negate_before(event);
                }
                Cue::NegAfter => self.start_neg(), // not seen are …
                Cue::NegEither if self.ends_earlier(event, next) => {
                    self.segment = self.segment.min(self.found.len() - 1);
                    self.negate_before(event);
                }
                Cue::NegEither if self.found.len() > self.from() => self.negate_before(event),
                Cue::NegEither => self.start_neg(),
                Cue::Unlikely if self.found.len() > self.from() => {
                    self.mark_before(|found| (found.negated, found.uncertain) = (true, true));
                }
                Cue::Unlikely => {
                    self.start_neg();
                    self.unc = self.start();
                }
                // "CT excludes pneumonia" says so, "exclude pneumonia" asks.
                Cue::UncBefore if self.says_excluded(event) => self.start_neg(),
                Cue::UncBefore if self.trails(event) => self.doubt_before(event),
                Cue::UncBefore if self.neg.on && !(self.neg.used && after_join && !or_ahead) => {
                    self.joined = true; // no opacity suspicious for malignancy
                }
                Cue::NotExcluded if self.found.len() > self.barrier && !leads_on(next) => {
                    self.readmit(event);
                }
                Cue::NotExcludedAfter if self.found.len() > self.barrier || !leads_on(next) => {
                    self.readmit(event);
                }
                Cue::UncBefore | Cue::NotExcluded | Cue::NotExcludedAfter | Cue::Supposed => {
                    if self.hist.used {
                        self.hist = Scope::default(); // hx of CHF, eval for pneumonia
                    }
                    self.neg = Scope::default();
                    self.unc = self.start();
                    self.supposed = cue == Cue::Supposed;
                }
                // "肺炎を疑う所見なし"
                Cue::UncAfter if next.is_some_and(|next| next.what == What::Cue(Cue::NegAfter)) => {
                }
                Cue::UncAfter => self.doubt_before(event),
                Cue::Versus => {
                    let barrier = self.barrier;
                    if let Some(last) = self.found[barrier..].last_mut() {
                        last.uncertain = true;
                    }
                    self.unc = self.start();
                }
                Cue::HistBefore => {
                    self.hist = self.start();
                    self.hist_end = event.end;
                }
                Cue::Others => self.others = self.start(),
                Cue::Past => self.date(event),
                Cue::Differential => {
                    self.neg = Scope::default();
                    self.unc = self.start();
                    self.differential = true;
                }
                Cue::Now => {
                    self.hist = Scope::default();
                    self.context &= !self.brief;
                }
                Cue::Except => self.except(event, next, finding_ahead),
                Cue::HistAfter => self.mark_before(|found| {
                    found.historical |= !LEXICON.groups[found.group].lasting;
                }),
                Cue::Normal => self.normal(event, next),
                Cue::Borderline if self.subjects.is_empty() && self.trails(event) => {
                    self.doubt_before(event);
                }
                Cue::Borderline if self.subjects.is_empty() => self.unc = self.start(),
                Cue::Borderline => {
                    self.subjects.iter_mut().for_each(|subject| subject.uncertain = true);
                    self.found.append(&mut self.subjects);
                }
                Cue::Enlarged => self.enlarged(),
                // "心胸比は48%で、拡大なし"
                Cue::Pseudo
                    if !self.subjects.is_empty() && self.tokens[event.start].word == "拡" =>
                {
                    self.normal(event, next);
                }
                Cue::Pseudo => self.unchanged = true,
                Cue::Break => self.contrast(event),
                Cue::Restart => {
                    [&mut self.neg, &mut self.unc, &mut self.hist]
                        .into_iter()
                        .for_each(|scope| scope.end_if(true));
                    self.segment = self.found.len();
                }
                Cue::And => {
                    self.join(event, or_ahead, false);
                    self.list = true;
                    if self.tokens[event.start].word == "、" {
                        self.item = self.found.len();
                    }
                }
                Cue::Or => {
                    self.offer(event, before, next);
                    self.joined = true;
                    self.list = true;
                    self.neg.or = self.neg.on;
                }
                Cue::Present => self.present(),
                Cue::Context | Cue::Body => {
                    self.end_clause();
                    self.context = cue == Cue::Context;
                    let past = &LEXICON.source.past;
                    self.brief = self.tokens[event.start..event.end]
                        .iter()
                        .any(|token| past.contains(&token.word))
                        && self.tokens[event.end - 1].word != LINE
                        && next.is_some_and(|next| next.what != What::Line);
                }
            },
        }
    }

    /// "No se aprecian cambios (significativos) en el derrame": there is one.
    fn denies_change(&self, event: &Event, next: Option<&Event>) -> bool {
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

    fn says_excluded(&self, event: &Event) -> bool {
        ["excludes", "rules"].contains(&self.tokens[event.start].word.as_str())
    }

    /// "Pneumothorax: no", "effusion – absent", "Fracture? None", "edema, resolved" and "Mass no"
    fn answers(&self, event: &Event, next: Option<&Event>) -> bool {
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

    /// Negates what was asked for: of "Effusion: left, pneumothorax: no" the last.
    fn answer(&mut self, event: &Event) {
        let from = self.found[self.barrier].end;
        let colons = self.tokens[from..event.start].iter().filter(|token| token.word == ":");
        if colons.count() < 2 || self.segment >= self.found.len() {
            self.segment = self.barrier;
        }
        self.negate_before(event);
    }

    /// "[ ] Effusion [x] Edema" and "Effusion [ ] Edema [x]"
    fn tick(&mut self, event: &Event, ticked: bool, leads: bool) {
        if leads {
            self.end_clause();
            self.neg = if ticked { Scope::default() } else { self.start() };
        } else {
            self.reach_back(event);
            self.mark_before(|found| found.negated |= !ticked);
            self.end_clause();
        }
    }

    /// "Known effusion, resolved in the interval"
    fn ends_earlier(&self, event: &Event, next: Option<&Event>) -> bool {
        let word = self.tokens[event.start].word.as_str();
        ["resolved", "cleared"].contains(&word)
            && self.found.len() > self.barrier
            && !leads_on(next)
    }

    /// "Pneumonia two years ago", not "nodule, stable since 2019"
    fn date(&mut self, event: &Event) {
        const LASTING: [&str; 3] = ["since", "stable", "now"];
        let next_to = self.is_next_to(event);
        let Some(last) = self.found.last_mut().filter(|_| next_to) else { return };
        let gap = &self.tokens[last.end..event.start];
        last.historical |= !LEXICON.groups[last.group].lasting
            && !gap.iter().any(|token| LASTING.contains(&token.word.as_str()));
    }

    /// "No effusion apart from a trace on the right": there is one.
    fn except(&mut self, event: &Event, next: Option<&Event>, finding_ahead: bool) {
        let denied = self.neg.used && !finding_ahead;
        let words = self.tokens[event.end..].iter().take_while(|token| !token.ends_sentence());
        let said =
            words.take(3).position(|token| !["a", "an", "the"].contains(&token.word.as_str()));
        let last = self.found.last().filter(|last| denied && last.negated).cloned();
        self.end_clause();
        if let (Some(last), Some(said)) = (last, said) {
            let start = event.end + said;
            let uncertain = next.is_some_and(|next| next.what == What::Cue(Cue::UncBefore));
            let (negated, alternative) = (false, false);
            let end = start + 1;
            self.found.push(Found { start, end, negated, uncertain, alternative, ..last });
        }
    }

    /// "No pneumothorax on the left but there is on the right", "effusion on the right but not on the left": the last
    /// finding once more, where the clause that begins here says nothing but whether it is there, and where.
    fn contrast(&mut self, event: &Event) {
        const DENIES: [&str; 5] = ["no", "not", "none", "nothing", "sin"];
        const SAYS: [&str; 8] = ["there", "one", "some", "yes", "present", "seen", "hay", "si"];
        const MOST: usize = 12;
        let last = self.found[self.sentence..].last().cloned();
        self.end_clause();
        let source = &LEXICON.source;
        let denies = |token: &Token| DENIES.contains(&token.word.as_str());
        let small = |token: &Token| {
            LEXICON.is_filler(token)
                || source.prepositions.contains(&token.word)
                || source.fresh.contains(&token.word)
                || SAYS.contains(&token.word.as_str())
                || denies(token)
        };
        let ends =
            |token: &Token| token.ends_sentence() || [",", ";"].contains(&token.word.as_str());
        let mut words = &self.tokens[event.end..];
        words = &words[..words.iter().take(MOST).take_while(|token| !ends(token)).count()];
        let whole = self.tokens.get(event.end + words.len()).is_none_or(ends);
        let side = |at| LEXICON.spots.longest(words, at, |token| &token.word, |_| false)?.1?.side;
        let negated = words.iter().any(denies);
        let Some(last) = last.filter(|last| last.negated != negated && whole) else { return };
        if words.iter().all(small) && (0..words.len()).any(|at| side(at).is_some()) {
            let (start, end) = (event.end, event.end + 1);
            let (uncertain, denied_by, location) = (false, None, None);
            self.found.push(Found { start, end, negated, uncertain, denied_by, location, ..last });
        }
    }

    /// "Pneumonia: possible", "effusion likely"
    fn trails(&self, event: &Event) -> bool {
        const ENDS: [&str; 5] = [",", ";", ")", "and", "but"];
        let ends = |token: &Token| token.ends_sentence() || ENDS.contains(&token.word.as_str());
        self.tokens.get(event.end).is_none_or(ends) && self.is_next_to(event)
    }

    /// Whether nothing but small words and marks stands between the last finding and a cue.
    fn is_next_to(&self, event: &Event) -> bool {
        let skips = |token: &Token| {
            LEXICON.is_filler(token) || [":", "-", "(", ","].contains(&token.word.as_str())
        };
        let gap = |found: &Found| self.tokens.get(found.end..event.start);
        let last = self.found[self.barrier..].last().and_then(gap);
        last.is_some_and(|gap| gap.iter().all(skips))
    }

    /// Makes what precedes uncertain. A dash before the cue does not count as a comma, and the
    /// topic of a Japanese sentence is left out: "結節影は転移の疑い".
    fn doubt_before(&mut self, event: &Event) {
        self.segment = self.segment.max(self.item);
        self.list &= self.item <= self.barrier;
        self.reach_back(event);
        let topic = |pair: &[Found]| {
            let gap = self.tokens.get(pair[0].end..pair[1].start).unwrap_or_default();
            gap.iter().any(|token| token.word == "は")
        };
        if let Some(last) = self.found[self.barrier..].windows(2).rposition(topic) {
            self.barrier += last + 1;
        }
        self.end_list_of_negated();
        self.mark_before(|found| found.uncertain |= !found.negated);
    }

    /// What follows a comma or dash and is about the finding before it: "edema, if any".
    fn reach_back(&mut self, event: &Event) {
        if self.from() >= self.found.len() && self.is_next_to(event) {
            self.segment = self.found.len() - 1;
        }
    }

    /// "No effusion and pneumonia cannot be excluded": of negated ones, the last is uncertain.
    fn readmit(&mut self, event: &Event) {
        if self.neg.used && self.found.len() > self.barrier {
            (self.segment, self.list) = (self.found.len() - 1, false);
            self.found[self.segment].negated = false;
        }
        self.doubt_before(event);
    }

    /// "Pneumonia or atelectasis", "mass/nodule": one of them, or both.
    fn offer(&mut self, event: &Event, before: Option<What>, next: Option<&Event>) {
        let device =
            |what: What| matches!(what, What::Finding(group) if LEXICON.groups[group].device);
        let (Some(What::Finding(_)), Some(next), false) = (before, next, self.unchanged) else {
            return;
        };
        let ahead = matches!(next.what, What::Finding(_) | What::Cue(Cue::UncBefore));
        let both_devices = before.is_some_and(device) && device(next.what);
        let Some(last) = self.found.last_mut().filter(|_| ahead && !both_devices) else { return };
        let gap = self.tokens.get(last.end..event.start).unwrap_or_default();
        if gap.len() > MAX_GAP || gap.iter().any(is_link) {
            return;
        }
        last.alternative = true;
        self.alternative = true;
    }

    fn start(&mut self) -> Scope {
        Scope { on: true, used: false, or: false, since: self.found.len() }
    }

    fn start_neg(&mut self) {
        self.unc.end_if(true);
        self.hist = Scope::default();
        self.neg = self.start();
        self.segment = self.found.len();
        self.list = false;
    }

    fn end_clause(&mut self) {
        [self.neg, self.unc, self.hist, self.others] = [Scope::default(); 4];
        (self.alternative, self.unchanged, self.differential) = (false, false, false);
        self.supposed = false;
        (self.joined, self.list, self.normal_ahead, self.outside) = (false, false, false, None);
        (self.segment, self.barrier) = (self.found.len(), self.found.len());
        self.subjects.clear();
    }

    fn new_found(&self, event: &Event, group: usize) -> Found {
        let denied = self.tokens[event.start..event.end].iter().any(|token| token.word == DENIED);
        let asked = self.asked.filter(|&sentences| self.context && sentences > 0);
        let historical =
            (self.context && asked.is_none()) || (self.hist.on && !LEXICON.groups[group].lasting);
        let (negated, uncertain, location) = (self.neg.on || denied, self.unc.on, None);
        Found {
            start: event.start,
            end: event.end,
            group,
            negated,
            uncertain,
            historical,
            alternative: self.alternative,
            others: self.others.on,
            asked,
            denied_by: None,
            location,
        }
    }

    /// "Brain tumor", "mass in the liver": nothing that a chest radiograph shows.
    fn is_elsewhere(&self, event: &Event) -> bool {
        let is_part = |token: &Token| LEXICON.is_elsewhere(token);
        let before = event.start.checked_sub(1).and_then(|at| self.tokens.get(at));
        let mut after = self.tokens.get(event.end..).unwrap_or_default().iter();
        let leads =
            after.next().is_some_and(|token| LEXICON.source.prepositions.contains(&token.word));
        let place = after.find(|token| !LEXICON.is_filler(token));
        before.is_some_and(is_part) || (leads && place.is_some_and(is_part))
    }

    /// A scope reaches the next finding only over a comma or conjunction; a negation also through a
    /// list that was dictated without commas.
    fn finding(&mut self, event: &Event, group: usize, or_ends: bool) {
        let anew = self.is_statement(event);
        let with = |token: &Token| ["with", "now"].contains(&token.word.as_str());
        if self.hist.on && self.tokens[self.hist_end..event.start].iter().any(with) {
            self.hist = Scope::default(); // status post thoracentesis with effusion
        }
        let again =
            self.neg.used && !(self.neg.or || or_ends) && self.is_on_other_side(event, group);
        self.neg.end_if(anew || again || !(self.joined || self.is_listed(event, or_ends)));
        for scope in [&mut self.unc, &mut self.hist, &mut self.others] {
            scope.end_if(!self.joined || anew);
        }
        for scope in [&mut self.neg, &mut self.unc, &mut self.hist, &mut self.others] {
            scope.used = scope.on;
        }
        self.found.push(self.new_found(event, group));
        self.subjects.clear();
        (self.joined, self.normal_ahead, self.alternative) = (false, false, false);
    }

    /// "No pneumothorax left, pneumothorax right"
    fn is_on_other_side(&self, event: &Event, group: usize) -> bool {
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

    /// "No consolidation moderate effusion or mass", "no effusion pneumothorax": next to the last
    /// finding, or with nothing but attributes between where an "or" ends the list.
    fn is_listed(&self, event: &Event, or_ends: bool) -> bool {
        let Some(last) = self.found.last() else { return false };
        let gap = self.tokens.get(last.end..event.start).unwrap_or_default();
        let closed = self.neg.or && !or_ends; // no effusion or pneumothorax cardiomegaly present
        let own = ["calcified", "degenerative", "old", "healed"]
            .contains(&self.tokens[event.start].word.as_str());
        (gap.is_empty() && !closed && !own)
            || (or_ends && gap.len() <= MAX_GAP && !gap.iter().any(is_link))
    }

    /// "heart is enlarged", which no negation of something else reaches
    fn is_statement(&self, event: &Event) -> bool {
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

    /// A comma or "and": what follows is either the next item of a list or a fresh statement.
    fn join(&mut self, event: &Event, or_ahead: bool, comma: bool) {
        let next = self.tokens.get(event.end);
        let fresh =
            !or_ahead && next.is_some_and(|token| LEXICON.source.fresh.contains(&token.word));
        let list_over = comma && self.neg.or && !or_ahead;
        let with = comma && next.is_some_and(|token| token.word == "with");
        self.neg.end_if(fresh || list_over || with);
        if fresh {
            self.hist = Scope::default();
        }
        if fresh || (comma && !self.others.used) {
            self.others = Scope::default();
        }
        self.unc.end_if(!self.differential && (fresh || (comma && !or_ahead)));
        if self.supposed && comma && !or_ahead {
            self.unc = Scope::default();
        }
        self.joined = true;
        if comma || fresh {
            self.segment = self.found.len();
            self.list = false;
        }
    }

    /// Index of the first finding that a cue after it acts on.
    fn from(&self) -> usize {
        if self.list { self.barrier } else { self.barrier.max(self.segment) }
    }

    fn mark_before(&mut self, mark: impl Fn(&mut Found)) {
        let from = self.from();
        self.found[from..].iter_mut().for_each(mark);
        self.barrier = self.found.len();
        self.neg.end_if(true);
        self.unc = Scope::default();
    }

    /// "Prior effusion has resolved" speaks of now, "status post tube removal" of the past.
    fn negate_before(&mut self, cue: &Event) {
        let past = self.context || self.tokens[cue.start].word == "removal";
        self.mark_before(|found| {
            found.negated = true;
            found.denied_by = Some((cue.start, cue.end));
            found.historical &= past;
        });
    }

    /// "No effusion, cardiomegaly is present": the negation ended at the comma.
    fn end_list_of_negated(&mut self) {
        if self.neg.used && self.neg.since < self.segment && !self.neg.or && !self.list {
            let segment = self.segment;
            self.found[segment..].iter_mut().for_each(|found| found.negated = false);
        }
    }

    fn present(&mut self) {
        self.end_list_of_negated();
        self.barrier = self.found.len();
        [&mut self.neg, &mut self.unc].into_iter().for_each(|scope| scope.end_if(true));
    }

    fn subject(&mut self, event: &Event, group: usize) {
        let mut subject = self.new_found(event, group);
        subject.negated = self.normal_ahead;
        let placed = event.start.checked_sub(1).and_then(|before| {
            let the = before > 0
                && ["the", "both", "el", "la"].contains(&self.tokens[before].word.as_str());
            self.tokens.get(if the { before - 1 } else { before })
        });
        if self.normal_ahead {
            self.found.push(subject);
        } else if !placed.is_some_and(|token| {
            token.word != "of" && LEXICON.source.prepositions.contains(&token.word)
        }) {
            self.subjects.push(subject);
        }
    }

    /// "心胸郭比は55%とやや拡大", "silueta cardíaca levemente aumentada"
    fn enlarged(&mut self) {
        let denied = self.neg.on && !self.neg.used;
        let sizes = |name: &String| name == "Cardiomegaly" || name.ends_with("Enlargement");
        for mut subject in std::mem::take(&mut self.subjects) {
            if LEXICON.groups[subject.group].findings.iter().all(sizes) {
                (self.neg.used, subject.negated) = (denied, denied);
                self.found.push(subject);
            }
        }
    }

    /// "Heart and mediastinum are normal", "normal heart and mediastinum", not "not normal".
    fn normal(&mut self, event: &Event, next: Option<&Event>) {
        let denied = self.neg.on && !self.neg.used;
        let word = self.tokens.get(event.start);
        let word_before = event.start.checked_sub(1).and_then(|before| self.tokens.get(before));
        let subject_before = self.subjects.last().is_some_and(|subject| subject.end == event.start);
        let leads = next.is_some_and(|next| {
            matches!(next.what, What::Subject(_)) && next.start <= event.end + 1
        }) && (self.subjects.is_empty()
            || word.is_none_or(|token| token.word != "clear"))
            && !subject_before
            && !word_before.is_some_and(|token| LEXICON.is_filler(token));
        if denied {
            self.neg = Scope::default();
        } else if self.subjects.is_empty() || leads {
            // "central" is normal of the trachea alone.
            self.normal_ahead = word.is_none_or(|token| token.word != "central");
        } else {
            self.subjects
                .iter_mut()
                .for_each(|subject| (subject.negated, subject.uncertain) = (true, false));
            self.found.append(&mut self.subjects);
            self.barrier = self.found.len();
        }
        self.subjects.clear();
    }
}

/// Whether an event is what a cue before it acts on.
fn leads_on(next: Option<&Event>) -> bool {
    next.is_some_and(|next| {
        matches!(
            next.what,
            What::Finding(_) | What::Subject(_) | What::QueryBefore | What::Cue(Cue::UncBefore)
        )
    })
}

fn is_article(token: &Token) -> bool {
    ["the", "el", "la", "los", "las", "a"].contains(&token.word.as_str())
}

/// Whether a word ties two phrases together, rather than being part of one as "in" is.
fn is_link(token: &Token) -> bool {
    let source = &LEXICON.source;
    source.connectors.contains(&token.word) && !source.prepositions.contains(&token.word)
}

/// A place of the text, with its token range.
#[derive(Debug, Clone, Copy)]
struct Located {
    start: usize,
    end: usize,
    spot: Spot,
}

/// Gives each place to a finding.
struct Placing<'a> {
    tokens: &'a [Token],
    /// Number of the clause of each token.
    clauses: Vec<usize>,
    /// Whether a token belongs to a cue, which "evidence of" does not make a preposition.
    cues: Vec<bool>,
    /// Whether a token joins ("and", comma), and whether it offers an alternative ("or").
    joins: Vec<Option<bool>>,
}

impl<'a> Placing<'a> {
    fn new(tokens: &'a [Token], events: &[Event]) -> Self {
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

    fn run(&self, found: &mut Vec<Found>) {
        let places = self.places();
        let mut carried: Option<(usize, Location)> = None;
        let mut split = Vec::new();
        let mut fallback = vec![None; found.len()];
        let mut done = 0;
        let mut skip = false;
        for (index, place) in places.iter().enumerate() {
            if std::mem::take(&mut skip) {
                continue; // named together with the place before
            }
            let (mut place, mut location) = (*place, Location::new(place.spot));
            // From here on, `done` findings end before the place.
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

    /// "In the right lower lobe there is …": the place holds for the rest of the clause.
    fn carry(&self, found: &Found, carried: Option<&(usize, Location)>) -> Option<Location> {
        let (clause, location) = carried?;
        let here = self.clauses[found.start] == *clause && !LEXICON.groups[found.group].unplaced;
        here.then(|| location.clone())
    }

    /// "Bilateral effusions, left resolved": one is left. Gives what went, and takes its side from the finding.
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

    /// Places from left to right, sides joined with what they are sides of.
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

    /// "base izquierda", "the apex on the left", but not "lung on the left"
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

    /// "the lingula and right middle lobe"
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

    /// "Apical pneumothorax on the right", "right effusion at the base", but not "right line with its tip at the apex".
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

    /// The finding that a place stands right before: "right lower lobe pneumonia".
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

    /// Whether a finding is joined to the next one, over an alternative if `or`.
    fn are_joined(&self, one: &Found, two: &Found, or: bool) -> bool {
        let between = one.end.min(two.start)..two.start;
        between.len() <= MAX_GAP
            && self.clauses[one.start] == self.clauses[two.start]
            && !between.clone().any(|at| self.cues[at] && self.joins[at].is_none())
            && self.joins[between].iter().flatten().any(|&is_or| is_or || !or)
    }

    /// "Consolidation and effusion at the left base": the place holds for both.
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

    /// "Left lower lobe atelectasis or pneumonia": the place holds for both.
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
