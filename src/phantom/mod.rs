//! A synthetic PA chest radiograph, drawn by attenuation.
//!
//! The chest is a handful of simple solids. For every pixel we add up how much soft tissue, bone and air
//! the beam crosses, attenuate it exponentially, add scatter and quantum noise, and develop the result
//! with a film's sigmoid curve. No patient is involved, and the findings drawn are known exactly.
//!
//! Coordinates are fractions of the image's width, y downwards; the patient faces the viewer, so the
//! patient's right is on the left. Lengths along the beam use the same unit (about 38 cm). Only IEEE
//! arithmetic and square roots are used, so that every target draws the same bytes.

mod arithmetic;
mod bedside;
mod chest;
mod film;
mod params;
mod random;
mod shapes;
mod skeleton;
mod tube;
mod vessels;

use serde::Serialize;

pub use bedside::Bedside;
pub use params::{Body, Example, Nodule, Phantom};
pub use random::MASS;

use arithmetic::{Point, pixel_centres};
use chest::Chest;
use params::{CARDIOMEGALY, CONSOLIDATION, EFFUSION, NODULE, PNEUMOTHORAX};

/// The largest picture, in pixels per side; larger requests get this size.
pub const MAX_SIZE: usize = 4096;

/// Where a drawn finding lies: a box in fractions of the image, whose top left corner is at `x` and `y`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Truth {
    /// The finding, in the words of the label sets.
    pub finding: &'static str,
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

impl Phantom {
    /// Renders `size` x `size` pixels (at most [`MAX_SIZE`]), row-major 8-bit grey.
    pub fn render(&self, size: usize) -> Vec<u8> {
        let size = size.min(MAX_SIZE);
        if size == 0 {
            return Vec::new();
        }
        let chest = Chest::new(&self.clamped());
        let bones = chest.bones(size);
        let vessels = chest.vessels(size);
        let airways = chest.airways(size);
        let mut beam = vec![0.0; size * size];
        for (y, row) in beam.chunks_exact_mut(size).enumerate() {
            chest.transmit(row, y, [&bones, &vessels, &airways]);
        }
        film::develop(&beam, size, &chest.phantom)
    }

    /// The boxes of the drawn findings, with separate boxes for each side for findings of the pleura; empty for a
    /// normal chest.
    pub fn truth(&self) -> Vec<Truth> {
        let chest = Chest::new(&self.clamped());
        let mut found = Vec::new();
        for finding in [EFFUSION, CARDIOMEGALY, PNEUMOTHORAX, CONSOLIDATION, NODULE] {
            let shows = |q| chest.shows(finding, q);
            if [EFFUSION, PNEUMOTHORAX].contains(&finding) {
                found.extend(bounds(finding, |q| shows(q) && chest.is_right(q)));
                found.extend(bounds(finding, |q| shows(q) && !chest.is_right(q)));
            } else {
                found.extend(bounds(finding, shows));
            }
        }
        found
    }

    /// The same chest without a finding, and otherwise unchanged; `None` where the chest does not show that finding.
    pub fn without(&self, finding: &str) -> Option<Self> {
        let normal = Self::default();
        let mut without = self.clone();
        match finding {
            EFFUSION => (without.effusion, without.left_effusion) = (0.0, 0.0),
            CARDIOMEGALY => without.heart = normal.heart,
            PNEUMOTHORAX => (without.pneumothorax, without.right_pneumothorax) = (0.0, 0.0),
            CONSOLIDATION => without.consolidation = 0.0,
            NODULE => without.nodule = None,
            _ => return None,
        }
        self.truth().iter().any(|truth| truth.finding == finding).then_some(without)
    }
}

/// The box around all points where a finding is visible, if there are any.
fn bounds(finding: &'static str, shows: impl Fn(Point) -> bool) -> Option<Truth> {
    const GRID: usize = 192;
    let (mut low, mut high) = ([1.0_f32; 2], [0.0_f32; 2]);
    for q in pixel_centres(GRID).filter(|&q| shows(q)) {
        low = [low[0].min(q[0]), low[1].min(q[1])];
        high = [high[0].max(q[0]), high[1].max(q[1])];
    }
    let cell = 1.0 / GRID as f32;
    let (x, y) = (low[0] - cell / 2.0, low[1] - cell / 2.0);
    let (width, height) = (high[0] - low[0] + cell, high[1] - low[1] + cell);
    (low[0] <= high[0]).then_some(Truth { finding, x, y, width, height })
}

#[cfg(test)]
mod tests {
    use super::chest::INNER_WIDTH;
    use super::params::MID;
    use super::*;

    const SIZE: usize = 256;

    /// Grey levels of the pixels whose centres lie in a box (x, y, width, height).
    fn inside(image: &[u8], [x, y, w, h]: [f32; 4]) -> Vec<f32> {
        let within = |q: &Point| q[0] >= x && q[0] < x + w && q[1] >= y && q[1] < y + h;
        let pixels = pixel_centres(SIZE).zip(image);
        pixels.filter(|(q, _)| within(q)).map(|(_, &grey)| f32::from(grey)).collect()
    }

    fn mean(values: &[f32]) -> f32 {
        values.iter().sum::<f32>() / values.len() as f32
    }

    /// Width of the bright band around the midline at the level of the ventricles, in fractions of the image.
    fn heart_width(phantom: &Phantom) -> f32 {
        let image = phantom.render(SIZE);
        let column = |i: usize| {
            mean(&inside(&image, [i as f32 / SIZE as f32, 0.50, 1.0 / SIZE as f32, 0.10]))
        };
        let columns: Vec<f32> = (0..SIZE).map(column).collect();
        let middle = columns[SIZE / 2];
        let lung = mean(&columns[SIZE / 5..SIZE / 4]);
        let bright = |i: &usize| columns[*i] > (middle + lung) / 2.0;
        let right = (SIZE / 4..SIZE / 2).rev().take_while(bright).count();
        let left = (SIZE / 2..SIZE * 4 / 5).take_while(bright).count();
        (right + left) as f32 / SIZE as f32
    }

    #[test]
    fn a_seed_draws_one_picture() {
        let phantom = Phantom::default();
        assert_eq!(phantom.render(64), phantom.render(64));
        assert_ne!(phantom.render(64), Phantom { seed: 2, ..phantom }.render(64));
    }

    #[test]
    fn examples_show_what_they_say() {
        for example in Phantom::EXAMPLES {
            let truth = Phantom::example(example.name).unwrap().truth();
            let found: Vec<_> = truth.iter().map(|t| t.finding).collect();
            assert_eq!(found, example.finding.into_iter().collect::<Vec<_>>(), "{}", example.name);
        }
        assert_eq!(Phantom::example("fracture"), None);
    }

    #[test]
    fn fluid_whitens_its_box() {
        let wet = Phantom { effusion: 0.45, ..Phantom::default() };
        let t = &wet.truth()[0];
        assert_eq!(t.finding, "Pleural Effusion");
        assert!(t.x + t.width <= MID + 0.01, "on the patient's right: {t:?}");
        let place = [t.x, t.y, t.width, t.height];
        let (dry, wet) = (Phantom::default().render(SIZE), wet.render(SIZE));
        assert!(mean(&inside(&wet, place)) > mean(&inside(&dry, place)) + 20.0);
    }

    #[test]
    fn a_larger_heart_is_wider() {
        let widths =
            [0.42, 0.50, 0.60].map(|heart| heart_width(&Phantom { heart, ..Phantom::default() }));
        assert!(widths[0] + 0.03 < widths[1] && widths[1] + 0.03 < widths[2], "{widths:?}");
    }

    #[test]
    fn heart_is_as_wide_as_asked() {
        let truth = &Phantom { heart: 0.6, ..Phantom::default() }.truth()[0];
        assert!((truth.width / INNER_WIDTH - 0.6).abs() < 0.03, "{truth:?}");
    }

    #[test]
    fn no_vessels_beyond_the_pleural_line() {
        const BEYOND: [f32; 4] = [0.775, 0.34, 0.035, 0.18];
        // Only vessels, texture and noise depend on the seed, so pictures of two seeds differ only in these.
        let differs = |pneumothorax: f32| {
            let picture = |seed| Phantom { pneumothorax, seed, ..Phantom::default() }.render(SIZE);
            let (a, b) = (inside(&picture(1), BEYOND), inside(&picture(2), BEYOND));
            let change: Vec<f32> = a.iter().zip(&b).map(|(a, b)| (a - b) * (a - b)).collect();
            (mean(&change), mean(&a))
        };
        let (lung, gas) = (differs(0.0), differs(0.5));
        assert!(gas.0 < 0.5 * lung.0, "variance {} and {}", gas.0, lung.0);
        assert!(gas.1 < lung.1 - 8.0, "grey {} and {}", gas.1, lung.1);
    }

    #[test]
    fn a_nodule_is_where_it_was_put() {
        let nodule = Some(Nodule { x: 0.3, y: 0.4, radius: 0.03 });
        let phantom = Phantom { nodule, rotation: 10.0, ..Phantom::default() };
        let t = &phantom.truth()[0];
        assert_eq!(t.finding, "Lung Nodule");
        assert!(
            (t.x + t.width / 2.0 - 0.3).abs() < 0.01 && (t.y + t.height / 2.0 - 0.4).abs() < 0.01
        );
        let place = [0.285, 0.385, 0.03, 0.03];
        let without = Phantom { nodule: None, ..phantom.clone() }.render(SIZE);
        assert!(mean(&inside(&phantom.render(SIZE), place)) > mean(&inside(&without, place)) + 5.0);
    }

    #[test]
    fn nothing_panics() {
        for v in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -9.0, 0.0, 1.0, 9.0] {
            let phantom = Phantom {
                effusion: v,
                left_effusion: v,
                heart: v,
                nodule: Some(Nodule { x: v, y: v, radius: v }),
                pneumothorax: v,
                right_pneumothorax: v,
                consolidation: v,
                consolidation_centre: [v, v],
                body: Body { width: v, height: v, girth: v, breasts: v, inspiration: v },
                exposure: v,
                rotation: v,
                seed: u64::MAX,
            };
            for size in [0, 1, 2, 7, 33] {
                assert_eq!(phantom.render(size).len(), size * size);
            }
            let boxes = phantom.truth();
            assert!(boxes.iter().all(|t| t.x >= 0.0
                && t.y >= 0.0
                && t.x + t.width <= 1.001
                && t.y + t.height <= 1.001));
        }
        let nan = Phantom { heart: f32::NAN, rotation: f32::NAN, ..Phantom::default() };
        assert_eq!(nan.render(33), Phantom::default().render(33));
    }

    #[test]
    fn a_finding_is_taken_away_and_nothing_else() {
        let nodule = Some(Nodule { x: 0.3, y: 0.4, radius: 0.03 });
        let phantom = Phantom {
            effusion: 0.4,
            heart: 0.62,
            nodule,
            pneumothorax: 0.5,
            consolidation: 0.9,
            ..Phantom::default()
        };
        let drawn = phantom.truth();
        assert_eq!(drawn.len(), 5);
        for truth in &drawn {
            let without = phantom.without(truth.finding).unwrap();
            let left: Vec<_> = without.truth().iter().map(|truth| truth.finding).collect();
            let others = drawn.iter().map(|truth| truth.finding);
            assert_eq!(left, others.filter(|other| *other != truth.finding).collect::<Vec<_>>());
            let (before, after) = (phantom.render(SIZE), without.render(SIZE));
            assert_ne!(before, after);
            assert_eq!(without.without(truth.finding), None, "it is not there any more");
        }
        assert_eq!(phantom.without("Fracture"), None);
        let normal = Phantom { effusion: 0.45, ..Phantom::default() };
        assert_eq!(normal.without(EFFUSION), Some(Phantom::default()));
    }

    #[test]
    fn an_effusion_on_both_sides_has_a_box_on_each() {
        let wet =
            Phantom { effusion: 0.5, left_effusion: 0.4, rotation: 10.0, ..Phantom::default() };
        let [right, left] = &wet.truth()[..] else { panic!("{:?}", wet.truth()) };
        assert!(right.x + right.width < MID && left.x > MID, "{right:?} {left:?}");
    }
}
