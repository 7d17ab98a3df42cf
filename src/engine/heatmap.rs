//! Maps as colours: a patch grid drawn over the radiograph. The page draws its own, with the same colours and
//! arithmetic (`www/core/viewport/heatmap.js`).

use image::{GrayImage, Rgba, RgbaImage};

use crate::radiograph::preprocess::View;

/// A colour map: equally spaced colours from low to high.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    /// Identifier.
    pub name: &'static str,
    colours: &'static [[u8; 3]],
}

/// The available colour maps, the default first. All increase evenly in lightness (van der Walt and Smith, matplotlib
/// 2.0), except for the last, which has a single colour.
pub const PALETTES: [Palette; 4] = [
    Palette {
        name: "inferno",
        colours: &[
            [0, 0, 4],
            [40, 11, 84],
            [101, 21, 110],
            [159, 42, 99],
            [212, 72, 66],
            [245, 125, 21],
            [250, 193, 39],
            [252, 255, 164],
        ],
    },
    Palette {
        name: "viridis",
        colours: &[
            [68, 1, 84],
            [70, 50, 127],
            [54, 92, 141],
            [39, 127, 142],
            [31, 161, 135],
            [74, 194, 109],
            [159, 218, 58],
            [253, 231, 37],
        ],
    },
    Palette {
        name: "cividis",
        colours: &[
            [0, 34, 78],
            [42, 63, 109],
            [87, 92, 109],
            [116, 115, 121],
            [138, 137, 121],
            [172, 160, 105],
            [208, 186, 82],
            [254, 232, 56],
        ],
    },
    Palette { name: "amber", colours: &[[255, 176, 32], [255, 176, 32]] },
];

impl Palette {
    /// 256 RGBA colours for values from 0 to 1; low values are transparent.
    pub fn ramp(&self) -> Vec<u8> {
        let of = |step: u8| {
            let value = f32::from(step) / 255.0;
            let [r, g, b] = self.colour(value);
            [r, g, b, (opacity(value) * 255.0).round() as u8]
        };
        (0..=u8::MAX).flat_map(of).collect()
    }

    /// The colour of a value in 0..=1.
    fn colour(&self, value: f32) -> [u8; 3] {
        let position = value.clamp(0.0, 1.0) * (self.colours.len() - 1) as f32;
        let low = (position as usize).min(self.colours.len() - 2);
        let share = position - low as f32;
        std::array::from_fn(|channel| {
            let (from, to) = (self.colours[low][channel], self.colours[low + 1][channel]);
            (f32::from(from) + (f32::from(to) - f32::from(from)) * share).round() as u8
        })
    }
}

/// A square patch grid, scaled so that values up to the median become 0 and the largest value becomes 1. So half of the
/// grid has no colour.
#[derive(Debug, Clone)]
pub struct Heatmap {
    side: usize,
    values: Vec<f32>,
}

impl Heatmap {
    /// Scales a map; one that is flat or not finite becomes all 0. Values beyond a square grid are
    /// left out.
    pub fn new(map: &[f32]) -> Self {
        let side = map.len().isqrt();
        let map = &map[..side * side];
        let mut sorted = map.to_vec();
        sorted.sort_by(f32::total_cmp);
        let median = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
        let range = sorted.last().map_or(0.0, |highest| highest - median);
        let usable = range > 0.0 && range.is_finite();
        let scale = |&v: &f32| if usable { ((v - median) / range).max(0.0) } else { 0.0 };
        Self { side, values: map.iter().map(scale).collect() }
    }

    /// The value at `x`, `y` in 0..=1 of the grid's width and height: a Catmull-Rom spline through
    /// the patch centres.
    pub fn at(&self, x: f64, y: f64) -> f32 {
        if self.side == 0 {
            return 0.0;
        }
        let ((columns, across), (rows, down)) = (self.taps(x), self.taps(y));
        let line = |row: usize| {
            let values = columns.map(|column| self.values[row * self.side + column]);
            dot(values, across)
        };
        dot(rows.map(line), down).clamp(0.0, 1.0)
    }

    /// The four patches around a position along one axis, and their weights.
    fn taps(&self, position: f64) -> ([usize; 4], [f32; 4]) {
        let position = (position * self.side as f64 - 0.5).clamp(0.0, (self.side - 1) as f64);
        let first = position as usize;
        let t = (position - first as f64) as f32;
        let patches = [0, 1, 2, 3].map(|step| (first + step).saturating_sub(1).min(self.side - 1));
        let weights = [
            t * (-0.5 + t * (1.0 - 0.5 * t)),
            1.0 + t * t * (-2.5 + 1.5 * t),
            t * (0.5 + t * (2.0 - 1.5 * t)),
            t * t * (-0.5 + 0.5 * t),
        ];
        (patches, weights)
    }

    /// Draws the map over the whole radiograph; what lies outside of the view is dimmed.
    pub fn overlay(&self, grey: &GrayImage, view: View, palette: Palette) -> RgbaImage {
        const STRENGTH: f32 = 0.6;
        const DIMMED: f32 = 0.35;
        RgbaImage::from_fn(grey.width(), grey.height(), |px, py| {
            let grey = f32::from(grey.get_pixel(px, py).0[0]);
            let (x, y) = (
                (f64::from(px) + 0.5 - view.x) / view.width,
                (f64::from(py) + 0.5 - view.y) / view.height,
            );
            if !(0.0..1.0).contains(&x) || !(0.0..1.0).contains(&y) {
                let dim = (grey * DIMMED).round() as u8;
                return Rgba([dim, dim, dim, 255]);
            }
            let value = self.at(x, y);
            let alpha = opacity(value) * STRENGTH;
            let blend = |colour: u8| (grey + (f32::from(colour) - grey) * alpha).round() as u8;
            let [r, g, b] = palette.colour(value).map(blend);
            Rgba([r, g, b, 255])
        })
    }
}

fn dot(values: [f32; 4], weights: [f32; 4]) -> f32 {
    values.iter().zip(weights).map(|(value, weight)| value * weight).sum()
}

/// The opacity of the colour: 0 for a value of 0, and 1 from 0.6 on.
fn opacity(value: f32) -> f32 {
    (value / 0.6).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_lies_where_the_largest_patch_is() {
        let mut map = vec![0.0; 9];
        map[5] = 2.0; // second row, third column
        let heatmap = Heatmap::new(&map);
        assert_eq!(heatmap.at(5.0 / 6.0, 0.5), 1.0);
        assert_eq!(heatmap.at(1.0 / 6.0, 0.5), 0.0);
    }

    #[test]
    fn a_ramp_goes_from_transparent_to_the_last_colour() {
        let ramp = PALETTES[0].ramp();
        assert_eq!(
            (ramp.len(), &ramp[..4], &ramp[1020..]),
            (1024, &[0, 0, 4, 0][..], &[252, 255, 164, 255][..])
        );
    }

    #[test]
    fn flat_and_broken_maps_stay_transparent() {
        for map in [vec![0.5; 4], vec![f32::NAN; 4], vec![]] {
            let heatmap = Heatmap::new(&map);
            for (x, y) in [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)] {
                assert_eq!(opacity(heatmap.at(x, y)), 0.0, "{map:?}");
            }
        }
    }

    #[test]
    fn outside_the_view_is_dimmed() {
        let grey = GrayImage::from_pixel(4, 2, image::Luma([200]));
        let view = View { x: 0.0, y: 0.0, width: 2.0, height: 2.0 };
        let overlay = Heatmap::new(&[0.0; 4]).overlay(&grey, view, PALETTES[0]);
        assert_eq!(overlay.get_pixel(0, 0).0, [200, 200, 200, 255]);
        assert_eq!(overlay.get_pixel(3, 0).0, [70, 70, 70, 255]);
    }
}
