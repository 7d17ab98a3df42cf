//! Measures whether maps point at the boxes that radiologists drew, by the pointing game and by box energy.
//!
//! A map is a grid with `side` x `side` cells over a view, which is a rectangle in pixels of the image (it may reach
//! beyond the image). Row 0 is at the top; values run from left to right, then down.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::Serialize;

use super::bootstrap::{Bootstrap, Estimate};
use super::dataset::join_notes;
use super::error::{EvaluateError, Result, counted};
use super::metrics::{mean, weighted_mean};
use super::order::{ordered, set_of};
use super::reason::Reason;
use super::table::{Join, Table, finding_key};
use crate::labels::nih14::{BOX_COLUMNS, of_box};
use crate::table::Csv;

/// A rectangle in pixels of the image, measured from its top left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Rect {
    /// The part inside of another rectangle; its sides are 0 if there is none.
    fn clipped(&self, to: &Self) -> Self {
        let (x, y) = (self.x.max(to.x), self.y.max(to.y));
        let width = ((self.x + self.width).min(to.x + to.width) - x).max(0.0);
        let height = ((self.y + self.height).min(to.y + to.height) - y).max(0.0);
        Self { x, y, width, height }
    }

    /// The Euclidean distance of a point from the rectangle; 0 inside.
    fn distance(&self, x: f64, y: f64) -> f64 {
        let outside =
            |value: f64, from: f64, length: f64| (from - value).max(value - from - length).max(0.0);
        outside(x, self.x, self.width).hypot(outside(y, self.y, self.height))
    }
}

/// A map of where the model looked.
#[derive(Debug, Clone)]
pub struct Map {
    view: Rect,
    side: usize,
    values: Vec<f64>,
}

impl Map {
    fn cell(&self, index: usize) -> Rect {
        let (width, height) =
            (self.view.width / self.side as f64, self.view.height / self.side as f64);
        let (column, row) = ((index % self.side) as f64, (index / self.side) as f64);
        Rect { x: self.view.x + column * width, y: self.view.y + row * height, width, height }
    }
}

/// 1 if the centre of the map's highest cell lies in a box, or within `tolerance` pixels of one (in a circle, as in
/// TorchRay's pointing game), and otherwise 0. If several cells are highest, the share of them that hit.
pub fn pointing_game(map: &Map, boxes: &[Rect], tolerance: f64) -> f64 {
    let highest = map.values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let hits: Vec<bool> = (0..map.values.len())
        .filter(|&index| map.values[index] == highest)
        .map(|index| {
            let cell = map.cell(index);
            let (x, y) = (cell.x + cell.width / 2.0, cell.y + cell.height / 2.0);
            boxes.iter().any(|rect| rect.distance(x, y) <= tolerance)
        })
        .collect();
    hits.iter().filter(|hit| **hit).count() as f64 / hits.len() as f64
}

/// The share of the map's mass inside of the boxes. A cell's value is spread evenly over the cell, and negative values
/// have no mass. `None` for a map without mass.
pub fn box_energy(map: &Map, boxes: &[Rect]) -> Option<f64> {
    let (mut inside, mut total) = (0.0, 0.0);
    for (index, value) in
        map.values.iter().map(|value| value.max(0.0)).enumerate().filter(|(_, value)| *value > 0.0)
    {
        inside += value * covered(&map.cell(index), boxes);
        total += value;
    }
    (total > 0.0).then(|| inside / total)
}

/// The share of a rectangle that boxes cover; where they overlap, it is counted once.
fn covered(rect: &Rect, boxes: &[Rect]) -> f64 {
    let parts: Vec<Rect> = boxes
        .iter()
        .map(|part| part.clipped(rect))
        .filter(|part| part.width * part.height > 0.0)
        .collect();
    let mut edges: Vec<f64> = parts.iter().flat_map(|part| [part.x, part.x + part.width]).collect();
    edges.sort_by(f64::total_cmp);
    let mut area = 0.0;
    for (from, to) in edges.iter().zip(edges.iter().skip(1)) {
        let middle = (from + to) / 2.0;
        let spans: Vec<(f64, f64)> = parts
            .iter()
            .filter(|part| part.x <= middle && middle <= part.x + part.width)
            .map(|part| (part.y, part.y + part.height))
            .collect();
        let order = ordered(spans.len(), &|one, two| spans[one].0.total_cmp(&spans[two].0));
        let (mut height, mut reached) = (0.0, f64::NEG_INFINITY);
        for (top, bottom) in order.into_iter().map(|span| spans[span]) {
            height += (bottom - top.max(reached)).max(0.0);
            reached = reached.max(bottom);
        }
        area += (to - from) * height;
    }
    area / (rect.width * rect.height)
}

/// How well the maps point at the boxes, for one finding or as the mean over findings.
#[derive(Debug, Clone, Serialize)]
pub struct Localisation {
    pub finding: String,
    /// Number of maps that have a box.
    pub maps: usize,
    pub pointing_game: Option<Estimate>,
    pub box_energy: Option<Estimate>,
    /// The expected value of both for a random map: the share of the view that the boxes cover.
    pub chance: Option<f64>,
}

/// The files, and how they are read.
pub struct Files<'a> {
    pub boxes: &'a Csv,
    pub maps: &'a Csv,
    /// Tolerance of the pointing game, in pixels.
    pub tolerance: f64,
    /// Whether notes may name images.
    pub named: bool,
}

/// Name of the row of means.
const MACRO: &str = "macro";
/// Hit, energy, chance.
const METRICS: usize = 3;

/// A map that has boxes.
struct Pair {
    key: String,
    finding: String,
    /// Hit, energy and chance.
    values: [Option<f64>; METRICS],
}

/// Evaluates all maps that have boxes. Returns the macro row first, followed by the findings by name. `patients_of`
/// returns the patients of images.
pub fn evaluate(
    files: &Files<'_>,
    patients_of: impl Fn(&[String]) -> Vec<String>,
    seed: u64,
    resamples: usize,
) -> Result<(Vec<Localisation>, Vec<String>)> {
    let (pairs, notes) = read_pairs(files)?;
    let names: Vec<&str> = unique(pairs.iter().map(|pair| pair.finding.as_str()));
    let values = |weights: &[u32]| {
        let row = |name: &&str| {
            std::array::from_fn(|metric| {
                let of_finding =
                    pairs.iter().zip(weights).filter(|(pair, _)| pair.finding == *name);
                weighted_mean(of_finding.map(|(pair, &weight)| (pair.values[metric], weight)))
            })
        };
        names.iter().map(row).collect::<Vec<[Option<f64>; METRICS]>>()
    };
    let whole = values(&vec![1; pairs.len()]);
    // The means over findings, followed by each finding. Every finding enters the means: one without maps in a resample
    // enters with its value on all maps.
    let statistics = |weights: &[u32]| {
        let findings = values(weights);
        let macro_row = std::array::from_fn(|metric| {
            mean(findings.iter().zip(&whole).map(|(row, whole)| row[metric].or(whole[metric])))
        });
        std::iter::once(macro_row).chain(findings).flatten().collect()
    };
    let images: Vec<String> = unique(pairs.iter().map(|pair| pair.key.clone()));
    let patient_of: HashMap<&String, String> = images.iter().zip(patients_of(&images)).collect();
    let patients: Vec<&String> = pairs.iter().map(|pair| &patient_of[&pair.key]).collect();
    let estimates =
        Bootstrap::new(&patients, seed, resamples).estimate(&statistics, &mut |_, _| {});
    let (estimates, _) = estimates.as_chunks::<METRICS>();
    let row =
        |(finding, &[pointing_game, box_energy, chance]): (&str, &[Option<Estimate>; METRICS])| {
            let maps =
                pairs.iter().filter(|pair| finding == MACRO || pair.finding == finding).count();
            let chance = chance.map(|chance| chance.value);
            Localisation { finding: finding.to_string(), maps, pointing_game, box_energy, chance }
        };
    let rows =
        std::iter::once(MACRO).chain(names.iter().copied()).zip(estimates).map(row).collect();
    Ok((rows, notes))
}

/// The distinct values, in ascending order.
fn unique<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    set_of(values).into_iter().collect()
}

fn read_pairs(files: &Files<'_>) -> Result<(Vec<Pair>, Vec<String>)> {
    let (boxes, box_names) = read_boxes(files.boxes)?;
    let table = Table::read(files.maps)?;
    let remedy = "Maps need key, finding, view_x, view_y, view_width, view_height, v0, v1, …";
    let [key, finding, x, y, width, height, first] = require(
        &table,
        ["key", "finding", "view_x", "view_y", "view_width", "view_height", "v0"],
        remedy,
    )?;
    let count =
        (0..).take_while(|index| table.column(&format!("v{index}")) == Some(first + index)).count();
    let side = count.isqrt();
    if side * side != count {
        let has = format!("v0 to v{}, which is {count} values", count - 1);
        let column = format!("v{}", (side + 1) * (side + 1) - 1);
        let remedy = "A map needs side * side values".to_string();
        return Err(EvaluateError::MissingColumn { file: table.file, column, has, remedy });
    }

    let keys = unique((0..table.rows()).map(|row| table.cell(row, key).to_string()));
    let join = Join::new(&keys, &box_names);
    let image_of: HashMap<&str, &str> = keys
        .iter()
        .zip(&join.right)
        .filter_map(|(key, row)| Some((key.as_str(), box_names[(*row)?].as_str())))
        .collect();

    let (mut pairs, mut first_rows, mut unboxed) = (Vec::new(), HashMap::new(), Vec::new());
    let mut mapped = HashSet::new();
    for row in 0..table.rows() {
        let name = finding_key(table.cell(row, finding));
        if let Some(earlier) = first_rows.insert((table.cell(row, key), name.clone()), row) {
            return Err(table.duplicate(
                row,
                earlier,
                format!("the map of \"{name}\" for \"{}\"", table.cell(row, key)),
            ));
        }
        let image = image_of.get(table.cell(row, key)).copied().unwrap_or_default();
        let boxed = (image.to_string(), name);
        let Some((name, rects)) = boxes.get(&boxed) else {
            unboxed.push(format!("{} of {}", table.cell(row, finding), table.cell(row, key)));
            continue;
        };
        let view = read_rect(&table, row, [x, y, width, height])?;
        let values = (first..first + count)
            .map(|column| finite(&table, row, column))
            .collect::<Result<_>>()?;
        let map = Map { view, side, values };
        pairs.push(Pair {
            key: table.cell(row, key).to_string(),
            finding: name.clone(),
            values: [
                Some(pointing_game(&map, rects, files.tolerance)),
                box_energy(&map, rects),
                Some(covered(&map.view, rects)),
            ],
        });
        mapped.insert(boxed);
    }
    if pairs.is_empty() {
        let boxes = files.boxes.file().to_string();
        let reason = Reason::NoMapBoxed { maps: table.file, boxes };
        return Err(EvaluateError::NoFindings { reason });
    }
    let mut notes = join_notes("maps", &join, "boxes", files.named);
    let unmapped = boxes.iter().filter(|(boxed, _)| !mapped.contains(*boxed));
    let unmapped = set_of(unmapped.map(|((image, _), (name, _))| format!("{name} of {image}")));
    let unmapped: Vec<String> = unmapped.into_iter().collect();
    for (what, which) in [
        ("Maps without a box of their finding", unboxed),
        ("Boxed findings of an image without a map", unmapped),
    ] {
        if !which.is_empty() {
            notes.push(format!("{what}, left out: {}.", counted(&which, files.named)));
        }
    }
    Ok((pairs, notes))
}

/// For each image and [`finding_key`]: the finding's name and its boxes.
type Boxes = HashMap<(String, String), (String, Vec<Rect>)>;

/// The columns of boxes: image, finding, left, top, width and height.
const COLUMNS: [&str; 6] = ["path", "finding", "x", "y", "w", "h"];

/// Whether a table contains boxes, in the project's own form or in that of ChestX-ray14.
pub fn is_boxes(table: &Table) -> bool {
    [COLUMNS, BOX_COLUMNS].iter().any(|names| names.iter().all(|name| table.column(name).is_some()))
}

/// Converts a label of boxes to the name that the other tables use.
type Named = fn(&str) -> String;

/// The columns of image and finding, followed by those of the box.
fn columns_of(table: &Table) -> Result<([usize; 6], Named)> {
    if table.column(BOX_COLUMNS[0]).is_some() {
        let named = |label: &str| of_box(&label.to_lowercase()).unwrap_or(label).to_string();
        return Ok((require(table, BOX_COLUMNS, "Use the file as it is published")?, named));
    }
    Ok((require(table, COLUMNS, "Boxes need path, finding, x, y, w, h")?, str::to_string))
}

/// Pairs of an image and a finding that is boxed on it, without duplicates.
pub fn boxed(table: &Table) -> Result<BTreeSet<(String, String)>> {
    let ([image, finding, ..], named) = columns_of(table)?;
    let pair = |row| (table.cell(row, image).to_string(), named(table.cell(row, finding)));
    Ok(set_of((0..table.rows()).map(pair)))
}

/// The boxes, and the names of the images that have any.
fn read_boxes(csv: &Csv) -> Result<(Boxes, Vec<String>)> {
    let table = Table::read(csv)?;
    let ([image, finding, x, y, width, height], named) = columns_of(&table)?;
    let mut boxes = Boxes::new();
    let mut display = HashMap::new();
    for row in 0..table.rows() {
        let label = named(table.cell(row, finding));
        let key = finding_key(&label);
        let name = display.entry(key.clone()).or_insert(label).clone();
        let rect = read_rect(&table, row, [x, y, width, height])?;
        boxes
            .entry((table.cell(row, image).to_string(), key))
            .or_insert_with(|| (name, Vec::new()))
            .1
            .push(rect);
    }
    let images = unique(boxes.keys().map(|(image, _)| image.clone()));
    Ok((boxes, images))
}

fn require<const N: usize>(table: &Table, names: [&str; N], remedy: &str) -> Result<[usize; N]> {
    let mut columns = [0; N];
    for (column, name) in columns.iter_mut().zip(names) {
        *column = table.require(name, remedy)?;
    }
    Ok(columns)
}

fn finite(table: &Table, row: usize, column: usize) -> Result<f64> {
    let number = table.number(row, column)?;
    if number.is_nan() {
        Err(table.bad_cell(row, column, "a number, and one is needed here"))
    } else {
        Ok(number)
    }
}

fn read_rect(table: &Table, row: usize, columns: [usize; 4]) -> Result<Rect> {
    let [x, y, width, height] = columns.map(|column| finite(table, row, column));
    let rect = Rect { x: x?, y: y?, width: width?, height: height? };
    for (length, column) in [(rect.width, columns[2]), (rect.height, columns[3])] {
        if length <= 0.0 {
            return Err(table.bad_cell(row, column, "a length above 0"));
        }
    }
    Ok(rect)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(x: f64, y: f64, width: f64, height: f64) -> Rect {
        Rect { x, y, width, height }
    }

    /// A map with 2 x 2 cells over a view of 100 x 100 pixels, whose top left corner is at (10, 0).
    fn map(values: [f64; 4]) -> Map {
        Map { view: rect(10.0, 0.0, 100.0, 100.0), side: 2, values: values.to_vec() }
    }

    #[test]
    fn pointing() {
        // The highest cell is the top right one, with its centre at (85, 25).
        let map_right = map([0.0, 1.0, 0.5, 0.2]);
        assert_eq!(pointing_game(&map_right, &[rect(80.0, 20.0, 10.0, 10.0)], 0.0), 1.0);
        assert_eq!(pointing_game(&map_right, &[rect(0.0, 0.0, 60.0, 100.0)], 0.0), 0.0);
        assert_eq!(
            pointing_game(
                &map_right,
                &[rect(0.0, 0.0, 60.0, 100.0), rect(85.0, 25.0, 1.0, 1.0)],
                0.0
            ),
            1.0
        );
        assert_eq!(pointing_game(&map_right, &[rect(90.0, 0.0, 5.0, 50.0)], 4.9), 0.0);
        assert_eq!(pointing_game(&map_right, &[rect(90.0, 0.0, 5.0, 50.0)], 5.0), 1.0);
        // TorchRay's pointing game uses a disc around the point: a corner at offsets of 3 and 4 is at a distance of 5.
        let corner = rect(88.0, 29.0, 10.0, 10.0);
        assert_eq!(pointing_game(&map_right, &[corner], 4.9), 0.0);
        assert_eq!(pointing_game(&map_right, &[corner], 5.0), 1.0);
        assert_eq!(pointing_game(&map([1.0; 4]), &[rect(60.0, 0.0, 50.0, 50.0)], 0.0), 0.25);
    }

    #[test]
    fn energy() {
        let left_half = rect(0.0, 0.0, 60.0, 100.0);
        assert_eq!(box_energy(&map([3.0, 1.0, 0.0, 0.0]), &[left_half]), Some(0.75));
        assert_eq!(box_energy(&map([3.0, 1.0, 0.0, 0.0]), &[left_half, left_half]), Some(0.75));
        assert_eq!(box_energy(&map([-3.0, 1.0, 0.0, 0.0]), &[left_half]), Some(0.0));
        assert_eq!(box_energy(&map([0.0; 4]), &[left_half]), None);
        // Two boxes that each cover half of a cell and overlap in a quarter of it.
        let overlapping = [rect(10.0, 0.0, 25.0, 50.0), rect(10.0, 0.0, 50.0, 25.0)];
        assert!((covered(&rect(10.0, 0.0, 50.0, 50.0), &overlapping) - 0.75).abs() < 1e-12);
    }
}
