//! The out-of-distribution (OOD) check: statistics of the images that a model knows, to tell whether
//! a picture looks like them.
//!
//! The score is the Mahalanobis distance of a picture's features from those of known images (Lee et al., NeurIPS 2018,
//! <https://arxiv.org/abs/1807.03888>), here with one Gaussian for all of them, whose covariance is shrunk after Ledoit
//! and Wolf (2004, <https://doi.org/10.1016/S0047-259X(03)00096-4>). A close-up photograph of a film is too near for
//! this distance to detect it; it is recognised by Fisher's linear discriminant between known images and photographs of
//! them.
//!
//! The features are the means of the encoder's fine map and of its edges, see
//! [`ImageEncoder::fine_means`](crate::model::ImageEncoder::fine_means). Deeper features mostly encode findings: with
//! them, rotated, inverted and photographed radiographs look like upright ones to the model `default`.

use serde::{Deserialize, Serialize};

use crate::deserialize::not_inlined;
use crate::error::{Error, Result};

/// Number of folds of the cross-validation: limits are measured on each part of the images, with statistics from the
/// other parts.
const FOLDS: usize = 5;
/// Rows that are at most this far apart may belong to the same patient, and stay in the same fold.
const NEIGHBOURS: usize = 20;
/// The share of known images that are called unusual, for which the negative is examined as well.
const IN_DOUBT: f64 = 0.05;
/// The share of known images that are taken for unfamiliar.
const UNFAMILIAR: f64 = 0.005;
/// The share of known images that are taken for photographs of films.
const PHOTOGRAPHED: f64 = 0.015;
/// How many means a picture's features consist of: those of the whole map and of its four edges.
const PARTS: usize = 5;
/// How far the discriminant's covariance is shrunk towards uncorrelated features, 0 to 1.
const UNCORRELATED: f64 = 0.1;

/// The distribution of the features of known images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OodStatistics {
    /// A description of the images.
    pub population: String,
    gaussian: Gaussian,
    /// Up to this distance a picture is familiar; beyond it, the picture is unusual, and its negative is examined as
    /// well.
    pub doubt: f32,
    /// Beyond this distance a picture is unfamiliar.
    pub limit: f32,
    /// Distinguishes photographs of known images from the images themselves.
    pub photograph: Discriminant,
}

/// A direction in the space of features that leads from known images to photographs of them, and the position along it
/// from which on a picture counts as a photograph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Discriminant {
    #[serde(deserialize_with = "not_inlined")]
    weights: Vec<f32>,
    /// Beyond this position a picture counts as a photograph.
    pub limit: f32,
}

/// A mean, and the lower Cholesky factor of a covariance, row by row up to the diagonal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Gaussian {
    #[serde(deserialize_with = "not_inlined")]
    mean: Vec<f32>,
    #[serde(deserialize_with = "not_inlined")]
    factor: Vec<f32>,
}

impl OodStatistics {
    /// Fits the statistics to the features of images, and of as many photographs of them in the same order. Images of
    /// one patient, and versions of one image, have to be next to one another. `None` where there are too few images or
    /// their features do not vary.
    pub fn learn(
        population: &str,
        features: &[Vec<f32>],
        photographs: &[Vec<f32>],
    ) -> Option<Self> {
        let means: Vec<&[f32]> = features.iter().map(|each| map_means(each)).collect();
        let known: Vec<&[f32]> = features.iter().map(Vec::as_slice).collect();
        let others: Vec<&[f32]> = photographs.iter().map(Vec::as_slice).collect();
        let mut distances = Vec::with_capacity(features.len());
        let mut likenesses = Vec::with_capacity(features.len());
        for fold in 0..FOLDS {
            let (left_out, learnt): (Vec<usize>, Vec<usize>) =
                (0..features.len()).partition(|index| index / NEIGHBOURS % FOLDS == fold);
            let of = |all: &[_]| -> Vec<&[f32]> {
                learnt.iter().filter_map(|&index| all.get(index).copied()).collect()
            };
            let gaussian = Gaussian::fit(&of(&means))?;
            let direction = direction(&of(&known), &of(&others))?;
            distances.extend(left_out.iter().map(|&i| gaussian.distance(means[i])));
            likenesses.extend(left_out.iter().map(|&i| dot(&direction, known[i])));
        }
        Some(Self {
            population: population.to_string(),
            gaussian: Gaussian::fit(&means)?,
            doubt: beyond(IN_DOUBT, &mut distances)?,
            limit: beyond(UNFAMILIAR, &mut distances)?,
            photograph: Discriminant {
                weights: direction(&known, &others)?,
                limit: beyond(PHOTOGRAPHED, &mut likenesses)?,
            },
        })
    }

    /// Number of the map's channels, each with five features.
    pub fn channels(&self) -> usize {
        self.gaussian.mean.len()
    }

    /// The Mahalanobis distance of features from those of known images.
    pub fn distance(&self, features: &[f32]) -> f32 {
        self.gaussian.distance(map_means(features))
    }

    /// Whether features are those of a photograph of a film.
    pub fn is_photograph(&self, features: &[f32]) -> bool {
        dot(&self.photograph.weights, features) > self.photograph.limit
    }

    /// Rejects statistics that are not a valid Gaussian and direction for this number of channels.
    ///
    /// # Errors
    ///
    /// [`Error::Config`]
    pub fn check(&self, channels: usize) -> Result<()> {
        let Gaussian { mean, factor } = &self.gaussian;
        let Discriminant { weights, limit } = &self.photograph;
        let limits = [self.doubt, self.limit, *limit];
        let mut values = mean.iter().chain(factor).chain(weights).chain(&limits);
        let finite = values.all(|value| value.is_finite());
        let whole = mean.len() == channels
            && factor.len() == channels * (channels + 1) / 2
            && weights.len() == channels * PARTS;
        let diagonal = |row: usize| factor[row * (row + 1) / 2 + row];
        let ok = finite && whole && (0..channels).all(|row| diagonal(row) > 0.0);
        if ok { Ok(()) } else { Err(Error::Config("familiarity".into())) }
    }
}

/// The means of the whole map, which are the first features.
fn map_means(features: &[f32]) -> &[f32] {
    &features[..features.len() / PARTS]
}

fn dot(weights: &[f32], features: &[f32]) -> f32 {
    weights.iter().zip(features).map(|(weight, value)| weight * value).sum()
}

/// The value that the given share of the values exceeds.
fn beyond(share: f64, values: &mut [f32]) -> Option<f32> {
    values.sort_by(f32::total_cmp);
    let index = (values.len().checked_sub(1)? as f64 * (1.0 - share)).round() as usize;
    values.get(index).copied()
}

impl Gaussian {
    fn fit(rows: &[&[f32]]) -> Option<Self> {
        let Moments { mean, mut covariance, fourth } = Moments::of(rows)?;
        shrink(&mut covariance, fourth, rows.len() as f64);
        Some(Self {
            mean: mean.into_iter().map(|value| value as f32).collect(),
            factor: cholesky(&covariance)?.concat().into_iter().map(|value| value as f32).collect(),
        })
    }

    fn distance(&self, features: &[f32]) -> f32 {
        let mut whitened: Vec<f64> = Vec::with_capacity(features.len());
        let mut below = &self.factor[..];
        for (value, mean) in features.iter().zip(&self.mean) {
            let (row, rest) = below.split_at(whitened.len() + 1);
            let explained: f64 = row.iter().zip(&whitened).map(|(&l, w)| f64::from(l) * w).sum();
            let diagonal = f64::from(row[whitened.len()]);
            whitened.push((f64::from(value - mean) - explained) / diagonal);
            below = rest;
        }
        whitened.iter().map(|value| value * value).sum::<f64>().sqrt() as f32
    }
}

/// Mean and covariance of rows, and the sum of the fourth powers of their distances from the mean.
struct Moments {
    mean: Vec<f64>,
    covariance: Vec<Vec<f64>>,
    fourth: f64,
}

impl Moments {
    fn of(rows: &[&[f32]]) -> Option<Self> {
        let (count, width) = (rows.len() as f64, rows.first()?.len());
        let mut mean = vec![0.0; width];
        for row in rows {
            mean.iter_mut().zip(*row).for_each(|(sum, &value)| *sum += f64::from(value));
        }
        mean.iter_mut().for_each(|sum| *sum /= count);
        let mut covariance = vec![vec![0.0; width]; width];
        let mut fourth = 0.0;
        for row in rows {
            let centred: Vec<f64> =
                row.iter().zip(&mean).map(|(&value, mean)| f64::from(value) - mean).collect();
            for (line, one) in covariance.iter_mut().zip(&centred) {
                line.iter_mut().zip(&centred).for_each(|(sum, other)| *sum += one * other / count);
            }
            fourth += centred.iter().map(|value| value * value).sum::<f64>().powi(2);
        }
        Some(Self { mean, covariance, fourth })
    }
}

/// Fisher's discriminant direction from one set of rows to the other: the difference of their means, multiplied by the
/// inverse of the covariance within the sets.
fn direction(rows: &[&[f32]], others: &[&[f32]]) -> Option<Vec<f32>> {
    let (from, to) = (Moments::of(rows)?, Moments::of(others)?);
    let mut within = from.covariance;
    for (i, (line, other)) in within.iter_mut().zip(&to.covariance).enumerate() {
        for (j, (value, other)) in line.iter_mut().zip(other).enumerate() {
            *value += other;
            *value *= if i == j { 1.0 } else { 1.0 - UNCORRELATED };
        }
    }
    let factor = cholesky(&within)?;
    let mut solved: Vec<f64> = Vec::with_capacity(factor.len());
    for (row, (to, from)) in factor.iter().zip(to.mean.iter().zip(&from.mean)) {
        let explained: f64 = row.iter().zip(&solved).map(|(l, value)| l * value).sum();
        solved.push((to - from - explained) / row[solved.len()]);
    }
    for i in (0..solved.len()).rev() {
        let explained: f64 = (i + 1..solved.len()).map(|j| factor[j][i] * solved[j]).sum();
        solved[i] = (solved[i] - explained) / factor[i][i];
    }
    Some(solved.into_iter().map(|value| value as f32).collect())
}

/// Shrinks a covariance towards a multiple of the identity, by its estimated uncertainty. `fourth` is the sum of the
/// fourth powers of the lengths of the rows.
fn shrink(covariance: &mut [Vec<f64>], fourth: f64, count: f64) {
    let width = covariance.len() as f64;
    let mean = covariance.iter().enumerate().map(|(i, row)| row[i]).sum::<f64>() / width;
    let square = covariance.iter().flatten().map(|value| value * value).sum::<f64>();
    let spread = square - width * mean * mean;
    let uncertain = (fourth / count - square) / count;
    let share = if spread > 0.0 { (uncertain / spread).clamp(0.0, 1.0) } else { 1.0 };
    for (i, row) in covariance.iter_mut().enumerate() {
        row.iter_mut().for_each(|value| *value *= 1.0 - share);
        row[i] += share * mean;
    }
}

/// The lower Cholesky factor, each row up to the diagonal; `None` where the matrix is not positive definite.
fn cholesky(matrix: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let mut factor: Vec<Vec<f64>> = Vec::with_capacity(matrix.len());
    for (i, line) in matrix.iter().enumerate() {
        let mut row: Vec<f64> = Vec::with_capacity(i + 1);
        for (j, above) in factor.iter().enumerate() {
            let dot: f64 = row.iter().zip(above).map(|(a, b)| a * b).sum();
            row.push((line[j] - dot) / above[j]);
        }
        let left = line[i] - row.iter().map(|value| value * value).sum::<f64>();
        if left.is_nan() || left <= 0.0 {
            return None;
        }
        row.push(left.sqrt());
        factor.push(row);
    }
    Some(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points of a sheared square grid.
    fn points() -> Vec<Vec<f32>> {
        (0..400)
            .map(|i| {
                let (x, y) = ((i % 20) as f32, (i / 20) as f32);
                vec![3.0 + x, 2.0 * x + 0.5 * y]
            })
            .collect()
    }

    /// Features of pictures that differ only in the brightness of one edge, given by `light`.
    fn pictures(light: f32) -> Vec<Vec<f32>> {
        let edge = |i: usize, edge: usize| ((i * (2 + edge)) % 19) as f32 / 19.0;
        let edges = |i| (0..2 * (PARTS - 1)).map(move |at| edge(i, at) + light * (at / 6) as f32);
        points()
            .into_iter()
            .enumerate()
            .map(|(i, point)| point.into_iter().chain(edges(i)).collect())
            .collect()
    }

    fn known() -> OodStatistics {
        OodStatistics::learn("points", &pictures(0.0), &pictures(3.0)).unwrap()
    }

    #[test]
    fn distance_is_that_of_mahalanobis() {
        let rows = points();
        let gaussian = Gaussian::fit(&rows.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
        assert!(gaussian.distance(&gaussian.mean) < 1e-6);
        // The mean square of all distances is the number of dimensions, reduced a little by shrinkage.
        let square = rows.iter().map(|row| gaussian.distance(row).powi(2)).sum::<f32>() / 400.0;
        assert!((1.7..2.0).contains(&square), "{square}");
        let [x, y] = [gaussian.mean[0] + 5.0, gaussian.mean[1]];
        assert!(
            gaussian.distance(&[x, y + 10.0]) < gaussian.distance(&[x, y - 10.0]),
            "along the shear is nearer than across it"
        );
    }

    #[test]
    fn what_is_learnt_can_be_checked() {
        let known = known();
        assert!(known.doubt < known.limit);
        known.check(2).unwrap();
        assert!(known.check(3).is_err());
        let mut short = known.clone();
        short.photograph.weights.pop();
        assert!(short.check(2).is_err());
        let mut unlimited = known;
        unlimited.photograph.limit = f32::NAN;
        assert!(unlimited.check(2).is_err());
        let same = vec![vec![1.0; 2 * PARTS]; 100];
        assert!(OodStatistics::learn("one point", &same, &same).is_none());
        assert!(OodStatistics::learn("no photographs", &pictures(0.0), &[]).is_none());
        assert!(OodStatistics::learn("nothing", &[], &[]).is_none());
    }

    #[test]
    fn a_photograph_is_told_from_what_it_shows() {
        let known = known();
        for (light, wanted) in [(0.0, false), (3.0, true)] {
            let told = pictures(light);
            let right = told.iter().filter(|each| known.is_photograph(each) == wanted).count();
            // The tolerance is two and a half times the share of known images that may be taken for photographs.
            let least = 400.0 * (1.0 - 2.5 * PHOTOGRAPHED);
            assert!(right as f64 >= least, "{right} of 400 with {light}");
        }
    }
}
