//! Finds out how much of a JPEG picture is intact, by parsing its entropy-coded data without computing pixels.

use super::damage::bad;
use super::decoder::Decoder;
use super::frame::{Frame, Scan, Selected, Tables, word};
use super::huffman::Bits;
use crate::error::Result;

/// How many bytes of entropy-coded data may remain once all blocks are read. More of them mean that some were misread.
const LEFT_OVER: usize = 16;

/// How much of a picture could be read. If the damage is in the middle of the file, it is unknown which blocks are
/// right, and everything after it may be displaced. A progressive picture (T.81 annex G) consists of scans that each
/// cover the whole of it, so for a damaged one no such share is defined.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Extent {
    /// All of it. Pictures of a JPEG process that this code does not parse count as whole, too.
    Whole,
    /// The share of the picture that could be read, from the top, 0 to 1.
    Part(f64),
    /// The picture is damaged, and how much of it is intact is unknown.
    Unknown,
}

/// Parses a JPEG file to see how much of its picture is intact.
pub fn extent(bytes: &[u8]) -> Extent {
    let tables = Tables::default();
    let mut decoder = Decoder { bytes, at: 0, tables, marked: None };
    let mut walk = Walk::default();
    match walk.run(&mut decoder) {
        Ok(()) => Extent::Whole,
        Err(_) if walk.progressive || marker_after(bytes, decoder.at).is_some() => Extent::Unknown,
        Err(_) => Extent::Part(walk.blocks.0 as f64 / walk.blocks.1.max(1) as f64),
    }
}

/// Where the entropy-coded data that starts at `from` ends: at the next marker that is not a restart marker. `None`
/// where the file ends first.
fn marker_after(bytes: &[u8], from: usize) -> Option<usize> {
    let is_marker = |pair: &[u8]| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xD0..=0xD7 | 0xFF);
    let found = bytes.get(from..)?.windows(2).position(is_marker)?;
    Some(from + found)
}

#[derive(Default)]
struct Walk {
    progressive: bool,
    /// How many blocks have been read, and how many there are.
    blocks: (usize, usize),
    /// For each block of each component, a bit for every coefficient that is nonzero so far.
    known: Vec<Vec<u64>>,
}

/// The range of coefficients that a scan codes, and whether it refines values of earlier scans.
#[derive(Clone, Copy)]
struct Band {
    first: usize,
    last: usize,
    refines: bool,
}

impl Walk {
    fn run(&mut self, decoder: &mut Decoder) -> Result<()> {
        let mut frame: Option<Frame> = None;
        let mut scanned = 0;
        decoder.marker()?;
        loop {
            let marker = decoder.marker()?;
            if marker == 0xD9 {
                return if scanned > 0 { Ok(()) } else { Err(bad("cut off")) };
            }
            let segment = decoder.segment()?;
            match marker {
                0xC0..=0xC2 => {
                    self.progressive = marker == 0xC2;
                    let [height, width] = [1, 3].map(|at| word(segment, at).map(usize::from));
                    let Ok(new) = Frame::headed(marker, segment, width?, height?) else {
                        return Ok(()); // a process that is not parsed here
                    };
                    let blocks = |component| size_in_blocks(&new, component, false);
                    let counts = (0..new.components.len()).map(blocks).map(|(x, y)| x * y);
                    self.known = counts.clone().map(|count| vec![0; count]).collect();
                    self.blocks = (0, counts.sum());
                    frame = Some(new);
                }
                0xC4 => decoder.tables.read_huffman(segment)?,
                0xC3..=0xCF => return Ok(()),
                0xDD => decoder.tables.restart = usize::from(word(segment, 0)?),
                0xDA => {
                    let frame = frame.as_ref().ok_or_else(|| bad("a scan without a frame"))?;
                    scanned += self.scan(decoder, segment, frame)?;
                    if !self.progressive && scanned >= frame.components.len() {
                        return Ok(()); // only the end marker may be missing
                    }
                }
                _ => {}
            }
        }
    }

    /// Goes through one scan, and returns how many components it has.
    fn scan(&mut self, decoder: &mut Decoder, segment: &[u8], frame: &Frame) -> Result<usize> {
        let scan = Scan::parse(segment, frame, &decoder.tables)?;
        let band = match segment.get(1 + 2 * scan.selected.len()..) {
            Some(&[first, last, approximation, ..]) if self.progressive => Band {
                first: first.into(),
                last: usize::from(last.min(63)),
                refines: approximation >> 4 != 0,
            },
            _ => Band { first: 0, last: 63, refines: false },
        };
        let restart = decoder.tables.restart;
        let mut bits = Bits::new(decoder.bytes, decoder.at);
        let alone = scan.selected.len() == 1;
        let (across, down) = match &scan.selected[..] {
            [selected] => size_in_blocks(frame, selected.component, true),
            _ => (frame.width.div_ceil(8 * frame.h_max), frame.height.div_ceil(8 * frame.v_max)),
        };
        let mut run = 0;
        for mcu in 0..across * down {
            if restart > 0 && mcu > 0 && mcu % restart == 0 {
                bits.restart()?;
                run = 0;
            }
            for selected in &scan.selected {
                let component = &frame.components[selected.component];
                let (h, v) = if alone { (1, 1) } else { (component.h, component.v) };
                let (stride, _) = size_in_blocks(frame, selected.component, false);
                for block in 0..h * v {
                    let x = mcu % across * h + block % h;
                    let y = mcu / across * v + block / h;
                    let known = self.known[selected.component].get_mut(y * stride + x);
                    let known = known.ok_or_else(|| bad("a block's place"))?;
                    read_block(&mut bits, selected, band, self.progressive, &mut run, known)?;
                    self.blocks.0 += usize::from(!self.progressive);
                }
            }
        }
        if marker_after(decoder.bytes, bits.at()).is_some_and(|end| end - bits.at() > LEFT_OVER) {
            return Err(bad("data after the last block"));
        }
        decoder.at = bits.at();
        Ok(scan.selected.len())
    }
}

/// Number of blocks across and down. With `counting`, only blocks that hold pixels; otherwise also those that complete
/// the last MCUs.
fn size_in_blocks(frame: &Frame, component: usize, counting: bool) -> (usize, usize) {
    let component = &frame.components[component];
    let (h, v) = (component.h, component.v);
    let (width, height) =
        (frame.width.div_ceil(8 * frame.h_max), frame.height.div_ceil(8 * frame.v_max));
    if counting {
        let size = |pixels: usize, factor: usize, most: usize| {
            (pixels * factor).div_ceil(most).div_ceil(8)
        };
        (size(frame.width, h, frame.h_max), size(frame.height, v, frame.v_max))
    } else {
        (width * h, height * v)
    }
}

/// Parses those coefficients of one block that a scan codes (T.81 sections F.2.2 and G.1.2). `run` is the number of
/// further blocks for which the scan codes nothing (the end-of-band run), and `known` has a bit for each coefficient
/// that is nonzero.
fn read_block(
    bits: &mut Bits,
    selected: &Selected,
    band: Band,
    progressive: bool,
    run: &mut usize,
    known: &mut u64,
) -> Result<()> {
    let mut k = band.first;
    if k == 0 {
        if band.refines {
            bits.skip(1)?;
        } else {
            let size = bits.symbol(selected.dc()?)?;
            bits.skip(size)?;
        }
        k = 1;
    }
    if progressive && band.first == 0 {
        return Ok(());
    }
    if *run == 0 {
        let table = selected.ac()?;
        while k <= band.last {
            let symbol = bits.symbol(table)?;
            let (mut zeros, size) = (usize::from(symbol >> 4), symbol & 15);
            if size == 0 && zeros < 15 {
                if !progressive {
                    return Ok(());
                }
                *run = (1 << zeros) + bits.unsigned(zeros as u8)?;
                break;
            }
            bits.skip(if band.refines { size.min(1) } else { size })?;
            if band.refines {
                // The run length counts only coefficients that are still zero; each of the others has a correction bit.
                while k <= band.last {
                    if *known >> k & 1 == 1 {
                        bits.skip(1)?;
                    } else if zeros == 0 {
                        break;
                    } else {
                        zeros -= 1;
                    }
                    k += 1;
                }
            } else {
                k += zeros;
            }
            if size > 0 {
                if k > band.last {
                    return Err(bad("a block's end"));
                }
                *known |= 1 << k;
            }
            k += 1;
        }
    }
    if *run > 0 {
        *run -= 1;
        for k in (k..=band.last).filter(|_| band.refines) {
            if *known >> k & 1 == 1 {
                bits.skip(1)?;
            }
        }
    }
    Ok(())
}
