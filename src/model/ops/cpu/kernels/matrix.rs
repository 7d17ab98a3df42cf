//! Views of matrices.

use std::ops::Range;

/// A view of a matrix.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    pub data: &'a [f32],
    pub rows: usize,
    pub columns: usize,
    pub row_stride: usize,
    pub column_stride: usize,
}

/// Where a product is written to: rows that lie `row_stride` apart.
pub struct MatrixMut<'a> {
    pub data: &'a mut [f32],
    pub row_stride: usize,
}

impl<'a> MatrixMut<'a> {
    /// A row-major matrix.
    pub fn rows(data: &'a mut [f32], columns: usize) -> Self {
        Self { data, row_stride: columns }
    }
}

impl<'a> Matrix<'a> {
    /// A row-major matrix.
    pub fn rows(data: &'a [f32], rows: usize, columns: usize) -> Self {
        Self { data, rows, columns, row_stride: columns, column_stride: 1 }
    }

    /// The transpose of a row-major `rows x columns` matrix.
    pub fn columns(data: &'a [f32], rows: usize, columns: usize) -> Self {
        Self::rows(data, rows, columns).transposed()
    }

    /// Some of its columns.
    pub fn part(self, columns: Range<usize>) -> Self {
        let data = &self.data[columns.start * self.column_stride..];
        Self { data, columns: columns.len(), ..self }
    }

    /// Its numbers, row by row.
    pub fn dense(self) -> Vec<f32> {
        let mut dense = Vec::with_capacity(self.rows * self.columns);
        for row in 0..self.rows {
            let values = self.data[row * self.row_stride..].iter();
            dense.extend(values.step_by(self.column_stride).take(self.columns));
        }
        dense
    }

    /// The transpose.
    pub fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    #[cfg(test)]
    pub fn at(&self, row: usize, column: usize) -> f32 {
        self.data[row * self.row_stride + column * self.column_stride]
    }
}

/// A row-major matrix of 8-bit integers, with a factor for each column.
#[derive(Clone, Copy)]
pub struct Quantised<'a> {
    pub data: &'a [i8],
    pub factors: &'a [f32],
    pub columns: usize,
    pub row_stride: usize,
}

impl<'a> Quantised<'a> {
    /// The view of a whole matrix.
    pub fn new(data: &'a [i8], factors: &'a [f32]) -> Self {
        let columns = factors.len();
        Self { data, factors, columns, row_stride: columns }
    }

    /// Its integers, row by row.
    pub fn lines(self) -> impl Iterator<Item = &'a [i8]> {
        self.data.chunks(self.row_stride).map(move |row| &row[..self.columns])
    }
}

/// The right matrix of a product.
#[derive(Clone, Copy)]
pub enum Factor<'a> {
    Floats(Matrix<'a>),
    Integers(Quantised<'a>),
}

impl Factor<'_> {
    pub fn columns(&self) -> usize {
        match self {
            Self::Floats(matrix) => matrix.columns,
            Self::Integers(matrix) => matrix.columns,
        }
    }

    /// Some of its columns.
    pub fn part(self, columns: Range<usize>) -> Self {
        match self {
            Self::Floats(matrix) => Self::Floats(matrix.part(columns)),
            Self::Integers(matrix) => Self::Integers(Quantised {
                data: &matrix.data[columns.start..],
                factors: &matrix.factors[columns.clone()],
                columns: columns.len(),
                ..matrix
            }),
        }
    }

    /// Some of its rows.
    pub fn rows(self, rows: Range<usize>) -> Self {
        match self {
            Self::Floats(matrix) => Self::Floats(Matrix {
                data: &matrix.data[rows.start * matrix.row_stride..],
                rows: rows.len(),
                ..matrix
            }),
            Self::Integers(matrix) => Self::Integers(Quantised {
                data: &matrix.data[rows.start * matrix.row_stride..rows.end * matrix.row_stride],
                ..matrix
            }),
        }
    }
}
