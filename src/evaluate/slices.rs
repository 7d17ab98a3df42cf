//! Parts of the rows: by view, sex, age, or any other column of the labels.

use std::collections::BTreeMap;

use super::bootstrap::Estimate;
use super::dataset::Finding;
use super::error::Result;
use super::metrics::{Ranking, mean};
use super::report::{SliceFinding, SliceReport};
use super::table::Table;

/// More values than this are no groups: numbers become bands, and of texts the most frequent ones count.
const MOST: usize = 8;
/// Where bands of numbers begin, as ages are grouped.
const BANDS: [u32; 4] = [0, 18, 40, 65];

/// Rows by the value of one column.
#[derive(Debug, Clone)]
pub struct Slices {
    /// The column.
    pub column: String,
    /// Each value with its rows, in order.
    pub parts: Vec<(String, Vec<usize>)>,
}

/// The columns that rows are divided by.
pub struct Slicing(Vec<usize>);

impl Slicing {
    /// # Errors
    ///
    /// [`MissingColumn`](super::EvaluateError::MissingColumn) where a column is not there.
    pub fn new(labels: &Table, columns: &[String]) -> Result<Self> {
        let remedy = "Name columns of the labels with --slice";
        columns.iter().map(|name| labels.require(name, remedy)).collect::<Result<_>>().map(Self)
    }

    /// The parts of these rows of the labels, which are numbered as they come.
    pub fn of(&self, labels: &Table, rows: impl Iterator<Item = usize>) -> Vec<Slices> {
        let rows: Vec<usize> = rows.collect();
        self.0
            .iter()
            .map(|&column| {
                let cells = rows.iter().map(|&row| labels.cell(row, column));
                Slices { column: labels.header[column].clone(), parts: parts(cells.collect()) }
            })
            .collect()
    }
}

/// One part, with its findings sorted.
pub struct Sliced<'a> {
    column: &'a str,
    value: &'a str,
    images: usize,
    findings: Vec<(&'a str, Ranking, (u64, u64))>,
    /// Which findings have an AUROC; all of them enter each mean, with the value here where a resample has none.
    whole: Vec<Option<f64>>,
}

impl<'a> Sliced<'a> {
    /// Every part of every column.
    pub fn all(slices: &'a [Slices], findings: &[&'a Finding]) -> Vec<Self> {
        let parts = slices.iter().flat_map(|slices| {
            slices.parts.iter().map(|(value, rows)| (&*slices.column, value, rows))
        });
        parts.map(|(column, value, rows)| Self::new(column, value, rows, findings)).collect()
    }

    fn new(column: &'a str, value: &'a str, rows: &[usize], findings: &[&'a Finding]) -> Self {
        let total = findings.first().map_or(0, |finding| finding.scores.len());
        let ones = vec![1; total];
        let ranked = |finding: &&'a Finding| {
            let mut labels = vec![None; total];
            rows.iter().for_each(|&row| labels[row] = finding.labels[row]);
            let ranking = Ranking::new(&finding.scores, &labels);
            let counts = ranking.counts(&ones);
            (finding.name.as_str(), ranking, counts)
        };
        let findings: Vec<_> = findings.iter().map(ranked).collect();
        let whole = findings.iter().map(|(_, ranking, _)| ranking.auroc(&ones)).collect();
        Self { column, value, images: rows.len(), findings, whole }
    }

    /// The mean AUROC under weights of all rows, then that of each finding.
    pub fn aurocs(&self, weights: &[u32]) -> Vec<Option<f64>> {
        let own: Vec<_> =
            self.findings.iter().map(|(_, ranking, _)| ranking.auroc(weights)).collect();
        let together = mean(
            own.iter().zip(&self.whole).map(|(own, whole)| whole.map(|whole| own.unwrap_or(whole))),
        );
        std::iter::once(together).chain(own).collect()
    }

    /// The reports, given the estimates of all [`aurocs`](Self::aurocs) one behind the other.
    pub fn reports(all: &[Self], estimates: &[Option<Estimate>]) -> Vec<SliceReport> {
        let mut rest = estimates;
        let mut report = |slice: &Self| {
            let (own, others) = rest.split_at(1 + slice.findings.len());
            rest = others;
            let findings = slice.findings.iter().zip(&own[1..]);
            let finding = |((name, _, (positives, negatives)), &auroc): (
                &(&str, _, (u64, u64)),
                &Option<Estimate>,
            )| SliceFinding {
                name: name.to_string(),
                positives: *positives,
                negatives: *negatives,
                auroc,
            };
            SliceReport {
                column: slice.column.to_string(),
                value: slice.value.to_string(),
                images: slice.images,
                auroc: own[0],
                findings: findings.map(finding).collect(),
            }
        };
        all.iter().map(&mut report).collect()
    }
}

fn parts(cells: Vec<&str>) -> Vec<(String, Vec<usize>)> {
    let mut by_value: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (row, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
        by_value.entry(cell).or_default().push(row);
    }
    let ages: Option<Vec<f64>> = by_value.keys().map(|cell| age(cell)).collect();
    if let Some(ages) = ages.filter(|ages| ages.len() > MOST) {
        let mut bands: Vec<(String, Vec<usize>)> =
            (0..BANDS.len()).map(|band| (name_of(band), Vec::new())).collect();
        for (age, rows) in ages.iter().zip(by_value.into_values()) {
            let band = BANDS.iter().rposition(|&from| f64::from(from) <= *age).unwrap_or_default();
            bands[band].1.extend(rows);
        }
        bands.iter_mut().for_each(|(_, rows)| rows.sort_unstable());
        bands.retain(|(_, rows)| !rows.is_empty());
        return bands;
    }
    let mut parts: Vec<(String, Vec<usize>)> =
        by_value.into_iter().map(|(value, rows)| (value.to_string(), rows)).collect();
    parts.sort_by_key(|(_, rows)| std::cmp::Reverse(rows.len()));
    parts.truncate(MOST);
    parts
}

/// A number, or an age as ChestX-ray14 and DICOM write it: "58", "058Y".
fn age(cell: &str) -> Option<f64> {
    cell.trim_end_matches(['Y', 'y']).parse().ok()
}

/// "18–39", "65+".
fn name_of(band: usize) -> String {
    match BANDS.get(band + 1) {
        Some(next) => format!("{}–{}", BANDS[band], next - 1),
        None => format!("{}+", BANDS[band]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_parts_and_ages_are_bands() {
        let rows = |parts: Vec<(String, Vec<usize>)>| parts;
        assert_eq!(
            rows(parts(vec!["PA", "AP", "PA", ""])),
            [("PA".to_string(), vec![0, 2]), ("AP".to_string(), vec![1])]
        );
        let ages = ["004Y", "017Y", "018Y", "39", "40", "064Y", "65", "90", "101", ""];
        assert_eq!(
            rows(parts(ages.to_vec())),
            [
                ("0–17".to_string(), vec![0, 1]),
                ("18–39".to_string(), vec![2, 3]),
                ("40–64".to_string(), vec![4, 5]),
                ("65+".to_string(), vec![6, 7, 8])
            ]
        );
    }
}
