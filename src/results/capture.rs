//! A map over its image as a DICOM Secondary Capture Image (PS3.3 section A.8.1). It is an RGB picture with the size
//! and the orientation of the image, so that a viewer can lay the two over each other.
//!
//! Burned In Annotation (0028,0301) is left out: the program writes nothing into the pixels, but the image itself may
//! have burned-in annotations. A spacing at the detector is stored in Imager Pixel Spacing, as in the image itself,
//! because the spacing attribute of this IOD would declare it to be that in the patient.

use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};
use serde::Deserialize;

use super::codes::Code;
use super::content::{PURPOSE, Results, Score};
use super::data_set::{DataSet, WriteError};
use super::stamp::Stamp;

/// A map drawn over its image.
#[derive(Debug, Clone)]
pub struct Capture<'a> {
    /// Red, green and blue of each pixel, row by row.
    pub rgb: Vec<u8>,
    /// Pixels in a row.
    pub columns: u32,
    /// Pixels in a column.
    pub rows: u32,
    /// The distance between pixels, if it is known.
    pub spacing: Option<Spacing>,
    /// The kind of map, such as "attention".
    pub map: &'a str,
    /// The name of its colour map, such as "inferno".
    pub palette: &'a str,
}

/// Rows and columns in mm (PS3.3 section 10.7).
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Spacing {
    /// From one row to the next.
    pub rows: f64,
    /// From one column to the next.
    pub columns: f64,
    /// Whether the spacing is measured at the detector, where things appear larger than they are in the patient.
    pub at_detector: bool,
}

/// Writes the map of a score as a DICOM file.
///
/// # Errors
///
/// [`WriteError`] where size and pixels disagree, a side is longer than 65535 pixels, or the pixels take 4 GB or more.
pub fn write(
    results: &Results,
    score: &Score,
    capture: Capture,
    stamp: &Stamp,
) -> Result<Vec<u8>, WriteError> {
    let Capture { rgb, columns, rows, spacing, map, palette } = capture;
    let wrong = WriteError { columns, rows };
    let (Ok(across), Ok(down)) = (u16::try_from(columns), u16::try_from(rows)) else {
        return Err(wrong);
    };
    let bytes = 3 * u64::from(across) * u64::from(down);
    if bytes == 0 || bytes >= u64::from(u32::MAX) || rgb.len() as u64 != bytes {
        return Err(wrong);
    }
    let class = uids::SECONDARY_CAPTURE_IMAGE_STORAGE;
    let sentence = &score.sentence;
    let place = results.scores.iter().take_while(|other| other.sentence != *sentence).count();
    let series = format!("RESEARCH ONLY, not for diagnosis: {map} map");
    let derivation = format!(
        "{PURPOSE} Map of {} for the sentence “{sentence}” ({map}, colours {palette}), laid over the image in 8 bits of grey. \
         What the model did not see is dimmed. Nothing is written into the pixels; what is burned into the image is still there.",
        results.model()
    );
    let mut object = DataSet::object(results, stamp, class, &format!("{map} of {sentence}"))
        .with(tags::MODALITY, VR::CS, "OT")
        .with(tags::CONVERSION_TYPE, VR::CS, "WSD")
        .with(tags::SERIES_NUMBER, VR::IS, "2")
        .with(tags::INSTANCE_NUMBER, VR::IS, &(place + 1).to_string())
        .with(tags::SERIES_DESCRIPTION, VR::LO, &series)
        .with(tags::IMAGE_TYPE, VR::CS, "DERIVED\\SECONDARY")
        .empty(tags::PATIENT_ORIENTATION, VR::CS)
        .empty(tags::LATERALITY, VR::CS)
        .with(tags::IMAGE_COMMENTS, VR::LT, &comments(results, score))
        .with(tags::DERIVATION_DESCRIPTION, VR::ST, &derivation)
        .word(tags::SAMPLES_PER_PIXEL, 3)
        .with(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "RGB")
        .word(tags::PLANAR_CONFIGURATION, 0)
        .word(tags::ROWS, down)
        .word(tags::COLUMNS, across)
        .word(tags::BITS_ALLOCATED, 8)
        .word(tags::BITS_STORED, 8)
        .word(tags::HIGH_BIT, 7)
        .word(tags::PIXEL_REPRESENTATION, 0)
        .bytes(tags::PIXEL_DATA, rgb);
    if let Some(source) = &results.source {
        let purpose = Code::dcm("121322", "Source image for image processing operation");
        let image = DataSet::reference(&source.class, &source.instance)
            .items(tags::PURPOSE_OF_REFERENCE_CODE_SEQUENCE, [DataSet::code(&purpose)]);
        object = object.items(tags::SOURCE_IMAGE_SEQUENCE, [image]);
    }
    if let Some(Spacing { rows, columns, at_detector }) = spacing {
        let tag = if at_detector { tags::IMAGER_PIXEL_SPACING } else { tags::PIXEL_SPACING };
        object = object.with(tag, VR::DS, &format!("{}\\{}", decimal(rows), decimal(columns)));
    }
    Ok(object.file())
}

/// The remarks on the score, as sentences.
fn comments(results: &Results, score: &Score) -> String {
    let place = score.percentile().map(|percentile| {
        let population = results.population.as_deref().unwrap_or("the model's reference images");
        format!("Percentile {percentile} among: {population}.")
    });
    let logit = score.logit().map(|logit| format!("Logit {logit}."));
    let own = [format!("“{}”.", score.sentence)].into_iter().chain(place).chain(logit);
    let all: Vec<String> = [PURPOSE.to_string()]
        .into_iter()
        .chain(own)
        .chain(score.remarks())
        .chain(results.remarks().into_iter().skip(1))
        .collect();
    all.join(" ")
}

/// A decimal string of at most 16 characters (PS3.5 section 6.2).
fn decimal(value: f64) -> String {
    let text = value.to_string();
    if text.len() <= 16 { text } else { format!("{value:.9e}") }
}
