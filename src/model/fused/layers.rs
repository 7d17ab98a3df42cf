//! Layers that Burn has too, but slower in WebAssembly; see [`kernel`](crate::model::kernel).
//! There is no gradient.

use burn::backend::ExtensionType;
use burn::backend::flex::FlexQTensor;
use burn::backend::tensor::{IntTensor, QuantizedTensor};
use burn::tensor::{DType, Int};

use super::*;
use crate::model::attention::Attended;
use crate::model::kernel::{Factor, Item, Matrix, Quantised, Sizes};
use crate::model::linear::Activation;

/// `activation(x · weight + bias)` over the last dimension of `x`; weight: `[input, output]`, which
/// may be [`quantised`](crate::model::quantised).
pub fn linear<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<2>,
    bias: Tensor<1>,
    activation: Activation,
) -> Tensor<D> {
    let (x, bias) = (x.into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(<Dispatch as Layers>::linear(x, Weight::new(weight), bias, activation))
}

/// `residual + activation(x · first + bias) · second + bias`: two linear layers, each its weight
/// and bias.
pub fn feed_forward<const D: usize>(
    x: Tensor<D>,
    [first, second]: [(Tensor<2>, Tensor<1>); 2],
    activation: Activation,
    residual: Tensor<D>,
) -> Tensor<D> {
    Tensor::from_dispatch(<Dispatch as Layers>::feed_forward(
        x.into_dispatch(),
        Weight::new(first.0),
        first.1.into_dispatch(),
        Weight::new(second.0),
        second.1.into_dispatch(),
        activation,
        residual.into_dispatch(),
    ))
}

/// See [`LayerNorm`](crate::model::norm::LayerNorm).
pub fn layer_norm<const D: usize>(
    x: Tensor<D>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
) -> Tensor<D> {
    let x = x.into_dispatch();
    let [gamma, beta] = [gamma, beta].map(Tensor::into_dispatch);
    Tensor::from_dispatch(<Dispatch as Layers>::layer_norm(x, gamma, beta, epsilon as f32))
}

/// Rows of a [`quantised`](crate::model::quantised) matrix, `[rows, dim]`; ids: `[rows]`.
pub fn quantised_rows(weight: Tensor<2>, ids: Tensor<1, Int>) -> Tensor<2> {
    let [weight, ids] = [weight.into_dispatch(), ids.into_dispatch()];
    Tensor::from_dispatch(<Dispatch as Layers>::quantised_rows(weight, ids))
}

/// See [`attention::attend`](crate::model::attention::attend).
pub fn attend(
    query: Tensor<3>,
    key: Tensor<3>,
    value: Tensor<3>,
    bias: Tensor<2>,
    heads: usize,
) -> Attended {
    let [query, key, value] = [query, key, value].map(Tensor::into_dispatch);
    let bias = bias.into_dispatch();
    let (context, scores, weights) = <Dispatch as Layers>::attend(query, key, value, bias, heads);
    Attended {
        context: Tensor::from_dispatch(context),
        scores: Tensor::from_dispatch(scores),
        weights: Tensor::from_dispatch(weights),
    }
}

/// See [`attention::attended`](crate::model::attention::attended).
pub fn attended(
    query: Tensor<3>,
    key: Tensor<3>,
    value: Tensor<3>,
    bias: Tensor<2>,
    heads: usize,
) -> Tensor<3> {
    let [query, key, value] = [query, key, value].map(Tensor::into_dispatch);
    let bias = bias.into_dispatch();
    Tensor::from_dispatch(<Dispatch as Layers>::attended(query, key, value, bias, heads))
}

/// The weight of a linear layer, `[input, output]`.
#[derive(ExtensionType)]
pub enum Weight<B: Backend> {
    Floats(FloatTensor<B>),
    Integers(QuantizedTensor<B>),
}

impl Weight<Dispatch> {
    fn new(weight: Tensor<2>) -> Self {
        match weight.dtype() {
            DType::QFloat(_) => Self::Integers(weight.into_dispatch()),
            _ => Self::Floats(weight.into_dispatch()),
        }
    }
}

impl Weight<Flex> {
    fn factor(&self) -> Factor<'_> {
        match self {
            Self::Floats(weight) => {
                // It may be a transposed view, which need not be copied.
                let [input, output] = weight.shape().dims();
                let strides = weight.layout().strides();
                Factor::Floats(Matrix {
                    data: &weight.storage()[weight.layout().start_offset()..],
                    rows: input,
                    columns: output,
                    row_stride: strides[0] as usize,
                    column_stride: strides[1] as usize,
                })
            }
            Self::Integers(weight) => {
                let [_, columns] = weight.shape().dims();
                let data = weight.tensor().storage();
                Factor::Integers(Quantised::whole(data, &weight.scales()[..columns]))
            }
        }
    }
}

#[backend_extension(Flex)]
trait Layers: Backend {
    fn linear(
        x: FloatTensor<Self>,
        #[extension_type] weight: Weight<Self>,
        bias: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self>;

    fn feed_forward(
        x: FloatTensor<Self>,
        #[extension_type] first: Weight<Self>,
        first_bias: FloatTensor<Self>,
        #[extension_type] second: Weight<Self>,
        second_bias: FloatTensor<Self>,
        activation: Activation,
        residual: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    fn layer_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self>;

    fn quantised_rows(weight: QuantizedTensor<Self>, ids: IntTensor<Self>) -> FloatTensor<Self>;

    fn attend(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        value: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        heads: usize,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    fn attended(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        value: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        heads: usize,
    ) -> FloatTensor<Self>;
}

impl Layers for Flex {
    fn linear(
        x: FlexTensor,
        weight: Weight<Flex>,
        bias: FlexTensor,
        activation: Activation,
    ) -> FlexTensor {
        let (x, bias) = (dense(&x), dense(&bias));
        let weight = weight.factor();
        let mut shape = x.shape();
        let rows = matrix(&x);
        let mut y = vec![0.0; rows.rows * weight.columns()];
        team::linear(rows, weight, values(&bias), &mut y);
        kernel::activate(&mut y, activation);
        if let Some(last) = shape.last_mut() {
            *last = weight.columns();
        }
        FlexTensor::from_data(TensorData::new(y, shape))
    }

    fn feed_forward(
        x: FlexTensor,
        first: Weight<Flex>,
        first_bias: FlexTensor,
        second: Weight<Flex>,
        second_bias: FlexTensor,
        activation: Activation,
        residual: FlexTensor,
    ) -> FlexTensor {
        let [x, residual] = [x, residual].map(|x| dense(&x));
        let [first_bias, second_bias] = [first_bias, second_bias].map(|bias| dense(&bias));
        let mut y = values(&residual).to_vec();
        add_to_rows(&mut y, values(&second_bias));
        let first = (first.factor(), values(&first_bias));
        team::feed_forward(matrix(&x), first, second.factor(), activation, &mut y);
        FlexTensor::from_data(TensorData::new(y, residual.shape()))
    }

    fn layer_norm(x: FlexTensor, gamma: FlexTensor, beta: FlexTensor, epsilon: f32) -> FlexTensor {
        let [x, gamma, beta] = [x, gamma, beta].map(|x| dense(&x));
        let mut y = vec![0.0; values(&x).len()];
        kernel::layer_norm(values(&x), values(&gamma), values(&beta), epsilon, &mut y);
        FlexTensor::from_data(TensorData::new(y, x.shape()))
    }

    fn quantised_rows(weight: FlexQTensor, ids: FlexTensor) -> FlexTensor {
        let [rows, dim] = weight.shape().dims();
        let blocks = weight.scales().len() / rows;
        let data: &[i8] = weight.tensor().storage();
        let ids: Vec<usize> = indices(&ids);
        let row = |id: &usize| {
            let factor = weight.scales()[id * blocks];
            data[id * dim..(id + 1) * dim].iter().map(move |&value| f32::from(value) * factor)
        };
        let y: Vec<f32> = ids.iter().flat_map(row).collect();
        FlexTensor::from_data(TensorData::new(y, [ids.len(), dim]))
    }

    fn attend(
        query: FlexTensor,
        key: FlexTensor,
        value: FlexTensor,
        bias: FlexTensor,
        heads: usize,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let attention = Attention::new([query, key, value, bias], heads);
        let Sizes { queries, keys, heads, dim } = attention.sizes;
        let batch = attention.batch;
        let map = heads * queries * keys;
        let mut y = vec![0.0; batch * queries * dim];
        let [mut scores, mut weights] = [(); 2].map(|()| vec![0.0; batch * map]);
        let maps = scores.chunks_exact_mut(map).zip(weights.chunks_exact_mut(map));
        for ((item, y), (scores, weights)) in
            attention.items().zip(y.chunks_exact_mut(queries * dim)).zip(maps)
        {
            kernel::attention_maps(&attention.sizes, item, scores, weights, y);
        }
        let map =
            |values| FlexTensor::from_data(TensorData::new(values, [batch, heads, queries, keys]));
        let context = FlexTensor::from_data(TensorData::new(y, [batch, queries, dim]));
        (context, map(scores), map(weights))
    }

    fn attended(
        query: FlexTensor,
        key: FlexTensor,
        value: FlexTensor,
        bias: FlexTensor,
        heads: usize,
    ) -> FlexTensor {
        let attention = Attention::new([query, key, value, bias], heads);
        let Sizes { queries, dim, .. } = attention.sizes;
        let mut y = vec![0.0; attention.batch * queries * dim];
        for (item, y) in attention.items().zip(y.chunks_exact_mut(queries * dim)) {
            team::attention(&attention.sizes, item, y);
        }
        FlexTensor::from_data(TensorData::new(y, [attention.batch, queries, dim]))
    }
}

/// What attention is computed from, dense in memory.
struct Attention {
    batch: usize,
    sizes: Sizes,
    /// Query, key, value and bias.
    inputs: [FlexTensor; 4],
}

impl Attention {
    fn new(inputs: [FlexTensor; 4], heads: usize) -> Self {
        let [_, queries, dim] = inputs[0].shape().dims();
        let [batch, keys, _] = inputs[1].shape().dims();
        let sizes = Sizes { queries, keys, heads, dim };
        Self { batch, sizes, inputs: inputs.map(|x| dense(&x)) }
    }

    /// The items of the batch; they may share one query.
    fn items(&self) -> impl Iterator<Item = Item<'_>> {
        let Sizes { queries, keys, dim, .. } = self.sizes;
        let [query, key, value, bias] = self.inputs.each_ref().map(values);
        let queries = query.chunks_exact(queries * dim).cycle();
        let memory = key.chunks_exact(keys * dim).zip(value.chunks_exact(keys * dim));
        queries.zip(memory).zip(bias.chunks_exact(keys)).map(|((query, (key, value)), bias)| Item {
            query,
            key,
            value,
            bias,
        })
    }
}

#[inline(never)] // see `lib.rs`
fn add_to_rows(y: &mut [f32], bias: &[f32]) {
    y.chunks_exact_mut(bias.len()).for_each(|row| kernel::add(row, bias));
}

fn indices(ids: &FlexTensor) -> Vec<usize> {
    let ids = ids.to_contiguous();
    match ids.dtype() {
        DType::I32 => ids.storage::<i32>().iter().map(|&id| id as usize).collect(),
        _ => ids.storage::<i64>().iter().map(|&id| id as usize).collect(),
    }
}

/// The rows of a dense tensor.
fn matrix(x: &FlexTensor) -> Matrix<'_> {
    let shape = x.shape();
    let columns = shape.last().copied().unwrap_or(1);
    Matrix::rows(values(x), shape.num_elements() / columns, columns)
}
