//! The zip archive that PyTorch writes since 1.6: a pickle, and a file for each storage.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use burn::store::{bridge, burn_pack};
use burn::tensor::{Shape, TensorData};
use zip::ZipArchive;
use zip::read::ZipReadOptions;

use super::pickle::{Pickle, TensorRef};

/// The largest pickle that is read; no checkpoint has a larger one.
const MAX_PICKLE: u64 = 64 << 20;
/// How a zip archive begins.
const ZIP: [u8; 4] = *b"PK\x03\x04";

/// An open checkpoint.
#[derive(Debug)]
pub struct Archive {
    zip: Mutex<ZipArchive<BufReader<File>>>,
    /// The folder inside, with its slash.
    root: String,
}

/// Tensors by name, and the entry of the checkpoint that all of them were found in, if any.
pub type Found<'n> = (Option<&'n str>, Vec<burn_pack::Tensor>);

/// Opens a zip archive; `None` where the file is none.
///
/// # Errors
///
/// What is wrong, where it cannot be read or holds no pickle of PyTorch's.
pub fn open(path: &Path) -> Result<Option<Archive>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut start = [0; 4];
    let whole = (&file).read_exact(&mut start).is_ok();
    if !whole || start != ZIP {
        return Ok(None);
    }
    let zip = ZipArchive::new(BufReader::new(file)).map_err(|error| error.to_string())?;
    let names = zip.file_names().filter_map(|name| name.ok());
    let roots = names.filter_map(|name| name.strip_suffix("data.pkl").map(str::to_string));
    let roots = roots.filter(|root| root.is_empty() || root.ends_with('/'));
    let root = roots.min_by_key(String::len);
    let root =
        root.ok_or("it is a zip archive without a data.pkl, and no checkpoint of PyTorch")?;
    Ok(Some(Archive { zip: Mutex::new(zip), root }))
}

impl Archive {
    /// The tensors below the first of some entries that has any, or else all; values are read when
    /// asked for.
    ///
    /// # Errors
    ///
    /// What is wrong, where the pickle is damaged or too large, or the numbers are big-endian.
    pub fn tensors<'n>(self, entries: &[&'n str]) -> Result<Found<'n>, String> {
        let pickle = self.read("data.pkl", 0, MAX_PICKLE).map_err(|error| error.to_string())?;
        if pickle.len() as u64 == MAX_PICKLE {
            return Err(format!("its pickle is larger than {} MB", MAX_PICKLE >> 20));
        }
        if self.read("byteorder", 0, 8).is_ok_and(|order| order.starts_with(b"big")) {
            return Err("it was written on a big-endian machine; save it again on another".into());
        }
        let (entry, tensors) = Pickle::read(&pickle)?.tensors_under(entries)?;
        let archive = Arc::new(self);
        let deferred = |(name, tensor): (String, TensorRef)| {
            let (archive, shape) = (archive.clone(), Shape::from(tensor.shape.clone()));
            bridge::deferred(name, tensor.dtype, shape, None, move || {
                archive.values(&tensor).map_err(|error| {
                    burn_pack::Error::ValidationError(format!("{}: {error}", tensor.storage))
                })
            })
        };
        Ok((entry, tensors.into_iter().map(deferred).collect()))
    }

    /// The first `most` bytes, or all, of a file in the archive, after `start`.
    fn read(&self, name: &str, start: u64, most: u64) -> io::Result<Vec<u8>> {
        let mut zip = self.zip.lock().unwrap_or_else(PoisonError::into_inner);
        let name = format!("{}{name}", self.root);
        let index = zip.index_for_name(&name).ok_or(io::ErrorKind::NotFound)?;
        // `torch.save` may leave the checksums out, and writes 0 then.
        let unchecked = zip.by_index_raw(index)?.crc32() == 0;
        let options = ZipReadOptions::new().ignore_crc32(unchecked);
        let mut file = zip.by_index_with_options(index, options)?;
        io::copy(&mut (&mut file).take(start), &mut io::sink())?;
        let mut bytes = Vec::new();
        file.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// A tensor's values in the order of its axes.
    fn values(&self, tensor: &TensorRef) -> io::Result<TensorData> {
        let damaged = || io::Error::other("its tensor reaches beyond its storage");
        let size = tensor.dtype.size();
        let axes = || tensor.shape.iter().zip(&tensor.strides);
        let count = tensor.shape.iter().try_fold(1usize, |all, &side| all.checked_mul(side));
        let count = count.ok_or_else(damaged)?;
        let reach = axes().try_fold(1usize, |reach, (&side, &stride)| {
            reach.checked_add(side.saturating_sub(1).checked_mul(stride)?)
        });
        let bytes = |elements: usize| elements.checked_mul(size).ok_or_else(damaged);
        let reach = if count == 0 { 0 } else { bytes(reach.ok_or_else(damaged)?)? };
        let file = format!("data/{}", tensor.storage);
        let stored = self.read(&file, bytes(tensor.offset)? as u64, reach as u64)?;
        if stored.len() != reach {
            return Err(damaged());
        }
        let values = if reach == count * size && is_row_major(tensor) {
            stored
        } else {
            gather(tensor, count, &stored)
        };
        Ok(TensorData::from_bytes_vec(values, tensor.shape.clone(), tensor.dtype))
    }
}

fn is_row_major(tensor: &TensorRef) -> bool {
    let mut step = 1;
    tensor.shape.iter().zip(&tensor.strides).rev().all(|(&side, &stride)| {
        let right = side == 1 || stride == step;
        step *= side;
        right
    })
}

/// Collects values that do not lie one after the other, as of a transposed or sliced tensor.
fn gather(tensor: &TensorRef, count: usize, stored: &[u8]) -> Vec<u8> {
    let size = tensor.dtype.size();
    let mut values = Vec::with_capacity(count * size);
    for index in 0..count {
        let (mut rest, mut place) = (index, 0);
        for (&side, &stride) in tensor.shape.iter().zip(&tensor.strides).rev() {
            place += rest % side * stride;
            rest /= side;
        }
        values.extend_from_slice(&stored[place * size..][..size]);
    }
    values
}
