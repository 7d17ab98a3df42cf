//! JPEG data, written by the tests themselves.

/// Markers, then bits in a code of 17 symbols whose codes are their own 5 bits.
pub fn jpeg(frame: &[u8], scan: &[u8], codes: &[(u32, u32)]) -> Vec<u8> {
    let table = |class: u8| {
        let mut table =
            vec![0xFF, 0xC4, 0, 36, class, 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        table.extend(0..17);
        table
    };
    let mut bits: Vec<u8> = vec![];
    for &(value, count) in codes {
        bits.extend((0..count).rev().map(|bit| (value >> bit & 1) as u8));
    }
    bits.resize(bits.len().next_multiple_of(8), 1);
    let coded = bits.chunks(8).map(|byte| byte.iter().fold(0, |all, bit| all << 1 | bit));
    let stuffed = coded.flat_map(|byte: u8| if byte == 255 { vec![255, 0] } else { vec![byte] });
    let mut quantiser = vec![0xFF, 0xDB, 0, 67, 0];
    quantiser.extend([1; 64]);
    let segments = [&[0xFF, 0xD8][..], &table(0), &table(0x10), &quantiser, frame, scan];
    segments.concat().into_iter().chain(stuffed).chain([0xFF, 0xD9]).collect()
}

/// A difference in the code of [`jpeg`]: its size, then its bits (T.81 F.1.2.1 and H.1.2.2).
pub fn difference(value: i32) -> [(u32, u32); 2] {
    let value = i32::from(value as i16);
    let size = 32 - value.unsigned_abs().leading_zeros();
    let bits = if value < 0 { value - 1 } else { value };
    [(size, 5), if size == 16 { (0, 0) } else { (bits as u32 & ((1 << size) - 1), size) }]
}

/// The frame header of one component.
pub fn frame(process: u8, bits: u8, rows: u8, columns: u8) -> [u8; 13] {
    [0xFF, process, 0, 11, bits, 0, rows, 0, columns, 1, 1, 0x11, 0]
}

/// Lossless data with a predictor (T.81 table H.1).
pub fn lossless(bits: u8, rows: usize, columns: usize, samples: &[u16], predictor: u8) -> Vec<u8> {
    let mut codes = Vec::new();
    for y in 0..rows {
        for x in 0..columns {
            let at = |x: usize, y: usize| i32::from(samples[y * columns + x]);
            let predicted = match (x, y) {
                (0, 0) => 1 << (bits - 1),
                (_, 0) => at(x - 1, 0),
                (0, _) => at(0, y - 1),
                _ => {
                    let (a, b, c) = (at(x - 1, y), at(x, y - 1), at(x - 1, y - 1));
                    [a, b, c, a + b - c, a + ((b - c) >> 1), b + ((a - c) >> 1), (a + b) >> 1]
                        [usize::from(predictor) - 1]
                }
            };
            codes.extend(difference(at(x, y) - predicted));
        }
    }
    let scan = [0xFF, 0xDA, 0, 8, 1, 1, 0, predictor, 0, 0];
    jpeg(&frame(0xC3, bits, rows as u8, columns as u8), &scan, &codes)
}

/// Lossless data of 8 bits in one row: pixels of three components with these names, after a segment.
pub fn lossless_colours(ids: [u8; 3], segment: &[u8], pixels: &[[u8; 3]]) -> Vec<u8> {
    let mut before = [128; 3];
    let mut codes = Vec::new();
    for (component, &sample) in pixels.iter().flat_map(|pixel| pixel.iter().enumerate()) {
        codes.extend(difference(i32::from(sample) - before[component]));
        before[component] = sample.into();
    }
    let [a, b, c] = ids;
    let columns = pixels.len() as u8;
    let frame = [0xFF, 0xC3, 0, 17, 8, 0, 1, 0, columns, 3, a, 0x11, 0, b, 0x11, 0, c, 0x11, 0];
    let scan = [0xFF, 0xDA, 0, 12, 3, a, 0, b, 0, c, 0, 1, 0, 0];
    let data = jpeg(&frame, &scan, &codes);
    [&data[..2], segment, &data[2..]].concat()
}

/// Sequential DCT data of blocks side by side, each of one grey and no more.
pub fn sequential(bits: u8, greys: &[i32]) -> Vec<u8> {
    // DC is 8 times the distance from the middle; symbol 0 ends a block.
    let middle = 1 << (bits - 1);
    let before = [middle].into_iter().chain(greys.iter().copied());
    let codes: Vec<_> = greys
        .iter()
        .zip(before)
        .flat_map(|(grey, before)| difference(8 * (grey - before)).into_iter().chain([(0, 5)]))
        .collect();
    let scan = [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0];
    jpeg(&frame(0xC1, bits, 8, 8 * greys.len() as u8), &scan, &codes)
}

/// JPEG 2000 data of 8 x 8 pixels of 8 bits without any coefficient: all of it is middle grey.
#[rustfmt::skip]
pub const MIDDLE_GREY_2000: [u8; 82] = [
    0xFF, 0x4F, 0xFF, 0x51, 0, 41, 0, 0, 0, 0, 0, 8, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8,
    0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 7, 1, 1, 0xFF, 0x52, 0, 12, 0, 0, 0, 1, 0, 0, 4, 4, 0,
    1, 0xFF, 0x5C, 0, 4, 0x40, 0x40, 0xFF, 0x90, 0, 10, 0, 0, 0, 0, 0, 15, 0, 1, 0xFF, 0x93, 0,
    0xFF, 0xD9,
];
