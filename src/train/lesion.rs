//! Draws nodules and masses into real radiographs without any, which gives real backgrounds with exactly known lesions.
//!
//! A lesion attenuates the beam in proportion to its thickness, so dark areas become brighter by more than bright ones.

use std::borrow::Cow;

use image::GrayImage;
use rand::{RngExt, rngs::StdRng};

use super::config::{DataConfig, LesionConfig};
use super::error::{Result, TrainError};
use super::samples::Sample;

/// Radius from which a lesion counts as a mass, as a share of the square's side.
const MASS: f32 = crate::phantom::MASS;
/// How many random positions are tried.
const TRIES: usize = 60;

/// Draws lesions into samples.
#[derive(Debug)]
pub struct Lesions<'a> {
    config: &'a LesionConfig,
    nodule: usize,
    mass: usize,
}

/// One lesion, in pixels of the square.
#[derive(Debug, Clone, PartialEq)]
struct Lesion {
    centre: [f32; 2],
    radius: f32,
    /// Attenuation at its thickest point.
    density: f32,
    /// The softness of its edge: 0.5 for a ball, and more for a lesion that fades out.
    edge: f32,
    /// Amplitude and phase of the three sine waves of its outline, which have two, three and five periods.
    waves: [(f32, f32); 3],
}

impl<'a> Lesions<'a> {
    /// The lesions that the config asks for, if any.
    ///
    /// # Errors
    ///
    /// [`TrainError::Config`] where it names a finding that does not exist.
    pub fn new(data: &'a DataConfig) -> Result<Option<Self>> {
        let Some(config) = &data.lesions else { return Ok(None) };
        let finding = |name: &String| {
            let place = data.findings.iter().position(|finding| finding.name == *name);
            let unknown = || {
                TrainError::Config(format!(
                    "data.lesions names {name}, which is no finding; add it"
                ))
            };
            place.ok_or_else(unknown)
        };
        let (nodule, mass) = (finding(&config.nodule)?, finding(&config.mass)?);
        Ok(Some(Self { config, nodule, mass }))
    }

    /// The sample for this use: with a lesion, or unchanged.
    pub fn perhaps_add<'s>(&self, sample: &'s Sample, rng: &mut StdRng) -> Cow<'s, Sample> {
        let LesionConfig { sources, share, .. } = self.config;
        let chosen = sources.contains(&sample.source) && rng.random::<f32>() < *share;
        let Some(lesion) = chosen.then(|| Lesion::draw(&sample.square, rng)).flatten() else {
            return Cow::Borrowed(sample);
        };
        let mut sample = sample.clone();
        let is_mass = lesion.radius >= MASS * sample.square.width() as f32;
        let finding = if is_mass { self.mass } else { self.nodule };
        lesion.paint(&mut sample.square);
        sample.targets[finding] = Some(1.0);
        sample.boxes.push((finding, lesion.corners()));
        sample.exact = true;
        Cow::Owned(sample)
    }
}

impl Lesion {
    /// A random lesion in the lung, whose position is chosen to be darker than most of the chest, but not as dark as
    /// the air beside it.
    fn draw(square: &GrayImage, rng: &mut StdRng) -> Option<Self> {
        let side = square.width() as f32;
        let mut between = |low: f32, high: f32| low + (high - low) * rng.random::<f32>();
        let small = between(0.0, 1.0) < 0.6;
        let radius = if small { between(0.02, MASS) } else { between(MASS, 0.1) };
        let density = if small { between(0.15, 0.5) } else { between(0.2, 0.7) };
        let edge = between(0.5, 1.6);
        let waves = [0.1, 0.06, 0.03].map(|size| (between(0.0, size), between(0.0, 6.3)));
        let chest = median(square);
        for _ in 0..TRIES {
            let [x, y] = [between(0.17, 0.83), between(0.16, 0.72)];
            let centre = [x * side, y * side];
            let lesion = Self { centre, radius: radius * side, density, edge, waves };
            let grey = lesion.mean_grey(square);
            if (x - 0.5).abs() > 0.09 && grey > 0.2 * chest && grey < 0.9 * chest {
                return Some(lesion);
            }
        }
        None
    }

    /// Left, top, right and bottom edge.
    fn corners(&self) -> [f32; 4] {
        let [x, y] = self.centre;
        [x - self.radius, y - self.radius, x + self.radius, y + self.radius]
    }

    /// Its thickness at a pixel, 0..=1.
    fn thickness(&self, x: u32, y: u32) -> f32 {
        let (dx, dy) = (x as f32 + 0.5 - self.centre[0], y as f32 + 0.5 - self.centre[1]);
        let angle = dy.atan2(dx);
        let waves = self.waves.iter().zip([2.0, 3.0, 5.0]);
        let outline: f32 =
            waves.map(|((size, phase), count)| size * (count * angle + phase).sin()).sum();
        let distance = dx.hypot(dy) / (self.radius * (1.0 + outline));
        (1.0 - distance * distance).max(0.0).powf(self.edge)
    }

    fn pixels(&self, square: &GrayImage) -> impl Iterator<Item = (u32, u32)> + use<> {
        let (width, height) = (square.width(), square.height());
        let [left, top, right, bottom] = self.corners().map(|edge| edge.max(0.0) as u32);
        // The outline may reach a fifth of the radius beyond the box.
        let more = (self.radius / 4.0) as u32 + 1;
        let columns = left.saturating_sub(more)..(right + more).min(width);
        let rows = top.saturating_sub(more)..(bottom + more).min(height);
        rows.flat_map(move |y| columns.clone().map(move |x| (x, y)))
    }

    fn mean_grey(&self, square: &GrayImage) -> f32 {
        let inside = self.pixels(square).filter(|&(x, y)| self.thickness(x, y) > 0.0);
        let (sum, count) = inside.fold((0.0, 0.0f32), |(sum, count), (x, y)| {
            (sum + f32::from(square.get_pixel(x, y).0[0]), count + 1.0)
        });
        sum / count.max(1.0)
    }

    fn paint(&self, square: &mut GrayImage) {
        for (x, y) in self.pixels(square) {
            let grey = &mut square.get_pixel_mut(x, y).0[0];
            let passed = (255.0 - f32::from(*grey)) * (-self.density * self.thickness(x, y)).exp();
            *grey = (255.0 - passed).round() as u8;
        }
    }
}

/// The median grey value in the upper middle of the square, where the chest is.
fn median(square: &GrayImage) -> f32 {
    let (width, height) = (square.width(), square.height());
    let inside = |&(x, y, _): &(u32, u32, &image::Luma<u8>)| {
        (width / 8..width * 7 / 8).contains(&x) && (height / 8..height * 3 / 4).contains(&y)
    };
    let mut greys: Vec<u8> =
        square.enumerate_pixels().filter(inside).map(|(_, _, p)| p.0[0]).collect();
    let middle = greys.len() / 2;
    if greys.is_empty() { 0.0 } else { f32::from(*greys.select_nth_unstable(middle).1) }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    /// Two dark lungs in a grey body.
    fn film() -> Sample {
        let square = GrayImage::from_fn(256, 256, |x, y| {
            let lung = (40..100).contains(&x) || (156..216).contains(&x);
            image::Luma([if lung && (40..160).contains(&y) { 80 } else { 170 }])
        });
        Sample {
            path: String::new(),
            source: "normal".to_string(),
            patient: String::new(),
            square,
            exact: false,
            labels: vec![Some(0.0); 2],
            targets: vec![Some(0.0); 2],
            boxes: Vec::new(),
            sentences: Vec::new(),
        }
    }

    fn config(source: &str) -> LesionConfig {
        let [nodule, mass] = ["Nodule", "Mass"].map(String::from);
        LesionConfig { sources: vec![source.to_string()], share: 1.0, nodule, mass }
    }

    #[test]
    fn a_lesion_brightens_lung_inside_its_box_and_is_what_it_is_called() {
        let config = config("normal");
        let lesions = Lesions { config: &config, nodule: 0, mass: 1 };
        let (film, mut sizes) = (film(), [0, 0]);
        for seed in 0..40 {
            let seen = lesions.perhaps_add(&film, &mut StdRng::seed_from_u64(seed));
            let [(finding, [left, top, right, bottom])] = seen.boxes[..] else { panic!() };
            sizes[finding] += 1;
            assert_eq!(seen.targets[finding], Some(1.0));
            assert_eq!(seen.targets[1 - finding], Some(0.0));
            assert_eq!(finding == 1, right - left >= 2.0 * MASS * 256.0);
            let at = |image: &GrayImage, x: f32, y: f32| image.get_pixel(x as u32, y as u32).0[0];
            let (x, y) = ((left + right) / 2.0, (top + bottom) / 2.0);
            assert!(at(&seen.square, x, y) > at(&film.square, x, y) + 5);
            let radius = (right - left) / 2.0;
            let beyond = |&(px, py, _): &(u32, u32, &image::Luma<u8>)| {
                (px as f32 - x).hypot(py as f32 - y) > 1.25 * radius + 1.0
            };
            let mut rest = seen.square.enumerate_pixels().filter(beyond);
            assert!(rest.all(|(x, y, pixel)| pixel == film.square.get_pixel(x, y)));
        }
        assert!(sizes[0] > 10 && sizes[1] > 5, "{sizes:?}");
    }

    #[test]
    fn other_sources_stay_as_they_are() {
        let (config, film) = (config("other"), film());
        let lesions = Lesions { config: &config, nodule: 0, mass: 1 };
        let seen = lesions.perhaps_add(&film, &mut StdRng::seed_from_u64(1));
        assert!(matches!(seen, Cow::Borrowed(_)));
    }
}
