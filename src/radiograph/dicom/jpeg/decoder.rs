//! Reads a JPEG file marker by marker, and decodes the scans between them.

use super::damage::bad;
use super::frame::{Frame, Process, Scan, Tables, word};
use super::huffman::Bits;
use super::{dct, lossless};
use crate::error::{Error, Reason, Result};

pub struct Decoder<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
    pub tables: Tables,
    /// Whether the first of three components is luma, if a JFIF or Adobe marker says so or denies it.
    pub marked: Option<bool>,
}

impl<'a> Decoder<'a> {
    /// Reads markers until every component has been in a scan. `None` where the frame is
    /// progressive.
    pub fn run(&mut self, width: usize, height: usize) -> Result<Option<Frame>> {
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
                    return Err(Error::DicomUnsupported(Reason::DeepProgressive));
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

    /// The next marker; bytes before it are skipped.
    pub fn marker(&mut self) -> Result<u8> {
        let rest = &self.bytes[self.at..];
        let is_marker = |pair: &[u8]| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xFF);
        let found = rest.windows(2).position(is_marker).ok_or_else(|| bad("cut off"))?;
        self.at += found + 2;
        Ok(rest[found + 1])
    }

    /// The segment after a marker.
    pub fn segment(&mut self) -> Result<&'a [u8]> {
        let end = self.at + usize::from(word(self.bytes, self.at)?);
        let segment = self.bytes.get(self.at + 2..end).ok_or_else(|| bad("cut off"))?;
        self.at = end;
        Ok(segment)
    }

    /// Decodes one scan, and returns how many components it held.
    pub fn scan(&mut self, segment: &[u8], frame: &mut Frame) -> Result<usize> {
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
