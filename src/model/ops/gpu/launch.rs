//! The project's own GPU kernels as operations of Burn.
//!
//! Burn's matrix products and convolutions come in many variants, from which autotuning would choose. They would be
//! most of a WebAssembly module's size, and they are slow without autotuning. The kernels here are few, with fixed
//! choices. They have no gradient: devices that track gradients use Burn's own operations.

use burn::backend::tensor::{FloatTensor, IntTensor, QuantizedTensor};
use burn::backend::{Backend, Cube, Dispatch, ExtensionType, TensorMetadata, backend_extension};
use burn::tensor::{DType, Int, Shape, Tensor};
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use burn_cubecl::{cubecl, ops::numeric::empty_device_contiguous_dtype};

use super::kernels;
use crate::model::ops::activation::Activation;

/// `activation(x · weight + bias) + residual` over the last dimension of `x`.
///
/// # Shapes
///
/// - x: `[.., input]`
/// - weight: `[input, output]`, which may be [`quantised`](crate::model::ops::quantised)
/// - residual: `[.., output]`
pub fn linear<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    activation: Activation,
    residual: Option<Tensor<D>>,
) -> Tensor<D> {
    let [input, output] = weight.dims();
    let mut shape = x.dims();
    let rows = shape.iter().product::<usize>() / input;
    shape[D - 1] = output;
    let x = x.reshape([1, 1, rows, input]).into_dispatch();
    let bias = Maybe::new(bias);
    let residual = Maybe::new(residual.map(|x| x.reshape([1, 1, rows, output])));
    let gemm = if let DType::QFloat(_) = weight.dtype() {
        let weight = weight.into_dispatch();
        <Dispatch as Kernels>::gemm_quantised(x, weight, bias, residual, activation)
    } else {
        let weight = weight.unsqueeze::<4>().into_dispatch();
        <Dispatch as Kernels>::gemm(x, weight, bias, residual, 1.0, activation)
    };
    Tensor::<4>::from_dispatch(gemm).reshape(shape)
}

/// Looks up rows of a [`quantised`](crate::model::ops::quantised) matrix, `[rows, dim]`; ids: `[rows]`.
pub fn quantised_rows(weight: Tensor<2>, ids: Tensor<1, Int>) -> Tensor<2> {
    let (weight, ids) = (weight.into_dispatch(), ids.into_dispatch());
    Tensor::from_dispatch(<Dispatch as Kernels>::rows_quantised(weight, ids))
}

/// `scale · x · w` for each pair of matrices; a transposed view of `w` is not copied.
///
/// # Shapes
///
/// - x: `[outer, inner, rows, depth]`
/// - w: `[outer, inner, depth, columns]`
/// - output: `[outer, inner, rows, columns]`, stored in memory as `[outer, rows, inner, columns]`
pub fn matmul(x: Tensor<4>, w: Tensor<4>, scale: f32) -> Tensor<4> {
    let (x, w) = (x.into_dispatch(), w.into_dispatch());
    let gemm =
        <Dispatch as Kernels>::gemm(x, w, Maybe::None, Maybe::None, scale, Activation::Identity);
    Tensor::from_dispatch(gemm)
}

/// `softmax(x + bias)` over the last dimension.
///
/// # Shapes
///
/// - x: `[batch, heads, queries, keys]`
/// - bias: `[batch, keys]`
pub fn softmax(x: Tensor<4>, bias: Option<Tensor<2>>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as Kernels>::softmax(x.into_dispatch(), Maybe::new(bias)))
}

/// Layer norm over the last dimension.
pub fn layer_norm<const D: usize>(
    x: Tensor<D>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
) -> Tensor<D> {
    let shape = x.dims();
    let [dim] = gamma.dims();
    let rows = shape.iter().product::<usize>() / dim;
    let x = x.reshape([rows, dim]).into_dispatch();
    let (gamma, beta) = (gamma.into_dispatch(), beta.into_dispatch());
    let normed = <Dispatch as Kernels>::layer_norm(x, gamma, beta, epsilon as f32);
    Tensor::<2>::from_dispatch(normed).reshape(shape)
}

/// A depthwise 3 x 3 convolution with padding 1, and ReLU6.
///
/// # Shapes
///
/// - x: `[images, height, width, channels]`, or with a single channel, which is then the input of all filters
/// - weight: `[channels, 1, 3, 3]`
/// - output: `[images, height / stride, width / stride, channels]`, rounded up
pub fn depthwise(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, stride: usize) -> Tensor<4> {
    let [images, height, width, _] = x.dims();
    let x = x.expand([images, height, width, weight.dims()[0]]).into_dispatch();
    let (weight, bias) = (weight.into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(<Dispatch as Kernels>::depthwise(x, weight, bias, stride))
}

/// An optional tensor, as an operation of Burn can take it.
#[derive(ExtensionType)]
pub enum Maybe<B: Backend> {
    Some(FloatTensor<B>),
    None,
}

impl Maybe<Dispatch> {
    fn new<const D: usize>(tensor: Option<Tensor<D>>) -> Self {
        tensor.map_or(Self::None, |tensor| Self::Some(tensor.into_dispatch()))
    }
}

impl From<Maybe<Cube>> for Option<CubeTensor> {
    fn from(tensor: Maybe<Cube>) -> Self {
        match tensor {
            Maybe::Some(tensor) => Some(into_contiguous(tensor)),
            Maybe::None => None,
        }
    }
}

#[backend_extension(Cube)]
trait Kernels: Backend {
    fn gemm(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        #[extension_type] bias: Maybe<Self>,
        #[extension_type] residual: Maybe<Self>,
        scale: f32,
        activation: Activation,
    ) -> FloatTensor<Self>;

    fn gemm_quantised(
        x: FloatTensor<Self>,
        w: QuantizedTensor<Self>,
        #[extension_type] bias: Maybe<Self>,
        #[extension_type] residual: Maybe<Self>,
        activation: Activation,
    ) -> FloatTensor<Self>;

    fn rows_quantised(w: QuantizedTensor<Self>, ids: IntTensor<Self>) -> FloatTensor<Self>;

    fn softmax(x: FloatTensor<Self>, #[extension_type] bias: Maybe<Self>) -> FloatTensor<Self>;

    fn layer_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self>;

    fn depthwise(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        stride: usize,
    ) -> FloatTensor<Self>;
}

// SAFETY of the launches: every kernel compares its position with the output's shape, with which the shapes of the
// inputs agree.
impl Kernels for Cube {
    fn gemm(
        x: CubeTensor,
        w: CubeTensor,
        bias: Maybe<Self>,
        residual: Maybe<Self>,
        scale: f32,
        activation: Activation,
    ) -> CubeTensor {
        let x = dense_rows(x);
        let [outer, inner, rows, _] = x.shape().dims();
        let transposed = w.meta.strides()[2] == 1;
        let w = if transposed || w.meta.strides()[3] == 1 { w } else { into_contiguous(w) };
        let columns = w.meta.shape()[3];
        let mut out = empty(&x, [outer, rows, inner, columns]);
        out.meta.swap(1, 2);
        let (bias, residual): (Option<_>, Option<_>) = (bias.into(), residual.into());
        let bias = bias.map(CubeTensor::into_buffer_arg);
        let residual = residual.map(CubeTensor::into_buffer_arg);

        let (tile_rows, count, dim) = tiles(&x, columns);
        let along_depth = along_depth(&x);
        let along_columns = if columns % 4 == 0 { 4 } else { 1 };
        let client = x.client.clone();
        if transposed {
            let width = if is_aligned(&w, 2) { along_depth } else { 1 };
            unsafe {
                kernels::gemm_transposed::launch_unchecked(
                    &client,
                    count,
                    dim,
                    width,
                    along_columns,
                    x.into_tensor_arg(),
                    w.into_tensor_arg(),
                    bias.into(),
                    residual.into(),
                    out.clone().into_tensor_arg(),
                    scale,
                    tile_rows,
                    activation,
                );
            }
        } else {
            let width = if is_aligned(&w, 3) { along_columns } else { 1 };
            unsafe {
                kernels::gemm::launch_unchecked(
                    &client,
                    count,
                    dim,
                    along_depth,
                    width,
                    x.into_tensor_arg(),
                    w.into_tensor_arg(),
                    bias.into(),
                    residual.into(),
                    out.clone().into_tensor_arg(),
                    scale,
                    tile_rows,
                    activation,
                );
            }
        }
        out
    }

    fn gemm_quantised(
        x: CubeTensor,
        w: CubeTensor,
        bias: Maybe<Self>,
        residual: Maybe<Self>,
        activation: Activation,
    ) -> CubeTensor {
        let x = dense_rows(x);
        let [outer, inner, rows, _] = x.shape().dims();
        let columns = w.meta.shape()[1];
        let Some((w, factors)) = w.quantized_handles() else { unreachable!("it is quantised") };
        let out = empty(&x, [outer, inner, rows, columns]);
        let (bias, residual): (Option<_>, Option<_>) = (bias.into(), residual.into());
        let (tile_rows, count, dim) = tiles(&x, columns);
        unsafe {
            kernels::gemm_quantised::launch_unchecked(
                &x.client.clone(),
                count,
                dim,
                along_depth(&x),
                4,
                x.into_tensor_arg(),
                w.into_tensor_arg(),
                factors.into_buffer_arg(),
                bias.map(CubeTensor::into_buffer_arg).into(),
                residual.map(CubeTensor::into_buffer_arg).into(),
                out.clone().into_tensor_arg(),
                tile_rows,
                activation,
            );
        }
        out
    }

    fn rows_quantised(w: CubeTensor, ids: CubeTensor) -> CubeTensor {
        let [rows, dim] = [ids.meta.shape()[0], w.meta.shape()[1]];
        let Some((w, factors)) = w.quantized_handles() else { unreachable!("it is quantised") };
        let out = empty(&w, [rows, dim]);
        let (count, cube) = cubes(&w, rows * dim / 4);
        unsafe {
            kernels::rows_quantised::launch_unchecked(
                &w.client.clone(),
                count,
                cube,
                4,
                w.into_tensor_arg(),
                factors.into_tensor_arg(),
                into_contiguous(ids).into_buffer_arg(),
                out.clone().into_tensor_arg(),
            );
        }
        out
    }

    fn softmax(x: CubeTensor, bias: Maybe<Self>) -> CubeTensor {
        let x = dense_rows(x);
        let [batch, heads, queries, keys] = x.shape().dims();
        let mut out = empty(&x, [batch, queries, heads, keys]);
        out.meta.swap(1, 2);
        let bias: Option<_> = bias.into();
        let (count, dim) = cubes(&x, batch * heads * queries);
        unsafe {
            kernels::softmax::launch_unchecked(
                &x.client.clone(),
                count,
                dim,
                x.into_tensor_arg(),
                bias.map(CubeTensor::into_tensor_arg).into(),
                out.clone().into_tensor_arg(),
            );
        }
        out
    }

    fn layer_norm(x: CubeTensor, gamma: CubeTensor, beta: CubeTensor, epsilon: f32) -> CubeTensor {
        let x = into_contiguous(x);
        let [rows, dim] = x.shape().dims();
        let out = empty(&x, [rows, dim]);
        let (count, cube) = cubes(&x, rows);
        unsafe {
            kernels::layer_norm::launch_unchecked(
                &x.client.clone(),
                count,
                cube,
                if dim % 4 == 0 { 4 } else { 1 },
                x.into_tensor_arg(),
                gamma.into_buffer_arg(),
                beta.into_buffer_arg(),
                out.clone().into_tensor_arg(),
                epsilon,
            );
        }
        out
    }

    fn depthwise(x: CubeTensor, weight: CubeTensor, bias: CubeTensor, stride: usize) -> CubeTensor {
        let [images, height, width, channels] = x.shape().dims();
        let out_shape = [images, height.div_ceil(stride), width.div_ceil(stride), channels];
        let out = empty(&x, out_shape);
        let spans = out_shape[2].div_ceil(kernels::PIXELS);
        let (count, dim) = cubes(&x, images * out_shape[1] * spans * channels);
        unsafe {
            kernels::depthwise::launch_unchecked(
                &x.client.clone(),
                count,
                dim,
                x.into_tensor_arg(),
                into_contiguous(weight).into_buffer_arg(),
                bias.into_buffer_arg(),
                out.clone().into_tensor_arg(),
                stride,
            );
        }
        out
    }
}

/// The tensor, or a copy of it, with each row contiguous.
fn dense_rows(x: CubeTensor) -> CubeTensor {
    if x.meta.strides()[3] == 1 { x } else { into_contiguous(x) }
}

/// An uninitialised result on the device of `like`.
fn empty<const D: usize>(like: &CubeTensor, shape: [usize; D]) -> CubeTensor {
    let (client, device) = (like.client.clone(), like.device.clone());
    empty_device_contiguous_dtype(client, device, Shape::from(shape), DType::F32)
}

/// The number and size of cubes (workgroups) for this many threads.
fn cubes(tensor: &CubeTensor, threads: usize) -> (CubeCount, CubeDim) {
    let dim = CubeDim::new_1d(64);
    (cubecl::calculate_cube_count_elemwise(&tensor.client, threads, dim), dim)
}

/// The number of rows of a product's tiles, and the cubes for all tiles.
fn tiles(x: &CubeTensor, columns: usize) -> (usize, CubeCount, CubeDim) {
    let [outer, inner, rows, _] = x.shape().dims();
    let tile_rows = if rows == 1 { 1 } else { 4 };
    let tiles = outer * inner * rows.div_ceil(tile_rows) * columns.div_ceil(kernels::COLUMNS);
    let (count, dim) = cubes(x, tiles);
    (tile_rows, count, dim)
}

/// How many numbers of a row the kernel reads at a time.
fn along_depth(x: &CubeTensor) -> usize {
    if x.meta.shape()[3].is_multiple_of(4) && is_aligned(x, 3) { 4 } else { 1 }
}

/// Whether vectors of four along a dimension are contiguous and aligned to multiples of four.
fn is_aligned(tensor: &CubeTensor, along: usize) -> bool {
    let strides = tensor.meta.strides().iter().enumerate();
    strides.fold(true, |so_far, (dim, &stride)| {
        so_far && if dim == along { stride == 1 } else { stride % 4 == 0 }
    })
}

#[cfg(test)]
mod tests {
    use burn::tensor::quantization::QuantStore;
    use burn::tensor::{DeviceKind, Distribution, TensorData, Tolerance, activation, module};

    use super::*;
    use crate::model::ops::quantised::{User, quantised};

    fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
        Tensor::random(
            shape,
            Distribution::Normal(0.0, 1.0),
            &Device::wgpu(DeviceKind::DefaultDevice),
        )
    }

    fn assert_equal<const D: usize>(own: Tensor<D>, burns: Tensor<D>) {
        let tolerance = Tolerance::<f32>::rel_abs(1e-4, 1e-4);
        own.into_data().assert_approx_eq(&burns.into_data(), tolerance);
    }

    #[test]
    fn linear_layers_are_those_of_burn() {
        for (rows, input, output) in
            [(1, 8, 4), (1, 3, 1), (5, 12, 8), (7, 5, 6), (4, 16, 1), (9, 6, 12)]
        {
            let (x, bias) = (random([1, rows, input]), random([output]));
            for weight in [random([input, output]), random([output, input]).transpose()] {
                let burns = module::linear(x.clone(), weight.clone(), Some(bias.clone()));
                let own = |activation, residual| {
                    linear(x.clone(), weight.clone(), Some(bias.clone()), activation, residual)
                };
                assert_equal(own(Activation::Identity, None), burns.clone());
                assert_equal(own(Activation::Relu, None), activation::relu(burns.clone()));
                let residual = random([1, rows, output]);
                assert_equal(
                    own(Activation::Gelu, Some(residual.clone())),
                    activation::gelu(burns) + residual,
                );
            }
        }
    }

    #[test]
    fn quantised_layers_are_those_of_the_numbers_they_stand_for() {
        let device = Device::wgpu(DeviceKind::DefaultDevice);
        let [outputs, inputs] = [12, 64];
        let stored: Vec<u8> = (0..outputs * inputs).map(|i| (i * 37 % 255) as u8).collect();
        let factors: Vec<f32> = (1..=outputs).map(|row| row as f32 / 128.0).collect();
        let rows = stored.chunks(inputs).zip(&factors);
        let numbers = rows.flat_map(|(row, by)| row.iter().map(move |&v| f32::from(v as i8) * by));
        let numbers = TensorData::new(numbers.collect::<Vec<f32>>(), [outputs, inputs]);
        let numbers = Tensor::<2>::from_data(numbers, &device);
        let tensor = |user| {
            let shape = [outputs, inputs];
            let data = quantised(&stored, shape, &factors, user, QuantStore::PackedU32(0));
            let data = data.unwrap();
            let dtype = data.dtype();
            Tensor::<2>::from_data(data, (&device, dtype))
        };
        for rows in [1, 5] {
            let (x, bias) = (random([1, rows, inputs]), random([outputs]));
            let residual = random([1, rows, outputs]);
            let layer = |weight| {
                let (bias, residual) = (Some(bias.clone()), Some(residual.clone()));
                linear(x.clone(), weight, bias, Activation::Relu, residual)
            };
            assert_equal(layer(tensor(User::Linear)), layer(numbers.clone().transpose()));
        }
        let ids = Tensor::<1, Int>::from_data([8, 0, 8], &device);
        let looked_up = quantised_rows(tensor(User::Embedding), ids.clone());
        assert_equal(looked_up, numbers.select(0, ids));
    }

    #[test]
    fn products_of_views_are_those_of_burn() {
        let [x, w] = [random([2, 5, 3, 8]), random([2, 7, 3, 8])].map(|x| x.swap_dims(1, 2));
        let scores = matmul(x.clone(), w.clone().swap_dims(2, 3), 0.5);
        assert_equal(scores.clone(), x.matmul(w.clone().swap_dims(2, 3)) * 0.5);
        let bias = random([2, 7]);
        let weights = softmax(scores.clone(), Some(bias.clone()));
        assert_equal(weights.clone(), activation::softmax(scores + bias.reshape([2, 1, 1, 7]), 3));
        assert_equal(matmul(weights.clone(), w.clone(), 1.0), weights.matmul(w));
    }

    #[test]
    fn layer_norm_is_that_of_burn() {
        for dim in [8, 6] {
            let (x, gamma, beta) = (random([2, 3, dim]), random([dim]), random([dim]));
            let burns = module::layer_norm(x.clone(), gamma.clone(), Some(beta.clone()), 1e-5);
            assert_equal(layer_norm(x, gamma, beta, 1e-5), burns);
        }
    }
}
