//! Finds the columns that identify the images in two tables: those whose values match, and not merely the first that
//! both tables have.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::error::{EvaluateError, Result, some_of};
use super::order::ordered;
use super::table::{Join, Table, file_name};

/// Words in the names of columns that identify images, the most reliable first. The first `FILES` of them name the
/// image itself.
const IDENTIFYING: [&str; 12] = [
    "image",
    "img",
    "path",
    "file",
    "filename",
    "study",
    "dicom",
    "sop",
    "accession",
    "id",
    "uid",
    "key",
];

const FILES: usize = 5;

/// A pair of columns that may identify the same images.
#[derive(Debug)]
struct Candidate {
    left: usize,
    right: usize,
    /// How much the pair can be trusted; the most reliable comes first.
    rank: Rank,
    join: Join,
}

/// How much a pair of columns can be trusted. The order of the variants counts: the first is the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Both have the same name, which says that the column identifies images.
    Identifying,
    /// They have different names, but both names are of the image itself, such as "image" and "path".
    Renamed,
    /// Both have the same name, which says nothing about images.
    Any,
    /// They have different names, but one of the columns is known to name the images.
    Of,
    /// Both have the same name, but the values only number the rows.
    Counter,
}

/// The key columns of predictions and labels. `named` is the user's choice. If the predictions have no column with this
/// name, it is the key of the labels only, and that of the predictions is their column `image`. In `long` predictions
/// the key is always the first column.
pub fn columns(
    predictions: &Table,
    long: bool,
    labels: &Table,
    named: Option<&str>,
) -> Result<(usize, usize)> {
    const REMEDY: &str =
        "Name the labels' column that holds the images' paths or file names with --key";
    if let Some(name) = named {
        let left = if long {
            0
        } else {
            let image = || predictions.column("image");
            match predictions.column(name).or_else(image) {
                Some(column) => column,
                None => {
                    predictions.require(name, "Name the column that both files share with --key")?
                }
            }
        };
        return Ok((left, labels.require(name, REMEDY)?));
    }
    let lefts = if long { 0..1 } else { 0..predictions.header.len() };
    if let Some(found) = by_values(predictions, lefts.clone(), labels, long)? {
        return Ok(found);
    }
    if long && let Some(column) = most_named(predictions, labels) {
        return Ok((0, column));
    }
    // No column fits. The error is about the column that was most likely meant.
    let shared = |&(left, right): &(usize, usize)| {
        same(&predictions.header[left], &labels.header[right])
            && !is_nameless(&labels.header[right])
    };
    let pairs = lefts.flat_map(|left| (0..labels.header.len()).map(move |right| (left, right)));
    match pairs.filter(shared).min_by_key(|&(left, _)| place(&predictions.header[left])) {
        Some(pair) => Ok(pair),
        None if long => Ok((0, labels.require("image", REMEDY)?)),
        None => {
            Err(EvaluateError::NoKey { left: predictions.file.clone(), right: labels.file.clone() })
        }
    }
}

/// The column of the labels that names the most of the images, although it names some of them more than once.
fn most_named(images: &Table, labels: &Table) -> Option<usize> {
    let names: HashSet<&str> =
        (0..images.rows()).map(|row| file_name(images.cell(row, 0))).collect();
    let named = |column: usize| {
        let cells = (0..labels.rows()).map(|row| file_name(labels.cell(row, column)));
        cells.filter(|name| names.contains(name)).collect::<HashSet<_>>().len()
    };
    let counts = (0..labels.header.len()).map(|column| (named(column), column));
    let (most, column) = counts.max_by_key(|&(count, column)| (count, Reverse(column)))?;
    (2 * most >= images.rows().min(labels.rows())).then_some(column)
}

/// The columns that have unique values in both tables and share most of them. With `named`, the left column is known to
/// name the images.
fn by_values(
    left: &Table,
    lefts: impl Iterator<Item = usize>,
    right: &Table,
    named: bool,
) -> Result<Option<(usize, usize)>> {
    let unique = |table: &Table, column: &usize| table.keys(*column).is_ok();
    let rights: Vec<usize> =
        (0..right.header.len()).filter(|column| unique(right, column)).collect();
    let candidates: Vec<Candidate> = lefts
        .filter(|column| unique(left, column))
        .flat_map(|column| rights.iter().map(move |&other| (column, other)))
        .filter_map(|(one, two)| Candidate::new(left, one, right, two, named))
        .collect();
    let order = ordered(candidates.len(), &|one, two| {
        let [one, two] = [one, two].map(|at| &candidates[at]);
        let places = [one, two].map(|each| place(&left.header[each.left]));
        one.rank.cmp(&two.rank).then(places[0].cmp(&places[1]))
    });
    let candidates: Vec<&Candidate> = order.into_iter().map(|at| &candidates[at]).collect();
    let Some(best) = candidates.first() else { return Ok(None) };
    let equals = candidates.iter().take_while(|other| other.rank == best.rank);
    let mut differing = equals.filter(|other| other.join.right != best.join.right).peekable();
    if differing.peek().is_some() {
        let names: Vec<&str> = std::iter::once(best)
            .chain(differing)
            .map(|one| right.header[one.right].as_str())
            .collect();
        let (left, right) = (left.file.clone(), right.file.clone());
        return Err(EvaluateError::SeveralKeys { left, right, columns: some_of(&names) });
    }
    Ok(Some((best.left, best.right)))
}

impl Candidate {
    fn new(left: &Table, one: usize, right: &Table, two: usize, named: bool) -> Option<Self> {
        let names = [&left.header[one], &right.header[two]];
        let places = names.map(|name| place(name));
        let rank = match same(names[0], names[1]) {
            true if places[0] < IDENTIFYING.len() => Rank::Identifying,
            true => Rank::Any,
            false if places.iter().all(|place| *place < FILES) => Rank::Renamed,
            false if named => Rank::Of,
            false => return None,
        };
        let keys = [left.keys(one).ok()?, right.keys(two).ok()?];
        let nameless = names.iter().any(|name| is_nameless(name));
        let rank = match keys.iter().all(|keys| are_numbered(keys, nameless)) {
            true if nameless => return None,
            true => Rank::Counter,
            false => rank,
        };
        let join = Join::new(&keys[0], &keys[1]);
        let most = 2 * join.joined() >= keys[0].len().min(keys[1].len());
        most.then_some(Self { left: one, right: two, rank, join })
    }
}

fn same(one: &str, two: &str) -> bool {
    one.to_lowercase() == two.to_lowercase()
}

/// Whether the name of a column says that it identifies images or numbers rows.
pub fn is_identifying(name: &str) -> bool {
    place(name) < IDENTIFYING.len() || is_nameless(name)
}

/// Whether this is the name that pandas gives to an unnamed index, or that results from reading and writing the table
/// again.
fn is_nameless(name: &str) -> bool {
    let name = name.to_lowercase();
    name.is_empty() || name == "index" || name.starts_with("unnamed:") || name.starts_with("level_")
}

/// Whether the values only number the rows: 0, 1, … or 1, 2, … in any order. With `gaps`, which is for columns whose
/// names say nothing, numbers may be missing, because rows may have been left out.
fn are_numbered(keys: &[String], gaps: bool) -> bool {
    let numbers: Option<HashSet<usize>> = keys.iter().map(|key| key.parse().ok()).collect();
    let Some(numbers) = numbers else { return false };
    gaps || [0, 1].iter().any(|start| (*start..start + keys.len()).all(|n| numbers.contains(&n)))
}

/// The position in [`IDENTIFYING`] of the most reliable word in a name such as "image_path", "StudyInstanceUID" or
/// "dicom id".
fn place(name: &str) -> usize {
    let words = words(name);
    let last = IDENTIFYING.len();
    IDENTIFYING.iter().position(|word| words.iter().any(|own| own == word)).unwrap_or(last)
}

/// The words of a name in lower case, which may be separated by blanks, punctuation and capitals.
pub fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && small) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        small = c.is_lowercase();
    }
    words
}
