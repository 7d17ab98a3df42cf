//! 1 x 1 convolutions as matrix products: natively by the `gemm` crate, in WebAssembly by [`panels`](super::panels).

use std::borrow::Cow;

use super::matrix::{Matrix, MatrixMut};

/// A 1 x 1 convolution.
#[derive(Debug)]
pub struct Pointwise<'a> {
    /// `[output, input]`; in WebAssembly packed into panels.
    weight: Cow<'a, [f32]>,
    /// `[output]`
    bias: Cow<'a, [f32]>,
    input: usize,
}

impl<'a> Pointwise<'a> {
    /// From its weight, `[output, input]`, and bias.
    pub fn new(weight: &'a [f32], bias: &'a [f32]) -> Self {
        let input = weight.len() / bias.len();
        #[cfg(target_arch = "wasm32")]
        let weight = super::panels::packed(&Matrix::columns(weight, bias.len(), input));
        Self { weight: weight.into(), bias: bias.into(), input }
    }

    /// The same convolution, owning its parameters.
    pub fn owned(self) -> Pointwise<'static> {
        let [weight, bias] = [self.weight, self.bias].map(|values| values.into_owned().into());
        Pointwise { weight, bias, input: self.input }
    }

    /// `y = x · weightᵀ + bias` for each pixel, then ReLU6 if wanted.
    pub fn apply(&self, x: &[f32], relu6: bool, y: &mut [f32]) {
        let output = self.bias.len();
        let x = Matrix::rows(x, x.len() / self.input, self.input);
        #[cfg(target_arch = "wasm32")]
        {
            use super::panels::{Epilogue, multiply_packed};
            let epilogue = Epilogue { accumulate: false, bias: Some(&self.bias), relu6 };
            multiply_packed(x, &self.weight, output, epilogue, MatrixMut::rows(y, output));
        }
        #[cfg(not(target_arch = "wasm32"))]
        {
            y.chunks_exact_mut(output).for_each(|pixel| pixel.copy_from_slice(&self.bias));
            let weight = Matrix::columns(&self.weight, output, self.input);
            super::gemm::multiply(x, weight, true, MatrixMut::rows(y, output));
            if relu6 {
                super::functions::activate(y, crate::model::ops::activation::Activation::Relu6);
            }
        }
    }
}
