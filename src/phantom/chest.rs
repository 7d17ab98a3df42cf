//! The chest: how much the beam is attenuated at each point.

use super::arithmetic::*;
use super::params::{CARDIOMEGALY, CONSOLIDATION, EFFUSION, ENLARGED, MID, PNEUMOTHORAX, Phantom};
use super::shapes::{Curve, Pose, Solid, deepest, ring};
use super::tube::Layer;

// Materials: their attenuation over one image width.

/// Soft tissue: about 0.19 per cm at a chest tube's 120 kV.
const TISSUE: f32 = 7.2;
/// What cancellous bone (vertebral bodies) attenuates in addition to the tissue that it replaces.
const CANCELLOUS: f32 = 3.0;
/// What cortical bone attenuates in addition to the tissue that it replaces.
const CORTEX: f32 = 13.0;
/// Share of an aerated lung's volume that is air.
const AERATION: f32 = 0.76;

// Anatomy.

/// Inner width of the chest at its widest, above the diaphragm. The width of the heart is relative to it
/// (cardiothoracic ratio).
pub const INNER_WIDTH: f32 = 0.72;
const LEFT_HILUM: Point = [MID + 0.085, 0.43];
const RIGHT_HILUM: Point = [MID - 0.085, 0.45];

/// A side of the patient; the right one is on the viewer's left.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Right,
    Left,
}

impl Side {
    /// The side of the body on which a point lies.
    pub fn of(p: Point) -> Self {
        if p[0] < MID { Self::Right } else { Self::Left }
    }

    /// The direction away from the midline along x.
    pub fn sign(self) -> f32 {
        match self {
            Self::Right => -1.0,
            Self::Left => 1.0,
        }
    }

    /// The hilum of this side's lung, towards which the lung collapses.
    pub fn hilum(self) -> Point {
        match self {
            Self::Right => RIGHT_HILUM,
            Self::Left => LEFT_HILUM,
        }
    }
}

/// The chest to be drawn: its parameters, and outlines as functions of y (or of the distance from the midline).
pub struct Chest {
    pub phantom: Phantom,
    pub pose: Pose,
    body_half: Curve,
    body_depth: Curve,
    pub lung_outer: Curve,
    lung_inner: Curve,
    pub lung_depth: Curve,
    right_dome: Curve,
    left_dome: Curve,
    aorta: Curve,
}

impl Chest {
    #[rustfmt::skip]
    pub fn new(phantom: &Phantom) -> Self {
        Chest {
            phantom: phantom.clone(),
            pose: Pose::new(phantom.rotation, [phantom.body.width, phantom.body.height]),
            // Neck, shoulders, axillae and flanks.
            body_half: Curve::new(&[
                (-0.2, 0.12), (0.0, 0.115), (0.05, 0.125), (0.085, 0.165), (0.115, 0.26), (0.14, 0.36), (0.17, 0.45),
                (0.22, 0.53), (0.32, 0.56), (0.44, 0.53), (0.50, 0.485), (0.56, 0.455), (0.66, 0.44), (0.8, 0.425),
                (1.0, 0.42), (1.2, 0.42),
            ]),
            body_depth: Curve::new(&[
                (-0.2, 0.30), (0.0, 0.30), (0.10, 0.29), (0.2, 0.38), (0.3, 0.48), (0.5, 0.56), (0.7, 0.60), (1.2, 0.62),
            ]),
            lung_outer: Curve::new(&[
                (0.128, 0.108), (0.136, 0.150), (0.155, 0.190), (0.19, 0.228), (0.25, 0.272), (0.34, 0.309), (0.44, 0.331),
                (0.54, 0.348), (0.64, 0.360), (0.74, 0.369), (0.85, 0.372),
            ]),
            lung_inner: Curve::new(&[
                (0.128, 0.105), (0.14, 0.082), (0.17, 0.055), (0.22, 0.032), (0.30, 0.015), (0.6, 0.010), (1.0, 0.010),
            ]),
            lung_depth: Curve::new(&[
                (0.120, 0.0), (0.14, 0.10), (0.18, 0.20), (0.24, 0.30), (0.34, 0.38), (0.45, 0.43), (0.6, 0.46), (1.0, 0.46),
            ]),
            // The heights of the domes of the diaphragm, as functions of the distance from the midline.
            right_dome: Curve::new(&[
                (0.0, 0.655), (0.06, 0.647), (0.12, 0.631), (0.18, 0.626), (0.24, 0.642), (0.30, 0.682), (0.34, 0.730),
                (0.37, 0.80),
            ]),
            left_dome: Curve::new(&[
                (0.0, 0.67), (0.08, 0.668), (0.14, 0.667), (0.20, 0.664), (0.25, 0.676), (0.31, 0.712), (0.345, 0.755),
                (0.372, 0.82),
            ]),
            // The descending aorta's distance left of the midline.
            aorta: Curve::new(&[(0.24, 0.035), (0.29, 0.052), (0.40, 0.050), (0.6, 0.036), (0.8, 0.015), (1.0, 0.0)]),
        }
    }

    /// The transmitted share of the beam along a row, given the layers of bones, vessels and airways.
    #[inline(never)] // see `lib.rs`
    pub fn transmit(&self, row: &mut [f32], y: usize, tubes: [&Layer; 3]) {
        let size = row.len();
        for (x, out) in row.iter_mut().enumerate() {
            let p = self.pose.to_body(pixel_centre(x, y, size));
            let [bones, vessels, airways] = tubes.map(|layer| layer.depth[y * size + x]);
            *out = exp_neg(self.attenuation(p, bones, vessels, airways));
        }
    }

    /// The total attenuation of the beam through `p`, given the depths of the structures that are drawn as tubes.
    fn attenuation(&self, p: Point, bones: f32, vessels: f32, airways: f32) -> f32 {
        let body = self.body(p);
        if body <= 0.0 {
            return 0.0;
        }
        let cavity = self.pleural_cavity(p);
        let lung = self.lung(p, cavity);
        let texture = if cavity > 0.0 { self.texture(p) } else { 0.0 };
        let filled = self.filled(p, texture);
        // Vessels and nodules replace aerated lung, and only where there is any.
        let aerated = least(lung / 0.25, 1.0) * (1.0 - filled);
        let gas = (cavity - lung) + lung * (self.aeration(p) + 0.04 * texture);
        let mut tissue = body + self.breast(p) + self.pleural_line(cavity, lung);
        tissue -= gas * (1.0 - filled) + airways + self.stomach_bubble(p);
        tissue += AERATION * aerated * (vessels + self.hilum(p) + self.nodule(p));
        TISSUE * positive(tissue)
            + CANCELLOUS * self.spine(p)
            + CORTEX * least(bones, body)
            + self.girdle(p)
    }

    /// Neck, shoulders and trunk: a flattened cylinder.
    fn body(&self, p: Point) -> f32 {
        let u = (p[0] - MID) / self.body_half.at(p[1]);
        self.phantom.body.girth * self.body_depth.at(p[1]) * root(root(1.0 - u * u * u * u))
    }

    /// Breasts and pectoral muscles: a faint veil over the lower zones.
    fn breast(&self, p: Point) -> f32 {
        let side = (p[0] - MID).abs();
        const BREAST: Solid = Solid::new([0.225, 0.60], [0.17, 0.13], 0.04, 0.15);
        const PECTORAL: Solid = Solid::new([0.27, 0.30], [0.17, 0.15], 0.05, -0.5);
        self.phantom.body.breasts * deepest(&[BREAST, PECTORAL], [side, p[1]])
    }

    /// The space that a lung can fill: the thorax above the diaphragm, without heart and mediastinum.
    fn pleural_cavity(&self, p: Point) -> f32 {
        let space = self.thorax(p);
        if space <= 0.0 {
            return 0.0;
        }
        positive(space - greatest(self.heart(p), self.mediastinum(p)) - self.aorta(p))
    }

    /// The interior of the thoracic cage above the diaphragm, without the space between the lungs.
    fn thorax(&self, p: Point) -> f32 {
        let out = (p[0] - MID).abs();
        let medial = ((out - self.lung_inner.at(p[1])) / 0.05).clamp(0.0, 1.0);
        let below = p[1] - self.dome(Side::of(p), out);
        // The beam grazes the top of the dome, so the length of its chord grows like a square root.
        positive(self.cage(p) * root(medial) - 3.0 * root(below))
    }

    /// The interior of the thoracic cage.
    fn cage(&self, p: Point) -> f32 {
        let u = (p[0] - MID) / self.lung_outer.at(p[1]);
        self.lung_depth.at(p[1]) * root(1.0 - u * u * u * u)
    }

    /// The lung inside the pleural cavity: all of the cavity, unless the lung on that side has collapsed.
    fn lung(&self, p: Point, cavity: f32) -> f32 {
        let side = Side::of(p);
        if self.lost(side) <= 0.0 {
            return cavity;
        }
        let q = self.uncollapsed(side, p);
        let out = positive(side.sign() * (q[0] - MID));
        let sunk = root(q[1] - self.dome(side, out));
        positive(least(cavity, self.cage([MID + side.sign() * out, q[1]]) - 3.0 * sunk))
    }

    /// The depth of aerated lung that the beam crosses.
    pub fn aerated_depth(&self, p: Point) -> f32 {
        let cavity = self.pleural_cavity(p);
        self.lung(p, cavity) * (1.0 - self.filled(p, 0.0))
    }

    /// The share of the lung that is air; a collapsed lung contains less.
    fn aeration(&self, p: Point) -> f32 {
        AERATION * (1.0 - 0.3 * self.lost(Side::of(p)))
    }

    /// By how much a lung has collapsed, 0 to 1.
    pub fn lost(&self, side: Side) -> f32 {
        match side {
            Side::Right => self.phantom.right_pneumothorax,
            Side::Left => self.phantom.pneumothorax,
        }
    }

    /// The height of the diaphragm's dome at a distance from the midline.
    fn dome(&self, side: Side, out: f32) -> f32 {
        let dome = match side {
            Side::Right => &self.right_dome,
            Side::Left => &self.left_dome,
        };
        dome.at(out) + self.phantom.body.inspiration
    }

    /// The factors by which a lung has shrunk towards its hilum: sideways and upwards, and downwards.
    fn collapse(&self, side: Side) -> (f32, f32) {
        let lost = self.lost(side);
        (1.0 - 0.6 * lost, 1.0 - 0.35 * lost)
    }

    /// Where a point of the expanded lung lies once the lung has collapsed.
    pub fn collapsed(&self, side: Side, p: Point) -> Point {
        let ((up, down), hilum) = (self.collapse(side), side.hilum());
        let d = [p[0] - hilum[0], p[1] - hilum[1]];
        [hilum[0] + d[0] * up, hilum[1] + d[1] * if d[1] < 0.0 { up } else { down }]
    }

    fn uncollapsed(&self, side: Side, p: Point) -> Point {
        let ((up, down), hilum) = (self.collapse(side), side.hilum());
        let d = [p[0] - hilum[0], p[1] - hilum[1]];
        [hilum[0] + d[0] / up, hilum[1] + d[1] / if d[1] < 0.0 { up } else { down }]
    }

    /// The visceral pleura of a collapsed lung, which is seen edge-on as a thin line.
    fn pleural_line(&self, cavity: f32, lung: f32) -> f32 {
        if lung > 0.0 && lung < 0.12 && cavity - lung > 0.06 { 0.022 } else { 0.0 }
    }

    /// The heart: ventricles, right atrium and outflow tract, widened about the midline to the wanted cardiothoracic
    /// ratio.
    fn heart(&self, p: Point) -> f32 {
        const NORMAL: f32 = 0.338 / INNER_WIDTH;
        const VENTRICLES: Solid = Solid::new([MID + 0.0655, 0.540], [0.195, 0.112], 0.33, 0.72);
        const ATRIUM: Solid = Solid::new([MID - 0.042, 0.54], [0.068, 0.13], 0.30, 0.08);
        const OUTFLOW: Solid = Solid::new([MID + 0.050, 0.425], [0.058, 0.12], 0.26, -0.25);
        let wide = self.phantom.heart / NORMAL;
        let tall = 1.0 + 0.4 * (wide - 1.0);
        let q = [MID + (p[0] - MID) / wide, 0.58 + (p[1] - 0.58) / tall];
        deepest(&[VENTRICLES, ATRIUM, OUTFLOW], q)
    }

    /// Central arteries, veins and lymph nodes at the hila.
    fn hilum(&self, p: Point) -> f32 {
        const RIGHT: Solid =
            Solid::new([RIGHT_HILUM[0] - 0.002, RIGHT_HILUM[1]], [0.024, 0.055], 0.06, 0.25);
        const LEFT: Solid =
            Solid::new([LEFT_HILUM[0] - 0.002, LEFT_HILUM[1]], [0.027, 0.045], 0.06, -0.3);
        deepest(&[RIGHT, LEFT], p)
    }

    /// Great vessels with the aortic knob, and the tissue around the trachea.
    fn mediastinum(&self, p: Point) -> f32 {
        const KNOB: Solid = Solid::new([MID + 0.046, 0.285], [0.042, 0.042], 0.24, 0.0);
        const CAVA: Solid = Solid::new([MID - 0.022, 0.37], [0.064, 0.25], 0.30, 0.03);
        const UPPER: Solid = Solid::new([MID, 0.31], [0.068, 0.27], 0.28, 0.0);
        const FOOT: Solid = Solid::new([MID + 0.02, 0.70], [0.115, 0.11], 0.34, 0.0);
        const TRUNK: Solid = Solid::new([MID + 0.042, 0.375], [0.054, 0.09], 0.26, -0.3);
        deepest(&[KNOB, CAVA, UPPER, TRUNK, FOOT], p)
    }

    /// The descending aorta, whose left edge is visible through the heart.
    fn aorta(&self, p: Point) -> f32 {
        const RADIUS: f32 = 0.026;
        if p[1] < 0.25 {
            return 0.0;
        }
        let d = p[0] - MID - self.aorta.at(p[1]);
        root(RADIUS * RADIUS - d * d) * 1.4
    }

    /// The gas bubble in the stomach under the left dome, above an air-fluid level.
    fn stomach_bubble(&self, p: Point) -> f32 {
        const FUNDUS: Solid = Solid::new([MID + 0.165, 0.742], [0.072, 0.046], 0.10, -0.1);
        FUNDUS.chord(p) * smooth((0.752 - p[1]) / 0.008)
    }

    /// The share of the lung's air that effusion and consolidation replace, 0 to 1.
    fn filled(&self, p: Point, texture: f32) -> f32 {
        let fluid = self.effusion(p);
        let patch = self.consolidation(p) * (0.85 + 0.15 * texture);
        1.0 - (1.0 - fluid) * (1.0 - patch)
    }

    /// Free fluid around a lung, whose edge climbs the chest wall as a meniscus.
    fn effusion(&self, p: Point) -> f32 {
        let side = Side::of(p);
        let amount = match side {
            Side::Right => self.phantom.effusion,
            Side::Left => self.phantom.left_effusion,
        };
        if amount <= 0.0 {
            return 0.0;
        }
        let u = side.sign() * (p[0] - MID) / self.lung_outer.at(p[1]);
        let level = 0.785 + self.phantom.body.inspiration - 0.45 * amount;
        let meniscus = level - 0.17 * root(amount) * u * u * u * u - 0.02 * (1.0 - u);
        smooth((p[1] - meniscus) / 0.075)
    }

    /// The share of the lung's air that consolidation replaces. It stays within the lung in which its centre lies.
    fn consolidation(&self, p: Point) -> f32 {
        let centre = self.phantom.consolidation_centre;
        if self.phantom.consolidation <= 0.0 || Side::of(p) != Side::of(centre) {
            return 0.0;
        }
        let d = [(p[0] - centre[0]) / 0.17, (p[1] - centre[1]) / 0.135];
        let core = 1.0 - d[0] * d[0] - d[1] * d[1];
        let ragged = 0.35 * value_noise(p, 13.0, self.phantom.seed)
            + 0.2 * value_noise(p, 31.0, self.phantom.seed);
        self.phantom.consolidation * smooth(0.75 * (core + ragged))
    }

    fn nodule(&self, p: Point) -> f32 {
        self.phantom.nodule.map_or(0.0, |n| {
            let centre = self.pose.to_body([n.x, n.y]);
            Solid::new(centre, [n.radius; 2], 2.0 * n.radius, 0.0).chord(p)
        })
    }

    /// Whether `q`, a point of the image, lies on the patient's right, which is the viewer's left.
    pub fn is_right(&self, q: Point) -> bool {
        self.pose.to_body(q)[0] < MID
    }

    /// Whether `finding` is visible at `q`, a point of the image.
    pub fn shows(&self, finding: &str, q: Point) -> bool {
        let p = self.pose.to_body(q);
        match finding {
            EFFUSION => self.effusion(p) > 0.3 && self.pleural_cavity(p) > 0.03,
            // The roots of the great vessels above the hila do not count as heart.
            CARDIOMEGALY => {
                self.phantom.heart > ENLARGED && self.heart(p) > 0.0 && p[1] > LEFT_HILUM[1] - 0.05
            }
            PNEUMOTHORAX => {
                let cavity = self.pleural_cavity(p);
                cavity - self.lung(p, cavity) > 0.05
            }
            CONSOLIDATION => self.consolidation(p) > 0.15 && self.pleural_cavity(p) > 0.05,
            _ => self.nodule(p) > 0.0,
        }
    }

    /// Fine irregularities of the lung, from about -1 to 1.
    fn texture(&self, p: Point) -> f32 {
        let seed = self.phantom.seed;
        0.5 * value_noise(p, 28.0, seed)
            + 0.3 * value_noise(p, 75.0, seed ^ 1)
            + 0.2 * value_noise(p, 170.0, seed ^ 2)
    }

    /// Vertebral bodies with disc spaces and pedicles, as a depth of cancellous bone.
    fn spine(&self, p: Point) -> f32 {
        let side = (p[0] - MID).abs();
        if side > 0.12 {
            return 0.0;
        }
        let level = p[1] * (21.0 - 3.2 * p[1]) + 0.3;
        let part = level - level.floor(); // 0 at the top of a disc, 1 at the foot of the body beneath it
        let waist = 1.0 - 0.13 * 4.0 * part * (1.0 - part);
        let half = (0.036 + 0.016 * p[1].clamp(0.0, 1.0)) * waist;
        let across = root(1.0 - (side / half) * (side / half));
        let endplate = bump((part - 0.2) / 0.08) + bump((part - 0.96) / 0.08);
        let disc = bump((part - 0.08) / 0.11);
        let body = (0.05 + 0.04 * p[1].clamp(0.0, 1.0)) * (1.0 - 0.45 * disc + 0.15 * endplate);
        let pedicle = ring([side - half * 0.62, (part - 0.42) * 0.036], 0.0085, 0.003);
        const PROCESS: Solid = Solid::new([0.0, 0.80], [0.007, 0.24], 0.04, 0.0);
        let transverse =
            Solid::new([half * 1.25, 0.40], [0.024, 0.17], 0.022, 0.0).chord([side, part]);
        body * across + 0.015 * pedicle + PROCESS.chord([side, part]) + transverse
    }

    /// Scapular blades and humeral heads, as attenuation.
    fn girdle(&self, p: Point) -> f32 {
        let q = [(p[0] - MID).abs(), p[1]];
        const HEAD: Solid = Solid::new([0.475, 0.215], [0.042, 0.046], 0.09, 0.0);
        // The blade: a triangle between medial border, lateral border and spine.
        let medial = q[0] - (0.319 + 0.08 * (q[1] - 0.2));
        let lateral = (0.435 - 0.29 * (q[1] - 0.22)) - q[0];
        let inside = [lateral, q[1] - 0.185 + 0.1 * (q[0] - 0.33), 0.475 - q[1]]
            .into_iter()
            .fold(medial, least);
        CANCELLOUS * HEAD.chord(q) + 0.22 * smooth(inside / 0.012)
    }
}
