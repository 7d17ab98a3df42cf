//! Covers patches of a picture, as the model sees it.

use serde::Serialize;

use crate::error::{Error, Result};

/// Half the side, in patches, of the square over which blurring averages.
const BLUR: usize = 2;

/// What a place is covered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cover {
    /// The mean of all pixels that the model sees.
    Mean,
    /// A blurred version: the mean of the square around each pixel.
    Blur,
    /// The pixels at the mirrored position, on the other side of the vertical midline.
    Mirror,
}

impl Cover {
    /// All kinds of cover, with their names.
    pub const ALL: [(&'static str, Self); 3] =
        [("mean", Self::Mean), ("blur", Self::Blur), ("mirror", Self::Mirror)];

    /// The cover with this name.
    ///
    /// # Errors
    ///
    /// [`Error::Prompt`] listing the names that exist.
    pub fn named(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|(known, _)| *known == name);
        found
            .map(|(_, cover)| cover)
            .ok_or_else(|| Error::Prompt(format!("no cover {name:?}: use mean, blur or mirror")))
    }
}

/// The pixels of a picture as the model gets them, of which patches can be covered.
#[derive(Debug, Clone)]
pub struct Coverable {
    plane: Vec<f32>,
    /// The same pixels with every patch covered.
    cover: Vec<f32>,
    /// Number of patches in a row.
    side: usize,
}

impl Coverable {
    /// A square plane of `side * side` patches.
    pub fn new(plane: Vec<f32>, cover: Cover, side: usize) -> Self {
        let crop = plane.len().isqrt();
        Self { cover: cover_all(&plane, cover, crop / side), plane, side }
    }

    /// The plane with some patches covered; patches are counted row by row.
    pub fn covered(&self, is_covered: impl Fn(usize) -> bool) -> Vec<f32> {
        let covered: Vec<bool> = (0..self.side * self.side).map(is_covered).collect();
        let pixel = |index| {
            let from = if covered[self.patch(index)] { &self.cover } else { &self.plane };
            from[index]
        };
        (0..self.plane.len()).map(pixel).collect()
    }

    /// The plane with its patches in other places.
    pub fn shuffled(&self) -> Vec<f32> {
        let count = self.side * self.side;
        let (step, crop, cell) = (stride(count), self.crop(), self.cell());
        let from = |index: usize| {
            let source = self.patch(index) * step % count;
            let (row, column) = (source / self.side, source % self.side);
            let (y, x) = (index / crop % cell, index % crop % cell);
            self.plane[(row * cell + y) * crop + column * cell + x]
        };
        (0..self.plane.len()).map(from).collect()
    }

    fn crop(&self) -> usize {
        self.plane.len().isqrt()
    }

    /// A patch's side in pixels.
    fn cell(&self) -> usize {
        self.crop() / self.side
    }

    /// The patch of a pixel.
    fn patch(&self, index: usize) -> usize {
        let (crop, cell) = (self.crop(), self.cell());
        (index / crop / cell) * self.side + index % crop / cell
    }
}

/// A step such that repeated steps from patch to patch, modulo `count`, reach each of `count` patches once, in an order
/// that separates all neighbours.
fn stride(count: usize) -> usize {
    let divides_both =
        |divisor: usize, step: usize| [step, count].iter().all(|all| all.is_multiple_of(divisor));
    let reaches_all = |&step: &usize| !(2..=step).any(|divisor| divides_both(divisor, step));
    (3 * count / 8..count).find(reaches_all).unwrap_or(1)
}

/// The plane with all of it covered; `cell` is the side of a patch in pixels.
fn cover_all(plane: &[f32], cover: Cover, cell: usize) -> Vec<f32> {
    let crop = plane.len().isqrt();
    match cover {
        Cover::Mean => vec![plane.iter().sum::<f32>() / plane.len() as f32; plane.len()],
        Cover::Mirror => {
            plane.chunks_exact(crop).flat_map(|row| row.iter().rev().copied()).collect()
        }
        Cover::Blur => {
            let by_row: Vec<f32> =
                plane.chunks_exact(crop).flat_map(|row| means_around(row, BLUR * cell)).collect();
            let columns: Vec<Vec<f32>> = (0..crop)
                .map(|x| {
                    let column: Vec<f32> = (0..crop).map(|y| by_row[y * crop + x]).collect();
                    means_around(&column, BLUR * cell)
                })
                .collect();
            (0..plane.len()).map(|index| columns[index % crop][index / crop]).collect()
        }
    }
}

/// For each value the mean of the values up to `reach` away, as far as there are any.
fn means_around(values: &[f32], reach: usize) -> Vec<f32> {
    let sums: Vec<f64> = std::iter::once(0.0)
        .chain(values.iter().scan(0.0, |sum, &value| {
            *sum += f64::from(value);
            Some(*sum)
        }))
        .collect();
    (0..values.len())
        .map(|at| {
            let (from, to) = (at.saturating_sub(reach), (at + reach + 1).min(values.len()));
            ((sums[to] - sums[from]) / (to - from) as f64) as f32
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_takes_every_patch_once() {
        for count in [1, 4, 49, 196, 225, 256] {
            let mut order: Vec<usize> = (0..count).map(|at| at * stride(count) % count).collect();
            order.sort_unstable();
            assert_eq!(order, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_cover_is_what_it_says() {
        let plane: Vec<f32> = (0..16).map(|index| index as f32).collect();
        assert!(cover_all(&plane, Cover::Mean, 1).iter().all(|&value| value == 7.5));
        assert_eq!(cover_all(&plane, Cover::Mirror, 1)[..4], [3.0, 2.0, 1.0, 0.0]);
        // At a corner the mean is over those 3 by 3 pixels that exist.
        assert_eq!(cover_all(&plane, Cover::Blur, 1)[0], 5.0);
    }
}
