//! How many pictures a TIFF file holds (TIFF revision 6.0, Adobe 1992, section 2).

/// The most directories that are followed: a file can lead in a circle.
const MOST: usize = 1000;
/// Bytes of a directory's entry.
const ENTRY: usize = 12;
/// The tag that tells what kind of picture a directory is of.
const NEW_SUBFILE_TYPE: usize = 254;

/// The number of pictures, without smaller copies of others; 1 of what is no TIFF file of classic form.
pub fn pages(bytes: &[u8]) -> usize {
    let little = match bytes.get(..4) {
        Some(b"II*\0") => true,
        Some(b"MM\0*") => false,
        _ => return 1,
    };
    let number = |at: usize, size: usize| -> Option<usize> {
        let bytes = bytes.get(at..at.checked_add(size)?)?;
        let add = |all: usize, &byte: &u8| all << 8 | usize::from(byte);
        Some(if little { bytes.iter().rev().fold(0, add) } else { bytes.iter().fold(0, add) })
    };
    let mut pages = 0;
    let mut next = number(4, 4);
    for _ in 0..MOST {
        let Some(at) = next.filter(|&at| at > 0) else { break };
        let Some(entries) = number(at, 2) else { break };
        let entry = |index: usize| at + 2 + index * ENTRY;
        let is_copy = |index: usize| {
            number(entry(index), 2) == Some(NEW_SUBFILE_TYPE)
                && number(entry(index) + 8, 4).is_some_and(|kind| kind & 1 == 1)
        };
        pages += usize::from(!(0..entries).any(is_copy));
        next = number(entry(entries), 4);
    }
    pages.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Directories, each with the kind of its picture and where the next one lies.
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
        assert_eq!(pages(b"\x89PNG\r\n\x1A\n"), 1);
        assert_eq!(pages(b"II*\0"), 1);
        assert_eq!(pages(&tiff(&[(0, 0)])), 1);
        assert_eq!(pages(&tiff(&[(0, 26), (0, 44), (1, 0)])), 2, "the last is a thumbnail");
        assert_eq!(pages(&tiff(&[(0, 8)])), MOST, "it leads to itself");
        assert_eq!(pages(b"MM\0*\0\0\0\x08\0\0\0\0\0\0"), 1);
    }
}
