//! Files of PyTorch before 1.6, which consist of five pickles followed by the storages.

use std::collections::BTreeMap;

use super::file::{Found, SourceFile, Storage, little_endian};
use super::pickle::{MAX_PICKLE, Pickle};

/// How such a file begins: a pickle of PyTorch's magic number.
pub const MAGIC: [u8; 15] = *b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e";

/// The tensors of a file.
///
/// # Errors
///
/// What is wrong, where it is damaged.
pub fn tensors(file: &SourceFile) -> Result<Found, String> {
    let start = file.read(0, file.length().min(MAX_PICKLE))?;
    let mut at = 0;
    let mut next = || {
        let pickle = Pickle::read(&start[at..])?;
        at += pickle.length;
        Ok::<_, String>(pickle)
    };
    let (_magic, _protocol, _system) = (next()?, next()?, next()?);
    let (object, order) = (next()?, next()?);
    let mut storages: BTreeMap<&[u8], (usize, Option<Storage>)> = BTreeMap::new();
    storages.extend(object.storages().map(|(key, number)| (key, (number.size(), None))));
    // Each storage consists of its number of values, followed by the values.
    let mut place = at as u64;
    for key in order.texts() {
        let count = little_endian(&file.read(place, 8)?);
        let (size, storage) = storages.get_mut(key).ok_or_else(unknown)?;
        let length = count.checked_mul(*size as u64).filter(|length| *length <= file.length());
        let length = length.ok_or_else(cut_off)?;
        *storage = Some(Storage { start: place + 8, length, crc: None });
        place += 8 + length;
    }
    object.tensors(&|name| {
        let known = storages.get(name.as_bytes());
        known.and_then(|(_, storage)| *storage).ok_or_else(cut_off)
    })
}

#[cold]
fn cut_off() -> String {
    "its storages are cut off or damaged; copy or download the file again".into()
}

#[cold]
fn unknown() -> String {
    "it holds numbers of an unknown kind; save the checkpoint again with PyTorch 1.6 or newer"
        .into()
}
