//! Random changes of a radiograph: an affine map, then a change of grey values.

use std::ops::Range;

use image::GrayImage;
use rand::{RngExt, rngs::StdRng};

use super::config::Augmentation;
use crate::radiograph::preprocess::ImageConfig;

/// A random change of an image. It is drawn once, and applied to pixels and boxes in the same way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// Whether left and right are exchanged.
    pub mirrored: bool,
    /// Maps positions in the crop to positions in the square; both are relative to the centre, in units of the crop's
    /// side.
    matrix: [[f32; 2]; 2],
    shift: [f32; 2],
    brightness: f32,
    contrast: f32,
    gamma: f32,
    /// Left, top, right, bottom of a blank rectangle, in units of the crop's side.
    erased: Option<[f32; 4]>,
}

impl Change {
    /// No change at all.
    pub const NONE: Self = Self {
        mirrored: false,
        matrix: [[1.0, 0.0], [0.0, 1.0]],
        shift: [0.0; 2],
        brightness: 0.0,
        contrast: 1.0,
        gamma: 1.0,
        erased: None,
    };

    /// Draws a random change.
    pub fn draw(config: &Augmentation, rng: &mut StdRng) -> Self {
        let mirrored = rng.random::<f32>() < config.flip;
        let (sin, cos) = around_zero(config.rotation, rng).to_radians().sin_cos();
        let zoom = 1.0 / between(config.scale[0]..config.scale[1], rng);
        let side = if mirrored { -1.0 } else { 1.0 };
        Self {
            mirrored,
            matrix: [[zoom * cos * side, -zoom * sin], [zoom * sin * side, zoom * cos]],
            shift: [around_zero(config.shift, rng), around_zero(config.shift, rng)],
            brightness: around_zero(config.brightness, rng),
            contrast: 1.0 + around_zero(config.contrast, rng),
            gamma: 1.0 + around_zero(config.gamma, rng),
            erased: (rng.random::<f32>() < config.erase).then(|| {
                let (width, height) = (between(0.1..0.3, rng), between(0.1..0.3, rng));
                let (left, top) = (between(0.0..1.0 - width, rng), between(0.0..1.0 - height, rng));
                [left, top, left + width, top + height]
            }),
        }
    }

    /// The position in the square, in pixels, of a position in the crop, which is given in units of the crop's side.
    pub fn source(&self, config: &ImageConfig, x: f32, y: f32) -> [f32; 2] {
        let (size, crop) = (config.size as f32, config.crop as f32);
        let (x, y) = (x - 0.5, y - 0.5);
        self.matrix
            .map(|row| row[0] * x + row[1] * y)
            .iter()
            .zip(self.shift)
            .map(|(place, shift)| size / 2.0 + (place + shift) * crop)
            .collect::<Vec<_>>()
            .try_into()
            .unwrap_or_default()
    }

    /// The encoder's input: `crop * crop` normalised values, bilinear, black outside the square.
    pub fn pixels(&self, square: &GrayImage, config: &ImageConfig) -> Vec<f32> {
        let crop = config.crop;
        let unit = 1.0 / crop as f32;
        let grey = self.grey_table();
        let [x0, y0] = self.source(config, 0.5 * unit, 0.5 * unit);
        let [dx, dy] = [0, 1].map(|row| [self.matrix[row][0], self.matrix[row][1]]);
        let mut pixels = Vec::with_capacity(crop * crop);
        for y in 0..crop {
            for x in 0..crop {
                let (column, row) = (x as f32, y as f32);
                let value = bilinear(
                    square,
                    x0 + dx[0] * column + dx[1] * row - 0.5,
                    y0 + dy[0] * column + dy[1] * row - 0.5,
                    &grey,
                );
                pixels.push((value - config.mean) / config.std);
            }
        }
        if let Some([left, top, right, bottom]) = self.erased {
            let place = |value: f32| (value * crop as f32) as usize;
            for row in pixels.chunks_exact_mut(crop).take(place(bottom)).skip(place(top)) {
                row[place(left)..place(right)].fill((0.5 - config.mean) / config.std);
            }
        }
        pixels
    }

    /// The new value of each grey level, 0..=1.
    fn grey_table(&self) -> [f32; 256] {
        std::array::from_fn(|level| {
            let value = (level as f32 / 255.0).powf(self.gamma);
            ((value - 0.5) * self.contrast + 0.5 + self.brightness).clamp(0.0, 1.0)
        })
    }
}

fn bilinear(square: &GrayImage, x: f32, y: f32, grey: &[f32; 256]) -> f32 {
    let (width, height) = (square.width() as i32, square.height() as i32);
    let (left, top) = (x.floor() as i32, y.floor() as i32);
    let (right_share, lower_share) = (x - left as f32, y - top as f32);
    let at = |x: i32, y: i32| {
        let inside = x >= 0 && y >= 0 && x < width && y < height;
        let level = if inside { square.as_raw()[(y * width + x) as usize] } else { 0 };
        grey[usize::from(level)]
    };
    let upper = at(left, top) * (1.0 - right_share) + at(left + 1, top) * right_share;
    let lower = at(left, top + 1) * (1.0 - right_share) + at(left + 1, top + 1) * right_share;
    upper * (1.0 - lower_share) + lower * lower_share
}

fn between(range: Range<f32>, rng: &mut StdRng) -> f32 {
    range.start + (range.end - range.start) * rng.random::<f32>()
}

fn around_zero(largest: f32, rng: &mut StdRng) -> f32 {
    between(-largest..largest, rng)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::radiograph::Picture;
    use crate::radiograph::preprocess::Resize;
    use crate::radiograph::preprocess::Square;

    const CONFIG: ImageConfig =
        ImageConfig { resize: Resize::CentreSquare, size: 32, crop: 24, mean: 0.5, std: 0.25 };

    #[test]
    fn no_change_is_the_preprocessing_of_inference() {
        let grey = (0..32 * 32).map(|i| (i * 37 % 251) as u8).collect();
        let square = Square::new(&Picture::from_grey(32, 32, grey).unwrap(), &CONFIG);
        let expected = square.seen(&CONFIG).pixels(&CONFIG);
        let pixels = Change::NONE.pixels(&square.grey, &CONFIG);
        for (pixel, expected) in pixels.iter().zip(&expected) {
            assert!((pixel - expected).abs() < 1e-4, "{pixel} {expected}");
        }
    }

    #[test]
    fn a_change_moves_pixels_and_places_alike() {
        let only = |flip, rotation| Augmentation {
            flip,
            rotation,
            scale: [0.9, 1.1],
            shift: 0.1,
            brightness: 0.0,
            contrast: 0.0,
            gamma: 0.0,
            erase: 0.0,
        };
        let mut square = GrayImage::new(32, 32);
        for y in 10..14 {
            for x in 18..22 {
                square.put_pixel(x, y, image::Luma([255]));
            }
        }
        for seed in 0..20 {
            let mut rng = StdRng::seed_from_u64(seed);
            let change = Change::draw(&only((seed % 2) as f32, 20.0), &mut rng);
            assert_eq!(change.mirrored, seed % 2 == 1);
            let pixels = change.pixels(&square, &CONFIG);
            let brightest = (0..pixels.len()).max_by(|&a, &b| pixels[a].total_cmp(&pixels[b]));
            let index = brightest.unwrap();
            let unit = |i: usize| (i as f32 + 0.5) / 24.0;
            let [x, y] = change.source(&CONFIG, unit(index % 24), unit(index / 24));
            assert!((18.0..=22.0).contains(&x) && (10.0..=14.0).contains(&y), "{x} {y}");
        }
    }
}
