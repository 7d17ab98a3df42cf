//! The parameters of a phantom.

use serde::{Deserialize, Serialize};

/// The midline.
pub(super) const MID: f32 = 0.5;

/// What to draw. Lengths are fractions of the image's width unless stated otherwise. Values out of range are clamped,
/// and NaN is replaced by the default, which is that of a normal adult PA chest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Phantom {
    /// Amount of a right pleural effusion (viewer's left): from 0, none, to 1, most of the lung.
    pub effusion: f32,
    /// The same for a left pleural effusion.
    pub left_effusion: f32,
    /// Cardiothoracic ratio, which is the heart's width over the inner width of the chest: 0.40 ..= 0.70.
    pub heart: f32,
    /// A solitary round nodule.
    pub nodule: Option<Nodule>,
    /// Collapse of the left lung (viewer's right): from 0, none, to 1, nearly complete.
    pub pneumothorax: f32,
    /// The same for the right lung.
    pub right_pneumothorax: f32,
    /// Density of an ill-defined consolidation: from 0, none, to 1, airless.
    pub consolidation: f32,
    /// Centre of the consolidation, in fractions of the unrotated image; in the right lower zone by default.
    pub consolidation_centre: [f32; 2],
    /// Build, and depth of inspiration.
    pub body: Body,
    /// Exposure, from -1 (the film is too light) to 1 (too dark).
    pub exposure: f32,
    /// Rotation in the image's plane, degrees clockwise, -15 ..= 15.
    pub rotation: f32,
    /// Seed for the branching of vessels, the texture of the lungs, and noise.
    pub seed: u64,
}

/// A body's build, and how deep its inspiration is. The values 1 and 0 are those of the adult for whom all lengths are
/// given.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Body {
    /// Width, as a factor, 0.7 ..= 1.3.
    pub width: f32,
    /// Height, as a factor, 0.7 ..= 1.3.
    pub height: f32,
    /// Depth of the soft tissue around the chest, as a factor, 0.6 ..= 1.6.
    pub girth: f32,
    /// Depth of the breasts, as a factor, 0 ..= 3.
    pub breasts: f32,
    /// How much lower the diaphragm is, in fractions of the image, -0.1 ..= 0.08.
    pub inspiration: f32,
}

impl Default for Body {
    fn default() -> Self {
        NORMAL.body
    }
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

pub(super) const EFFUSION: &str = "Pleural Effusion";
pub(super) const CARDIOMEGALY: &str = "Cardiomegaly";
pub(super) const PNEUMOTHORAX: &str = "Pneumothorax";
pub(super) const CONSOLIDATION: &str = "Pulmonary Consolidation";
pub(super) const NODULE: &str = "Lung Nodule";

/// A heart wider than this share of the chest counts as enlarged.
pub(super) const ENLARGED: f32 = 0.5;

/// A normal adult.
pub(super) const NORMAL: Phantom = Phantom {
    effusion: 0.0,
    left_effusion: 0.0,
    heart: 0.47,
    nodule: None,
    pneumothorax: 0.0,
    right_pneumothorax: 0.0,
    consolidation: 0.0,
    consolidation_centre: [MID - 0.20, 0.56],
    body: Body { width: 1.0, height: 1.0, girth: 1.0, breasts: 1.0, inspiration: 0.0 },
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
    /// The available examples.
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

    /// The same with every value clamped to its range.
    pub(super) fn clamped(&self) -> Phantom {
        let normal = Phantom::default();
        let fix = |v: f32, low: f32, high: f32, default: f32| {
            if v.is_nan() { default } else { v.clamp(low, high) }
        };
        let whole = |n: &Nodule| !(n.x.is_nan() || n.y.is_nan() || n.radius.is_nan());
        Phantom {
            effusion: fix(self.effusion, 0.0, 1.0, normal.effusion),
            left_effusion: fix(self.left_effusion, 0.0, 1.0, normal.left_effusion),
            heart: fix(self.heart, 0.40, 0.70, normal.heart),
            nodule: self.nodule.filter(whole).map(|n| Nodule {
                x: n.x.clamp(0.0, 1.0),
                y: n.y.clamp(0.0, 1.0),
                radius: n.radius.clamp(0.005, 0.1),
            }),
            pneumothorax: fix(self.pneumothorax, 0.0, 1.0, normal.pneumothorax),
            right_pneumothorax: fix(self.right_pneumothorax, 0.0, 1.0, normal.right_pneumothorax),
            consolidation: fix(self.consolidation, 0.0, 1.0, normal.consolidation),
            consolidation_centre: [0, 1].map(|axis| {
                let centre = normal.consolidation_centre[axis];
                fix(self.consolidation_centre[axis], 0.0, 1.0, centre)
            }),
            body: Body {
                width: fix(self.body.width, 0.7, 1.3, normal.body.width),
                height: fix(self.body.height, 0.7, 1.3, normal.body.height),
                girth: fix(self.body.girth, 0.6, 1.6, normal.body.girth),
                breasts: fix(self.body.breasts, 0.0, 3.0, normal.body.breasts),
                inspiration: fix(self.body.inspiration, -0.1, 0.08, normal.body.inspiration),
            },
            exposure: fix(self.exposure, -1.0, 1.0, normal.exposure),
            rotation: fix(self.rotation, -15.0, 15.0, normal.rotation),
            seed: self.seed,
        }
    }
}
