//! Matrix products for WebAssembly. The `gemm` crate stays well below what the engine can do there: its tile needs more
//! vector registers than x86-64 has, and it does not use the fused multiply-add.
//!
//! The right matrix is packed panel by panel, eight columns wide; a panel stays in the innermost
//! cache while the left matrix is multiplied by it, four rows at a time (Goto and van de Geijn, 2008,
//! "Anatomy of high-performance matrix multiplication").

use std::ops::Range;

use super::functions::activate;
use super::lanes::{LANES, Lanes};
use super::matrix::{Factor, Matrix, MatrixMut, Quantised};
use crate::model::ops::activation::Activation;

/// The most rows of a tile. Together with [`COLUMNS`] a tile takes 8 vectors of sums, 2 of the panel and one of the
/// rows: 11 of the 16 vector registers that WebAssembly can count on. With five rows the sums no longer stay in
/// registers, which takes twice as long.
const ROWS: usize = 4;
/// Columns of a tile and of a panel.
const COLUMNS: usize = 2 * LANES;
/// Depth of a panel, which makes it 16 KiB.
const DEPTH: usize = 512;
/// How many rows of the left matrix a panel is used for before the next one is packed: with [`DEPTH`], 512 KiB.
const BLOCK: usize = 256;
/// If the left matrix has at most this many rows, the right one is used without packing, which would cost more than it
/// saves.
const FEW: usize = 32;
/// How many rows of an unpacked right matrix are read in parallel, each from start to end: so few that they lie in a
/// few pages of memory.
const STREAMS: usize = 128;
/// If the left matrix has at most this many rows, 8-bit weights are converted anew for every tile. Otherwise a panel is
/// converted once and used for all rows.
const VERY_FEW: usize = 16;

/// What is done with sums before they are written.
#[derive(Clone, Copy, Default)]
pub struct Epilogue<'a> {
    /// Whether they are added to the values in the output.
    pub accumulate: bool,
    /// A bias for each column, which is added.
    pub bias: Option<&'a [f32]>,
    /// Whether ReLU6 is applied.
    pub relu6: bool,
}

impl Epilogue<'_> {
    /// The epilogue for the sums over a part of the depth: bias and ReLU6 apply only after the last part.
    fn of(self, part: &Range<usize>, depth: usize) -> Self {
        let (first, last) = (part.start == 0, part.end == depth);
        Self {
            accumulate: self.accumulate || !first,
            bias: self.bias.filter(|_| last),
            relu6: self.relu6 && last,
        }
    }
}

/// Packs a right matrix into panels, `[columns / 8, depth, 8]`, rounded up, with zeros in place of missing columns.
#[cfg(any(target_arch = "wasm32", test))]
pub fn packed(right: &Matrix) -> Vec<f32> {
    let mut panels = vec![0.0; right.columns.div_ceil(COLUMNS) * right.rows * COLUMNS];
    let columns = blocks(right.columns, COLUMNS);
    for (columns, panel) in columns.zip(panels.chunks_exact_mut(right.rows * COLUMNS)) {
        pack(right, 0..right.rows, columns, panel);
    }
    panels
}

/// `out = left · right`, followed by the epilogue, where `panels` is the [`packed`] right matrix with `columns`
/// columns.
#[cfg(any(target_arch = "wasm32", test))]
pub fn multiply_packed(
    left: Matrix,
    panels: &[f32],
    columns: usize,
    epilogue: Epilogue,
    out: MatrixMut,
) {
    let MatrixMut { data: out, row_stride } = out;
    for depth in blocks(left.columns, DEPTH) {
        let epilogue = epilogue.of(&depth, left.columns);
        for rows in blocks(left.rows, BLOCK) {
            for (columns, panel) in
                blocks(columns, COLUMNS).zip(panels.chunks_exact(left.columns * COLUMNS))
            {
                let left = Lines { matrix: left, rows: rows.clone(), depth: depth.clone() };
                let out = &mut out[rows.start * row_stride + columns.start..];
                let width = columns.len();
                let bias = epilogue.bias.map(|bias| line(&bias[columns]));
                let target = Target { out, row_stride, width, bias, epilogue };
                let lines = &panel[depth.start * COLUMNS..depth.end * COLUMNS];
                left.multiply_into(Floats { lines, stride: COLUMNS }, target);
            }
        }
    }
}

/// `out = left · right`, or `out += left · right`. The rows of the left matrix must be contiguous, and either the rows
/// or the columns of the right one.
pub fn multiply(left: Matrix, right: Factor, accumulate: bool, out: MatrixMut) {
    let mut packed = vec![0.0; left.columns.min(DEPTH) * COLUMNS];
    let MatrixMut { data: out, row_stride } = out;
    let direct = match right {
        Factor::Floats(right) => left.rows <= FEW && right.column_stride == 1,
        Factor::Integers(_) => left.rows <= VERY_FEW,
    };
    for depth in blocks(left.columns, if direct { STREAMS } else { DEPTH }) {
        let epilogue = Epilogue { accumulate, ..Epilogue::default() }.of(&depth, left.columns);
        for rows in blocks(left.rows, BLOCK) {
            for columns in blocks(right.columns(), COLUMNS) {
                let left = Lines { matrix: left, rows: rows.clone(), depth: depth.clone() };
                let out = &mut out[rows.start * row_stride + columns.start..];
                let width = columns.len();
                let out = Target { out, row_stride, width, bias: None, epilogue };
                let stands_as_it_is = direct && width == COLUMNS;
                match right {
                    Factor::Floats(right) if stands_as_it_is => {
                        let first = depth.start * right.row_stride + columns.start;
                        let lines = &right.data[first..];
                        left.multiply_into(Floats { lines, stride: right.row_stride }, out);
                    }
                    Factor::Integers(right) if stands_as_it_is => {
                        let first = depth.start * right.row_stride + columns.start;
                        let lines = &right.data[first..];
                        let factors = factors(&right, columns);
                        left.multiply_into(
                            Integers { lines, stride: right.row_stride, factors },
                            out,
                        );
                    }
                    _ => {
                        let panel = &mut packed[..depth.len() * COLUMNS];
                        match &right {
                            Factor::Floats(right) => pack(right, depth.clone(), columns, panel),
                            Factor::Integers(right) => unpack(right, depth.clone(), columns, panel),
                        }
                        left.multiply_into(Floats { lines: panel, stride: COLUMNS }, out);
                    }
                }
            }
        }
    }
}

/// `y += activation(x · first + bias) · second`; `y` is row-major.
pub fn feed_forward(
    x: Matrix,
    (first, bias): (Factor, &[f32]),
    second: Factor,
    activation: Activation,
    y: &mut [f32],
) {
    let mut hidden = bias.repeat(x.rows);
    multiply(x, first, true, MatrixMut::rows(&mut hidden, bias.len()));
    activate(&mut hidden, activation);
    let hidden = Matrix::rows(&hidden, x.rows, bias.len());
    multiply(hidden, second, true, MatrixMut::rows(y, second.columns()));
}

/// A part of the left matrix.
struct Lines<'a> {
    matrix: Matrix<'a>,
    rows: Range<usize>,
    depth: Range<usize>,
}

/// Where sums are written to: `width` columns of rows that are `row_stride` apart.
struct Target<'a> {
    out: &'a mut [f32],
    row_stride: usize,
    width: usize,
    /// The bias of these columns.
    bias: Option<[Lanes; 2]>,
    epilogue: Epilogue<'a>,
}

impl Lines<'_> {
    /// Multiplies all rows tile by tile: first tiles of full height, then the remaining rows.
    fn multiply_into(&self, panel: impl Panel, target: Target) {
        let Target { out, row_stride, width, bias, epilogue } = target;
        let (count, height) = (self.rows.len(), height(self.rows.len()));
        let full = count - count % height;
        for rows in [0..full, full..count].into_iter().filter(|rows| !rows.is_empty()) {
            let first = (self.rows.start + rows.start) * self.matrix.row_stride + self.depth.start;
            let left = (&self.matrix.data[first..], self.matrix.row_stride);
            let out = &mut out[rows.start * row_stride..];
            let target = Target { out, row_stride, width, bias, epilogue };
            let (count, depth) = (rows.len(), self.depth.len());
            match count.min(height) {
                1 => tiles::<1>(left, count, depth, panel, target),
                2 => tiles::<2>(left, count, depth, panel, target),
                3 => tiles::<3>(left, count, depth, panel, target),
                _ => tiles::<4>(left, count, depth, panel, target),
            }
        }
    }
}

/// The height of the tiles that this number of rows is divided into: as few tiles as possible, as equal in height as
/// possible.
fn height(rows: usize) -> usize {
    rows.div_ceil(rows.div_ceil(ROWS).max(1)).max(1)
}

/// Eight columns of the right matrix, which are read row by row ("line" by "line").
trait Panel: Copy {
    /// Whether the panel has at least `depth` lines.
    fn has(&self, depth: usize) -> bool;

    /// The line at this index.
    ///
    /// # Safety
    ///
    /// The panel must have a line at this index.
    unsafe fn line(&self, index: usize) -> [Lanes; 2];

    /// The true values of sums over its lines, after the factors of quantised columns.
    fn sums(&self, sums: [Lanes; 2]) -> [Lanes; 2];
}

/// Floats, packed or in their original layout.
#[derive(Clone, Copy)]
struct Floats<'a> {
    lines: &'a [f32],
    stride: usize,
}

impl Panel for Floats<'_> {
    fn has(&self, depth: usize) -> bool {
        depth == 0 || self.lines.len() >= (depth - 1) * self.stride + COLUMNS
    }

    #[inline(always)]
    unsafe fn line(&self, index: usize) -> [Lanes; 2] {
        // SAFETY: the caller ensures it.
        unsafe {
            let line = self.lines.as_ptr().add(index * self.stride);
            [Lanes::load(line), Lanes::load(line.add(LANES))]
        }
    }

    #[inline(always)]
    fn sums(&self, sums: [Lanes; 2]) -> [Lanes; 2] {
        sums
    }
}

/// Integers in their original layout, with a factor for each column.
#[derive(Clone, Copy)]
struct Integers<'a> {
    lines: &'a [i8],
    stride: usize,
    factors: [Lanes; 2],
}

impl Panel for Integers<'_> {
    fn has(&self, depth: usize) -> bool {
        depth == 0 || self.lines.len() >= (depth - 1) * self.stride + COLUMNS
    }

    #[inline(always)]
    unsafe fn line(&self, index: usize) -> [Lanes; 2] {
        // SAFETY: the caller ensures it.
        unsafe { Lanes::load_integers(self.lines.as_ptr().add(index * self.stride)) }
    }

    #[inline(always)]
    fn sums(&self, [low, high]: [Lanes; 2]) -> [Lanes; 2] {
        [low.mul(self.factors[0]), high.mul(self.factors[1])]
    }
}

fn blocks(count: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
    (0..count).step_by(size).map(move |start| start..(start + size).min(count))
}

/// Copies columns of the right matrix to `[depth, COLUMNS]`. The values in place of missing columns are not used.
fn pack(right: &Matrix, depth: Range<usize>, columns: Range<usize>, panel: &mut [f32]) {
    let width = columns.len();
    if right.column_stride == 1 {
        let lines = right.data[depth.start * right.row_stride + columns.start..]
            .chunks(right.row_stride)
            .zip(panel.chunks_exact_mut(COLUMNS));
        if width == COLUMNS {
            for (values, line) in lines {
                if let Some(values) = values.first_chunk::<COLUMNS>() {
                    line.copy_from_slice(values);
                }
            }
        } else {
            lines.for_each(|(values, line)| line[..width].copy_from_slice(&values[..width]));
        }
        return;
    }
    let column = |index: usize| {
        let first = (columns.start + index.min(width - 1)) * right.column_stride;
        &right.data[first + depth.start..][..depth.len()]
    };
    let values: [&[f32]; COLUMNS] = std::array::from_fn(column);
    for (row, line) in panel.chunks_exact_mut(COLUMNS).enumerate() {
        for (value, column) in line.iter_mut().zip(&values) {
            *value = column[row];
        }
    }
}

/// The same for integers, each multiplied by the factor of its column.
fn unpack(right: &Quantised, depth: Range<usize>, columns: Range<usize>, panel: &mut [f32]) {
    let width = columns.len();
    let lines = right.data[depth.start * right.row_stride + columns.start..]
        .chunks(right.row_stride)
        .zip(panel.as_chunks_mut::<COLUMNS>().0);
    let factors = factors(right, columns);
    for (values, line) in lines {
        let mut whole = [0; COLUMNS];
        let values: &[i8; COLUMNS] = values.first_chunk().unwrap_or_else(|| {
            whole[..width].copy_from_slice(&values[..width]);
            &whole
        });
        // SAFETY: there are `COLUMNS` integers, and as many numbers in a line.
        unsafe {
            let [low, high] = Lanes::load_integers(values.as_ptr());
            low.mul(factors[0]).store(line.as_mut_ptr());
            high.mul(factors[1]).store(line.as_mut_ptr().add(LANES));
        }
    }
}

/// The factors of up to eight columns.
fn factors(right: &Quantised, columns: Range<usize>) -> [Lanes; 2] {
    line(&right.factors[columns])
}

/// Up to eight numbers, padded with zeros.
fn line(values: &[f32]) -> [Lanes; 2] {
    let mut line = [0.0; COLUMNS];
    line[..values.len()].copy_from_slice(values);
    // SAFETY: there are twice `LANES` numbers.
    unsafe { [Lanes::load(line.as_ptr()), Lanes::load(line.as_ptr().add(LANES))] }
}

/// Multiplies rows of the left matrix, which lie `left_stride` apart, by a panel, `ROWS` rows at a time; `rows` must be
/// a multiple of that.
///
/// It is not inlined, because among other code the sums would not stay in registers.
#[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
#[inline(never)]
fn tiles<const ROWS: usize>(
    (left, left_stride): (&[f32], usize),
    rows: usize,
    depth: usize,
    panel: impl Panel,
    target: Target,
) {
    let Target { out, row_stride: stride, width, bias, epilogue } = target;
    assert!(rows.is_multiple_of(ROWS) && rows > 0 && panel.has(depth));
    assert!(left.len() >= (rows - 1) * left_stride + depth);
    assert!(width <= COLUMNS && out.len() >= (rows - 1) * stride + width);
    let bias = bias.unwrap_or([Lanes::ZERO; 2]);
    for first in (0..rows).step_by(ROWS) {
        // SAFETY: the first two asserts ensure that all reads are inside the slices.
        let sums = unsafe {
            let row = |row: usize| left.as_ptr().add((first + row) * left_stride);
            sums::<ROWS>(std::array::from_fn(row), depth, panel)
        };
        for (row, sums) in (first..).zip(sums) {
            let [low, high] = panel.sums(sums);
            let sums = [low.add(bias[0]), high.add(bias[1])];
            // SAFETY: the last assert ensures that all reads and writes are inside `out`; `line` has `COLUMNS` numbers.
            unsafe {
                let target = out.as_mut_ptr().add(row * stride);
                if width == COLUMNS {
                    write(sums, target, epilogue);
                } else {
                    let mut line = [0.0; COLUMNS];
                    target.copy_to_nonoverlapping(line.as_mut_ptr(), width);
                    write(sums, line.as_mut_ptr(), epilogue);
                    line.as_ptr().copy_to_nonoverlapping(target, width);
                }
            }
        }
    }
}

/// Writes eight sums to `target`.
///
/// # Safety
///
/// There must be eight numbers at `target`.
#[inline(always)]
unsafe fn write(sums: [Lanes; 2], target: *mut f32, epilogue: Epilogue) {
    for (half, sum) in sums.into_iter().enumerate() {
        // SAFETY: the caller ensures it.
        unsafe {
            let target = target.add(half * LANES);
            let sum = if epilogue.accumulate { Lanes::load(target).add(sum) } else { sum };
            let sum = if epilogue.relu6 { sum.clamp(0.0, 6.0) } else { sum };
            sum.store(target);
        }
    }
}

/// The products of some rows with a panel.
///
/// # Safety
///
/// There must be `depth` numbers at each of `rows`, and as many lines in the panel.
#[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
#[inline]
unsafe fn sums<const ROWS: usize>(
    mut rows: [*const f32; ROWS],
    depth: usize,
    panel: impl Panel,
) -> [[Lanes; 2]; ROWS] {
    let mut sums = [[Lanes::ZERO; 2]; ROWS];
    // SAFETY: the caller ensures it.
    unsafe {
        for index in 0..depth {
            step(&mut sums, rows, panel.line(index));
            rows = rows.map(|row| row.add(1));
        }
    }
    sums
}

#[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
#[inline]
unsafe fn step<const ROWS: usize>(
    sums: &mut [[Lanes; 2]; ROWS],
    rows: [*const f32; ROWS],
    [low, high]: [Lanes; 2],
) {
    for (sums, row) in sums.iter_mut().zip(rows) {
        // SAFETY: the caller ensures it.
        let value = Lanes::splat(unsafe { *row });
        sums[0] = value.mul_add(low, sums[0]);
        sums[1] = value.mul_add(high, sums[1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows, depth and columns: whole and partial tiles, one or several blocks of each.
    const SIZES: [[usize; 3]; 7] = [
        [1, 1, 1],
        [4, 8, 8],
        [5, 3, 7],
        [1, 700, 9],
        [259, 5, 16],
        [13, 1030, 17],
        [300, 520, 24],
    ];

    /// Small integers, so that sums are exact in any order.
    fn values(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 7 + seed) % 11) as f32 - 5.0).collect()
    }

    #[test]
    fn products_are_exact_in_every_layout() {
        for [rows, depth, columns] in SIZES {
            for (transposed, accumulate) in [(false, false), (true, true)] {
                let (left, right) = (values(rows * depth, 1), values(depth * columns, 4));
                let left = Matrix::rows(&left, rows, depth);
                let right = if transposed {
                    Matrix::columns(&right, columns, depth)
                } else {
                    Matrix::rows(&right, depth, columns)
                };
                // An `out` that is wider than the product; its other columns must not change.
                let stride = columns + 3;
                let before = values(rows * stride, 2);
                let mut out = before.clone();
                let target = MatrixMut { data: &mut out, row_stride: stride };
                multiply(left, Factor::Floats(right), accumulate, target);
                for (place, (&now, &then)) in out.iter().zip(&before).enumerate() {
                    let (row, column) = (place / stride, place % stride);
                    let expected = if column >= columns {
                        then
                    } else {
                        let product = |i| left.at(row, i) * right.at(i, column);
                        (0..depth).map(product).sum::<f32>() + if accumulate { then } else { 0.0 }
                    };
                    assert_eq!(now, expected, "{rows} x {depth} x {columns} at {row}, {column}");
                }
            }
        }
    }

    #[test]
    fn packed_products_are_those_of_the_matrix_with_bias_and_activation() {
        for [rows, depth, columns] in SIZES {
            let (left, right) = (values(rows * depth, 1), values(depth * columns, 4));
            let (left, bias) = (Matrix::rows(&left, rows, depth), values(columns, 3));
            let right = Matrix::columns(&right, columns, depth);
            let before = values(rows * columns, 2);
            for (accumulate, relu6) in [(false, true), (true, false)] {
                let mut out = before.clone();
                let epilogue = Epilogue { accumulate, bias: Some(&bias), relu6 };
                let target = MatrixMut::rows(&mut out, columns);
                multiply_packed(left, &packed(&right), columns, epilogue, target);
                for (place, (now, then)) in out.iter().zip(&before).enumerate() {
                    let (row, column) = (place / columns, place % columns);
                    let product = |i| left.at(row, i) * right.at(i, column);
                    let sum = (0..depth).map(product).sum::<f32>() + bias[column];
                    let sum = if accumulate { sum + then } else { sum };
                    let expected = if relu6 { sum.clamp(0.0, 6.0) } else { sum };
                    assert_eq!(*now, expected, "{rows} x {depth} x {columns} at {row}, {column}");
                }
            }
        }
    }

    #[test]
    fn integers_are_multiplied_as_the_numbers_they_stand_for() {
        for [rows, depth, columns] in SIZES {
            let left = values(rows * depth, 1);
            let left = Matrix::rows(&left, rows, depth);
            let factors: Vec<f32> = (0..columns).map(|column| 0.5 + column as f32).collect();
            let floats = values(depth * columns, 4);
            let data: Vec<i8> = floats.iter().map(|&value| value as i8).collect();
            let scaled: Vec<f32> =
                floats.iter().zip(factors.iter().cycle()).map(|(v, f)| v * f).collect();
            let integers = Quantised::new(&data, &factors);
            let whole = Factor::Floats(Matrix::rows(&scaled, depth, columns));
            let product = |right: Factor| {
                let mut out = vec![0.0; rows * right.columns()];
                let stride = right.columns();
                multiply(left, right, false, MatrixMut::rows(&mut out, stride));
                out
            };
            let expected = product(whole);
            assert_eq!(
                product(Factor::Integers(integers)),
                expected,
                "{rows} x {depth} x {columns}"
            );
            let part = columns / 2..columns;
            let of = |row: &[f32]| row[part.clone()].to_vec();
            let expected: Vec<f32> = expected.chunks(columns).flat_map(of).collect();
            assert_eq!(product(Factor::Integers(integers).part(part.clone())), expected);
        }
    }

    #[test]
    fn shares_of_a_feed_forward_add_up() {
        let [rows, input, hidden, output] = [5, 6, 24, 9];
        let (x, bias) = (values(rows * input, 1), values(hidden, 2));
        let x = Matrix::rows(&x, rows, input);
        let (first, second) = (values(input * hidden, 3), values(hidden * output, 5));
        let (whole, integers) =
            (second.clone(), second.iter().map(|&v| v as i8).collect::<Vec<_>>());
        let first = Factor::Floats(Matrix::rows(&first, input, hidden));
        let second = Factor::Integers(Quantised::new(&integers, &[1.0; 9]));
        let share = |units: Range<usize>, second: Factor, y: &mut [f32]| {
            let first = (first.part(units.clone()), &bias[units.clone()]);
            feed_forward(x, first, second.rows(units), Activation::Relu, y);
        };
        let mut y = vec![0.0; rows * output];
        share(0..16, second, &mut y);
        share(16..24, second, &mut y);
        let mut expected = vec![0.0; rows * output];
        share(0..24, Factor::Floats(Matrix::rows(&whole, hidden, output)), &mut expected);
        assert_eq!(y, expected);
        assert!(y.iter().any(|&sum| sum != 0.0));
    }
}
