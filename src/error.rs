//! The one error type of the library.

use serde::Serialize;
use thiserror::Error;

use crate::limits::MAX_PIXELS;

const MEGAPIXELS_MAX: u64 = MAX_PIXELS / 1_000_000;

/// The cause of an error: an error of another library, or a message.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Everything that can go wrong: a message for people, and a stable [`code`](Error::code) for programs.
#[derive(Debug, Error)]
pub enum Error {
    /// `manifest.json` cannot be read or breaks a limit.
    #[error("the model's manifest is not usable: {0}")]
    Manifest(#[source] Cause),
    /// A file of the model folder is missing, truncated or altered.
    #[error("model file `{path}` is not usable: {reason}. Fetch or copy the model folder again")]
    File {
        /// Path inside the model folder.
        path: String,
        /// What is wrong with it.
        #[source]
        reason: Cause,
    },
    /// `config.json` cannot be read or contradicts itself.
    #[error("the model's config is not usable: {0}")]
    Config(#[source] Cause),
    /// A file is not a reference population.
    #[error(
        "this file cannot be used as a reference population ({0}). Choose a file that `carzero reference --out` or the page \
         wrote, or measure the images again"
    )]
    Population(#[source] Cause),
    /// A reference population that was measured with another model.
    #[error(
        "this reference population was measured with {theirs}, and the model in use is {ours}. Open that model, or measure \
         the images again with this one"
    )]
    OtherModel {
        /// The model that it was measured with.
        theirs: String,
        /// The model in use.
        ours: String,
    },
    /// Too few images for a reference population.
    #[error("a reference population needs at least {least} images, not {images}. Add more images")]
    FewImages {
        /// How many there are.
        images: usize,
        /// How many there must be.
        least: usize,
    },
    /// Weights do not fit the architecture.
    #[error("the weights do not fit the model: {0}")]
    Weights(#[source] Cause),
    /// `tokenizer.json` cannot be used.
    #[error("the tokenizer is not usable: {0}")]
    Tokenizer(#[source] Cause),
    /// The bytes are not an image that this program can decode.
    #[error(
        "this file cannot be read as an image ({0}). Use a PNG, JPEG, WebP, TIFF, JPEG 2000 or DICOM file"
    )]
    Image(#[source] Cause),
    /// A picture of a kind that this program does not decode. Holds the name of its format.
    #[error(
        "this kind of {0} picture is not read. Save it as PNG, in grey with 8 or 16 bits, or as JPEG"
    )]
    ImageUnsupported(String),
    /// Too much of the picture is missing. Holds the share that could be read, from 0 to 1, where
    /// it is known.
    #[error("this picture is damaged{}. Copy or download it again", could_be_read(*.0))]
    Damaged(Option<f64>),
    /// A DICOM file is damaged or holds no picture.
    #[error("this DICOM file cannot be read: {0}. Export it again, or export its image as PNG")]
    Dicom(Reason),
    /// A DICOM object that by its kind has no pixels, such as a report or a plan. Holds its modality, or "" if unknown.
    #[error("this DICOM file holds no picture{}. Open the images that belong to it", of_modality(.0))]
    NoPicture(String),
    /// A DICOM file is written in a way that this program does not read.
    #[error(
        "this kind of DICOM file is not supported: {0}. Export it uncompressed or as JPEG 2000, or \
         export its image as PNG"
    )]
    DicomUnsupported(Reason),
    /// The file is empty.
    #[error("this file is empty. Copy or download it again")]
    EmptyFile,
    /// An HEIC or AVIF picture, as phones take them (ISO/IEC 23008-12).
    #[error("this is an HEIC or AVIF picture, which is not read. Save it as JPEG or PNG")]
    Heic,
    /// A document that may hold pictures.
    #[error("this is a PDF document, not a picture. Save the picture in it as PNG")]
    Pdf,
    /// Several files packed into an archive. Holds the name of the archive's format.
    #[error("this is a {0} archive. Unpack it, and open the images in it, or their folder")]
    Archive(&'static str),
    /// A DICOMDIR, the table of contents of a disc.
    #[error(
        "this is a DICOMDIR, the table of contents of a disc, and holds no picture itself. Open the \
         disc's folder, or the image files in it"
    )]
    Dicomdir,
    /// The image is larger than memory allows for.
    #[error("this image is too large ({0}). Scale it down to at most {MEGAPIXELS_MAX} megapixels")]
    ImageTooLarge(Reason),
    /// The text has no word that the model can read.
    #[error(
        "\"{0}\" has no word that the model can read: it knows English in Latin letters and digits"
    )]
    Prompt(String),
    /// The answer of a language model is not the JSON that was asked for.
    #[error("the language model's answer is not usable ({0}). Try another model")]
    Answer(#[source] Cause),
    /// The device cannot be started or stopped working.
    #[error("the device does not work: {0}")]
    Device(#[source] Cause),
    /// The device computes, but wrongly.
    #[error("the device gives wrong numbers ({0}), so it is not used")]
    SelfTest(#[source] Cause),
}

impl Error {
    /// A stable identifier of the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Manifest(_) => "bad-manifest",
            Self::File { .. } => "bad-file",
            Self::Config(_) => "bad-config",
            Self::Population(_) => "bad-population",
            Self::OtherModel { .. } => "other-model",
            Self::FewImages { .. } => "few-images",
            Self::Weights(_) => "bad-weights",
            Self::Tokenizer(_) => "bad-tokenizer",
            Self::Image(_) => "bad-image",
            Self::ImageUnsupported(_) => "unsupported-image",
            Self::Damaged(_) => "damaged",
            Self::Dicom(_) => "bad-dicom",
            Self::NoPicture(_) => "no-picture",
            Self::DicomUnsupported(_) => "unsupported-dicom",
            Self::EmptyFile => "empty-file",
            Self::Heic => "heic",
            Self::Pdf => "pdf",
            Self::Archive(_) => "archive",
            Self::Dicomdir => "dicomdir",
            Self::ImageTooLarge(_) => "image-too-large",
            Self::Prompt(_) => "bad-prompt",
            Self::Device(_) => "device",
            Self::SelfTest(_) => "self-test",
            Self::Answer(_) => "bad-answer",
        }
    }
}

fn could_be_read(share: Option<f64>) -> String {
    share.map_or(String::new(), |share| format!(": {} of it could be read", percent(share)))
}

fn of_modality(modality: &str) -> String {
    if modality.is_empty() { String::new() } else { format!(" (modality {modality})") }
}

impl Error {
    /// The named values that are reported beside the [`code`](Self::code).
    pub fn values(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::File { path, reason } => {
                vec![("path", path.clone()), ("reason", reason.to_string())]
            }
            Self::OtherModel { theirs, ours } => {
                vec![("theirs", theirs.clone()), ("ours", ours.clone())]
            }
            Self::FewImages { images, least } => {
                vec![("images", images.to_string()), ("least", least.to_string())]
            }
            Self::Damaged(share) => vec![("share", share.map_or(String::new(), percent))],
            Self::NoPicture(modality) => vec![("modality", modality.clone())],
            Self::ImageUnsupported(format) => vec![("format", format.clone())],
            Self::Archive(kind) => vec![("kind", (*kind).to_string())],
            Self::Manifest(reason)
            | Self::Config(reason)
            | Self::Population(reason)
            | Self::Weights(reason)
            | Self::Tokenizer(reason)
            | Self::Image(reason)
            | Self::Answer(reason)
            | Self::Device(reason)
            | Self::SelfTest(reason) => vec![("reason", reason.to_string())],
            Self::Prompt(text) => vec![("reason", text.clone())],
            Self::ImageTooLarge(_) => vec![("megapixels", MEGAPIXELS_MAX.to_string())],
            Self::Dicom(_)
            | Self::DicomUnsupported(_)
            | Self::EmptyFile
            | Self::Heic
            | Self::Pdf
            | Self::Dicomdir => Vec::new(),
        }
    }

    /// The detailed reason of those errors that have one, which has a code and values of its own.
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Dicom(reason) | Self::DicomUnsupported(reason) | Self::ImageTooLarge(reason) => {
                Some(reason)
            }
            _ => None,
        }
    }
}

/// Something that could not be read, and why.
#[derive(Debug, Error)]
#[error("{what} cannot be read: {cause}")]
pub(crate) struct Unreadable {
    pub what: String,
    #[source]
    pub cause: Cause,
}

/// Why a picture cannot be read. As JSON it has its name as `code`, and its values.
#[derive(Debug, Clone, PartialEq, Serialize, Error)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Reason {
    /// The data set names no transfer syntax, and its bytes fit none.
    #[error("it does not say how it is written")]
    NoTransferSyntax,
    /// A data set that should be deflated (PS3.5 annex A.5).
    #[error("its data is no deflate")]
    NotDeflated,
    /// Data elements are cut off, or the bytes are not data elements.
    #[error("it is cut off or damaged")]
    CutOff,
    /// Pixel Data is empty.
    #[error("it has no pixels")]
    NoPixels,
    /// Fewer pixels than the header says.
    #[error("its pixels are cut off")]
    PixelsCutOff,
    /// The transfer syntax says that pixels are compressed, and they are not.
    #[error("its pixels should be compressed and are not")]
    NotCompressed,
    /// The size of the compressed picture differs from that in the header.
    #[error("its compressed picture has another size")]
    OtherSize,
    /// The picture's samples are indices into a palette, and the palette is missing.
    #[error("its palette of colours is missing")]
    NoPalette,
    /// The picture has no rows or no columns.
    #[error("its picture has {rows} rows and {columns} columns")]
    NoArea {
        /// As written, or 0.
        rows: u16,
        /// As written, or 0.
        columns: u16,
    },
    /// The number of stored bits is not possible within those allocated.
    #[error("it has {stored} of {allocated} bits stored")]
    BitsStored {
        /// As written.
        stored: u16,
        /// As written.
        allocated: u16,
    },
    /// Compressed data breaks its standard.
    #[error("its {codec} data: {what}")]
    Broken {
        /// The name of the standard.
        codec: &'static str,
        /// The message of its decoder, in English.
        what: String,
    },
    /// Float or Double Float Pixel Data.
    #[error("its pixels are floating-point numbers")]
    FloatingPoint,
    /// Samples of one bit, such as those of a segmentation.
    #[error("its samples have one bit, as those of a mask")]
    OneBit,
    /// Samples have neither 8 nor 16 bits.
    #[error("its samples have {allocated} bits")]
    Bits {
        /// As written, or 0.
        allocated: u16,
    },
    /// A photometric interpretation that is unknown, or that does not fit the number of samples per pixel.
    #[error("its colours are {colours} of {samples} samples")]
    Colours {
        /// As written, or "nothing".
        colours: String,
        /// Samples in a pixel.
        samples: u16,
    },
    /// Segmented Palette Color Lookup Table Data.
    #[error("its palette of colours is segmented")]
    SegmentedPalette,
    /// JPEG-LS of several components.
    #[error("its pixels are JPEG-LS in colour")]
    ColourJpegLs,
    /// Progressive JPEG of 12 bits, which DICOM does not have.
    #[error("its pixels are progressive JPEG of 12 bits")]
    DeepProgressive,
    /// High-Throughput JPEG 2000 (ISO/IEC 15444-15), even if the file names another transfer syntax.
    #[error("its pixels are stored as High-Throughput JPEG 2000")]
    HighThroughput,
    /// A transfer syntax that is known by name but not supported.
    #[error("its pixels are stored as {format}, {uid}")]
    Stored {
        /// The name.
        format: &'static str,
        /// The identifier.
        uid: String,
    },
    /// A transfer syntax of a video.
    #[error("its pixels are stored as an MPEG video, {uid}")]
    Video {
        /// The identifier.
        uid: String,
    },
    /// A transfer syntax that has been retired from the standard.
    #[error("its pixels are stored as a retired JPEG process, {uid}")]
    RetiredJpeg {
        /// The identifier.
        uid: String,
    },
    /// A transfer syntax of a manufacturer, or an identifier that is none.
    #[error("its pixels are stored as an unknown transfer syntax, {uid}")]
    UnknownSyntax {
        /// The identifier.
        uid: String,
    },
    /// More pixels than the limit.
    #[error("{width} x {height} pixels")]
    Size {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
    /// Inflating a deflated data set gives more bytes than any picture needs.
    #[error("its deflated data set has no end")]
    EndlessDeflate,
    /// A decoder asks for more memory than it may allocate.
    #[error("{what}")]
    Memory {
        /// The message of the decoder, in English.
        what: String,
    },
}

/// The library's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// "97 %", never rounded up: 100 % is the whole.
pub(crate) fn percent(share: f64) -> String {
    format!("{} %", (share * 100.0).floor())
}
