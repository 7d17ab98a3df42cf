//! Whether the model distinguishes left from right: a finding with a side and without one is scored on a picture and on
//! its mirror image. For a model that distinguishes sides, the scores for left and right are exchanged.

use serde::Serialize;

use super::{EncodedImages, Engine, Standing};
use crate::error::Result;
use crate::radiograph::Picture;
use crate::radiograph::preprocess::Seen;
use crate::text::align::paraphrases::{Change, paraphrases};
use crate::text::align::typed::aligned;
use crate::text::prompt::sentence;

/// The side that a prompt names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// None.
    Neither,
    /// The patient's left.
    Left,
    /// The patient's right.
    Right,
}

/// The scores of a prompt on a picture and on its mirror image.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mirrored {
    /// The side that the prompt names.
    pub side: Side,
    /// The prompt, as it is given to the model.
    pub prompt: String,
    /// The score on the picture as it is.
    pub as_is: Standing,
    /// The score on its mirror image.
    pub mirrored: Standing,
}

impl Engine {
    /// Scores a finding, and if it has sides the same finding on the left and on the right, on the first picture and on
    /// its mirror image. This takes one more pass of the image encoder. `picture` and `images` are the same picture.
    ///
    /// # Errors
    ///
    /// [`Error::Prompt`](crate::Error::Prompt) where the finding has no word that can be read; otherwise those of
    /// [`Engine::score`].
    pub async fn sides(
        &self,
        picture: &Picture,
        images: &EncodedImages,
        finding: &str,
    ) -> Result<Vec<Mirrored>> {
        let all = paraphrases(finding);
        let sided = all.iter().filter(|one| one.change == Change::Side);
        let sided = sided.filter_map(|one| aligned(&one.text)).zip([Side::Left, Side::Right]);
        let (mut prompts, mut sides) = (vec![sentence(finding)?], vec![Side::Neither]);
        for (prompt, side) in sided {
            prompts.push(prompt);
            sides.push(side);
        }
        let image = &self.config.image;
        let mut plane = Seen::new(picture, image).pixels(image);
        plane.chunks_exact_mut(image.crop).for_each(<[f32]>::reverse);
        let mirror = self.encode_pixels(plane, Vec::new());
        let mut mirrored = Vec::with_capacity(prompts.len());
        for (prompt, side) in prompts.into_iter().zip(sides) {
            mirrored.push(Mirrored {
                side,
                as_is: self.standing(images, &prompt).await?,
                mirrored: self.standing(&mirror, &prompt).await?,
                prompt,
            });
        }
        Ok(mirrored)
    }
}
