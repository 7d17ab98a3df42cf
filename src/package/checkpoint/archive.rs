//! The zip archive that PyTorch writes since 1.6. It contains a pickle, and a file for each storage.
//!
//! PyTorch compresses nothing, so that a storage is a contiguous range of bytes in the archive. The format is described
//! in PKWARE's APPNOTE.TXT. Only what such archives contain is read: the central directory (4.3.12) with its 64-bit
//! form (4.3.14, 4.5.3), and the length of the header before a file's bytes (4.3.7).

use std::collections::BTreeMap;

use super::file::{Found, SourceFile, Storage};
use super::pickle::{MAX_PICKLE, Pickle};

/// The signature at the beginning of a zip archive, and of each file in it.
pub const ZIP: [u8; 4] = *b"PK\x03\x04";
/// The largest central directory that is read; no checkpoint has a larger one.
const MAX_DIRECTORY: u64 = 64 << 20;
/// Length of the record at the end of the central directory, and of the longest comment after it.
const END: usize = 22;
const MAX_COMMENT: u64 = 0xffff;
/// Length of the 64-bit form's locator, and of its end record.
const LOCATOR: usize = 20;
const END_64: usize = 56;

/// A file in the archive.
#[derive(Debug, Clone, Copy)]
struct Entry {
    /// Position of its local header.
    header: u64,
    /// Length in bytes.
    length: u64,
    crc: u32,
    /// Whether it is neither compressed nor encrypted.
    plain: bool,
}

/// The tensors of an archive.
///
/// # Errors
///
/// What is wrong, where the file is damaged or is not a PyTorch checkpoint.
pub fn tensors(file: &SourceFile) -> Result<Found, String> {
    let archive = Archive::open(file)?;
    let pickle = archive.storage("data.pkl")?;
    if pickle.length > MAX_PICKLE {
        return Err(format!("its pickle is larger than {} MB", MAX_PICKLE >> 20));
    }
    let order =
        archive.storage("byteorder").and_then(|order| file.read(order.start, order.length.min(3)));
    if order.is_ok_and(|order| order.starts_with(b"big")) {
        return Err("it was written on a big-endian machine; save it again on another".into());
    }
    let pickle = file.read(pickle.start, pickle.length)?;
    Pickle::read(&pickle)?.tensors(&|name| archive.storage(&format!("data/{name}")))
}

/// An open archive.
struct Archive<'f> {
    file: &'f SourceFile,
    /// The top folder inside the archive, including its slash.
    root: String,
    entries: BTreeMap<String, Entry>,
}

impl<'f> Archive<'f> {
    fn open(file: &'f SourceFile) -> Result<Self, String> {
        let entries = directory(file)?;
        let roots = entries.keys().filter_map(|name| name.strip_suffix("data.pkl"));
        let roots = roots.filter(|root| root.is_empty() || root.ends_with('/'));
        let root = roots
            .min_by_key(|root| (root.len(), *root))
            .ok_or("it is a zip archive without a data.pkl, and no checkpoint of PyTorch")?
            .to_string();
        Ok(Self { file, root, entries })
    }

    /// Where the bytes of a file are.
    fn storage(&self, name: &str) -> Result<Storage, String> {
        let path = format!("{}{name}", self.root);
        let missing = || format!("{path} is missing in the archive; copy or download it again");
        let Entry { header, length, crc, plain } = *self.entries.get(&path).ok_or_else(missing)?;
        if !plain {
            return Err(format!(
                "{path} is compressed or encrypted, which PyTorch never does; unpack the archive \
                 and pack it without compression, or save the checkpoint again"
            ));
        }
        let start = self.file.read(header, 30)?;
        if start[..4] != ZIP {
            return Err(damaged());
        }
        let before = 30 + u64::from(short(&start, 26)) + u64::from(short(&start, 28));
        // `torch.save` can omit checksums, and then writes 0.
        Ok(Storage { start: header + before, length, crc: (crc != 0).then_some(crc) })
    }
}

/// All files of the archive by name.
fn directory(file: &SourceFile) -> Result<BTreeMap<String, Entry>, String> {
    let (start, length) = directory_place(file)?;
    if length > MAX_DIRECTORY {
        return Err(format!("its table of contents is larger than {} MB", MAX_DIRECTORY >> 20));
    }
    let directory = file.read(start, length)?;
    let mut entries = BTreeMap::new();
    let mut rest = directory.as_slice();
    while rest.starts_with(b"PK\x01\x02") {
        let header = rest.get(..46).ok_or_else(damaged)?;
        let [name, extra, comment] = [28, 30, 32].map(|at| usize::from(short(header, at)));
        let after = rest.get(46..46 + name + extra + comment).ok_or_else(damaged)?;
        let (flags, method) = (short(header, 8), short(header, 10));
        let sizes = [24, 20, 42].map(|at| u64::from(word(header, at)));
        let [length, stored, header_at] = wide(sizes, &after[name..name + extra])?;
        let entry = Entry {
            header: header_at,
            length,
            crc: word(header, 16),
            plain: method == 0 && flags & 1 == 0 && length == stored,
        };
        if let Ok(name) = str::from_utf8(&after[..name]) {
            entries.insert(name.to_string(), entry);
        }
        rest = &rest[46 + after.len()..];
    }
    Ok(entries)
}

/// The position and the length of the central directory.
fn directory_place(file: &SourceFile) -> Result<(u64, u64), String> {
    let length = file.length().min(END as u64 + MAX_COMMENT + LOCATOR as u64);
    let tail = file.read(file.length() - length, length)?;
    let end = tail.windows(END).rposition(|window| window.starts_with(b"PK\x05\x06"));
    let end = end.ok_or("the end of the archive is missing; copy or download the file again")?;
    let locator = end.checked_sub(LOCATOR).map(|at| &tail[at..end]);
    if let Some(locator) = locator.filter(|locator| locator.starts_with(b"PK\x06\x07")) {
        let end = file.read(long(locator, 8), END_64 as u64)?;
        if !end.starts_with(b"PK\x06\x06") {
            return Err(damaged());
        }
        return Ok((long(&end, 48), long(&end, 40)));
    }
    let end = &tail[end..];
    Ok((word(end, 16).into(), word(end, 12).into()))
}

/// Replaces sizes and positions that do not fit into 32 bits by their 64-bit values, which are in this order in a
/// file's extra fields.
fn wide(mut sizes: [u64; 3], mut extra: &[u8]) -> Result<[u64; 3], String> {
    while let Some((header, rest)) = extra.split_first_chunk::<4>() {
        let (field, next) = rest.split_at_checked(short(header, 2).into()).ok_or_else(damaged)?;
        if short(header, 0) == 1 {
            let mut longs = field.as_chunks::<8>().0.iter().map(|&long| u64::from_le_bytes(long));
            for size in sizes.iter_mut().filter(|size| **size == u64::from(u32::MAX)) {
                *size = longs.next().ok_or_else(damaged)?;
            }
        }
        extra = next;
    }
    Ok(sizes)
}

#[cold]
fn damaged() -> String {
    "its archive is damaged; copy or download the file again".into()
}

/// `N` bytes at an index, which the caller has checked.
fn bytes<const N: usize>(from: &[u8], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&from[at..at + N]);
    bytes
}

fn short(from: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes(from, at))
}

fn word(from: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes(from, at))
}

fn long(from: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes(from, at))
}
