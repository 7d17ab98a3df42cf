//! Weights that stay the 8-bit integers that they are stored as: a quarter of the memory, and of
//! what a text has to be put to. The page's devices multiply by them (`kernel::product`,
//! `gpu::kernels`); natively weights become f32 as they are read.
//!
//! To Burn these are tensors quantised in blocks. A stored matrix, `[output, input]`, has one factor
//! for each row; blocks are at most 255 wide, so that a row is several of the same factor.

use burn::tensor::TensorData;
use burn::tensor::quantization::{QuantScheme, QuantStore, QuantValue, ScaleDtype};

/// Whether weights stay integers.
pub const KEPT: bool = cfg!(target_arch = "wasm32");

/// How the device of this build has them: a GPU knows no smaller numbers than words.
pub const STORE: QuantStore =
    if cfg!(feature = "flex") { QuantStore::Native } else { QuantStore::PackedU32(0) };

/// Narrower blocks would have more factors than it is worth.
const NARROWEST: usize = 32;

/// A stored matrix as its layer keeps it: one that is looked up as it is, that of a linear layer
/// transposed, `[input, output]`. `None` where no block divides a row, or words do not.
pub fn quantised(
    values: &[u8],
    [rows, columns]: [usize; 2],
    factors: &[f32],
    looked_up: bool,
    store: QuantStore,
) -> Option<TensorData> {
    let last = if looked_up { columns } else { rows };
    if store != QuantStore::Native && !last.is_multiple_of(size_of::<u32>()) {
        return None;
    }
    let width = (NARROWEST..=u8::MAX.into()).rev().find(|width| columns.is_multiple_of(*width))?;
    let blocks = columns / width;
    let width = width as u8;
    let scheme = QuantScheme::default().with_value(QuantValue::Q8S).with_store(store);
    let (values, shape, block, factors): (_, _, _, Vec<f32>) = if looked_up {
        let factors = factors.iter().flat_map(|&factor| std::iter::repeat_n(factor, blocks));
        (integers(values), [rows, columns], [1, width], factors.collect())
    } else {
        (transposed(values, rows, columns), [columns, rows], [width, 1], factors.repeat(blocks))
    };
    let scheme = scheme.per_block(block, ScaleDtype::F32);
    Some(TensorData::quantized(values, shape, scheme, &factors, None))
}

fn integers(values: &[u8]) -> Vec<i8> {
    values.iter().map(|&value| value as i8).collect()
}

/// `[rows, columns]` to `[columns, rows]`, in squares that fit a core's cache.
fn transposed(values: &[u8], rows: usize, columns: usize) -> Vec<i8> {
    const SQUARE: usize = 64;
    let mut transposed = vec![0; values.len()];
    for top in (0..rows).step_by(SQUARE) {
        for left in (0..columns).step_by(SQUARE) {
            for row in top..(top + SQUARE).min(rows) {
                for column in left..(left + SQUARE).min(columns) {
                    transposed[column * rows + row] = values[row * columns + column] as i8;
                }
            }
        }
    }
    transposed
}
