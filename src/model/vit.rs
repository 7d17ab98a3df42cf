//! Vision Transformer in timm's layout (Dosovitskiy et al., 2021, <https://arxiv.org/abs/2010.11929>).

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};

use super::linear::{feed_forward, linear};
use super::norm::LayerNorm;
use super::ops::activation::Activation;
use super::ops::{self, Projections};
use super::parameters;
use crate::package::config::VitConfig;

/// `img_encoder`: the transformer without any projection after it, as in CARZero.
#[derive(Module, Debug)]
pub struct VitEncoder {
    model: Vit,
}

#[derive(Module, Debug)]
struct Vit {
    cls_token: Param<Tensor<3>>,
    pos_embed: Param<Tensor<3>>,
    patch_embed: PatchEmbed,
    blocks: Vec<Block>,
    norm: LayerNorm,
}

/// The patch convolution as a matrix product, which is possible because its stride equals its kernel size. Its three
/// input channels, which are equal for grey images, are folded into one.
#[derive(Module, Debug)]
struct PatchEmbed {
    proj: Linear,
    patch: usize,
}

#[derive(Module, Debug)]
struct Block {
    norm1: LayerNorm,
    attn: SelfAttention,
    norm2: LayerNorm,
    mlp: Mlp,
}

#[derive(Module, Debug)]
struct SelfAttention {
    qkv: Linear,
    proj: Linear,
    heads: usize,
}

#[derive(Module, Debug)]
struct Mlp {
    fc1: Linear,
    fc2: Linear,
}

impl VitEncoder {
    /// An encoder for a grid of `side * side` patches, its parameters still to be loaded.
    pub fn init(config: &VitConfig, side: usize, device: &Device) -> Self {
        let VitConfig { patch, dim, .. } = *config;
        let model = Vit {
            cls_token: parameters::filled(0.0, [1, 1, dim], device),
            pos_embed: parameters::filled(0.0, [1, side * side + 1, dim], device),
            patch_embed: PatchEmbed { proj: parameters::linear(patch * patch, dim, device), patch },
            blocks: (0..config.depth).map(|_| Block::init(config, device)).collect(),
            norm: norm(config, device),
        };
        Self { model }
    }

    /// The class token and the patches, `[images, 1 + side * side, dim]`.
    ///
    /// # Shapes
    ///
    /// - pixels: `[images, 1, crop, crop]`
    pub fn forward(&self, pixels: Tensor<4>) -> Tensor<3> {
        let vit = &self.model;
        let patches = vit.patch_embed.forward(pixels);
        let [images, _, dim] = patches.dims();
        let cls = vit.cls_token.val().expand([images, 1, dim]);
        let mut x = Tensor::cat(vec![cls, patches], 1) + vit.pos_embed.val();
        for block in &vit.blocks {
            x = block.forward(x);
        }
        vit.norm.forward(x)
    }
}

impl PatchEmbed {
    /// `[images, 1, crop, crop]` to `[images, side * side, dim]`.
    fn forward(&self, pixels: Tensor<4>) -> Tensor<3> {
        let [images, _, crop, _] = pixels.dims();
        let (patch, side) = (self.patch, crop / self.patch);
        let patches = pixels.reshape([images, side, patch, side, patch]).swap_dims(2, 3).reshape([
            images,
            side * side,
            patch * patch,
        ]);
        linear(&self.proj, patches)
    }
}

impl Block {
    fn init(config: &VitConfig, device: &Device) -> Self {
        let VitConfig { dim, mlp, heads, .. } = *config;
        let linear = |from, to| parameters::linear(from, to, device);
        Self {
            norm1: norm(config, device),
            attn: SelfAttention { qkv: linear(dim, 3 * dim), proj: linear(dim, dim), heads },
            norm2: norm(config, device),
            mlp: Mlp { fc1: linear(dim, mlp), fc2: linear(mlp, dim) },
        }
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let x = self.attn.forward(self.norm1.forward(x.clone()), x);
        let layers = [&self.mlp.fc1, &self.mlp.fc2];
        feed_forward(layers, self.norm2.forward(x.clone()), Activation::Gelu, x)
    }
}

impl SelfAttention {
    fn forward(&self, x: Tensor<3>, residual: Tensor<3>) -> Tensor<3> {
        let layers = ops::SelfAttention {
            projections: Projections::Joint(Box::new((&self.qkv).into())),
            output: (&self.proj).into(),
            heads: self.heads,
        };
        ops::self_attention(x, layers, None, residual)
    }
}

fn norm(config: &VitConfig, device: &Device) -> LayerNorm {
    LayerNorm::init(config.dim, config.norm_eps, device)
}
