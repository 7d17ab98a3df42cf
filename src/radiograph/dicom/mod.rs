//! DICOM radiographs (CR, DX, secondary capture): the first frame in full depth, and the few facts of the header that
//! are needed. None of them identifies a person.
//!
//! ```text
//! file ──syntax──▶ data set ──header──▶ kept elements ──frame──▶ samples ──high_bit_depth──▶ 8-bit grey
//!                                             └──about──▶ facts, warnings
//! ```
//!
//! Sections are those of the DICOM standard (2024): the image in PS3.3 C.7.6.3, the modality LUT in
//! C.11.1, values of interest in C.11.2, encoding in PS3.5.

mod about;
mod format;
mod frame;
mod header;
mod high_bit_depth;
pub(crate) mod jpeg;
mod lut;
mod source;
mod syntax;

pub use about::{About, Fact, Groups, Spacing, ViewPosition};
pub use high_bit_depth::{HighBitDepth, Shown, Values, Window};
pub use source::Source;

use dicom_dictionary_std::tags;
use format::{Format, Photometric, Planes};
use header::Header;
use lut::Palette;

use super::grey::luma;
use super::note::Note;
use crate::error::{Error, Reason, Result};

/// A DICOM file's first frame.
#[derive(Debug, Clone)]
pub struct Dicom {
    /// Width in pixels, at least 1.
    pub width: u32,
    /// Height in pixels, at least 1.
    pub height: u32,
    /// The pixels.
    pub pixels: Pixels,
    /// What the header says of the picture.
    pub about: About,
    /// How a grey picture became 8 bits, and where the file was read differently from what it states.
    pub notes: Vec<Note>,
}

/// The pixels of a [`Dicom`], row by row.
#[derive(Debug, Clone)]
pub enum Pixels {
    /// Grey in full depth.
    Grey(HighBitDepth),
    /// Luma of a colour picture, 8 bits. It has no window.
    Luma(Vec<u8>),
}

/// Whether this is a DICOM file (PS3.10 section 7.1). Some devices leave out the preamble or the prefix, or write a
/// bare data set; only an attempt to read the bytes can recognise those.
pub fn is_dicom(bytes: &[u8]) -> bool {
    syntax::start(bytes).is_some()
}

/// Decodes a DICOM file's first frame.
///
/// # Errors
///
/// [`Error::Dicom`] where the file is damaged, [`Error::NoPicture`] where it holds no picture,
/// [`Error::DicomUnsupported`] where its pixels are stored in an unsupported way, [`Error::ImageTooLarge`] where it has
/// more than [`MAX_PIXELS`](crate::limits::MAX_PIXELS).
pub fn read(bytes: &[u8]) -> Result<Dicom> {
    let (syntax, data_set) = syntax::open(bytes)?;
    let header = Header::parse(&data_set, syntax.encoding)?;
    let syntax = syntax.or_named_in(&header)?;
    let Some(data) = header.find(tags::PIXEL_DATA) else {
        return Err(without_pixels(&header));
    };
    let format = Format::from_header(&header)?;
    let about = About::new(&header, &format, syntax.name);
    let (mut planes, contradiction) = frame::decode(&syntax, &format, data)?;
    let (pixels, mut notes) = if format.photometric.is_grey() {
        // Only lossy compression makes values overshoot. If there is a contradiction, the data was not compressed as
        // the file says.
        let lossy = syntax.lossy && contradiction.is_none();
        let (deep, notes) = HighBitDepth::new(&header, &format, lossy, planes.swap_remove(0));
        (Pixels::Grey(deep), notes)
    } else {
        let luma = match format.photometric {
            Photometric::Palette => Palette::from_header(&header, &format)?.luma(&planes[0]),
            _ => luma_from_planes(&format, &planes),
        };
        (Pixels::Luma(luma), Vec::new())
    };
    notes.extend(contradiction);
    let (width, height) = (format.columns as u32, format.rows as u32);
    Ok(Dicom { width, height, pixels, about, notes })
}

fn without_pixels(header: &Header) -> Error {
    if header.find(tags::DIRECTORY_RECORD_SEQUENCE).is_some() {
        return Error::Dicomdir;
    }
    let float = [tags::FLOAT_PIXEL_DATA, tags::DOUBLE_FLOAT_PIXEL_DATA];
    if float.iter().any(|&tag| header.find(tag).is_some()) {
        return Error::DicomUnsupported(Reason::FloatingPoint);
    }
    let modality = header.code(tags::MODALITY);
    Error::NoPicture(modality.unwrap_or_default())
}

/// Luma of red, green and blue, or luma itself, in 8 bits.
fn luma_from_planes(format: &Format, planes: &Planes) -> Vec<u8> {
    let full = (1u32 << format.stored) - 1;
    let eight = |sample: u16| (u32::from(sample).min(full) * 255 + full / 2) / full;
    match planes.as_slice() {
        [red, green, blue] => {
            let colours = red.iter().zip(green).zip(blue);
            colours.map(|((&r, &g), &b)| luma([r, g, b].map(eight)) as u8).collect()
        }
        planes => planes.iter().flatten().map(|&sample| eight(sample) as u8).collect(),
    }
}
