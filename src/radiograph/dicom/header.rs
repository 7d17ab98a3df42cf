//! Reading a data set (PS3.5 section 7) in place: nothing is copied, only the tags of an allow-list
//! are kept, and every length is checked against the bytes there are.
//!
//! The readers of dicom-rs are not used, for three reasons. They take in every value, identifying ones included. They
//! recurse into nested sequences, so that a hostile file can overflow the stack. And they do not continue after an
//! element that is not written as the transfer syntax says.

use std::borrow::Cow;

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;

use crate::error::{Error, Reason, Result};

/// All tags that are read, except those of `source.rs`. None of them identifies a person, a place, a date or a study:
/// of a patient there are only the sex, as one of three letters, and the age, as one of four groups. The last three are
/// free text, which is searched for the word "lateral" and never shown.
const KEPT: [Tag; 48] = [
    tags::TRANSFER_SYNTAX_UID,
    tags::DIRECTORY_RECORD_SEQUENCE,
    tags::MODALITY,
    tags::CODE_MEANING,
    tags::PATIENT_SEX,
    tags::PATIENT_AGE,
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
    tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
    tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
    tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
    tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    tags::SEGMENTED_RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
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
    /// The encoding of a data set that does not name it: the first one in which valid elements
    /// follow each other from here. `None` where no data set begins here. The first element must be
    /// of group 28 (hexadecimal) or below, which describe the picture.
    pub fn guess(bytes: &[u8]) -> Option<Self> {
        let all = [Self::ExplicitLittle, Self::ExplicitBig, Self::ImplicitLittle];
        all.into_iter().find(|encoding| {
            let first = encoding.own(bytes);
            first.is_some_and(|first| {
                (1..=0x28).contains(&first.tag.group()) && encoding.leads_on(bytes, first, AHEAD)
            })
        })
    }

    /// The encoding of the content of a sequence, given the bytes at its start. Under an unknown VR it should be
    /// implicit (PS3.5 section 6.2.2), but some devices write explicit VRs there, and others write a whole private
    /// sequence in implicit VR.
    fn inside(self, items: &[u8]) -> Self {
        let [0xFE, 0xFF, 0, 0xE0, _, _, _, _, element @ ..] = items else { return self };
        match Self::ExplicitLittle.own(element) {
            Some(head) if head.is_item() => self,
            Some(_) => Self::ExplicitLittle,
            None => Self::ImplicitLittle,
        }
    }

    /// Two bytes as an unsigned word.
    pub fn word(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::ExplicitBig => u16::from_be_bytes(bytes),
            _ => u16::from_le_bytes(bytes),
        }
    }

    /// The bytes of a value in logical order. In big endian, bytes that are packed in words (OW, US) are swapped in
    /// pairs, together with the byte that pads them to an even number (PS3.5 section 8.1.2).
    pub fn bytes(self, value: &[u8], vr: VR) -> Cow<'_, [u8]> {
        if self != Self::ExplicitBig || matches!(vr, VR::OB | VR::UN) {
            return Cow::Borrowed(value);
        }
        let mut bytes = value.to_vec();
        bytes.chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
        Cow::Owned(bytes)
    }

    fn long(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::ExplicitBig => u32::from_be_bytes(bytes),
            _ => u32::from_le_bytes(bytes),
        }
    }

    /// The element header at the start of the bytes, read in this encoding; `None` where its VR does not exist.
    fn own(self, bytes: &[u8]) -> Option<Head> {
        let [implicit, short, long] = self.heads(bytes);
        if self == Self::ImplicitLittle || implicit?.is_item() {
            return implicit;
        }
        match VR::from_binary([bytes[4], bytes[5]])? {
            VR::OB | VR::OD | VR::OF | VR::OL | VR::OV | VR::OW | VR::SQ => long,
            VR::SV | VR::UC | VR::UN | VR::UR | VR::UT | VR::UV => long,
            _ => short,
        }
    }

    /// All ways to read the element header at the start of the bytes: without a VR, or with a VR (known or not) and a
    /// length of two or of four bytes.
    fn heads(self, bytes: &[u8]) -> [Option<Head>; 3] {
        let &[a, b, c, d, e, f, g, h, ref more @ ..] = bytes else { return [None; 3] };
        let tag = Tag(self.word([a, b]), self.word([c, d]));
        let vr = VR::from_binary([e, f]).unwrap_or(VR::UN);
        let head = |vr, length: u32, size| Head {
            tag,
            vr,
            length: (length != u32::MAX).then_some(length),
            size,
        };
        let implicit = head(VR::UN, self.long([e, f, g, h]), 8);
        if self == Self::ImplicitLittle {
            return [Some(implicit), Self::ExplicitLittle.own(bytes), None];
        }
        let short = head(vr, self.word([g, h]).into(), 8);
        let long = more.first_chunk().map(|&length| head(vr, self.long(length), 12));
        [Some(implicit), Some(short), long]
    }

    /// Whether the value of an element, whose header is at the start of the bytes, is followed by another valid header.
    /// Up to `ahead` further elements are examined.
    fn leads_on(self, bytes: &[u8], head: Head, ahead: u32) -> bool {
        let value = &bytes[head.size..];
        match head.length {
            Some(length) => {
                value.get(length as usize..).is_some_and(|next| self.goes_on(next, head.tag, ahead))
            }
            None => self.own(value).is_some_and(Head::is_item),
        }
    }

    /// Whether an element begins here, judged by its VR or by what follows it. Fewer bytes than a header needs count as
    /// the end of the data.
    fn goes_on(self, bytes: &[u8], before: Tag, ahead: u32) -> bool {
        if bytes.len() < 8 {
            return true;
        }
        let own = self.own(bytes).filter(|head| head.fits(bytes));
        if own.is_some_and(|head| head.is_item() || self != Self::ImplicitLittle) {
            return true;
        }
        let mut next = self.heads(bytes).into_iter().flatten().filter(|head| head.tag > before);
        match ahead {
            0 => self == Self::ImplicitLittle && next.any(|head| head.fits(bytes)),
            _ => next.any(|head| self.leads_on(bytes, head, ahead - 1)),
        }
    }
}

/// How many elements after a doubtful one are examined.
const AHEAD: u32 = 4;
/// How many elements of a data set may be doubtful. The limit bounds the time for looking ahead.
const MAX_DOUBTS: usize = 4096;

/// The header of an element, an item or a delimiter (PS3.5 sections 7.1 and 7.5).
#[derive(Debug, Clone, Copy)]
struct Head {
    tag: Tag,
    /// Value representation; UN where none is written.
    vr: VR,
    /// Length of the value in bytes; `None` where it is undefined.
    length: Option<u32>,
    /// Length of the header itself, in bytes.
    size: usize,
}

impl Head {
    /// Whether this is the header of an item or a delimiter, which have no VR.
    fn is_item(self) -> bool {
        self.tag.group() == ITEM.group()
    }

    /// Whether its value ends within the given bytes, which start with the header. Pixel Data may be
    /// cut off: its decoder judges whether enough is there.
    fn fits(self, bytes: &[u8]) -> bool {
        let most = bytes.len().saturating_sub(self.size);
        self.tag == tags::PIXEL_DATA || self.length.is_none_or(|length| length as usize <= most)
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
    /// The allow-list of tags.
    kept: &'static [Tag],
    elements: Vec<Element<'a>>,
}

impl<'a> Header<'a> {
    /// Reads up to and including the pixel data, or to the end of the item or of the bytes.
    pub fn parse(bytes: &'a [u8], encoding: Encoding) -> Result<Self> {
        Self::parse_only(bytes, encoding, &KEPT)
    }

    /// Like [`parse`](Self::parse), with another allow-list.
    pub fn parse_only(bytes: &'a [u8], encoding: Encoding, kept: &'static [Tag]) -> Result<Self> {
        let mut cursor = Cursor::new(bytes, encoding);
        let mut header = Self { encoding, kept, elements: Vec::new() };
        while let Some(element) = cursor.element()? {
            header.keep(element);
            if element.tag == tags::PIXEL_DATA {
                break;
            }
        }
        Ok(header)
    }

    /// Reads the file meta information (PS3.10 section 7.1), whatever its encoding. Returns it and the bytes that
    /// follow it.
    pub fn parse_meta(bytes: &'a [u8]) -> Result<(Self, &'a [u8])> {
        let encoding = Encoding::guess(bytes).unwrap_or(Encoding::ExplicitLittle);
        let mut cursor = Cursor::new(bytes, encoding);
        let mut header = Self { encoding, kept: &KEPT, elements: Vec::new() };
        while cursor.rest().first_chunk().is_some_and(|&group| encoding.word(group) == 2) {
            let Some(element) = cursor.element()? else { break };
            header.keep(element);
        }
        Ok((header, cursor.rest()))
    }

    /// Keeps an element if it is on the allow-list. Of several elements with the same tag, the first counts.
    fn keep(&mut self, element: Element<'a>) {
        if self.kept.contains(&element.tag) && self.find(element.tag).is_none() {
            self.elements.push(element);
        }
    }

    /// An element as written, if it was kept.
    pub fn find(&self, tag: Tag) -> Option<&Element<'a>> {
        debug_assert!(self.kept.contains(&tag), "{tag} is never kept");
        self.elements.iter().find(|element| element.tag == tag)
    }

    /// A text without padding; `None` where it is empty.
    pub fn text(&self, tag: Tag) -> Option<String> {
        let text = String::from_utf8_lossy(self.find(tag)?.value);
        let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
        (!text.is_empty()).then(|| text.to_string())
    }

    /// The first value of a code string (CS), reduced to what is safe to show: at most 16 characters of the repertoire
    /// of CS (PS3.5 section 6.2).
    pub fn code(&self, tag: Tag) -> Option<String> {
        let text = self.text(tag)?.to_ascii_uppercase();
        let allowed = |c: &char| c.is_ascii_uppercase() || c.is_ascii_digit() || " _".contains(*c);
        let code: String = text.split('\\').next()?.chars().filter(allowed).take(16).collect();
        let code = code.trim();
        (!code.is_empty()).then(|| code.to_string())
    }

    /// The values of a decimal string (DS) or integer string (IS); NaN for each that is not a number.
    pub fn numbers(&self, tag: Tag) -> Vec<f64> {
        let Some(text) = self.text(tag) else { return Vec::new() };
        text.split('\\').map(|number| number.trim().parse().unwrap_or(f64::NAN)).collect()
    }

    /// The first value of a decimal or integer string, if it is a finite number.
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
        let encoding = self.encoding.inside(element.value);
        let mut cursor = Cursor::new(element.value, encoding);
        let item = cursor.next().ok().filter(|item| item.tag == ITEM)?;
        let rest = cursor.rest();
        let end = item.length.map_or(rest.len(), |length| rest.len().min(length as usize));
        Header::parse(&rest[..end], encoding).ok()
    }
}

/// The items of encapsulated pixels (PS3.5 annex A.4): the offset table first, then the fragments. A last item that is
/// cut off is returned as far as it goes.
pub(super) fn items(bytes: &[u8]) -> Vec<&[u8]> {
    let mut cursor = Cursor::new(bytes, Encoding::ExplicitLittle);
    let mut items = Vec::new();
    while let Some(item) = cursor.next().ok().filter(|item| item.tag == ITEM) {
        let rest = cursor.rest();
        let item = item.length.and_then(|length| rest.get(..length as usize)).unwrap_or(rest);
        cursor.at += item.len();
        items.push(item);
    }
    items
}

struct Cursor<'a> {
    bytes: &'a [u8],
    /// Position in `bytes`, never beyond their end.
    at: usize,
    encoding: Encoding,
    /// How many more doubtful headers are allowed.
    doubts: usize,
}

impl<'a> Cursor<'a> {
    fn new(bytes: &'a [u8], encoding: Encoding) -> Self {
        Self { bytes, at: 0, encoding, doubts: MAX_DOUBTS }
    }

    fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// Takes the header of an element, an item or a delimiter. If the encoding's reading of it is
    /// not followed by another valid header, the other ways to read it are tried, and one that is
    /// followed by a valid header is taken: some devices write single elements in implicit VR, or
    /// with a VR that does not exist.
    fn next(&mut self) -> Result<Head> {
        let (rest, encoding) = (self.rest(), self.encoding);
        let own = encoding.own(rest);
        let leads_on = |head: &Head| encoding.leads_on(rest, *head, AHEAD);
        let head = match own {
            Some(head) if head.is_item() || head.tag == tags::PIXEL_DATA || leads_on(&head) => head,
            _ => {
                self.doubts = self.doubts.checked_sub(1).ok_or_else(cut_off)?;
                let heads = || encoding.heads(rest).into_iter().flatten();
                let other = heads().find(leads_on).or(own);
                other.or_else(|| heads().find(|head| head.fits(rest))).ok_or_else(cut_off)?
            }
        };
        self.at += head.size;
        Ok(head)
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
        let head = self.next()?;
        if head.is_item() {
            return Ok(None);
        }
        let Head { tag, vr, length, .. } = head;
        let start = self.at;
        let value = match length {
            // The pixel data may be cut off: the decoder judges whether there is enough of it.
            length if tag == tags::PIXEL_DATA => {
                let rest = self.rest();
                length.and_then(|length| rest.get(..length as usize)).unwrap_or(rest)
            }
            Some(length) => self.skip(length)?,
            None => {
                self.skip_sequence()?;
                &self.bytes[start..self.at]
            }
        };
        Ok(Some(Element { tag, vr, value, open: length.is_none() }))
    }

    /// Skips a sequence of undefined length, including its end (PS3.5 section 7.5). Nested sequences are tracked in a
    /// list, not by recursion, so that no depth of nesting can overflow the stack.
    fn skip_sequence(&mut self) -> Result<()> {
        // For each open level, the encoding outside of it.
        let mut levels = vec![self.encoding];
        self.encoding = self.encoding.inside(self.rest());
        while let Some(&around) = levels.last() {
            let head = self.next()?;
            match head.length {
                _ if matches!(head.tag, SEQUENCE_END | ITEM_END) => {
                    levels.pop();
                    self.encoding = around;
                }
                Some(length) => drop(self.skip(length)?),
                None => {
                    levels.push(self.encoding);
                    if head.tag != ITEM {
                        self.encoding = self.encoding.inside(self.rest());
                    }
                }
            }
        }
        Ok(())
    }
}

fn cut_off() -> Error {
    Error::Dicom(Reason::CutOff)
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
            tags::PATIENT_SIZE,
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
