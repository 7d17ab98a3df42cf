//! The first frame: from the bytes of (7FE0,0010) to samples.

use std::borrow::Cow;

use dicom_core::VR;
use jpegls::CodecError;

use super::format::{Format, Photometric, Planes};
use super::header::{Element, Encoding, items};
use super::jpeg;
use super::syntax::{Codec, Syntax};
use crate::error::{Error, Reason, Result};
use crate::radiograph::jpeg2000::{Codestream, Failure};
use crate::radiograph::note::Note;

/// Decodes the first frame to planes that each have one sample per pixel. How it is decoded is decided by the data
/// itself; where the file says something else, a note reports that.
pub(super) fn decode(
    syntax: &Syntax,
    format: &Format,
    pixels: &Element,
) -> Result<(Planes, Option<Note>)> {
    // Some files say YBR_FULL_422 and still hold three samples for every pixel.
    let unshared = Format { photometric: Photometric::YbrFull, ..format.clone() };
    let shared = format.photometric == Photometric::YbrFull422;
    let format = if shared && unshared.is_native(pixels.value.len()) { &unshared } else { format };
    let is_native = !pixels.open && format.is_native(pixels.value.len());
    let frame = match items(pixels.value)[..] {
        _ if is_native => None,
        [] if pixels.value.is_empty() => return Err(Error::Dicom(Reason::NoPixels)),
        // The codestream is not enclosed in items, as it should be.
        [] => Codec::of(pixels.value).map(|_| Cow::Borrowed(pixels.value)),
        ref items => Some(first_frame(format, items)?),
    };
    let Some(frame) = frame else {
        if syntax.codec != Codec::None && !is_native {
            return Err(Error::Dicom(Reason::NotCompressed));
        }
        let planes = unpacked(format, pixels.value, pixels.vr, syntax.encoding)?;
        return Ok((planes, syntax.contradicted_by(Codec::None)));
    };
    let codec = Codec::of(&frame).unwrap_or(syntax.codec);
    let planes = unpack(codec, syntax, format, &frame)?;
    let whole = planes.iter().all(|plane| plane.len() == format.pixels());
    let known = planes.len() == 1 || (planes.len() == 3 && format.samples == 3);
    if whole && known {
        Ok((planes, syntax.contradicted_by(codec)))
    } else {
        Err(Error::Dicom(Reason::OtherSize))
    }
}

/// Decodes a frame that was encapsulated in items.
fn unpack(codec: Codec, syntax: &Syntax, format: &Format, frame: &[u8]) -> Result<Planes> {
    let mut planes = match codec {
        Codec::None => return unpacked(format, frame, VR::OB, syntax.encoding),
        Codec::Jpeg => return jpeg::decode(frame, format.columns, format.rows, format.photometric),
        Codec::Jpeg2000 => return jpeg_2000(format, frame),
        Codec::Rle => rle(format, frame)?,
        Codec::JpegLs => jpeg_ls(format, frame)?,
    };
    if format.photometric.starts_with_luma() {
        planes.truncate(1);
    }
    Ok(planes)
}

/// The bytes of the first frame, put together from its fragments (PS3.5 annex A.4). Where there are
/// several frames, the offset table says where the second begins; where there are as many fragments
/// as frames, each frame is one fragment.
fn first_frame<'a>(format: &Format, items: &[&'a [u8]]) -> Result<Cow<'a, [u8]>> {
    let (table, fragments) = items.split_first().ok_or(Error::Dicom(Reason::NoPixels))?;
    let second = table.get(4..8).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize);
    let count = match second {
        _ if format.frames == 1 => fragments.len(),
        _ if format.frames == fragments.len() => 1,
        Some(second) => {
            let ends = fragments.iter().scan(0, |end, fragment| {
                *end += 8 + fragment.len();
                Some(*end)
            });
            ends.take_while(|&end| end <= second).count().max(1)
        }
        // All fragments are handed over, because a decoder stops at the end of the first frame.
        None => fragments.len(),
    };
    match fragments.get(..count).unwrap_or(fragments) {
        [] => Err(Error::Dicom(Reason::NoPixels)),
        [one] => Ok(Cow::Borrowed(one)),
        several => Ok(Cow::Owned(several.concat())),
    }
}

/// Uncompressed samples (PS3.5 section 8.2), interleaved by pixel or stored by plane. Of luma and colour differences
/// only luma is returned.
fn unpacked(format: &Format, bytes: &[u8], vr: VR, encoding: Encoding) -> Result<Planes> {
    let pixels = format.pixels();
    let width = (format.allocated / 8) as usize;
    let shared = format.photometric == Photometric::YbrFull422;
    let bytes = if width == 1 { encoding.bytes(bytes, vr) } else { Cow::Borrowed(bytes) };
    let bytes = bytes.get(..format.frame_bytes()).ok_or(Error::Dicom(Reason::PixelsCutOff))?;
    let sample = |index: usize| match width {
        1 => u16::from(bytes[index]),
        _ => encoding.word([bytes[2 * index], bytes[2 * index + 1]]),
    };
    if shared {
        // Every two pixels are stored as Y, Y, Cb, Cr.
        return Ok(vec![(0..pixels).map(|i| sample(i / 2 * 4 + i % 2)).collect()]);
    }
    let planes = if format.photometric.starts_with_luma() { 1 } else { format.samples };
    let (step, start) = if format.planar { (1, pixels) } else { (format.samples, 1) };
    let plane = |plane: usize| (0..pixels).map(|i| sample(i * step + plane * start)).collect();
    Ok((0..planes).map(plane).collect())
}

/// RLE Lossless (PS3.5 annex G): one segment for each byte of a sample, the most significant byte
/// first.
fn rle(format: &Format, bytes: &[u8]) -> Result<Planes> {
    let cut_off = || broken("RLE", "cut off");
    let number = |index: usize| {
        let four = bytes.get(4 * index..4 * index + 4).ok_or_else(cut_off)?;
        Ok::<_, Error>(u32::from_le_bytes([four[0], four[1], four[2], four[3]]) as usize)
    };
    let width = (format.allocated / 8) as usize;
    let segments = format.samples * width;
    if number(0)? != segments {
        return Err(broken("RLE", "another number of segments"));
    }
    let mut planes = vec![vec![0u16; format.pixels()]; format.samples];
    for segment in 0..segments {
        let start = number(1 + segment)?;
        let end = if segment + 1 < segments { number(2 + segment)? } else { bytes.len() };
        let runs = bytes.get(start..end).ok_or_else(cut_off)?;
        unroll(runs, &mut planes[segment / width]).ok_or_else(cut_off)?;
    }
    Ok(planes)
}

/// Unpacks one segment (PS3.5 section G.3.2). Each byte becomes the lowest byte of its sample, and what the sample held
/// before moves up by 8 bits. `None` where there are too few bytes.
fn unroll(mut runs: &[u8], samples: &mut [u16]) -> Option<()> {
    let mut samples = samples.iter_mut();
    while samples.len() > 0 {
        let (&control, rest) = runs.split_first()?;
        let (used, length) = match usize::from(control) {
            control @ 0..128 => (control + 1, control + 1),
            128 => (0, 0),
            control => (1, 257 - control),
        };
        let bytes = rest.get(..used)?;
        for (sample, &byte) in samples.by_ref().take(length).zip(bytes.iter().cycle()) {
            *sample = *sample << 8 | u16::from(byte);
        }
        runs = &rest[used..];
    }
    Some(())
}

/// JPEG 2000 (ITU-T T.800). A codestream with a colour transform is decoded to RGB. Without one,
/// the header says what the three components are; of luma and colour differences only luma is
/// decoded.
fn jpeg_2000(format: &Format, bytes: &[u8]) -> Result<Planes> {
    let cause = |failure| match failure {
        Failure::Damaged(what) => broken("JPEG 2000", &what),
        Failure::HighThroughput => Error::DicomUnsupported(Reason::HighThroughput),
    };
    let codestream = Codestream::find(bytes).map_err(cause)?;
    // This check ensures that the decoder takes no more memory than the header accounts for.
    if codestream.dimensions() != (format.columns as u32, format.rows as u32)
        || codestream.components() != format.samples
    {
        return Err(broken("JPEG 2000", "its size is not the header's"));
    }
    let luma = format.photometric.starts_with_luma() && !codestream.is_transformed();
    codestream.decode(if luma { 1 } else { format.samples }).map_err(cause)
}

/// JPEG-LS (ITU-T T.87) of one component. No maintained decoder in Rust reads several components:
/// `pure_jpegls` refuses them, and `dicom-toolkit-codec` 0.5 reads none that CharLS writes by line
/// or by sample.
fn jpeg_ls(format: &Format, bytes: &[u8]) -> Result<Planes> {
    if format.samples != 1 {
        return Err(Error::DicomUnsupported(Reason::ColourJpegLs));
    }
    let scan = &bytes[..jpeg_ls_end(bytes)];
    let decode = |spare: usize| {
        let scan = &scan[..scan.len().saturating_sub(spare)];
        let bytes = [scan, &[0xFF, 0xD9]].concat();
        jpegls::decode(&bytes, format.columns as u32, format.rows as u32)
    };
    // The decoder expects the end marker right after the last sample, so it is tried again with up to `MAX_SPARE` bytes
    // removed before the marker.
    let decoded = (1..=MAX_SPARE).fold(decode(0), |decoded, spare| match decoded {
        Err(CodecError::InvalidData(_)) => decode(spare),
        _ => decoded,
    });
    let (samples, ..) = decoded.map_err(|error| broken("JPEG-LS", &error.to_string()))?;
    Ok(vec![samples])
}

/// How many superfluous bytes there may be between the last sample of JPEG-LS data and the end marker. CharLS, and so
/// DCMTK, leaves one in half of its files.
const MAX_SPARE: usize = 8;

/// Where the scan of JPEG-LS data ends: at the first marker after its header (T.87 section C.1).
fn jpeg_ls_end(bytes: &[u8]) -> usize {
    let find = |from: usize, is_marker: fn(u8) -> bool| {
        let pairs = bytes.get(from..)?.windows(2);
        pairs.into_iter().position(|pair| pair[0] == 0xFF && is_marker(pair[1])).map(|at| from + at)
    };
    let header = find(0, |marker| marker == 0xDA).map(|at| at + 2);
    header.and_then(|header| find(header, |marker| marker >= 0x80)).unwrap_or(bytes.len())
}

fn broken(codec: &'static str, what: &str) -> Error {
    Error::Dicom(Reason::Broken { codec, what: what.to_string() })
}
