//! The results to be written, as they come from the page.

use image::{DynamicImage, GrayImage};
use serde::Deserialize;

use crate::engine::heatmap::{Heatmap, PALETTES};
use crate::engine::ood::Verdict;
use crate::error::Result;
use crate::radiograph::dicom;
use crate::radiograph::preprocess::View;
use crate::radiograph::warning::Warning;
use crate::results::capture::{Capture, Spacing};
use crate::results::{Model, Results, Score, Source};

/// The scores of one image; see [`Results`].
#[derive(Debug, Deserialize)]
pub struct Input {
    pub model: Model,
    pub population: Option<String>,
    pub warnings: Vec<Caution>,
    pub scores: Vec<Score>,
    pub source: Option<Source>,
}

/// A reason against scoring an image.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Caution {
    File(Warning),
    Looks { code: Verdict },
    Page { code: Origin },
}

/// How an image was made, if it is not as in a file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    Drawing,
    Negative,
}

impl Caution {
    fn in_words(&self) -> Option<String> {
        match self {
            Self::File(warning) => Some(warning.to_string()),
            Self::Looks { code } => code.warning().map(str::to_string),
            Self::Page { code: Origin::Drawing } => Some(
                "This is a drawing: how the model scores it says little of real radiographs."
                    .to_string(),
            ),
            Self::Page { code: Origin::Negative } => {
                Some("Scored with black and white exchanged.".to_string())
            }
        }
    }
}

impl From<Input> for Results {
    fn from(input: Input) -> Self {
        let Input { model, population, warnings, scores, source } = input;
        let warnings = warnings.iter().filter_map(Caution::in_words).collect();
        Self { model, population, warnings, scores, source }
    }
}

/// The identifiers of a DICOM file; `None` where it is not a DICOM file, or lacks one of them.
pub fn source_of(file: &[u8]) -> Result<Option<Source>> {
    if !dicom::is_dicom(file) {
        return Ok(None);
    }
    let source = dicom::Source::read(file)?;
    Ok(source.map(|dicom::Source { class, instance, study, series }| Source {
        class,
        instance,
        study,
        series,
    }))
}

/// A map without its values.
#[derive(Debug, Deserialize)]
pub struct Map {
    pub kind: String,
    pub view: View,
    pub palette: String,
    pub spacing: Option<Spacing>,
}

impl Map {
    /// Draws the map over its image; `None` where the image's size and pixels disagree.
    pub fn over(&self, values: &[f32], columns: u32, grey: Vec<u8>) -> Option<Capture<'_>> {
        let pixels = u32::try_from(grey.len()).ok()?;
        let rows = pixels.checked_div(columns).filter(|rows| rows * columns == pixels)?;
        let grey = GrayImage::from_raw(columns, rows, grey)?;
        let palette = PALETTES.iter().find(|palette| palette.name == self.palette);
        let palette = *palette.unwrap_or(&PALETTES[0]);
        let overlay = Heatmap::new(values).overlay(&grey, self.view, palette);
        let rgb = DynamicImage::from(overlay).into_rgb8().into_raw();
        let (map, palette, spacing) = (&*self.kind, palette.name, self.spacing);
        Some(Capture { rgb, columns, rows, spacing, map, palette })
    }
}
