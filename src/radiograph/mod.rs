//! Decoding: the bytes of an image file become an 8-bit grey [`Picture`].

mod damaged_png;
pub mod dicom;
mod grey;
mod jpeg2000;
pub mod note;
pub mod preprocess;
mod tiff;
pub mod warning;

use std::io::Cursor;
use std::iter;

use image::error::ImageFormatHint;
use image::metadata::Orientation;
use image::{
    DynamicImage, GrayImage, ImageBuffer, ImageDecoder, ImageError, ImageFormat, ImageReader,
    Limits, imageops,
};

use crate::error::{Error, Reason, Result};
use crate::limits::MAX_PIXELS;
use dicom::jpeg::{self, Extent};
use dicom::{About, Dicom, HighBitDepth, Pixels, Shown};
use grey::{chroma, exact_size, grey_from};
use jpeg2000::{Codestream, Failure, is_jpeg2000};
use note::Note;
use warning::Warning;

/// What a decoder may allocate, in bytes (64 megapixels of 16-bit RGB need 384 MB).
const MAX_ALLOC: u64 = 512 << 20;

/// A damaged picture is refused if a smaller share of it than this can be read.
const SHARE_MIN: f64 = 0.9;

/// A picture whose mean chroma (0 to 255) is higher than this counts as coloured. A coloured mark
/// on a radiograph stays below.
const COLOURED: f64 = 8.0;

/// A radiograph as 8-bit grey, upright, row by row.
#[derive(Debug, Clone)]
pub struct Picture {
    grey: GrayImage,
    notes: Vec<Note>,
    about: Option<About>,
    deep: Option<HighBitDepth>,
    coloured: bool,
    /// The share of a damaged file that could be read; 1 where all of it could.
    share: f64,
    /// How many pictures its file holds.
    pages: usize,
}

impl Picture {
    /// Makes a picture of these pixels, unchanged.
    ///
    /// # Errors
    ///
    /// [`Error::Image`] where `grey` does not have `width * height` bytes, or there is no pixel.
    pub fn from_grey(width: u32, height: u32, grey: Vec<u8>) -> Result<Self> {
        let grey = GrayImage::from_raw(width, height, grey)
            .filter(|grey| grey.width() > 0 && grey.height() > 0)
            .ok_or_else(|| Error::Image("size and pixels disagree".into()))?;
        let (notes, coloured, share) = (Vec::new(), false, 1.0);
        Ok(Self { grey, notes, about: None, deep: None, coloured, share, pages: 1 })
    }

    /// Decodes a PNG, JPEG, WebP, TIFF, JPEG 2000 or DICOM file, of any size up to [`MAX_PIXELS`] and any bit depth. Of
    /// a WebP or TIFF file with several pictures it decodes the first. The format is recognised by the file's bytes,
    /// not by its name.
    ///
    /// Colours become grey by ITU-R BT.601 luma, as in OpenCV. A 16-bit picture is scaled by the smallest of 8, 10, 12,
    /// 14 and 16 bits that holds its brightest pixel, so that 12-bit data in a 16-bit file does not become black. EXIF
    /// orientation is applied; alpha is ignored. A DICOM file is shown as it asks for, see
    /// [`dicom`](crate::radiograph::dicom).
    ///
    /// # Errors
    ///
    /// [`Error::Image`] where the file cannot be decoded, [`Error::ImageUnsupported`] where its format or its samples
    /// are of an unsupported kind, [`Error::Damaged`] where less than nine tenths of the picture can be read,
    /// [`Error::ImageTooLarge`] where it is larger than the limits, the errors of [`dicom::read`], and an error of its
    /// own for each kind of file that people mistake for a picture, such as a PDF document.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        if dicom::is_dicom(bytes) {
            return Self::from_dicom(dicom::read(bytes)?);
        }
        if is_jpeg2000(bytes) {
            return Self::from_image(decode_jpeg2000(bytes)?, Orientation::NoTransforms);
        }
        if let Some(error) = no_picture(bytes) {
            return Err(error);
        }
        let (file, tiff_pages) = tiff::pages(bytes);
        let bytes = &*file;
        let mut reader = ImageReader::new(Cursor::new(bytes))
            .with_guessed_format()
            .map_err(|error| Error::Image(error.into()))?;
        if tiff::is_big(bytes) {
            reader.set_format(ImageFormat::Tiff);
        }
        let Some(format) = reader.format() else {
            return Err(Error::Image("unknown format".into()));
        };
        // The decoders of these formats do not say how much of a damaged file they could read.
        let failed = |error| match (format, error) {
            (
                ImageFormat::Tiff | ImageFormat::WebP,
                ImageError::Decoding(_) | ImageError::IoError(_),
            ) => Error::Damaged(None),
            (_, error) => image_error(error),
        };
        let mut decoder = reader.into_decoder().map_err(failed)?;
        let (width, height) = decoder.dimensions();
        if u64::from(width) * u64::from(height) > MAX_PIXELS {
            return Err(Error::ImageTooLarge(Reason::Size { width, height }));
        }
        let mut limits = Limits::default();
        limits.max_alloc = Some(MAX_ALLOC);
        decoder.set_limits(limits).map_err(image_error)?;
        let orientation = match format {
            ImageFormat::WebP => {
                webp_chunks(bytes, *b"EXIF").next().and_then(Orientation::from_exif_chunk)
            }
            _ => decoder.orientation().ok(),
        };
        let orientation = orientation.unwrap_or(Orientation::NoTransforms);
        let (decoded, share) = match (format, DynamicImage::from_decoder(decoder)) {
            (ImageFormat::Jpeg, Ok(image)) => match jpeg::extent(bytes) {
                Extent::Whole => (image, 1.0),
                Extent::Part(share) => (image, share),
                Extent::Unknown => return Err(Error::Damaged(None)),
            },
            (ImageFormat::Png, Err(error)) => {
                let (png, share) = damaged_png::rest_of(bytes).ok_or_else(|| image_error(error))?;
                (image::load_from_memory(&png).map_err(image_error)?, share)
            }
            (_, decoded) => (decoded.map_err(failed)?, 1.0),
        };
        if share < SHARE_MIN {
            return Err(Error::Damaged((share > 0.0).then_some(share)));
        }
        let pages = match format {
            ImageFormat::WebP => webp_chunks(bytes, *b"ANMF").count().max(1),
            _ => tiff_pages,
        };
        Ok(Self { share, pages, ..Self::from_image(decoded, orientation)? })
    }

    fn from_image(decoded: DynamicImage, orientation: Orientation) -> Result<Self> {
        let coloured = chroma(&decoded) > COLOURED;
        let (grey, note) = grey_from(decoded);
        let mut upright = DynamicImage::ImageLuma8(grey);
        upright.apply_orientation(orientation);
        let grey = upright.into_luma8();
        let picture = Self::from_grey(grey.width(), grey.height(), grey.into_raw())?;
        Ok(Self { notes: note.into_iter().collect(), coloured, ..picture })
    }

    fn from_dicom(dicom: Dicom) -> Result<Self> {
        let Dicom { width, height, pixels, about, notes } = dicom;
        let (grey, deep) = match pixels {
            Pixels::Grey(deep) => (deep.grey(), Some(deep)),
            Pixels::Luma(grey) => (grey, None),
        };
        let picture = Self::from_grey(width, height, grey)?;
        Ok(Self { notes, about: Some(about), deep, ..picture })
    }

    /// The same picture with black and white exchanged; the padding of a DICOM file stays black.
    pub fn negative(&self) -> Self {
        let (width, height) = self.grey.dimensions();
        let deep = self.deep.as_ref().map(HighBitDepth::negative);
        let grey = match &deep {
            Some(deep) => deep.grey(),
            None => self.grey.as_raw().iter().map(|grey| 255 - grey).collect(),
        };
        let grey = exact_size(width, height, grey);
        let (notes, about) = (self.notes.clone(), self.about.clone());
        Self { grey, notes, about, deep, ..*self }
    }

    /// What a DICOM file's header says of the picture.
    pub fn about(&self) -> Option<&About> {
        self.about.as_ref()
    }

    /// What in the file speaks against scoring the picture as a frontal chest radiograph.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = self.about.as_ref().map(About::warnings).unwrap_or_default();
        warnings.extend((self.pages > 1).then_some(Warning::Frames { count: self.pages }));
        warnings.extend(self.coloured.then_some(Warning::Coloured));
        warnings.extend((self.share < 1.0).then_some(Warning::Damaged { share: self.share }));
        warnings
    }

    /// What a viewer shows of a grey DICOM picture in its full bit depth; `None` for other pictures, which have 8 bits.
    pub fn shown(&self) -> Option<Shown> {
        self.deep.as_ref().map(HighBitDepth::shown)
    }

    /// Width in pixels, at least 1.
    pub fn width(&self) -> u32 {
        self.grey.width()
    }

    /// Height in pixels, at least 1.
    pub fn height(&self) -> u32 {
        self.grey.height()
    }

    /// The pixels.
    pub fn grey(&self) -> &GrayImage {
        &self.grey
    }

    /// A small version of the picture whose longer side has `side` pixels, each the mean of a block. A smaller picture
    /// is returned unchanged.
    pub fn thumbnail(&self, side: u32) -> GrayImage {
        let (width, height) = self.grey.dimensions();
        let longer = width.max(height);
        if longer <= side {
            return self.grey.clone();
        }
        let small = |length: u32| {
            ((f64::from(length) * f64::from(side) / f64::from(longer)).round() as u32).max(1)
        };
        imageops::thumbnail(&self.grey, small(width), small(height))
    }

    /// Notes on how the file was read, where that was not straightforward.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }
}

/// The error for a file that is recognised as something else than a picture; `None` where it is not
/// recognised.
fn no_picture(bytes: &[u8]) -> Option<Error> {
    match bytes {
        [] => Some(Error::EmptyFile),
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => {
            let brands = [b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif"];
            brands.iter().any(|known| brand.starts_with(*known)).then_some(Error::Heic)
        }
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Some(Error::Archive("ZIP")),
        [0x1F, 0x8B, 8, ..] => Some(Error::Archive("gzip")),
        [b'7', b'z', 0xBC, 0xAF, ..] => Some(Error::Archive("7z")),
        [b'R', b'a', b'r', b'!', ..] => Some(Error::Archive("RAR")),
        // A PDF may have some bytes before its signature.
        _ => {
            let mut start = bytes[..bytes.len().min(1024)].windows(5);
            start.any(|five| five == b"%PDF-").then_some(Error::Pdf)
        }
    }
}

/// A JPEG 2000 file or codestream of grey or red, green and blue; alpha is ignored.
fn decode_jpeg2000(bytes: &[u8]) -> Result<DynamicImage> {
    let bad = |what: &str| Error::Image(format!("JPEG 2000: {what}").into());
    let cause = |failure| match failure {
        Failure::HighThroughput => bad("it is of the High-Throughput kind"),
        Failure::Damaged(what) => bad(&what),
    };
    let codestream = Codestream::find(bytes).map_err(cause)?;
    let ((width, height), components) = (codestream.dimensions(), codestream.components());
    let pixels = u64::from(width) * u64::from(height);
    // The decoder takes four bytes for each sample.
    if pixels > MAX_PIXELS || pixels * components as u64 > MAX_ALLOC / 4 {
        return Err(Error::ImageTooLarge(Reason::Size { width, height }));
    }
    if codestream.is_signed() || codestream.has_other_colours() || !(1..=4).contains(&components) {
        return Err(bad("its colours are neither grey nor RGB"));
    }
    let planes = codestream.decode(components).map_err(cause)?;
    if planes.iter().any(|plane| plane.len() as u64 != pixels) {
        return Err(bad("its components have several sizes"));
    }
    // Samples pixel by pixel, and their conversion to 8 bits for pictures that have fewer than 16.
    let samples =
        |count: usize| (0..pixels as usize).flat_map(move |i| (0..count).map(move |c| (i, c)));
    let deep = |(i, c): (usize, usize)| planes[c][i];
    let full = (1u32 << codestream.bits().min(16)) - 1;
    let eight = |at| ((u32::from(deep(at)).min(full) * 255 + full / 2) / full) as u8;
    let image = match (components, codestream.bits()) {
        (1 | 2, 16) => ImageBuffer::from_raw(width, height, samples(1).map(deep).collect())
            .map(DynamicImage::ImageLuma16),
        (1 | 2, _) => ImageBuffer::from_raw(width, height, samples(1).map(eight).collect())
            .map(DynamicImage::ImageLuma8),
        (_, 16) => ImageBuffer::from_raw(width, height, samples(3).map(deep).collect())
            .map(DynamicImage::ImageRgb16),
        _ => ImageBuffer::from_raw(width, height, samples(3).map(eight).collect())
            .map(DynamicImage::ImageRgb8),
    };
    image.ok_or_else(|| bad("no pixels"))
}

/// The data of those chunks of a WebP file that have this name. They are found here because the decoder would allocate
/// as many bytes as a chunk claims to have, up to 4 GB.
fn webp_chunks(bytes: &[u8], name: [u8; 4]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes.get(12..).unwrap_or_default();
    let chunks = iter::from_fn(move || {
        let (&[a, b, c, d, size @ ..], after) = rest.split_first_chunk::<8>()?;
        let size = u32::from_le_bytes(size) as usize;
        let chunk = after.get(..size)?;
        rest = after.get(size.checked_next_multiple_of(2)?..).unwrap_or_default();
        Some(([a, b, c, d], chunk))
    });
    chunks.filter(move |(found, _)| *found == name).map(|(_, chunk)| chunk)
}

fn image_error(error: ImageError) -> Error {
    match error {
        ImageError::Limits(limit) => {
            Error::ImageTooLarge(Reason::Memory { what: limit.to_string() })
        }
        ImageError::Unsupported(error) => {
            let extensions = |format: &ImageFormat| format.extensions_str().first().copied();
            let format = match error.format_hint() {
                ImageFormatHint::Exact(format) => extensions(&format).map(str::to_uppercase),
                _ => None,
            };
            Error::ImageUnsupported(format.unwrap_or_else(|| error.format_hint().to_string()))
        }
        other => Error::Image(other.into()),
    }
}
