//! The file of a checkpoint: where its tensors are, and how their values are read.

use std::cell::RefCell;
use std::fmt;
use std::io::{Read, Seek, SeekFrom};

use flate2::Crc;
use half::{bf16, f16};

/// Number of bytes that are read and decoded at a time; with smaller blocks a browser reads at half the speed.
const BLOCK: usize = 16 << 20;

/// A source with random access: a file on disk, or one that the page was given.
pub trait Source: Read + Seek {}

impl<S: Read + Seek> Source for S {}

/// An open file. Only the bytes that are asked for are read.
pub struct SourceFile {
    source: RefCell<Box<dyn Source>>,
    length: u64,
}

/// The type of stored numbers; all are little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    F64,
    F32,
    F16,
    BF16,
    I64,
    I32,
    I16,
    I8,
    U8,
}

/// A contiguous range of bytes in the file, with its CRC-32 if that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Storage {
    /// Position of the first byte in the file.
    pub start: u64,
    /// Number of bytes.
    pub length: u64,
    /// It is checked when all of the bytes are read.
    pub crc: Option<u32>,
}

/// Where the values of a tensor are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The range of bytes that contains them.
    pub storage: Storage,
    /// The type of the values.
    pub number: Number,
    /// Index in the storage of the tensor's first value.
    pub offset: usize,
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// For each axis, how many values apart neighbours are in the storage.
    pub strides: Vec<usize>,
}

/// Tensors by name, and the entry of the checkpoint that contained them, if they were in one.
#[derive(Debug)]
pub struct Found {
    pub entry: Option<&'static str>,
    pub tensors: Vec<(String, Located)>,
}

impl fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceFile").field("length", &self.length).finish_non_exhaustive()
    }
}

impl SourceFile {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// What is wrong, where its length cannot be determined.
    pub fn new(mut source: impl Source + 'static) -> Result<Self, String> {
        let length = source.seek(SeekFrom::End(0)).map_err(|error| error.to_string())?;
        Ok(Self { source: RefCell::new(Box::new(source)), length })
    }

    /// Its size in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Reads `length` bytes from `start` on. That the file is long enough is checked before memory is allocated.
    ///
    /// # Errors
    ///
    /// What is wrong, where the file is too short or cannot be read.
    #[inline(never)] // one copy for all callers
    pub fn read(&self, start: u64, length: u64) -> Result<Vec<u8>, String> {
        let inside = start.checked_add(length).is_some_and(|end| end <= self.length);
        let length = usize::try_from(length)
            .ok()
            .filter(|_| inside)
            .ok_or("the file ends before what it says it holds; copy or download it again")?;
        let mut bytes = vec![0; length];
        self.fill(start, &mut bytes)?;
        Ok(bytes)
    }

    fn fill(&self, start: u64, bytes: &mut [u8]) -> Result<(), String> {
        let mut source = self.source.borrow_mut();
        let read = source.seek(SeekFrom::Start(start)).and_then(|_| source.read_exact(bytes));
        read.map_err(|error| format!("the file cannot be read: {error}"))
    }

    /// The values of a tensor in row-major order.
    ///
    /// # Errors
    ///
    /// What is wrong, where the tensor reaches beyond its storage, or the storage is damaged.
    pub fn values(&self, tensor: &Located) -> Result<Vec<f32>, String> {
        let count = tensor.count().ok_or_else(beyond)?;
        let (start, bytes) = tensor.place().ok_or_else(beyond)?;
        start.checked_add(bytes).filter(|end| *end <= self.length).ok_or_else(beyond)?;
        let Storage { length, crc, .. } = tensor.storage;
        let crc = crc.filter(|_| bytes == length);
        let values = if tensor.is_row_major() {
            self.decoded(start, count, tensor.number, crc)?
        } else {
            let reach = bytes as usize / tensor.number.size();
            gathered(tensor, count, &self.decoded(start, reach, tensor.number, crc)?)
        };
        Ok(values)
    }

    /// Reads and decodes contiguous values.
    fn decoded(
        &self,
        mut start: u64,
        count: usize,
        number: Number,
        crc: Option<u32>,
    ) -> Result<Vec<f32>, String> {
        let mut values = Vec::with_capacity(count);
        let mut block = vec![0; BLOCK.min(count * number.size())];
        let mut sum = Crc::new();
        while values.len() < count {
            let left = (count - values.len()) * number.size();
            let bytes = &mut block[..BLOCK.min(left)];
            self.fill(start, bytes)?;
            if crc.is_some() {
                sum.update(bytes);
            }
            number.decode(bytes, &mut values);
            start += bytes.len() as u64;
        }
        match crc {
            Some(crc) if crc != sum.sum() => {
                Err("its checksum is wrong: the file was damaged; copy or download it again".into())
            }
            _ => Ok(values),
        }
    }
}

impl Located {
    /// A tensor whose values are contiguous and start at the storage's beginning.
    pub fn in_order(storage: Storage, number: Number, shape: Vec<usize>) -> Self {
        let mut step = 1usize;
        let mut strides = vec![0; shape.len()];
        for (stride, &side) in strides.iter_mut().zip(&shape).rev() {
            *stride = step;
            step = step.saturating_mul(side);
        }
        Self { storage, number, offset: 0, shape, strides }
    }

    /// The number of its values; `None` if that overflows.
    pub fn count(&self) -> Option<usize> {
        self.shape.iter().try_fold(1usize, |all, &side| all.checked_mul(side))
    }

    /// Where its bytes are in the file, from its first value to its last: the position of the first byte, and their
    /// number. `None` where they reach beyond the storage.
    pub fn place(&self) -> Option<(u64, u64)> {
        let size = self.number.size();
        let bytes = u64::try_from(self.reach()?.checked_mul(size)?).ok()?;
        let first = (self.offset as u64).checked_mul(size as u64)?;
        let Storage { start, length, .. } = self.storage;
        first.checked_add(bytes).filter(|end| *end <= length)?;
        Some((start.checked_add(first)?, bytes))
    }

    /// How many values of the storage it spans, from its first to its last.
    fn reach(&self) -> Option<usize> {
        if self.shape.contains(&0) {
            return Some(0);
        }
        self.shape.iter().zip(&self.strides).try_fold(1usize, |reach, (&side, &stride)| {
            reach.checked_add((side - 1).checked_mul(stride)?)
        })
    }

    /// Whether its values are contiguous and in row-major order.
    fn is_row_major(&self) -> bool {
        let mut step = 1usize;
        self.count() == Some(0)
            || self.shape.iter().zip(&self.strides).rev().all(|(&side, &stride)| {
                let right = side == 1 || stride == step;
                step = step.saturating_mul(side);
                right
            })
    }
}

/// Collects values that are not contiguous, such as those of a transposed or sliced tensor.
fn gathered(tensor: &Located, count: usize, stored: &[f32]) -> Vec<f32> {
    let place = |mut index: usize| {
        let mut place = 0;
        for (&side, &stride) in tensor.shape.iter().zip(&tensor.strides).rev() {
            place += index % side * stride;
            index /= side;
        }
        place
    };
    (0..count).map(|index| stored[place(index)]).collect()
}

/// A little-endian number of up to 8 bytes.
pub fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |all, &byte| all << 8 | u64::from(byte))
}

#[cold]
fn beyond() -> String {
    "it reaches beyond what is stored; copy or download the file again".into()
}

impl Number {
    /// The size of a number in bytes.
    pub fn size(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::BF16 | Self::I16 => 2,
            Self::I8 | Self::U8 => 1,
        }
    }

    fn decode(self, bytes: &[u8], values: &mut Vec<f32>) {
        match self {
            Self::F64 => each(bytes, values, |b| f64::from_le_bytes(b) as f32),
            Self::F32 => each(bytes, values, f32::from_le_bytes),
            Self::F16 => each(bytes, values, |b| f16::from_le_bytes(b).to_f32()),
            Self::BF16 => each(bytes, values, |b| bf16::from_le_bytes(b).to_f32()),
            Self::I64 => each(bytes, values, |b| i64::from_le_bytes(b) as f32),
            Self::I32 => each(bytes, values, |b| i32::from_le_bytes(b) as f32),
            Self::I16 => each(bytes, values, |b| f32::from(i16::from_le_bytes(b))),
            Self::I8 => each(bytes, values, |b| f32::from(i8::from_le_bytes(b))),
            Self::U8 => each(bytes, values, |[b]| f32::from(b)),
        }
    }
}

fn each<const N: usize>(bytes: &[u8], values: &mut Vec<f32>, value: impl Fn([u8; N]) -> f32) {
    values.extend(bytes.as_chunks().0.iter().map(|&bytes| value(bytes)));
}
