//! A synthetic PA chest radiograph, drawn by attenuation.
//!
//! The chest is a handful of simple solids. For every pixel we add up how much soft tissue, bone and air
//! the beam crosses, attenuate it exponentially, add scatter and quantum noise, and develop the result
//! with a film's sigmoid curve. No patient is involved, and the findings drawn are known exactly.
//!
//! Coordinates are fractions of the image's width, y downwards; the patient faces the viewer, so the
//! patient's right is on the left. Lengths along the beam use the same unit (about 38 cm). Only IEEE
//! arithmetic and square roots are used, so that every target draws the same bytes.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// The largest picture drawn, in pixels a side; larger requests get this.
pub const MAX_SIZE: usize = 4096;

/// What to draw. Lengths are fractions of the image's width unless said otherwise.
/// Values out of range are clamped, and NaN reads as the default: a normal adult PA chest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Phantom {
    /// Level of a right pleural effusion (viewer's left): 0 none ..= 1 most of the lung.
    pub effusion: f32,
    /// Cardiothoracic ratio: heart's width over the inner width of the chest, 0.40 ..= 0.70.
    pub heart: f32,
    /// A solitary round nodule.
    pub nodule: Option<Nodule>,
    /// Collapse of the left lung (viewer's right): 0 none ..= 1 nearly complete.
    pub pneumothorax: f32,
    /// Density of an ill-defined consolidation in the right lower zone: 0 none ..= 1 airless.
    pub consolidation: f32,
    /// Exposure, from -1 (too light a film) to 1 (too dark).
    pub exposure: f32,
    /// Rotation in the image's plane, degrees clockwise, -15 ..= 15.
    pub rotation: f32,
    /// Seed of the vessels' branching, the lung's texture and the noise.
    pub seed: u64,
}

/// A round nodule, in fractions of the image (after rotation).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Nodule {
    /// Centre, from the left edge.
    pub x: f32,
    /// Centre, from the top edge.
    pub y: f32,
    /// Radius, 0.005 ..= 0.1.
    pub radius: f32,
}

/// Where a drawn finding lies: a box in fractions of the image, `x` and `y` its top left corner.
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

/// A named example.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Example {
    /// Key for [`Phantom::example`].
    pub name: &'static str,
    /// Title to show.
    pub title: &'static str,
    /// The finding it shows.
    pub finding: Option<&'static str>,
    /// How to draw it.
    pub params: Phantom,
}

const EFFUSION: &str = "Pleural Effusion";
const CARDIOMEGALY: &str = "Cardiomegaly";
const PNEUMOTHORAX: &str = "Pneumothorax";
const CONSOLIDATION: &str = "Pulmonary Consolidation";
const NODULE: &str = "Lung Nodule";

/// A heart wider than half the chest is called enlarged.
const ENLARGED: f32 = 0.5;

/// A normal adult.
const NORMAL: Phantom = Phantom {
    effusion: 0.0,
    heart: 0.47,
    nodule: None,
    pneumothorax: 0.0,
    consolidation: 0.0,
    exposure: 0.0,
    rotation: 0.0,
    seed: 1,
};

impl Default for Phantom {
    fn default() -> Self {
        NORMAL
    }
}

impl Phantom {
    /// The examples on offer.
    pub const EXAMPLES: [Example; 4] = [
        Example { name: "normal", title: "Normal chest", finding: None, params: NORMAL },
        Example {
            name: "effusion",
            title: "Right pleural effusion",
            finding: Some(EFFUSION),
            params: Phantom { effusion: 0.45, seed: 2, ..NORMAL },
        },
        Example {
            name: "cardiomegaly",
            title: "Enlarged heart",
            finding: Some(CARDIOMEGALY),
            params: Phantom { heart: 0.62, seed: 3, ..NORMAL },
        },
        Example {
            name: "pneumothorax",
            title: "Left pneumothorax",
            finding: Some(PNEUMOTHORAX),
            params: Phantom { pneumothorax: 0.5, seed: 4, ..NORMAL },
        },
    ];

    /// The parameters of a named example.
    pub fn example(name: &str) -> Option<Phantom> {
        Self::EXAMPLES
            .into_iter()
            .find(|example| example.name == name)
            .map(|example| example.params)
    }

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
        develop(&beam, size, &chest.phantom)
    }

    /// Where the drawn findings lie; empty for a chest without any.
    pub fn truth(&self) -> Vec<Truth> {
        const GRID: usize = 192;
        let chest = Chest::new(&self.clamped());
        let mut found = Vec::new();
        for finding in [EFFUSION, CARDIOMEGALY, PNEUMOTHORAX, CONSOLIDATION, NODULE] {
            let (mut low, mut high) = ([1.0_f32; 2], [0.0_f32; 2]);
            for q in pixel_centres(GRID) {
                if chest.shows(finding, q) {
                    low = [low[0].min(q[0]), low[1].min(q[1])];
                    high = [high[0].max(q[0]), high[1].max(q[1])];
                }
            }
            if low[0] <= high[0] {
                let cell = 1.0 / GRID as f32;
                let (x, y) = (low[0] - cell / 2.0, low[1] - cell / 2.0);
                let (width, height) = (high[0] - low[0] + cell, high[1] - low[1] + cell);
                found.push(Truth { finding, x, y, width, height });
            }
        }
        found
    }

    fn clamped(&self) -> Phantom {
        let normal = Phantom::default();
        let fix = |v: f32, low: f32, high: f32, default: f32| {
            if v.is_nan() { default } else { v.clamp(low, high) }
        };
        let whole = |n: &Nodule| !(n.x.is_nan() || n.y.is_nan() || n.radius.is_nan());
        Phantom {
            effusion: fix(self.effusion, 0.0, 1.0, normal.effusion),
            heart: fix(self.heart, 0.40, 0.70, normal.heart),
            nodule: self.nodule.filter(whole).map(|n| Nodule {
                x: n.x.clamp(0.0, 1.0),
                y: n.y.clamp(0.0, 1.0),
                radius: n.radius.clamp(0.005, 0.1),
            }),
            pneumothorax: fix(self.pneumothorax, 0.0, 1.0, normal.pneumothorax),
            consolidation: fix(self.consolidation, 0.0, 1.0, normal.consolidation),
            exposure: fix(self.exposure, -1.0, 1.0, normal.exposure),
            rotation: fix(self.rotation, -15.0, 15.0, normal.rotation),
            seed: self.seed,
        }
    }
}

// ---- Materials: attenuation over one image width ----

/// Soft tissue: about 0.19 per cm at a chest tube's 120 kV.
const TISSUE: f32 = 7.2;
/// What cancellous bone (vertebral bodies) adds to the tissue it replaces.
const CANCELLOUS: f32 = 3.0;
/// What cortical bone adds to the tissue it replaces.
const CORTEX: f32 = 13.0;
/// Share of an aerated lung's volume that is air.
const AERATION: f32 = 0.76;

// ---- Anatomy ----

/// The midline.
const MID: f32 = 0.5;
/// Inner width of the chest at its widest above the diaphragm, against which the heart is measured.
const INNER_WIDTH: f32 = 0.72;
/// Root of the left lung, towards which it collapses.
const LEFT_HILUM: Point = [MID + 0.085, 0.43];
const RIGHT_HILUM: Point = [MID - 0.085, 0.45];

type Point = [f32; 2];

/// The chest to draw: parameters, and outlines tabulated against y (or distance from the midline).
struct Chest {
    phantom: Phantom,
    view: View,
    body_half: Curve,
    body_depth: Curve,
    lung_outer: Curve,
    lung_inner: Curve,
    lung_depth: Curve,
    right_dome: Curve,
    left_dome: Curve,
    aorta: Curve,
}

impl Chest {
    #[rustfmt::skip]
    fn new(phantom: &Phantom) -> Self {
        Chest {
            phantom: phantom.clone(),
            view: View::new(phantom.rotation),
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
            // Height of the domes' crests, against distance from the midline.
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

    /// What of the beam arrives along a row, given the tubes of bone, blood and air.
    #[inline(never)] // see `lib.rs`
    fn transmit(&self, row: &mut [f32], y: usize, tubes: [&Layer; 3]) {
        let size = row.len();
        for (x, out) in row.iter_mut().enumerate() {
            let p = self.view.to_body(pixel_centre(x, y, size));
            let [bones, vessels, airways] = tubes.map(|layer| layer.depth[y * size + x]);
            *out = exp_neg(self.attenuation(p, bones, vessels, airways));
        }
    }

    /// The beam's total attenuation through `p`, given the depths of the structures drawn as tubes.
    fn attenuation(&self, p: Point, bones: f32, vessels: f32, airways: f32) -> f32 {
        let body = self.body(p);
        if body <= 0.0 {
            return 0.0;
        }
        let cavity = self.pleural_cavity(p);
        let lung = self.lung(p, cavity);
        let texture = if cavity > 0.0 { self.texture(p) } else { 0.0 };
        let filled = self.filled(p, texture);
        // Vessels and nodules replace aerated lung only where there is any.
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
        self.body_depth.at(p[1]) * root(root(1.0 - u * u * u * u))
    }

    /// Breasts and pectoral muscles: a faint veil over the lower zones.
    fn breast(&self, p: Point) -> f32 {
        let side = (p[0] - MID).abs();
        const BREAST: Solid = Solid::new([0.225, 0.60], [0.17, 0.13], 0.04, 0.15);
        const PECTORAL: Solid = Solid::new([0.27, 0.30], [0.17, 0.15], 0.05, -0.5);
        deepest(&[BREAST, PECTORAL], [side, p[1]])
    }

    /// The space a lung can take: chest wall, less diaphragm, heart and mediastinum.
    fn pleural_cavity(&self, p: Point) -> f32 {
        let space = self.thorax(p);
        if space <= 0.0 {
            return 0.0;
        }
        positive(space - greatest(self.heart(p), self.mediastinum(p)) - self.aorta(p))
    }

    /// The thoracic cage's inside above the diaphragm, less the space between the lungs.
    fn thorax(&self, p: Point) -> f32 {
        let side = (p[0] - MID).abs();
        let medial = ((side - self.lung_inner.at(p[1])) / 0.05).clamp(0.0, 1.0);
        let dome = if p[0] < MID { &self.right_dome } else { &self.left_dome };
        let below = p[1] - dome.at(side);
        // The beam grazes the dome's crest, so the chord through it opens like a square root.
        positive(self.cage(p) * root(medial) - 3.0 * root(below))
    }

    /// The thoracic cage's inside.
    fn cage(&self, p: Point) -> f32 {
        let u = (p[0] - MID) / self.lung_outer.at(p[1]);
        self.lung_depth.at(p[1]) * root(1.0 - u * u * u * u)
    }

    /// Lung within the pleural cavity: all of it, unless the left one has collapsed.
    fn lung(&self, p: Point, cavity: f32) -> f32 {
        if self.phantom.pneumothorax <= 0.0 || p[0] < MID {
            return cavity;
        }
        let q = self.uncollapsed(p);
        let side = positive(q[0] - MID);
        let sunk = root(q[1] - self.left_dome.at(side));
        positive(least(cavity, self.cage([MID + side, q[1]]) - 3.0 * sunk))
    }

    /// Share of the lung that is air; a collapsed lung holds less.
    fn aeration(&self, p: Point) -> f32 {
        AERATION * if p[0] > MID { 1.0 - 0.3 * self.phantom.pneumothorax } else { 1.0 }
    }

    /// How far the left lung has shrunk towards its hilum: (sideways and upwards, downwards).
    fn collapse(&self) -> (f32, f32) {
        let lost = self.phantom.pneumothorax;
        (1.0 - 0.6 * lost, 1.0 - 0.35 * lost)
    }

    fn collapsed(&self, p: Point) -> Point {
        let (up, down) = self.collapse();
        let d = [p[0] - LEFT_HILUM[0], p[1] - LEFT_HILUM[1]];
        [LEFT_HILUM[0] + d[0] * up, LEFT_HILUM[1] + d[1] * if d[1] < 0.0 { up } else { down }]
    }

    fn uncollapsed(&self, p: Point) -> Point {
        let (up, down) = self.collapse();
        let d = [p[0] - LEFT_HILUM[0], p[1] - LEFT_HILUM[1]];
        [LEFT_HILUM[0] + d[0] / up, LEFT_HILUM[1] + d[1] / if d[1] < 0.0 { up } else { down }]
    }

    /// The visceral pleura of a collapsed lung, seen on edge as a thin line.
    fn pleural_line(&self, cavity: f32, lung: f32) -> f32 {
        if lung > 0.0 && lung < 0.12 && cavity - lung > 0.06 { 0.022 } else { 0.0 }
    }

    /// The heart: ventricles and right atrium, widened about the midline to the wanted ratio.
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

    /// Central arteries, veins and nodes at the lungs' roots.
    fn hilum(&self, p: Point) -> f32 {
        const RIGHT: Solid =
            Solid::new([RIGHT_HILUM[0] - 0.002, RIGHT_HILUM[1]], [0.024, 0.055], 0.06, 0.25);
        const LEFT: Solid =
            Solid::new([LEFT_HILUM[0] - 0.002, LEFT_HILUM[1]], [0.027, 0.045], 0.06, -0.3);
        deepest(&[RIGHT, LEFT], p)
    }

    /// Great vessels and the tissue about the trachea, with the aortic knob.
    fn mediastinum(&self, p: Point) -> f32 {
        const KNOB: Solid = Solid::new([MID + 0.046, 0.285], [0.042, 0.042], 0.24, 0.0);
        const CAVA: Solid = Solid::new([MID - 0.022, 0.37], [0.064, 0.25], 0.30, 0.03);
        const UPPER: Solid = Solid::new([MID, 0.31], [0.068, 0.27], 0.28, 0.0);
        const FOOT: Solid = Solid::new([MID + 0.02, 0.70], [0.115, 0.11], 0.34, 0.0);
        const TRUNK: Solid = Solid::new([MID + 0.042, 0.375], [0.054, 0.09], 0.26, -0.3);
        deepest(&[KNOB, CAVA, UPPER, TRUNK, FOOT], p)
    }

    /// The descending aorta, whose left edge shows through the heart.
    fn aorta(&self, p: Point) -> f32 {
        const RADIUS: f32 = 0.026;
        if p[1] < 0.25 {
            return 0.0;
        }
        let d = p[0] - MID - self.aorta.at(p[1]);
        root(RADIUS * RADIUS - d * d) * 1.4
    }

    /// Gas under the left dome, above a level of fluid.
    fn stomach_bubble(&self, p: Point) -> f32 {
        const FUNDUS: Solid = Solid::new([MID + 0.165, 0.742], [0.072, 0.046], 0.10, -0.1);
        FUNDUS.chord(p) * smooth((0.752 - p[1]) / 0.008)
    }

    /// How much of the lung's air is replaced: effusion and consolidation, 0 to 1.
    fn filled(&self, p: Point, texture: f32) -> f32 {
        let fluid = self.effusion(p);
        let patch = self.consolidation(p) * (0.85 + 0.15 * texture);
        1.0 - (1.0 - fluid) * (1.0 - patch)
    }

    /// Free fluid about the right lung: its edge climbs the chest wall as a meniscus.
    fn effusion(&self, p: Point) -> f32 {
        let amount = self.phantom.effusion;
        if amount <= 0.0 || p[0] > MID {
            return 0.0;
        }
        let u = (MID - p[0]) / self.lung_outer.at(p[1]);
        let level = 0.785 - 0.45 * amount;
        let meniscus = level - 0.17 * root(amount) * u * u * u * u - 0.02 * (1.0 - u);
        smooth((p[1] - meniscus) / 0.075)
    }

    fn consolidation(&self, p: Point) -> f32 {
        if self.phantom.consolidation <= 0.0 || p[0] > MID {
            return 0.0;
        }
        let d = [(p[0] - MID + 0.20) / 0.17, (p[1] - 0.56) / 0.135];
        let core = 1.0 - d[0] * d[0] - d[1] * d[1];
        let ragged = 0.35 * value_noise(p, 13.0, self.phantom.seed)
            + 0.2 * value_noise(p, 31.0, self.phantom.seed);
        self.phantom.consolidation * smooth(0.75 * (core + ragged))
    }

    fn nodule(&self, p: Point) -> f32 {
        self.phantom.nodule.map_or(0.0, |n| {
            let centre = self.view.to_body([n.x, n.y]);
            Solid::new(centre, [n.radius; 2], 2.0 * n.radius, 0.0).chord(p)
        })
    }

    /// Whether `finding` shows at `q`, a point of the image.
    fn shows(&self, finding: &str, q: Point) -> bool {
        let p = self.view.to_body(q);
        match finding {
            EFFUSION => self.effusion(p) > 0.3 && self.pleural_cavity(p) > 0.03,
            // The great vessels' roots above the hila do not count.
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

    /// Fine irregularity of the lung, about -1 to 1.
    fn texture(&self, p: Point) -> f32 {
        let seed = self.phantom.seed;
        0.5 * value_noise(p, 28.0, seed)
            + 0.3 * value_noise(p, 75.0, seed ^ 1)
            + 0.2 * value_noise(p, 170.0, seed ^ 2)
    }

    /// Vertebral bodies with disc spaces and pedicles, in depth of cancellous bone.
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

    /// Scapular blades and humeral heads, in attenuation.
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

    /// Ribs, clavicles and the borders of scapulae and humeri, in depth of cortical bone.
    fn bones(&self, size: usize) -> Layer {
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

    /// One rib, from the spine round the chest wall to the costal cartilage.
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
            // Its direction: sideways, down, and along the beam, where the beam crosses more of it.
            let (dx, dy, dz) = (reach * cos, drop * sin / 2.0 - 0.012 * cos, depth * sin);
            let flat = length(dx, dy);
            let slant = (length(flat, dz) / flat).min(2.0);
            let radius = if k == 0 { 0.0105 } else { 0.0065 + 0.0065 * dx.abs() / flat };
            let fade = smooth((1.0 - share) * 5.0) * smooth(0.3 + share * 9.0);
            // The thinner front half, towards the cartilage, shows less.
            let weight = 0.8 + 0.2 * cos;
            beads.push(Bead { at, radius, weight: weight * slant * fade });
        }
        layer.tube(&self.view, &beads, &|q| cortical(q, 0.8));
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
        layer.tube(&self.view, &thread(&points, radius, weight), &|q| cortical(q, 0.72));
    }

    /// Trachea and main bronchi, in depth of air.
    fn airways(&self, size: usize) -> Layer {
        let mut layer = Layer::new(size, greatest);
        let trachea = [[MID, -0.2], [MID, 0.12], [MID - 0.004, 0.25], [MID, 0.345]];
        let right =
            [[MID - 0.004, 0.34], [MID - 0.035, 0.385], [MID - 0.062, 0.435], [MID - 0.075, 0.49]];
        let left = [[MID + 0.004, 0.34], [MID + 0.045, 0.395], [MID + 0.085, 0.43]];
        layer.tube(&self.view, &thread(&trachea, 0.022, 1.0), &solid);
        layer.tube(&self.view, &thread(&right, 0.014, 1.0), &solid);
        layer.tube(&self.view, &thread(&left, 0.012, 1.0), &solid);
        layer
    }

    /// The hila and the pulmonary vessels that branch from them, in depth of blood.
    fn vessels(&self, size: usize) -> Layer {
        const TRUNKS: usize = 9;
        let mut layer = Layer::new(size, greatest);
        let mut rng = SplitMix(self.phantom.seed);
        for side in [-1.0, 1.0] {
            let hilum = if side < 0.0 { RIGHT_HILUM } else { LEFT_HILUM };
            // Trunks leave the hilum in a fan, upwards to downwards, the lower ones stouter.
            for n in 0..TRUNKS {
                let angle = 0.1 + 2.95 * (n as f32 + 0.3 * rng.signed()) / (TRUNKS - 1) as f32;
                let start =
                    [hilum[0] + side * 0.012 * rng.signed(), hilum[1] + 0.03 * (angle - 1.5)];
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

    /// One vessel and, from its end, two thinner ones.
    fn vessel(&self, layer: &mut Layer, rng: &mut SplitMix, twig: Twig) {
        /// Vessels stand out more than their calibre alone would make them: most run in company.
        const VESSEL: f32 = 2.6;
        /// Of a pixel's width; what is finer cannot be seen.
        const FAINT: f32 = 0.2;
        if twig.radius < 0.0007 || twig.order > 8 {
            return;
        }
        let left = twig.side > 0.0 && self.phantom.pneumothorax > 0.0;
        let bend = 0.5 * rng.signed();
        // Vessels finer than a pixel are drawn as wide as one, and fainter.
        let radius = twig.radius.max(0.8 / layer.size as f32);
        let (mut p, mut beads) = (twig.start, Vec::with_capacity(4));
        for i in 0..4 {
            let narrow = 1.0 - 0.08 * i as f32;
            let thin = twig.radius / radius * narrow;
            beads.push(Bead {
                at: if left { self.collapsed(p) } else { p },
                radius: radius * narrow,
                weight: VESSEL * thin,
            });
            if i < 3 {
                let (sin, cos) = sin_cos(twig.angle + bend * (i as f32 - 1.0));
                p = [p[0] + twig.side * sin * twig.length / 3.0, p[1] - cos * twig.length / 3.0];
            }
        }
        if twig.radius > FAINT * radius {
            layer.tube(&self.view, &beads, &solid);
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

/// A stretch of vessel: `angle` in radians from straight up towards the `side` (-1 right, 1 left).
#[derive(Clone, Copy)]
struct Twig {
    start: Point,
    side: f32,
    angle: f32,
    radius: f32,
    length: f32,
    order: u32,
}

// ---- Shapes ----

/// The patient's rotation in the image's plane, about its centre.
struct View {
    sin: f32,
    cos: f32,
}

impl View {
    fn new(degrees: f32) -> Self {
        let (sin, cos) = sin_cos(degrees * std::f32::consts::PI / 180.0);
        View { sin, cos }
    }

    fn to_body(&self, q: Point) -> Point {
        let d = [q[0] - 0.5, q[1] - 0.5];
        [0.5 + d[0] * self.cos + d[1] * self.sin, 0.5 - d[0] * self.sin + d[1] * self.cos]
    }

    fn to_image(&self, p: Point) -> Point {
        let d = [p[0] - 0.5, p[1] - 0.5];
        [0.5 + d[0] * self.cos - d[1] * self.sin, 0.5 + d[0] * self.sin + d[1] * self.cos]
    }
}

/// An ellipsoid: centre, semi-axes in the image's plane turned by `tilt` radians, greatest depth.
struct Solid {
    centre: Point,
    axes: Point,
    reach: f32,
    depth: f32,
    tilt: (f32, f32),
}

impl Solid {
    const fn new(centre: Point, axes: Point, depth: f32, tilt: f32) -> Self {
        let reach = axes[0].max(axes[1]);
        Solid { centre, axes, reach, depth, tilt: sin_cos(tilt) }
    }

    /// Length of the beam inside.
    fn chord(&self, p: Point) -> f32 {
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

/// Length of the beam inside the solid that it crosses furthest.
fn deepest(solids: &[Solid], p: Point) -> f32 {
    solids.iter().fold(0.0, |depth, s| greatest(s.chord(p), depth))
}

/// A smooth curve through points of increasing abscissa, tabulated; level beyond its ends.
struct Curve(Vec<f32>);

impl Curve {
    const LOW: f32 = -0.25;
    const SPAN: f32 = 1.5;
    const CELLS: usize = 600;

    fn new(knots: &[(f32, f32)]) -> Self {
        let cell = |i: usize| Self::LOW + Self::SPAN * i as f32 / Self::CELLS as f32;
        Curve((0..=Self::CELLS).map(|i| hermite(knots, cell(i))).collect())
    }

    fn at(&self, t: f32) -> f32 {
        let s = ((t - Self::LOW) / Self::SPAN).clamp(0.0, 1.0) * Self::CELLS as f32;
        let i = (s as usize).min(Self::CELLS - 1);
        self.0[i] + (self.0[i + 1] - self.0[i]) * (s - i as f32)
    }
}

/// A cubic through `knots` at `t`, with slopes from neighbouring knots.
fn hermite(knots: &[(f32, f32)], t: f32) -> f32 {
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

/// Depths of tubes drawn over one another.
struct Layer {
    size: usize,
    depth: Vec<f32>,
    /// How a tube's depth joins what lies there.
    blend: fn(f32, f32) -> f32,
    /// While a tube is drawn: distance from its axis (in radii) and its radius times weight.
    near: Vec<(f32, f32)>,
}

const UNREACHED: (f32, f32) = (1.0, 0.0);

/// A point of a tube's axis; `weight` scales the depth there.
#[derive(Clone, Copy)]
struct Bead {
    at: Point,
    radius: f32,
    weight: f32,
}

impl Layer {
    #[inline(never)] // see `lib.rs`
    fn new(size: usize, blend: fn(f32, f32) -> f32) -> Self {
        Layer { size, blend, depth: vec![0.0; size * size], near: vec![UNREACHED; size * size] }
    }

    /// A tube along `beads`. `section` gives its depth, for a unit radius, at a share (0 to 1) of the radius
    /// from the axis.
    fn tube(&mut self, view: &View, beads: &[Bead], section: &dyn Fn(f32) -> f32) {
        let size = self.size;
        let beads: Vec<Bead> =
            beads.iter().map(|b| Bead { at: view.to_image(b.at), ..*b }).collect();
        // First the nearest stretch of the tube at each pixel, then its depth there.
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

/// The columns and rows that a stretch of tube may reach.
fn pixels_about(a: Bead, b: Bead, size: usize) -> [Range<usize>; 2] {
    [0, 1].map(|k| {
        let low = least(a.at[k] - a.radius, b.at[k] - b.radius);
        let high = greatest(a.at[k] + a.radius, b.at[k] + b.radius);
        let pixel = |at: f32| (at * size as f32) as usize;
        pixel(low).min(size)..(pixel(high) + 1).min(size)
    })
}

/// Beads of even radius and weight on a smooth path through `points`, four to each stretch.
fn thread(points: &[Point], radius: f32, weight: f32) -> Vec<Bead> {
    let axis = |k: usize| -> Vec<(f32, f32)> {
        points.iter().enumerate().map(|(i, p)| (i as f32, p[k])).collect()
    };
    let (xs, ys) = (axis(0), axis(1));
    let place = |t: f32| [hermite(&xs, t), hermite(&ys, t)];
    (0..=4 * (points.len() - 1))
        .map(|i| Bead { at: place(i as f32 / 4.0), radius, weight })
        .collect()
}

/// Depth across a solid rod of unit radius.
fn solid(off: f32) -> f32 {
    2.0 * root(1.0 - off * off)
}

/// Cortical depth across a tubular bone of unit radius, whose marrow starts at `marrow`.
fn cortical(off: f32, marrow: f32) -> f32 {
    2.0 * root(1.0 - off * off) - 1.5 * root(marrow * marrow - off * off)
}

/// A soft ring of unit height about the origin.
fn ring(d: Point, radius: f32, width: f32) -> f32 {
    bump((length(d[0], d[1]) - radius) / width)
}

// ---- Film ----

/// Adds scatter and noise to the transmitted beam and develops it into grey, bright where little arrived.
#[inline(never)] // see `lib.rs`
fn develop(beam: &[f32], size: usize, phantom: &Phantom) -> Vec<u8> {
    /// Share of the primary beam around a point that reaches it as scatter.
    const SCATTER: f32 = 0.08;
    /// Noise of a pixel that the unattenuated beam reaches.
    const QUANTUM: f32 = 0.0035;
    /// Exposure that turns a beam weakened by the chest wall and lung dark grey.
    const SPEED: f32 = 17.0;
    /// How much detail is strengthened.
    const DETAIL: f32 = 0.55;
    let scatter = blur(beam, size, (size / 16).max(1));
    let speed = SPEED * (1.0 + 0.6 * phantom.exposure) / (1.0 - 0.3 * phantom.exposure);
    let mut rng = SplitMix(phantom.seed ^ 0x6E6F_6973_6521);
    let film = |(primary, scatter): (&f32, &f32)| {
        let arrived = (1.0 - SCATTER) * primary + SCATTER * scatter;
        let noisy = positive(arrived + QUANTUM * arrived.sqrt() * rng.normal());
        let light = speed * noisy;
        1.0 / (1.0 + light * root(root(light)))
    };
    let film: Vec<f32> = beam.iter().zip(&scatter).map(film).collect();
    // Digital systems show detail stronger than broad shadows.
    let broad = blur(&film, size, size / 32);
    let grey =
        |(film, broad): (&f32, &f32)| (255.0 * (0.94 * film + DETAIL * (film - broad)) + 4.5) as u8;
    film.iter().zip(&broad).map(grey).collect()
}

/// Mean over a square of `2 * radius + 1` pixels, taken twice; the edge repeated.
fn blur(image: &[f32], size: usize, radius: usize) -> Vec<f32> {
    let once = blur_and_turn(image, size, radius);
    (0..3).fold(once, |image, _| blur_and_turn(&image, size, radius))
}

/// Mean along rows, which become columns.
fn blur_and_turn(image: &[f32], size: usize, radius: usize) -> Vec<f32> {
    let (r, share) = (radius as isize, 1.0 / (2 * radius + 1) as f32);
    let mut out = vec![0.0; image.len()];
    for (y, row) in image.chunks_exact(size).enumerate() {
        let at = |x: isize| row[x.clamp(0, size as isize - 1) as usize];
        let mut sum: f32 = (-r..=r).map(at).sum();
        for x in 0..size {
            out[x * size + y] = sum * share;
            sum += at(x as isize + r + 1) - at(x as isize - r);
        }
    }
    out
}

// ---- Arithmetic that every target does alike ----

fn pixel_centre(x: usize, y: usize, size: usize) -> Point {
    [x, y].map(|i| (i as f32 + 0.5) / size as f32)
}

/// Row by row.
fn pixel_centres(size: usize) -> impl Iterator<Item = Point> {
    (0..size).flat_map(move |y| (0..size).map(move |x| pixel_centre(x, y, size)))
}

/// Square root, 0 for negative numbers.
fn root(x: f32) -> f32 {
    positive(x).sqrt()
}

/// `f32::max` and `f32::min` are calls in WebAssembly, for the sake of NaN.
fn greatest(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

fn least(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

fn positive(x: f32) -> f32 {
    greatest(x, 0.0)
}

/// Whether a point is further from the origin than `reach`, for sure: most of what is drawn is small, and this is cheap.
fn beyond(p: Point, reach: f32) -> bool {
    p[0] * p[0] + p[1] * p[1] > 1.001 * reach * reach
}

fn length(x: f32, y: f32) -> f32 {
    (x * x + y * y).sqrt()
}

/// 0 below 0, 1 above 1, and smooth between.
fn smooth(x: f32) -> f32 {
    let x = x.clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

/// 1 at 0, falling smoothly to 0 at -1 and 1.
fn bump(x: f32) -> f32 {
    let x = positive(1.0 - x * x);
    x * x
}

/// The exponential of `-x`, as a 256th part's series raised to the 256th power.
fn exp_neg(x: f32) -> f32 {
    let part = x / 256.0;
    (0..8).fold(1.0 - part + part * part / 2.0, |power, _| power * power)
}

/// Sine and cosine of an angle up to about half a turn, by their series.
const fn sin_cos(angle: f32) -> (f32, f32) {
    let square = angle * angle;
    let (mut sin, mut cos, mut n) = (1.0, 1.0, 16.0);
    while n > 1.0 {
        sin = 1.0 - sin * square / (n * (n + 1.0));
        cos = 1.0 - cos * square / (n * (n - 1.0));
        n -= 2.0;
    }
    (angle * sin, cos)
}

/// SplitMix64.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in -1 to 1.
    fn signed(&mut self) -> f32 {
        (self.next() >> 40) as u32 as f32 / (1 << 23) as f32 - 1.0
    }

    /// Nearly normal, of unit variance: four 16-bit uniforms summed.
    fn normal(&mut self) -> f32 {
        let bits = self.next();
        let sum: u32 = (0..4).map(|i| (bits >> (16 * i)) as u32 & 0xFFFF).sum();
        (sum as f32 / 65536.0 - 2.0) * 1.732
    }
}

/// Smooth noise in -1 to 1, `frequency` cells to the image's width.
fn value_noise(p: Point, frequency: f32, seed: u64) -> f32 {
    let (x, y) = (p[0] * frequency, p[1] * frequency);
    let (fx, fy) = (x.floor(), y.floor());
    let corner = |dx: i32, dy: i32| {
        let cell = ((fx as i32 + dx) as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
            ^ ((fy as i32 + dy) as u64).wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
        SplitMix(cell ^ seed).signed()
    };
    let (sx, sy) = (smooth(x - fx), smooth(y - fy));
    let (top, foot) = (
        corner(0, 0) * (1.0 - sx) + corner(1, 0) * sx,
        corner(0, 1) * (1.0 - sx) + corner(1, 1) * sx,
    );
    top * (1.0 - sy) + foot * sy
}

#[cfg(test)]
mod tests {
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

    /// Width of the bright band about the midline across the ventricles, in fractions of the image.
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
        // Only vessels, texture and noise follow the seed, so two seeds differ by those alone.
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
                heart: v,
                nodule: Some(Nodule { x: v, y: v, radius: v }),
                pneumothorax: v,
                consolidation: v,
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
}
