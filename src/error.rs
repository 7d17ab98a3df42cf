//! The one error type of the library.

use thiserror::Error;

/// What can go wrong, in words for a person, with a stable [`code`](Error::code) for programs.
#[derive(Debug, Error)]
pub enum Error {
    /// `manifest.json` cannot be read or breaks a limit.
    #[error("the model's manifest is not usable: {0}")]
    Manifest(String),
    /// A file of the model folder is missing, truncated or altered.
    #[error("model file `{path}` is not usable: {reason}. Fetch or copy the model folder again")]
    File {
        /// Path inside the model folder.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// `config.json` cannot be read or contradicts itself.
    #[error("the model's config is not usable: {0}")]
    Config(String),
    /// Weights do not fit the architecture.
    #[error("the weights do not fit the model: {0}")]
    Weights(String),
    /// `tokenizer.json` cannot be used.
    #[error("the tokenizer is not usable: {0}")]
    Tokenizer(String),
    /// The bytes are no image this program can decode.
    #[error(
        "this file cannot be read as an image ({0}). Use a PNG, JPEG, WebP, TIFF, JPEG 2000 or DICOM file"
    )]
    Image(String),
    /// A picture of which too much is missing: the share that could be read, from 0 to 1, where it is known.
    #[error("this picture is damaged{}. Copy or download it again", could_be_read(*.0))]
    Damaged(Option<f64>),
    /// A DICOM file is damaged or holds no picture.
    #[error("this DICOM file cannot be read: {0}. Export it again, or export its image as PNG")]
    Dicom(String),
    /// A DICOM file of another kind than pictures, such as a report or a plan: its modality, or "".
    #[error("this DICOM file holds no picture{}. Open the images that belong to it", of_modality(.0))]
    NoPicture(String),
    /// A DICOM file is written in a way that this program does not read.
    #[error(
        "this kind of DICOM file is not supported: {0}. Export it uncompressed or as JPEG 2000, or \
         export its image as PNG"
    )]
    DicomUnsupported(String),
    /// There are no bytes.
    #[error("this file is empty. Copy or download it again")]
    EmptyFile,
    /// A picture as phones take them (ISO/IEC 23008-12).
    #[error("this is an HEIC or AVIF picture, which is not read. Save it as JPEG or PNG")]
    Heic,
    /// A document that may hold pictures.
    #[error("this is a PDF document, not a picture. Save the picture in it as PNG")]
    Pdf,
    /// Files packed into one: the name of the format.
    #[error("this is a {0} archive. Unpack it, and open the images in it, or their folder")]
    Archive(&'static str),
    /// A disc's table of contents.
    #[error(
        "this is a DICOMDIR, the table of contents of a disc, and holds no picture itself. Open the \
         disc's folder, or the image files in it"
    )]
    Dicomdir,
    /// The image is larger than memory allows for.
    #[error(
        "this image is too large ({0}). Scale it down to at most {max} megapixels",
        max = crate::limits::MAX_PIXELS / 1_000_000
    )]
    ImageTooLarge(String),
    /// The text has no word that the model can read.
    #[error(
        "\"{0}\" has no word that the model can read: it knows English in Latin letters and digits"
    )]
    Prompt(String),
    /// A language model does not give the JSON that it is asked for.
    #[error("the language model's answer is not usable ({0}). Try another model")]
    Answer(String),
    /// The device cannot be started or stopped working.
    #[error("the device does not work: {0}")]
    Device(String),
    /// The device computes, but wrongly.
    #[error("the device gives wrong numbers ({0}), so it is not used")]
    SelfTest(String),
}

impl Error {
    /// A stable identifier of the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Manifest(_) => "bad-manifest",
            Self::File { .. } => "bad-file",
            Self::Config(_) => "bad-config",
            Self::Weights(_) => "bad-weights",
            Self::Tokenizer(_) => "bad-tokenizer",
            Self::Image(_) => "bad-image",
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
    /// What is told beside the [`code`](Self::code), by name.
    pub fn values(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::File { path, reason } => vec![("path", path.clone()), ("reason", reason.clone())],
            Self::Damaged(share) => vec![("share", share.map_or(String::new(), percent))],
            Self::NoPicture(modality) => vec![("modality", modality.clone())],
            Self::Archive(kind) => vec![("kind", (*kind).to_string())],
            Self::Manifest(reason)
            | Self::Config(reason)
            | Self::Weights(reason)
            | Self::Tokenizer(reason)
            | Self::Image(reason)
            | Self::Dicom(reason)
            | Self::DicomUnsupported(reason)
            | Self::ImageTooLarge(reason)
            | Self::Prompt(reason)
            | Self::Answer(reason)
            | Self::Device(reason)
            | Self::SelfTest(reason) => vec![("reason", reason.clone())],
            Self::EmptyFile | Self::Heic | Self::Pdf | Self::Dicomdir => Vec::new(),
        }
    }
}

/// The library's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// "97 %", never rounded up: 100 % is the whole.
pub(crate) fn percent(share: f64) -> String {
    format!("{} %", (share * 100.0).floor())
}
