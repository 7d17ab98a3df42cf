//! Matrix products in WebAssembly, where the `gemm` crate stays well below what the engine can do: its
//! tile needs more vector registers than x86-64 has, and it knows no fused multiply-add.
//!
//! The right matrix is packed panel by panel, eight columns wide; a panel stays in the innermost
//! cache while every four rows of the left matrix are put to it (Goto and van de Geijn, 2008,
//! "Anatomy of high-performance matrix multiplication").

use std::ops::Range;

use super::matrix::{Matrix, MatrixMut};
use lanes::{LANES, Lanes};

/// Rows of a tile. With [`COLUMNS`] it takes 8 sums, 2 values of the panel and one of the rows: 11 of
/// the 16 vector registers that WebAssembly can count on.
const ROWS: usize = 4;
/// Columns of a tile and of a panel.
const COLUMNS: usize = 2 * LANES;
/// Depth of a panel, which then has 16 KiB.
const DEPTH: usize = 512;
/// Rows that a panel is used for before the next is packed: with [`DEPTH`], 512 KiB.
const BLOCK: usize = 256;
/// Up to so many rows, packing costs more than it saves,
const FEW: usize = 32;
/// and so few rows of the right matrix are read side by side, each from start to end, which keeps
/// to a few pages of memory.
const STREAMS: usize = 128;

/// `out = left · right`, or `out += left · right`. Rows of the left matrix must be dense, and
/// either the rows or the columns of the right one.
pub fn multiply(left: Matrix, right: Matrix, accumulate: bool, out: MatrixMut) {
    let mut packed = vec![0.0; left.columns.min(DEPTH) * COLUMNS];
    let out_stride = out.row_stride;
    let packs = left.rows > FEW || right.column_stride > 1;
    for depth in blocks(left.columns, if packs { DEPTH } else { STREAMS }) {
        let accumulate = accumulate || depth.start > 0;
        for rows in blocks(left.rows, BLOCK) {
            for columns in blocks(right.columns, COLUMNS) {
                let width = columns.len();
                let panel = if !packs && width == COLUMNS {
                    let first = depth.start * right.row_stride + columns.start;
                    Panel {
                        lines: &right.data[first..],
                        depth: depth.len(),
                        stride: right.row_stride,
                    }
                } else {
                    pack(&right, depth.clone(), columns.clone(), &mut packed);
                    Panel { lines: &packed, depth: depth.len(), stride: COLUMNS }
                };
                for tiled in blocks(rows.len(), ROWS) {
                    let first = rows.start + tiled.start;
                    let line = |row: usize| &left.data[row * left.row_stride..][depth.clone()];
                    let out = &mut out.data[first * out_stride + columns.start..];
                    if tiled.len() == ROWS {
                        let lines: [&[f32]; ROWS] = std::array::from_fn(|row| line(first + row));
                        tile(lines, panel, accumulate, out, out_stride, width);
                    } else {
                        for row in 0..tiled.len() {
                            let out = &mut out[row * out_stride..];
                            tile([line(first + row)], panel, accumulate, out, 0, width);
                        }
                    }
                }
            }
        }
    }
}

/// Eight columns of the right matrix, packed or as they lie.
#[derive(Clone, Copy)]
struct Panel<'a> {
    lines: &'a [f32],
    depth: usize,
    stride: usize,
}

fn blocks(count: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
    (0..count).step_by(size).map(move |start| start..(start + size).min(count))
}

/// Columns of the right matrix as `[depth, COLUMNS]`. What stands in for missing ones is not used.
fn pack(right: &Matrix, depth: Range<usize>, columns: Range<usize>, panel: &mut [f32]) {
    let panel = &mut panel[..depth.len() * COLUMNS];
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

/// `ROWS` dense rows put to a panel; `width` of the sums are written, at `stride` from row to row.
///
/// Not inlined: among other code the sums do not stay in registers.
#[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
#[inline(never)]
fn tile<const ROWS: usize>(
    rows: [&[f32]; ROWS],
    panel: Panel,
    accumulate: bool,
    out: &mut [f32],
    stride: usize,
    width: usize,
) {
    let Panel { lines, depth, stride: line_stride } = panel;
    assert!(rows.iter().all(|row| row.len() >= depth));
    assert!(depth == 0 || lines.len() >= (depth - 1) * line_stride + COLUMNS);
    assert!(width <= COLUMNS && out.len() >= (ROWS - 1) * stride + width);
    let rows = rows.map(<[f32]>::as_ptr);
    let mut sums = [[Lanes::ZERO; 2]; ROWS];
    for index in 0..depth {
        // SAFETY: the first two asserts hold what is read inside the slices.
        unsafe {
            let line = lines.as_ptr().add(index * line_stride);
            let (low, high) = (Lanes::load(line), Lanes::load(line.add(LANES)));
            for (sums, row) in sums.iter_mut().zip(rows) {
                let value = Lanes::splat(*row.add(index));
                sums[0] = value.mul_add(low, sums[0]);
                sums[1] = value.mul_add(high, sums[1]);
            }
        }
    }
    for (row, sums) in sums.into_iter().enumerate() {
        let out = &mut out[row * stride..][..width];
        let mut line = [0.0; COLUMNS];
        let whole = width == COLUMNS;
        if !whole && accumulate {
            line[..width].copy_from_slice(out);
        }
        let target = if whole { out.as_mut_ptr() } else { line.as_mut_ptr() };
        for (half, sum) in sums.into_iter().enumerate() {
            // SAFETY: there are `COLUMNS` numbers at `target`, in `out` or in `line`.
            unsafe {
                let target = target.add(half * LANES);
                let sum = if accumulate { Lanes::load(target).add(sum) } else { sum };
                sum.store(target);
            }
        }
        if !whole {
            out.copy_from_slice(&line[..width]);
        }
    }
}

#[cfg(target_arch = "wasm32")]
mod lanes {
    use core::arch::wasm32::*;

    /// Numbers in a vector.
    pub const LANES: usize = 4;

    /// A vector of WebAssembly.
    #[derive(Clone, Copy)]
    pub struct Lanes(v128);

    impl Lanes {
        pub const ZERO: Self = Self(f32x4(0.0, 0.0, 0.0, 0.0));

        /// # Safety
        ///
        /// There must be `LANES` numbers; they may lie at any address.
        #[inline(always)]
        pub unsafe fn load(values: *const f32) -> Self {
            // SAFETY: the caller holds it.
            Self(unsafe { v128_load(values.cast()) })
        }

        /// # Safety
        ///
        /// As for `load`.
        #[inline(always)]
        pub unsafe fn store(self, values: *mut f32) {
            // SAFETY: the caller holds it.
            unsafe { v128_store(values.cast(), self.0) }
        }

        #[inline(always)]
        pub fn splat(value: f32) -> Self {
            Self(f32x4_splat(value))
        }

        #[inline(always)]
        pub fn add(self, other: Self) -> Self {
            Self(f32x4_add(self.0, other.0))
        }

        /// `self * factor + term`, with relaxed SIMD rounded once.
        #[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
        #[inline]
        pub fn mul_add(self, factor: Self, term: Self) -> Self {
            #[cfg(feature = "relaxed-simd")]
            return Self(f32x4_relaxed_madd(self.0, factor.0, term.0));
            #[cfg(not(feature = "relaxed-simd"))]
            Self(f32x4_add(f32x4_mul(self.0, factor.0), term.0))
        }
    }
}

/// The same without vectors, so that native tests cover all but the instructions.
#[cfg(not(target_arch = "wasm32"))]
mod lanes {
    pub const LANES: usize = 4;

    #[derive(Clone, Copy)]
    pub struct Lanes([f32; LANES]);

    impl Lanes {
        pub const ZERO: Self = Self([0.0; LANES]);

        /// # Safety
        ///
        /// There must be `LANES` numbers.
        pub unsafe fn load(values: *const f32) -> Self {
            // SAFETY: the caller holds it.
            Self(unsafe { values.cast::<[f32; LANES]>().read() })
        }

        /// # Safety
        ///
        /// As for `load`.
        pub unsafe fn store(self, values: *mut f32) {
            // SAFETY: the caller holds it.
            unsafe { values.cast::<[f32; LANES]>().write(self.0) }
        }

        pub fn splat(value: f32) -> Self {
            Self([value; LANES])
        }

        pub fn add(self, other: Self) -> Self {
            Self(std::array::from_fn(|lane| self.0[lane] + other.0[lane]))
        }

        pub fn mul_add(self, factor: Self, term: Self) -> Self {
            Self(std::array::from_fn(|lane| self.0[lane] * factor.0[lane] + term.0[lane]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows, depth and columns: whole and broken tiles, several blocks of each, single ones.
    const SIZES: [[usize; 3]; 7] = [
        [1, 1, 1],
        [4, 8, 8],
        [5, 3, 7],
        [1, 700, 9],
        [259, 5, 16],
        [13, 1030, 17],
        [300, 520, 24],
    ];

    /// Small whole numbers, so that sums are exact in any order.
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
                // A wider `out`, whose other columns must stay as they are.
                let stride = columns + 3;
                let before = values(rows * stride, 2);
                let mut out = before.clone();
                multiply(left, right, accumulate, MatrixMut { data: &mut out, row_stride: stride });
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
}
