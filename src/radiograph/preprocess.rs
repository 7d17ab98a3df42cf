//! From a [`Picture`] to the encoder's input, and the way back from coordinates in the crop to those in the picture.

use image::{GrayImage, imageops};
use serde::{Deserialize, Serialize};

use super::Picture;

/// Preprocessing: resize to `size`, crop the central `crop`, scale to 0..1, normalise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageConfig {
    /// How the picture becomes a square.
    pub resize: Resize,
    /// Side of the resized square, in pixels.
    pub size: usize,
    /// Side of the central crop that the encoder sees, in pixels.
    pub crop: usize,
    /// Mean of the 0..1 grey value.
    pub mean: f32,
    /// Standard deviation of the 0..1 grey value.
    pub std: f32,
}

/// How a picture of any shape becomes a square.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resize {
    /// The longest side is scaled to the square (OpenCV `INTER_AREA`), the rest padded with black:
    /// the official CARZero.
    LongestSidePad,
    /// The central square is cut out and scaled, bilinear with antialiasing.
    CentreSquare,
}

impl ImageConfig {
    /// What the crop leaves out on each side of the square, as a fraction of the square's side.
    pub fn margin(&self) -> f64 {
        (self.size - self.crop) as f64 / 2.0 / self.size as f64
    }
}

/// The square of the picture that the encoder sees, in the picture's pixels. It reaches outside
/// where the picture was padded.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
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
    /// The position of the square's top left corner in the picture.
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

    /// The central crop, which the encoder sees.
    pub fn seen(&self, config: &ImageConfig) -> Seen {
        let start = ((config.size - config.crop) / 2) as u32;
        let crop = config.crop as u32;
        let grey = imageops::crop_imm(&self.grey, start, start, crop, crop).to_image();
        Seen { grey: grey.into_raw(), view: self.view(config) }
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

/// What the encoder sees of a picture.
#[derive(Debug, Clone)]
pub struct Seen {
    /// `crop * crop` grey values, row by row.
    pub grey: Vec<u8>,
    /// Their place in the picture.
    pub view: View,
}

impl Seen {
    /// Resizes and crops as the model was trained.
    pub fn new(picture: &Picture, config: &ImageConfig) -> Self {
        Square::new(picture, config).seen(config)
    }

    /// The grey values normalised: `crop * crop` numbers, row by row.
    pub fn pixels(&self, config: &ImageConfig) -> Vec<f32> {
        let normalise = |&grey: &u8| (f32::from(grey) / 255.0 - config.mean) / config.std;
        self.grey.iter().map(normalise).collect()
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

/// OpenCV's `resize(…, INTER_AREA)` for 8-bit grey, to the byte (4.14 and 5.0; `tests/golden/opencv.py`).
///
/// Shrinking averages the area that a new pixel covers; when either side grows, OpenCV
/// interpolates between two neighbours instead, with its own ("area mode") weights.
fn resize_area(grey: &GrayImage, width: usize, height: usize) -> GrayImage {
    let (from_width, from_height) = (grey.width() as usize, grey.height() as usize);
    if (from_width, from_height) == (width, height) {
        return grey.clone();
    }
    let resized = if width > from_width || height > from_height {
        interpolated(grey, width, height)
    } else {
        match (whole_times(from_width, width), whole_times(from_height, height)) {
            (Some(across), Some(down)) => block_means(grey, across, down),
            _ => area_means(grey, width, height),
        }
    };
    GrayImage::from_raw(width as u32, height as u32, resized).unwrap_or_default()
}

/// How many old pixels there are for each new one, rounded as OpenCV does.
fn times(from: usize, to: usize) -> f64 {
    1.0 / (to as f64 / from as f64)
}

/// The same factor, if it counts as a whole number in OpenCV's floating-point arithmetic, in which 49 does not.
fn whole_times(from: usize, to: usize) -> Option<usize> {
    let times = times(from, to);
    ((times - times.round()).abs() < f64::EPSILON).then_some(times.round() as usize)
}

/// Averages blocks of `across` x `down` pixels.
fn block_means(grey: &GrayImage, across: usize, down: usize) -> Vec<u8> {
    let width = grey.width() as usize;
    let mut means = Vec::with_capacity(grey.len() / (across * down));
    for rows in grey.as_raw().chunks_exact(width * down) {
        for x in (0..width).step_by(across) {
            let row = |y| &rows[y * width + x..][..across];
            let sum: u64 = (0..down).flat_map(row).map(|&grey| u64::from(grey)).sum();
            means.push(match across * down {
                // OpenCV averages four pixels in whole numbers, and rounds a half up.
                4 if across == 2 => ((sum + 2) >> 2) as u8,
                area => (sum as f32 * (1.0 / area as f32)).round_ties_even() as u8,
            });
        }
    }
    means
}

/// The mean of the old pixels under each new pixel, weighted by the area that it covers of them.
fn area_means(grey: &GrayImage, width: usize, height: usize) -> Vec<u8> {
    let (from_width, from_height) = (grey.width() as usize, grey.height() as usize);
    let (columns, rows) = (area_weights(from_width, width), area_weights(from_height, height));
    let mut narrowed = vec![0.0f32; width * from_height];
    for (y, line) in grey.as_raw().chunks_exact(from_width).enumerate() {
        for (x, taps) in columns.iter().enumerate() {
            narrowed[y * width + x] = taps.iter().map(|&(i, w)| f32::from(line[i]) * w).sum();
        }
    }
    let mut means = Vec::with_capacity(width * height);
    for taps in &rows {
        for x in 0..width {
            let mean: f32 = taps.iter().map(|&(i, w)| narrowed[i * width + x] * w).sum();
            means.push(mean.round_ties_even() as u8);
        }
    }
    means
}

/// For each new pixel, the old pixels that it covers and their weights. A pixel at either end is left out if less than
/// a thousandth of it is covered.
fn area_weights(from: usize, to: usize) -> Vec<Vec<(usize, f32)>> {
    const LEAST: f64 = 1e-3;
    let times = times(from, to);
    let weights = |new: usize| {
        let start = new as f64 * times;
        let end = start + times;
        let covered = times.min(from as f64 - start);
        let last = (end.floor() as usize).min(from - 1);
        let first = (start.ceil() as usize).min(last);
        let (before, after) = (first as f64 - start, end - last as f64);
        let share = |part: f64| (part / covered) as f32;
        let mut weights = Vec::with_capacity(last - first + 2);
        if before > LEAST {
            weights.push((first - 1, share(before)));
        }
        weights.extend((first..last).map(|old| (old, share(1.0))));
        if after > LEAST {
            weights.push((last, share(after.min(1.0).min(covered))));
        }
        weights
    };
    (0..to).map(weights).collect()
}

/// Number of fractional bits of the interpolation weights, which are fixed-point numbers.
const WEIGHT_BITS: u32 = 11;

/// Bilinear interpolation in fixed-point arithmetic, first along rows and then along columns.
fn interpolated(grey: &GrayImage, width: usize, height: usize) -> Vec<u8> {
    let (from_width, from_height) = (grey.width() as usize, grey.height() as usize);
    let columns = neighbour_weights(from_width, width);
    let mut widened = Vec::with_capacity(width * from_height);
    for line in grey.as_raw().chunks_exact(from_width) {
        let grey = |old: usize| i32::from(line[old]);
        widened.extend(columns.iter().map(|&(old, weights)| match line.get(old + 1) {
            Some(_) => grey(old) * weights[0] + grey(old + 1) * weights[1],
            None => grey(from_width - 1) << WEIGHT_BITS,
        }));
    }
    let mut resized = Vec::with_capacity(width * height);
    for (old, weights) in neighbour_weights(from_height, height) {
        // The low bits are dropped where OpenCV's 16-bit SIMD code drops them.
        let part = |x: usize, which: usize| {
            let row = (old + which).min(from_height - 1);
            ((widened[row * width + x] >> 4) * weights[which]) >> 16
        };
        resized.extend((0..width).map(|x| ((part(x, 0) + part(x, 1) + 2) >> 2) as u8));
    }
    resized
}

/// For each new pixel, the first of the two old ones that it lies between, and the weights of both.
fn neighbour_weights(from: usize, to: usize) -> Vec<(usize, [i32; 2])> {
    let (times, inverse) = (times(from, to), to as f64 / from as f64);
    let fixed = |share: f32| (share * (1 << WEIGHT_BITS) as f32).round_ties_even() as i32;
    let weights = |new: usize| {
        let old = (new as f64 * times).floor() as usize;
        let beyond = ((new + 1) as f64 - (old + 1) as f64 * inverse) as f32;
        let share = if beyond <= 0.0 { 0.0 } else { beyond - beyond.floor() };
        (old, [fixed(1.0 - share), fixed(share)])
    };
    (0..to).map(weights).collect()
}
