//! Layers for which Burn's own implementations are slower in WebAssembly; see [`kernels`](super::kernels). They have no
//! gradient.

use burn::backend::flex::{FlexQTensor, FlexTensor};
use burn::backend::tensor::{FloatTensor, IntTensor, QuantizedTensor};
use burn::backend::{Backend, Dispatch, ExtensionType, Flex, TensorMetadata, backend_extension};
use burn::tensor::{DType, Int, Tensor, TensorData};

use super::kernels::{self, Factor, Item, Matrix, Quantised, Sizes};
use super::tensors::{dense, values};
use crate::model::ops::activation::Activation;
use crate::model::ops::inputs::{Affine, Attended, Projections, SelfAttention};
use crate::model::ops::pool;

/// See [`ops::linear`](crate::model::ops::linear).
pub fn linear<const D: usize>(
    x: Tensor<D>,
    layer: Affine,
    after: Activation,
    residual: Option<Tensor<D>>,
) -> Tensor<D> {
    let y = <Dispatch as Layers>::linear(x.into_dispatch(), layer.into(), after);
    let y = Tensor::from_dispatch(y);
    match residual {
        Some(residual) => residual + y,
        None => y,
    }
}

/// See [`ops::feed_forward`](crate::model::ops::feed_forward).
pub fn feed_forward<const D: usize>(
    x: Tensor<D>,
    [first, second]: [Affine; 2],
    between: Activation,
    residual: Tensor<D>,
) -> Tensor<D> {
    let (x, residual) = (x.into_dispatch(), residual.into_dispatch());
    let (first, second) = (first.into(), second.into());
    Tensor::from_dispatch(<Dispatch as Layers>::feed_forward(x, first, second, between, residual))
}

/// See [`ops::self_attention`](crate::model::ops::self_attention).
pub fn self_attention(
    x: Tensor<3>,
    SelfAttention { projections, output, heads }: SelfAttention,
    bias: Option<Tensor<2>>,
    residual: Tensor<3>,
) -> Tensor<3> {
    let bias = bias.unwrap_or_else(|| no_bias(&x)).into_dispatch();
    let (x, residual) = (x.into_dispatch(), residual.into_dispatch());
    let is_joint = matches!(projections, Projections::Joint(_));
    let [query, key, value] = match projections {
        Projections::Joint(layer) => [(*layer).clone(), (*layer).clone(), *layer],
        Projections::Separate(layers) => *layers,
    };
    Tensor::from_dispatch(<Dispatch as Layers>::self_attention(
        x,
        query.into(),
        key.into(),
        value.into(),
        is_joint,
        output.into(),
        heads,
        bias,
        residual,
    ))
}

/// See [`ops::layer_norm`](crate::model::ops::layer_norm).
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

/// See [`ops::rows`](crate::model::ops::rows).
pub fn rows(table: Tensor<2>, ids: Tensor<1, Int>) -> Tensor<2> {
    match table.dtype() {
        DType::QFloat(_) => {
            let [table, ids] = [table.into_dispatch(), ids.into_dispatch()];
            Tensor::from_dispatch(<Dispatch as Layers>::quantised_rows(table, ids))
        }
        _ => table.select(0, ids),
    }
}

/// See [`ops::attend`](crate::model::ops::attend).
pub fn attend(
    query: Tensor<3>,
    key: Tensor<3>,
    value: Tensor<3>,
    heads: usize,
    bias: Option<Tensor<2>>,
) -> Attended {
    let bias = bias.unwrap_or_else(|| no_bias(&key)).into_dispatch();
    let [query, key, value] = [query, key, value].map(Tensor::into_dispatch);
    let (context, scores, weights) = <Dispatch as Layers>::attend(query, key, value, bias, heads);
    Attended {
        context: Tensor::from_dispatch(context),
        scores: Tensor::from_dispatch(scores),
        weights: Tensor::from_dispatch(weights),
    }
}

fn no_bias(key: &Tensor<3>) -> Tensor<2> {
    let [batch, keys, _] = key.dims();
    Tensor::zeros([batch, keys], &key.device())
}

/// A linear layer.
#[derive(ExtensionType)]
pub struct Layer<B: Backend> {
    id: u64,
    #[extension_type]
    weight: Weight<B>,
    bias: FloatTensor<B>,
}

impl From<Affine> for Layer<Dispatch> {
    fn from(layer: Affine) -> Self {
        let [_, output] = layer.weight.dims();
        let device = layer.weight.device();
        let bias = layer.bias.unwrap_or_else(|| Tensor::zeros([output], &device));
        Self { id: layer.id, weight: Weight::new(layer.weight), bias: bias.into_dispatch() }
    }
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
                // The weight may be a transposed view, which need not be copied.
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
                Factor::Integers(Quantised::new(data, &weight.scales()[..columns]))
            }
        }
    }
}

#[backend_extension(Flex)]
trait Layers: Backend {
    fn linear(
        x: FloatTensor<Self>,
        #[extension_type] layer: Layer<Self>,
        activation: Activation,
    ) -> FloatTensor<Self>;

    fn feed_forward(
        x: FloatTensor<Self>,
        #[extension_type] first: Layer<Self>,
        #[extension_type] second: Layer<Self>,
        activation: Activation,
        residual: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    #[allow(clippy::too_many_arguments, reason = "an operation takes its tensors one by one")]
    fn self_attention(
        x: FloatTensor<Self>,
        #[extension_type] query: Layer<Self>,
        #[extension_type] key: Layer<Self>,
        #[extension_type] value: Layer<Self>,
        is_joint: bool,
        #[extension_type] output: Layer<Self>,
        heads: usize,
        bias: FloatTensor<Self>,
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
}

impl Layers for Flex {
    fn linear(x: FlexTensor, layer: Layer<Flex>, activation: Activation) -> FlexTensor {
        let (x, bias) = (dense(&x), dense(&layer.bias));
        let weight = layer.weight.factor();
        let mut shape = x.shape();
        let rows = matrix(&x);
        let mut y = vec![0.0; rows.rows * weight.columns()];
        pool::linear(rows, layer.id, weight, values(&bias), &mut y);
        kernels::activate(&mut y, activation);
        if let Some(last) = shape.last_mut() {
            *last = weight.columns();
        }
        FlexTensor::from_data(TensorData::new(y, shape))
    }

    fn feed_forward(
        x: FlexTensor,
        first: Layer<Flex>,
        second: Layer<Flex>,
        activation: Activation,
        residual: FlexTensor,
    ) -> FlexTensor {
        let [x, residual] = [x, residual].map(|x| dense(&x));
        let [first_bias, second_bias] = [&first.bias, &second.bias].map(dense);
        let mut y = values(&residual).to_vec();
        add_to_rows(&mut y, values(&second_bias));
        let (id, first) = (first.id, (first.weight.factor(), values(&first_bias)));
        pool::feed_forward(matrix(&x), id, first, second.weight.factor(), activation, &mut y);
        FlexTensor::from_data(TensorData::new(y, residual.shape()))
    }

    fn self_attention(
        x: FlexTensor,
        query: Layer<Flex>,
        key: Layer<Flex>,
        value: Layer<Flex>,
        is_joint: bool,
        output: Layer<Flex>,
        heads: usize,
        bias: FlexTensor,
        residual: FlexTensor,
    ) -> FlexTensor {
        let [x, bias, residual] = [x, bias, residual].map(|x| dense(&x));
        let [query_bias, key_bias, value_bias, output_bias] =
            [&query.bias, &key.bias, &value.bias, &output.bias].map(dense);
        let mut y = values(&residual).to_vec();
        add_to_rows(&mut y, values(&output_bias));
        let [_, keys, _] = x.shape().dims();
        let columns = query.weight.factor().columns();
        let dim = if is_joint { columns / 3 } else { columns };
        let sizes = Sizes { queries: keys, keys, heads, dim };
        let layers = [(&query, &query_bias), (&key, &key_bias), (&value, &value_bias)];
        let mut first = 0;
        let projections = layers.map(|(layer, bias)| {
            let columns = first..first + dim;
            first += if is_joint { dim } else { 0 };
            (layer.weight.factor().part(columns.clone()), &values(bias)[columns])
        });
        let output = output.weight.factor();
        pool::self_attention(
            &sizes,
            matrix(&x),
            query.id,
            projections,
            output,
            values(&bias),
            &mut y,
        );
        FlexTensor::from_data(TensorData::new(y, residual.shape()))
    }

    fn layer_norm(x: FlexTensor, gamma: FlexTensor, beta: FlexTensor, epsilon: f32) -> FlexTensor {
        let [x, gamma, beta] = [x, gamma, beta].map(|x| dense(&x));
        let mut y = vec![0.0; values(&x).len()];
        kernels::layer_norm(values(&x), values(&gamma), values(&beta), epsilon, &mut y);
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
            kernels::attention_maps(&attention.sizes, item, scores, weights, y);
        }
        let map =
            |values| FlexTensor::from_data(TensorData::new(values, [batch, heads, queries, keys]));
        let context = FlexTensor::from_data(TensorData::new(y, [batch, queries, dim]));
        (context, map(scores), map(weights))
    }
}

/// The inputs of an attention, contiguous in memory.
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

    /// The items of the batch, which may all use the same query.
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
    y.chunks_exact_mut(bias.len()).for_each(|row| kernels::add(row, bias));
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

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution, Tolerance, activation, module};

    use super::*;
    use crate::model::ops::composed;
    use crate::model::ops::quantised::{STORE, User, quantised};

    fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
        Tensor::random(shape, Distribution::Normal(0.0, 1.0), &Device::flex())
    }

    fn affine(weight: Tensor<2>, bias: Tensor<1>) -> Affine {
        Affine { id: 0, weight, bias: Some(bias) }
    }

    fn assert_equal<const D: usize>(fused: Tensor<D>, composed: Tensor<D>) {
        let tolerance = Tolerance::<f32>::rel_abs(1e-5, 1e-5);
        fused.into_data().assert_approx_eq(&composed.into_data(), tolerance);
    }

    #[test]
    fn linear_layers_are_those_of_burn() {
        let (x, bias) = (random([2, 5, 12]), random([7]));
        for weight in [random([12, 7]), random([7, 12]).transpose()] {
            let layer = affine(weight.clone(), bias.clone());
            let fused = super::linear(x.clone(), layer, Activation::Relu6, None);
            let composed = module::linear(x.clone(), weight, Some(bias.clone()));
            assert_equal(fused, activation::relu6(composed));
        }
    }

    #[test]
    fn feed_forward_is_two_linear_layers() {
        let (x, residual) = (random([2, 5, 12]), random([2, 5, 6]));
        let layers = [(random([12, 20]), random([20])), (random([6, 20]).transpose(), random([6]))];
        let [first, second] = layers.clone();
        let hidden = activation::gelu(module::linear(x.clone(), first.0, Some(first.1)));
        let composed = residual.clone() + module::linear(hidden, second.0, Some(second.1));
        let layers = layers.map(|(weight, bias)| affine(weight, bias));
        assert_equal(super::feed_forward(x, layers, Activation::Gelu, residual), composed);
    }

    #[test]
    fn layer_norm_is_that_of_burn() {
        for dim in [5, 24] {
            let (x, gamma, beta) = (random([2, 7, dim]) * 3.0 + 1.0, random([dim]), random([dim]));
            let composed = module::layer_norm(x.clone(), gamma.clone(), Some(beta.clone()), 1e-5);
            assert_equal(super::layer_norm(x, gamma, beta, 1e-5), composed);
        }
    }

    #[test]
    fn quantised_layers_are_those_of_the_numbers_they_stand_for() {
        let [rows, columns] = [70, 96];
        let integers: Vec<i8> = (0..rows * columns).map(|i| (i * 37 % 255) as i8).collect();
        let stored: Vec<u8> = integers.iter().map(|&value| value as u8).collect();
        let factors: Vec<f32> = (1..=rows).map(|row| row as f32 / 65536.0).collect();
        let numbers = integers.chunks(columns).zip(&factors);
        let numbers = numbers.flat_map(|(row, by)| row.iter().map(move |&v| f32::from(v) * by));
        let numbers = TensorData::new(numbers.collect::<Vec<f32>>(), [rows, columns]);
        let numbers = Tensor::<2>::from_data(numbers, &Device::flex());
        let tensor = |user| {
            let data = quantised(&stored, [rows, columns], &factors, user, STORE).unwrap();
            let dtype = data.dtype();
            Tensor::<2>::from_data(data, (&Device::flex(), dtype))
        };

        let (x, bias) = (random([2, 5, columns]), random([rows]));
        let weight = numbers.clone().transpose();
        let layer = affine(tensor(User::Linear), bias.clone());
        let fused = super::linear(x.clone(), layer, Activation::Identity, None);
        assert_equal(fused, module::linear(x, weight.clone(), Some(bias)));
        assert_equal(tensor(User::Linear).dequantize(), weight);

        let ids = Tensor::<1, Int>::from_data([8, 0, 8], &Device::flex());
        let looked_up = super::rows(tensor(User::Embedding), ids.clone());
        assert_equal(looked_up, numbers.clone().select(0, ids));
        assert_equal(tensor(User::Embedding).dequantize(), numbers);

        assert!(quantised(&stored[..64 * 9], [64, 9], &[1.0; 64], User::Linear, STORE).is_none());
    }

    #[test]
    fn attention_is_that_of_each_head() {
        let (heads, [batch, keys, dim]) = (3, [2, 6, 12]);
        let joint = random([batch, keys, 2 * dim]);
        let memory = || [0, 1].map(|part| joint.clone().narrow(2, part * dim, dim));
        let bias = random([batch, keys]);
        for query in [random([batch, 4, dim]), random([1, 4, dim])] {
            let [key, value] = memory();
            let composed = composed::attend(
                query.clone(),
                key.clone(),
                value.clone(),
                heads,
                Some(bias.clone()),
            );
            let fused = super::attend(query, key, value, heads, Some(bias.clone()));
            assert_equal(fused.context, composed.context);
            assert_equal(fused.scores, composed.scores);
            assert_equal(fused.weights, composed.weights);
        }
    }

    #[test]
    fn self_attention_is_that_of_its_layers() {
        let [batch, rows, dim] = [2, 5, 12];
        let layer = |output| affine(random([dim, output]) * 0.3, random([output]));
        for projections in [
            Projections::Joint(Box::new(layer(3 * dim))),
            Projections::Separate(Box::new([layer(dim), layer(dim), layer(dim)])),
        ] {
            let layers = SelfAttention { projections, output: layer(dim), heads: 3 };
            for bias in [None, Some(random([batch, rows]))] {
                let inputs = || (layers.clone(), bias.clone());
                let (x, residual) = (random([batch, rows, dim]), random([batch, rows, dim]));
                let (one, b) = inputs();
                let composed = composed::self_attention(x.clone(), one, b, residual.clone());
                let (one, b) = inputs();
                assert_equal(super::self_attention(x, one, b, residual), composed);
            }
        }
    }
}
