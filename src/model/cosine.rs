//! A CLIP-style head (Radford et al., 2021, <https://arxiv.org/abs/2103.00020>) beside the fusion: the cosine of a
//! global image feature and a global text feature, each projected by one matrix. It serves to compare CARZero's
//! cross-attention with a plain cosine similarity on the same encoders.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};

use super::linear::linear;
use super::ops::matmul;
use super::parameters;
#[cfg(feature = "train")]
use super::parameters::standardised;
use crate::package::config::CosineConfig;

/// CLIP's initial temperature: the logarithm of the factor by which cosines are multiplied.
const FIRST_SCALE: f32 = 2.659_26; // ln(1 / 0.07)
/// The logarithm of CLIP's largest factor on cosines.
#[cfg(feature = "train")]
const LARGEST_SCALE: f32 = 4.605_17; // ln(100)
/// Lower bound of a vector's length when the vector is divided by it.
const TINY: f32 = 1e-6;

/// `cosine_head` of the checkpoint.
#[derive(Module, Debug)]
pub struct CosineHead {
    image: Linear,
    text: Linear,
    /// Logarithm of the factor on cosines; only training needs it.
    logit_scale: Param<Tensor<1>>,
}

impl CosineHead {
    /// A head with its parameters still to be loaded, for image and text features of these widths.
    pub fn init(config: &CosineConfig, image: usize, text: usize, device: &Device) -> Self {
        Self {
            image: parameters::linear(image, config.dim, device),
            text: parameters::linear(text, config.dim, device),
            logit_scale: parameters::filled(FIRST_SCALE, [1], device),
        }
    }

    /// Projects image features, of whole images or of positions in the map: `[items, channels]` to unit vectors
    /// `[items, dim]`.
    pub fn image(&self, features: Tensor<2>) -> Tensor<2> {
        unit(linear(&self.image, features))
    }

    /// Projects text features: `[texts, channels]` to unit vectors `[texts, dim]`.
    pub fn text(&self, features: Tensor<2>) -> Tensor<2> {
        unit(linear(&self.text, features))
    }

    /// Turns cosines into the logits of a softmax, by CLIP's temperature.
    #[cfg(feature = "train")]
    pub fn logits(&self, cosines: Tensor<2>) -> Tensor<2> {
        cosines * self.logit_scale.val().clamp_max(LARGEST_SCALE).exp().unsqueeze()
    }

    /// The head with projections initialised so that these features are centred and have unit variance once projected.
    #[cfg(feature = "train")]
    pub fn standardised(mut self, images: Tensor<2>, texts: Tensor<2>) -> Self {
        let all = |x: &Tensor<2>| Tensor::ones([x.dims()[0], 1], &x.device());
        let (of_images, of_texts) = (all(&images), all(&texts));
        self.image = standardised(self.image, images, of_images);
        self.text = standardised(self.text, texts, of_texts);
        self
    }
}

/// Cosines of unit vectors: `[items, dim]` and `[texts, dim]` to `[items, texts]`.
pub fn cosines(items: Tensor<2>, texts: Tensor<2>) -> Tensor<2> {
    let [items, texts] = [items, texts].map(|x| x.unsqueeze_dim::<3>(0));
    matmul(items, texts.swap_dims(1, 2)).squeeze_dim(0)
}

/// Divides each row by its length.
pub fn unit(x: Tensor<2>) -> Tensor<2> {
    let length = x.clone().square().sum_dim(1).sqrt();
    x / length.clamp_min(TINY)
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use burn::tensor::{Distribution, Tolerance};

    use super::*;

    #[test]
    fn directions_have_unit_length_whatever_the_features() {
        let device = Device::flex();
        let head = CosineHead::init(&CosineConfig { dim: 6 }, 8, 5, &device);
        let features = Tensor::<2>::random([9, 8], Distribution::Normal(0.0, 30.0), &device);
        let lengths = head.image(features).square().sum_dim(1).into_data();
        let ones = Tensor::<2>::ones([9, 1], &device).into_data();
        lengths.assert_approx_eq(&ones, Tolerance::<f32>::absolute(1e-5));
    }
}
