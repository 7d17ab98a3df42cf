//! Matrix products of floats by the `gemm` crate, natively.

use super::matrix::{Matrix, MatrixMut};

/// The number of elements that a view of a matrix spans in memory.
fn span(rows: usize, columns: usize, row_stride: usize, column_stride: usize) -> usize {
    (rows - 1) * row_stride + (columns - 1) * column_stride + 1
}

/// `out = left · right`, or `out += left · right`.
pub fn multiply(left: Matrix, right: Matrix, accumulate: bool, out: MatrixMut) {
    if left.rows == 0 || right.columns == 0 || left.columns == 0 {
        return;
    }
    let fits = |m: &Matrix| m.data.len() >= span(m.rows, m.columns, m.row_stride, m.column_stride);
    assert!(fits(&left) && fits(&right) && left.columns == right.rows);
    assert!(out.row_stride >= right.columns);
    assert!(out.data.len() >= span(left.rows, right.columns, out.row_stride, 1));
    // SAFETY: the asserts above ensure that all reads and writes are inside the slices, and `out` is borrowed mutably,
    // so that it overlaps neither operand.
    unsafe {
        gemm::gemm(
            left.rows,
            right.columns,
            left.columns,
            out.data.as_mut_ptr(),
            1,
            out.row_stride as isize,
            accumulate,
            left.data.as_ptr(),
            left.column_stride as isize,
            left.row_stride as isize,
            right.data.as_ptr(),
            right.column_stride as isize,
            right.row_stride as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}
