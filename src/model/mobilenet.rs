//! MobileNetV2 (Sandler et al., 2018, <https://arxiv.org/abs/1801.04381>) as an image encoder that yields tokens. Batch
//! norm is folded into the convolutions. Feature maps have channels last, like tokens.

use std::iter;

use burn::module::Module;
use burn::nn::Linear;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor};

use super::linear::linear;
use super::ops::{self, Layer};
use super::parameters;
use super::tokens::ImageTokens;
use crate::package::config::MobileNetV2Config;

/// `img_encoder` of the compact model. Its local tokens are those of the fine map (stride 16) with those of the coarse
/// map (stride 32) added to them; the global token comes from the mean of the coarse map.
#[derive(Module, Debug)]
pub struct MobileNetV2Encoder {
    model: MobileNetV2,
    local_mid: Linear,
    local_high: Linear,
    global_embedder: Linear,
    mid: usize,
}

#[derive(Module, Debug)]
struct MobileNetV2 {
    stem: Conv2d,
    blocks: Vec<InvertedResidual>,
    head: Conv2d,
}

#[derive(Module, Debug)]
struct InvertedResidual {
    expand: Option<Conv2d>,
    depthwise: Conv2d,
    project: Conv2d,
    stride: usize,
    residual: bool,
}

impl MobileNetV2Encoder {
    /// An encoder with its parameters still to be loaded.
    pub fn init(config: &MobileNetV2Config, device: &Device) -> Self {
        let mut channels = config.stem;
        let mut blocks = Vec::with_capacity(config.blocks.len());
        for block in &config.blocks {
            let expand = block.hidden != channels;
            blocks.push(InvertedResidual {
                expand: expand.then(|| pointwise(channels, block.hidden, device)),
                depthwise: spatial([block.hidden; 2], block.stride, block.hidden, device),
                project: pointwise(block.hidden, block.out, device),
                stride: block.stride,
                residual: block.stride == 1 && channels == block.out,
            });
            channels = block.out;
        }
        let linear = |from| parameters::linear(from, config.dim, device);
        Self {
            model: MobileNetV2 {
                stem: spatial([1, config.stem], 2, 1, device),
                blocks,
                head: pointwise(channels, config.head, device),
            },
            local_mid: linear(config.blocks[config.mid].out),
            local_high: linear(config.head),
            global_embedder: linear(config.head),
            mid: config.mid,
        }
    }

    /// The two feature maps from which the tokens are computed: that of stride 16, `[images, 4 * places, channels]`,
    /// and that of stride 32, `[images, places, channels]`.
    ///
    /// # Shapes
    ///
    /// - pixels: `[images, 1, crop, crop]`
    pub fn features(&self, pixels: Tensor<4>) -> [Tensor<3>; 2] {
        let MobileNetV2 { stem, blocks, head } = &self.model;
        let stem = Layer::Stem(stem.into());
        let mut layers: Vec<Layer> =
            iter::once(stem).chain(blocks.iter().map(Into::into)).collect();
        let mut last = layers.split_off(self.mid + 2);
        last.push(Layer::Pointwise(head.into()));
        let mid = ops::convolutions(pixels, layers);
        let high = ops::convolutions(mid.clone(), last);
        [mid, high].map(|map| map.flatten(1, 2))
    }

    /// The encoder with its embedders initialised so that the features of some images are centred and have unit
    /// variance once projected.
    #[cfg(feature = "train")]
    pub fn standardised(self, mid: Tensor<3>, high: Tensor<3>) -> Self {
        let rows = |x: Tensor<3>| {
            let ones = Tensor::ones([x.dims()[0] * x.dims()[1], 1], &x.device());
            (x.flatten(0, 1), ones)
        };
        let set = |linear, (x, weights)| parameters::standardised(linear, x, weights);
        let global = high.clone().mean_dim(1);
        Self {
            local_mid: set(self.local_mid, rows(mid)),
            local_high: set(self.local_high, rows(high)),
            global_embedder: set(self.global_embedder, rows(global)),
            ..self
        }
    }

    /// The tokens of these feature maps.
    pub fn tokens(&self, mid: Tensor<3>, high: Tensor<3>) -> ImageTokens {
        let global = high.clone().mean_dim(1).squeeze_dim(1);
        let fine = linear(&self.local_mid, mid);
        let coarse = linear(&self.local_high, high);
        ImageTokens {
            global: linear(&self.global_embedder, global),
            local: fine + repeat_2x2(coarse),
        }
    }
}

impl From<&InvertedResidual> for Layer {
    fn from(block: &InvertedResidual) -> Self {
        Self::InvertedResidual(Box::new(ops::InvertedResidual {
            expand: block.expand.as_ref().map(Into::into),
            depthwise: (&block.depthwise).into(),
            project: (&block.project).into(),
            stride: block.stride,
            residual: block.residual,
        }))
    }
}

fn pointwise(from: usize, to: usize, device: &Device) -> Conv2d {
    parameters::convolution([from, to], 1, 1, 1, device)
}

fn spatial(channels: [usize; 2], stride: usize, groups: usize, device: &Device) -> Conv2d {
    parameters::convolution(channels, 3, stride, groups, device)
}

/// Repeats each token of a square grid over the 2 x 2 finer ones it covers.
pub fn repeat_2x2(coarse: Tensor<3>) -> Tensor<3> {
    let [images, count, dim] = coarse.dims();
    let side = count.isqrt();
    coarse
        .reshape([images, side, 1, side, 1, dim])
        .expand([images, side, 2, side, 2, dim])
        .reshape([images, 4 * count, dim])
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use burn::tensor::{Distribution, Tolerance};

    use super::*;

    /// `(height, width, input, hidden, output, stride)`
    const BLOCKS: [(usize, usize, usize, usize, usize, usize); 6] = [
        (7, 5, 3, 8, 4, 1),
        (8, 8, 4, 12, 4, 1),
        (9, 6, 4, 12, 6, 2),
        (8, 10, 6, 6, 5, 1),
        (1, 1, 2, 4, 2, 1),
        // Computed in several strips, of which the last one is shorter.
        (150, 130, 4, 24, 4, 1),
    ];

    fn block(
        (_, _, input, hidden, output, stride): (usize, usize, usize, usize, usize, usize),
        device: &Device,
    ) -> InvertedResidual {
        device.seed(7);
        InvertedResidual {
            expand: (hidden != input).then(|| pointwise(input, hidden, device)),
            depthwise: spatial([hidden; 2], stride, hidden, device),
            project: pointwise(hidden, output, device),
            stride,
            residual: stride == 1 && input == output,
        }
    }

    fn input(shape: (usize, usize, usize, usize, usize, usize), device: &Device) -> Tensor<4> {
        let (height, width, channels, ..) = shape;
        Tensor::random([3, height, width, channels], Distribution::Normal(0.0, 3.0), device)
    }

    fn forward(block: &InvertedResidual, x: Tensor<4>) -> Tensor<4> {
        ops::convolutions(x, vec![block.into()])
    }

    fn composed(block: &InvertedResidual, x: Tensor<4>) -> Tensor<4> {
        ops::composed::convolutions(x, vec![block.into()])
    }

    #[test]
    fn the_fused_block_equals_the_composed_one() {
        let device = Device::flex();
        for shape in BLOCKS {
            let (block, x) = (block(shape, &device), input(shape, &device));
            let (fused, composed) = (forward(&block, x.clone()), composed(&block, x));
            let tolerance = Tolerance::<f32>::absolute(1e-5);
            fused.into_data().assert_approx_eq(&composed.into_data(), tolerance);
        }
    }

    #[cfg(feature = "wgpu")]
    #[test]
    fn the_block_on_the_gpu_equals_that_on_the_cpu() {
        let gpu = Device::wgpu(burn::tensor::DeviceKind::DefaultDevice);
        for shape in BLOCKS {
            let (block, x) = (block(shape, &Device::flex()), input(shape, &Device::flex()));
            let expected = forward(&block, x.clone()).into_data();
            let output = forward(&block.to_device(&gpu), x.to_device(&gpu)).into_data();
            output.assert_approx_eq(&expected, Tolerance::<f32>::rel_abs(1e-4, 1e-4));
        }
    }

    #[cfg(feature = "wgpu")]
    #[test]
    fn the_stem_on_the_gpu_equals_that_on_the_cpu() {
        let (cpu, gpu) = (Device::flex(), Device::wgpu(burn::tensor::DeviceKind::DefaultDevice));
        let conv = spatial([1, 12], 2, 1, &cpu);
        let stem = |conv: &Conv2d, pixels| {
            ops::convolutions(pixels, vec![Layer::Stem(conv.into())]).into_data()
        };
        let pixels = Tensor::random([2, 1, 12, 10], Distribution::Normal(0.0, 3.0), &cpu);
        let expected = stem(&conv, pixels.clone());
        let output = stem(&conv.to_device(&gpu), pixels.to_device(&gpu));
        output.assert_approx_eq(&expected, Tolerance::<f32>::rel_abs(1e-4, 1e-4));
    }

    #[cfg(feature = "train")]
    #[test]
    fn the_fused_gradients_equal_the_composed_ones() {
        let device = Device::flex().autodiff();
        for shape in BLOCKS {
            let block = block(shape, &device);
            let x = input(shape, &device).require_grad();
            let gradients = |output: Tensor<4>| {
                let weights = output.clone().detach().cos();
                let mut grads = (output * weights).sum().backward();
                let mut all = vec![x.grad_remove(&mut grads).unwrap().into_data()];
                for conv in [&block.depthwise, &block.project].into_iter().chain(&block.expand) {
                    let weight = conv.weight.val().grad_remove(&mut grads);
                    let bias = conv.bias.as_ref().unwrap().val().grad_remove(&mut grads);
                    all.extend([weight.unwrap().into_data(), bias.unwrap().into_data()]);
                }
                all
            };
            let fused = gradients(forward(&block, x.clone()));
            let composed = gradients(composed(&block, x.clone()));
            for (fused, composed) in fused.iter().zip(&composed) {
                fused.assert_approx_eq(composed, Tolerance::<f32>::rel_abs(1e-3, 1e-3));
            }
        }
    }
}
