//! The shapes of which the chest consists, as functions of position.

use super::arithmetic::*;

/// The patient's rotation in the image's plane, about its centre, and the patient's size.
pub struct Pose {
    sin: f32,
    cos: f32,
    /// Width and height, as factors.
    scale: Point,
}

impl Pose {
    pub fn new(degrees: f32, scale: Point) -> Self {
        let (sin, cos) = sin_cos(degrees * std::f32::consts::PI / 180.0);
        Pose { sin, cos, scale }
    }

    pub fn to_body(&self, q: Point) -> Point {
        let d = [q[0] - 0.5, q[1] - 0.5];
        let d = [d[0] * self.cos + d[1] * self.sin, d[1] * self.cos - d[0] * self.sin];
        [0.5 + d[0] / self.scale[0], 0.5 + d[1] / self.scale[1]]
    }

    pub fn to_image(&self, p: Point) -> Point {
        let d = [(p[0] - 0.5) * self.scale[0], (p[1] - 0.5) * self.scale[1]];
        [0.5 + d[0] * self.cos - d[1] * self.sin, 0.5 + d[0] * self.sin + d[1] * self.cos]
    }
}

/// An ellipsoid: its centre, its semi-axes in the image's plane, which are rotated by `tilt` radians, and its greatest
/// depth.
pub struct Solid {
    centre: Point,
    axes: Point,
    reach: f32,
    depth: f32,
    tilt: (f32, f32),
}

impl Solid {
    pub const fn new(centre: Point, axes: Point, depth: f32, tilt: f32) -> Self {
        let reach = axes[0].max(axes[1]);
        Solid { centre, axes, reach, depth, tilt: sin_cos(tilt) }
    }

    /// Length of the beam inside the solid, at a point of the image.
    pub fn chord(&self, p: Point) -> f32 {
        let d = [p[0] - self.centre[0], p[1] - self.centre[1]];
        if beyond(d, self.reach) {
            return 0.0;
        }
        let (sin, cos) = self.tilt;
        let u = (d[0] * cos + d[1] * sin) / self.axes[0];
        let v = (d[1] * cos - d[0] * sin) / self.axes[1];
        self.depth * root(1.0 - u * u - v * v)
    }
}

/// The greatest length of the beam inside any one of the solids.
pub fn deepest(solids: &[Solid], p: Point) -> f32 {
    solids.iter().fold(0.0, |depth, s| greatest(s.chord(p), depth))
}

/// A smooth curve through points with increasing abscissas, stored as a table. Beyond its ends it is constant.
pub struct Curve(Vec<f32>);

impl Curve {
    const LOW: f32 = -0.25;
    const SPAN: f32 = 1.5;
    const CELLS: usize = 600;

    pub fn new(knots: &[(f32, f32)]) -> Self {
        let cell = |i: usize| Self::LOW + Self::SPAN * i as f32 / Self::CELLS as f32;
        Curve((0..=Self::CELLS).map(|i| hermite(knots, cell(i))).collect())
    }

    pub fn at(&self, t: f32) -> f32 {
        let s = ((t - Self::LOW) / Self::SPAN).clamp(0.0, 1.0) * Self::CELLS as f32;
        let i = (s as usize).min(Self::CELLS - 1);
        self.0[i] + (self.0[i + 1] - self.0[i]) * (s - i as f32)
    }
}

/// A cubic Hermite spline through `knots` at `t`, with slopes from neighbouring knots.
pub fn hermite(knots: &[(f32, f32)], t: f32) -> f32 {
    let last = knots.len() - 1;
    if t <= knots[0].0 || t >= knots[last].0 {
        return if t <= knots[0].0 { knots[0].1 } else { knots[last].1 };
    }
    let i = knots.partition_point(|k| k.0 <= t) - 1;
    let slope = |i: usize| {
        let (a, b) = (knots[i.saturating_sub(1)], knots[(i + 1).min(last)]);
        (b.1 - a.1) / (b.0 - a.0)
    };
    let ((t0, v0), (t1, v1)) = (knots[i], knots[i + 1]);
    let (h, s) = (t1 - t0, (t - t0) / (t1 - t0));
    let rise = s * s * (3.0 - 2.0 * s);
    v0 + (v1 - v0) * rise + h * s * (1.0 - s) * ((1.0 - s) * slope(i) - s * slope(i + 1))
}

/// A soft ring of unit height around the origin.
pub fn ring(d: Point, radius: f32, width: f32) -> f32 {
    bump((length(d[0], d[1]) - radius) / width)
}
