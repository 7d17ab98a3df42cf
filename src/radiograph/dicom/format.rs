//! How the pixels of a DICOM file are stored: its image pixel module (PS3.3 section C.7.6.3).

use dicom_dictionary_std::tags;

use super::header::Header;
use crate::error::{Error, Reason, Result};
use crate::limits::MAX_PIXELS;

/// How samples become grey or colours (PS3.3 section C.7.6.3.1.2).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Photometric {
    /// Low values are bright.
    Monochrome1,
    /// Low values are dark.
    Monochrome2,
    Rgb,
    /// Luma first, then colour differences of the same size.
    YbrFull,
    /// Two neighbouring pixels share their colour differences.
    YbrFull422,
    /// The colour transforms of JPEG 2000 (ICT and RCT), which its decoder undoes.
    YbrJpeg2000,
    /// Samples are indices into a palette of colours.
    Palette,
}

impl Photometric {
    fn from_header(header: &Header, samples: u16) -> Result<Self> {
        let name = header.code(tags::PHOTOMETRIC_INTERPRETATION);
        let photometric = match (name.as_deref(), samples) {
            (Some("MONOCHROME1"), 1) => Self::Monochrome1,
            (Some("MONOCHROME2") | None, 1) => Self::Monochrome2,
            (Some("PALETTE COLOR"), 1) => Self::Palette,
            (Some("RGB") | None, 3) => Self::Rgb,
            (Some("YBR_FULL"), 3) => Self::YbrFull,
            (Some("YBR_FULL_422"), 3) => Self::YbrFull422,
            (Some("YBR_ICT" | "YBR_RCT"), 3) => Self::YbrJpeg2000,
            (name, samples) => {
                let colours = name.unwrap_or("nothing").to_string();
                return Err(Error::DicomUnsupported(Reason::Colours { colours, samples }));
            }
        };
        Ok(photometric)
    }

    /// The defined term.
    pub fn name(self) -> &'static str {
        match self {
            Self::Monochrome1 => "MONOCHROME1",
            Self::Monochrome2 => "MONOCHROME2",
            Self::Rgb => "RGB",
            Self::YbrFull => "YBR_FULL",
            Self::YbrFull422 => "YBR_FULL_422",
            Self::YbrJpeg2000 => "YBR_ICT or YBR_RCT",
            Self::Palette => "PALETTE COLOR",
        }
    }

    pub fn is_grey(self) -> bool {
        matches!(self, Self::Monochrome1 | Self::Monochrome2)
    }

    /// Whether the first sample of a pixel is luma.
    pub fn starts_with_luma(self) -> bool {
        matches!(self, Self::YbrFull | Self::YbrFull422)
    }
}

/// The image pixel module.
#[derive(Debug, Clone)]
pub struct Format {
    pub rows: usize,
    pub columns: usize,
    pub samples: usize,
    /// Whether colours are stored plane by plane, not pixel by pixel.
    pub planar: bool,
    /// Bits allocated: 8 or 16.
    pub allocated: u32,
    /// Bits stored: 1 to those allocated.
    pub stored: u32,
    /// Number of unused bits below the stored bits.
    pub below: u32,
    pub signed: bool,
    pub photometric: Photometric,
    pub frames: usize,
}

impl Format {
    /// # Errors
    ///
    /// The reason why the header describes no picture that can be read.
    pub fn from_header(header: &Header) -> Result<Self> {
        let word = |tag| header.word(tag);
        let (rows, columns) = (word(tags::ROWS).unwrap_or(0), word(tags::COLUMNS).unwrap_or(0));
        if rows == 0 || columns == 0 {
            return Err(Error::Dicom(Reason::NoArea { rows, columns }));
        }
        if u64::from(rows) * u64::from(columns) > MAX_PIXELS {
            let (width, height) = (u32::from(columns), u32::from(rows));
            return Err(Error::ImageTooLarge(Reason::Size { width, height }));
        }
        let samples = word(tags::SAMPLES_PER_PIXEL).unwrap_or(1);
        let allocated = word(tags::BITS_ALLOCATED).unwrap_or(0);
        if !matches!(allocated, 8 | 16) {
            return Err(Error::DicomUnsupported(match allocated {
                1 => Reason::OneBit,
                _ => Reason::Bits { allocated },
            }));
        }
        let stored = word(tags::BITS_STORED).unwrap_or(allocated);
        if !(1..=allocated).contains(&stored) {
            return Err(Error::Dicom(Reason::BitsStored { stored, allocated }));
        }
        // An impossible high bit is ignored, and the lowest bits hold the value.
        let high = word(tags::HIGH_BIT).filter(|high| (stored - 1..allocated).contains(high));
        Ok(Self {
            rows: usize::from(rows),
            columns: usize::from(columns),
            samples: usize::from(samples),
            planar: word(tags::PLANAR_CONFIGURATION) == Some(1),
            allocated: u32::from(allocated),
            stored: u32::from(stored),
            below: high.map_or(0, |high| u32::from(high + 1 - stored)),
            signed: word(tags::PIXEL_REPRESENTATION) == Some(1),
            photometric: Photometric::from_header(header, samples)?,
            frames: header
                .number(tags::NUMBER_OF_FRAMES)
                .map_or(1, |frames| frames.clamp(1.0, 1e9) as usize),
        })
    }

    pub fn pixels(&self) -> usize {
        self.rows * self.columns
    }

    /// The least and the largest value that a sample can have.
    pub fn range(&self) -> (i32, i32) {
        let values = 1i32 << self.stored;
        let least = if self.signed { -values / 2 } else { 0 };
        (least, least + values - 1)
    }

    /// The bytes of a frame that is not compressed.
    pub fn frame_bytes(&self) -> usize {
        let samples = match self.photometric {
            Photometric::YbrFull422 => self.pixels().next_multiple_of(2) * 2,
            _ => self.pixels() * self.samples,
        };
        samples * (self.allocated / 8) as usize
    }

    /// Whether this is the number of bytes of all frames without compression, with or without
    /// padding.
    pub fn is_native(&self, bytes: usize) -> bool {
        let native = self.frame_bytes().checked_mul(self.frames);
        native.is_some_and(|native| bytes == native || bytes == native.next_multiple_of(2))
    }

    /// A sample's value (PS3.5 section 8.1.1): only the stored bits, with their sign. A value that lossy compression
    /// moved out of the range is clamped to it.
    pub fn value(&self, sample: u16, lossy: bool) -> i32 {
        let mask = (1i32 << self.stored) - 1;
        let sample = i32::from(sample);
        if lossy && !self.signed {
            return sample.min(mask);
        }
        let bits = sample >> self.below & mask;
        let negative = self.signed && bits >> (self.stored - 1) != 0;
        if negative { bits - mask - 1 } else { bits }
    }
}

/// The samples of one plane (grey, or luma), or of three (red, green, blue).
pub type Planes = Vec<Vec<u16>>;
