//! What was done to show a picture in 8 bits of grey, and what its file says wrongly of its pixels.

use serde::Serialize;

/// A note on how a file was read. As JSON it has its name as `code`, and its values.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Note {
    /// A 16-bit file, its values read as of so many bits.
    Depth {
        /// 8, 10, 12, 14 or 16.
        bits: u32,
    },
    /// Shown by the file's VOI look-up table.
    VoiLut,
    /// Shown by the file's window (PS3.3 section C.11.2.1.2).
    Window {
        /// As written.
        center: f64,
        /// As written.
        width: f64,
    },
    /// Shown by a window that holds the picture's values.
    WindowFromValues {
        /// Shown black.
        low: f64,
        /// Shown white.
        high: f64,
    },
    /// The file has neither a window nor a VOI look-up table.
    NoWindow,
    /// The file's VOI look-up table cannot be used.
    BrokenVoiLut,
    /// The file's window cannot be used.
    BrokenWindow,
    /// The pixels are compressed otherwise than the file says.
    Compressed {
        /// What with.
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
