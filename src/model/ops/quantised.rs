//! Weights that stay the 8-bit integers as which they are stored. They take a quarter of the memory of f32, and
//! encoding a text, in which reading the weights is the slowest part, reads a quarter of the bytes. The page's devices
//! multiply by the integers directly (`cpu::kernels::panels`, `gpu::kernels`); natively weights become f32 when they
//! are read.
//!
//! To Burn these are tensors that are quantised in blocks. A stored matrix, `[output, input]`, has one factor for each
//! row; blocks are at most 255 wide, so that a row consists of several blocks with the same factor. The weights of
//! convolutions become f32 when they are first used, because the CPU packs them then.

use burn::tensor::TensorData;
use burn::tensor::quantization::{QuantScheme, QuantStore, QuantValue, ScaleDtype};

/// Whether weights stay integers in this build.
pub const KEPT: bool = cfg!(target_arch = "wasm32");

/// How the device of this build stores the integers: on a GPU the smallest type is a 32-bit word.
pub const STORE: QuantStore =
    if cfg!(feature = "flex") { QuantStore::Native } else { QuantStore::PackedU32(0) };

/// Side of the square tiles in which a matrix is transposed.
const SQUARE: usize = 64;

/// The smallest width of a block; narrower ones would need so many factors that they save too little.
const NARROWEST: usize = 32;

/// The kind of layer that uses a stored matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum User {
    /// An embedding: the matrix stays as it is.
    Embedding,
    /// A linear layer: the matrix is transposed to `[input, output]`.
    Linear,
    /// A 1 x 1 convolution: `[output, input, 1, 1]`.
    Convolution,
}

/// Converts a stored matrix to the layout of its layer. `None` where rows cannot be divided into blocks of a permitted
/// width, or into whole words.
#[inline(never)] // see `lib.rs`
pub fn quantised(
    values: &[u8],
    [rows, columns]: [usize; 2],
    factors: &[f32],
    user: User,
    store: QuantStore,
) -> Option<TensorData> {
    let last = if user == User::Linear { rows } else { columns };
    if store != QuantStore::Native && !last.is_multiple_of(size_of::<u32>()) {
        return None;
    }
    let width = (NARROWEST..=u8::MAX.into()).rev().find(|width| columns.is_multiple_of(*width))?;
    let blocks = columns / width;
    let width = width as u8;
    let scheme = QuantScheme::default().with_value(QuantValue::Q8S).with_store(store);
    let by_row =
        || factors.iter().flat_map(|&factor| std::iter::repeat_n(factor, blocks)).collect();
    let (factors, shape, block): (Vec<f32>, _, _) = match user {
        User::Embedding => (by_row(), vec![rows, columns], vec![1, width]),
        User::Convolution => (by_row(), vec![rows, columns, 1, 1], vec![1, width, 1, 1]),
        User::Linear => (factors.repeat(blocks), vec![columns, rows], vec![width, 1]),
    };
    // Burn appends the factors to the integers: capacity for both avoids a copy.
    let mut integers = Vec::with_capacity(values.len() + size_of_val(factors.as_slice()));
    if user == User::Linear {
        integers.resize(values.len(), 0);
        transpose(values, &mut integers, [rows, columns]);
    } else {
        integers.extend(values.iter().map(|&value| value as i8));
    }
    let scheme = scheme.per_block(block, ScaleDtype::F32);
    Some(TensorData::quantized(integers, shape, scheme, &factors, None))
}

/// Transposes `[rows, columns]` to `[columns, rows]`, in square tiles that fit into a core's cache.
fn transpose(values: &[u8], transposed: &mut [i8], shape: [usize; 2]) {
    for top in (0..shape[0]).step_by(SQUARE) {
        for left in (0..shape[1]).step_by(SQUARE) {
            transpose_square(values, transposed, shape, [top, left]);
        }
    }
}

#[inline(never)] // see `lib.rs`
fn transpose_square(
    values: &[u8],
    transposed: &mut [i8],
    [rows, columns]: [usize; 2],
    [top, left]: [usize; 2],
) {
    for row in top..(top + SQUARE).min(rows) {
        let line = &values[row * columns..][left..(left + SQUARE).min(columns)];
        for (column, &value) in (left..).zip(line) {
            transposed[column * rows + row] = value as i8;
        }
    }
}
