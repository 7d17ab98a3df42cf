//! What speaks against scoring a picture as a frontal chest radiograph.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::percent;

/// A warning, which is shown beside the scores and written with them. As JSON it has its name as `code`, and its
/// values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Warning {
    /// The file's modality is not one of projection radiography.
    Modality {
        /// As written.
        modality: String,
    },
    /// The file says that it shows another part of the body.
    BodyPart {
        /// As written.
        part: String,
    },
    /// A view from the side.
    Lateral,
    /// A view between the frontal and the lateral one.
    Oblique,
    /// The file has several frames; only the first is shown and scored.
    Frames {
        /// How many there are.
        count: usize,
    },
    /// Pixels are not square, so the model sees the picture stretched.
    NotSquare,
    /// The picture has colours, which radiographs do not have.
    Coloured,
    /// The file is damaged, and the rest of the picture is missing.
    Damaged {
        /// The share of the picture that could be read, from 0 to 1.
        share: f64,
    },
}

impl Warning {
    /// Whether the file says that it is not a frontal chest radiograph.
    pub fn denies_chest(&self) -> bool {
        match self {
            Self::Modality { .. } | Self::BodyPart { .. } | Self::Lateral | Self::Oblique => true,
            Self::Frames { .. } | Self::NotSquare | Self::Coloured | Self::Damaged { .. } => false,
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let knows = "the model knows frontal chest radiographs only";
        match self {
            Self::Modality { modality } => {
                write!(f, "The file says that its modality is {modality}: {knows}.")
            }
            Self::BodyPart { part } => {
                write!(f, "The file says that it shows {part}, not the chest: {knows}.")
            }
            Self::Lateral => write!(f, "The file says that this is a lateral view: {knows}."),
            Self::Oblique => write!(f, "The file says that this is an oblique view: {knows}."),
            Self::Frames { count } => {
                write!(f, "The file has {count} frames: the first is shown and scored.")
            }
            Self::NotSquare => {
                write!(f, "The file’s pixels are not square: the model sees the picture stretched.")
            }
            Self::Coloured => write!(
                f,
                "The picture has colours, unlike a radiograph: it may be a photograph of one, or something else."
            ),
            Self::Damaged { share } => write!(
                f,
                "The file is damaged: {} of the picture could be read. The rest is blank, and was scored as blank.",
                percent(*share)
            ),
        }
    }
}
