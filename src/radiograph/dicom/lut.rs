//! Look-up tables and what they are used for: the modality transformation (PS3.3 section C.11.1) and
//! the values of interest (C.11.2).

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use super::format::Format;
use super::header::Header;
use crate::error::{Error, Reason, Result};
use crate::radiograph::grey::luma;

/// A look-up table (PS3.3 sections C.11.1.1 and C.11.2.1.1).
#[derive(Debug, Clone)]
pub(super) struct Lut {
    /// The input value that the first entry is for.
    first: i32,
    entries: Vec<u16>,
    /// The entry value that means full brightness.
    full: u16,
}

impl Lut {
    /// Reads the table in a sequence's first item. `None` where it is empty, constant, or not as long as its descriptor
    /// says. `signed` says whether the first mapped value is signed, whatever VR it is written with.
    fn from_header(header: &Header, sequence: Tag, signed: bool) -> Option<Self> {
        let item = header.item(sequence)?;
        let Table { first, entries } =
            Table::from_header(&item, tags::LUT_DESCRIPTOR, tags::LUT_DATA)?;
        let (least, most) = (*entries.iter().min()?, *entries.iter().max()?);
        if least == most {
            return None;
        }
        // The number of bits that the entries use. Some devices state fewer; others, such as
        // Agfa's, state how many a stored entry has room for.
        let full = u16::MAX >> most.leading_zeros();
        Some(Self { first: signed_if(signed, first), entries, full })
    }

    /// The entry of a value. Values outside of the table get its first or last entry.
    fn get(&self, value: f64) -> u16 {
        let index = (value.round() - f64::from(self.first)).max(0.0) as usize;
        self.entries[index.min(self.entries.len() - 1)]
    }
}

/// The first mapped value of a descriptor, and the entries of its data.
pub(super) struct Table {
    pub first: u16,
    pub entries: Vec<u16>,
}

impl Table {
    /// `None` where there are fewer entries than the descriptor says, or the descriptor is invalid. If there is one
    /// byte per entry, the bytes are packed in words (PS3.3 section C.11.1.1.1), whatever number of bits is stated.
    pub fn from_header(header: &Header, descriptor: Tag, data: Tag) -> Option<Self> {
        let &[count, first, bits] = header.words(descriptor).get(..3)? else { return None };
        if !(1..=16).contains(&bits) {
            return None;
        }
        let count = if count == 0 { 1 << 16 } else { usize::from(count) };
        let length = header.find(data)?.value.len();
        let mut entries = match length {
            _ if length >= 2 * count => header.words(data),
            _ if bits <= 8 || length == count.next_multiple_of(2) => {
                header.bytes(data).iter().copied().map(u16::from).collect()
            }
            _ => return None,
        };
        entries.truncate(count);
        (entries.len() == count).then_some(Self { first, entries })
    }
}

/// The colours of a palette picture, whose samples are indices (PS3.3 section C.7.9).
pub(super) struct Palette {
    first: i32,
    luma: Vec<u8>,
    format: Format,
}

impl Palette {
    /// # Errors
    ///
    /// The reason, if a colour has no table or only a segmented one.
    pub fn from_header(header: &Header, format: &Format) -> Result<Self> {
        let tables = [
            (
                tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
                tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            ),
            (
                tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
                tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            ),
            (
                tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
                tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            ),
        ];
        let tables = tables.map(|(descriptor, data)| Table::from_header(header, descriptor, data));
        let [Some(red), Some(green), Some(blue)] = tables else {
            let segmented = tags::SEGMENTED_RED_PALETTE_COLOR_LOOKUP_TABLE_DATA;
            return Err(match header.find(segmented) {
                Some(_) => Error::DicomUnsupported(Reason::SegmentedPalette),
                None => Error::Dicom(Reason::NoPalette),
            });
        };
        let colours = [&red, &green, &blue];
        // Entries have 8 or 16 bits. Some devices state the wrong number, so the largest entry decides.
        let deep = colours.iter().any(|table| table.entries.iter().any(|&entry| entry > 255));
        let eight = |entry: u16| u32::from(if deep { entry >> 8 } else { entry });
        let entries = red.entries.iter().zip(&green.entries).zip(&blue.entries);
        Ok(Self {
            first: signed_if(format.signed, red.first),
            luma: entries.map(|((&r, &g), &b)| luma([r, g, b].map(eight)) as u8).collect(),
            format: format.clone(),
        })
    }

    /// The luma of each sample's colour; samples outside of the table get its first or last entry.
    pub fn luma(&self, samples: &[u16]) -> Vec<u8> {
        let last = self.luma.len() - 1;
        let luma = |sample: &u16| {
            let index = (self.format.value(*sample, false) - self.first).max(0) as usize;
            self.luma[index.min(last)]
        };
        samples.iter().map(luma).collect()
    }
}

/// A word read as a signed or an unsigned number.
fn signed_if(signed: bool, word: u16) -> i32 {
    if signed { i32::from(word as i16) } else { word.into() }
}

/// The modality transformation: from stored values to modality values, in which the device measured (PS3.3 section
/// C.11.1).
pub(super) enum Modality {
    Rescale { slope: f64, intercept: f64 },
    Lut(Lut),
}

impl Modality {
    /// A broken table counts as no table.
    pub fn from_header(header: &Header, format: &Format) -> Self {
        if let Some(lut) = Lut::from_header(header, tags::MODALITY_LUT_SEQUENCE, format.signed) {
            return Self::Lut(lut);
        }
        let slope = header.number(tags::RESCALE_SLOPE).filter(|&slope| slope != 0.0);
        let intercept = header.number(tags::RESCALE_INTERCEPT);
        Self::Rescale { slope: slope.unwrap_or(1.0), intercept: intercept.unwrap_or(0.0) }
    }

    pub fn apply(&self, value: i32) -> f64 {
        match self {
            Self::Rescale { slope, intercept } => f64::from(value) * slope + intercept,
            Self::Lut(lut) => f64::from(lut.get(f64::from(value))),
        }
    }

    /// Whether the input values of the VOI LUT, which is applied next, have a sign: where values
    /// below zero are possible (PS3.3 section C.11.2.1.1).
    fn is_signed(&self, format: &Format) -> bool {
        let (least, most) = format.range();
        self.apply(least) < 0.0 || self.apply(most) < 0.0
    }
}

/// The function that a window applies to its values (PS3.3 section C.11.2.1.3).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Function {
    Linear,
    LinearExact,
    Sigmoid,
}

/// The VOI transformation, which selects the values of interest (PS3.3 section C.11.2).
#[derive(Debug, Clone)]
pub(super) enum Voi {
    Lut(Lut),
    Window { centre: f64, width: f64, function: Function },
}

impl Voi {
    /// The VOI look-up table: `Some(None)` where it is broken, `None` where there is none.
    pub fn lut(header: &Header, format: &Format, modality: &Modality) -> Option<Option<Self>> {
        header.item(tags::VOILUT_SEQUENCE)?;
        let signed = modality.is_signed(format);
        Some(Lut::from_header(header, tags::VOILUT_SEQUENCE, signed).map(Self::Lut))
    }

    /// The first window: `Some(None)` where it is broken, `None` where there is none. A linear window narrower than 1,
    /// which the standard forbids, is read as LINEAR_EXACT.
    pub fn window(header: &Header) -> Option<Option<Self>> {
        let first = |tag| header.numbers(tag).first().copied();
        let (centre, width) = (first(tags::WINDOW_CENTER)?, first(tags::WINDOW_WIDTH)?);
        let function = match header.code(tags::VOILUT_FUNCTION).as_deref() {
            Some("SIGMOID") => Function::Sigmoid,
            Some("LINEAR_EXACT") => Function::LinearExact,
            _ if width < 1.0 => Function::LinearExact,
            _ => Function::Linear,
        };
        let usable = centre.is_finite() && width.is_finite() && width > 0.0;
        Some(usable.then_some(Self::Window { centre, width, function }))
    }

    /// A value's brightness, 0 to 255, before it is rounded.
    pub fn apply(&self, value: f64) -> f64 {
        let share = match self {
            Self::Lut(lut) => f64::from(lut.get(value)) / f64::from(lut.full),
            Self::Window { centre, width, function } => match function {
                Function::Linear if *width <= 1.0 => f64::from(u8::from(value > centre - 0.5)),
                Function::Linear => (value - (centre - 0.5)) / (width - 1.0) + 0.5,
                Function::LinearExact => (value - centre) / width + 0.5,
                Function::Sigmoid => 1.0 / (1.0 + (-4.0 * (value - centre) / width).exp()),
            },
        };
        255.0 * share.clamp(0.0, 1.0)
    }
}
