//! JPEG as DICOM uses it (ITU-T T.81; PS3.5 section 8.2.1): sequential DCT of 8 and 12 bits
//! (processes 1, 2 and 4) and lossless of 2 to 16 bits (process 14), Huffman coded. The `image`
//! crate's decoder has neither 12 bits nor lossless, and both need most of what 8 bits need; it
//! decodes progressive frames. (`jpeg-decoder`, which has lossless, is no longer maintained.)

mod damage;
mod dct;
mod frame;
mod huffman;
mod lossless;

use std::io::Cursor;

use damage::bad;
use frame::{Frame, Process, Scan, Tables, word};
use huffman::Bits;
use image::codecs::jpeg::JpegDecoder;
use image::{DynamicImage, ImageDecoder, ImageError};

use super::format::{Photometric, Planes};
use crate::error::{Error, Result};

/// Decodes a picture of exactly `width * height` pixels: one plane (grey or luma), or red, green and
/// blue. Where the codestream itself does not say what three components are, the header does.
pub(super) fn decode(
    bytes: &[u8],
    width: usize,
    height: usize,
    said: Photometric,
) -> Result<Planes> {
    let mut decoder = Decoder { bytes, at: 0, tables: Tables::default(), marked: None };
    let Some(frame) = decoder.run(width, height)? else {
        return progressive(bytes, width, height);
    };
    let luma = frame.starts_with_luma(decoder.marked, said);
    let mut planes = frame.full_size();
    if planes.len() == 3 && luma {
        planes.truncate(1);
    }
    Ok(planes)
}

/// Decodes a progressive frame, of 8 bits.
fn progressive(bytes: &[u8], width: usize, height: usize) -> Result<Planes> {
    let cause = |error: ImageError| bad(&error.to_string());
    let decoder = JpegDecoder::new(Cursor::new(bytes)).map_err(cause)?;
    if decoder.dimensions() != (width as u32, height as u32) {
        return Err(bad("its size is not the header's"));
    }
    let plane = |bytes: &[u8], first: usize, step: usize| {
        bytes.iter().skip(first).step_by(step).map(|&sample| sample.into()).collect()
    };
    Ok(match DynamicImage::from_decoder(decoder).map_err(cause)? {
        DynamicImage::ImageLuma8(grey) => vec![plane(&grey, 0, 1)],
        colours => {
            let colours = colours.into_rgb8();
            (0..3).map(|first| plane(&colours, first, 3)).collect()
        }
    })
}

struct Decoder<'a> {
    bytes: &'a [u8],
    at: usize,
    tables: Tables,
    /// Whether the first of three components is luma, where JFIF's or Adobe's marker says.
    marked: Option<bool>,
}

impl<'a> Decoder<'a> {
    /// Goes through the markers until every component was in a scan. `None`: the frame is progressive.
    fn run(&mut self, width: usize, height: usize) -> Result<Option<Frame>> {
        if self.marker()? != 0xD8 {
            return Err(bad("no start of image"));
        }
        let mut frame = None;
        let mut scanned = 0;
        loop {
            let marker = self.marker()?;
            if marker == 0xD9 {
                return Err(bad("a component is missing"));
            }
            let segment = self.segment()?;
            match marker {
                0xC0 | 0xC1 | 0xC3 if frame.is_none() => {
                    frame = Some(Frame::parse(marker, segment, width, height)?);
                }
                0xC2 if segment.first() == Some(&8) => return Ok(None),
                0xC2 => {
                    let what = "its pixels are progressive JPEG of 12 bits".to_string();
                    return Err(Error::DicomUnsupported(what));
                }
                0xC4 => self.tables.read_huffman(segment)?,
                0xC0..=0xCF => return Err(bad("a process that DICOM does not use")),
                0xDB => self.tables.read_quantisers(segment)?,
                0xDD => self.tables.restart = usize::from(word(segment, 0)?),
                0xE0 if segment.starts_with(b"JFIF\0") => self.marked = Some(true),
                0xEE if segment.starts_with(b"Adobe") => {
                    self.marked = segment.get(11).map(|&transform| transform != 0);
                }
                0xDA => {
                    let mut known = frame.take().ok_or_else(|| bad("a scan without a frame"))?;
                    scanned += self.scan(segment, &mut known)?;
                    if scanned >= known.components.len() {
                        return Ok(Some(known));
                    }
                    frame = Some(known);
                }
                _ => {}
            }
        }
    }

    /// The next marker, whatever lies before it.
    fn marker(&mut self) -> Result<u8> {
        let rest = &self.bytes[self.at..];
        let is_marker = |pair: &[u8]| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xFF);
        let found = rest.windows(2).position(is_marker).ok_or_else(|| bad("cut off"))?;
        self.at += found + 2;
        Ok(rest[found + 1])
    }

    /// The segment after a marker.
    fn segment(&mut self) -> Result<&'a [u8]> {
        let end = self.at + usize::from(word(self.bytes, self.at)?);
        let segment = self.bytes.get(self.at + 2..end).ok_or_else(|| bad("cut off"))?;
        self.at = end;
        Ok(segment)
    }

    /// Decodes one scan; how many components it held.
    fn scan(&mut self, segment: &[u8], frame: &mut Frame) -> Result<usize> {
        let scan = Scan::parse(segment, frame, &self.tables)?;
        let mut bits = Bits::new(self.bytes, self.at);
        match frame.process {
            Process::Lossless => lossless::decode(&mut bits, frame, &scan, self.tables.restart)?,
            Process::Dct => dct::decode(&mut bits, frame, &scan, &self.tables)?,
        }
        self.at = bits.at();
        Ok(scan.selected.len())
    }
}
