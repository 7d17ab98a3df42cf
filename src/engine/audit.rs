//! Does the model look? The place that a map shows is covered, and so are other places of the same size; a score that
//! falls more than it does elsewhere rests on what lies there. (Zeiler and Fergus, 2014, cover places in turn; that a
//! map need not be a reason was shown by Adebayo et al., 2018.)
//!
//! A covered picture is none that the model has met: [`Report::looks`] says what it looks like to it.

use serde::Serialize;

use super::cover::{Cover, Coverable};
use super::ood::{Verdict, verdict};
use super::{EncodedImages, Engine, Standing};
use crate::error::{Error, Result};
use crate::radiograph::Picture;
use crate::radiograph::preprocess::Seen;

/// Other places that are covered, at most.
const CONTROLS: usize = 20;
/// Of how many patches one belongs to the place that the map shows.
const ONE_OF: usize = 10;

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
    view: Coverable,
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
        match change {
            Change::Covered(patches) => self.view.covered(|patch| patches.contains(&patch)),
            Change::Kept(patches) => self.view.covered(|patch| !patches.contains(&patch)),
            Change::Shuffled => self.view.shuffled(),
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
        self.check_map(map)?;
        let whole = self.standing(images, prompt).await?;
        let image = &self.config.image;
        let plane = Seen::new(picture, image).pixels(image);
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
            view: Coverable::new(plane, cover, side),
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

    /// Whether a map can be asked about.
    pub(super) fn check_map(&self, map: &[f32]) -> Result<()> {
        let side = self.config.map_side();
        let flat = map.iter().all(|value| Some(value) == map.first());
        if map.len() == side * side && !flat && map.iter().all(|value| value.is_finite()) {
            return Ok(());
        }
        let what = format!("a map of {side} by {side} values that are not all alike is needed");
        Err(Error::Prompt(what))
    }

    pub(super) async fn standing(&self, images: &EncodedImages, prompt: &str) -> Result<Standing> {
        let scores = self.score(images, &[prompt.to_owned()]).await?;
        let score = scores.first().and_then(|scores| scores.first());
        let score = score.ok_or_else(|| Error::Prompt("there is no picture".to_owned()))?;
        Ok(Standing { logit: score.logit, percentile: score.percentile })
    }
}

/// The patches with the highest values, the highest first; of equals the first.
fn strongest(map: &[f32]) -> Vec<usize> {
    let mut patches = ranked(map);
    patches.truncate(map.len().div_ceil(ONE_OF));
    patches
}

/// All patches, those with the highest values first; of equals the first.
pub(super) fn ranked(map: &[f32]) -> Vec<usize> {
    let mut patches: Vec<usize> = (0..map.len()).collect();
    patches.sort_by(|&one, &two| map[two].total_cmp(&map[one]));
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
}
