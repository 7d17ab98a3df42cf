//! The inputs and outputs of operations that are not plain tensors.

use burn::nn::Linear;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor};

/// The weight and bias of a linear layer.
#[derive(Debug, Clone)]
pub struct Affine {
    /// Identifies the weight as long as the model exists. The members of the pool cache it under this identifier.
    pub id: u64,
    /// `[input, output]`; may be [`quantised`](super::quantised).
    pub weight: Tensor<2>,
    /// `[output]`
    pub bias: Option<Tensor<1>>,
}

impl From<&Linear> for Affine {
    fn from(layer: &Linear) -> Self {
        let bias = layer.bias.as_ref().map(|bias| bias.val());
        Self { id: layer.weight.id.val(), weight: layer.weight.val(), bias }
    }
}

/// The weight and bias of a convolution.
#[derive(Debug, Clone)]
pub struct Convolution {
    /// Like [`Affine::id`].
    pub id: u64,
    /// `[output, input / groups, height, width]`
    pub weight: Tensor<4>,
    /// `[output]`
    pub bias: Tensor<1>,
}

impl From<&Conv2d> for Convolution {
    fn from(layer: &Conv2d) -> Self {
        let bias = match &layer.bias {
            Some(bias) => bias.val(),
            None => unreachable!("all convolutions here have a bias"),
        };
        Self { id: layer.weight.id.val(), weight: layer.weight.val(), bias }
    }
}

/// The linear layers of self-attention.
#[derive(Debug, Clone)]
pub struct SelfAttention {
    /// To query, key and value.
    pub projections: Projections,
    /// Applied to the attended values.
    pub output: Affine,
    /// Number of heads, which lie side by side in query, key and value.
    pub heads: usize,
}

/// The layers that make query, key and value of the same rows.
#[derive(Debug, Clone)]
pub enum Projections {
    /// One layer, whose output has query, key and value side by side.
    Joint(Box<Affine>),
    /// A layer for each.
    Separate(Box<[Affine; 3]>),
}

impl Projections {
    /// Query, key and value of `x`, `[batch, rows, dim]`, by a device's way to apply a layer.
    pub fn apply(
        self,
        x: &Tensor<3>,
        linear: impl Fn(Tensor<3>, Affine) -> Tensor<3>,
    ) -> [Tensor<3>; 3] {
        match self {
            Self::Joint(layer) => {
                let joint = linear(x.clone(), *layer);
                let dim = joint.dims()[2] / 3;
                [0, 1, 2].map(|part| joint.clone().narrow(2, part * dim, dim))
            }
            Self::Separate(layers) => layers.map(|layer| linear(x.clone(), layer)),
        }
    }
}

impl From<Convolution> for Affine {
    /// The convolution as a matrix product: each pixel's inputs, for all taps of the filter, times the weights.
    fn from(Convolution { id, weight, bias }: Convolution) -> Self {
        let [output, ..] = weight.dims();
        let weight = weight.reshape([output as isize, -1]).transpose();
        Self { id, weight, bias: Some(bias) }
    }
}

/// The convolutions and settings of an inverted residual block.
#[derive(Debug, Clone)]
pub struct InvertedResidual {
    /// 1 x 1; none where the block does not expand.
    pub expand: Option<Convolution>,
    /// 3 x 3, separately for each channel.
    pub depthwise: Convolution,
    /// 1 x 1.
    pub project: Convolution,
    /// Stride of the depthwise convolution, 1 or 2.
    pub stride: usize,
    /// Whether the block's input is added to its output.
    pub residual: bool,
}

/// A layer of MobileNetV2.
#[derive(Debug, Clone)]
pub enum Layer {
    /// A 3 x 3 convolution of one plane with even sides, with stride 2 and zero padding, and ReLU6.
    Stem(Convolution),
    /// `project(relu6(depthwise(relu6(expand(x)))))`, plus `x` in a residual block.
    InvertedResidual(Box<InvertedResidual>),
    /// A 1 x 1 convolution and ReLU6.
    Pointwise(Convolution),
}

impl Layer {
    /// The device of its weights.
    pub fn device(&self) -> Device {
        match self {
            Self::Stem(convolution) | Self::Pointwise(convolution) => convolution.weight.device(),
            Self::InvertedResidual(block) => block.depthwise.weight.device(),
        }
    }
}

/// The result of an attention.
#[derive(Debug, Clone)]
pub struct Attended {
    /// The attended values, with heads side by side, `[batch, queries, dim]`.
    pub context: Tensor<3>,
    /// Logits before the softmax, without the bias, `[batch, heads, queries, keys]`.
    pub scores: Tensor<4>,
    /// Weights after the softmax, `[batch, heads, queries, keys]`.
    pub weights: Tensor<4>,
}
