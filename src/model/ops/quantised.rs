//! Weights kept as the 8-bit integers that they are stored as. They take a quarter of the memory of
//! f32, and a text, for which reading the weights is the slowest part, reads a quarter. The page's
//! devices multiply by them (`cpu::kernels::panels`,
//! `gpu::kernels`); natively weights become f32 as they are read.
//!
//! To Burn these are tensors quantised in blocks. A stored matrix, `[output, input]`, has one factor
//! for each row; blocks are at most 255 wide, so that a row is several of the same factor. Weights of convolutions become
//! numbers when they are first used, as the CPU packs them then.

use burn::tensor::TensorData;
use burn::tensor::quantization::{QuantScheme, QuantStore, QuantValue, ScaleDtype};

/// Whether weights stay integers.
pub const KEPT: bool = cfg!(target_arch = "wasm32");

/// How the device of this build stores them: a GPU has no numbers smaller than 32-bit words.
pub const STORE: QuantStore =
    if cfg!(feature = "flex") { QuantStore::Native } else { QuantStore::PackedU32(0) };

/// Side of the squares in which a matrix is transposed.
const SQUARE: usize = 64;

/// Narrower blocks would have so many factors that they save too little.
const NARROWEST: usize = 32;

/// What uses a stored matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum User {
    /// An embedding, as it is.
    Embedding,
    /// A linear layer, transposed: `[input, output]`.
    Linear,
    /// A 1 x 1 convolution, `[output, input, 1, 1]`.
    Convolution,
}

/// A stored matrix in the form that its user takes. `None` where no width of a block divides a row, or words do
/// not.
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
    // Burn puts the factors behind the integers: with room for them nothing has to move.
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

/// `[rows, columns]` to `[columns, rows]`, in squares that fit a core's cache.
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
