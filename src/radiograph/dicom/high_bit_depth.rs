//! A grey picture in its original bit depth, and its conversion to 8 bits.
//!
//! The order is that of the grey scale pipeline (PS3.3 section N.2): stored value, modality LUT, values
//! of interest (VOI), presentation. Every step depends on the sample alone, so each is computed once
//! for each of the 65,536 samples there can be, and a picture of any size costs one look-up a pixel.

use dicom_dictionary_std::tags;
use serde::Serialize;

use super::format::{Format, Photometric};
use super::header::Header;
use super::lut::{Function, Modality, Voi};
use crate::radiograph::note::Note;

/// How many of a thousand pixels may lie below a window that is computed from the pixel values; as many may lie above
/// it.
const OUTSIDE: u64 = 5;
/// A VOI transformation that maps the picture to fewer grey levels than this is considered unusable.
const MIN_LEVELS: f64 = 2.0;

/// The linear window of [`Shown`] values (PS3.3 section C.11.2.1.2.1, LINEAR).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Window {
    /// The value shown as middle grey, plus one half.
    pub center: f64,
    /// The distance from the value shown as black to the one shown as white, plus one; at least 2.
    pub width: f64,
}

/// What a viewer shows: an integer for each pixel, where low values are dark, and the window that turns these values
/// into the picture that the file asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// Modality values. In an inverted picture they are mirrored. Where the file asks for more than
    /// a linear window, they are the result of its VOI transformation. Where they do not fit into
    /// whole numbers of 16 bits, they are scaled.
    pub values: Values,
    /// The window that the picture opens with.
    pub window: Window,
}

/// Values row by row.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// None is negative.
    Unsigned(Vec<u16>),
    /// Some are negative.
    Signed(Vec<i16>),
}

/// A grey picture in full depth: modality values, and the display transformation that its file asks for.
#[derive(Debug, Clone)]
pub struct HighBitDepth {
    /// The stored samples, row by row.
    samples: Vec<u16>,
    /// The modality value of each possible sample; `None` for padding.
    values: Vec<Option<f64>>,
    voi: Voi,
    inverted: bool,
}

impl HighBitDepth {
    /// The picture, and notes on how its grey values were made.
    pub(super) fn new(
        header: &Header,
        format: &Format,
        lossy: bool,
        samples: Vec<u16>,
    ) -> (Self, Vec<Note>) {
        let modality = Modality::from_header(header, format);
        let padding = Padding::from_header(header, format);
        let value = |sample| {
            let value = format.value(sample, lossy);
            (!padding.holds(sample, value)).then(|| modality.apply(value))
        };
        let values: Vec<Option<f64>> = (0..=u16::MAX).map(value).collect();
        let histogram = Histogram::new(&samples, &values);
        let (voi, notes) = choose(header, format, &modality, &histogram);
        (Self { samples, values, voi, inverted: is_inverted(header, format) }, notes)
    }

    /// The same picture with black and white exchanged.
    pub fn negative(&self) -> Self {
        Self { inverted: !self.inverted, ..self.clone() }
    }

    /// 8-bit grey as the file asks for, row by row. Inversion comes after the VOI; padding is black.
    pub fn grey(&self) -> Vec<u8> {
        let grey = |value: f64| {
            let grey = self.voi.apply(value).round() as u8;
            if self.inverted { 255 - grey } else { grey }
        };
        self.look_up(self.values.iter().map(|value| value.map_or(0, grey)))
    }

    /// The picture in full depth, for a viewer that changes the window. Padding gets the darkest value.
    pub fn shown(&self) -> Shown {
        let (mut values, mut window) = self.linear();
        let (low, high) = range(values.iter().flatten().copied());
        let is_whole = values.iter().flatten().all(|value| value.fract() == 0.0);
        let fits = |least: f64, most: f64| is_whole && low >= least && high <= most;
        let signed = low < 0.0 && fits(f64::from(i16::MIN), f64::from(i16::MAX));
        if !signed && !fits(0.0, f64::from(u16::MAX)) {
            let scale = f64::from(u16::MAX) / (high - low).max(f64::MIN_POSITIVE);
            values.iter_mut().flatten().for_each(|value| *value = (*value - low) * scale);
            window.center = (window.center - 0.5 - low) * scale + 0.5;
            window.width = (window.width - 1.0) * scale + 1.0;
        }
        window.width = window.width.max(2.0);
        let black = (window.center - window.width / 2.0).floor();
        let whole = values.iter().map(|value| value.map_or(black, f64::round));
        // `as` saturates at the limits of the type.
        let values = match signed {
            true => Values::Signed(self.look_up(whole.map(|value| value as i16))),
            false => Values::Unsigned(self.look_up(whole.map(|value| value as u16))),
        };
        Shown { values, window }
    }

    /// Looks up every pixel's sample in a table that has an entry for each possible sample.
    fn look_up<T: Copy>(&self, table: impl Iterator<Item = T>) -> Vec<T> {
        let table: Vec<T> = table.collect();
        self.samples.iter().map(|&sample| table[usize::from(sample)]).collect()
    }

    /// A value for each possible sample, and a linear window: together they give the same picture
    /// as VOI transformation and inversion.
    fn linear(&self) -> (Vec<Option<f64>>, Window) {
        let window = match self.voi {
            Voi::Window { centre, width, function: Function::Linear } => {
                Window { center: centre, width }
            }
            Voi::Window { centre, width, function: Function::LinearExact } => {
                Window { center: centre + 0.5, width: width + 1.0 }
            }
            Voi::Window { function: Function::Sigmoid, .. } | Voi::Lut(_) => {
                return self.mirrored(self.levels(), Window { center: 2048.0, width: 4096.0 });
            }
        };
        self.mirrored(self.values.clone(), window)
    }

    /// The result of the VOI transformation for each possible sample, in 12 bits.
    fn levels(&self) -> Vec<Option<f64>> {
        let level = |value| (self.voi.apply(value) * 4095.0 / 255.0).round();
        self.values.iter().map(|value| value.map(level)).collect()
    }

    /// Values of an inverted picture, so that low ones are dark.
    fn mirrored(
        &self,
        mut values: Vec<Option<f64>>,
        mut window: Window,
    ) -> (Vec<Option<f64>>, Window) {
        if self.inverted {
            let (low, high) = range(values.iter().flatten().copied());
            values.iter_mut().flatten().for_each(|value| *value = low + high - *value);
            window.center = low + high - window.center + 1.0;
        }
        (values, window)
    }
}

/// The lowest and the highest value; both are 0 where there are no values.
fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let both = values.map(|value| (value, value));
    both.reduce(|(low, high), (value, _)| (low.min(value), high.max(value))).unwrap_or_default()
}

/// The first of VOI LUT and window that is there and does not show the whole picture as one grey,
/// or else a window made from the picture's values. Returns it with notes that say which one it is
/// and why.
fn choose(
    header: &Header,
    format: &Format,
    modality: &Modality,
    histogram: &Histogram,
) -> (Voi, Vec<Note>) {
    let shows = |voi: &Voi| histogram.is_shown_by(voi);
    let lut = Voi::lut(header, format, modality).map(|lut| lut.filter(shows));
    if let Some(Some(lut)) = lut {
        return (lut, vec![Note::VoiLut]);
    }
    let broken_lut = lut.map(|_| Note::BrokenVoiLut);
    let window = Voi::window(header).map(|window| window.filter(shows));
    if let Some(Some(window @ Voi::Window { centre, width, .. })) = window {
        let note = Note::Window { center: centre, width };
        return (window, [note].into_iter().chain(broken_lut).collect());
    }
    let (low, high) = histogram.middle();
    // A single value is shown as middle grey.
    let (centre, width) = ((low + high) / 2.0, if low < high { high - low } else { 1.0 });
    let broken_window = window.map(|_| Note::BrokenWindow);
    let missing = (broken_lut.is_none() && broken_window.is_none()).then_some(Note::NoWindow);
    let reasons = [broken_lut, broken_window, missing].into_iter().flatten();
    let notes = [Note::WindowFromValues { low, high }].into_iter().chain(reasons).collect();
    (Voi::Window { centre, width, function: Function::LinearExact }, notes)
}

/// How many pixels have each value, in the order of the values, without padding.
struct Histogram(Vec<(f64, u64)>);

impl Histogram {
    fn new(samples: &[u16], values: &[Option<f64>]) -> Self {
        let mut counts = vec![0u64; values.len()];
        samples.iter().for_each(|&sample| counts[usize::from(sample)] += 1);
        let counted = values.iter().zip(counts).filter(|(_, count)| *count > 0);
        let mut counted: Vec<_> =
            counted.filter_map(|(value, count)| Some(((*value)?, count))).collect();
        counted.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self(counted)
    }

    /// The range of the values without the darkest and brightest few pixels. If nearly all pixels have the same value,
    /// it is the whole range; if all pixels are padding, it is 0 to 0.
    fn middle(&self) -> (f64, f64) {
        let value = |entry: Option<&(f64, u64)>| entry.map_or(0.0, |entry| entry.0);
        let outside = self.0.iter().map(|entry| entry.1).sum::<u64>() * OUTSIDE / 1000;
        let beyond = |seen: &mut u64, entry: &(f64, u64)| {
            *seen += entry.1;
            *seen > outside
        };
        let (mut below, mut above) = (0, 0);
        let low = value(self.0.iter().find(|entry| beyond(&mut below, entry)));
        let high = value(self.0.iter().rev().find(|entry| beyond(&mut above, entry)));
        if low < high { (low, high) } else { (value(self.0.first()), value(self.0.last())) }
    }

    /// Whether a picture with several values keeps several grey levels under this VOI transformation.
    fn is_shown_by(&self, voi: &Voi) -> bool {
        let mut shown = self.0.clone();
        shown.iter_mut().for_each(|(value, _)| *value = voi.apply(*value));
        shown.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (darkest, brightest) = Self(shown).middle();
        self.0.len() < 2 || brightest - darkest >= MIN_LEVELS
    }
}

/// Samples that stand for padding around the image (PS3.3 section C.7.5.1.1.2): a single stored value, or a range of
/// them.
struct Padding {
    sample: Option<u16>,
    values: Option<(i32, i32)>,
}

impl Padding {
    fn from_header(header: &Header, format: &Format) -> Self {
        let signed = |word: u16| if format.signed { i32::from(word as i16) } else { word.into() };
        let sample = header.word(tags::PIXEL_PADDING_VALUE);
        let values = sample.map(signed).map(|one| {
            let other = header.word(tags::PIXEL_PADDING_RANGE_LIMIT).map_or(one, signed);
            (one.min(other), one.max(other))
        });
        Self { sample, values }
    }

    /// The whole sample is compared too, because a padding value may use more bits than those stored.
    fn holds(&self, sample: u16, value: i32) -> bool {
        self.sample == Some(sample)
            || self.values.is_some_and(|(low, high)| (low..=high).contains(&value))
    }
}

/// Whether low values are bright. MONOCHROME1 (PS3.3 section C.7.6.3.1.2) and the presentation LUT shape INVERSE
/// (C.11.6) mean the same, so both together invert only once.
fn is_inverted(header: &Header, format: &Format) -> bool {
    format.photometric == Photometric::Monochrome1
        || header.code(tags::PRESENTATION_LUT_SHAPE).as_deref() == Some("INVERSE")
}
