//! Does the model look? The place that a map shows is covered, and so are other places of the same size; a score that
//! falls more than it does elsewhere rests on what lies there. (Zeiler and Fergus, 2014, cover places in turn; that a
//! map need not be a reason was shown by Adebayo et al., 2018.)
//!
//! A covered picture is none that the model has met: [`Report::looks`] says what it looks like to it.

use serde::Serialize;

use super::ood::{Verdict, verdict};
use super::{EncodedImages, Engine, Standing};
use crate::error::{Error, Result};
use crate::radiograph::Picture;
use crate::radiograph::preprocess::Square;

/// Other places that are covered, at most.
const CONTROLS: usize = 20;
/// Of how many patches one belongs to the place that the map shows.
const ONE_OF: usize = 10;
/// Half the side of the square whose mean is a blurred pixel, in patches.
const BLUR: usize = 2;

/// With what a place is covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cover {
    /// The mean of all that the model sees.
    Mean,
    /// The means around each pixel.
    Blur,
    /// What lies opposite, on the other side of the middle.
    Mirror,
}

impl Cover {
    /// All of them, with their names.
    pub const ALL: [(&'static str, Self); 3] =
        [("mean", Self::Mean), ("blur", Self::Blur), ("mirror", Self::Mirror)];

    /// The one of this name.
    ///
    /// # Errors
    ///
    /// [`Error::Prompt`] naming those that there are.
    pub fn named(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|(known, _)| *known == name);
        found
            .map(|(_, cover)| cover)
            .ok_or_else(|| Error::Prompt(format!("no cover {name:?}: use mean, blur or mirror")))
    }
}

/// How the picture is changed for one pass.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    /// These patches are covered.
    Covered(Vec<usize>),
    /// All others are.
    Kept(Vec<usize>),
    /// Patches change their places.
    Shuffled,
}

/// An audit of one picture, map and sentence, pass by pass.
#[derive(Debug, Clone)]
pub struct Audit {
    prompt: String,
    cover: Cover,
    /// What the model sees, normalised, and the same with every patch covered.
    plane: Vec<f32>,
    covered_plane: Vec<f32>,
    /// Patches in a row.
    side: usize,
    changes: Vec<Change>,
    whole: Standing,
    scores: Vec<Standing>,
    looks: Option<Verdict>,
}

/// What came of an audit.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// With what places were covered.
    pub cover: Cover,
    /// The patches that the map shows as its strongest, row by row from 0.
    pub region: Vec<usize>,
    /// The picture as it is.
    pub whole: Standing,
    /// With that region covered.
    pub covered: Standing,
    /// With as many patches covered elsewhere in the lungs.
    pub controls: Vec<Standing>,
    /// With all but that region covered.
    pub kept: Standing,
    /// With all patches in other places.
    pub shuffled: Standing,
    /// How many controls take away as much as the region.
    pub as_much: usize,
    /// What follows.
    pub conclusion: Conclusion,
    /// What the picture looks like to the model with the region covered, where it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looks: Option<Verdict>,
}

/// What an audit says of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conclusion {
    /// The region takes away more than every control: one in twenty-one by chance.
    Explains,
    /// It takes away more than half of the controls do.
    Partly,
    /// It does not: the map is no reason for this score.
    NoReason,
}

impl Audit {
    /// Passes over the picture that the audit takes.
    pub fn passes(&self) -> usize {
        self.changes.len()
    }

    /// Passes that are done.
    pub fn done(&self) -> usize {
        self.scores.len()
    }

    /// What the model is given in a pass.
    fn changed(&self, change: &Change) -> Vec<f32> {
        let crop = self.plane.len().isqrt();
        let cell = crop / self.side;
        let patch = |index: usize| (index / crop / cell) * self.side + index % crop / cell;
        let mix = |is_covered: &dyn Fn(usize) -> bool| {
            let pixel = |index| {
                let covered = is_covered(patch(index));
                (if covered { &self.covered_plane } else { &self.plane })[index]
            };
            (0..self.plane.len()).map(pixel).collect()
        };
        match change {
            Change::Covered(patches) => mix(&|patch| patches.contains(&patch)),
            Change::Kept(patches) => mix(&|patch| !patches.contains(&patch)),
            Change::Shuffled => {
                let count = self.side * self.side;
                let step = stride(count);
                let from = |index: usize| {
                    let source = patch(index) * step % count;
                    let (row, column) = (source / self.side, source % self.side);
                    let (y, x) = (index / crop % cell, index % crop % cell);
                    self.plane[(row * cell + y) * crop + column * cell + x]
                };
                (0..self.plane.len()).map(from).collect()
            }
        }
    }

    /// What came of it, once all passes are done.
    pub fn report(&self) -> Option<Report> {
        let (covered, rest) = self.scores.split_first()?;
        let [controls @ .., kept, shuffled] = rest else { return None };
        let Some(Change::Covered(region)) = self.changes.first() else { return None };
        if self.done() < self.passes() {
            return None;
        }
        let as_much = controls.iter().filter(|control| control.logit <= covered.logit).count();
        let conclusion = match as_much {
            0 if covered.logit < self.whole.logit => Conclusion::Explains,
            _ if 2 * as_much < controls.len() && covered.logit < self.whole.logit => {
                Conclusion::Partly
            }
            _ => Conclusion::NoReason,
        };
        Some(Report {
            cover: self.cover,
            region: region.clone(),
            whole: self.whole,
            covered: *covered,
            controls: controls.to_vec(),
            kept: *kept,
            shuffled: *shuffled,
            as_much,
            conclusion,
            looks: self.looks,
        })
    }
}

impl Engine {
    /// Begins an audit of the first picture's score on a prompt. `map` is the map in question, row by row; `picture`
    /// and `images` are the same picture.
    ///
    /// # Errors
    ///
    /// [`Error::Prompt`] where the map has not as many values as the model has patches, or all of them are alike;
    /// else as [`Engine::score`].
    pub async fn audit(
        &self,
        picture: &Picture,
        images: &EncodedImages,
        prompt: &str,
        map: &[f32],
        cover: Cover,
    ) -> Result<Audit> {
        let side = self.config.map_side();
        let flat = map.iter().all(|value| Some(value) == map.first());
        if map.len() != side * side || flat {
            let what = format!("a map of {side} by {side} values that are not all alike is needed");
            return Err(Error::Prompt(what));
        }
        let whole = self.standing(images, prompt).await?;
        let image = &self.config.image;
        let plane = Square::new(picture, image).pixels(image);
        let region = strongest(map);
        let controls = controls(side, &region);
        let covered = controls.into_iter().map(Change::Covered);
        let changes = std::iter::once(Change::Covered(region.clone()))
            .chain(covered)
            .chain([Change::Kept(region), Change::Shuffled])
            .collect();
        Ok(Audit {
            prompt: prompt.to_owned(),
            cover,
            covered_plane: cover_all(&plane, cover, image.crop / side),
            plane,
            side,
            changes,
            whole,
            scores: Vec::new(),
            looks: None,
        })
    }

    /// Does the next pass of an audit; nothing where all are done.
    ///
    /// # Errors
    ///
    /// As [`Engine::score`].
    pub async fn audit_step(&self, audit: &mut Audit) -> Result<()> {
        let Some(change) = audit.changes.get(audit.done()) else { return Ok(()) };
        let images = self.encode_pixels(audit.changed(change), Vec::new());
        if audit.done() == 0 {
            let means = self.fine_means(&images).await?;
            audit.looks = self
                .config
                .ood
                .as_ref()
                .zip(means.first())
                .map(|(known, means)| verdict(known, means, known.distance(means), None));
        }
        audit.scores.push(self.standing(&images, &audit.prompt).await?);
        Ok(())
    }

    async fn standing(&self, images: &EncodedImages, prompt: &str) -> Result<Standing> {
        let scores = self.score(images, &[prompt.to_owned()]).await?;
        let score = scores.first().and_then(|scores| scores.first());
        let score = score.ok_or_else(|| Error::Prompt("there is no picture".to_owned()))?;
        Ok(Standing { logit: score.logit, percentile: score.percentile })
    }
}

/// The patches with the highest values, the highest first; of equals the first.
fn strongest(map: &[f32]) -> Vec<usize> {
    let mut patches: Vec<usize> = (0..map.len()).collect();
    patches.sort_by(|&one, &two| map[two].total_cmp(&map[one]));
    patches.truncate(map.len().div_ceil(ONE_OF));
    patches
}

/// Where lungs lie in a frontal chest radiograph that fills the view: two ellipses. A patch by its middle.
fn is_lung(patch: usize, side: usize) -> bool {
    let [x, y] = [patch % side, patch / side].map(|at| (at as f64 + 0.5) / side as f64);
    let (across, down) = (((x - 0.5).abs() - 0.22) / 0.17, (y - 0.47) / 0.30);
    across * across + down * down <= 1.0
}

/// Places of the region's size: around patches that are spread evenly over the rest of the lungs, as many patches of
/// none of the region's as lie nearest.
fn controls(side: usize, region: &[usize]) -> Vec<Vec<usize>> {
    let others: Vec<usize> = (0..side * side).filter(|patch| !region.contains(patch)).collect();
    let centres: Vec<usize> =
        others.iter().copied().filter(|&patch| is_lung(patch, side)).collect();
    let count = CONTROLS.min(centres.len());
    let around = |centre: usize| {
        let apart = |&patch: &usize| {
            let [dx, dy] = [(patch % side, centre % side), (patch / side, centre / side)]
                .map(|(a, b)| a.abs_diff(b));
            dx * dx + dy * dy
        };
        let mut nearest = others.clone();
        nearest.sort_by_key(apart);
        nearest.truncate(region.len());
        nearest
    };
    (0..count).map(|index| around(centres[index * centres.len() / count])).collect()
}

/// Counting on by so many from patch to patch reaches all of `count` once, in an order that tears all neighbours apart.
fn stride(count: usize) -> usize {
    let divides_both =
        |divisor: usize, step: usize| [step, count].iter().all(|all| all.is_multiple_of(divisor));
    let reaches_all = |&step: &usize| !(2..=step).any(|divisor| divides_both(divisor, step));
    (3 * count / 8..count).find(reaches_all).unwrap_or(1)
}

/// The plane with everything covered; `cell` is a patch's side in pixels.
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

/// The mean of the values up to `reach` away from each, as far as there are any.
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
    fn controls_are_as_large_as_the_region_and_lie_elsewhere() {
        let mut map = vec![0.0; 196];
        for (value, patch) in [(3.0, 60), (2.0, 61), (1.0, 46)] {
            map[patch] = value;
        }
        let region = strongest(&map);
        assert_eq!((region.len(), &region[..3]), (20, &[60, 61, 46][..]));
        let controls = controls(14, &region);
        assert_eq!(controls.len(), 20);
        for control in &controls {
            assert_eq!(control.len(), region.len());
            assert!(control.iter().all(|patch| !region.contains(patch)));
            assert!(is_lung(control[0], 14), "around a patch of the lungs");
        }
        let middles: std::collections::HashSet<usize> =
            controls.iter().map(|control| control[0]).collect();
        assert_eq!(middles.len(), 20, "none twice");
    }

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
        // A corner's mean is over the 3 by 3 pixels that there are.
        assert_eq!(cover_all(&plane, Cover::Blur, 1)[0], 5.0);
    }
}
