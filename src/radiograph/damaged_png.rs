//! Recovers what is left of a truncated or damaged PNG file (W3C PNG, third edition).

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Makes a valid PNG of a damaged one: rows that cannot be read become black. Returns it with the
/// share of rows that could be read. `None` where the file is no PNG, or is interlaced, so that its
/// rows do not come from top to bottom.
pub(crate) fn rest_of(bytes: &[u8]) -> Option<(Vec<u8>, f64)> {
    let mut rest = bytes.strip_prefix(SIGNATURE)?;
    let mut sound = SIGNATURE.to_vec();
    let (mut header, mut packed) = (None, Vec::new());
    while let Some((chunk, after)) = Chunk::split(rest) {
        match &chunk.name {
            b"IDAT" => packed.extend(chunk.data),
            b"IHDR" => header = Header::parse(chunk.data),
            b"IEND" => break,
            _ => {}
        }
        if chunk.name != *b"IDAT" && packed.is_empty() {
            chunk.write(&mut sound);
        }
        rest = after;
    }
    let Header { row, rows } = header?;
    let mut unpacked = Vec::new();
    // What was unpacked before an error is kept.
    let _ = ZlibDecoder::new(&packed[..]).take(row.checked_mul(rows)?).read_to_end(&mut unpacked);
    let whole = unpacked.len() as u64 / row;
    unpacked.truncate((whole * row) as usize);
    unpacked.resize((row * rows) as usize, 0);
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&unpacked).ok()?;
    Chunk { name: *b"IDAT", data: &packed.finish().ok()? }.write(&mut sound);
    Chunk { name: *b"IEND", data: &[] }.write(&mut sound);
    Some((sound, whole as f64 / rows as f64))
}

/// The number of bytes of an unpacked row, and the number of rows.
struct Header {
    row: u64,
    rows: u64,
}

impl Header {
    fn parse(data: &[u8]) -> Option<Self> {
        let [w0, w1, w2, w3, h0, h1, h2, h3, depth, colour, _, _, interlaced] =
            *data.first_chunk()?;
        let channels = match colour {
            0 | 3 => 1,
            4 => 2,
            2 => 3,
            6 => 4,
            _ => return None,
        };
        let width = u64::from(u32::from_be_bytes([w0, w1, w2, w3]));
        let rows = u64::from(u32::from_be_bytes([h0, h1, h2, h3]));
        let row = 1 + (width * channels * u64::from(depth)).div_ceil(8);
        // The size was checked against the limits when the decoder read the header.
        (interlaced == 0 && rows > 0).then_some(Self { row, rows })
    }
}

struct Chunk<'a> {
    name: [u8; 4],
    data: &'a [u8],
}

impl<'a> Chunk<'a> {
    /// Splits off the next chunk, and returns it with the bytes after it. A last chunk that is cut off is returned as
    /// far as it goes. `None` at the end, and where a checksum is wrong.
    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&[l0, l1, l2, l3, n0, n1, n2, n3], after) = bytes.split_first_chunk()?;
        let length = u32::from_be_bytes([l0, l1, l2, l3]) as usize;
        let name = [n0, n1, n2, n3];
        let Some((data, after)) = after.split_at_checked(length) else {
            return Some((Self { name, data: after }, &[]));
        };
        let chunk = Self { name, data };
        match after.split_first_chunk() {
            Some((sum, after)) => {
                (u32::from_be_bytes(*sum) == chunk.sum()).then_some((chunk, after))
            }
            None => Some((chunk, &[])),
        }
    }

    /// CRC-32 of name and data.
    fn sum(&self) -> u32 {
        let mut crc = flate2::Crc::new();
        crc.update(&self.name);
        crc.update(self.data);
        crc.sum()
    }

    fn write(&self, to: &mut Vec<u8>) {
        to.extend((self.data.len() as u32).to_be_bytes());
        to.extend(self.name);
        to.extend(self.data);
        to.extend(self.sum().to_be_bytes());
    }
}
