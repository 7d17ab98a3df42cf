//! Targets as tensors.

use burn::tensor::{Device, Tensor, TensorData};

use super::config::Distil;
use super::samples::Target;

/// The targets of a batch of images.
#[derive(Debug, Clone)]
pub struct Targets {
    /// Probabilities, `[images, findings]`.
    pub values: Tensor<2>,
    /// The weight of each target, `[images, findings]`: 0 where it is unknown.
    pub weights: Tensor<2>,
}

impl Targets {
    /// Combines the known targets of images with the predictions of an earlier model, if there are any.
    pub fn new<'a>(
        images: impl Iterator<Item = (&'a [Target], Option<&'a [f32]>)>,
        distil: Distil,
        device: &Device,
    ) -> Self {
        let (mut values, mut weights, mut rows) = (Vec::new(), Vec::new(), 0);
        for (targets, said) in images {
            rows += 1;
            for (index, target) in targets.iter().enumerate() {
                let said = said.and_then(|said| said.get(index)).copied();
                let (value, weight) = mix(*target, said, distil);
                values.push(value);
                weights.push(weight);
            }
        }
        let columns = values.len() / rows.max(1);
        let matrix = |values| Tensor::from_data(TensorData::new(values, [rows, columns]), device);
        Self { values: matrix(values), weights: matrix(weights) }
    }
}

/// The value and the weight of a target.
fn mix(target: Target, said: Option<f32>, distil: Distil) -> (f32, f32) {
    match (target, said) {
        (Some(target), Some(said)) => (target * (1.0 - distil.known) + said * distil.known, 1.0),
        (Some(target), None) => (target, 1.0),
        (None, Some(said)) => (said, distil.unknown),
        (None, None) => (0.0, 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_is_masked_unless_an_earlier_model_teaches_it() {
        let distil = Distil { known: 0.25, unknown: 0.3 };
        assert_eq!(mix(None, None, distil), (0.0, 0.0));
        assert_eq!(mix(None, Some(0.7), distil), (0.7, 0.3));
        assert_eq!(mix(Some(1.0), Some(0.2), distil), (0.8, 1.0));
        assert_eq!(mix(Some(1.0), None, distil), (1.0, 1.0));
    }
}
