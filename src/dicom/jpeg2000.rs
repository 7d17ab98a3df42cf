//! JPEG 2000 (ITU-T T.800), decoded by hayro-jpeg2000 after the size is known to be sane.

use hayro_jpeg2000::{ComponentData, DecodeError, DecodeSettings, DecoderContext, Image};

use super::frame::{Format, Planes};
use crate::error::{Error, Result};

/// Decodes a picture of the format's size; the decoder undoes the colour transforms ICT and RCT.
pub(super) fn decode(bytes: &[u8], format: &Format) -> Result<Planes> {
    let size = Size::parse(bytes).ok_or_else(|| bad("no size"))?;
    if !size.fits(format) {
        return Err(bad("its size is not the header's"));
    }
    let cause = |error: DecodeError| bad(&error.to_string());
    let settings = DecodeSettings { strict: true, ..Default::default() };
    let image = Image::new(bytes, &settings).map_err(cause)?;
    let mut context = DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(cause)?;
    let planes = decoded.components().iter().take(format.samples);
    Ok(planes.map(|component| plane(component, size.signed)).collect())
}

/// The decoder shifts signed samples as if they were not.
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
    signed: bool,
}

impl Size {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let start = bytes.windows(4).position(|four| four == [0xFF, 0x4F, 0xFF, 0x51])?;
        let segment = bytes.get(start + 8..)?;
        let number =
            |index: usize| Some(u32::from_be_bytes(*segment.get(4 * index..)?.first_chunk()?));
        let (right, bottom, left, top) = (number(0)?, number(1)?, number(2)?, number(3)?);
        let (tile_width, tile_height) = (number(4)?.max(1), number(5)?.max(1));
        Some(Self {
            width: right.checked_sub(left)?,
            height: bottom.checked_sub(top)?,
            tiles: u64::from(right.div_ceil(tile_width)) * u64::from(bottom.div_ceil(tile_height)),
            components: u16::from_be_bytes(*segment.get(32..)?.first_chunk()?),
            signed: segment.get(34)? & 0x80 != 0,
        })
    }

    /// Whether it is what the header says, so that no more memory is taken than for that.
    fn fits(&self, format: &Format) -> bool {
        (self.width as usize, self.height as usize) == (format.columns, format.rows)
            && usize::from(self.components) == format.samples
            && self.tiles <= 65_535
    }
}

fn bad(what: &str) -> Error {
    Error::Dicom(format!("its JPEG 2000 data: {what}"))
}
