//! Layer norm (Ba et al., 2016, <https://arxiv.org/abs/1607.06450>). It is defined here because the epsilon of
//! [`burn::nn::LayerNorm`] is private.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::ops;
use super::parameters::filled;

/// A layer norm over the last dimension.
#[derive(Module, Debug)]
pub struct LayerNorm {
    gamma: Param<Tensor<1>>,
    beta: Param<Tensor<1>>,
    epsilon: f64,
}

impl LayerNorm {
    /// A norm with its parameters still to be loaded.
    pub fn init(dim: usize, epsilon: f64, device: &Device) -> Self {
        Self { gamma: filled(1.0, [dim], device), beta: filled(0.0, [dim], device), epsilon }
    }

    /// # Shapes
    ///
    /// - x: `[.., dim]`
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        ops::layer_norm(x, self.gamma.val(), self.beta.val(), self.epsilon)
    }
}
