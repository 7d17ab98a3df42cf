//! What films show besides the patient, above all those of bedside examinations: collimation, cables, lettering, low
//! contrast.

use super::arithmetic::*;
use super::shapes::Pose;
use super::tube::{Layer, solid, thread};

/// Conditions that have nothing to do with the patient, drawn at random.
#[derive(Debug, Clone, PartialEq)]
pub struct Bedside {
    /// Left, top, right and bottom edge of the exposed field, in fractions of the image, and by how much it is rotated.
    field: [f32; 4],
    turned: f32,
    /// Grey value outside of the field.
    beyond: u8,
    /// The points of each cable, and whether it ends in an electrode.
    cables: Vec<(Vec<Point>, bool)>,
    /// Strokes of letters.
    strokes: Vec<[Point; 2]>,
    /// The curvature of the grey scale (-1 towards bright, 1 towards dark), and its darkest and brightest value.
    tone: [f32; 3],
    noise: f32,
    seed: u64,
}

impl Bedside {
    /// Draws conditions at random from a seed; each of them is absent in about half of all films.
    pub fn random(seed: u64) -> Self {
        let rng = &mut SplitMix(seed ^ 0x6265_6473_6964_6521);
        let mut edge = |far: f32| if rng.chance(0.35) { rng.between(0.0, far) } else { -1.0 };
        let field = [edge(0.1), edge(0.09), 1.0 - edge(0.1), 1.0 - edge(0.09)];
        let turned = if rng.chance(0.5) { rng.between(-4.0, 4.0) } else { 0.0 };
        let beyond =
            if rng.chance(0.8) { rng.between(0.0, 25.0) } else { rng.between(200.0, 255.0) };
        let count = if rng.chance(0.5) { rng.between(1.0, 6.0) as usize } else { 0 };
        let cables = (0..count).map(|_| cable(rng)).collect();
        let strokes = if rng.chance(0.6) { letter(rng) } else { Vec::new() };
        let low = if rng.chance(0.5) { rng.between(0.0, 70.0) } else { 0.0 };
        let high = if rng.chance(0.5) { rng.between(150.0, 255.0) } else { 255.0 };
        let bend = if rng.chance(0.5) { rng.between(-0.7, 0.7) } else { 0.0 };
        let noise = if rng.chance(0.4) { rng.between(0.5, 5.0) } else { 0.0 };
        Self {
            field,
            turned,
            beyond: beyond as u8,
            cables,
            strokes,
            tone: [bend, low, high],
            noise,
            seed,
        }
    }

    /// Draws these conditions onto a film, given as rows of `width` grey values. Lengths are fractions of the film's
    /// longer side.
    pub fn apply(&self, grey: &mut [u8], width: usize) {
        let height = grey.len() / width.max(1);
        let size = width.max(height);
        if size == 0 {
            return;
        }
        let metal = self.metal(size);
        let (pose, rng) = (Pose::new(self.turned, [1.0, 1.0]), &mut SplitMix(self.seed));
        let [bend, low, high] = self.tone;
        let bent = |level: f32| {
            let other = if bend < 0.0 { level.sqrt() } else { level * level };
            level + (other - level) * bend.abs()
        };
        let table: Vec<f32> =
            (0..256).map(|level| low + (high - low) * bent(level as f32 / 255.0)).collect();
        for (y, row) in grey.chunks_exact_mut(width).enumerate() {
            for (x, value) in row.iter_mut().enumerate() {
                let q = [(x as f32 + 0.5) / width as f32, (y as f32 + 0.5) / height as f32];
                let p = pose.to_body(q);
                let [left, top, right, bottom] = self.field;
                let exposed = p[0] > left && p[0] < right && p[1] > top && p[1] < bottom;
                let shadow = metal.depth[y * size + x];
                let tone = table[usize::from(*value)];
                let tone = tone + (high - tone) * least(shadow, 1.0) + self.noise * rng.normal();
                *value = if exposed { tone.clamp(0.0, 255.0) as u8 } else { self.beyond };
            }
        }
    }

    /// Cables, electrodes and letters, as opacities from 0 to 1.
    fn metal(&self, size: usize) -> Layer {
        let mut layer = Layer::new(size, greatest);
        let pose = Pose::new(0.0, [1.0, 1.0]);
        for (points, electrode) in &self.cables {
            layer.tube(&pose, &thread(points, 0.0028, 0.5 / 0.0056), &solid);
            if let (true, Some(end)) = (electrode, points.last()) {
                let next = [end[0] + 0.001, end[1]];
                layer.tube(&pose, &thread(&[*end, next], 0.013, 0.35 / 0.026), &solid);
            }
        }
        for stroke in &self.strokes {
            layer.tube(&pose, &thread(stroke, 0.004, 1.0 / 0.006), &solid);
        }
        layer
    }
}

/// A cable that enters over an edge and winds to a point on the chest.
fn cable(rng: &mut SplitMix) -> (Vec<Point>, bool) {
    let from = if rng.chance(0.5) {
        [rng.between(0.0, 1.0), if rng.chance(0.5) { -0.02 } else { 1.02 }]
    } else {
        [if rng.chance(0.5) { -0.02 } else { 1.02 }, rng.between(0.0, 1.0)]
    };
    let to = [rng.between(0.15, 0.85), rng.between(0.15, 0.85)];
    let mut along = |share: f32| {
        let at = |axis: usize| from[axis] + (to[axis] - from[axis]) * share;
        [at(0) + 0.07 * rng.signed(), at(1) + 0.07 * rng.signed()]
    };
    let middle = [along(0.3), along(0.65)];
    (vec![from, middle[0], middle[1], to], rng.chance(0.6))
}

/// An L or an R near an upper corner, where radiographers put it.
fn letter(rng: &mut SplitMix) -> Vec<[Point; 2]> {
    const L: [[Point; 2]; 2] = [[[0.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [0.6, 1.0]]];
    const R: [[Point; 2]; 5] = [
        [[0.0, 0.0], [0.0, 1.0]],
        [[0.0, 0.0], [0.6, 0.0]],
        [[0.6, 0.0], [0.6, 0.5]],
        [[0.0, 0.5], [0.6, 0.5]],
        [[0.2, 0.5], [0.6, 1.0]],
    ];
    let left = rng.chance(0.5);
    let side = if left { rng.between(0.86, 0.95) } else { rng.between(0.04, 0.12) };
    let (top, height) = (rng.between(0.03, 0.2), rng.between(0.02, 0.05));
    let strokes: &[[Point; 2]] = if left { &L } else { &R };
    let place = |[x, y]: Point| [side + height * x, top + height * y];
    strokes.iter().map(|stroke| stroke.map(place)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_repeat_and_vary() {
        let film = |seed| {
            let mut grey = vec![100; 64 * 48];
            Bedside::random(seed).apply(&mut grey, 64);
            grey
        };
        assert_eq!(film(3), film(3));
        let changed = (0..40).filter(|&seed| film(seed) != vec![100; 64 * 48]).count();
        assert!((30..=40).contains(&changed), "{changed} of 40");
        // The middle of the film stays exposed.
        for seed in 0..40 {
            let bedside = Bedside::random(seed);
            let [left, top, right, bottom] = bedside.field;
            assert!(left < 0.3 && top < 0.3 && right > 0.7 && bottom > 0.7, "{bedside:?}");
        }
        Bedside::random(1).apply(&mut [], 0);
        Bedside::random(1).apply(&mut [], 5);
    }
}
