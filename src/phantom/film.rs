//! Develops the transmitted beam into a picture.

use super::arithmetic::*;
use super::params::Phantom;

/// Adds scatter and noise to the transmitted beam, and develops it into grey values, which are bright where little of
/// the beam arrived.
#[inline(never)] // see `lib.rs`
pub fn develop(beam: &[f32], size: usize, phantom: &Phantom) -> Vec<u8> {
    /// The share of the primary beam in the neighbourhood of a point that reaches the point as scatter.
    const SCATTER: f32 = 0.08;
    /// Standard deviation of the noise in a pixel that the unattenuated beam reaches.
    const QUANTUM: f32 = 0.0035;
    /// Speed of the film, chosen so that a beam through chest wall and lung becomes dark grey.
    const SPEED: f32 = 17.0;
    /// By how much fine detail is enhanced.
    const DETAIL: f32 = 0.55;
    let scatter = blur(beam, size, (size / 16).max(1));
    let speed = SPEED * (1.0 + 0.6 * phantom.exposure) / (1.0 - 0.3 * phantom.exposure);
    let mut rng = SplitMix(phantom.seed ^ 0x6E6F_6973_6521);
    let film = |(primary, scatter): (&f32, &f32)| {
        let arrived = (1.0 - SCATTER) * primary + SCATTER * scatter;
        let noisy = positive(arrived + QUANTUM * arrived.sqrt() * rng.normal());
        let light = speed * noisy;
        1.0 / (1.0 + light * root(root(light)))
    };
    let film: Vec<f32> = beam.iter().zip(&scatter).map(film).collect();
    // Like digital systems, this enhances detail relative to large structures.
    let broad = blur(&film, size, size / 32);
    let grey =
        |(film, broad): (&f32, &f32)| (255.0 * (0.94 * film + DETAIL * (film - broad)) + 4.5) as u8;
    film.iter().zip(&broad).map(grey).collect()
}

/// Twice the mean over a square with sides of `2 * radius + 1` pixels; pixels at the edge are repeated beyond it.
fn blur(image: &[f32], size: usize, radius: usize) -> Vec<f32> {
    let once = blur_and_turn(image, size, radius);
    (0..3).fold(once, |image, _| blur_and_turn(&image, size, radius))
}

/// The mean along rows; the result is transposed.
fn blur_and_turn(image: &[f32], size: usize, radius: usize) -> Vec<f32> {
    let (r, share) = (radius as isize, 1.0 / (2 * radius + 1) as f32);
    let mut out = vec![0.0; image.len()];
    for (y, row) in image.chunks_exact(size).enumerate() {
        let at = |x: isize| row[x.clamp(0, size as isize - 1) as usize];
        let mut sum: f32 = (-r..=r).map(at).sum();
        for x in 0..size {
            out[x * size + y] = sum * share;
            sum += at(x as isize + r + 1) - at(x as isize - r);
        }
    }
    out
}
