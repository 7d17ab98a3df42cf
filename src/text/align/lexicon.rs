//! The vocabulary (`lexicon.json`) as two tries: one of findings and cue words, and one of places.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

use serde::Deserialize;

use super::tokens::{self, Token};

/// At most this many filler words stand between the words of a term.
const MAX_FILLERS: usize = 6;
/// Words longer than this are not spell-corrected.
const MAX_WORD: usize = 40;

/// The vocabulary, read once.
pub static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    // The file is compiled in and a test reads it, so the default value is never used.
    Lexicon::new(serde_json::from_str(include_str!("lexicon.json")).unwrap_or_default())
});

/// `lexicon.json` as written.
#[derive(Debug, Default, Deserialize)]
pub struct Source {
    spelling: Vec<(String, String)>,
    dotted: Vec<String>,
    protected: Vec<String>,
    /// Where finding sets have several names for the same finding: each other name, and the name that is used here.
    pub same: BTreeMap<String, String>,
    alone: HashSet<String>,
    unplaced: HashSet<String>,
    placeless: HashSet<String>,
    devices: HashSet<String>,
    lasting: HashSet<String>,
    /// Words of headings such as "PMH" whose section ends with its first sentence, even if more text follows on the
    /// line.
    pub past: HashSet<String>,
    /// The terms of each finding; a key with ` + ` names several findings at once.
    pub findings: BTreeMap<String, Vec<String>>,
    subjects: BTreeMap<String, Vec<String>>,
    ignore: Vec<String>,
    /// Parts of the body that a chest radiograph does not show. A finding that the text places there is ignored.
    pub elsewhere: HashSet<String>,
    /// Short names that can mean other findings too, with these findings. Where a person types one, the program asks
    /// which is meant.
    pub ambiguous: BTreeMap<String, Vec<String>>,
    sections: Sections,
    cues: BTreeMap<Cue, Vec<String>>,
    /// Words for earlier times and earlier images, as in "not seen previously".
    earlier: Vec<String>,
    /// Words that may stand between a word of `earlier` and a negation: "on the", "exam".
    #[serde(rename = "earlierFiller")]
    pub earlier_filler: HashSet<String>,
    /// Words for a change: "no change in the effusion" says that there is an effusion.
    pub changes: HashSet<String>,
    pub fresh: HashSet<String>,
    filler: HashSet<String>,
    pub prepositions: HashSet<String>,
    pub connectors: HashSet<String>,
    #[serde(rename = "placeFiller")]
    pub place_filler: HashSet<String>,
    sides: BTreeMap<Side, Vec<String>>,
    pub places: BTreeMap<String, PlaceSource>,
    sided: BTreeMap<String, Vec<String>>,
    #[serde(rename = "notPlaces")]
    not_places: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Sections {
    context: Vec<String>,
    body: Vec<String>,
}

/// A place as it stands in `lexicon.json`.
#[derive(Debug, Deserialize)]
pub struct PlaceSource {
    /// The plural name, for both sides; absent where the place has no sides.
    pub many: Option<String>,
    /// Whether the place is worth naming when the text gives no side.
    #[serde(default = "yes")]
    bare: bool,
    pub terms: Vec<String>,
    #[serde(default)]
    plural: Vec<String>,
}

fn yes() -> bool {
    true
}

/// The kind of a cue word, which says what it does to the findings around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Cue {
    NegBefore,
    NegAfter,
    /// Denies the finding before it, or if there is none, the one after it.
    NegEither,
    /// Like `NegEither`, but the finding is also uncertain.
    Unlikely,
    UncBefore,
    UncAfter,
    /// Like `UncBefore`, but acts even after a negation, and only up to the next comma: "not sure if pneumonia", "if
    /// pneumothorax is a concern, …".
    Supposed,
    /// Makes uncertain even inside a negation: "absence of effusion does not exclude".
    NotExcluded,
    /// Like `NotExcluded`, but acts on the finding before it: "pneumonia cannot be excluded".
    NotExcludedAfter,
    /// Like `UncBefore`, but acts on a whole list: "differential includes".
    Differential,
    Versus,
    HistBefore,
    HistAfter,
    /// Like `HistAfter`, but acts only on the finding right before it: "pneumonia two years ago".
    Past,
    /// Ends the scope of what is historical.
    Now,
    /// What follows is about another person: "mother had".
    Others,
    /// Says that a subject, which is an organ such as the heart, is normal.
    Normal,
    /// Says that a subject is large.
    Enlarged,
    /// Says that a subject is barely normal.
    Borderline,
    /// Looks like a negation but is not one.
    Pseudo,
    /// Ends all scopes and the clause.
    Break,
    /// Like `Break`, and what follows is present: "no effusion except a trace".
    Except,
    /// Ends all scopes.
    Restart,
    And,
    Or,
    /// Says that the finding before it is present.
    Present,
    /// Heads a section on the clinical question or the history.
    Context,
    /// Heads a section on what was seen on the image.
    Body,
}

/// What a term stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// A finding that the text names, by its index in `groups`.
    Finding(usize),
    /// An organ that stands for a finding, by its index in `groups`: the finding is absent if the organ is said to be
    /// normal.
    Subject(usize),
    Cue(Cue),
    Ignore,
}

/// A side of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Side {
    Left,
    Right,
    Both,
}

/// What a term of place means: a side, a place (index in `places`), or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spot {
    pub side: Option<Side>,
    pub place: Option<usize>,
    /// Whether both sides are meant only because the term is a plural: "hila", "bases".
    pub plural: bool,
}

/// A place with its names.
#[derive(Debug)]
pub struct Place {
    pub one: String,
    pub many: Option<String>,
    pub bare: bool,
}

/// Findings that one term stands for.
#[derive(Debug)]
pub struct Group {
    pub findings: Vec<String>,
    /// Counts as a finding only where it is the whole text: inside a report "Unchanged" is not one.
    pub alone: bool,
    /// Its name already states where it is, so it takes no place from another part of the clause.
    pub unplaced: bool,
    /// A side next to its name does not say where it is: "mediastinal shift to the left".
    pub placeless: bool,
    /// It remains after treatment, so that "status post" this finding means that something is there now.
    pub lasting: bool,
    /// It is a device: "ETT/NGT" are two findings, whereas "mass/nodule" is one or the other.
    pub device: bool,
    /// Indices of the places that its name contains, which need not be repeated.
    pub places: Vec<usize>,
}

/// A name that [`complete`](super::complete) can offer.
#[derive(Debug)]
pub struct Name {
    pub text: String,
    /// The text in the form that [`Lexicon::fold`] gives it.
    pub folded: String,
    pub finding: String,
    /// Whether it is the canonical name.
    pub own: bool,
}

/// A trie of terms, whose edges are words.
#[derive(Debug)]
pub struct Trie<V> {
    nodes: Vec<(HashMap<String, usize>, Option<V>)>,
}

impl<V> Default for Trie<V> {
    fn default() -> Self {
        Self { nodes: vec![(HashMap::new(), None)] }
    }
}

impl<V: Copy> Trie<V> {
    /// Adds a term. A term that is already there keeps its value.
    fn insert<'a>(&mut self, words: impl Iterator<Item = &'a str>, value: V) {
        let mut node = 0;
        for word in words {
            let fresh = self.nodes.len();
            node = *self.nodes[node].0.entry(word.to_owned()).or_insert(fresh);
            if node == fresh {
                self.nodes.push((HashMap::new(), None));
            }
        }
        if node != 0 {
            self.nodes[node].1.get_or_insert(value);
        }
    }

    /// The longest term that starts at token `at`, as the token where it ends and its value. Tokens that `skip` accepts
    /// may stand between its words.
    pub fn longest(
        &self,
        tokens: &[Token],
        at: usize,
        word: fn(&Token) -> &str,
        skip: impl Fn(&Token) -> bool,
    ) -> Option<(usize, V)> {
        let mut best: Option<(usize, usize, V)> = None;
        let mut open = vec![(0, at, 0)];
        while let Some((node, at, skipped)) = open.pop() {
            let Some(token) = tokens.get(at) else { continue };
            if let Some(&child) = self.nodes[node].0.get(word(token)) {
                let longer = |&(end, fillers, _): &_| (at + 1, fillers) > (end, skipped);
                if let Some(value) =
                    self.nodes[child].1.filter(|_| best.as_ref().is_none_or(longer))
                {
                    best = Some((at + 1, skipped, value));
                }
                open.push((child, at + 1, skipped));
            }
            if node != 0 && skipped < MAX_FILLERS && skip(token) {
                open.push((node, at + 1, skipped + 1));
            }
        }
        best.map(|(end, _, value)| (end, value))
    }
}

/// The vocabulary, prepared for look-ups.
#[derive(Debug, Default)]
pub struct Lexicon {
    pub source: Source,
    pub groups: Vec<Group>,
    pub places: Vec<Place>,
    pub names: Vec<Name>,
    pub terms: Trie<Entry>,
    /// Names that count only where they are the whole text, such as "Unchanged".
    pub alone: Trie<Entry>,
    /// Words for a time before that of the image.
    pub earlier: Trie<()>,
    /// Terms of place; `None` for terms that look like a place but are not one.
    pub spots: Trie<Option<Spot>>,
    /// Correctly spelt words.
    known: HashSet<String>,
    /// Correct words that a misspelt word may be meant for, by first letter and length.
    targets: HashMap<(u8, usize), Vec<String>>,
}

impl Lexicon {
    fn new(source: Source) -> Self {
        let mut lexicon = Self::default();
        lexicon.fill_terms(&source);
        lexicon.fill_spots(&source);
        for word in &lexicon.known {
            if word.len() >= 6 && word.bytes().all(|byte| byte.is_ascii_lowercase()) {
                lexicon
                    .targets
                    .entry((word.as_bytes()[0], word.len()))
                    .or_default()
                    .push(word.clone());
            }
        }
        for words in lexicon.targets.values_mut() {
            words.sort();
        }
        let lists = [
            &source.fresh,
            &source.filler,
            &source.prepositions,
            &source.connectors,
            &source.place_filler,
        ];
        for word in lists.into_iter().flatten().chain(&source.protected) {
            for token in tokens::tokenize(word, &source.spelling, &[]) {
                lexicon.known.extend([token.word, token.stem]);
            }
        }
        for group in &mut lexicon.groups {
            let words = tokens::tokenize(&group.findings.join(" "), &source.spelling, &[]);
            let spots = (0..words.len())
                .filter_map(|at| lexicon.spots.longest(&words, at, |token| &token.word, |_| false));
            group.places = spots.filter_map(|(_, spot)| spot?.place).collect();
        }
        lexicon.source = source;
        lexicon
    }

    fn fill_terms(&mut self, source: &Source) {
        for (map, subject) in [(&source.findings, false), (&source.subjects, true)] {
            for (name, terms) in map {
                let index = self.groups.len();
                let findings: Vec<String> = name.split(" + ").map(str::to_owned).collect();
                let has =
                    |set: &HashSet<String>| findings.iter().any(|finding| set.contains(finding));
                let [alone, unplaced, placeless, device, lasting] = [
                    &source.alone,
                    &source.unplaced,
                    &source.placeless,
                    &source.devices,
                    &source.lasting,
                ]
                .map(has);
                let names: Vec<&String> = source
                    .same
                    .iter()
                    .filter(|(_, used)| *used == name)
                    .map(|(other, _)| other)
                    .collect();
                self.groups.push(Group {
                    findings,
                    alone,
                    unplaced,
                    placeless,
                    device,
                    lasting,
                    places: Vec::new(),
                });
                let entry = if subject { Entry::Subject(index) } else { Entry::Finding(index) };
                let own = (!subject && !name.contains(" + ")).then_some(name);
                for term in
                    own.into_iter().chain(names.into_iter().filter(|_| !subject)).chain(terms)
                {
                    self.add_term(source, term, entry);
                    if own.is_some() {
                        let (folded, own) = (fold(term, source), term == name);
                        self.names.push(Name {
                            text: term.clone(),
                            folded,
                            finding: name.clone(),
                            own,
                        });
                    }
                }
            }
        }
        let sections =
            [(Cue::Context, &source.sections.context), (Cue::Body, &source.sections.body)];
        for (cue, terms) in source.cues.iter().map(|(cue, terms)| (*cue, terms)).chain(sections) {
            for term in terms {
                self.add_term(source, term, Entry::Cue(cue));
            }
        }
        // A heading may also stand on a line of its own, without a colon.
        for (cue, terms) in sections {
            for term in terms.iter().filter_map(|term| term.strip_suffix(" :")) {
                self.add_term(source, &format!("{term}\n"), Entry::Cue(cue));
            }
        }
        for term in &source.earlier {
            let words = tokens::tokenize(term, &source.spelling, &[]);
            self.earlier.insert(words.iter().map(|token| token.word.as_str()), ());
            self.known.extend(words.into_iter().flat_map(|token| [token.word, token.stem]));
        }
        for term in &source.ignore {
            self.add_term(source, term, Entry::Ignore);
        }
    }

    fn add_term(&mut self, source: &Source, term: &str, entry: Entry) {
        let words = tokens::tokenize(term, &source.spelling, &[]);
        let terms = match entry {
            Entry::Finding(group) if self.groups[group].alone => &mut self.alone,
            _ => &mut self.terms,
        };
        terms.insert(words.iter().map(|token| token.stem.as_str()), entry);
        self.known.extend(words.into_iter().flat_map(|token| [token.word, token.stem]));
    }

    fn fill_spots(&mut self, source: &Source) {
        let mut add = |term: &str, spot: Option<Spot>| {
            let words = tokens::tokenize(term, &source.spelling, &[]);
            self.spots.insert(words.iter().map(|token| token.word.as_str()), spot);
            self.known.extend(words.into_iter().flat_map(|token| [token.word, token.stem]));
        };
        for (&side, terms) in &source.sides {
            terms
                .iter()
                .for_each(|term| add(term, Some(Spot { side: Some(side), ..Spot::default() })));
        }
        let mut by_name = HashMap::new();
        for (place, (name, about)) in source.places.iter().enumerate() {
            let place = Some(place);
            about.terms.iter().for_each(|term| add(term, Some(Spot { place, ..Spot::default() })));
            about.plural.iter().for_each(|term| {
                add(term, Some(Spot { side: Some(Side::Both), place, plural: true }))
            });
            by_name.insert(name.as_str(), place);
            by_name.extend(about.many.as_deref().map(|many| (many, place)));
        }
        for (name, terms) in &source.sided {
            let (side, place) = name.split_once(' ').unwrap_or_default();
            let side = [("left", Side::Left), ("right", Side::Right), ("both", Side::Both)]
                .into_iter()
                .find_map(|(word, value)| (word == side).then_some(value));
            let place = by_name.get(place).copied().flatten();
            terms.iter().for_each(|term| add(term, Some(Spot { side, place, plural: false })));
        }
        source.not_places.iter().for_each(|term| add(term, None));
        self.places = source
            .places
            .iter()
            .map(|(name, about)| Place {
                one: name.clone(),
                many: about.many.clone(),
                bare: about.bare,
            })
            .collect();
    }

    /// Whether a word names a part of the body that a chest radiograph does not show.
    pub fn is_elsewhere(&self, token: &Token) -> bool {
        [&token.word, &token.stem].into_iter().any(|word| self.source.elsewhere.contains(word))
    }

    /// The form in which texts are compared with names.
    pub fn fold(&self, text: &str) -> String {
        fold(text, &self.source)
    }

    /// The words of a text, with misspelt ones corrected.
    pub fn read(&self, text: &str) -> Vec<Token> {
        let mut tokens = tokens::tokenize(text, &self.source.spelling, &self.source.dotted);
        self.join_hyphenated(text, &mut tokens);
        let mut seen: HashMap<String, Option<&String>> = HashMap::new();
        for token in &mut tokens {
            let correct = *seen
                .entry(token.word.clone())
                .or_insert_with(|| self.correct(&token.word).or_else(|| self.correct(&token.stem)));
            if let Some(word) = correct {
                token.stem = tokens::stem(word);
                token.word.clone_from(word);
            }
        }
        tokens
    }

    /// Joins hyphenated words that are one word in the vocabulary: "Endo-tracheal" is one, "right-sided" stays two.
    fn join_hyphenated(&self, text: &str, tokens: &mut Vec<Token>) {
        const HYPHENS: [char; 4] = ['-', '\u{AD}', '\u{2010}', '\u{2011}'];
        tokens.dedup_by(|second, first| {
            let gap = text.get(first.end..second.start).unwrap_or_default();
            let word = format!("{}{}", first.word, second.word);
            let joins = gap.starts_with(HYPHENS)
                && gap.trim_start_matches(HYPHENS).trim().is_empty()
                && !self.is_filler(first)
                && self.known.contains(&word);
            if joins {
                (first.end, first.stem, first.word) = (second.end, tokens::stem(&word), word);
            }
            joins
        });
    }

    /// The one known word that a misspelt word is probably meant for: its first letter is the same, and it differs by
    /// at most one slip if it has 6 letters or more, by two if it has 10 or more.
    fn correct(&self, word: &str) -> Option<&String> {
        let short = word.len() < 6 || word.len() > MAX_WORD;
        if short || self.known.contains(word) || self.known.contains(&tokens::stem(word)) {
            return None;
        }
        let most = if word.len() >= 10 { 2 } else { 1 };
        let first = *word.as_bytes().first()?;
        let near = (word.len() - most..=word.len() + most)
            .filter_map(|length| self.targets.get(&(first, length)))
            .flatten()
            .filter_map(|target| {
                let allowed = if target.len() >= 10 { most } else { 1 };
                distance(word.as_bytes(), target.as_bytes(), allowed).map(|slips| (slips, target))
            });
        let (mut best, mut tied) = (None::<(usize, &String)>, false);
        for (slips, target) in near {
            match best {
                Some((least, other)) if least == slips => {
                    tied |= tokens::stem(other) != tokens::stem(target)
                }
                Some((least, _)) if least < slips => {}
                _ => (best, tied) = (Some((slips, target)), false),
            }
        }
        best.filter(|_| !tied).map(|(_, target)| target)
    }

    /// For each token, the term that it is part of, if any.
    pub fn entries(&self, tokens: &[Token]) -> Vec<Option<Entry>> {
        let mut entries = vec![None; tokens.len()];
        let mut at = 0;
        while at < tokens.len() {
            let skip = |token: &Token| self.is_filler(token);
            let found = self.terms.longest(tokens, at, |token| &token.stem, skip);
            let end = found.map_or(at + 1, |(end, _)| end);
            entries[at..end].fill(found.map(|(_, entry)| entry));
            at = end;
        }
        entries
    }

    /// Whether a token may stand between the words of a term.
    pub fn is_filler(&self, token: &Token) -> bool {
        let digit = token.word.bytes().any(|byte| byte.is_ascii_digit());
        digit || self.source.filler.contains(&token.word)
    }

    /// Whether a token occurs in a term of the vocabulary.
    pub fn knows(&self, token: &Token) -> bool {
        self.known.contains(&token.word) || self.known.contains(&token.stem)
    }

    /// The name of a spot, if it is specific enough to be worth naming.
    pub fn place_name(&self, spot: Spot) -> Option<String> {
        let Some(place) = spot.place.and_then(|index| self.places.get(index)) else {
            return Some(match spot.side? {
                Side::Left => "left side".into(),
                Side::Right => "right side".into(),
                Side::Both => "both sides".into(),
            });
        };
        match (spot.side, &place.many) {
            (Some(Side::Left), Some(_)) => Some(format!("left {}", place.one)),
            (Some(Side::Right), Some(_)) => Some(format!("right {}", place.one)),
            (Some(Side::Both), Some(many)) => Some(format!("both {many}")),
            _ => place.bare.then(|| place.one.clone()),
        }
    }
}

fn fold(text: &str, source: &Source) -> String {
    let words = tokens::tokenize(text, &source.spelling, &[]);
    words.into_iter().map(|token| token.word).collect::<Vec<_>>().join(" ")
}

/// The number of insertions, deletions, replacements and swaps of adjacent bytes that turn `a` into `b`, if it is at
/// most `most` (the optimal string alignment distance).
pub fn distance(a: &[u8], b: &[u8], most: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replace = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replace.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        if row.iter().min().is_none_or(|&least| least > most) {
            return None;
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().filter(|&slips| slips <= most)
}
