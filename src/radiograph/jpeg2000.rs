//! JPEG 2000 (ITU-T T.800), decoded by hayro-jpeg2000 once the size in its header has been checked.

use hayro_jpeg2000::{ComponentData, DecodeError, DecodeSettings, DecoderContext, Image};

/// The most code-blocks, and the most precincts, that a component may have. Each of them takes
/// memory even if it has no data. With code-blocks of 64 x 64 samples, the usual size, the largest
/// picture has 16 thousand.
const MAX_CODE_BLOCKS: u64 = 1 << 18;

/// Why a picture cannot be decoded.
pub(crate) enum Failure {
    /// It is High-Throughput JPEG 2000, part 15 of the standard.
    HighThroughput,
    /// It is damaged. Holds what is wrong, in words.
    Damaged(String),
}

/// Whether a file or a frame is JPEG 2000, bare or in a JP2 file (T.800 section I.5.1).
pub(crate) fn is_jpeg2000(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xFF, 0x4F, 0xFF, 0x51]) || bytes.starts_with(b"\0\0\0\x0CjP  ")
}

/// A codestream of which only the header has been read so far.
pub(crate) struct Codestream<'a> {
    /// The part of a JP2 file before the codestream, which consists of boxes.
    boxes: &'a [u8],
    bytes: &'a [u8],
    size: Size,
}

impl<'a> Codestream<'a> {
    /// Finds the codestream, also inside a JP2 file, so that what is checked is exactly what is
    /// decoded.
    pub fn find(bytes: &'a [u8]) -> Result<Self, Failure> {
        let start = bytes.windows(4).position(|four| four == [0xFF, 0x4F, 0xFF, 0x51]);
        let (boxes, bytes) = bytes.split_at(start.ok_or_else(|| bad("no size"))?);
        let size = Size::parse(bytes).ok_or_else(|| bad("no size"))?;
        if size.high_throughput {
            return Err(Failure::HighThroughput);
        }
        if size.tiles > 65_535 {
            return Err(bad("too many tiles"));
        }
        Ok(Self { boxes, bytes, size })
    }

    /// Width and height in pixels.
    pub fn dimensions(&self) -> (u32, u32) {
        (self.size.width, self.size.height)
    }

    /// How many components a pixel has.
    pub fn components(&self) -> usize {
        self.size.components.into()
    }

    /// Bits of the first component's samples.
    pub fn bits(&self) -> u32 {
        self.size.bits
    }

    /// Whether samples have a sign.
    pub fn is_signed(&self) -> bool {
        self.size.signed
    }

    /// Whether the JP2 boxes say that the components are neither grey nor RGB, but indices into a palette, or luma and
    /// colour differences (sYCC, T.800 sections I.5.3.3 and I.5.3.4).
    pub fn has_other_colours(&self) -> bool {
        let other = |bytes: &[u8]| {
            bytes.starts_with(b"pclr")
                || matches!(bytes, [b'c', b'o', b'l', b'r', 1, _, _, 0, 0, 0, 18, ..])
        };
        (0..self.boxes.len()).any(|at| other(&self.boxes[at..]))
    }

    /// Whether the coding style (COD, T.800 section A.6.1) uses a colour transform (ICT or RCT), which implies RGB.
    pub fn is_transformed(&self) -> bool {
        let transform = |bytes: &[u8]| match bytes {
            &[0xFF, 0x52, _, _, _, 0..=4, _, _, transform @ 0..=1] => Some(transform == 1),
            _ => None,
        };
        self.bytes.windows(9).find_map(transform).unwrap_or(false)
    }

    /// Decodes the first `components` components to as many samples as [`dimensions`](Self::dimensions) says. Colour
    /// transforms (ICT and RCT) are undone.
    pub fn decode(&self, components: usize) -> Result<Vec<Vec<u16>>, Failure> {
        let Self { bytes, size, .. } = self;
        if (0..bytes.len()).any(|at| size.code_blocks(&bytes[at..]) > Some(MAX_CODE_BLOCKS)) {
            return Err(bad("too many code-blocks"));
        }
        let cause = |error: DecodeError| bad(&error.to_string());
        let settings = DecodeSettings { strict: true, ..Default::default() };
        // A stream may lack part or all of its end marker, so one is always added; the decoder ignores what follows the
        // first.
        let bytes = bytes.strip_suffix(&[0xFF, 0]).unwrap_or(bytes);
        let bytes = [bytes.strip_suffix(&[0xFF]).unwrap_or(bytes), &[0xFF, 0xD9]].concat();
        let image = Image::new(&bytes, &settings).map_err(cause)?;
        let mut context = DecoderContext::default();
        let decoded = image.decode(&mut context).map_err(cause)?;
        let planes = decoded.components().iter().take(components);
        Ok(planes.map(|component| plane(component, size.signed)).collect())
    }
}

/// The samples of a component. The decoder shifts signed samples as if they were unsigned; that is
/// undone here.
fn plane(component: &ComponentData, signed: bool) -> Vec<u16> {
    let bits = component.bit_depth().clamp(1, 16);
    let most = (1i32 << bits) - 1;
    let shift = if signed { 1 << (bits - 1) } else { 0 };
    let sample = |&sample: &f32| ((sample.round() as i32).clamp(0, most) - shift) as u16;
    component.samples().iter().map(sample).collect()
}

/// What the SIZ segment says (T.800 section A.5.1).
struct Size {
    width: u32,
    height: u32,
    tiles: u64,
    components: u16,
    bits: u32,
    signed: bool,
    /// Whether the capabilities segment (CAP), which follows SIZ, names part 15 of the standard.
    high_throughput: bool,
}

impl Size {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let segment = bytes.get(8..)?;
        let number =
            |index: usize| Some(u32::from_be_bytes(*segment.get(4 * index..)?.first_chunk()?));
        let (right, bottom, left, top) = (number(0)?, number(1)?, number(2)?, number(3)?);
        let (tile_width, tile_height) = (number(4)?.max(1), number(5)?.max(1));
        Some(Self {
            width: right.checked_sub(left)?,
            height: bottom.checked_sub(top)?,
            tiles: u64::from(right.div_ceil(tile_width)) * u64::from(bottom.div_ceil(tile_height)),
            components: u16::from_be_bytes(*segment.get(32..)?.first_chunk()?),
            bits: u32::from(segment.get(34)? & 0x7F) + 1,
            signed: segment.get(34)? & 0x80 != 0,
            high_throughput: matches!(
                bytes.get(4 + usize::from(u16::from_be_bytes([bytes[4], bytes[5]]))..),
                Some([0xFF, 0x50, _, _, _, parts, ..]) if parts & 2 != 0
            ),
        })
    }

    /// How many code-blocks and precincts a coding style (COD or COC, T.800 sections A.6.1 and
    /// A.6.2) asks for, at most. Such a segment may come anywhere in the headers of image and
    /// tiles. Data that looks like one by chance is too rare to matter. None where there is no such
    /// segment.
    fn code_blocks(&self, bytes: &[u8]) -> Option<u64> {
        let (style, parameters) = match bytes {
            [0xFF, 0x52, _, _, style, 0..=4, _, _, _, parameters @ ..] => (style, parameters),
            [0xFF, 0x53, _, _, _, style, parameters @ ..] => (style, parameters),
            _ => return None,
        };
        let &[levels @ 0..=32, width @ 0..=8, height @ 0..=8, _, 0..=1, ref precincts @ ..] =
            parameters
        else {
            return None;
        };
        let count = |level: u8| {
            let precinct = if style & 1 == 1 { *precincts.get(usize::from(level))? } else { 0xFF };
            // Above the lowest level there are three sub-bands, of half its width and height.
            let (bands, halved) = if level == 0 { (1, 0) } else { (3, 1) };
            let along = |side: u32, code_block: u8, precinct: u8| {
                let side = u64::from(side) >> (levels - level);
                (side >> (code_block + 2 + halved).min(precinct)) + 2
            };
            let across = along(self.width, width, precinct & 15);
            Some(bands * across * along(self.height, height, precinct >> 4))
        };
        (0..=levels).map(count).sum()
    }
}

fn bad(what: &str) -> Failure {
    Failure::Damaged(what.to_string())
}
