//! Converts annotated boxes to the share of each patch that they cover.

use super::augment::Change;
use super::samples::Sample;
use crate::radiograph::preprocess::ImageConfig;

/// A finding, and for each patch the share that lies in one of its boxes, row by row.
pub type Inside = (usize, Vec<f32>);

/// For each finding with boxes that are visible in the changed image: the share of each of `side * side` patches that
/// they cover.
pub fn inside(sample: &Sample, change: &Change, image: &ImageConfig, side: usize) -> Vec<Inside> {
    let mut findings: Vec<usize> = sample.boxes.iter().map(|(finding, _)| *finding).collect();
    findings.sort_unstable();
    findings.dedup();
    let map = |finding: usize| {
        let boxes = sample.boxes.iter().filter(|(other, _)| *other == finding);
        let boxes: Vec<[f32; 4]> = boxes.map(|(_, corners)| *corners).collect();
        patches_inside(&boxes, change, image, side)
    };
    let maps = findings.into_iter().map(|finding| (finding, map(finding)));
    maps.filter(|(_, map)| map.iter().any(|&share| share > 0.0)).collect()
}

/// The share of each patch that lies in a box, estimated from 4 x 4 points of the patch.
fn patches_inside(
    boxes: &[[f32; 4]],
    change: &Change,
    image: &ImageConfig,
    side: usize,
) -> Vec<f32> {
    const POINTS: usize = 4;
    let step = 1.0 / (side * POINTS) as f32;
    let hit = |x: usize, y: usize| {
        let [x, y] = change.source(image, (x as f32 + 0.5) * step, (y as f32 + 0.5) * step);
        boxes.iter().any(|&[left, top, right, bottom]| {
            (left..right).contains(&x) && (top..bottom).contains(&y)
        })
    };
    let share = |patch: usize| {
        let (x, y) = (patch % side * POINTS, patch / side * POINTS);
        let hits = (0..POINTS * POINTS).filter(|i| hit(x + i % POINTS, y + i / POINTS)).count();
        hits as f32 / (POINTS * POINTS) as f32
    };
    (0..side * side).map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::radiograph::preprocess::Resize;

    #[test]
    fn boxes_become_shares_of_patches() {
        let image =
            ImageConfig { resize: Resize::CentreSquare, size: 40, crop: 32, mean: 0.5, std: 0.5 };
        // The crop begins at 4, so the box covers half of the second patch in the upper row.
        let inside = patches_inside(&[[20.0, 4.0, 36.0, 12.0]], &Change::NONE, &image, 2);
        assert_eq!(inside, [0.0, 0.5, 0.0, 0.0]);
    }
}
