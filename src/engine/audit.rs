//! An audit of whether a score rests on the place that its map shows. That place is covered, and so are other places of
//! the same size; if the score falls more than it does for the others, it rests on what is there. (Zeiler and Fergus,
//! 2014, cover places in turn; Adebayo et al., 2018, showed that a map need not explain a score.)
//!
//! The model was never trained on covered pictures: [`Report::looks`] says whether such a picture still looks familiar
//! to it.

use serde::Serialize;

use super::cover::{Cover, Coverable};
use super::ood::{Verdict, verdict};
use super::{EncodedImages, Engine, Standing};
use crate::error::{Error, Result};
use crate::radiograph::Picture;
use crate::radiograph::preprocess::Seen;

/// The most other places that are covered as controls.
const CONTROLS: usize = 20;
/// The region that the map shows is the strongest patch out of every this many.
const ONE_OF: usize = 10;

/// How the picture is changed for one pass of the model.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    /// These patches are covered.
    Covered(Vec<usize>),
    /// All patches but these are covered.
    Kept(Vec<usize>),
    /// Patches exchange their places.
    Shuffled,
}

/// An audit of one picture, map and sentence, which proceeds pass by pass.
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

/// The result of an audit.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// What places were covered with.
    pub cover: Cover,
    /// The patches with the map's highest values, counted row by row from 0.
    pub region: Vec<usize>,
    /// The score of the picture as it is.
    pub whole: Standing,
    /// The score with the region covered.
    pub covered: Standing,
    /// The scores with as many patches covered elsewhere in the lungs.
    pub controls: Vec<Standing>,
    /// The score with everything but the region covered.
    pub kept: Standing,
    /// The score with all patches in other places.
    pub shuffled: Standing,
    /// How many controls lower the score by as much as the region does.
    pub as_much: usize,
    /// The conclusion from these numbers.
    pub conclusion: Conclusion,
    /// Whether the picture with its region covered looks familiar to the model, if the model can say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looks: Option<Verdict>,
}

/// What an audit says about a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conclusion {
    /// Covering the region lowers the score more than every control; the probability of this by chance is one in
    /// twenty-one.
    Explains,
    /// Covering the region lowers the score more than more than half of the controls do.
    Partly,
    /// Neither: the map does not explain this score.
    NoReason,
}

impl Audit {
    /// The number of passes of the model that the audit takes.
    pub fn passes(&self) -> usize {
        self.changes.len()
    }

    /// The number of passes that are done.
    pub fn done(&self) -> usize {
        self.scores.len()
    }

    /// The pixels that the model is given in a pass.
    fn changed(&self, change: &Change) -> Vec<f32> {
        match change {
            Change::Covered(patches) => self.view.covered(|patch| patches.contains(&patch)),
            Change::Kept(patches) => self.view.covered(|patch| !patches.contains(&patch)),
            Change::Shuffled => self.view.shuffled(),
        }
    }

    /// The report, once all passes are done.
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
    /// Begins an audit of the first picture's score on a prompt. `map` is the map to audit, row by row; `picture` and
    /// `images` are the same picture.
    ///
    /// # Errors
    ///
    /// [`Error::Prompt`] where the number of the map's values is not that of the model's patches, or all values are
    /// equal; otherwise those of [`Engine::score`].
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

    /// Does the next pass of an audit; does nothing once all are done.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::score`].
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

    /// Checks that a map can be audited.
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

/// The patches with the highest values, in descending order; of equal values the first patch comes first.
fn strongest(map: &[f32]) -> Vec<usize> {
    let mut patches = ranked(map);
    patches.truncate(map.len().div_ceil(ONE_OF));
    patches
}

/// All patches by descending value; of equal values the first patch comes first.
pub(super) fn ranked(map: &[f32]) -> Vec<usize> {
    let mut patches: Vec<usize> = (0..map.len()).collect();
    patches.sort_by(|&one, &two| map[two].total_cmp(&map[one]));
    patches
}

/// Whether the centre of a patch lies in the lungs of a frontal chest radiograph that fills the view, which are
/// approximated by two ellipses.
fn is_lung(patch: usize, side: usize) -> bool {
    let [x, y] = [patch % side, patch / side].map(|at| (at as f64 + 0.5) / side as f64);
    let (across, down) = (((x - 0.5).abs() - 0.22) / 0.17, (y - 0.47) / 0.30);
    across * across + down * down <= 1.0
}

/// The control places. Around patches that are spread evenly over the lungs outside of the region, each takes as many
/// of the nearest patches outside of the region as the region has.
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
