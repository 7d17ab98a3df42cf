//! The pictures of a TIFF file (TIFF revision 6.0, Adobe 1992, section 2): how many there are, and which is the first.

use std::borrow::Cow;

/// The most directories that are followed, because the links of a broken file can form a cycle.
const MOST: usize = 1000;
/// Bytes of a directory's entry.
const ENTRY: usize = 12;
/// The tag NewSubfileType, which says what kind of picture a directory describes.
const NEW_SUBFILE_TYPE: usize = 254;
/// The position in the header of the offset of the first directory.
const FIRST: usize = 4;

/// Whether the bytes begin like a BigTIFF file, whose offsets have 8 bytes.
pub fn is_big(bytes: &[u8]) -> bool {
    bytes.starts_with(b"II+\0") || bytes.starts_with(b"MM\0+")
}

/// The bytes to hand to a decoder that reads only the first directory, and the number of pictures without reduced-size
/// copies (thumbnails). If the first directory is such a copy, the header is changed to lead to the first real picture.
/// A file that is not classic TIFF is returned as it is, with a count of one.
pub fn pages(bytes: &[u8]) -> (Cow<'_, [u8]>, usize) {
    let little = match bytes.get(..4) {
        Some(b"II*\0") => true,
        Some(b"MM\0*") => false,
        _ => return (bytes.into(), 1),
    };
    let number = |at: usize, size: usize| -> Option<usize> {
        let bytes = bytes.get(at..at.checked_add(size)?)?;
        let add = |all: usize, &byte: &u8| all << 8 | usize::from(byte);
        Some(if little { bytes.iter().rev().fold(0, add) } else { bytes.iter().fold(0, add) })
    };
    let (mut pages, mut first) = (0, None);
    let mut next = number(FIRST, 4);
    for _ in 0..MOST {
        let Some(at) = next.filter(|&at| at > 0) else { break };
        let Some(entries) = number(at, 2) else { break };
        let entry = |index: usize| at + 2 + index * ENTRY;
        let is_copy = |index: usize| {
            number(entry(index), 2) == Some(NEW_SUBFILE_TYPE)
                && number(entry(index) + 8, 4).is_some_and(|kind| kind & 1 == 1)
        };
        if !(0..entries).any(is_copy) {
            pages += 1;
            first.get_or_insert(at);
        }
        next = number(entry(entries), 4);
    }
    let mut file = Cow::from(bytes);
    if let Some(at) = first.filter(|&at| number(FIRST, 4) != Some(at)) {
        let place = if little { (at as u32).to_le_bytes() } else { (at as u32).to_be_bytes() };
        file.to_mut()[FIRST..FIRST + 4].copy_from_slice(&place);
    }
    (file, pages.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes a TIFF file of directories, each given by the kind of its picture and the offset of the next one.
    fn tiff(directories: &[(u32, u32)]) -> Vec<u8> {
        let mut bytes = b"II*\0\x08\0\0\0".to_vec();
        for (kind, next) in directories {
            bytes.extend([1, 0, 254, 0, 4, 0, 1, 0, 0, 0]);
            bytes.extend(kind.to_le_bytes());
            bytes.extend(next.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn pages_are_counted_without_thumbnails_and_circles_end() {
        let count = |bytes: &[u8]| pages(bytes).1;
        assert_eq!(count(b"\x89PNG\r\n\x1A\n"), 1);
        assert_eq!(count(b"II*\0"), 1);
        assert_eq!(count(&tiff(&[(0, 0)])), 1);
        assert_eq!(count(&tiff(&[(0, 26), (0, 44), (1, 0)])), 2, "the last is a thumbnail");
        assert_eq!(count(&tiff(&[(0, 8)])), MOST, "it leads to itself");
        assert_eq!(count(b"MM\0*\0\0\0\x08\0\0\0\0\0\0"), 1);
    }

    #[test]
    fn a_thumbnail_that_comes_first_is_passed_over() {
        let file = tiff(&[(1, 26), (0, 0)]);
        let (led, count) = pages(&file);
        assert_eq!((count, &led[FIRST..8], &led[8..]), (1, &[26, 0, 0, 0][..], &file[8..]));
        let only = tiff(&[(1, 0)]);
        assert_eq!(&*pages(&only).0, only, "where there is nothing else it is the picture");
    }
}
