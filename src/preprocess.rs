//! From a [`Picture`] to the encoder's input, and back from the crop to the picture.

use image::{GrayImage, imageops};
use serde::Serialize;

use crate::config::{ImageConfig, Resize};
use crate::picture::Picture;

/// The square of the picture that the encoder sees, in the picture's pixels. It reaches outside
/// where the picture was padded.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct View {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// The picture as a square of `config.size`, before cropping.
#[derive(Debug)]
pub struct Square {
    /// The grey values.
    pub grey: GrayImage,
    /// Pixels of the picture for each pixel of the square, along x and y.
    scale: [f64; 2],
    /// Where the square's left top corner lies in the picture.
    origin: [f64; 2],
}

impl Square {
    /// Resizes as the model was trained.
    pub fn new(picture: &Picture, config: &ImageConfig) -> Self {
        match config.resize {
            Resize::LongestSidePad => longest_side_pad(picture.grey(), config.size),
            Resize::CentreSquare => centre_square(picture.grey(), config.size),
        }
    }

    /// The central crop, normalised: `crop * crop` values, row by row.
    pub fn pixels(&self, config: &ImageConfig) -> Vec<f32> {
        let start = ((config.size - config.crop) / 2) as u32;
        let crop = config.crop as u32;
        let view = imageops::crop_imm(&self.grey, start, start, crop, crop);
        let normalise = |grey: u8| (f32::from(grey) / 255.0 - config.mean) / config.std;
        view.to_image().pixels().map(|pixel| normalise(pixel.0[0])).collect()
    }

    /// The crop's place in the picture.
    pub fn view(&self, config: &ImageConfig) -> View {
        let start = ((config.size - config.crop) / 2) as f64;
        let crop = config.crop as f64;
        View {
            x: self.origin[0] + start * self.scale[0],
            y: self.origin[1] + start * self.scale[1],
            width: crop * self.scale[0],
            height: crop * self.scale[1],
        }
    }
}

/// `resize_img` of the official code: the longest side becomes `size`, the other is truncated
/// with `int()`, and black is added around (the odd pixel right or below).
fn longest_side_pad(grey: &GrayImage, size: usize) -> Square {
    let (width, height) = (grey.width() as usize, grey.height() as usize);
    let scale_to = |side: usize, longest: usize| {
        ((side as f64 * (size as f64 / longest as f64)) as usize).max(1)
    };
    let (new_width, new_height) = if height > width {
        (scale_to(width, height), size)
    } else {
        (size, scale_to(height, width))
    };
    let resized = resize_area(grey, new_width, new_height);
    let (left, top) = ((size - new_width) / 2, (size - new_height) / 2);
    let mut square = GrayImage::new(size as u32, size as u32);
    imageops::replace(&mut square, &resized, left as i64, top as i64);
    let scale = [width as f64 / new_width as f64, height as f64 / new_height as f64];
    Square { grey: square, scale, origin: [-(left as f64) * scale[0], -(top as f64) * scale[1]] }
}

/// The central square, bilinear with antialiasing (a triangle filter as wide as the reduction).
fn centre_square(grey: &GrayImage, size: usize) -> Square {
    let side = grey.width().min(grey.height());
    let (x, y) = ((grey.width() - side) / 2, (grey.height() - side) / 2);
    let centre = imageops::crop_imm(grey, x, y, side, side).to_image();
    let square =
        imageops::resize(&centre, size as u32, size as u32, imageops::FilterType::Triangle);
    let scale = f64::from(side) / size as f64;
    Square { grey: square, scale: [scale; 2], origin: [f64::from(x), f64::from(y)] }
}

/// OpenCV's `resize(…, INTER_AREA)` for 8-bit grey, to within one grey level.
///
/// Shrinking averages the area that a new pixel covers; when either side grows, OpenCV
/// interpolates between two neighbours instead, with its own ("area mode") weights.
fn resize_area(grey: &GrayImage, width: usize, height: usize) -> GrayImage {
    let (from_width, from_height) = (grey.width() as usize, grey.height() as usize);
    let shrinks = from_width >= width && from_height >= height;
    let weights = if shrinks { area_weights } else { stretch_weights };
    let (columns, rows) = (weights(from_width, width), weights(from_height, height));

    let mut narrowed = vec![0.0f32; width * from_height];
    for (y, line) in grey.as_raw().chunks_exact(from_width).enumerate() {
        for (x, taps) in columns.iter().enumerate() {
            narrowed[y * width + x] = taps.iter().map(|&(i, w)| f32::from(line[i]) * w).sum();
        }
    }
    let mut resized = Vec::with_capacity(width * height);
    for taps in &rows {
        for x in 0..width {
            let value: f32 = taps.iter().map(|&(i, w)| narrowed[i * width + x] * w).sum();
            resized.push(value.round_ties_even() as u8);
        }
    }
    GrayImage::from_raw(width as u32, height as u32, resized).unwrap_or_default()
}

/// For each new pixel, the old ones it covers and their shares.
fn area_weights(from: usize, to: usize) -> Vec<Vec<(usize, f32)>> {
    let scale = from as f64 / to as f64;
    (0..to)
        .map(|new| {
            let (start, end) = (new as f64 * scale, ((new + 1) as f64 * scale).min(from as f64));
            let last = (end.ceil() as usize).min(from);
            (start.floor() as usize..last)
                .map(|old| {
                    let covered = end.min((old + 1) as f64) - start.max(old as f64);
                    (old, (covered / (end - start)) as f32)
                })
                .collect()
        })
        .collect()
}

/// For each new pixel, the two old ones it lies between (OpenCV's linear taps in area mode).
fn stretch_weights(from: usize, to: usize) -> Vec<Vec<(usize, f32)>> {
    let scale = from as f64 / to as f64;
    (0..to)
        .map(|new| {
            let old = (new as f64 * scale).floor() as usize;
            let beyond = (new + 1) as f64 - (old + 1) as f64 / scale;
            let share = if beyond <= 0.0 { 0.0 } else { (beyond - beyond.floor()) as f32 };
            if old + 1 < from {
                vec![(old, 1.0 - share), (old + 1, share)]
            } else {
                vec![(from - 1, 1.0)]
            }
        })
        .collect()
}
