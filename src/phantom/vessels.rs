//! Airways and vessels.

use super::arithmetic::*;
use super::chest::{Chest, Side};
use super::params::MID;
use super::tube::{Bead, Layer, solid, thread};

impl Chest {
    /// Trachea and main bronchi, as a depth of air.
    pub fn airways(&self, size: usize) -> Layer {
        let mut layer = Layer::new(size, greatest);
        let trachea = [[MID, -0.2], [MID, 0.12], [MID - 0.004, 0.25], [MID, 0.345]];
        let right =
            [[MID - 0.004, 0.34], [MID - 0.035, 0.385], [MID - 0.062, 0.435], [MID - 0.075, 0.49]];
        let left = [[MID + 0.004, 0.34], [MID + 0.045, 0.395], [MID + 0.085, 0.43]];
        layer.tube(&self.pose, &thread(&trachea, 0.022, 1.0), &solid);
        layer.tube(&self.pose, &thread(&right, 0.014, 1.0), &solid);
        layer.tube(&self.pose, &thread(&left, 0.012, 1.0), &solid);
        layer
    }

    /// The hila, and the pulmonary vessels that branch from them, as a depth of blood.
    pub fn vessels(&self, size: usize) -> Layer {
        const TRUNKS: usize = 9;
        let mut layer = Layer::new(size, greatest);
        let mut rng = SplitMix(self.phantom.seed);
        for side in [Side::Right, Side::Left] {
            let hilum = side.hilum();
            // The trunks leave the hilum in a fan, from upwards to downwards; the lower ones are thicker.
            for n in 0..TRUNKS {
                let angle = 0.1 + 2.95 * (n as f32 + 0.3 * rng.signed()) / (TRUNKS - 1) as f32;
                let start = [
                    hilum[0] + side.sign() * 0.012 * rng.signed(),
                    hilum[1] + 0.03 * (angle - 1.5),
                ];
                let radius = 0.0078 + 0.0012 * angle + 0.0015 * rng.signed();
                let length = 0.042 + 0.006 * angle;
                self.vessel(
                    &mut layer,
                    &mut rng,
                    Twig { start, side, angle, radius, length, order: 0 },
                );
            }
        }
        layer
    }

    /// Draws one vessel and, from its end, two thinner branches.
    fn vessel(&self, layer: &mut Layer, rng: &mut SplitMix, twig: Twig) {
        /// Vessels are more visible than their calibre alone would make them, because most run next to others.
        const VESSEL: f32 = 2.6;
        /// Vessels thinner than this share of a pixel's width are not visible.
        const FAINT: f32 = 0.2;
        if twig.radius < 0.0007 || twig.order > 8 {
            return;
        }
        let shrunk = self.lost(twig.side) > 0.0;
        let bend = 0.5 * rng.signed();
        // Vessels thinner than a pixel are drawn as wide as one, but fainter.
        let radius = twig.radius.max(0.8 / layer.size as f32);
        let (mut p, mut beads) = (twig.start, Vec::with_capacity(4));
        for i in 0..4 {
            let narrow = 1.0 - 0.08 * i as f32;
            let thin = twig.radius / radius * narrow;
            beads.push(Bead {
                at: if shrunk { self.collapsed(twig.side, p) } else { p },
                radius: radius * narrow,
                weight: VESSEL * thin,
            });
            if i < 3 {
                let (sin, cos) = sin_cos(twig.angle + bend * (i as f32 - 1.0));
                let out = twig.side.sign() * sin * twig.length / 3.0;
                p = [p[0] + out, p[1] - cos * twig.length / 3.0];
            }
        }
        if twig.radius > FAINT * radius {
            layer.tube(&self.pose, &beads, &solid);
        }
        let fork = 0.5 + 0.2 * rng.signed();
        let lean = if rng.signed() > 0.0 { 1.0 } else { -1.0 };
        for (turn, shrink) in [(lean * fork * 0.4, 0.82), (-lean * fork * 1.2, 0.60)] {
            let angle = twig.angle + 0.5 * bend + turn;
            let length = twig.length * (0.9 + 0.2 * rng.signed());
            self.vessel(
                layer,
                rng,
                Twig {
                    start: p,
                    angle,
                    radius: twig.radius * shrink,
                    length,
                    order: twig.order + 1,
                    ..twig
                },
            );
        }
    }
}

/// A segment of a vessel: `angle` is in radians from straight up, towards the `side`.
#[derive(Clone, Copy)]
struct Twig {
    start: Point,
    side: Side,
    angle: f32,
    radius: f32,
    length: f32,
    order: u32,
}
