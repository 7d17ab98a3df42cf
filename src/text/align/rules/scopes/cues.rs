//! What individual cues do, and how the words next to them decide it.

use super::super::super::lexicon::{Cue, LEXICON};
use super::super::super::tokens::Token;
use super::super::events::{Event, What};
use super::super::found::{Found, MAX_GAP, is_link};
use super::{Scope, Walk};

impl Walk<'_> {
    /// Negates what an answer such as "no" is for: of "Effusion: left, pneumothorax: no" only the last.
    pub(super) fn answer(&mut self, event: &Event) {
        let from = self.found[self.barrier].end;
        let colons = self.tokens[from..event.start].iter().filter(|token| token.word == ":");
        if colons.count() < 2 || self.segment >= self.found.len() {
            self.segment = self.barrier;
        }
        self.negate_before(event);
    }

    /// A tick box before or after its finding: "[ ] Effusion [x] Edema" and "Effusion [ ] Edema [x]".
    pub(super) fn tick(&mut self, event: &Event, ticked: bool, leads: bool) {
        if leads {
            self.end_clause();
            self.neg = if ticked { Scope::default() } else { self.start() };
        } else {
            self.reach_back(event);
            self.mark_before(|found| found.negated |= !ticked);
            self.end_clause();
        }
    }

    /// A date makes the finding right before it historical: "Pneumonia two years ago", but not "nodule, stable since
    /// 2019".
    pub(super) fn date(&mut self, event: &Event) {
        const LASTING: [&str; 3] = ["since", "stable", "now"];
        let next_to = self.is_next_to(event);
        let Some(last) = self.found.last_mut().filter(|_| next_to) else { return };
        let gap = &self.tokens[last.end..event.start];
        last.historical |= !LEXICON.groups[last.group].lasting
            && !gap.iter().any(|token| LASTING.contains(&token.word.as_str()));
    }

    /// "No effusion apart from a trace on the right" says that there is one: the denied finding is added once more, as
    /// present.
    pub(super) fn except(&mut self, event: &Event, next: Option<&Event>, finding_ahead: bool) {
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

    /// "No pneumothorax on the left but there is on the right", "effusion on the right but not on the left": adds the
    /// last finding once more, if the clause that begins here only says whether it is present, and where.
    pub(super) fn contrast(&mut self, event: &Event) {
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
        let none = words.iter().any(|token| token.word == "none"); // "…; today there is none"
        let says = none || (0..words.len()).any(|at| side(at).is_some());
        if words.iter().all(small) && says {
            let (start, end) = (event.end, event.end + 1);
            let historical = last.historical && !none;
            let (uncertain, denied_by, location) = (false, None, None);
            let last = Found { historical, denied_by, location, ..last };
            self.found.push(Found { start, end, negated, uncertain, ..last });
        }
    }

    /// Denies the last finding: "There was a pneumothorax. It is no longer seen."
    pub(super) fn deny_last(&mut self, event: &Event) {
        if let Some(last) = self.found.last_mut() {
            (last.negated, last.denied_by) = (true, Some((event.start, event.end)));
        }
    }

    /// Makes the findings before the cue uncertain. A dash before the cue does not count as a comma, and the topic of a
    /// Japanese sentence stays certain: "結節影は転移の疑い".
    pub(super) fn doubt_before(&mut self, event: &Event) {
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

    /// Of several negated findings, makes the last one uncertain: "No effusion and pneumonia cannot be excluded".
    pub(super) fn readmit(&mut self, event: &Event) {
        if self.neg.used && self.found.len() > self.barrier {
            (self.segment, self.list) = (self.found.len() - 1, false);
            self.found[self.segment].negated = false;
        }
        self.doubt_before(event);
    }

    /// Makes two findings alternatives, of which one or both may be there: "Pneumonia or atelectasis", "mass/nodule".
    pub(super) fn offer(&mut self, event: &Event, before: Option<What>, next: Option<&Event>) {
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

    pub(super) fn present(&mut self) {
        self.end_list_of_negated();
        self.barrier = self.found.len();
        [&mut self.neg, &mut self.unc].into_iter().for_each(|scope| scope.end_if(true));
    }

    pub(super) fn subject(&mut self, event: &Event, group: usize) {
        let mut subject = self.new_found(event, group);
        subject.negated = self.normal_ahead;
        let borderline = std::mem::take(&mut self.borderline_ahead);
        subject.uncertain |= borderline;
        let placed = event.start.checked_sub(1).and_then(|before| {
            let the = before > 0
                && ["the", "both", "el", "la"].contains(&self.tokens[before].word.as_str());
            self.tokens.get(if the { before - 1 } else { before })
        });
        if self.normal_ahead || borderline {
            self.unc.on &= !borderline;
            self.found.push(subject);
        } else if !placed.is_some_and(|token| {
            token.word != "of" && LEXICON.source.prepositions.contains(&token.word)
        }) {
            self.subjects.push(subject);
        }
    }

    /// The organs named before the cue are enlarged: "心胸郭比は55%とやや拡大", "silueta cardíaca levemente aumentada".
    pub(super) fn enlarged(&mut self) {
        let denied = self.neg.on && !self.neg.used;
        let sizes = |name: &String| name == "Cardiomegaly" || name.ends_with("Enlargement");
        for mut subject in std::mem::take(&mut self.subjects) {
            if LEXICON.groups[subject.group].findings.iter().all(sizes) {
                (self.neg.used, subject.negated) = (denied, denied);
                self.found.push(subject);
            }
        }
    }

    /// The organs named before or after the cue are normal: "Heart and mediastinum are normal", "normal heart and
    /// mediastinum", but not "not normal".
    pub(super) fn normal(&mut self, event: &Event, next: Option<&Event>) {
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
            // "central" means normal only of the trachea.
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
