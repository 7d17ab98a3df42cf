//! Groups of rows ("slices") by view, sex, age, or any other column of the labels.

use std::collections::BTreeMap;

use super::error::Result;
use super::order::ordered;
use super::table::Table;

/// A column with more values than this is reduced: numbers are divided into bands, and of texts only the most frequent
/// are used.
const MOST: usize = 8;
/// Slices with fewer rows are not reported: their figures are unreliable and may reveal who the patients are.
const FEWEST: usize = 5;
/// The lower ends of the bands of numbers, chosen as age groups.
const BANDS: [u32; 4] = [0, 18, 40, 65];

/// The rows grouped by the values of one column.
#[derive(Debug, Clone)]
pub struct Slices {
    /// The column.
    pub column: String,
    /// Each value with its rows, in ascending order.
    pub parts: Vec<(String, Vec<usize>)>,
    /// How many slices are not reported: those with fewer than [`FEWEST`] rows, and texts that are not among the
    /// [`MOST`] largest.
    pub left_out: usize,
}

/// The columns by which rows are grouped. They are columns of the labels, or if these have none with the name, of the
/// predictions.
pub struct Slicing<'a> {
    labels: &'a Table,
    predictions: &'a Table,
    columns: Vec<Column>,
}

enum Column {
    OfLabels(usize),
    OfPredictions(usize),
}

impl<'a> Slicing<'a> {
    /// # Errors
    ///
    /// [`MissingColumn`](super::EvaluateError::MissingColumn) where a column does not exist.
    pub fn new(labels: &'a Table, predictions: &'a Table, columns: &[String]) -> Result<Self> {
        let remedy = "Name columns of the labels with --slice";
        let column = |name: &String| match (labels.column(name), predictions.column(name)) {
            (None, Some(column)) => Ok(Column::OfPredictions(column)),
            _ => labels.require(name, remedy).map(Column::OfLabels),
        };
        let columns = columns.iter().map(column).collect::<Result<_>>()?;
        Ok(Self { labels, predictions, columns })
    }

    /// The slices of some pairs, each of a row of the predictions and a row of the labels. In the slices, pairs are
    /// numbered by their position.
    pub fn of(&self, pairs: &[(usize, usize)]) -> Vec<Slices> {
        let slices = |column: &Column| {
            let (name, cells): (_, Vec<&str>) = match *column {
                Column::OfLabels(at) => {
                    let cells = pairs.iter().map(|&(_, row)| self.labels.cell(row, at));
                    (&self.labels.header[at], cells.collect())
                }
                Column::OfPredictions(at) => {
                    let cells = pairs.iter().map(|&(row, _)| self.predictions.cell(row, at));
                    (&self.predictions.header[at], cells.collect())
                }
            };
            let all = parts(cells);
            let large = all.iter().filter(|(_, rows)| rows.len() >= FEWEST);
            let shown: Vec<_> = large.take(MOST).cloned().collect();
            let left_out = all.len() - shown.len();
            Slices { column: name.clone(), parts: shown, left_out }
        };
        self.columns.iter().map(slices).collect()
    }
}

fn parts(cells: Vec<&str>) -> Vec<(String, Vec<usize>)> {
    let mut by_value: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let is_known = |cell: &str| !cell.is_empty() && !cell.eq_ignore_ascii_case("nan");
    for (row, cell) in cells.iter().enumerate().filter(|(_, cell)| is_known(cell)) {
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
    let order = ordered(parts.len(), &|one, two| parts[two].1.len().cmp(&parts[one].1.len()));
    order.into_iter().map(|part| std::mem::take(&mut parts[part])).collect()
}

/// A number, or an age in the notation of ChestX-ray14 and DICOM: "58", "058Y".
fn age(cell: &str) -> Option<f64> {
    cell.trim_end_matches(['Y', 'y']).parse().ok()
}

/// The name of a band: "18–39", "65+".
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
        let ages = ["004Y", "017Y", "018Y", "39", "40", "064Y", "65", "90", "101", "", "nan"];
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
