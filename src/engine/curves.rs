//! Insertion and deletion (RISE, Petsiuk et al., 2018): patches are covered in the map's order, the strongest first, and
//! the score falls; or they are uncovered on a blurred picture, and it rises. The better a map says what the score rests
//! on, the sooner either happens.

use serde::Serialize;

use super::audit::ranked;
use super::cover::{Cover, Coverable};
use super::{EncodedImages, Engine, Standing};
use crate::error::Result;
use crate::radiograph::Picture;
use crate::radiograph::preprocess::Seen;

/// Steps from nothing to all.
const STEPS: usize = 14;

/// Both curves of one picture, map and sentence, pass by pass.
#[derive(Debug, Clone)]
pub struct Curves {
    prompt: String,
    /// All patches, the map's strongest first.
    order: Vec<usize>,
    /// What is covered with the mean, as RISE deletes, and what is blurred, on which it inserts.
    mean: Coverable,
    blurred: Coverable,
    whole: Standing,
    scores: Vec<Standing>,
}

/// What came of it. Both curves have as many points, for equal steps from no patch to all of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// With more and more patches covered; the first is the picture as it is.
    pub deletion: Vec<Standing>,
    /// With more and more patches uncovered; the last is the picture as it is.
    pub insertion: Vec<Standing>,
    /// The area under the deletion's logits over the share of patches, which is their mean height.
    pub deletion_area: f32,
    /// The same of the insertion.
    pub insertion_area: f32,
}

impl Curves {
    /// Passes over the picture that they take.
    pub fn passes(&self) -> usize {
        2 * STEPS
    }

    /// Passes that are done.
    pub fn done(&self) -> usize {
        self.scores.len()
    }

    /// What the model is given in a pass: first the deletion's, from its first step on, then the insertion's, from none on.
    fn pixels(&self, pass: usize) -> Vec<f32> {
        let is_deletion = pass < STEPS;
        let step = if is_deletion { pass + 1 } else { pass - STEPS };
        let strongest = &self.order[..step * self.order.len() / STEPS];
        if is_deletion {
            self.mean.covered(|patch| strongest.contains(&patch))
        } else {
            self.blurred.covered(|patch| !strongest.contains(&patch))
        }
    }

    /// What came of it, once all passes are done.
    pub fn report(&self) -> Option<Report> {
        if self.done() < self.passes() {
            return None;
        }
        let (deletion, insertion) = self.scores.split_at(STEPS);
        let deletion: Vec<Standing> =
            std::iter::once(&self.whole).chain(deletion).copied().collect();
        let insertion: Vec<Standing> =
            insertion.iter().chain(std::iter::once(&self.whole)).copied().collect();
        Some(Report {
            deletion_area: area(&deletion),
            insertion_area: area(&insertion),
            deletion,
            insertion,
        })
    }
}

/// The area under logits at equal steps from 0 to 1, by the trapezoidal rule.
fn area(curve: &[Standing]) -> f32 {
    let middle = |pair: &[Standing]| f64::from(pair[0].logit + pair[1].logit) / 2.0;
    let sum: f64 = curve.windows(2).map(middle).sum();
    (sum / (curve.len() - 1) as f64) as f32
}

impl Engine {
    /// Begins the curves of the first picture's score on a prompt. `map` is the map in question, row by row; `picture`
    /// and `images` are the same picture.
    ///
    /// # Errors
    ///
    /// As [`Engine::audit`].
    pub async fn curves(
        &self,
        picture: &Picture,
        images: &EncodedImages,
        prompt: &str,
        map: &[f32],
    ) -> Result<Curves> {
        self.check_map(map)?;
        let (image, side) = (&self.config.image, self.config.map_side());
        let plane = Seen::new(picture, image).pixels(image);
        Ok(Curves {
            prompt: prompt.to_owned(),
            order: ranked(map),
            mean: Coverable::new(plane.clone(), Cover::Mean, side),
            blurred: Coverable::new(plane, Cover::Blur, side),
            whole: self.standing(images, prompt).await?,
            scores: Vec::new(),
        })
    }

    /// Does the next pass of curves; nothing where all are done.
    ///
    /// # Errors
    ///
    /// As [`Engine::score`].
    pub async fn curves_step(&self, curves: &mut Curves) -> Result<()> {
        if curves.done() < curves.passes() {
            let images = self.encode_pixels(curves.pixels(curves.done()), Vec::new());
            curves.scores.push(self.standing(&images, &curves.prompt).await?);
        }
        Ok(())
    }
}
