//! From a sentence to the word pieces that are the input of the text encoder.

use std::collections::HashSet;

use ahash::AHashMap;
use serde::Deserialize;
#[cfg(feature = "train")]
use serde_json::json;
use tokenizers::models::wordpiece::{WordPiece, WordPieceBuilder};
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{Model, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer};

use super::prompt::{normalize, sentence};
use crate::deserialize::not_inlined;
use crate::error::{Error, Result};

/// The special pieces at the start and end of a text.
const CLS: &str = "[CLS]";
const SEP: &str = "[SEP]";

/// One text as word pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// Identifiers of the pieces, `[CLS]` first and `[SEP]` last.
    pub ids: Vec<u32>,
    /// The pieces themselves; one that continues a word begins with `##`.
    pub pieces: Vec<String>,
    /// For each piece, the row of the text memory that it belongs to: all pieces of one word share a row.
    pub rows: Vec<usize>,
    /// For each row, its word; the first is `[CLS]`, and the last is `[SEP]`.
    pub words: Vec<String>,
}

impl Tokens {
    /// Number of rows in use.
    pub fn row_count(&self) -> usize {
        self.rows.last().map_or(0, |&row| row + 1)
    }
}

/// A WordPiece tokenizer that truncates texts to the number of rows of the text memory.
#[derive(Debug, Clone)]
pub struct TextTokenizer {
    pieces: WordPiece,
    /// One more than the highest identifier of a word piece.
    vocab_size: usize,
    /// The number of word pieces, including those that were added to the vocabulary.
    known: usize,
    /// The piece for everything that is not in the vocabulary.
    unknown: Option<u32>,
    /// The identifiers of `[CLS]` and `[SEP]`, which are put around a text.
    around: [u32; 2],
    rows: usize,
}

/// The parts of a `tokenizer.json` that are used. After [`normalize`] the other parts would have no effect.
#[derive(Deserialize)]
struct Parts {
    normalizer: Kind,
    pre_tokenizer: Kind,
    model: Pieces,
    #[serde(default)]
    added_tokens: Vec<Added>,
}

#[derive(Deserialize)]
struct Added {
    id: u32,
}

/// A [`WordPiece`].
#[derive(Deserialize)]
struct Pieces {
    r#type: String,
    unk_token: String,
    continuing_subword_prefix: String,
    max_input_chars_per_word: usize,
    #[serde(deserialize_with = "not_inlined")]
    vocab: AHashMap<String, u32>,
}

#[derive(Deserialize)]
struct Kind {
    r#type: String,
}

impl Pieces {
    #[inline(never)] // see `lib.rs`
    fn build(self) -> Result<WordPiece> {
        WordPieceBuilder::new()
            .unk_token(self.unk_token)
            .continuing_subword_prefix(self.continuing_subword_prefix)
            .max_input_chars_per_word(self.max_input_chars_per_word)
            .vocab(self.vocab)
            .build()
            .map_err(Error::Tokenizer)
    }
}

impl TextTokenizer {
    /// Reads the Hugging Face `tokenizer.json` of a BERT; texts are cut to `rows` pieces.
    ///
    /// # Errors
    ///
    /// [`Error::Tokenizer`] where the JSON cannot be used.
    pub fn new(json: &[u8], rows: usize) -> Result<Self> {
        let Parts { normalizer, pre_tokenizer, model, added_tokens } =
            serde_json::from_slice(json).map_err(|error| Error::Tokenizer(error.into()))?;
        for (found, known) in [
            (&normalizer.r#type, "BertNormalizer"),
            (&pre_tokenizer.r#type, "BertPreTokenizer"),
            (&model.r#type, "WordPiece"),
        ] {
            if found != known {
                return Err(Error::Tokenizer(format!("{found} instead of {known}").into()));
            }
        }
        let last = model.vocab.values().max();
        let vocab_size = last.map_or(0, |&id| (id as usize).saturating_add(1));
        let numbers = model.vocab.values().copied().chain(added_tokens.iter().map(|one| one.id));
        let known = numbers.collect::<HashSet<u32>>().len();
        let unknown = model.vocab.get(&model.unk_token).copied();
        let pieces = model.build()?;
        let id = |piece: &str| pieces.token_to_id(piece).ok_or_else(|| missing(piece));
        let around = [id(CLS)?, id(SEP)?];
        Ok(Self { pieces, vocab_size, known, unknown, around, rows })
    }

    /// Word pieces of a text after [`normalize`].
    ///
    /// # Errors
    ///
    /// [`Error::Tokenizer`] where a piece is not in the vocabulary and there is no `[UNK]`.
    pub fn encode(&self, text: &str) -> Result<Tokens> {
        self.encode_words(&normalize(text))
    }

    /// Word pieces of words that are already normalised to lower-case ASCII.
    ///
    /// # Errors
    ///
    /// Those of [`TextTokenizer::encode`].
    pub fn encode_words(&self, words: &str) -> Result<Tokens> {
        let mut split = PreTokenizedString::from(words);
        BertPreTokenizer.pre_tokenize(&mut split).map_err(Error::Tokenizer)?;
        let [cls, sep] = self.around;
        let mut ids = vec![cls];
        let mut pieces = vec![CLS.to_string()];
        let mut rows = vec![0];
        let mut words = vec![CLS.to_string()];
        for (word, ..) in split.get_splits(OffsetReferential::Normalized, OffsetType::None) {
            for piece in self.pieces.tokenize(word).map_err(Error::Tokenizer)? {
                if ids.len() + 1 >= self.rows {
                    break;
                }
                match (piece.value.strip_prefix("##"), words.last_mut()) {
                    (Some(more), Some(word)) => word.push_str(more),
                    _ => words.push(piece.value.clone()),
                }
                ids.push(piece.id);
                pieces.push(piece.value);
                rows.push(words.len() - 1);
            }
        }
        ids.push(sep);
        pieces.push(SEP.to_string());
        rows.push(words.len());
        words.push(SEP.to_string());
        Ok(Tokens { ids, pieces, rows, words })
    }

    /// Checks that this tokenizer belongs to a model, by the number of the model's embeddings, and by the words of its
    /// own `findings`, which have to be in the vocabulary. The number of embeddings is often padded to a multiple of 8,
    /// 16 and so on to 512; returns how many embeddings belong to no piece.
    ///
    /// # Errors
    ///
    /// [`Error::Tokenizer`] where it belongs to another model.
    pub fn fits<'a>(
        &self,
        embeddings: usize,
        findings: impl IntoIterator<Item = &'a String>,
    ) -> Result<usize> {
        const OWN: &str = "Give the tokenizer.json or vocab.txt that belongs to the checkpoint";
        let padded = |log: u32| self.known.next_multiple_of(1 << log) == embeddings;
        if self.known != embeddings && !(3..=9).any(padded) || self.vocab_size > embeddings {
            let pieces = self.known.max(self.vocab_size);
            return Err(Error::Tokenizer(
                format!("it has {pieces} word pieces, and the checkpoint embeddings for {embeddings}. {OWN}").into(),
            ));
        }
        for finding in findings {
            let Tokens { ids, .. } = self.encode(&sentence(finding)?)?;
            if ids.iter().any(|id| Some(*id) == self.unknown) {
                let reason = format!("its word pieces do not make up \"{finding}\". {OWN}");
                return Err(Error::Tokenizer(reason.into()));
            }
        }
        Ok(embeddings - self.known)
    }

    /// Makes a smaller vocabulary. Returns the `tokenizer.json` with its pieces renumbered, and the old identifiers of
    /// the pieces that were kept.
    ///
    /// Kept are the special pieces, the pieces of every name in the finding vocabulary, and those of the first
    /// `frequent` pieces (a BERT vocabulary is ordered by frequency) that can occur after [`normalize`]: ASCII letters,
    /// digits and `_`. A rarer word is then split into smaller pieces.
    ///
    /// # Errors
    ///
    /// [`Error::Tokenizer`] where the JSON is no WordPiece tokenizer.
    #[cfg(feature = "train")]
    pub fn prune(&self, json: &[u8], frequent: usize) -> Result<(Vec<u8>, Vec<u32>)> {
        let mut tokenizer: serde_json::Value =
            serde_json::from_slice(json).map_err(|error| Error::Tokenizer(error.into()))?;
        let mut needed = std::collections::BTreeSet::new();
        for name in crate::text::align::vocabulary() {
            needed.extend(self.encode(&format!("There is {name}"))?.ids);
        }
        let reachable = |piece: &str| {
            let letters = piece.strip_prefix("##").unwrap_or(piece);
            letters.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
        let vocabulary = tokenizer["model"]["vocab"]
            .as_object_mut()
            .ok_or_else(|| Error::Tokenizer("it has no vocabulary".into()))?;
        let mut kept: Vec<(u32, String)> = vocabulary
            .iter()
            .filter_map(|(piece, id)| Some((id.as_u64()? as u32, piece.clone())))
            .filter(|(id, piece)| {
                special.contains(&piece.as_str())
                    || needed.contains(id)
                    || (*id as usize) < frequent && reachable(piece)
            })
            .collect();
        kept.sort_unstable();
        let new_id = |piece: &str| kept.iter().position(|(_, kept)| kept == piece);
        let numbered = kept.iter().enumerate().map(|(id, (_, piece))| (piece.clone(), json!(id)));
        *vocabulary = numbered.collect();
        renumber(&mut tokenizer, &new_id);
        let json =
            serde_json::to_vec(&tokenizer).map_err(|error| Error::Tokenizer(error.into()))?;
        Ok((json, kept.into_iter().map(|(id, _)| id).collect()))
    }

    /// One more than the highest identifier of a word piece.
    pub fn vocab_size(&self) -> usize {
        self.vocab_size
    }
}

fn missing(piece: &str) -> Error {
    Error::Tokenizer(format!("{piece} is not in the vocabulary").into())
}

/// Replaces the identifiers of the special pieces wherever a `tokenizer.json` contains them.
#[cfg(feature = "train")]
fn renumber(tokenizer: &mut serde_json::Value, new_id: &dyn Fn(&str) -> Option<usize>) {
    if let Some(added) = tokenizer.get_mut("added_tokens").and_then(|tokens| tokens.as_array_mut())
    {
        added.retain_mut(|token| {
            let id = token["content"].as_str().and_then(new_id);
            token["id"] = json!(id);
            id.is_some()
        });
    }
    let Some(processor) = tokenizer.get_mut("post_processor") else { return };
    if let Some(special) = processor.get_mut("special_tokens").and_then(|all| all.as_object_mut()) {
        for (piece, token) in special {
            token["ids"] = json!([new_id(piece)]);
        }
    }
    for side in ["sep", "cls"] {
        if let Some(pair) = processor.get_mut(side).and_then(|pair| pair.as_array_mut()) {
            let id = pair[0].as_str().and_then(new_id);
            pair[1] = json!(id);
        }
    }
}

/// The `tokenizer.json` for a file that is either one or a `vocab.txt`.
///
/// # Errors
///
/// [`Error::Tokenizer`] where the file is neither.
pub fn tokenizer_json(file: Vec<u8>) -> Result<Vec<u8>> {
    if file.trim_ascii_start().starts_with(b"{") {
        return Ok(file);
    }
    let vocabulary = String::from_utf8(file).map_err(|error| Error::Tokenizer(error.into()))?;
    vocabulary_as_tokenizer(&vocabulary)
}

/// Converts a `vocab.txt` (one word piece per line) to the `tokenizer.json` of an uncased BERT.
///
/// # Errors
///
/// [`Error::Tokenizer`] where the vocabulary lacks `[CLS]`, `[SEP]` or `[UNK]`.
pub fn vocabulary_as_tokenizer(vocabulary: &str) -> Result<Vec<u8>> {
    let fail = |error: serde_json::Error| Error::Tokenizer(error.into());
    let mut pieces = serde_json::Map::new();
    for (id, piece) in (0u64..).zip(vocabulary.lines()) {
        pieces.insert(piece.trim_end().to_string(), id.into());
    }
    let id = |piece: &str| pieces.get(piece).cloned().ok_or_else(|| missing(piece));
    id("[UNK]")?;
    let (sep, cls) = (id(SEP)?, id(CLS)?);
    let mut tokenizer: serde_json::Value = serde_json::from_slice(UNCASED).map_err(fail)?;
    tokenizer["post_processor"]["sep"][1] = sep;
    tokenizer["post_processor"]["cls"][1] = cls;
    tokenizer["model"]["vocab"] = pieces.into();
    Ok(tokenizer.to_string().into_bytes())
}

/// The tokenizer of an uncased BERT, without its vocabulary and the identifiers of its special pieces.
const UNCASED: &[u8] = br###"{
    "version": "1.0",
    "normalizer": {
        "type": "BertNormalizer",
        "clean_text": true,
        "handle_chinese_chars": true,
        "strip_accents": null,
        "lowercase": true
    },
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", null], "cls": ["[CLS]", null]},
    "model": {
        "type": "WordPiece",
        "unk_token": "[UNK]",
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100,
        "vocab": {}
    }
}"###;

#[cfg(test)]
mod tests {
    use super::*;

    /// A tokenizer whose vocabulary has the special pieces, the given pieces, and all letters as continuations of a
    /// word.
    fn tokenizer(pieces: &[&str]) -> TextTokenizer {
        let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
        let lines: Vec<&str> = special.iter().chain(pieces).copied().collect();
        let json = vocabulary_as_tokenizer(&lines.join("\n")).unwrap();
        TextTokenizer::new(&json, 97).unwrap()
    }

    #[test]
    fn a_tokenizer_has_to_fit_its_embeddings() {
        let letters: Vec<String> = ('a'..='z').flat_map(|c| [c.into(), format!("##{c}")]).collect();
        let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
        let (whole, special) = (tokenizer(&letters), tokenizer(&[])); // 57 and 5 pieces
        let findings = ["Pleural Effusion".to_string(), "There is Hernia".to_string()];
        for (tokenizer, embeddings, padding) in [
            (&whole, 57, Some(0)),
            (&whole, 64, Some(7)),   // a multiple of 8
            (&whole, 128, Some(71)), // and of 128
            (&whole, 58, None),
            (&whole, 56, None),
            (&whole, 133, None),
            // What transformers 5 writes for `BertTokenizer(vocab_file=…)`.
            (&special, 133, None),
            (&special, 8, None), // the number fits, and every word is [UNK]
            (&tokenizer(&letters[..50]), 55, Some(0)), // without z, which no finding has,
            (&tokenizer(&letters[2..]), 55, None), // and without a
        ] {
            let found = tokenizer.fits(embeddings, &findings);
            assert_eq!(found.as_ref().ok(), padding.as_ref(), "{embeddings}: {found:?}");
            if let Err(error) = found {
                assert!(error.to_string().contains("belongs to the checkpoint"), "{error}");
            }
        }
    }
}
