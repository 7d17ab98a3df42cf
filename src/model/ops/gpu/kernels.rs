//! The GPU kernels. A thread computes a tile of the output in registers and shares nothing with other threads, because
//! barriers cost software adapters more than they save. The sizes of tiles and vectors are compile-time constants. A
//! thread at an edge reads the last row or column again instead of branching.

use burn_cubecl::cubecl::{self, prelude::*};

use crate::model::ops::activation::Activation;

/// Columns of the tiles of [`gemm`] and [`gemm_transposed`]; a tile has up to four rows.
pub const COLUMNS: usize = 8;

/// How many adjacent pixels of a row a thread of [`depthwise`] computes.
pub const PIXELS: usize = 4;

/// `activation(scale · x · w + bias) + residual`, with the columns of `w` contiguous.
///
/// # Shapes
///
/// - x: `[outer, inner, rows, depth]`
/// - w: `[outer, inner, depth, columns]`
/// - bias: `[columns]`
/// - residual, out: `[outer, inner, rows, columns]`, with the same memory layout
#[cube(launch_unchecked)]
pub fn gemm<D: Size, C: Size>(
    x: &Tensor<Vector<f32, D>>,
    w: &Tensor<Vector<f32, C>>,
    bias: ComptimeOption<&[Vector<f32, C>]>,
    residual: ComptimeOption<&[Vector<f32, C>]>,
    out: &mut Tensor<Vector<f32, C>>,
    scale: f32,
    #[comptime] rows: usize,
    #[comptime] activation: Activation,
) {
    let tile = Tile::new(out.shape(1), out.shape(2), out.shape(3), rows);
    if tile.outer >= out.shape(0) {
        terminate!();
    }
    let width = out.vector_size();
    let vectors = comptime![COLUMNS / width];
    let depth = w.shape(2);
    let w_base = tile.outer * w.stride(0) + tile.inner * w.stride(1);
    let x_at = tile.lines_of(x, rows);
    let mut w_at = Sequence::<usize>::new();
    #[unroll]
    for vector in 0..vectors {
        let column = (tile.column + vector * C::value()).min(out.shape(3) - C::value());
        w_at.push((w_base + column) / C::value());
    }
    let w_step = w.stride(2) / C::value();

    let mut sums = Array::<Vector<f32, C>>::new(comptime![rows * vectors]);
    #[unroll]
    for index in 0..comptime![rows * vectors] {
        sums[index] = Vector::new(0.0);
    }
    for step in 0..depth / D::value() {
        let values = step_of(x, &x_at, step);
        #[unroll]
        for vector in 0..vectors {
            let mut weights = Sequence::<Vector<f32, C>>::new();
            #[unroll]
            for lane in 0..D::value() {
                weights.push(w[w_at[vector] + (step * D::value() + lane) * w_step]);
            }
            add_products(&mut sums, &values, &weights, vector, vectors);
        }
    }

    finish_all(&sums, bias, residual, out, &tile, scale, rows, activation);
}

/// [`gemm`] with 8-bit weights and a factor for each column of them.
///
/// # Shapes
///
/// - w: `[depth, columns / 4]`, 32-bit words of four columns each, the first column in the lowest byte
/// - factors: `[columns]`
#[cube(launch_unchecked)]
pub fn gemm_quantised<D: Size, C: Size>(
    x: &Tensor<Vector<f32, D>>,
    w: &Tensor<u32>,
    factors: &[Vector<f32, C>],
    bias: ComptimeOption<&[Vector<f32, C>]>,
    residual: ComptimeOption<&[Vector<f32, C>]>,
    out: &mut Tensor<Vector<f32, C>>,
    #[comptime] rows: usize,
    #[comptime] activation: Activation,
) {
    let tile = Tile::new(out.shape(1), out.shape(2), out.shape(3), rows);
    if tile.outer >= out.shape(0) {
        terminate!();
    }
    let vectors = comptime![COLUMNS / 4];
    let x_at = tile.lines_of(x, rows);
    let mut w_at = Sequence::<usize>::new();
    #[unroll]
    for vector in 0..vectors {
        w_at.push((tile.column / C::value() + vector).min(w.shape(1) - 1));
    }
    let w_step = w.stride(0);
    let shifts = shifts::<C>();

    let mut sums = Array::<Vector<f32, C>>::new(comptime![rows * vectors]);
    #[unroll]
    for index in 0..comptime![rows * vectors] {
        sums[index] = Vector::new(0.0);
    }
    for step in 0..w.shape(0) / D::value() {
        let values = step_of(x, &x_at, step);
        #[unroll]
        for vector in 0..vectors {
            let mut weights = Sequence::<Vector<f32, C>>::new();
            #[unroll]
            for lane in 0..D::value() {
                weights.push(unpack(w[w_at[vector] + (step * D::value() + lane) * w_step], shifts));
            }
            add_products(&mut sums, &values, &weights, vector, vectors);
        }
    }

    #[unroll]
    for vector in 0..vectors {
        let factor = factors[w_at[vector]];
        #[unroll]
        for row in 0..rows {
            sums[row * vectors + vector] *= factor;
        }
    }
    finish_all(&sums, bias, residual, out, &tile, 1.0, rows, activation);
}

/// Looks up rows of an 8-bit matrix; each thread unpacks one 32-bit word.
///
/// # Shapes
///
/// - w: `[count, dim / 4]`, words like those of [`gemm_quantised`]
/// - factors: `[count, blocks]`, the same in all blocks of a row
/// - ids: `[rows]`
/// - out: `[rows, dim]`
#[cube(launch_unchecked)]
pub fn rows_quantised<C: Size>(
    w: &Tensor<u32>,
    factors: &Tensor<f32>,
    ids: &[i32],
    out: &mut Tensor<Vector<f32, C>>,
) {
    let words = w.shape(1);
    let row = ABSOLUTE_POS / words;
    if row >= out.shape(0) {
        terminate!();
    }
    let word = ABSOLUTE_POS % words;
    let id = ids[row] as usize;
    let factor = Vector::new(factors[id * factors.stride(0)]);
    out[ABSOLUTE_POS] = unpack(w[id * w.stride(0) + word], shifts::<C>()) * factor;
}

/// For each of the integers in a word, how many bits it has to be shifted to reach the highest byte.
#[cube]
fn shifts<C: Size>() -> Vector<u32, C> {
    let mut shifts = Vector::<u32, C>::new(0u32);
    #[unroll]
    for lane in 0..C::value() {
        shifts.insert(lane, comptime![24 - 8 * lane as u32]);
    }
    shifts
}

/// Unpacks the integers of a word, with their signs.
#[cube]
fn unpack<C: Size>(word: u32, shifts: Vector<u32, C>) -> Vector<f32, C> {
    let highest = Vector::<i32, C>::cast_from(Vector::new(word) << shifts);
    Vector::cast_from(highest >> Vector::new(24i32))
}

/// Adds the products of one step along the depth to the sums in one vector of the tile.
#[cube]
fn add_products<D: Size, C: Size>(
    sums: &mut Array<Vector<f32, C>>,
    values: &Sequence<Vector<f32, D>>,
    weights: &Sequence<Vector<f32, C>>,
    #[comptime] vector: usize,
    #[comptime] vectors: usize,
) {
    #[unroll]
    for row in 0..values.len() {
        let sum = sums[row * vectors + vector];
        sums[row * vectors + vector] = combine(values[row], weights, sum, 0usize);
    }
}

/// Adds to `sum` each of `weights`, from index `lane` on, times the lane of `values` with the same index. It is a
/// single expression because software adapters write every assignment to memory.
#[cube]
fn combine<D: Size, C: Size>(
    values: Vector<f32, D>,
    weights: &Sequence<Vector<f32, C>>,
    sum: Vector<f32, C>,
    #[comptime] lane: usize,
) -> Vector<f32, C> {
    if comptime![lane == weights.len()] {
        sum
    } else {
        let sum = sum + Vector::new(values.extract(lane)) * weights[lane];
        combine(values, weights, sum, comptime![lane + 1])
    }
}

/// The same with `w` contiguous along its depth, such as the keys of an attention, or weights that are stored as
/// `[output, input]`.
#[cube(launch_unchecked)]
pub fn gemm_transposed<D: Size, C: Size>(
    x: &Tensor<Vector<f32, D>>,
    w: &Tensor<Vector<f32, D>>,
    bias: ComptimeOption<&[Vector<f32, C>]>,
    residual: ComptimeOption<&[Vector<f32, C>]>,
    out: &mut Tensor<Vector<f32, C>>,
    scale: f32,
    #[comptime] rows: usize,
    #[comptime] activation: Activation,
) {
    let tile = Tile::new(out.shape(1), out.shape(2), out.shape(3), rows);
    if tile.outer >= out.shape(0) {
        terminate!();
    }
    let width = out.vector_size();
    let w_base = tile.outer * w.stride(0) + tile.inner * w.stride(1);
    let x_at = tile.lines_of(x, rows);
    let mut w_at = Sequence::<usize>::new();
    #[unroll]
    for column in 0..COLUMNS {
        let column = (tile.column + column).min(out.shape(3) - 1);
        w_at.push((w_base + column * w.stride(3)) / D::value());
    }

    let mut sums = Array::<f32>::new(comptime![rows * COLUMNS]);
    #[unroll]
    for index in 0..comptime![rows * COLUMNS] {
        sums[index] = 0.0;
    }
    for step in 0..w.shape(2) / D::value() {
        let values = step_of(x, &x_at, step);
        #[unroll]
        for column in 0..COLUMNS {
            let weight = w[w_at[column] + step];
            #[unroll]
            for row in 0..rows {
                sums[row * COLUMNS + column] += values[row].dot(weight);
            }
        }
    }

    #[unroll]
    for row in 0..rows {
        #[unroll]
        for vector in 0..comptime![COLUMNS / width] {
            let mut sum = Vector::<f32, C>::new(0.0);
            #[unroll]
            for lane in 0..C::value() {
                sum.insert(lane, sums[row * COLUMNS + vector * C::value() + lane]);
            }
            finish(
                sum,
                bias,
                residual,
                out,
                &tile,
                row,
                comptime![vector * width],
                scale,
                activation,
            );
        }
    }
}

/// The tile of a thread, and where it begins.
#[derive(CubeType)]
struct Tile {
    outer: usize,
    inner: usize,
    row: usize,
    column: usize,
}

#[cube]
impl Tile {
    /// Adjacent threads have adjacent tiles.
    fn new(inner: usize, rows: usize, columns: usize, #[comptime] tile_rows: usize) -> Tile {
        let across = columns.div_ceil(COLUMNS);
        let down = rows.div_ceil(tile_rows);
        let column = ABSOLUTE_POS % across;
        let rest = ABSOLUTE_POS / across;
        let row = rest % down;
        let rest = rest / down;
        Tile {
            outer: rest / inner,
            inner: rest % inner,
            row: row * tile_rows,
            column: column * COLUMNS,
        }
    }

    /// Where the tile's rows begin in `x`, counted in vectors.
    fn lines_of<D: Size>(
        &self,
        x: &Tensor<Vector<f32, D>>,
        #[comptime] rows: usize,
    ) -> Sequence<usize> {
        let base = self.outer * x.stride(0) + self.inner * x.stride(1);
        let mut starts = Sequence::<usize>::new();
        #[unroll]
        for row in 0..rows {
            let row = (self.row + row).min(x.shape(2) - 1);
            starts.push((base + row * x.stride(2)) / D::value());
        }
        starts
    }
}

/// The values of a step along the depth: the vector at the same position of each row.
#[cube]
fn step_of<D: Size>(
    x: &Tensor<Vector<f32, D>>,
    starts: &Sequence<usize>,
    step: usize,
) -> Sequence<Vector<f32, D>> {
    let mut values = Sequence::<Vector<f32, D>>::new();
    #[unroll]
    for row in 0..starts.len() {
        values.push(x[starts[row] + step]);
    }
    values
}

/// Writes a tile whose sums are vectors, row by row.
#[cube]
fn finish_all<N: Size>(
    sums: &Array<Vector<f32, N>>,
    bias: ComptimeOption<&[Vector<f32, N>]>,
    residual: ComptimeOption<&[Vector<f32, N>]>,
    out: &mut Tensor<Vector<f32, N>>,
    tile: &Tile,
    scale: f32,
    #[comptime] rows: usize,
    #[comptime] activation: Activation,
) {
    let width = out.vector_size();
    let vectors = comptime![COLUMNS / width];
    #[unroll]
    for row in 0..rows {
        #[unroll]
        for vector in 0..vectors {
            finish(
                sums[row * vectors + vector],
                bias,
                residual,
                out,
                tile,
                row,
                comptime![vector * width],
                scale,
                activation,
            );
        }
    }
}

/// Writes a vector of the product; `row` and `column` are relative to the tile.
#[cube]
fn finish<N: Size>(
    sum: Vector<f32, N>,
    bias: ComptimeOption<&[Vector<f32, N>]>,
    residual: ComptimeOption<&[Vector<f32, N>]>,
    out: &mut Tensor<Vector<f32, N>>,
    tile: &Tile,
    #[comptime] row: usize,
    #[comptime] column: usize,
    scale: f32,
    #[comptime] activation: Activation,
) {
    let row = tile.row + row;
    let column = tile.column + column;
    if row < out.shape(2) && column < out.shape(3) {
        let value = sum * Vector::new(scale);
        #[comptime]
        let value = match bias {
            ComptimeOption::Some(bias) => value + bias[column / N::value()],
            ComptimeOption::None => value,
        };
        let value = activate(value, activation);
        let item = tile.outer * out.stride(0) + tile.inner * out.stride(1);
        let at = (item + row * out.stride(2) + column) / N::value();
        #[comptime]
        let value = match residual {
            ComptimeOption::Some(residual) => value + residual[at],
            ComptimeOption::None => value,
        };
        out[at] = value;
    }
}

#[cube]
fn activate<N: Size>(x: Vector<f32, N>, #[comptime] activation: Activation) -> Vector<f32, N> {
    match comptime!(activation) {
        Activation::Identity => x,
        Activation::Relu => x.max(Vector::new(0.0)),
        Activation::Relu6 => x.max(Vector::new(0.0)).min(Vector::new(6.0)),
        Activation::Gelu => {
            let half = Vector::new(0.5);
            x * half
                * (Vector::new(1.0) + (x * Vector::new(core::f32::consts::FRAC_1_SQRT_2)).erf())
        }
    }
}

/// `softmax(x + bias)` over the last dimension; each thread computes one row.
///
/// # Shapes
///
/// - x, out: `[batch, heads, queries, keys]`
/// - bias: `[batch, keys]`
#[cube(launch_unchecked)]
pub fn softmax(x: &Tensor<f32>, bias: ComptimeOption<&Tensor<f32>>, out: &mut Tensor<f32>) {
    let rows = x.shape(0) * x.shape(1) * x.shape(2);
    if ABSOLUTE_POS >= rows {
        terminate!();
    }
    let query = ABSOLUTE_POS % x.shape(2);
    let item = ABSOLUTE_POS / x.shape(2);
    let (head, batch) = (item % x.shape(1), item / x.shape(1));
    let x_base = batch * x.stride(0) + head * x.stride(1) + query * x.stride(2);
    let out_base = batch * out.stride(0) + head * out.stride(1) + query * out.stride(2);
    let keys = x.shape(3);

    let mut highest = f32::min_value();
    for key in 0..keys {
        let value = x[x_base + key];
        #[comptime]
        let value = match bias {
            ComptimeOption::Some(bias) => value + bias[batch * bias.stride(0) + key],
            ComptimeOption::None => value,
        };
        out[out_base + key] = value;
        highest = highest.max(value);
    }
    let mut sum = 0.0f32;
    for key in 0..keys {
        let value = (out[out_base + key] - highest).exp();
        out[out_base + key] = value;
        sum += value;
    }
    let scale = 1.0 / sum;
    for key in 0..keys {
        out[out_base + key] *= scale;
    }
}

/// Layer norm over the last dimension; each thread computes one row.
///
/// # Shapes
///
/// - x, out: `[rows, dim]`
/// - gamma, beta: `[dim]`
#[cube(launch_unchecked)]
pub fn layer_norm<N: Size>(
    x: &Tensor<Vector<f32, N>>,
    gamma: &[Vector<f32, N>],
    beta: &[Vector<f32, N>],
    out: &mut Tensor<Vector<f32, N>>,
    epsilon: f32,
) {
    if ABSOLUTE_POS >= x.shape(0) {
        terminate!();
    }
    let vectors = x.shape(1) / N::value();
    let x_base = ABSOLUTE_POS * x.stride(0) / N::value();
    let out_base = ABSOLUTE_POS * out.stride(0) / N::value();
    let count = x.shape(1) as f32;

    let mut sums = Vector::<f32, N>::new(0.0);
    for index in 0..vectors {
        sums += x[x_base + index];
    }
    let mean = Vector::<f32, N>::new(total(sums) / count);
    let mut squares = Vector::<f32, N>::new(0.0);
    for index in 0..vectors {
        let centred = x[x_base + index] - mean;
        squares += centred * centred;
    }
    let scale = Vector::<f32, N>::new(1.0 / (total(squares) / count + epsilon).sqrt());
    for index in 0..vectors {
        out[out_base + index] = (x[x_base + index] - mean) * scale * gamma[index] + beta[index];
    }
}

/// A depthwise 3 x 3 convolution with padding 1, its bias and ReLU6. Each thread computes `PIXELS` adjacent pixels of
/// one channel.
///
/// # Shapes
///
/// - x: `[images, height, width, channels]`; a plane that is expanded over the channels (stride 0)
///   makes this a convolution of that plane
/// - weight: `[channels, 1, 3, 3]`, contiguous
/// - bias: `[channels]`
/// - out: `[images, height / stride, width / stride, channels]`, rounded up
#[cube(launch_unchecked)]
pub fn depthwise(
    x: &Tensor<f32>,
    weight: &[f32],
    bias: &[f32],
    out: &mut Tensor<f32>,
    #[comptime] stride: usize,
) {
    let spans = out.shape(2).div_ceil(PIXELS);
    let channel = ABSOLUTE_POS % out.shape(3);
    let rest = ABSOLUTE_POS / out.shape(3);
    let left = rest % spans * PIXELS;
    let rest = rest / spans;
    let row = rest % out.shape(1);
    let image = rest / out.shape(1);
    if image >= out.shape(0) {
        terminate!();
    }
    let x_base = image * x.stride(0) + channel * x.stride(3);

    let mut sums = Array::<f32>::new(PIXELS);
    #[unroll]
    for pixel in 0..PIXELS {
        sums[pixel] = bias[channel];
    }
    #[unroll]
    for dy in 0..3usize {
        // The index counts the padding, so that row n of the map is n + 1 here.
        let y = row * stride + dy;
        let nearest = (y.max(1) - 1).min(x.shape(1) - 1);
        let x_row = x_base + nearest * x.stride(1);
        let mut taps = Sequence::<f32>::new();
        #[unroll]
        for dx in 0..3usize {
            taps.push(select(nearest + 1 == y, weight[channel * 9 + (dy * 3 + dx)], 0.0f32));
        }
        let mut values = Sequence::<f32>::new();
        #[unroll]
        for place in 0..comptime![(PIXELS - 1) * stride + 3] {
            let at = left * stride + place;
            let nearest = (at.max(1) - 1).min(x.shape(2) - 1);
            values.push(select(nearest + 1 == at, x[x_row + nearest * x.stride(2)], 0.0f32));
        }
        #[unroll]
        for pixel in 0..PIXELS {
            let first = comptime![pixel * stride];
            sums[pixel] = sums[pixel]
                + values[first] * taps[0]
                + values[comptime![first + 1]] * taps[1]
                + values[comptime![first + 2]] * taps[2];
        }
    }
    #[unroll]
    for pixel in 0..PIXELS {
        let at = left + pixel;
        if at < out.shape(2) {
            let place = image * out.stride(0) + row * out.stride(1) + at * out.stride(2);
            out[place + channel] = sums[pixel].clamp(0.0, 6.0);
        }
    }
}

/// The sum of a vector's elements.
#[cube]
fn total<N: Size>(x: Vector<f32, N>) -> f32 {
    let mut total = x.extract(0usize);
    #[unroll]
    for lane in 1..N::value() {
        total += x.extract(lane);
    }
    total
}
