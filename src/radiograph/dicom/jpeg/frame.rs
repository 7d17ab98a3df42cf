//! The headers of a JPEG picture: its frame, its scans, and the tables that they name.

use super::damage::bad;
use super::huffman::Huffman;
use crate::error::Result;
use crate::radiograph::dicom::format::{Photometric, Planes};

/// How samples are coded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Process {
    Dct,
    Lossless,
}

/// A colour component of the frame.
#[derive(Debug)]
pub struct Component {
    pub id: u8,
    /// Sampling factors, across and down.
    pub h: usize,
    pub v: usize,
    /// Index of its quantisation table.
    pub quantiser: usize,
    /// Size in samples that belong to the picture. With the DCT more samples are stored, as blocks are always whole.
    pub width: usize,
    pub height: usize,
    /// Number of stored samples in a row.
    pub stride: usize,
    pub samples: Vec<u16>,
}

/// A frame header (T.81 section B.2.2) and the samples decoded so far.
#[derive(Debug)]
pub struct Frame {
    pub process: Process,
    /// Bits of a sample.
    pub precision: u32,
    pub width: usize,
    pub height: usize,
    /// The largest sampling factors.
    pub h_max: usize,
    pub v_max: usize,
    pub components: Vec<Component>,
}

/// The tables and settings that markers define for the scans that follow them.
pub struct Tables {
    pub dc: [Option<Huffman>; 4],
    pub ac: [Option<Huffman>; 4],
    /// In zigzag order.
    pub quantisers: [[f32; 64]; 4],
    /// Number of MCUs between restart markers; 0 if there are none.
    pub restart: usize,
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

/// A component of a scan, by its index in the frame, with its Huffman tables.
pub struct Selected<'a> {
    pub component: usize,
    pub dc: Option<&'a Huffman>,
    pub ac: Option<&'a Huffman>,
}

/// A scan header (T.81 section B.2.3).
pub struct Scan<'a> {
    pub selected: Vec<Selected<'a>>,
    /// The predictor of a lossless scan.
    pub predictor: u8,
    /// The point transform of a lossless scan: how many low bits were dropped.
    pub shift: u32,
}

impl Tables {
    pub fn read_huffman(&mut self, mut segment: &[u8]) -> Result<()> {
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

    pub fn read_quantisers(&mut self, mut segment: &[u8]) -> Result<()> {
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
    pub fn parse(segment: &[u8], frame: &Frame, tables: &'a Tables) -> Result<Self> {
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
    pub fn dc(&self) -> Result<&Huffman> {
        self.dc.ok_or_else(|| bad("no Huffman table"))
    }

    pub fn ac(&self) -> Result<&Huffman> {
        self.ac.ok_or_else(|| bad("no Huffman table"))
    }
}

impl Frame {
    /// Parses a frame header and allocates its samples, if its size is the one that the DICOM header says.
    pub fn parse(marker: u8, segment: &[u8], width: usize, height: usize) -> Result<Self> {
        let mut frame = Self::headed(marker, segment, width, height)?;
        frame.allocate();
        Ok(frame)
    }

    /// Parses a frame header without allocating samples.
    pub fn headed(marker: u8, segment: &[u8], width: usize, height: usize) -> Result<Self> {
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

    /// Whether the first of three components is luma. Where no marker says it, the identifiers of the components do:
    /// encoders such as libjpeg number luma and colour differences from 1, and the components of other colour spaces
    /// from 0.
    pub fn starts_with_luma(&self, marked: Option<bool>, said: Photometric) -> bool {
        let ids: Vec<u8> = self.components.iter().map(|component| component.id).collect();
        match (marked, self.process) {
            (Some(luma), _) => luma,
            _ if ids == *b"RGB" => false,
            // A lossless frame shares no samples between pixels, so YBR_FULL_422 cannot be meant.
            (None, Process::Lossless) => ids == [1, 2, 3] && said == Photometric::YbrFull,
            // Components of different sizes occur only with luma and colour differences.
            (None, Process::Dct) => said.starts_with_luma() || (self.h_max, self.v_max) != (1, 1),
        }
    }

    /// The planes, cut to the size of the picture. Subsampled planes are enlarged by repeating samples.
    pub fn full_size(self) -> Planes {
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
    /// Parses a component's specification. The only component of a frame is not subsampled, whatever its factors say
    /// (T.81 section A.2.2).
    pub fn parse(spec: &[u8], alone: bool) -> Result<Self> {
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

pub fn word(bytes: &[u8], at: usize) -> Result<u16> {
    let word = bytes.get(at..).and_then(|rest| rest.first_chunk()).ok_or_else(|| bad("cut off"))?;
    Ok(u16::from_be_bytes(*word))
}
