//! Insertion and deletion curves (RISE, Petsiuk et al., 2018). For deletion, patches are covered in the order of the
//! map, the strongest first, and the score falls. For insertion, they are uncovered on a blurred picture, and the score
//! rises. The better a map says what the score rests on, the sooner the score changes.

use serde::Serialize;

use super::audit::ranked;
use super::cover::{Cover, Coverable};
use super::{EncodedImages, Engine, Standing};
use crate::error::Result;
use crate::radiograph::Picture;
use crate::radiograph::preprocess::Seen;

/// Number of steps from no patch to all of them.
const STEPS: usize = 14;

/// Both curves of one picture, map and sentence, computed pass by pass.
#[derive(Debug, Clone)]
pub struct Curves {
    prompt: String,
    /// All patches in descending order of the map.
    order: Vec<usize>,
    /// The picture covered with its mean, for deletion as in RISE, and the blurred picture, for insertion.
    mean: Coverable,
    blurred: Coverable,
    whole: Standing,
    scores: Vec<Standing>,
}

/// The result. Both curves have the same number of points, at equal steps from no patch to all of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// With more and more patches covered; the first is the picture as it is.
    pub deletion: Vec<Standing>,
    /// With more and more patches uncovered; the last is the picture as it is.
    pub insertion: Vec<Standing>,
    /// The area under the deletion curve: logits over the share of covered patches. As that share goes from 0 to 1, it
    /// is the mean logit.
    pub deletion_area: f32,
    /// The same of the insertion curve.
    pub insertion_area: f32,
}

impl Curves {
    /// The number of passes of the model that both curves take.
    pub fn passes(&self) -> usize {
        2 * STEPS
    }

    /// The number of passes that are done.
    pub fn done(&self) -> usize {
        self.scores.len()
    }

    /// The pixels that the model is given in a pass: first those of the deletion curve from its first step on, then
    /// those of the insertion curve from no patch on.
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

    /// The report, once all passes are done.
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
    /// Begins the curves of the first picture's score on a prompt. `map` gives the order of the patches, row by row;
    /// `picture` and `images` are the same picture.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::audit`].
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

    /// Does the next pass of the curves; does nothing once all are done.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::score`].
    pub async fn curves_step(&self, curves: &mut Curves) -> Result<()> {
        if curves.done() < curves.passes() {
            let images = self.encode_pixels(curves.pixels(curves.done()), Vec::new());
            curves.scores.push(self.standing(&images, &curves.prompt).await?);
        }
        Ok(())
    }
}
