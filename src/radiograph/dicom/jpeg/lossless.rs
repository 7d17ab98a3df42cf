//! Lossless scans (T.81 annex H): every sample is coded as the difference from a prediction by its neighbours.

use super::damage::bad;
use super::frame::{Component, Frame, Scan};
use super::huffman::Bits;
use crate::error::Result;

/// Decodes a scan into its components.
pub(super) fn decode(
    bits: &mut Bits,
    frame: &mut Frame,
    scan: &Scan,
    restart: usize,
) -> Result<()> {
    let &Scan { predictor, shift, .. } = scan;
    if shift >= frame.precision || !(1..=7).contains(&predictor) {
        return Err(bad("a lossless scan's parameters"));
    }
    let start = 1i32 << (frame.precision - shift - 1);
    let mut since_restart = 0;
    let mut first_row = 0;
    for y in 0..frame.height {
        for x in 0..frame.width {
            // Restart intervals are whole rows (section H.1.1), and prediction starts anew after each.
            if restart > 0 && since_restart == restart {
                bits.restart()?;
                (since_restart, first_row) = (0, y);
            }
            since_restart += 1;
            for selected in &scan.selected {
                let difference = match bits.symbol(selected.dc()?)? {
                    16 => 32768,
                    size @ 0..16 => bits.signed(size)?,
                    _ => return Err(bad("a difference's size")),
                };
                let component = &mut frame.components[selected.component];
                let predicted = match (x, y == first_row) {
                    (0, true) => start,
                    (_, true) => component.before(x, y, 1, shift),
                    (0, false) => component.before(x, y, component.stride, shift),
                    _ => component.predict(x, y, predictor, shift),
                };
                let at = y * component.stride + x;
                component.samples[at] = ((predicted + difference) as u16) << shift;
            }
        }
    }
    Ok(())
}

impl Component {
    /// The sample that is stored `places` samples before the one at (`x`, `y`).
    fn before(&self, x: usize, y: usize, places: usize, shift: u32) -> i32 {
        i32::from(self.samples[y * self.stride + x - places] >> shift)
    }

    /// Predicts a sample from those to the left (a), above (b), and above to the left (c), by table H.1.
    fn predict(&self, x: usize, y: usize, predictor: u8, shift: u32) -> i32 {
        let a = self.before(x, y, 1, shift);
        let b = self.before(x, y, self.stride, shift);
        let c = self.before(x, y, self.stride + 1, shift);
        match predictor {
            1 => a,
            2 => b,
            3 => c,
            4 => a + b - c,
            5 => a + ((b - c) >> 1),
            6 => b + ((a - c) >> 1),
            _ => (a + b) >> 1,
        }
    }
}
