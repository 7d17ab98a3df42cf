//! What the header says of the picture: technical facts from an allow-list, and reasons against reading the picture as
//! a frontal chest radiograph.

use dicom_dictionary_std::tags;
use serde::Serialize;

use super::format::Format;
use super::header::Header;
use crate::radiograph::warning::Warning;

/// Modalities of projection radiographs, and those under which digitised or converted ones are stored (PS3.3 section
/// C.7.3.1.1.1).
const RADIOGRAPHS: [&str; 5] = ["CR", "DX", "RG", "SC", "OT"];
/// Body parts under which a chest radiograph may be filed.
const CHESTS: [&str; 4] = ["CHEST", "THORAX", "TORAX", "LUNG"];

/// The age groups: the age in years at which each begins, and its name.
const AGES: [(u32, &str); 4] = [(0, "0–17"), (18, "18–39"), (40, "40–64"), (65, "65+")];

/// Attributes by which an evaluation over many images can be stratified. Each is one of a few words, or `None` if
/// unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Groups {
    /// `PA`, `AP`, `lateral` or `oblique`.
    pub view: Option<&'static str>,
    /// (0010,0040): `F`, `M` or `O`.
    pub sex: Option<&'static str>,
    /// (0010,1010), in four groups.
    pub age: Option<&'static str>,
}

impl Groups {
    fn from_header(header: &Header) -> Self {
        let one_of = |tag, known: &[&'static str]| {
            let code = header.code(tag)?;
            known.iter().copied().find(|known| *known == code)
        };
        let view = match ViewPosition::from_header(header) {
            ViewPosition::Lateral => Some("lateral"),
            ViewPosition::Oblique => Some("oblique"),
            ViewPosition::Frontal => one_of(tags::VIEW_POSITION, &["PA", "AP"]),
        };
        let sex = one_of(tags::PATIENT_SEX, &["F", "M", "O"]);
        Self { view, sex, age: header.code(tags::PATIENT_AGE).and_then(|age| age_group(&age)) }
    }
}

/// The group of an age string (AS, PS3.5 section 6.2): three digits, and days, weeks, months or years.
fn age_group(age: &str) -> Option<&'static str> {
    let (number, unit) = age.split_at_checked(age.len().checked_sub(1)?)?;
    let number: u32 = number.parse().ok()?;
    let years = match unit {
        "Y" => number,
        "M" => number / 12,
        "W" => number / 52,
        "D" => number / 365,
        _ => return None,
    };
    AGES.iter().rfind(|(from, _)| *from <= years).map(|(_, name)| *name)
}

/// A fact that can be shown. As JSON it has its name as `code`, and its values.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Fact {
    /// (0008,0060)
    Modality {
        /// As written.
        value: String,
    },
    /// (0018,0015)
    BodyPart {
        /// As written.
        value: String,
    },
    /// (0018,5101)
    View {
        /// As written.
        value: String,
    },
    /// (0020,0062)
    Laterality {
        /// As written.
        value: String,
    },
    /// (0028,0030), or else (0018,1164)
    Spacing(Spacing),
    /// (0028,0010) and (0028,0011)
    Matrix {
        /// Pixels in a row.
        columns: usize,
        /// Pixels in a column.
        rows: usize,
    },
    /// (0028,0100) to (0028,0103)
    Bits {
        /// Bits of a sample that hold its value.
        stored: u32,
        /// Bits that a sample takes up.
        allocated: u32,
        /// Whether values may be below zero.
        signed: bool,
    },
    /// (0028,0004)
    Photometric {
        /// The defined term.
        value: &'static str,
    },
    /// (0002,0010)
    TransferSyntax {
        /// Its name in the standard.
        value: &'static str,
    },
}

/// The direction of the beam, as far as the header states it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ViewPosition {
    /// Frontal, or not stated.
    Frontal,
    /// From the side.
    Lateral,
    /// Between the frontal and the lateral view.
    Oblique,
}

/// Distances between rows and columns in mm (PS3.3 section 10.7).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spacing {
    /// From one row to the next.
    pub rows: f64,
    /// From one column to the next.
    pub columns: f64,
    /// Whether the spacing is measured at the detector, where things appear larger than they are in the patient.
    pub at_detector: bool,
}

/// What the header says of the picture. Nothing that identifies the patient, the place or the time is kept.
#[derive(Debug, Clone)]
pub struct About {
    /// (0008,0060)
    pub modality: Option<String>,
    /// (0018,0015)
    pub body_part: Option<String>,
    /// (0018,5101) as written
    pub view_position: Option<String>,
    /// Taken from view position and view code, or else from the descriptions of series and
    /// protocol.
    pub view: ViewPosition,
    /// The view, and the patient's sex and age, each as one of a few groups.
    pub groups: Groups,
    /// (0020,0062)
    pub laterality: Option<String>,
    /// (0028,0030), or else (0018,1164)
    pub spacing: Option<Spacing>,
    /// Height of a displayed pixel divided by its width; 1 where the header does not state it.
    pub aspect: f64,
    /// The transfer syntax's name.
    pub transfer_syntax: &'static str,
    format: Format,
}

impl About {
    pub(super) fn new(header: &Header, format: &Format, transfer_syntax: &'static str) -> Self {
        let spacing = Spacing::from_header(header);
        Self {
            modality: header.code(tags::MODALITY),
            body_part: header.code(tags::BODY_PART_EXAMINED),
            view_position: header.code(tags::VIEW_POSITION),
            view: ViewPosition::from_header(header),
            groups: Groups::from_header(header),
            laterality: header.code(tags::IMAGE_LATERALITY),
            spacing,
            aspect: aspect(header, spacing),
            transfer_syntax,
            format: format.clone(),
        }
    }

    /// The facts that are known, to be shown in this order.
    pub fn facts(&self) -> Vec<Fact> {
        let Format { rows, columns, stored, allocated, signed, photometric, .. } = self.format;
        [
            self.modality.clone().map(|value| Fact::Modality { value }),
            self.body_part.clone().map(|value| Fact::BodyPart { value }),
            self.view_position.clone().map(|value| Fact::View { value }),
            self.laterality.clone().map(|value| Fact::Laterality { value }),
            self.spacing.map(Fact::Spacing),
            Some(Fact::Matrix { columns, rows }),
            Some(Fact::Bits { stored, allocated, signed }),
            Some(Fact::Photometric { value: photometric.name() }),
            Some(Fact::TransferSyntax { value: self.transfer_syntax }),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// What a person should know before looking at scores.
    pub fn warnings(&self) -> Vec<Warning> {
        let modality = self.modality.clone().filter(|known| !RADIOGRAPHS.contains(&known.as_str()));
        let is_chest = |part: &String| CHESTS.iter().any(|chest| part.contains(chest));
        let part = self.body_part.clone().filter(|part| !is_chest(part));
        let view = match self.view {
            ViewPosition::Frontal => None,
            ViewPosition::Lateral => Some(Warning::Lateral),
            ViewPosition::Oblique => Some(Warning::Oblique),
        };
        let stretched = (self.aspect - 1.0).abs() > 0.01;
        [
            modality.map(|modality| Warning::Modality { modality }),
            part.map(|part| Warning::BodyPart { part }),
            view,
            (self.format.frames > 1).then_some(Warning::Frames { count: self.format.frames }),
            stretched.then_some(Warning::NotSquare),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl ViewPosition {
    /// Reads view position and view code (PS3.3 sections C.8.1.2 and C.8.11.5), or else the names
    /// of series and protocol. A text that also names a frontal view, such as "PA and lateral",
    /// does not say which of the two this image is. A lateral decubitus is a frontal view of a
    /// patient who lies on the side.
    fn from_header(header: &Header) -> Self {
        let position = header.code(tags::VIEW_POSITION).unwrap_or_default();
        match position.as_str() {
            "LL" | "RL" | "LLAT" | "RLAT" => return Self::Lateral,
            "RAO" | "LAO" | "RPO" | "LPO" | "RLO" | "LLO" => return Self::Oblique,
            _ => {}
        }
        let meaning = header.item(tags::VIEW_CODE_SEQUENCE);
        let meaning = meaning.and_then(|item| item.text(tags::CODE_MEANING));
        let texts = [
            tags::SERIES_DESCRIPTION,
            tags::PROTOCOL_NAME,
            tags::ACQUISITION_DEVICE_PROCESSING_DESCRIPTION,
        ];
        let texts = texts.into_iter().filter_map(|tag| header.text(tag));
        let mut views =
            [position].into_iter().chain(meaning).chain(texts).map(|text| Self::named_in(&text));
        views.find(|view| *view != Self::Frontal).unwrap_or(Self::Frontal)
    }

    fn named_in(text: &str) -> Self {
        let text = text.to_uppercase();
        let has = |known: &[&str]| {
            let mut words = text.split(|c: char| !c.is_alphanumeric());
            words.any(|word| known.contains(&word))
        };
        if has(&["PA", "AP", "FRONTAL", "DECUBITUS", "DECUB"]) {
            Self::Frontal
        } else if has(&["LATERAL", "LAT"]) {
            Self::Lateral
        } else if has(&["OBLIQUE", "OBL"]) {
            Self::Oblique
        } else {
            Self::Frontal
        }
    }
}

impl Spacing {
    /// Pixel Spacing is calibrated to the patient, unless it equals Imager Pixel Spacing, which is
    /// measured at the detector (PS3.3 section 10.7.1.3).
    fn from_header(header: &Header) -> Option<Self> {
        let pair = |tag| match header.numbers(tag)[..] {
            [rows, columns, ..] if [rows, columns].iter().all(|&mm| mm > 0.0 && mm < 1000.0) => {
                Some((rows, columns))
            }
            _ => None,
        };
        let (pixel, imager) = (pair(tags::PIXEL_SPACING), pair(tags::IMAGER_PIXEL_SPACING));
        let (rows, columns) = pixel.or(imager)?;
        Some(Self { rows, columns, at_detector: pixel.is_none() || pixel == imager })
    }
}

/// The height of a displayed pixel divided by its width: Pixel Aspect Ratio (PS3.3 section C.7.6.3.1.7), or else the
/// ratio of the spacings.
fn aspect(header: &Header, spacing: Option<Spacing>) -> f64 {
    let stated = match header.numbers(tags::PIXEL_ASPECT_RATIO)[..] {
        [vertical, horizontal, ..] => Some(vertical / horizontal),
        _ => spacing.map(|spacing| spacing.rows / spacing.columns),
    };
    stated.filter(|ratio| ratio.is_finite() && *ratio > 0.0).unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::age_group;

    #[test]
    fn ages_are_groups() {
        for (age, group) in [
            ("017Y", Some("0–17")),
            ("018Y", Some("18–39")),
            ("039Y", Some("18–39")),
            ("40Y", Some("40–64")),
            ("065Y", Some("65+")),
            ("999Y", Some("65+")),
            ("011M", Some("0–17")),
            ("240M", Some("18–39")),
            ("003W", Some("0–17")),
            ("001D", Some("0–17")),
            ("", None),
            ("Y", None),
            ("-1Y", None),
            ("058", None),
            ("SECRET", None),
        ] {
            assert_eq!(age_group(age), group, "{age}");
        }
    }
}
