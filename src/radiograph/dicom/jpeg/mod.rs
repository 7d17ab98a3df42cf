//! JPEG as DICOM uses it (ITU-T T.81; PS3.5 section 8.2.1): sequential DCT of 8 and 12 bits
//! (processes 1, 2 and 4) and lossless of 2 to 16 bits (process 14), Huffman coded. The `image`
//! crate's decoder has neither 12 bits nor lossless, and both need most of what 8 bits need; it
//! decodes progressive frames. (`jpeg-decoder`, which has lossless, is no longer maintained.)

mod dct;
mod huffman;
mod lossless;
mod walk;

use std::io::Cursor;

use huffman::{Bits, Huffman};
use image::codecs::jpeg::JpegDecoder;
use image::{DynamicImage, ImageDecoder, ImageError};

use super::format::{Photometric, Planes};
use crate::error::{Error, Result};

pub(crate) use walk::{Extent, extent};

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
    if extent(bytes) != Extent::Whole {
        return Err(bad("cut off"));
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

/// How samples are coded.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Process {
    Dct,
    Lossless,
}

/// One colour of the frame.
#[derive(Debug)]
struct Component {
    id: u8,
    /// Sampling factors, across and down.
    h: usize,
    v: usize,
    /// Number of its quantisation table.
    quantiser: usize,
    /// Samples that count; with the DCT whole blocks are stored.
    width: usize,
    height: usize,
    /// Stored samples of a row.
    stride: usize,
    samples: Vec<u16>,
}

/// A frame header (T.81 section B.2.2) and the samples decoded so far.
#[derive(Debug)]
struct Frame {
    process: Process,
    /// Bits of a sample.
    precision: u32,
    width: usize,
    height: usize,
    /// The largest sampling factors.
    h_max: usize,
    v_max: usize,
    components: Vec<Component>,
}

/// What tables hold between their marker and the scan that uses them.
struct Tables {
    dc: [Option<Huffman>; 4],
    ac: [Option<Huffman>; 4],
    /// In zigzag order.
    quantisers: [[f32; 64]; 4],
    /// MCUs between restart markers; 0: there are none.
    restart: usize,
}

impl Default for Tables {
    fn default() -> Self {
        Self {
            dc: Default::default(),
            ac: Default::default(),
            quantisers: [[1.0; 64]; 4],
            restart: 0,
        }
    }
}

/// A component of a scan, by the index in its frame, with its tables.
struct Selected<'a> {
    component: usize,
    dc: Option<&'a Huffman>,
    ac: Option<&'a Huffman>,
}

/// A scan header (T.81 section B.2.3).
struct Scan<'a> {
    selected: Vec<Selected<'a>>,
    /// Of a lossless scan.
    predictor: u8,
    /// Of a lossless scan: low bits left out.
    shift: u32,
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

impl Tables {
    fn read_huffman(&mut self, mut segment: &[u8]) -> Result<()> {
        while let Some((&[class_and_id, ref counts @ ..], rest)) = segment.split_first_chunk::<17>()
        {
            let total = counts.iter().map(|&count| usize::from(count)).sum();
            let symbols = rest.get(..total).ok_or_else(|| bad("cut off"))?;
            let tables = if class_and_id >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            let slot = tables.get_mut(usize::from(class_and_id & 15));
            *slot.ok_or_else(|| bad("a Huffman table's number"))? =
                Some(Huffman::new(counts, symbols)?);
            segment = &rest[total..];
        }
        Ok(())
    }

    fn read_quantisers(&mut self, mut segment: &[u8]) -> Result<()> {
        while let Some((&precision_and_id, rest)) = segment.split_first() {
            let width = 1 + usize::from(precision_and_id >> 4 != 0);
            let slot = self.quantisers.get_mut(usize::from(precision_and_id & 15));
            let slot = slot.ok_or_else(|| bad("a quantiser's number"))?;
            let values = rest.get(..64 * width).ok_or_else(|| bad("cut off"))?;
            for (to, value) in slot.iter_mut().zip(values.chunks_exact(width)) {
                *to = value.iter().fold(0.0, |all, &byte| all * 256.0 + f32::from(byte));
            }
            segment = &rest[64 * width..];
        }
        Ok(())
    }
}

impl<'a> Scan<'a> {
    fn parse(segment: &[u8], frame: &Frame, tables: &'a Tables) -> Result<Self> {
        let count = usize::from(*segment.first().ok_or_else(|| bad("cut off"))?);
        let selectors = segment.get(1..1 + 2 * count).ok_or_else(|| bad("cut off"))?;
        let Some(&[predictor, _, shift]) = segment.get(1 + 2 * count..4 + 2 * count) else {
            return Err(bad("cut off"));
        };
        if count == 0 || count > frame.components.len() {
            return Err(bad("a scan's components"));
        }
        let select = |pair: &[u8]| {
            let component = frame.components.iter().position(|component| component.id == pair[0]);
            Ok(Selected {
                component: component.ok_or_else(|| bad("a scan of no component"))?,
                dc: tables.dc.get(usize::from(pair[1] >> 4)).and_then(Option::as_ref),
                ac: tables.ac.get(usize::from(pair[1] & 15)).and_then(Option::as_ref),
            })
        };
        let selected = selectors.chunks_exact(2).map(select).collect::<Result<_>>()?;
        Ok(Self { selected, predictor, shift: u32::from(shift & 15) })
    }
}

impl Selected<'_> {
    fn dc(&self) -> Result<&Huffman> {
        self.dc.ok_or_else(|| bad("no Huffman table"))
    }

    fn ac(&self) -> Result<&Huffman> {
        self.ac.ok_or_else(|| bad("no Huffman table"))
    }
}

impl Frame {
    /// Nothing is allocated unless the frame is as large as the header says.
    fn parse(marker: u8, segment: &[u8], width: usize, height: usize) -> Result<Self> {
        let mut frame = Self::headed(marker, segment, width, height)?;
        frame.allocate();
        Ok(frame)
    }

    /// Without samples.
    fn headed(marker: u8, segment: &[u8], width: usize, height: usize) -> Result<Self> {
        let process = if marker == 0xC3 { Process::Lossless } else { Process::Dct };
        let &[precision, _, _, _, _, count] =
            segment.first_chunk().ok_or_else(|| bad("cut off"))?;
        let readable = match process {
            Process::Lossless => (2..=16).contains(&precision),
            Process::Dct => matches!(precision, 8 | 12),
        };
        if !readable {
            return Err(bad("its number of bits"));
        }
        if usize::from(word(segment, 1)?) != height || usize::from(word(segment, 3)?) != width {
            return Err(bad("its size is not the header's"));
        }
        let specs = segment[6..].chunks_exact(3);
        if !matches!(count, 1 | 3) || usize::from(count) != specs.len() {
            return Err(bad("its number of components"));
        }
        let alone = count == 1;
        let components =
            specs.map(|spec| Component::parse(spec, alone)).collect::<Result<Vec<_>>>()?;
        let most =
            |factor: fn(&Component) -> usize| components.iter().map(factor).max().unwrap_or(1);
        let (h_max, v_max) = (most(|component| component.h), most(|component| component.v));
        if process == Process::Lossless && (h_max, v_max) != (1, 1) {
            return Err(bad("its sampling"));
        }
        let precision = u32::from(precision);
        Ok(Self { process, precision, width, height, h_max, v_max, components })
    }

    fn allocate(&mut self) {
        let Self { width, height, h_max, v_max, .. } = *self;
        for component in &mut self.components {
            component.width = (width * component.h).div_ceil(h_max);
            component.height = (height * component.v).div_ceil(v_max);
            let rows = match self.process {
                Process::Lossless => {
                    component.stride = width;
                    height
                }
                Process::Dct => {
                    component.stride = width.div_ceil(8 * h_max) * 8 * component.h;
                    height.div_ceil(8 * v_max) * 8 * component.v
                }
            };
            component.samples = vec![0; component.stride * rows];
        }
    }

    /// Whether the first of three components is luma. libjpeg, as everyone, numbers those of luma and
    /// colour from 1, and those of colours that it does not know from 0.
    fn starts_with_luma(&self, marked: Option<bool>, said: Photometric) -> bool {
        let ids: Vec<u8> = self.components.iter().map(|component| component.id).collect();
        match (marked, self.process) {
            (Some(luma), _) => luma,
            _ if ids == *b"RGB" => false,
            // Nothing is shared by pixels here, as YBR_FULL_422 would have it.
            (None, Process::Lossless) => ids == [1, 2, 3] && said == Photometric::YbrFull,
            // No one but luma has components of other sizes beside it.
            (None, Process::Dct) => said.starts_with_luma() || (self.h_max, self.v_max) != (1, 1),
        }
    }

    /// Planes without padding, subsampled ones enlarged by repetition.
    fn full_size(self) -> Planes {
        let Self { width, height, h_max, v_max, .. } = self;
        let plane = |component: Component| {
            if component.stride == width && component.v == v_max {
                let mut samples = component.samples;
                samples.truncate(width * height);
                return samples;
            }
            let mut plane = Vec::with_capacity(width * height);
            for y in 0..height {
                let row = y * component.v / v_max * component.stride;
                plane.extend((0..width).map(|x| component.samples[row + x * component.h / h_max]));
            }
            plane
        };
        self.components.into_iter().map(plane).collect()
    }
}

impl Component {
    /// One component alone is not subsampled, whatever its factors say (T.81 section A.2.2).
    fn parse(spec: &[u8], alone: bool) -> Result<Self> {
        let (h, v) = match alone {
            true => (1, 1),
            false => (usize::from(spec[1] >> 4), usize::from(spec[1] & 15)),
        };
        if !(1..=4).contains(&h) || !(1..=4).contains(&v) {
            return Err(bad("its sampling"));
        }
        let quantiser = usize::from(spec[2] & 3);
        let (width, height, stride, samples) = (0, 0, 0, Vec::new());
        Ok(Self { id: spec[0], h, v, quantiser, width, height, stride, samples })
    }
}

fn word(bytes: &[u8], at: usize) -> Result<u16> {
    let word = bytes.get(at..).and_then(|rest| rest.first_chunk()).ok_or_else(|| bad("cut off"))?;
    Ok(u16::from_be_bytes(*word))
}

fn bad(what: &str) -> Error {
    Error::Dicom(format!("its JPEG data: {what}"))
}
