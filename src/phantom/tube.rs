//! Bones, vessels and airways: tubes, drawn pixel by pixel.

use std::ops::Range;

use super::arithmetic::*;
use super::shapes::{Pose, hermite};

/// The depths of tubes that are drawn into one layer.
pub struct Layer {
    pub size: usize,
    pub depth: Vec<f32>,
    /// How the depth of a new tube is combined with the depth already there.
    blend: fn(f32, f32) -> f32,
    /// While a tube is being drawn: for each pixel its distance from the axis (in radii), and the radius times the
    /// weight there.
    near: Vec<(f32, f32)>,
}

const UNREACHED: (f32, f32) = (1.0, 0.0);

/// A point on a tube's axis; `weight` scales the depth there.
#[derive(Clone, Copy)]
pub struct Bead {
    pub at: Point,
    pub radius: f32,
    pub weight: f32,
}

impl Layer {
    #[inline(never)] // see `lib.rs`
    pub fn new(size: usize, blend: fn(f32, f32) -> f32) -> Self {
        Layer { size, blend, depth: vec![0.0; size * size], near: vec![UNREACHED; size * size] }
    }

    /// Draws a tube along `beads`. `section` gives the depth of a tube with unit radius, at a distance from the axis
    /// given as a share (0 to 1) of the radius.
    pub fn tube(&mut self, pose: &Pose, beads: &[Bead], section: &dyn Fn(f32) -> f32) {
        let size = self.size;
        let beads: Vec<Bead> =
            beads.iter().map(|b| Bead { at: pose.to_image(b.at), ..*b }).collect();
        // First the nearest segment of the tube is found for each pixel, and then the depth there.
        for pair in beads.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let d = [b.at[0] - a.at[0], b.at[1] - a.at[1]];
            let along = 1.0 / (d[0] * d[0] + d[1] * d[1]).max(1e-12);
            let [columns, rows] = pixels_about(a, b, size);
            for y in rows {
                for x in columns.clone() {
                    let q = pixel_centre(x, y, size);
                    let q = [q[0] - a.at[0], q[1] - a.at[1]];
                    let t = ((q[0] * d[0] + q[1] * d[1]) * along).clamp(0.0, 1.0);
                    let radius = a.radius + t * (b.radius - a.radius);
                    let q = [q[0] - t * d[0], q[1] - t * d[1]];
                    if beyond(q, radius) {
                        continue;
                    }
                    let off = length(q[0], q[1]) / radius;
                    let near = &mut self.near[y * size + x];
                    if off < near.0 {
                        *near = (off, radius * (a.weight + t * (b.weight - a.weight)));
                    }
                }
            }
        }
        for pair in beads.windows(2) {
            let [columns, rows] = pixels_about(pair[0], pair[1], size);
            for y in rows {
                for i in columns.clone().map(|x| y * size + x) {
                    if self.near[i].0 < 1.0 {
                        let (off, scale) = std::mem::replace(&mut self.near[i], UNREACHED);
                        self.depth[i] = (self.blend)(self.depth[i], scale * section(off));
                    }
                }
            }
        }
    }
}

/// The columns and rows that a segment of a tube can reach.
fn pixels_about(a: Bead, b: Bead, size: usize) -> [Range<usize>; 2] {
    [0, 1].map(|k| {
        let low = least(a.at[k] - a.radius, b.at[k] - b.radius);
        let high = greatest(a.at[k] + a.radius, b.at[k] + b.radius);
        let pixel = |at: f32| (at * size as f32) as usize;
        pixel(low).min(size)..(pixel(high) + 1).min(size)
    })
}

/// Beads with constant radius and weight along a smooth path through `points`, four for each segment.
pub fn thread(points: &[Point], radius: f32, weight: f32) -> Vec<Bead> {
    let axis = |k: usize| -> Vec<(f32, f32)> {
        points.iter().enumerate().map(|(i, p)| (i as f32, p[k])).collect()
    };
    let (xs, ys) = (axis(0), axis(1));
    let place = |t: f32| [hermite(&xs, t), hermite(&ys, t)];
    (0..=4 * (points.len() - 1))
        .map(|i| Bead { at: place(i as f32 / 4.0), radius, weight })
        .collect()
}

/// The depth of a solid rod with unit radius, at a distance from its axis.
pub fn solid(off: f32) -> f32 {
    2.0 * root(1.0 - off * off)
}

/// The depth of cortical bone in a tubular bone with unit radius, whose marrow has the radius `marrow`.
pub fn cortical(off: f32, marrow: f32) -> f32 {
    2.0 * root(1.0 - off * off) - 1.5 * root(marrow * marrow - off * off)
}
