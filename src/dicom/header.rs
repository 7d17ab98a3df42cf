//! Reading a data set (PS3.5 section 7) in place: nothing is copied, only the tags of an allow-list
//! are kept, and every length is checked against the bytes there are.
//!
//! dicom-rs decodes the headers of the elements. Its readers of whole data sets are not used: they
//! take in every value, the identifying ones too, and call themselves for each nested sequence, which
//! a hostile file can turn into an overflow of the stack.

use std::borrow::Cow;

use dicom_core::dictionary::stub::StubDataDictionary;
use dicom_core::header::{DataElementHeader, Header as _};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dicom_encoding::decode::explicit_be::ExplicitVRBigEndianDecoder;
use dicom_encoding::decode::explicit_le::ExplicitVRLittleEndianDecoder;
use dicom_encoding::decode::implicit_le::ImplicitVRLittleEndianDecoder;
use dicom_encoding::decode::{self, Decode};

use crate::error::{Error, Result};

/// All that is ever looked at. No tag of a person, a place, a date or a study is here. The last three
/// are free text: they are searched for the word "lateral", and never told.
const KEPT: [Tag; 38] = [
    tags::TRANSFER_SYNTAX_UID,
    tags::MODALITY,
    tags::CODE_MEANING,
    tags::BODY_PART_EXAMINED,
    tags::IMAGER_PIXEL_SPACING,
    tags::VIEW_POSITION,
    tags::IMAGE_LATERALITY,
    tags::SAMPLES_PER_PIXEL,
    tags::PHOTOMETRIC_INTERPRETATION,
    tags::PLANAR_CONFIGURATION,
    tags::NUMBER_OF_FRAMES,
    tags::ROWS,
    tags::COLUMNS,
    tags::PIXEL_SPACING,
    tags::PIXEL_ASPECT_RATIO,
    tags::BITS_ALLOCATED,
    tags::BITS_STORED,
    tags::HIGH_BIT,
    tags::PIXEL_REPRESENTATION,
    tags::PIXEL_PADDING_VALUE,
    tags::PIXEL_PADDING_RANGE_LIMIT,
    tags::WINDOW_CENTER,
    tags::WINDOW_WIDTH,
    tags::RESCALE_INTERCEPT,
    tags::RESCALE_SLOPE,
    tags::VOILUT_FUNCTION,
    tags::MODALITY_LUT_SEQUENCE,
    tags::LUT_DESCRIPTOR,
    tags::LUT_DATA,
    tags::VOILUT_SEQUENCE,
    tags::VIEW_CODE_SEQUENCE,
    tags::PRESENTATION_LUT_SHAPE,
    tags::FLOAT_PIXEL_DATA,
    tags::DOUBLE_FLOAT_PIXEL_DATA,
    tags::PIXEL_DATA,
    tags::SERIES_DESCRIPTION,
    tags::PROTOCOL_NAME,
    tags::ACQUISITION_DEVICE_PROCESSING_DESCRIPTION,
];

const ITEM: Tag = Tag(0xFFFE, 0xE000);
const ITEM_END: Tag = Tag(0xFFFE, 0xE00D);
const SEQUENCE_END: Tag = Tag(0xFFFE, 0xE0DD);

/// How elements are written (PS3.5 annex A).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Encoding {
    ImplicitLittle,
    ExplicitLittle,
    ExplicitBig,
}

impl Encoding {
    /// Of a data set that does not say: from its first element, if that is one of group 8.
    pub fn guess(bytes: &[u8]) -> Option<Self> {
        let &[a, b, c, d, e, f, g, h] = bytes.first_chunk()?;
        let explicit = VR::from_binary([e, f]).is_some();
        match (a, b, c, d) {
            (8, 0, ..) if explicit => Some(Self::ExplicitLittle),
            (0, 8, ..) if explicit => Some(Self::ExplicitBig),
            // Nothing at the start of group 8 is long.
            (8, 0, _, 0) if (f, g, h) == (0, 0, 0) && e % 2 == 0 => Some(Self::ImplicitLittle),
            _ => None,
        }
    }

    /// Two bytes as an unsigned word.
    pub fn word(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::ExplicitBig => u16::from_be_bytes(bytes),
            _ => u16::from_le_bytes(bytes),
        }
    }

    /// A value's bytes in their order. Those packed in words (OW, US) are swapped in pairs in big
    /// endian, and so is the padding that makes them even (PS3.5 section 8.1.2).
    pub fn bytes(self, value: &[u8], vr: VR) -> Cow<'_, [u8]> {
        if self != Self::ExplicitBig || matches!(vr, VR::OB | VR::UN) {
            return Cow::Borrowed(value);
        }
        let mut bytes = value.to_vec();
        bytes.chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
        Cow::Owned(bytes)
    }

    /// The next element's or item's header, and its length in bytes.
    fn header(self, mut bytes: &[u8]) -> decode::Result<(DataElementHeader, usize)> {
        match self {
            // Without a dictionary: what a kept tag means is known where it is used.
            Self::ImplicitLittle => ImplicitVRLittleEndianDecoder::with_dict(StubDataDictionary)
                .decode_header(&mut bytes),
            Self::ExplicitLittle => {
                ExplicitVRLittleEndianDecoder::default().decode_header(&mut bytes)
            }
            Self::ExplicitBig => ExplicitVRBigEndianDecoder::default().decode_header(&mut bytes),
        }
    }
}

/// An element and its value as written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    pub tag: Tag,
    pub vr: VR,
    pub value: &'a [u8],
    /// Whether the length is undefined: a sequence, or encapsulated pixels.
    pub open: bool,
}

/// The kept elements of a data set or of a sequence's item.
#[derive(Debug)]
pub(super) struct Header<'a> {
    encoding: Encoding,
    elements: Vec<Element<'a>>,
}

impl<'a> Header<'a> {
    /// Reads up to and with the pixel data, or to the end of the item or of the bytes.
    pub fn parse(bytes: &'a [u8], encoding: Encoding) -> Result<Self> {
        let mut cursor = Cursor { bytes, at: 0, encoding };
        let mut header = Self { encoding, elements: Vec::new() };
        while let Some(element) = cursor.element()? {
            header.keep(element);
            if element.tag == tags::PIXEL_DATA {
                break;
            }
        }
        Ok(header)
    }

    /// Reads the file meta information (PS3.10 section 7.1): it and the bytes that follow it.
    pub fn parse_meta(bytes: &'a [u8]) -> Result<(Self, &'a [u8])> {
        let encoding = Encoding::ExplicitLittle;
        let mut cursor = Cursor { bytes, at: 0, encoding };
        let mut header = Self { encoding, elements: Vec::new() };
        while cursor.rest().starts_with(&[2, 0]) {
            let Some(element) = cursor.element()? else { break };
            header.keep(element);
        }
        Ok((header, cursor.rest()))
    }

    /// The first of equal tags counts.
    fn keep(&mut self, element: Element<'a>) {
        if KEPT.contains(&element.tag) && self.find(element.tag).is_none() {
            self.elements.push(element);
        }
    }

    /// An element as written, if it was kept.
    pub fn find(&self, tag: Tag) -> Option<&Element<'a>> {
        debug_assert!(KEPT.contains(&tag), "{tag} is never kept");
        self.elements.iter().find(|element| element.tag == tag)
    }

    /// A text without padding; `None` where it is empty.
    pub fn text(&self, tag: Tag) -> Option<String> {
        let text = String::from_utf8_lossy(self.find(tag)?.value);
        let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
        (!text.is_empty()).then(|| text.to_string())
    }

    /// The first code string (CS), made safe to show: 16 characters of its repertoire (PS3.5 section
    /// 6.2).
    pub fn code(&self, tag: Tag) -> Option<String> {
        let text = self.text(tag)?.to_ascii_uppercase();
        let allowed = |c: &char| c.is_ascii_uppercase() || c.is_ascii_digit() || " _".contains(*c);
        let code: String = text.split('\\').next()?.chars().filter(allowed).take(16).collect();
        let code = code.trim();
        (!code.is_empty()).then(|| code.to_string())
    }

    /// Decimal strings (DS) or integer strings (IS); what is no number is NaN.
    pub fn numbers(&self, tag: Tag) -> Vec<f64> {
        let Some(text) = self.text(tag) else { return Vec::new() };
        text.split('\\').map(|number| number.trim().parse().unwrap_or(f64::NAN)).collect()
    }

    /// The first of decimal or integer strings, where it is a finite number.
    pub fn number(&self, tag: Tag) -> Option<f64> {
        self.numbers(tag).first().copied().filter(|number| number.is_finite())
    }

    /// Unsigned words (US), or the bit patterns of signed ones (SS).
    pub fn words(&self, tag: Tag) -> Vec<u16> {
        let words = self.find(tag).map_or(&[][..], |element| element.value).chunks_exact(2);
        words.map(|word| self.encoding.word([word[0], word[1]])).collect()
    }

    /// Single bytes, also where they are packed in words.
    pub fn bytes(&self, tag: Tag) -> Cow<'a, [u8]> {
        let element = self.find(tag);
        element.map_or(Cow::Borrowed(&[]), |element| self.encoding.bytes(element.value, element.vr))
    }

    /// The first word.
    pub fn word(&self, tag: Tag) -> Option<u16> {
        self.words(tag).first().copied()
    }

    /// The first item of a sequence.
    pub fn item(&self, tag: Tag) -> Option<Header<'a>> {
        let element = self.find(tag)?;
        // A sequence under an unknown VR is implicit (PS3.5 section 6.2.2).
        let unknown = element.vr == VR::UN && self.encoding != Encoding::ImplicitLittle;
        let encoding = if unknown { Encoding::ImplicitLittle } else { self.encoding };
        let mut cursor = Cursor { bytes: element.value, at: 0, encoding };
        let item = cursor.next().ok().filter(|item| item.tag() == ITEM)?;
        let rest = cursor.rest();
        let end = item.len.get().map_or(rest.len(), |length| rest.len().min(length as usize));
        Header::parse(&rest[..end], encoding).ok()
    }
}

/// The items of encapsulated pixels (PS3.5 annex A.4): the offset table first, then fragments. A last
/// item that is cut off is given as far as it goes.
pub(super) fn items(bytes: &[u8]) -> Vec<&[u8]> {
    let mut cursor = Cursor { bytes, at: 0, encoding: Encoding::ExplicitLittle };
    let mut items = Vec::new();
    while let Some(item) = cursor.next().ok().filter(|item| item.tag() == ITEM) {
        let rest = cursor.rest();
        let item = rest.get(..item.len.0 as usize).unwrap_or(rest);
        cursor.at += item.len();
        items.push(item);
    }
    items
}

struct Cursor<'a> {
    bytes: &'a [u8],
    /// Never beyond the bytes.
    at: usize,
    encoding: Encoding,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// Takes the header of an element, an item or a delimiter.
    fn next(&mut self) -> Result<DataElementHeader> {
        let (header, length) = self.encoding.header(self.rest()).map_err(|_| cut_off())?;
        self.at += length;
        Ok(header)
    }

    fn skip(&mut self, length: u32) -> Result<&'a [u8]> {
        let skipped = self.rest().get(..length as usize).ok_or_else(cut_off)?;
        self.at += skipped.len();
        Ok(skipped)
    }

    /// The next element; `None` at the end of the item or of the bytes.
    fn element(&mut self) -> Result<Option<Element<'a>>> {
        if self.rest().len() < 8 {
            return Ok(None);
        }
        let DataElementHeader { tag, vr, len } = self.next()?;
        if tag.group() == ITEM.group() {
            return Ok(None);
        }
        let start = self.at;
        let value = match len.get() {
            // Whether all pixels are there is for their decoder to judge.
            length if tag == tags::PIXEL_DATA => {
                let rest = self.rest();
                length.and_then(|length| rest.get(..length as usize)).unwrap_or(rest)
            }
            Some(length) => self.skip(length)?,
            None => {
                self.skip_sequence(vr)?;
                &self.bytes[start..self.at]
            }
        };
        Ok(Some(Element { tag, vr, value, open: len.is_undefined() }))
    }

    /// Goes past a sequence of undefined length and its end (PS3.5 section 7.5), however deep others
    /// nest in it: a level is a number here, not a call.
    fn skip_sequence(&mut self, vr: VR) -> Result<()> {
        let outer = self.encoding;
        let mut level = Level { depth: 1, implicit: (vr == VR::UN).then_some(1) };
        while level.depth > 0 {
            self.encoding = if level.implicit.is_some() { Encoding::ImplicitLittle } else { outer };
            let DataElementHeader { tag, vr, len } = self.next()?;
            match (tag, len.get()) {
                (SEQUENCE_END | ITEM_END, _) => level.leave(),
                (_, Some(length)) => drop(self.skip(length)?),
                (_, None) => level.enter(vr == VR::UN && tag != ITEM),
            }
        }
        self.encoding = outer;
        Ok(())
    }
}

/// Where in nested sequences and items of undefined length a cursor is.
struct Level {
    depth: usize,
    /// The depth at which a sequence under an unknown VR began: inside, all is implicit.
    implicit: Option<usize>,
}

impl Level {
    fn enter(&mut self, unknown: bool) {
        self.depth += 1;
        if unknown && self.implicit.is_none() {
            self.implicit = Some(self.depth);
        }
    }

    fn leave(&mut self) {
        if self.implicit == Some(self.depth) {
            self.implicit = None;
        }
        self.depth -= 1;
    }
}

fn cut_off() -> Error {
    Error::Dicom("it is cut off or damaged".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_identifies_a_person_is_stepped_over() {
        let identifying = [
            tags::SOP_INSTANCE_UID,
            tags::STUDY_DATE,
            tags::ACCESSION_NUMBER,
            tags::INSTITUTION_NAME,
            tags::REFERRING_PHYSICIAN_NAME,
            tags::STATION_NAME,
            tags::STUDY_DESCRIPTION,
            tags::PATIENT_NAME,
            tags::PATIENT_ID,
            tags::PATIENT_BIRTH_DATE,
            tags::PATIENT_SEX,
            tags::PATIENT_AGE,
            tags::PATIENT_COMMENTS,
            tags::STUDY_INSTANCE_UID,
            tags::IMAGE_COMMENTS,
        ];
        let mut bytes = Vec::new();
        for Tag(group, element) in identifying.into_iter().chain([tags::MODALITY]) {
            bytes.extend([group.to_le_bytes(), element.to_le_bytes(), *b"LO", [2, 0]].concat());
            bytes.extend(b"CR");
        }
        let header = Header::parse(&bytes, Encoding::ExplicitLittle).unwrap();
        let kept: Vec<Tag> = header.elements.iter().map(|element| element.tag).collect();
        assert_eq!(kept, [tags::MODALITY]);
    }
}
