//! Splits a text into normalised words that keep their positions in it.

use std::iter;
use std::ops::Range;

use unicode_normalization_alignments::UnicodeNormalization;
use unicode_normalization_alignments::char::{canonical_combining_class, is_combining_mark};

/// End of a sentence, as a word.
pub const STOP: &str = ".";
/// End of a line that also ends a sentence, as a word.
pub const LINE: &str = "\n";

/// An empty tick box, or one with a cross in place of a tick, as a word.
pub const EMPTY_BOX: &str = "☐";
/// A box that is ticked, as a word.
pub const TICKED_BOX: &str = "☑";

const SOFT_HYPHEN: char = '\u{AD}';

/// A line shorter than this was ended on purpose; a longer one may only have been wrapped.
const WRAPPED_LINE: usize = 30;
/// Words after which a sentence or list item goes on, except where the word is an answer: "Effusion: no".
const UNFINISHED: [&str; 14] =
    [",", "no", "of", "or", "and", "the", "a", "an", "in", "with", "for", "to", "nor", "without"];

/// The content of a field of a form or table that answers the field before it.
const ANSWERS: [&str; 13] = [
    "no", "yes", "none", "nil", "absent", "present", "negative", "positive", "normal", "clear",
    "possible", "n", "y",
];

/// Abbreviations of sides: a dot after one ends a sentence only where another sentence seems to begin.
const SIDES: [&str; 8] = ["l", "r", "lt", "rt", "izq", "der", "dcho", "dcha"];

/// Verbs that can be contracted with "not".
const AUXILIARIES: [&str; 17] = [
    "do", "does", "did", "is", "are", "was", "were", "has", "have", "had", "could", "would",
    "should", "must", "might", "may", "need",
];

/// A word or a punctuation mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Byte range in the text.
    pub start: usize,
    /// End of the byte range.
    pub end: usize,
    /// Lower-case, without accents.
    pub word: String,
    /// The word without an English plural ending.
    pub stem: String,
    /// Whether nothing lies between this token and the one before.
    pub glued: bool,
}

impl Token {
    /// Whether a sentence ends here.
    pub fn ends_sentence(&self) -> bool {
        self.word == STOP || self.word == LINE
    }
}

/// Splits a text into tokens. Letters and digits form words, each CJK character is a word of its own, and marks that
/// carry meaning are kept. Hyphens inside words split them, and invisible characters are dropped.
pub fn tokenize(text: &str, spelling: &[(String, String)], dotted: &[String]) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut word = String::new();
    let (mut start, mut end, mut line_start) = (0, 0, 0);
    let flush = |tokens: &mut Vec<Token>, word: &mut String, start: usize, end: usize| {
        if let Some(verb) = contracted(word) {
            push(tokens, verb.to_owned(), start, end);
            push(tokens, "not".into(), start, end);
        } else if !word.is_empty() {
            push(tokens, respell(word, spelling), start, end);
        }
        word.clear();
    };
    let plain = plain(text);
    let mut leader = false;
    let mut done = 0;
    for (index, (c, range)) in plain.iter().enumerate() {
        if index < done {
            continue;
        }
        let (mut c, Range { start: at, end: after }) = (*c, range.clone());
        leader = (c == '.' && (leader || is_leader(&plain[index..]))) || (leader && c == ' ');
        if leader
            && c == '.'
            && word.is_empty()
            && tokens.last().is_some_and(|last| last.word == ":")
        {
            continue;
        }
        if leader && c == '.' {
            c = ':'; // "Effusion ........ none"
        }
        let next = plain.get(index + 1).map_or(' ', |(next, _)| *next);
        let number = c == '.'
            && next.is_ascii_digit()
            && word.bytes().last().is_some_and(|byte| byte.is_ascii_digit());
        if (c.is_alphanumeric() && !is_cjk(c)) || number {
            if word.is_empty() {
                start = at;
            }
            word.extend(c.to_lowercase());
            end = after;
            continue;
        }
        if c == '\'' {
            continue; // doesn't → doesnt → does not
        }
        let in_word = !word.is_empty();
        flush(&mut tokens, &mut word, start, end);
        match c {
            '.' | '!' => {
                let last = tokens.last().map_or("", |token| token.word.as_str());
                let initial = last.len() == 1 && last.is_ascii() && next.is_alphanumeric();
                let side = SIDES.contains(&last)
                    && (rest_is_lower(&plain[index + 1..]) || begins_sentence(&tokens));
                if c == '!'
                    || !(in_word && (initial || side || dotted.iter().any(|word| word == last)))
                {
                    push(&mut tokens, STOP.into(), at, after);
                }
            }
            '\n' => {
                if ends_line(&text[line_start..at], &text[after..], &tokens) {
                    push(&mut tokens, LINE.into(), at, after);
                }
                line_start = after;
            }
            '☐' | '✗' | '✘' => push(&mut tokens, EMPTY_BOX.into(), at, after),
            '☑' | '☒' | '✓' | '✔' => push(&mut tokens, TICKED_BOX.into(), at, after),
            '[' | '(' if let Some((mark, length)) = drawn_box(&plain[index..]) => {
                done = index + length;
                push(&mut tokens, mark.into(), at, plain[done - 1].1.end);
            }
            '\t' | '|' => {
                let field: String = plain[index + 1..]
                    .iter()
                    .map(|(c, _)| *c)
                    .take_while(|c| !['\t', '|', '\n'].contains(c))
                    .collect();
                if let Some(mark) = field_mark(c, field.trim(), tokens.last()) {
                    push(&mut tokens, mark.into(), at, after);
                }
            }
            ']' | '〉' | '》' | '〕'
                if tokens.last().is_some_and(|last| last.word.chars().all(is_cjk)) =>
            {
                push(&mut tokens, ":".into(), at, after); // ［所見］
            }
            '>' if index > 0 && plain[index - 1].0 == '-' => {}
            '-' if in_word && next.is_alphanumeric() => {}
            ',' | ';' | ':' | '/' | '(' | ')' | '?' | '&' | '>' | '<' | '+' | '-' | '±' | '・'
            | '、' => {
                push(&mut tokens, c.into(), at, after);
            }
            _ if is_cjk(c) => push(&mut tokens, c.into(), at, after),
            _ => {}
        }
    }
    flush(&mut tokens, &mut word, start, end);
    tokens
}

/// The visible characters in Unicode's compatibility form (NFKC, which unifies ligatures, full and half width, and
/// composed letters), without accents, each with the byte range of the text that it stands for.
fn plain(text: &str) -> Vec<(char, Range<usize>)> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        let mut end = at + c.len_utf8();
        while let Some((at, mark)) = rest.next_if(|(_, c)| combines(*c)) {
            end = at + mark.len_utf8();
        }
        if end == at + 1 {
            plain.extend((!is_invisible(c)).then(|| (fold(c), at..end)));
            continue;
        }
        let normal = text[at..end].chars().map(spared).nfkc().map(|(c, _)| c);
        plain.extend(normal.filter(|c| !is_invisible(*c)).map(|c| (fold(c), at..end)));
    }
    unwrap_words(plain)
}

/// Rejoins words that were hyphenated at the end of a line, as in text from a PDF, if there is only the hyphen between
/// their parts. Soft hyphens elsewhere are removed.
fn unwrap_words(wrapped: Vec<(char, Range<usize>)>) -> Vec<(char, Range<usize>)> {
    let mut plain: Vec<(char, Range<usize>)> = Vec::with_capacity(wrapped.len());
    let mut at = 0;
    while let Some((c, range)) = wrapped.get(at) {
        at += 1;
        let soft = *c == SOFT_HYPHEN;
        let blank = |from: usize| wrapped[from..].iter().take_while(|(c, _)| c.is_whitespace());
        let blanks = if soft || *c == '-' { blank(at).count() } else { 0 };
        let breaks = blank(at).take(blanks).any(|(c, _)| *c == '\n');
        let inside = plain.last().is_some_and(|(c, _)| c.is_alphabetic())
            && wrapped.get(at + blanks).is_some_and(|(c, _)| c.is_lowercase());
        if breaks && inside {
            at += blanks;
        } else if soft {
            continue;
        }
        plain.push((if soft { '-' } else { *c }, range.clone()));
    }
    plain
}

/// Whether a character combines with the one before it, as accents and the voicing marks of kana do.
fn combines(c: char) -> bool {
    let first = || iter::once(c).nfkd().next().map_or(c, |(c, _)| c);
    !c.is_ascii() && (is_combining_mark(c) || canonical_combining_class(first()) != 0)
}

/// Replaces characters that NFKC would not handle as wanted. An acute accent, which NFKC would split into a blank and a
/// combining accent, becomes an apostrophe. A symbol for the empty set or diameter, which is no letter, becomes the
/// letter "ø" that people write for it.
fn spared(c: char) -> char {
    match c {
        '´' => '\'',
        '∅' | '⌀' => 'ø',
        c => c,
    }
}

fn push(tokens: &mut Vec<Token>, word: String, start: usize, end: usize) {
    let glued = tokens.last().is_some_and(|last| last.end == start);
    tokens.push(Token { start, end, stem: stem(&word), word, glued });
}

/// The verb of a contraction such as "doesn't", also without its apostrophe; "not" has to be added by the caller.
fn contracted(word: &str) -> Option<&str> {
    match word {
        "cant" | "cannot" => Some("can"),
        "wont" => Some("will"),
        _ => word.strip_suffix("nt").filter(|verb| AUXILIARIES.contains(verb)),
    }
}

/// Replaces British spelling by American spelling at the start of a word.
fn respell(word: &str, spelling: &[(String, String)]) -> String {
    spelling
        .iter()
        .find_map(|(from, to)| word.strip_prefix(from.as_str()).map(|rest| format!("{to}{rest}")))
        .unwrap_or_else(|| word.to_owned())
}

/// Removes an English plural ending.
pub fn stem(word: &str) -> String {
    let kept = ["ss", "us", "is"].iter().any(|end| word.ends_with(end));
    if !word.is_ascii() || word.len() < 4 || kept || !word.ends_with('s') {
        return word.to_owned();
    }
    if let Some(root) = word.strip_suffix("ies").filter(|root| root.len() > 2) {
        return format!("{root}y");
    }
    let hissing = ["sses", "xes", "ches"].iter().any(|end| word.ends_with(end));
    word[..word.len() - if hissing { 2 } else { 1 }].to_owned()
}

/// Whether the text continues in lower case: "Lt. effusion", but not "effusion, lt. Heart normal".
fn rest_is_lower(rest: &[(char, Range<usize>)]) -> bool {
    rest.iter().map(|(c, _)| *c).find(|c| *c != ' ').is_some_and(char::is_lowercase)
}

/// Whether the last token is the first of its sentence.
fn begins_sentence(tokens: &[Token]) -> bool {
    tokens.len() < 2 || tokens[tokens.len() - 2].ends_sentence()
}

/// Whether a line break also ends the sentence; otherwise the text was only wrapped.
fn ends_line(line: &str, rest: &str, tokens: &[Token]) -> bool {
    let next = rest.lines().next().unwrap_or_default().trim_start();
    let Some(first) = next.chars().next() else { return true };
    let unfinished = tokens.last().is_some_and(|last| UNFINISHED.contains(&last.word.as_str()));
    let marks = |token: &Token| [":", "-", "?"].contains(&token.word.as_str());
    let asked = tokens.len() > 1 && marks(&tokens[tokens.len() - 2]);
    let answers = asked || line.contains('\t') || line.trim().len() < WRAPPED_LINE;
    if unfinished && first.is_alphanumeric() && !(answers && ends_with_no(line)) {
        return false;
    }
    let shouted = !line.contains(char::is_lowercase) && line.contains(char::is_uppercase);
    let continues = first.is_lowercase() || (shouted && first.is_uppercase());
    !(continues && line.trim().len() >= WRAPPED_LINE)
}

/// Recognises "[ ]", "[x]" and "( )" as a box. Returns its word and its length.
fn drawn_box(rest: &[(char, Range<usize>)]) -> Option<(&'static str, usize)> {
    let close = rest.iter().take(5).position(|(c, _)| [']', ')'].contains(c))?;
    let mut inside = rest[1..close].iter().map(|(c, _)| *c).filter(|c| ![' ', '_'].contains(c));
    match (inside.next(), inside.next()) {
        (None, _) => Some((EMPTY_BOX, close + 1)),
        (Some('x' | 'X' | '✓' | '✔' | '*'), None) => Some((TICKED_BOX, close + 1)),
        _ => None,
    }
}

/// A leader, as between the columns of a form: four dots, possibly with blanks between them.
fn is_leader(rest: &[(char, Range<usize>)]) -> bool {
    let dots = rest.iter().map(|(c, _)| *c).filter(|c| *c != ' ').take(4);
    dots.filter(|c| *c == '.').count() == 4
}

/// What a tab or bar before a field is replaced by: an answer belongs to the field before it, anything else starts a
/// new statement. A tab before a lower-case letter counts as a blank, except inside a form.
fn field_mark(bar: char, field: &str, last: Option<&Token>) -> Option<&'static str> {
    let first = field.chars().next().filter(|c| !"[☐☑☒✓✔✗✘".contains(*c))?;
    let last = last.filter(|last| !last.ends_sentence() && last.word != ":")?;
    let lower = field.to_lowercase();
    if ANSWERS.contains(&lower.trim_end_matches('.')) {
        return Some(":").filter(|_| !ANSWERS.contains(&last.word.as_str()));
    }
    (bar == '|' || !first.is_lowercase() || field.contains(':')).then_some(STOP)
}

/// Whether a line has several words and ends with "no", as in a form with one answer on each line.
fn ends_with_no(line: &str) -> bool {
    let mut words =
        line.split(|c: char| !c.is_alphanumeric()).rev().filter(|word| !word.is_empty());
    words.next().is_some_and(|last| last.eq_ignore_ascii_case("no")) && words.next().is_some()
}

/// Whether a character is Chinese or kana, which are written without spaces.
fn is_cjk(c: char) -> bool {
    matches!(c, '々' | '\u{3041}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}')
        && c != '・'
}

/// Control characters, zero-width and bidirectional marks, and combining accents.
fn is_invisible(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c, '\u{300}'..='\u{36F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
}

/// The plain form of a letter or mark after normalisation, without its accent.
fn fold(c: char) -> char {
    match c {
        'À'..='Å' | 'à'..='å' | 'ā' => 'a',
        'È'..='Ë' | 'è'..='ë' | 'ē' => 'e',
        'Ì'..='Ï' | 'ì'..='ï' => 'i',
        'Ò'..='Ö' | 'ò'..='ö' | 'ō' => 'o',
        'Ù'..='Ü' | 'ù'..='ü' | 'ū' => 'u',
        'Ñ' | 'ñ' => 'n',
        'Ç' | 'ç' => 'c',
        '。' => '.',
        '】' => ':',
        '–' | '—' | '−' | '‐' | '‑' => '-',
        '’' | '‘' | 'ʼ' | '`' | '′' => '\'',
        '\r' | '\u{2028}' | '\u{85}' => ' ',
        other => other,
    }
}
