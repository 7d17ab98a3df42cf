//! The terms of the loss.

use burn::tensor::activation::{log_sigmoid, log_softmax};
use burn::tensor::{Int, Tensor, TensorData};

/// The least attention weight whose logarithm is taken.
const TINY: f32 = 1e-6;
/// The upper bound of squared distances.
const FAR: f32 = 9.0;
/// Added to a logit, this removes the pair from a softmax.
const OUT: f32 = -1e4;

/// Binary cross-entropy, summed over the columns and averaged over the rows.
///
/// # Shapes
///
/// - logits, targets (0..=1), weights (0 where unknown): `[images, columns]`
pub fn binary_cross_entropy(
    logits: Tensor<2>,
    targets: Tensor<2>,
    weights: Tensor<2>,
) -> Tensor<1> {
    let [images, _] = logits.dims();
    let present = log_sigmoid(logits.clone()) * targets.clone();
    let absent = log_sigmoid(-logits) * (-targets + 1.0);
    ((present + absent) * weights).sum() / -(images as f32)
}

/// The squared distance between logits, in units of a scale and bounded by [`FAR`], summed over the columns and
/// averaged over the rows.
///
/// # Shapes
///
/// - logits, expected, scale: `[images, columns]`
pub fn squared_distance(logits: Tensor<2>, expected: Tensor<2>, scale: Tensor<2>) -> Tensor<1> {
    let [images, _] = logits.dims();
    ((logits - expected) / scale).square().clamp_max(FAR).sum() / images as f32
}

/// CARZero's symmetric InfoNCE (van den Oord et al., 2018) over a matrix of images and sentences in which several
/// sentences may be right for an image: the target of each softmax is divided equally among all of these. Unknown pairs
/// are ignored.
///
/// # Shapes
///
/// - logits, positives (1 where right), weights (0 where unknown): `[images, sentences]`
pub fn contrastive(logits: Tensor<2>, positives: Tensor<2>, weights: Tensor<2>) -> Tensor<1> {
    let masked = logits + (-weights.clone() + 1.0) * OUT;
    let positives = positives * weights;
    let direction = |dim: usize| {
        let count = positives.clone().sum_dim(dim);
        let share = positives.clone() / count.clone().clamp_min(1.0);
        let rows = count.greater_elem(0.0).float().sum().clamp_min(1.0);
        (log_softmax(masked.clone(), dim) * share).sum() / rows
    };
    (direction(1) + direction(0)) * -0.5
}

/// The loss for attention outside of annotated boxes: the negative logarithm of the share of attention inside, averaged
/// over the pairs of image and sentence that have boxes.
///
/// # Shapes
///
/// - attention: `[pairs, patches]`, for all pairs
/// - boxed: the indices of pairs that have boxes, with the share of each patch that lies in a box; not empty
pub fn outside_boxes(attention: Tensor<2>, boxed: &[(usize, &[f32])]) -> Tensor<1> {
    let [_, patches] = attention.dims();
    let device = attention.device();
    let places: Vec<i32> = boxed.iter().map(|(place, _)| *place as i32).collect();
    let inside: Vec<f32> = boxed.iter().flat_map(|(_, inside)| inside.iter().copied()).collect();
    let index = Tensor::<1, Int>::from_data(TensorData::new(places, [boxed.len()]), &device);
    let inside = Tensor::from_data(TensorData::new(inside, [boxed.len(), patches]), &device);
    let attention = attention.select(0, index);
    let all = attention.clone().sum_dim(1);
    let share = (attention * inside).sum_dim(1) / all.clamp_min(TINY);
    -share.clamp_min(TINY).log().mean()
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn matrix<const R: usize, const C: usize>(values: [[f32; C]; R]) -> Tensor<2> {
        Tensor::from_data(values, &Device::flex())
    }

    fn close(value: Tensor<1>, expected: f32) {
        let value: f32 = value.into_scalar();
        assert!((value - expected).abs() < 1e-5, "{value} instead of {expected}");
    }

    #[test]
    fn cross_entropy_leaves_unknown_pairs_out() {
        let logits = matrix([[0.0, 2.0], [0.0, -1.0]]);
        let targets = matrix([[1.0, 0.0], [0.5, 0.0]]);
        let known = matrix([[1.0, 0.0], [1.0, 1.0]]);
        let absent = (1.0 + (-1f32).exp()).ln();
        close(binary_cross_entropy(logits, targets, known), (2.0 * 2f32.ln() + absent) / 2.0);
    }

    #[test]
    fn distances_are_in_units_of_the_scale_and_bounded() {
        let logits = matrix([[1.0, 5.0], [0.0, 100.0]]);
        let distance = squared_distance(logits, matrix([[0.0; 2]; 2]), matrix([[2.0, 5.0]; 2]));
        close(distance, (0.25 + 1.0 + 0.0 + 9.0) / 2.0);
    }

    #[test]
    fn contrast_counts_equal_sentences_as_right() {
        // With equal logits and both sentences right, the loss is ln 2 by rows and by columns, as it is if one is
        // right.
        let ones = || matrix([[1.0, 1.0], [1.0, 1.0]]);
        let zeros = || matrix([[0.0, 0.0], [0.0, 0.0]]);
        close(contrastive(zeros(), ones(), ones()), 2f32.ln());
        let diagonal = || matrix([[1.0, 0.0], [0.0, 1.0]]);
        close(contrastive(diagonal() * 20.0, diagonal(), ones()), 0.0);
        // An unknown pair is neither right nor wrong.
        close(contrastive(zeros(), diagonal(), diagonal()), 0.0);
    }

    #[test]
    fn attention_is_drawn_into_boxes() {
        let attention = matrix([[0.1, 0.3, 0.1], [0.5, 0.5, 0.0], [0.2, 0.0, 0.0]]);
        let boxed: [(usize, &[f32]); 2] = [(0, &[0.0, 1.0, 0.5]), (2, &[1.0, 0.0, 0.0])];
        close(outside_boxes(attention, &boxed), -(0.7f32).ln() / 2.0);
    }
}
