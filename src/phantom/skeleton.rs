//! Ribs, clavicles, scapulae and humeri.

use super::arithmetic::*;
use super::chest::Chest;
use super::params::MID;
use super::tube::{Bead, Layer, cortical, thread};

impl Chest {
    /// Ribs, clavicles and the borders of scapulae and humeri, as a depth of cortical bone.
    pub fn bones(&self, size: usize) -> Layer {
        let mut layer = Layer::new(size, |a, b| a + b);
        for side in [-1.0, 1.0] {
            for k in 0..11 {
                self.rib(k, side, &mut layer);
            }
            self.clavicle(side, &mut layer);
            self.scapula(side, &mut layer);
        }
        layer
    }

    /// One rib, from the spine around the chest wall to the costal cartilage.
    #[inline(never)] // see `lib.rs`
    fn rib(&self, k: usize, side: f32, layer: &mut Layer) {
        const STEPS: usize = 26;
        const START: f32 = 0.17;
        let n = k as f32;
        let top = 0.148 + 0.0515 * n;
        let drop = [0.125, 0.185, 0.225, 0.245][k.min(3)];
        let reach = match k {
            0 => 0.172,
            1 => 0.226,
            _ => self.lung_outer.at(top + drop * 0.55) - 0.002,
        };
        let end = if k < 7 { 2.42 - 0.05 * n } else { 2.0 - 0.15 * (n - 7.0) };
        let depth = self.lung_depth.at(top + drop * 0.5).max(0.18) * 0.55;
        let mut beads = Vec::with_capacity(STEPS + 1);
        for i in 0..=STEPS {
            let share = i as f32 / STEPS as f32;
            let (sin, cos) = sin_cos(START + (end - START) * share);
            let y = top + drop * (1.0 - cos) / 2.0 - 0.016 * sin;
            let at = [MID + side * reach * sin, y];
            // The rib's direction: sideways, down, and along the beam. Where it runs along the beam, the beam crosses
            // more of it.
            let (dx, dy, dz) = (reach * cos, drop * sin / 2.0 - 0.012 * cos, depth * sin);
            let flat = length(dx, dy);
            let slant = (length(flat, dz) / flat).min(2.0);
            let radius = if k == 0 { 0.0105 } else { 0.0065 + 0.0065 * dx.abs() / flat };
            let fade = smooth((1.0 - share) * 5.0) * smooth(0.3 + share * 9.0);
            // The front half of a rib, towards the cartilage, is thinner and less visible.
            let weight = 0.8 + 0.2 * cos;
            beads.push(Bead { at, radius, weight: weight * slant * fade });
        }
        layer.tube(&self.pose, &beads, &|q| cortical(q, 0.8));
    }

    fn clavicle(&self, side: f32, layer: &mut Layer) {
        let shape = [
            (0.043, 0.222),
            (0.085, 0.205),
            (0.15, 0.190),
            (0.22, 0.168),
            (0.29, 0.145),
            (0.36, 0.139),
            (0.42, 0.150),
        ];
        self.bone_path(&shape, side, 0.0135, 0.9, layer);
    }

    fn scapula(&self, side: f32, layer: &mut Layer) {
        let lateral = [(0.425, 0.245), (0.40, 0.31), (0.375, 0.39), (0.36, 0.455), (0.348, 0.478)];
        let medial = [(0.348, 0.478), (0.332, 0.42), (0.322, 0.32), (0.319, 0.22), (0.325, 0.185)];
        let spine = [(0.325, 0.225), (0.37, 0.195), (0.42, 0.165), (0.465, 0.155)];
        let coracoid = [(0.385, 0.205), (0.40, 0.19), (0.42, 0.195)];
        let humerus = [(0.475, 0.24), (0.50, 0.33), (0.53, 0.45)];
        self.bone_path(&lateral, side, 0.009, 1.0, layer);
        self.bone_path(&medial, side, 0.004, 1.2, layer);
        self.bone_path(&spine, side, 0.010, 0.7, layer);
        self.bone_path(&coracoid, side, 0.012, 0.7, layer);
        self.bone_path(&humerus, side, 0.026, 0.6, layer);
    }

    /// A tubular bone through points given as (distance from the midline, y).
    fn bone_path(
        &self,
        shape: &[(f32, f32)],
        side: f32,
        radius: f32,
        weight: f32,
        layer: &mut Layer,
    ) {
        let points: Vec<Point> = shape.iter().map(|&(x, y)| [MID + side * x, y]).collect();
        layer.tube(&self.pose, &thread(&points, radius, weight), &|q| cortical(q, 0.72));
    }
}
