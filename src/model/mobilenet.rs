//! MobileNetV2 (Sandler et al., 2018, <https://arxiv.org/abs/1801.04381>) as an image encoder with
//! tokens, batch norm folded into the convolutions.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor, activation::relu6};

use super::ImageTokens;
use crate::config::MobileNetV2Config;

/// `img_encoder` of the compact model: fine tokens (stride 16) with the coarse ones (stride 32)
/// added to them, and a global token from the mean of the coarse map.
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
                residual: block.stride == 1 && channels == block.out,
            });
            channels = block.out;
        }
        let linear = |from| LinearConfig::new(from, config.dim).init(device);
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

    /// # Shapes
    ///
    /// - pixels: `[images, 1, crop, crop]`
    pub fn forward(&self, pixels: Tensor<4>) -> ImageTokens {
        let mut x = relu6(self.model.stem.forward(pixels));
        let mut mid = x.clone();
        for (index, block) in self.model.blocks.iter().enumerate() {
            x = block.forward(x);
            if index == self.mid {
                mid = x.clone();
            }
        }
        let high = tokens(relu6(self.model.head.forward(x)));
        let global = high.clone().mean_dim(1).squeeze_dim(1);

        let fine = self.local_mid.forward(tokens(mid));
        let coarse = self.local_high.forward(high);
        ImageTokens {
            global: self.global_embedder.forward(global),
            local: fine + repeat_2x2(coarse),
        }
    }
}

impl InvertedResidual {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let hidden = match &self.expand {
            Some(expand) => relu6(expand.forward(x.clone())),
            None => x.clone(),
        };
        let out = self.project.forward(relu6(self.depthwise.forward(hidden)));
        if self.residual { x + out } else { out }
    }
}

fn pointwise(from: usize, to: usize, device: &Device) -> Conv2d {
    Conv2dConfig::new([from, to], [1, 1]).init(device)
}

fn spatial(channels: [usize; 2], stride: usize, groups: usize, device: &Device) -> Conv2d {
    Conv2dConfig::new(channels, [3, 3])
        .with_stride([stride, stride])
        .with_groups(groups)
        .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
        .init(device)
}

/// `[images, channels, height, width]` to `[images, height * width, channels]`.
fn tokens(map: Tensor<4>) -> Tensor<3> {
    map.flatten(2, 3).swap_dims(1, 2)
}

/// Repeats each token of a square grid over the 2 x 2 finer ones it covers.
fn repeat_2x2(coarse: Tensor<3>) -> Tensor<3> {
    let [images, count, dim] = coarse.dims();
    let side = count.isqrt();
    coarse
        .reshape([images, side, 1, side, 1, dim])
        .expand([images, side, 2, side, 2, dim])
        .reshape([images, 4 * count, dim])
}
