//! The 3 x 3 depthwise convolution.

use std::ops::Range;

#[cfg(any(target_arch = "wasm32", test))]
use super::lanes::{LANES, Lanes};
use super::shape::Shape;

/// Number of taps of a 3 x 3 kernel.
pub const TAPS: usize = 9;
/// Number of adjacent output pixels that are computed together and share the inputs of their overlapping windows.
#[cfg(any(target_arch = "wasm32", test))]
const GROUP: usize = 4;

/// `[channels, 9]` to `[9, channels]`.
pub fn taps_first(weight: &[f32], channels: usize) -> Vec<f32> {
    (0..TAPS * channels).map(|i| weight[(i % channels) * TAPS + i / channels]).collect()
}

/// A 3 x 3 depthwise convolution, padded by one, and ReLU6, for the output rows `rows`.
/// `source` begins with the input row `first`.
pub fn depthwise(
    shape: &Shape,
    taps: &[f32],
    bias: &[f32],
    source: &[f32],
    first: usize,
    rows: Range<usize>,
    out: &mut [f32],
) {
    let hidden = shape.hidden;
    #[cfg(target_arch = "wasm32")]
    if hidden.is_multiple_of(LANES) {
        return in_vectors(shape, taps, bias, source, first, rows, out);
    }
    pulp::Arch::new().dispatch(|| {
        let mut pixels = out.chunks_exact_mut(hidden);
        for y in rows.clone() {
            for x in 0..shape.output_size()[1] {
                let Some(pixel) = pixels.next() else { return };
                let window = Window::new(shape, y, x);
                if let Some(corner) = window.whole() {
                    let corner = &source[corner - first * shape.width * hidden..];
                    whole_window(corner, shape.width * hidden, taps, bias, pixel);
                } else {
                    pixel.copy_from_slice(bias);
                    for (tap, place) in window.places() {
                        let place = place - first * shape.width * hidden;
                        let values = &source[place..place + hidden];
                        let weights = &taps[tap * hidden..(tap + 1) * hidden];
                        for ((sum, value), weight) in pixel.iter_mut().zip(values).zip(weights) {
                            *sum += value * weight;
                        }
                    }
                }
                for value in pixel.iter_mut() {
                    *value = value.clamp(0.0, 6.0);
                }
            }
        }
    });
}

/// All nine taps of a window inside the map; `corner` begins with its first pixel.
#[inline(always)]
fn whole_window(corner: &[f32], row: usize, taps: &[f32], bias: &[f32], out: &mut [f32]) {
    let hidden = out.len();
    let value = |tap: usize| &corner[(tap / 3) * row + (tap % 3) * hidden..][..hidden];
    let weight = |tap: usize| &taps[tap * hidden..][..hidden];
    let (v, w): ([&[f32]; TAPS], [&[f32]; TAPS]) =
        (std::array::from_fn(value), std::array::from_fn(weight));
    let bias = &bias[..hidden];
    for c in 0..hidden {
        let upper = v[0][c] * w[0][c] + v[1][c] * w[1][c] + v[2][c] * w[2][c];
        let middle = v[3][c] * w[3][c] + v[4][c] * w[4][c] + v[5][c] * w[5][c];
        let lower = v[6][c] * w[6][c] + v[7][c] * w[7][c] + v[8][c] * w[8][c];
        out[c] = bias[c] + upper + middle + lower;
    }
}

/// The 3 x 3 pixels that an output pixel looks at.
pub struct Window<'a> {
    shape: &'a Shape,
    top: isize,
    left: isize,
}

impl<'a> Window<'a> {
    #[inline(always)]
    pub fn new(shape: &'a Shape, y: usize, x: usize) -> Self {
        let corner = |i: usize| (i * shape.stride) as isize - 1;
        Self { shape, top: corner(y), left: corner(x) }
    }

    /// The offset of its first pixel, if the window lies entirely inside the map.
    #[inline(always)]
    fn whole(&self) -> Option<usize> {
        let Shape { height, width, hidden, .. } = *self.shape;
        let inside = self.top >= 0
            && self.left >= 0
            && self.top as usize + 3 <= height
            && self.left as usize + 3 <= width;
        inside.then(|| (self.top as usize * width + self.left as usize) * hidden)
    }

    /// The taps that lie inside the map, and the offset of the input pixel of each.
    #[inline(always)]
    pub fn places(&self) -> impl Iterator<Item = (usize, usize)> {
        let Shape { height, width, hidden, .. } = *self.shape;
        let (top, left) = (self.top, self.left);
        (0..TAPS).filter_map(move |tap| {
            let (y, x) = (top + (tap / 3) as isize, left + (tap % 3) as isize);
            let inside = y >= 0 && x >= 0 && (y as usize) < height && (x as usize) < width;
            inside.then(|| (tap, (y as usize * width + x as usize) * hidden))
        })
    }
}

/// [`depthwise`] for channels in whole vectors. A tap is loaded once for several pixels, and so are the inputs that
/// adjacent windows share.
#[cfg(any(target_arch = "wasm32", test))]
fn in_vectors(
    shape: &Shape,
    taps: &[f32],
    bias: &[f32],
    source: &[f32],
    first: usize,
    rows: Range<usize>,
    out: &mut [f32],
) {
    let Shape { height, width, hidden, stride, .. } = *shape;
    let out_width = shape.output_size()[1];
    let outside = vec![0.0; width * hidden];
    for (y, out) in rows.zip(out.chunks_exact_mut(out_width * hidden)) {
        // The three rows of the windows; zeros outside the map.
        let line = |row: usize| match (y * stride + row).checked_sub(1).filter(|&y| y < height) {
            Some(y) => &source[(y - first) * width * hidden..][..width * hidden],
            None => &outside[..],
        };
        let lines: [&[f32]; 3] = std::array::from_fn(line);
        let mut x = 0;
        while x < out_width {
            let left = (x * stride).wrapping_sub(1);
            let out = &mut out[x * hidden..];
            let inside = |pixels: usize| left < width && left + (pixels - 1) * stride + 3 <= width;
            let columns = |count: usize| lines.map(|line| &line[left * hidden..][..count * hidden]);
            x += match stride {
                1 if inside(GROUP) => {
                    windows::<GROUP, 1>(columns(GROUP + 2), taps, bias, out);
                    GROUP
                }
                2 if inside(GROUP) => {
                    windows::<GROUP, 2>(columns(2 * GROUP + 1), taps, bias, out);
                    GROUP
                }
                _ => {
                    let pixels = lines.map(|line| {
                        std::array::from_fn(|column| {
                            let x = left.wrapping_add(column);
                            let line = if x < width { &line[x * hidden..] } else { &outside[..] };
                            &line[..hidden]
                        })
                    });
                    window(pixels, taps, bias, out);
                    1
                }
            };
        }
    }
}

/// Computes `PIXELS` adjacent windows, for each vector of channels; `lines` has all columns that they cover.
#[cfg(any(target_arch = "wasm32", test))]
#[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
#[inline(never)]
fn windows<const PIXELS: usize, const STRIDE: usize>(
    lines: [&[f32]; 3],
    taps: &[f32],
    bias: &[f32],
    out: &mut [f32],
) {
    let channels = bias.len();
    let columns = (PIXELS - 1) * STRIDE + 3;
    assert!(channels.is_multiple_of(LANES) && taps.len() >= TAPS * channels);
    assert!(lines.iter().all(|line| line.len() >= columns * channels));
    assert!(out.len() >= PIXELS * channels);
    let lines = lines.map(<[f32]>::as_ptr);
    for channel in (0..channels).step_by(LANES) {
        // SAFETY: the asserts ensure that all reads and writes are inside the slices.
        unsafe {
            let mut sums = [Lanes::load(bias.as_ptr().add(channel)); PIXELS];
            for (row, line) in lines.into_iter().enumerate() {
                for column in 0..3 {
                    let tap = taps.as_ptr().add((3 * row + column) * channels + channel);
                    let tap = Lanes::load(tap);
                    for (pixel, sum) in sums.iter_mut().enumerate() {
                        let value = line.add((pixel * STRIDE + column) * channels + channel);
                        *sum = Lanes::load(value).mul_add(tap, *sum);
                    }
                }
            }
            for (pixel, sum) in sums.into_iter().enumerate() {
                sum.clamp(0.0, 6.0).store(out.as_mut_ptr().add(pixel * channels + channel));
            }
        }
    }
}

/// Computes one window, given the inputs of its nine taps.
#[cfg(any(target_arch = "wasm32", test))]
#[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
#[inline(never)]
fn window(pixels: [[&[f32]; 3]; 3], taps: &[f32], bias: &[f32], out: &mut [f32]) {
    let channels = bias.len();
    assert!(channels.is_multiple_of(LANES) && taps.len() >= TAPS * channels);
    assert!(pixels.iter().flatten().all(|pixel| pixel.len() >= channels));
    assert!(out.len() >= channels);
    let pixels = pixels.as_flattened();
    for channel in (0..channels).step_by(LANES) {
        // SAFETY: the asserts ensure that all reads and writes are inside the slices.
        unsafe {
            let mut sum = Lanes::load(bias.as_ptr().add(channel));
            for (tap, pixel) in pixels.iter().enumerate() {
                let value = Lanes::load(pixel.as_ptr().add(channel));
                let tap = Lanes::load(taps.as_ptr().add(tap * channels + channel));
                sum = value.mul_add(tap, sum);
            }
            sum.clamp(0.0, 6.0).store(out.as_mut_ptr().add(channel));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_yield_what_single_numbers_do() {
        for (height, width, stride) in [(1, 1, 1), (2, 2, 2), (7, 7, 1), (9, 14, 1), (12, 18, 2)] {
            let hidden = 8;
            let shape = Shape { height, width, input: hidden, hidden, output: hidden, stride };
            // Small integers, so that sums are exact in any order.
            let values =
                |count, by| (0..count).map(|i| (i * by % 7) as f32 - 3.0).collect::<Vec<_>>();
            let (taps, bias) = (values(TAPS * hidden, 3), values(hidden, 5));
            let source = values(height * width * hidden, 4);
            let [out_height, out_width] = shape.output_size();
            for rows in [0..out_height, out_height / 2..out_height] {
                let given = shape.receptive(&rows);
                let source = &source[given.start * width * hidden..given.end * width * hidden];
                let [mut singly, mut vectors] =
                    [(); 2].map(|()| vec![f32::NAN; rows.len() * out_width * hidden]);
                depthwise(&shape, &taps, &bias, source, given.start, rows.clone(), &mut singly);
                in_vectors(&shape, &taps, &bias, source, given.start, rows, &mut vectors);
                assert_eq!(vectors, singly, "{shape:?}");
                let inside = singly.iter().any(|&value| value > 0.0 && value < 6.0);
                assert!(inside || height < 3, "all of it is cut off");
            }
        }
    }
}
