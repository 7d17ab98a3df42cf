//! Reads the events of a text from left to right. A cue opens a scope, and a finding inside a scope is denied,
//! uncertain or past.

mod cues;
mod words;

use super::super::lexicon::{Cue, LEXICON};
use super::super::tokens::{LINE, Token};
use super::events::{DENIED, Event, What};
use super::found::Found;

/// Whether a cue is in effect at the current position.
#[derive(Debug, Clone, Copy, Default)]
struct Scope {
    on: bool,
    /// Whether it has reached a finding.
    used: bool,
    /// Whether it has reached an "or".
    or: bool,
    /// Number of findings before the cue that opened it.
    since: usize,
}

impl Scope {
    fn end_if(&mut self, ends: bool) {
        if ends && self.used {
            *self = Self::default();
        }
    }
}

/// Reads events from left to right, and tracks the open scopes.
#[derive(Default)]
pub(super) struct Walk<'a> {
    tokens: &'a [Token],
    found: Vec<Found>,
    /// Organs that wait for the word "normal".
    subjects: Vec<Found>,
    /// "normal" was read and waits for organs.
    normal_ahead: bool,
    /// "borderline" was read and waits for the organ next to it.
    borderline_ahead: bool,
    neg: Scope,
    unc: Scope,
    hist: Scope,
    /// The token where the cue of the scope `hist` ends.
    hist_end: usize,
    others: Scope,
    /// The next finding is an alternative to the last one.
    alternative: bool,
    /// What this clause lists has not changed: "no change in effusion or edema".
    unchanged: bool,
    /// Inside a section on the clinical question or the history.
    context: bool,
    /// The number of sentences of such a section that were read, if no heading or line break begins the report.
    asked: Option<usize>,
    /// The scope `unc` ends with the next comma: "if pneumothorax is a concern, …".
    supposed: bool,
    /// The current section ends with its first sentence: "PMH: COPD."
    brief: bool,
    /// Inside a list of possible causes, or of findings that are asked for, which continues over commas.
    differential: bool,
    /// A comma or conjunction came after the last finding.
    joined: bool,
    /// A conjunction came after the last comma: the commas of this clause make a list.
    list: bool,
    /// Number of findings before the current sentence or line.
    sentence: usize,
    /// Number of findings before the last comma.
    segment: usize,
    /// Number of findings before the last "、", which lists more loosely than "and".
    item: usize,
    /// Number of findings before the current clause, or before the last predicate.
    barrier: usize,
    /// The scopes that were open outside of the current parenthesis.
    outside: Option<[Scope; 3]>,
    /// Number of findings before the parenthesis.
    opened: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(tokens: &'a [Token]) -> Self {
        Self { tokens, ..Self::default() }
    }

    pub(super) fn run(mut self, events: &[Event]) -> Vec<Found> {
        let mut or_ahead = vec![false; events.len() + 1];
        // Whether an "or" ends the list of findings that continues at this event.
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
                self.opened = self.found.len();
                self.join(event, or_ahead, true);
            }
            What::Box { ticked, leads } => self.tick(event, ticked, leads),
            What::Close => {
                if let Some(outside) = self.outside.take() {
                    [self.neg, self.unc, self.hist] = outside;
                    self.reach_before_brackets();
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
                Cue::NegBefore if self.is_part_of_word(event, next) => {}
                Cue::NegBefore => self.start_neg(),
                Cue::NegAfter | Cue::NegEither if self.is_about_last(event) => {
                    self.deny_last(event)
                }
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
                // "CT excludes pneumonia" denies it, "exclude pneumonia" asks about it.
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
                    self.differential = self.asks(event);
                }
                // "肺炎を疑う所見なし"
                Cue::UncAfter if next.is_some_and(|next| next.what == What::Cue(Cue::NegAfter)) => {
                }
                Cue::UncAfter if self.is_risk_of_another(event) => {}
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
                Cue::Borderline if self.subjects.is_empty() => {
                    self.borderline_ahead = leads_to_subject(event, next);
                    self.unc = self.start();
                }
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

    /// Lets a cue after a comma or dash act on the finding before it: "edema, if any".
    fn reach_back(&mut self, event: &Event) {
        if self.from() >= self.found.len() && self.is_next_to(event) {
            self.segment = self.found.len() - 1;
        }
    }

    /// "気胸（PTX）疑い": if brackets hold another name of the finding before them, the cue after them acts on both.
    fn reach_before_brackets(&mut self) {
        let Some((before, inside)) = self.found.split_at_checked(self.opened) else { return };
        let Some(last) = before.last() else { return };
        if !inside.is_empty() && inside.iter().all(|found| found.group == last.group) {
            self.segment = self.segment.min(self.opened - 1);
        }
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

    /// Adds a finding. A scope reaches a second finding only over a comma or conjunction; a negation also reaches
    /// through a list that was dictated without commas.
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

    /// Handles a comma or "and": what follows is either the next item of a list or a new statement.
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

    /// Index of the first finding that a cue after the findings acts on.
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

    /// Denies the findings before a cue. "Prior effusion has resolved" is about the present, "status post tube removal"
    /// about the past.
    fn negate_before(&mut self, cue: &Event) {
        let past = self.context || self.tokens[cue.start].word == "removal";
        self.mark_before(|found| {
            found.negated = true;
            found.denied_by = Some((cue.start, cue.end));
            found.historical &= past;
        });
    }

    /// "No effusion, cardiomegaly is present": the negation ended at the comma, so the findings after it are not
    /// negated.
    fn end_list_of_negated(&mut self) {
        if self.neg.used && self.neg.since < self.segment && !self.neg.or && !self.list {
            let segment = self.segment;
            self.found[segment..].iter_mut().for_each(|found| found.negated = false);
        }
    }
}

/// "borderline heart size"
fn leads_to_subject(event: &Event, next: Option<&Event>) -> bool {
    next.is_some_and(|next| matches!(next.what, What::Subject(_)) && next.start == event.end)
}

/// Whether the next event is one that a cue before it can act on.
fn leads_on(next: Option<&Event>) -> bool {
    next.is_some_and(|next| {
        matches!(
            next.what,
            What::Finding(_) | What::Subject(_) | What::QueryBefore | What::Cue(Cue::UncBefore)
        )
    })
}
