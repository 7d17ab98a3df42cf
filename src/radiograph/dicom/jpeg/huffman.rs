//! Entropy-coded bits and Huffman codes (T.81 annexes C and F.2.2).

use super::damage::bad;
use crate::error::Result;

/// A canonical Huffman code: the codes of one length are consecutive numbers, and those of the next
/// length continue above them.
#[derive(Debug)]
pub(super) struct Huffman {
    /// For each code length from 1 to 16, where its codes end, and where its symbols begin.
    lengths: [Length; 16],
    symbols: Vec<u8>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Length {
    /// The first code above those of this length, shifted left to 16 bits.
    end: u32,
    /// What to add to a code of this length to get the index of its symbol.
    offset: i32,
}

impl Huffman {
    /// Builds the code from the number of codes of each length and their symbols (T.81 section
    /// C.2).
    pub fn new(counts: &[u8], symbols: &[u8]) -> Result<Self> {
        let mut lengths = [Length::default(); 16];
        let (mut code, mut index) = (0u32, 0i32);
        for (bits, (length, &count)) in (1..).zip(lengths.iter_mut().zip(counts)) {
            code <<= 1;
            length.offset = index - code as i32;
            code += u32::from(count);
            index += i32::from(count);
            length.end = code << (16 - bits);
            if length.end > 1 << 16 {
                return Err(bad("a Huffman table"));
            }
        }
        Ok(Self { lengths, symbols: symbols.to_vec() })
    }

    /// The symbol whose code is at the start of the 16 bits `next`, and the length of that code.
    fn find(&self, next: u32) -> Option<(u8, u32)> {
        let (bits, length) = (1..).zip(&self.lengths).find(|(_, length)| next < length.end)?;
        let index = (next >> (16 - bits)) as i32 + length.offset;
        self.symbols.get(index as usize).map(|&symbol| (symbol, bits))
    }
}

/// Reads the bits of a scan, without the stuffed zero bytes. Bits past the end read as zero; peeking at them is
/// allowed, consuming them is an error.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    held: u32,
    count: u32,
    /// How many of the held bits are past the end.
    missing: u32,
}

impl<'a> Bits<'a> {
    /// Starts at the byte at index `at`.
    pub fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, held: 0, count: 0, missing: 0 }
    }

    /// Index of the first byte that has not been read into the buffer.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Fills the buffer to at least 17 bits.
    fn fill(&mut self) {
        while self.count <= 16 {
            let byte = match (self.bytes.get(self.at), self.bytes.get(self.at + 1)) {
                (Some(0xFF), Some(0)) => {
                    self.at += 2;
                    0xFF
                }
                (Some(&byte), _) if byte != 0xFF => {
                    self.at += 1;
                    byte
                }
                _ => {
                    self.missing += 8;
                    0
                }
            };
            self.held = self.held << 8 | u32::from(byte);
            self.count += 8;
        }
    }

    /// Consumes bits of the buffer.
    fn take(&mut self, count: u32) -> Result<()> {
        self.count -= count;
        if self.count < self.missing { Err(bad("cut off")) } else { Ok(()) }
    }

    /// The next symbol.
    pub fn symbol(&mut self, table: &Huffman) -> Result<u8> {
        self.fill();
        let next = self.held >> (self.count - 16) & 0xFFFF;
        let (symbol, length) = table.find(next).ok_or_else(|| bad("a code that is in no table"))?;
        self.take(length)?;
        Ok(symbol)
    }

    /// Skips bits, at most 16.
    pub fn skip(&mut self, count: u8) -> Result<()> {
        self.unsigned(count).map(|_| ())
    }

    /// A number of `size` bits, at most 16.
    pub fn unsigned(&mut self, size: u8) -> Result<usize> {
        let size = u32::from(size.min(16));
        if size == 0 {
            return Ok(0);
        }
        self.fill();
        self.take(size)?;
        Ok((self.held >> self.count) as usize & ((1 << size) - 1))
    }

    /// A number of `size` bits, at most 16, whose first bit determines its sign (T.81 section F.2.2.1).
    pub fn signed(&mut self, size: u8) -> Result<i32> {
        let size = u32::from(size.min(16));
        if size == 0 {
            return Ok(0);
        }
        self.fill();
        self.take(size)?;
        let value = (self.held >> self.count) as i32 & ((1 << size) - 1);
        Ok(if value >> (size - 1) == 0 { value - (1 << size) + 1 } else { value })
    }

    /// Skips a restart marker.
    pub fn restart(&mut self) -> Result<()> {
        (self.held, self.count, self.missing) = (0, 0, 0);
        match self.bytes.get(self.at..self.at + 2) {
            Some([0xFF, 0xD0..=0xD7]) => self.at += 2,
            _ => return Err(bad("no restart where one is due")),
        }
        Ok(())
    }
}
