//! The layers of MobileNetV2 as one operation, which [`pool`] computes. It has no gradient.

use burn::tensor::{DType, Tensor, TensorData};

use super::kernels::Kind;
use crate::model::ops::inputs::{Convolution, InvertedResidual, Layer};
use crate::model::ops::pool;

/// See [`ops::convolutions`](crate::model::ops::convolutions).
pub fn convolutions(x: Tensor<4>, layers: Vec<Layer>) -> Tensor<4> {
    let kinds: Vec<Kind> = layers.iter().map(kind).collect();
    let device = x.device();
    let [images, mut height, mut width, channels] = x.dims();
    if let Kind::Stem { .. } = kinds[0] {
        (height, width) = (width, channels); // the stem's input is a plane, `[images, 1, height, width]`
    }
    let numbers = |index: usize| -> Vec<f32> {
        parts(&layers[index])
            .flat_map(|it| [values(&it.weight), values(&it.bias)])
            .flatten()
            .collect()
    };
    let x = values(&x);
    let y: Vec<f32> = x
        .chunks_exact(x.len() / images)
        .flat_map(|x| pool::network(id(&layers[0]), &kinds, numbers, [height, width], x))
        .collect();
    let size = kinds.iter().fold([height, width], |size, kind| kind.output_size(size));
    let channels = y.len() / (images * size[0] * size[1]);
    Tensor::from_data(TensorData::new(y, [images, size[0], size[1], channels]), &device)
}

fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    let tensor = tensor.clone();
    let numbers = match tensor.dtype() {
        DType::QFloat(_) => tensor.dequantize(),
        _ => tensor,
    };
    match numbers.into_data().try_into_vec() {
        Ok(values) => values,
        Err(_) => unreachable!("the weights of convolutions are floats"),
    }
}

/// The convolutions of a layer, in the order in which they are applied.
fn parts(layer: &Layer) -> impl Iterator<Item = &Convolution> {
    let parts = match layer {
        Layer::Stem(one) | Layer::Pointwise(one) => [None, None, Some(one)],
        Layer::InvertedResidual(block) => {
            [block.expand.as_ref(), Some(&block.depthwise), Some(&block.project)]
        }
    };
    parts.into_iter().flatten()
}

/// The identifier of a weight that every layer has.
fn id(layer: &Layer) -> u64 {
    match layer {
        Layer::Stem(one) | Layer::Pointwise(one) => one.id,
        Layer::InvertedResidual(block) => block.depthwise.id,
    }
}

fn kind(layer: &Layer) -> Kind {
    match layer {
        Layer::Stem(stem) => Kind::Stem { output: stem.weight.dims()[0] },
        Layer::Pointwise(Convolution { weight, .. }) => {
            let [output, input, ..] = weight.dims();
            Kind::Pointwise { input, output }
        }
        Layer::InvertedResidual(block) => {
            let InvertedResidual { expand, depthwise, project, stride, .. } = &**block;
            let [output, ..] = project.weight.dims();
            let [hidden, ..] = depthwise.weight.dims();
            let input = expand.as_ref().map_or(hidden, |expand| expand.weight.dims()[1]);
            Kind::Block { input, hidden, output, stride: *stride }
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Param;
    use burn::tensor::{Device, Distribution, Tolerance};

    use super::*;
    use crate::model::ops::composed;
    use crate::model::ops::quantised::{STORE, User, quantised};

    #[test]
    fn layers_at_once_are_those_of_burn_one_by_one() {
        let random = |shape: [usize; 4]| {
            Tensor::random(shape, Distribution::Normal(0.0, 0.5), &Device::flex())
        };
        let convolution = |output, input, size| Convolution {
            id: Param::from_tensor(random([1; 4])).id.val(),
            weight: random([output, input, size, size]),
            bias: random([1, 1, 1, output]).flatten(0, 3),
        };
        let block = |input, hidden, output, stride| {
            Layer::InvertedResidual(Box::new(InvertedResidual {
                expand: (input != hidden).then(|| convolution(hidden, input, 1)),
                depthwise: convolution(hidden, 1, 3),
                project: convolution(output, hidden, 1),
                stride,
                residual: stride == 1 && input == output,
            }))
        };
        let layers = vec![
            Layer::Stem(convolution(8, 1, 3)),
            block(8, 8, 4, 1),
            block(4, 12, 6, 2),
            block(6, 14, 6, 1),
            Layer::Pointwise(convolution(9, 6, 1)),
        ];
        let x = random([2, 1, 26, 22]);
        let (whole, composed) =
            (convolutions(x.clone(), layers.clone()), composed::convolutions(x, layers));
        assert_eq!(whole.dims(), [2, 7, 6, 9]);
        whole.into_data().assert_approx_eq(&composed.into_data(), Tolerance::<f32>::absolute(1e-4));
    }

    #[test]
    fn integers_are_the_numbers_that_they_stand_for() {
        let [rows, columns] = [5, 64];
        let stored: Vec<u8> = (0..rows * columns).map(|i| (i * 37 % 255) as u8).collect();
        let factors = [0.5, 1.0, 2.0, 4.0, 8.0];
        let data = quantised(&stored, [rows, columns], &factors, User::Convolution, STORE).unwrap();
        let dtype = data.dtype();
        let weight = Tensor::<4>::from_data(data, (&Device::flex(), dtype));
        assert_eq!(weight.dims(), [rows, columns, 1, 1]);
        let number = |(i, &value): (usize, &u8)| f32::from(value as i8) * factors[i / columns];
        assert_eq!(values(&weight), stored.iter().enumerate().map(number).collect::<Vec<_>>());
    }
}
