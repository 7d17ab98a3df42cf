//! Arithmetic that gives the same result on every target, and random numbers from a seed.

/// Coordinates across and down, in fractions of the image's width.
pub type Point = [f32; 2];

pub fn pixel_centre(x: usize, y: usize, size: usize) -> Point {
    [x, y].map(|i| (i as f32 + 0.5) / size as f32)
}

/// The centres of all pixels, row by row.
pub fn pixel_centres(size: usize) -> impl Iterator<Item = Point> {
    (0..size).flat_map(move |y| (0..size).map(move |x| pixel_centre(x, y, size)))
}

/// Square root, 0 for negative numbers.
pub fn root(x: f32) -> f32 {
    positive(x).sqrt()
}

/// The larger of two numbers. `f32::max` and `f32::min` would be calls in WebAssembly, because of
/// how they treat NaN.
pub fn greatest(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

pub fn least(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

pub fn positive(x: f32) -> f32 {
    greatest(x, 0.0)
}

/// Whether a point is certainly further from the origin than `reach`. As most structures are small, this cheap test is
/// done first.
pub fn beyond(p: Point, reach: f32) -> bool {
    p[0] * p[0] + p[1] * p[1] > 1.001 * reach * reach
}

pub fn length(x: f32, y: f32) -> f32 {
    (x * x + y * y).sqrt()
}

/// A smooth step: 0 below 0, 1 above 1, and smooth in between.
pub fn smooth(x: f32) -> f32 {
    let x = x.clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

/// 1 at 0, falling smoothly to 0 at -1 and 1.
pub fn bump(x: f32) -> f32 {
    let x = positive(1.0 - x * x);
    x * x
}

/// The exponential of `-x`: the series for `-x / 256`, to the power of 256.
pub fn exp_neg(x: f32) -> f32 {
    let part = x / 256.0;
    (0..8).fold(1.0 - part + part * part / 2.0, |power, _| power * power)
}

/// Sine and cosine of an angle up to about half a turn, by their Taylor series.
pub const fn sin_cos(angle: f32) -> (f32, f32) {
    let square = angle * angle;
    let (mut sin, mut cos, mut n) = (1.0, 1.0, 16.0);
    while n > 1.0 {
        sin = 1.0 - sin * square / (n * (n + 1.0));
        cos = 1.0 - cos * square / (n * (n - 1.0));
        n -= 2.0;
    }
    (angle * sin, cos)
}

/// The SplitMix64 random number generator.
pub struct SplitMix(pub u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in -1 to 1.
    pub fn signed(&mut self) -> f32 {
        (self.next() >> 40) as u32 as f32 / (1 << 23) as f32 - 1.0
    }

    /// Uniformly distributed between two numbers.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * (self.signed() + 1.0) / 2.0
    }

    /// True with the given probability.
    pub fn chance(&mut self, probability: f32) -> bool {
        self.between(0.0, 1.0) < probability
    }

    /// Approximately normally distributed with unit variance: the sum of four 16-bit uniform numbers.
    pub fn normal(&mut self) -> f32 {
        let bits = self.next();
        let sum: u32 = (0..4).map(|i| (bits >> (16 * i)) as u32 & 0xFFFF).sum();
        (sum as f32 / 65536.0 - 2.0) * 1.732
    }
}

/// Smooth noise in -1 to 1, with `frequency` cells across the image's width.
pub fn value_noise(p: Point, frequency: f32, seed: u64) -> f32 {
    let (x, y) = (p[0] * frequency, p[1] * frequency);
    let (fx, fy) = (x.floor(), y.floor());
    let corner = |dx: i32, dy: i32| {
        let cell = ((fx as i32 + dx) as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
            ^ ((fy as i32 + dy) as u64).wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
        SplitMix(cell ^ seed).signed()
    };
    let (sx, sy) = (smooth(x - fx), smooth(y - fy));
    let (top, foot) = (
        corner(0, 0) * (1.0 - sx) + corner(1, 0) * sx,
        corner(0, 1) * (1.0 - sx) + corner(1, 1) * sx,
    );
    top * (1.0 - sy) + foot * sy
}
