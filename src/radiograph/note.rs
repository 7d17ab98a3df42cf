//! How a picture was converted to 8-bit grey, and what its file states wrongly about its pixels.

use serde::Serialize;

/// A note on how a file was read. As JSON it has its name as `code`, and its values.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Note {
    /// A 16-bit file whose values were read as numbers of fewer bits.
    Depth {
        /// How many bits: 8, 10, 12, 14 or 16.
        bits: u32,
    },
    /// The picture is shown through the file's VOI look-up table.
    VoiLut,
    /// The picture is shown through the file's window (PS3.3 section C.11.2.1.2).
    Window {
        /// As written.
        center: f64,
        /// As written.
        width: f64,
    },
    /// The picture is shown through a window that was chosen to span its values.
    WindowFromValues {
        /// The value that is shown black.
        low: f64,
        /// The value that is shown white.
        high: f64,
    },
    /// The file has neither a window nor a VOI look-up table.
    NoWindow,
    /// The file's VOI look-up table cannot be used.
    BrokenVoiLut,
    /// The file's window cannot be used.
    BrokenWindow,
    /// The compression of the pixels is not the one that the file names.
    Compressed {
        /// The compression that was found.
        codec: &'static str,
        /// The transfer syntax that the file names.
        says: &'static str,
    },
    /// The pixels are not compressed, though the file says so.
    NotCompressed {
        /// The transfer syntax that the file names.
        says: &'static str,
    },
}
