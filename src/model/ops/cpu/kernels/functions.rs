//! Scalar functions, written so that the compiler can vectorise them.

use crate::model::ops::activation::Activation;

/// The exponential, for arguments up to 88: 2^n times a polynomial, within 2 units in the last place.
#[inline(always)]
fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 88.0);
    let n = (x * std::f32::consts::LOG2_E).round_ties_even();
    // ln 2 is split into two parts, so that their products with n are precise enough.
    let r = x - n * 0.693_359_4 + n * 2.121_944_4e-4;
    // The Taylor polynomial by Horner's method; |r| <= ln 2 / 2.
    let p = 1.0 / 5040.0;
    let p = p * r + 1.0 / 720.0;
    let p = p * r + 1.0 / 120.0;
    let p = p * r + 1.0 / 24.0;
    let p = p * r + 1.0 / 6.0;
    let p = p * r + 0.5;
    let p = (p * r + 1.0) * r + 1.0;
    p * f32::from_bits(((n as i32 + 127) << 23) as u32)
}

/// The error function, by Abramowitz and Stegun's formula 7.1.26: within 5e-7.
#[inline(always)]
fn erf(x: f32) -> f32 {
    let magnitude = x.abs();
    let t = 1.0 / (1.0 + 0.327_591_1 * magnitude);
    let p = 1.061_405_4;
    let p = p * t - 1.453_152;
    let p = p * t + 1.421_413_7;
    let p = p * t - 0.284_496_74;
    let p = (p * t + 0.254_829_6) * t;
    (1.0 - p * exp(-magnitude * magnitude)).copysign(x)
}

/// An activation in place.
pub fn activate(values: &mut [f32], activation: Activation) {
    fn map_in_place(values: &mut [f32], change: impl Fn(f32) -> f32) {
        pulp::Arch::new().dispatch(|| values.iter_mut().for_each(|value| *value = change(*value)));
    }
    match activation {
        Activation::Identity => {}
        Activation::Relu => map_in_place(values, |x| x.max(0.0)),
        Activation::Relu6 => map_in_place(values, |x| x.clamp(0.0, 6.0)),
        Activation::Gelu => {
            map_in_place(values, |x| x * (0.5 + 0.5 * erf(x * std::f32::consts::FRAC_1_SQRT_2)));
        }
    }
}

/// Layer norm of each row: `(x - mean) / sqrt(variance + epsilon) * gamma + beta`.
#[cfg(any(target_arch = "wasm32", test))]
pub fn layer_norm(x: &[f32], gamma: &[f32], beta: &[f32], epsilon: f32, y: &mut [f32]) {
    let dim = gamma.len();
    let share = 1.0 / dim as f32;
    pulp::Arch::new().dispatch(|| {
        for (x, y) in x.chunks_exact(dim).zip(y.chunks_exact_mut(dim)) {
            let mean = share * sum(x, |x| x);
            let variance = share * sum(x, |x| (x - mean) * (x - mean));
            let scale = 1.0 / (variance + epsilon).sqrt();
            for ((y, x), (gamma, beta)) in y.iter_mut().zip(x).zip(gamma.iter().zip(beta)) {
                *y = (x - mean) * scale * gamma + beta;
            }
        }
    });
}

/// The sum of `term` over all values, in eight partial sums that can be vectorised.
#[cfg(any(target_arch = "wasm32", test))]
#[inline(always)]
fn sum(values: &[f32], term: impl Fn(f32) -> f32) -> f32 {
    let (chunks, rest) = values.as_chunks::<8>();
    let mut parts = [0.0; 8];
    for chunk in chunks {
        for (part, &value) in parts.iter_mut().zip(chunk) {
            *part += term(value);
        }
    }
    parts.into_iter().chain(rest.iter().map(|&value| term(value))).sum()
}

/// Softmax of a row, in place.
pub fn softmax(row: &mut [f32]) {
    pulp::Arch::new().dispatch(|| {
        let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        for value in row.iter_mut() {
            *value = exp(*value - max);
        }
        let scale = 1.0 / row.iter().sum::<f32>();
        for value in row.iter_mut() {
            *value *= scale;
        }
    });
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor, activation};

    use super::*;

    #[test]
    fn exponentials_are_exact_to_two_units() {
        for step in -8700..8800 {
            let x = step as f32 / 100.0;
            let exact = f64::from(x).exp();
            let error = (f64::from(exp(x)) - exact).abs() / exact;
            assert!(error < 2.0 * f64::from(f32::EPSILON), "exp({x}) is off by {error:e}");
        }
        assert!(exp(-1e4) < 1e-37);
    }

    #[test]
    fn activations_are_those_of_burn() {
        let x: Vec<f32> = (-800..=800).map(|step| step as f32 / 100.0).collect();
        let tensor = Tensor::<1>::from_floats(x.as_slice(), &Device::flex());
        for (own, burns) in [
            (Activation::Identity, tensor.clone()),
            (Activation::Relu, activation::relu(tensor.clone())),
            (Activation::Relu6, activation::relu6(tensor.clone())),
            (Activation::Gelu, activation::gelu(tensor)),
        ] {
            let expected = burns.into_data().try_into_vec::<f32>().unwrap();
            let mut y = x.clone();
            activate(&mut y, own);
            assert!(y.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-6), "{own:?}");
        }
    }

    #[test]
    fn softmax_is_shares_of_one() {
        let mut row = [1.0, 2.0, 3.0, -1e4];
        softmax(&mut row);
        let expected = [0.090_030_57, 0.244_728_48, 0.665_240_94, 0.0];
        assert!(row.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-7), "{row:?}");
    }
}
