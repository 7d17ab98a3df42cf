//! Conversion of colours, and of grey with more than 8 bits, to 8-bit grey.

use image::{DynamicImage, GrayImage};

use super::note::Note;

/// The difference between the highest and the lowest channel of a pixel (0 to 255), averaged over all pixels; 0 for
/// grey pictures.
pub fn chroma(image: &DynamicImage) -> f64 {
    let apart = |&[r, g, b]: &[u8; 3]| f64::from(r.max(g).max(b) - r.min(g).min(b));
    let sum: f64 = match image {
        DynamicImage::ImageRgb8(rgb) => rgb.pixels().map(|pixel| apart(&pixel.0)).sum(),
        DynamicImage::ImageRgba8(rgba) => {
            rgba.pixels().map(|pixel| apart(&[pixel.0[0], pixel.0[1], pixel.0[2]])).sum()
        }
        deep if deep.color().has_color() => return chroma(&deep.to_rgb8().into()),
        _ => 0.0,
    };
    sum / (f64::from(image.width()) * f64::from(image.height()))
}

/// Converts to grey at the bit depth of the file, and then to 8 bits.
pub fn grey_from(image: DynamicImage) -> (GrayImage, Option<Note>) {
    match image {
        DynamicImage::ImageLuma8(grey) => (grey, None),
        DynamicImage::ImageLumaA8(_) => (image.into_luma8(), None),
        DynamicImage::ImageRgb8(_) | DynamicImage::ImageRgba8(_) => {
            let rgb = image.into_rgb8();
            let luma = rgb.pixels().map(|p| luma(p.0.map(u32::from)) as u8).collect();
            (exact_size(rgb.width(), rgb.height(), luma), None)
        }
        DynamicImage::ImageLuma16(_) | DynamicImage::ImageLumaA16(_) => {
            let grey = image.into_luma16();
            let (width, height) = grey.dimensions();
            eight_bits(width, height, &grey.into_raw())
        }
        other => {
            let rgb = other.into_rgb16();
            let luma: Vec<u16> = rgb.pixels().map(|p| luma(p.0.map(u32::from)) as u16).collect();
            eight_bits(rgb.width(), rgb.height(), &luma)
        }
    }
}

/// ITU-R BT.601 luma in the fixed point of OpenCV 4 and 5, to the bit.
pub fn luma([r, g, b]: [u32; 3]) -> u32 {
    ((u64::from(r) * 9798 + u64::from(g) * 19235 + u64::from(b) * 3735 + 16384) >> 15) as u32
}

fn eight_bits(width: u32, height: u32, deep: &[u16]) -> (GrayImage, Option<Note>) {
    let brightest = deep.iter().copied().max().unwrap_or(0);
    let bits = [8, 10, 12, 14, 16]
        .into_iter()
        .find(|&bits| u32::from(brightest) < 1 << bits)
        .unwrap_or(16);
    let full = (1u32 << bits) - 1;
    let grey = deep.iter().map(|&v| ((u32::from(v) * 255 + full / 2) / full) as u8).collect();
    (exact_size(width, height, grey), Some(Note::Depth { bits }))
}

/// Makes an image of `grey`, which must hold exactly `width * height` pixels.
pub fn exact_size(width: u32, height: u32, grey: Vec<u8>) -> GrayImage {
    GrayImage::from_raw(width, height, grey).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luma_of_every_colour_is_opencvs() {
        let golden = include_str!("../../tests/fixtures/opencv.csv");
        let golden = golden.lines().next().and_then(|line| line.strip_prefix("luma,,,"));
        let mut crc = flate2::Crc::new();
        for red in 0..256 {
            let greys: Vec<u8> =
                (0..1 << 16).map(|gb| luma([red, gb >> 8, gb & 255]) as u8).collect();
            crc.update(&greys);
        }
        assert_eq!(golden, Some(crc.sum().to_string().as_str()));
    }
}
