//! Left and right: a finding with a side and without one, on a picture and on its mirror image. A model that tells sides
//! apart lets left and right change places with the picture.

use serde::Serialize;

use super::{EncodedImages, Engine, Standing};
use crate::error::Result;
use crate::radiograph::Picture;
use crate::radiograph::preprocess::Seen;
use crate::text::align::paraphrases::{Change, paraphrases};
use crate::text::align::typed::aligned;
use crate::text::prompt::sentence;

/// Which side a prompt names.
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

/// A prompt on both pictures.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mirrored {
    /// The side that it names.
    pub side: Side,
    /// The prompt, as it is sent.
    pub prompt: String,
    /// On the picture as it is.
    pub as_is: Standing,
    /// On its mirror image.
    pub mirrored: Standing,
}

impl Engine {
    /// Scores a finding, then the same on the left and on the right where it has sides, on the first picture and on its
    /// mirror image, which takes one pass. `picture` and `images` are the same picture.
    ///
    /// # Errors
    ///
    /// [`Error::Prompt`](crate::Error::Prompt) where nothing of the finding can be read; else as [`Engine::score`].
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
