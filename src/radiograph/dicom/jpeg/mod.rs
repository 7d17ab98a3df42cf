//! JPEG as DICOM uses it (ITU-T T.81; PS3.5 section 8.2.1): sequential DCT of 8 and 12 bits
//! (processes 1, 2 and 4) and lossless of 2 to 16 bits (process 14), Huffman coded. The `image` crate's decoder
//! supports neither 12 bits nor lossless coding. As decoding those shares most of its code with 8-bit DCT, that is
//! decoded here too; progressive frames are left to the `image` crate. (`jpeg-decoder`, which supports lossless coding,
//! is no longer maintained.)

mod damage;
mod dct;
mod decoder;
mod frame;
mod huffman;
mod lossless;
mod walk;

use std::io::Cursor;

use damage::bad;
use decoder::Decoder;
use frame::Tables;
use image::codecs::jpeg::JpegDecoder;
use image::{DynamicImage, ImageDecoder, ImageError};

use super::format::{Photometric, Planes};
use crate::error::Result;

pub(crate) use walk::{Extent, extent};

/// Decodes a picture of exactly `width * height` pixels to one plane (grey or luma), or to red, green and blue. Where
/// the codestream does not say what three components mean, `said` decides, which is from the DICOM header.
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
