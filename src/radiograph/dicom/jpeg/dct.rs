//! Sequential DCT scans (T.81 annex F) of 8 and 12 bits.

use std::f32::consts::{FRAC_1_SQRT_2, PI};

use super::damage::bad;
use super::frame::{Frame, Scan, Selected, Tables};
use super::huffman::Bits;
use crate::error::Result;

/// The position in its block of each coefficient, in the order in which they are coded (T.81 figure A.6).
#[rustfmt::skip]
const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Decodes a scan into its components. A scan of one component codes the blocks of that component; a scan of several
/// interleaves their blocks in MCUs (section A.2).
pub(super) fn decode(
    bits: &mut Bits,
    frame: &mut Frame,
    scan: &Scan,
    tables: &Tables,
) -> Result<()> {
    let inverse = Inverse::new(frame.precision);
    let alone = scan.selected.len() == 1;
    let (across, down) = match scan.selected.as_slice() {
        [selected] => {
            let component = &frame.components[selected.component];
            (component.width.div_ceil(8), component.height.div_ceil(8))
        }
        _ => (frame.width.div_ceil(8 * frame.h_max), frame.height.div_ceil(8 * frame.v_max)),
    };
    let mut dc = [0i32; 4];
    for mcu in 0..across * down {
        if tables.restart > 0 && mcu > 0 && mcu % tables.restart == 0 {
            bits.restart()?;
            dc = [0; 4];
        }
        for (selected, dc) in scan.selected.iter().zip(&mut dc) {
            let component = &mut frame.components[selected.component];
            let (h, v) = if alone { (1, 1) } else { (component.h, component.v) };
            let quantiser = &tables.quantisers[component.quantiser];
            for block in 0..h * v {
                let coefficients = coefficients(bits, selected, quantiser, dc)?;
                let x = (mcu % across * h + block % h) * 8;
                let y = (mcu / across * v + block / h) * 8;
                let start = y * component.stride + x;
                let to =
                    component.samples.get_mut(start..).ok_or_else(|| bad("a block's place"))?;
                inverse.apply(&coefficients, to, component.stride);
            }
        }
    }
    Ok(())
}

/// The dequantised coefficients of the next block (section F.2.2). `dc` holds the DC coefficient of the previous block,
/// and is updated.
fn coefficients(
    bits: &mut Bits,
    selected: &Selected,
    quantiser: &[f32; 64],
    dc: &mut i32,
) -> Result<[f32; 64]> {
    let mut coefficients = [0f32; 64];
    let size = bits.symbol(selected.dc()?)?;
    *dc = dc.wrapping_add(bits.signed(size)?);
    coefficients[0] = *dc as f32 * quantiser[0];
    let table = selected.ac()?;
    let mut k = 1;
    while k < 64 {
        let run_and_size = bits.symbol(table)?;
        let (run, size) = (usize::from(run_and_size >> 4), run_and_size & 15);
        if size == 0 && run < 15 {
            break;
        }
        k += run;
        if size > 0 {
            let place = ZIGZAG.get(k).ok_or_else(|| bad("a block's end"))?;
            coefficients[usize::from(*place)] = bits.signed(size)? as f32 * quantiser[k];
        }
        k += 1;
    }
    Ok(coefficients)
}

/// The inverse DCT (section A.3.3), rows first.
struct Inverse {
    /// `[u][x]`: the factor of coefficient `u` at sample `x`.
    cosines: [[f32; 8]; 8],
    middle: f32,
    most: f32,
}

impl Inverse {
    fn new(precision: u32) -> Self {
        let cosines = std::array::from_fn(|u| {
            let scale = if u == 0 { FRAC_1_SQRT_2 } else { 1.0 } / 2.0;
            std::array::from_fn(|x| scale * ((2 * x + 1) as f32 * u as f32 * PI / 16.0).cos())
        });
        let levels = (1u32 << precision) as f32;
        Self { cosines, middle: levels / 2.0, most: levels - 1.0 }
    }

    /// Writes a block of 8 x 8 samples.
    fn apply(&self, coefficients: &[f32; 64], to: &mut [u16], stride: usize) {
        let mut rows = [[0f32; 8]; 8];
        for (row, line) in rows.iter_mut().zip(coefficients.chunks_exact(8)) {
            for (cosines, &value) in self.cosines.iter().zip(line).filter(|(_, v)| **v != 0.0) {
                row.iter_mut().zip(cosines).for_each(|(sum, cosine)| *sum += value * cosine);
            }
        }
        for (y, line) in to.chunks_mut(stride).take(8).enumerate() {
            for (x, sample) in line.iter_mut().take(8).enumerate() {
                let sum: f32 = rows.iter().zip(&self.cosines).map(|(row, u)| row[x] * u[y]).sum();
                *sample = (sum + self.middle).round().clamp(0.0, self.most) as u16;
            }
        }
    }
}
