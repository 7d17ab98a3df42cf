//! Transfer syntaxes (PS3.5 annex A), which say how a data set and its pixels are encoded.

use std::borrow::Cow;
use std::io::Read;

use dicom_dictionary_std::{tags, uids};

use super::header::{Encoding, Header};
use crate::error::{Error, Reason, Result};
use crate::limits::MAX_PIXELS;
use crate::radiograph::jpeg2000::is_jpeg2000;
use crate::radiograph::note::Note;

/// The largest size of an inflated data set, in bytes: twice that of the largest 16-bit picture.
const MAX_INFLATED: u64 = 4 * MAX_PIXELS;

/// How pixels are compressed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Codec {
    None,
    Rle,
    Jpeg,
    JpegLs,
    Jpeg2000,
}

impl Codec {
    /// Recognises the compression of a frame by its first bytes.
    pub fn of(frame: &[u8]) -> Option<Self> {
        match frame {
            _ if is_jpeg2000(frame) => Some(Self::Jpeg2000),
            [0xFF, 0xD8, segments @ ..] => Self::of_segments(segments),
            _ => None,
        }
    }

    /// Tells JPEG and JPEG-LS apart by the first start-of-frame marker (T.81 section B.1.1.3, T.87
    /// annex C).
    fn of_segments(mut segments: &[u8]) -> Option<Self> {
        loop {
            let length = match segments {
                [0xFF, 0xFF, ..] => 1,
                [0xFF, 0xF7, ..] => return Some(Self::JpegLs),
                [0xFF, 0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF, ..] => {
                    return Some(Self::Jpeg);
                }
                &[0xFF, _, high, low, ..] => 2 + usize::from(u16::from_be_bytes([high, low])),
                _ => return None,
            };
            segments = segments.get(length..)?;
        }
    }

    /// Name of the compression, if there is one.
    fn name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Rle => Some("RLE"),
            Self::Jpeg => Some("JPEG"),
            Self::JpegLs => Some("JPEG-LS"),
            Self::Jpeg2000 => Some("JPEG 2000"),
        }
    }
}

/// A transfer syntax that can be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Syntax {
    /// Empty where the file does not name its transfer syntax.
    uid: &'static str,
    pub name: &'static str,
    pub codec: Codec,
    /// Whether decoded samples may exceed the range of the stored bits, because the compression is lossy.
    pub lossy: bool,
    pub encoding: Encoding,
}

const fn packed(uid: &'static str, name: &'static str, codec: Codec, lossy: bool) -> Syntax {
    Syntax { uid, name, codec, lossy, encoding: Encoding::ExplicitLittle }
}

const fn plain(uid: &'static str, name: &'static str, encoding: Encoding) -> Syntax {
    Syntax { uid, name, codec: Codec::None, lossy: false, encoding }
}

const IMPLICIT: Syntax =
    plain(uids::IMPLICIT_VR_LITTLE_ENDIAN, "Implicit VR Little Endian", Encoding::ImplicitLittle);
const EXPLICIT: Syntax =
    plain(uids::EXPLICIT_VR_LITTLE_ENDIAN, "Explicit VR Little Endian", Encoding::ExplicitLittle);
const DEFLATED: Syntax = plain(
    uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    "Deflated Explicit VR Little Endian",
    Encoding::ExplicitLittle,
);
#[expect(deprecated, reason = "retired from the standard, but files remain")]
const BIG: Syntax =
    plain(uids::EXPLICIT_VR_BIG_ENDIAN, "Explicit VR Big Endian", Encoding::ExplicitBig);

const SYNTAXES: [Syntax; 16] = [
    IMPLICIT,
    EXPLICIT,
    DEFLATED,
    BIG,
    packed(
        uids::ENCAPSULATED_UNCOMPRESSED_EXPLICIT_VR_LITTLE_ENDIAN,
        "Encapsulated Uncompressed",
        Codec::None,
        false,
    ),
    packed(uids::RLE_LOSSLESS, "RLE Lossless", Codec::Rle, false),
    packed(uids::JPEG_BASELINE8_BIT, "JPEG Baseline", Codec::Jpeg, true),
    packed(uids::JPEG_EXTENDED12_BIT, "JPEG Extended", Codec::Jpeg, true),
    // Two retired syntaxes, both progressive.
    packed("1.2.840.10008.1.2.4.53", "JPEG Spectral Selection", Codec::Jpeg, true),
    packed("1.2.840.10008.1.2.4.55", "JPEG Full Progression", Codec::Jpeg, true),
    packed(uids::JPEG_LOSSLESS, "JPEG Lossless", Codec::Jpeg, false),
    packed(uids::JPEG_LOSSLESS_SV1, "JPEG Lossless, selection value 1", Codec::Jpeg, false),
    packed(uids::JPEGLS_LOSSLESS, "JPEG-LS Lossless", Codec::JpegLs, false),
    packed(uids::JPEGLS_NEAR_LOSSLESS, "JPEG-LS Near-Lossless", Codec::JpegLs, true),
    packed(uids::JPEG2000_LOSSLESS, "JPEG 2000 Lossless", Codec::Jpeg2000, false),
    packed(uids::JPEG2000, "JPEG 2000", Codec::Jpeg2000, true),
];

/// Why pixels of a transfer syntax with this identifier cannot be read.
type Unreadable = fn(String) -> Reason;

/// Families of identifiers whose pixels cannot be read, recognised by their prefixes. The first prefix that matches
/// counts.
const UNREADABLE: [(&str, Unreadable); 6] = [
    ("1.2.840.10008.1.2.4.10", |uid| Reason::Video { uid }),
    ("1.2.840.10008.1.2.4.11", |uid| Reason::Stored { format: "JPEG XL", uid }),
    ("1.2.840.10008.1.2.4.20", |uid| Reason::Stored { format: "High-Throughput JPEG 2000", uid }),
    ("1.2.840.10008.1.2.4.9", |uid| Reason::Stored { format: "JPEG 2000 Part 2/JPIP", uid }),
    ("1.2.840.10008.1.2.4.5", |uid| Reason::RetiredJpeg { uid }),
    ("1.2.840.10008.1.2.4.6", |uid| Reason::RetiredJpeg { uid }),
];

/// Where a file's elements begin: after preamble and prefix (PS3.10 section 7.1), one or both of
/// which some devices leave out.
pub(super) fn start(bytes: &[u8]) -> Option<usize> {
    let prefixed = [128, 0].into_iter().find(|&at| bytes.get(at..at + 4) == Some(b"DICM"));
    let begins = |at: usize| bytes.get(at..).is_some_and(|rest| Encoding::guess(rest).is_some());
    let has_meta = |at: usize| matches!(bytes.get(at..at + 2), Some([2, 0] | [0, 2]));
    match prefixed {
        Some(at) => Some(at + 4),
        None if begins(0) => Some(0),
        None => (has_meta(128) && begins(128)).then_some(128),
    }
}

/// The data set of a file, inflated where need be, and its transfer syntax.
pub(super) fn open(bytes: &[u8]) -> Result<(Syntax, Cow<'_, [u8]>)> {
    let (meta, body) = Header::parse_meta(&bytes[start(bytes).unwrap_or(0)..])?;
    let mut syntax = match meta.text(tags::TRANSFER_SYNTAX_UID) {
        Some(uid) => by_uid(&uid)?,
        None => by_look(body)?,
    };
    // Some devices use another encoding than the transfer syntax that they name.
    match Encoding::guess(body) {
        Some(encoding) => syntax.encoding = encoding,
        None if syntax.uid == DEFLATED.uid => return Ok((syntax, Cow::Owned(inflate(body)?))),
        None => {}
    }
    Ok((syntax, Cow::Borrowed(body)))
}

impl Syntax {
    /// The transfer syntax that the data set itself names, if the file did not name one before it.
    pub fn or_named_in(self, header: &Header) -> Result<Self> {
        match header.text(tags::TRANSFER_SYNTAX_UID) {
            Some(uid) if self.uid.is_empty() => {
                Ok(Self { encoding: self.encoding, ..by_uid(&uid)? })
            }
            _ => Ok(self),
        }
    }

    /// The note for a file whose pixels are compressed differently from what it states.
    pub fn contradicted_by(&self, codec: Codec) -> Option<Note> {
        let contradicts = codec != self.codec && !self.uid.is_empty();
        let says = self.name;
        contradicts.then(|| match codec.name() {
            Some(codec) => Note::Compressed { codec, says },
            None => Note::NotCompressed { says },
        })
    }
}

fn by_uid(uid: &str) -> Result<Syntax> {
    if let Some(&syntax) = SYNTAXES.iter().find(|syntax| syntax.uid == uid) {
        return Ok(syntax);
    }
    let family = UNREADABLE.iter().find(|(start, _)| uid.starts_with(start));
    let uid = uid.chars().filter(|c| c.is_ascii_digit() || *c == '.').take(64).collect();
    Err(Error::DicomUnsupported(match family {
        Some((_, reason)) => reason(uid),
        None => Reason::UnknownSyntax { uid },
    }))
}

/// The transfer syntax of a data set whose file does not name one, such as a bare data set.
fn by_look(body: &[u8]) -> Result<Syntax> {
    let syntax = match Encoding::guess(body) {
        Some(Encoding::ImplicitLittle) => IMPLICIT,
        Some(Encoding::ExplicitLittle) => EXPLICIT,
        Some(Encoding::ExplicitBig) => BIG,
        None => return Err(Error::Dicom(Reason::NoTransferSyntax)),
    };
    Ok(Syntax { uid: "", ..syntax })
}

/// Inflates a deflated data set (PS3.5 annex A.5). Of a stream that is cut off, it returns what
/// there is; the reader of the data set judges whether that is enough.
fn inflate(body: &[u8]) -> Result<Vec<u8>> {
    let mut inflated = Vec::new();
    let mut inflater = flate2::read::DeflateDecoder::new(body).take(MAX_INFLATED + 1);
    let result = inflater.read_to_end(&mut inflated);
    if inflated.len() as u64 > MAX_INFLATED {
        return Err(Error::ImageTooLarge(Reason::EndlessDeflate));
    }
    match result {
        Err(_) if inflated.is_empty() => Err(Error::Dicom(Reason::NotDeflated)),
        _ => Ok(inflated),
    }
}
