//! DICOM files as the standard has them, and as it should not: each is written here, with the pixels
//! that a viewer shows for it.

mod file;
mod jpeg;

use std::time::{Duration, Instant};

use carzero::error::Reason;
use carzero::radiograph::dicom::{
    Fact, Shown, Source, Spacing, Values, ViewPosition, Window, is_dicom,
};
use carzero::radiograph::note::Note;
use carzero::{Error, Picture};
use file::*;
use image::{DynamicImage, GrayImage, ImageFormat, Luma, Rgb, RgbImage};
use serde_json::json;

/// What a case does to a file.
type Edit = fn(&mut File) -> &mut File;

/// The rules from stored value to grey: stored values, an edit of a 16-bit MONOCHROME2 file, and the
/// pixels then shown.
#[rustfmt::skip]
const GREYS: [(&str, &[u16], Edit, &[u8]); 51] = [
    // PS3.3 C.11.2.1.2.1: ((x - (c - 0.5)) / (w - 1) + 0.5) * 255
    ("window", &[0, 2048, 4095], |f| f.window("2048", "4096"), &[0, 128, 255]),
    ("narrow window", &[99, 100, 101], |f| f.window("100", "2"), &[0, 255, 255]),
    ("width one", &[99, 100, 101], |f| f.window("100", "1"), &[0, 255, 255]),
    ("first of two windows", &[0, 1024, 2047], |f| f.window("1024\\9", "2048\\1"), &[0, 128, 255]),
    ("LINEAR_EXACT", &[0, 50, 100], |f| f.window("50", "200").text(0x0028_1056, "CS", "LINEAR_EXACT"), &[64, 128, 191]),
    // 255 / (1 + e), 255 / 2, 255 / (1 + 1/e)
    ("SIGMOID", &[75, 100, 125], |f| f.window("100", "100").text(0x0028_1056, "CS", "SIGMOID"), &[69, 128, 186]),
    ("MONOCHROME1", &[0, 51, 255], |f| f.photometric("MONOCHROME1").window("128", "256"), &[255, 204, 0]),
    ("INVERSE", &[0, 51, 255], |f| f.text(0x2050_0020, "CS", "INVERSE").window("128", "256"), &[255, 204, 0]),
    ("IDENTITY", &[0, 51, 255], |f| f.text(0x2050_0020, "CS", "IDENTITY").window("128", "256"), &[0, 51, 255]),
    ("inverted once", &[0, 51, 255], |f| f.photometric("MONOCHROME1").text(0x2050_0020, "CS", "INVERSE").window("128", "256"), &[255, 204, 0]),
    ("inverted after the window", &[0, 90, 255], |f| f.photometric("MONOCHROME1").window("100.5", "52"), &[255, 177, 0]),

    ("no window", &[100, 150, 200], |f| f, &[0, 128, 255]),
    ("no window, one value", &[7, 7, 7], |f| f, &[128, 128, 128]),
    ("width zero", &[100, 150, 200], |f| f.window("150", "0"), &[0, 128, 255]),
    ("width below zero", &[100, 150, 200], |f| f.window("150", "-10"), &[0, 128, 255]),
    ("NaN", &[100, 150, 200], |f| f.window("nan", "NaN"), &[0, 128, 255]),
    ("infinite", &[100, 150, 200], |f| f.window("inf", "1e999"), &[0, 128, 255]),
    ("no numbers", &[100, 150, 200], |f| f.window("a", "b"), &[0, 128, 255]),
    ("centre without width", &[100, 150, 200], |f| f.text(0x0028_1050, "DS", "3"), &[0, 128, 255]),
    ("window elsewhere", &[100, 150, 200], |f| f.window("9000", "10"), &[0, 128, 255]),

    ("rescale", &[0, 512, 1023], |f| f.rescale("2", "-1000").window("23", "2047"), &[0, 128, 255]),
    ("negative slope", &[0, 51, 255], |f| f.rescale("-1", "0"), &[255, 204, 0]),
    ("slope zero", &[0, 51, 255], |f| f.rescale("0", "5"), &[0, 51, 255]),
    ("modality LUT", &[10, 11, 12], |f| f.modality_lut([3, 10, 16], &[500, 0, 1000]), &[128, 0, 255]),
    ("modality LUT before rescale", &[0, 1, 2], |f| f.modality_lut([3, 0, 16], &[0, 9, 4]).rescale("-1", "0"), &[0, 255, 113]),
    ("values beyond a modality LUT", &[0, 10, 99], |f| f.modality_lut([2, 10, 16], &[1, 5]), &[0, 0, 255]),

    ("VOI LUT before window", &[9, 10, 11, 12], |f| f.voi_lut([3, 10, 8], &[0, 51, 255]).window("1", "1"), &[0, 0, 51, 255]),
    ("VOI LUT of 12 bits", &[0, 1, 2], |f| f.voi_lut([3, 0, 12], &[0, 2048, 4095]), &[0, 128, 255]),
    ("VOI LUT with more bits than said", &[0, 1, 2], |f| f.voi_lut([3, 0, 8], &[0, 2048, 4095]), &[0, 128, 255]),
    ("VOI LUT, inverted after it", &[0, 1, 2], |f| f.voi_lut([3, 0, 8], &[0, 51, 255]).photometric("MONOCHROME1"), &[255, 204, 0]),
    ("constant VOI LUT", &[0, 1, 2], |f| f.voi_lut([3, 0, 8], &[255, 255, 255]), &[0, 128, 255]),
    ("short VOI LUT, then window", &[0, 1, 3], |f| f.voi_lut([5, 0, 16], &[9, 10]).window("2", "4"), &[0, 85, 255]),
    ("empty VOI LUT", &[0, 1, 2], |f| f.voi_lut([3, 0, 8], &[]), &[0, 128, 255]),
    ("VOI LUT of other values", &[0, 1, 2], |f| f.voi_lut([2, 90, 8], &[0, 255]), &[0, 128, 255]),
    ("VOI LUT of 99 bits", &[0, 1, 2], |f| f.voi_lut([3, 0, 99], &[0, 9, 255]), &[0, 128, 255]),

    // Agfa CR says 16 bits, the room of a stored entry, for entries that end at 12.
    ("VOI LUT with fewer bits than said", &[0, 1, 2], |f| f.voi_lut([3, 0, 16], &[0, 2048, 4095]), &[0, 128, 255]),
    ("fewer bits than said, inverted", &[0, 1, 2], |f| f.voi_lut([3, 0, 16], &[0, 2048, 4095]).photometric("MONOCHROME1"), &[255, 127, 0]),
    ("fewer bits than said, of a part of the range", &[5, 10, 11, 12, 99], |f| f.voi_lut([3, 10, 16], &[0, 100, 1000]), &[0, 0, 25, 249, 249]),
    ("VOI LUT of bytes under 16 bits", &[0, 1, 2], |f| f.packed_lut(0x0028_3010, [3, 0, 16], &[0, 51, 255]), &[0, 51, 255]),
    ("VOI LUT of bytes", &[7, 8, 9, 10, 11], |f| f.packed_lut(0x0028_3010, [5, 7, 8], &[0, 51, 102, 204, 255]), &[0, 51, 102, 204, 255]),
    ("modality LUT of bytes", &[7, 8, 9], |f| f.packed_lut(0x0028_3000, [3, 7, 8], &[255, 0, 51]).window("128", "256"), &[255, 0, 51]),

    // PS3.3 C.11.2.1.1: the sign of the first value is that of the values that come in.
    ("first value of signed samples", &[65535, 0, 1], |f| f.signed().voi_lut([3, 65535, 8], &[0, 51, 255]), &[0, 51, 255]),
    ("first value of unsigned samples", &[40000, 40001, 40002], |f| f.voi_lut([3, 40000, 8], &[0, 51, 255]), &[0, 51, 255]),
    ("first value below zero after rescale", &[0, 1, 2], |f| f.rescale("1", "-1").voi_lut([3, 65535, 8], &[0, 51, 255]), &[0, 51, 255]),
    ("first value above zero after rescale", &[65535, 0, 1], |f| f.signed().rescale("1", "40000").bits(16, 12).voi_lut([3, 39999, 8], &[0, 51, 255]), &[0, 51, 255]),
    ("first value after a modality LUT", &[65535, 0, 1], |f| f.signed().modality_lut([3, 65535, 16], &[40000, 40001, 40002]).voi_lut([3, 40000, 8], &[0, 51, 255]), &[0, 51, 255]),

    ("padding", &[9999, 100, 200], |f| f.us(0x0028_0120, &[9999]), &[0, 0, 255]),
    ("padding is black inverted too", &[9999, 100, 200], |f| f.us(0x0028_0120, &[9999]).photometric("MONOCHROME1"), &[0, 255, 0]),
    ("padding range", &[60000, 65535, 100, 200], |f| f.us(0x0028_0120, &[65535]).us(0x0028_0121, &[60000]), &[0, 0, 0, 255]),
    ("signed", &[65436, 0, 100], |f| f.signed(), &[0, 128, 255]),
    ("12 of 16 bits, signed, others above", &[0xA800, 0x5000, 0xF7FF], |f| f.signed().bits(16, 12), &[0, 128, 255]),
];

#[test]
fn stored_values_become_grey() {
    for (name, samples, edit, expected) in GREYS {
        let mut file = File::grey(1, samples.len() as u16, samples);
        edit(&mut file);
        for uid in [EXPLICIT, IMPLICIT, BIG, DEFLATED] {
            file.uid = uid;
            for vr in ["US", "SS"] {
                file.descriptors_as(vr);
                assert_eq!(file.pixels(), expected, "{name}, {uid}, {vr}");
            }
        }
    }
}

#[test]
fn bits_lie_where_the_high_bit_says() {
    let mut file = File::grey(1, 3, &[0x0007, 0x8000, 0xFFF0]);
    file.us(0x0028_0101, &[12]).us(0x0028_0102, &[15]).window("2048", "4096");
    assert_eq!(file.pixels(), [0, 128, 255]);
    let mut signed = File::bytes(1, 3, "MONOCHROME2", &[0x80, 0, 0x7F]);
    signed.signed().window("0", "256");
    assert_eq!(signed.pixels(), [0, 128, 255]);
}

/// PS3.5 section 8.1.2: in big endian words two bytes are swapped, also a last one and its padding.
#[test]
fn bytes_packed_in_words_are_in_their_order() {
    for samples in [&[0, 51, 255, 102][..], &[255, 0, 51]] {
        let mut file = File::bytes(1, samples.len() as u16, "MONOCHROME2", &[]);
        file.window("128", "256").packed(samples);
        for uid in [EXPLICIT, IMPLICIT, BIG, DEFLATED] {
            file.uid = uid;
            assert_eq!(file.pixels(), samples, "{uid}");
        }
    }
}

#[test]
fn few_outliers_do_not_stretch_the_window_made_from_values() {
    let mut samples: Vec<u16> = (0..1000).map(|i| 1000 + i % 100).collect();
    (samples[7], samples[8]) = (0, 65535);
    let grey = File::grey(10, 100, &samples).pixels();
    assert_eq!((grey[7], grey[8]), (0, 255));
    assert!(grey[99] > 250 && grey[100] < 5, "{} {}", grey[99], grey[100]);
}

#[test]
fn notes_say_what_grey_was_made_with() {
    let notes = |file: &File| file.picture().notes().to_vec();
    let window = Note::Window { center: 1.0, width: 3.0 };
    let from_values = Note::WindowFromValues { low: 0.0, high: 2.0 };
    let mut file = File::grey(1, 3, &[0, 1, 2]);
    assert_eq!(notes(&file), [from_values.clone(), Note::NoWindow]);
    assert_eq!(notes(file.clone().window("1", "0")), [from_values.clone(), Note::BrokenWindow]);
    assert_eq!(notes(file.window("1", "3")), std::slice::from_ref(&window));
    assert_eq!(notes(file.voi_lut([3, 0, 8], &[0, 9, 255])), [Note::VoiLut]);
    assert_eq!(notes(file.voi_lut([3, 0, 8], &[])), [window, Note::BrokenVoiLut]);
    let broken = [from_values, Note::BrokenVoiLut, Note::BrokenWindow];
    assert_eq!(notes(file.window("1", "0")), broken);
    let json = serde_json::to_value(&broken[..2]).unwrap();
    let expected = json!([
        { "code": "window-from-values", "low": 0.0, "high": 2.0 },
        { "code": "broken-voi-lut" },
    ]);
    assert_eq!(json, expected);
}

/// What the page's viewer makes of a value.
fn viewed(value: f64, Window { center, width }: Window) -> u8 {
    (255.0 * ((value - (center - 0.5)) / (width - 1.0) + 0.5).clamp(0.0, 1.0)).round() as u8
}

#[test]
fn a_viewer_opens_with_what_the_model_sees() {
    for (name, samples, edit, expected) in GREYS {
        let mut file = File::grey(1, samples.len() as u16, samples);
        let shown = edit(&mut file).picture().shown().unwrap();
        let values: Vec<f64> = match shown.values {
            Values::Unsigned(values) => values.into_iter().map(f64::from).collect(),
            Values::Signed(values) => values.into_iter().map(f64::from).collect(),
        };
        let greys: Vec<u8> = values.iter().map(|&value| viewed(value, shown.window)).collect();
        let near = greys.iter().zip(expected).all(|(a, b)| a.abs_diff(*b) <= 1);
        assert!(near, "{name}: {values:?} {:?} {greys:?} {expected:?}", shown.window);
    }
}

#[test]
fn a_viewer_gets_values_as_they_are_where_it_can() {
    let shown = |file: &File| file.picture().shown().unwrap();
    let mut file = File::grey(1, 3, &[0, 1000, 4095]);
    file.bits(16, 12).window("2048", "4096");
    let window = Window { center: 2048.0, width: 4096.0 };
    assert_eq!(shown(&file), Shown { values: Values::Unsigned(vec![0, 1000, 4095]), window });
    file.photometric("MONOCHROME1");
    assert_eq!(shown(&file), Shown { values: Values::Unsigned(vec![4095, 3095, 0]), window });
    file.photometric("MONOCHROME2").rescale("1", "-1024");
    assert_eq!(shown(&file).values, Values::Signed(vec![-1024, -24, 3071]));
    assert_eq!(File::bytes(1, 1, "RGB", &[9, 9, 9]).picture().shown(), None);
}

#[test]
fn files_are_recognised_without_extension_preamble_or_truth() {
    for uid in [EXPLICIT, IMPLICIT, BIG] {
        let mut file = File::grey(2, 2, &[0, 0x100, 0x200, 0x3FF]);
        file.uid = uid;
        file.window("512", "1024").text(0x0008_0060, "CS", "CR");
        let expected = [0, 64, 128, 255];
        let length = b"\x02\0\0\0UL\x04\0\x1A\0\0\0";
        for (what, bytes) in [
            ("whole", file.file()),
            ("bare data set", file.body()),
            ("prefix without preamble", file.file()[128..].to_vec()),
            ("preamble without prefix", [&[0; 128], &length[..], &file.file()[132..]].concat()),
            ("without preamble", [length, &file.file()[132..]].concat()),
            ("under a syntax that it has not", [start(EXPLICIT), file.body()].concat()),
        ] {
            assert!(is_dicom(&bytes), "{what}, {uid}");
            assert_eq!(
                Picture::decode(&bytes).unwrap().grey().as_raw(),
                &expected,
                "{what}, {uid}"
            );
        }
    }
    for uid in [EXPLICIT, IMPLICIT] {
        let mut file = File::grey(2, 2, &[0, 0x100, 0x200, 0x3FF]);
        file.uid = uid;
        file.window("512", "1024");
        let mut name = uid.as_bytes().to_vec();
        name.resize(name.len().next_multiple_of(2), 0);
        // PS3.10 section 7.1 wants meta information explicit.
        let implicit = [b"\x02\0\x10\0", &(name.len() as u32).to_le_bytes()[..], &name].concat();
        let version = b"\x02\0\x01\0\x02\0\0\0\0\x01";
        let first = |tag: u32| file.clone().text(tag, "LO", "ACME").body();
        for (what, bytes) in [
            ("implicit meta information", [&version[..], &implicit, &file.body()].concat()),
            ("with preamble", [&[0; 128], &b"DICM"[..], version, &implicit, &file.body()].concat()),
            ("in the data set", file.clone().raw(0x0002_0010, "UI", uid.as_bytes()).body()),
            ("from group 9", first(0x0009_0010)),
            ("from group 10", first(0x0010_0010)),
            ("from group 18", first(0x0018_1030)),
            ("from group 28", file.body()),
        ] {
            assert!(is_dicom(&bytes), "{what}, {uid}");
            let picture = Picture::decode(&bytes).unwrap();
            assert_eq!(picture.grey().as_raw(), &[0, 64, 128, 255], "{what}, {uid}");
        }
    }
    // The transfer syntax after the elements of group 8.
    let data = jpeg::lossless(8, 1, 3, &[0, 51, 255], 1);
    let mut late = File::bytes(1, 3, "MONOCHROME2", &[]);
    late.fragments(LOSSLESS, &[&data]).text(0x0008_0060, "CS", "CR").window("128", "256");
    let uid = [b"\x02\0\x10\0UI\x16\0", LOSSLESS.as_bytes()].concat();
    late.verbatim(0x0008_0061, &uid);
    assert_eq!(Picture::decode(&late.body()).unwrap().grey().as_raw(), &[0, 51, 255]);
    let others =
        ["\u{89}PNG\r\n\u{1a}\n0000", "\u{ff}\u{d8}\u{ff} JFIF", "RIFF....WEBP", "", "\u{8}"];
    for other in others {
        assert!(!is_dicom(other.as_bytes()), "{other:?}");
    }
}

/// Elements as devices write them and the standard does not, each in the place of a private one.
#[rustfmt::skip]
const ODD_ELEMENTS: [(&str, &[u8]); 16] = [
    ("implicit VR", b"\x09\0\x01\x10\x06\0\0\0abcdef"),
    ("implicit VR, empty", b"\x09\0\x01\x10\0\0\0\0"),
    ("two of implicit VR", b"\x09\0\x01\x10\x06\0\0\0abcdef\x09\0\x02\x10\x02\0\0\0ab"),
    ("VR ??", b"\x09\0\x01\x10??\x06\0abcdef"),
    ("VR --", b"\x09\0\x01\x10--\x06\0abcdef"),
    ("VR of blanks", b"\x09\0\x01\x10  \x06\0abcdef"),
    ("VR of zeros", b"\x09\0\x01\x10\0\0\x06\0abcdef"),
    ("VR ?? of four bytes", b"\x09\0\x01\x10??\0\0\x06\0\0\0abcdef"),
    ("two of VR ??", b"\x09\0\x01\x10??\x06\0abcdef\x09\0\x02\x10??\x02\0ab"),
    ("a VR of the future", b"\x09\0\x01\x10ZZ\0\0\x06\0\0\0abcdef"),
    ("a VR of the future, short", b"\x09\0\x01\x10ZZ\x06\0abcdef"),
    ("OB, short", b"\x09\0\x01\x10OB\x06\0abcdef"),
    ("implicit sequence", b"\x09\0\x01\x10\xFF\xFF\xFF\xFF\xFE\xFF\0\xE0\xFF\xFF\xFF\xFF\x09\0\x02\x10\x02\0\0\0ab\xFE\xFF\x0D\xE0\0\0\0\0\xFE\xFF\xDD\xE0\0\0\0\0"),
    ("implicit sequence with lengths", b"\x09\0\x01\x10\x12\0\0\0\xFE\xFF\0\xE0\x0A\0\0\0\x09\0\x02\x10\x02\0\0\0ab"),
    ("UN, implicit inside", b"\x09\0\x01\x10UN\0\0\xFF\xFF\xFF\xFF\xFE\xFF\0\xE0\xFF\xFF\xFF\xFF\x09\0\x02\x10\x02\0\0\0ab\xFE\xFF\x0D\xE0\0\0\0\0\xFE\xFF\xDD\xE0\0\0\0\0"),
    ("UN, explicit inside", b"\x09\0\x01\x10UN\0\0\xFF\xFF\xFF\xFF\xFE\xFF\0\xE0\xFF\xFF\xFF\xFF\x09\0\x02\x10LO\x02\0ab\xFE\xFF\x0D\xE0\0\0\0\0\xFE\xFF\xDD\xE0\0\0\0\0"),
];

/// dcmdump 3.6.7 and pydicom 3.0.2 go on after such elements too.
#[test]
fn an_odd_element_hides_nothing_before_or_after_it() {
    let check = |what: &str, file: &File| {
        let picture = Picture::decode(&file.file()).map_err(|error| format!("{what}: {error}"));
        let picture = picture.unwrap();
        assert_eq!(picture.grey().as_raw(), &[0, 255], "{what}");
        assert_eq!(picture.about().unwrap().modality.as_deref(), Some("DX"), "{what}");
        assert_eq!(picture.about().unwrap().body_part.as_deref(), Some("CHEST"), "{what}");
    };
    for (what, bytes) in ODD_ELEMENTS {
        check(what, chest().verbatim(0x0009_1001, bytes));
        // Also in a sequence of undefined length.
        let open = b"\x08\0\x40\x11SQ\0\0\xFF\xFF\xFF\xFF\xFE\xFF\0\xE0\xFF\xFF\xFF\xFF";
        let close = b"\xFE\xFF\x0D\xE0\0\0\0\0\xFE\xFF\xDD\xE0\0\0\0\0";
        let nested = [&open[..], b"\x09\0\x10\0LO\x04\0ACME", bytes, close].concat();
        check(&format!("{what}, nested"), chest().verbatim(0x0008_1140, &nested));
    }
    let many: Vec<u8> =
        (1..=200u8).flat_map(|element| [9, 0, element, 0x10, 2, 0, 0, 0, b'a', b'b']).collect();
    check("200 of implicit VR", chest().verbatim(0x0009_1001, &many));
    check("rows in implicit VR", chest().verbatim(0x0028_0010, b"\x28\0\x10\0\x02\0\0\0\x01\0"));
    check("rows of VR ??", chest().verbatim(0x0028_0010, b"\x28\0\x10\0??\x02\0\x01\0"));
    let mut implicit = chest();
    implicit.uid = IMPLICIT;
    check("explicit in implicit", implicit.verbatim(0x0009_1001, b"\x09\0\x01\x10LO\x06\0abcdef"));

    let cut = chest().verbatim(0x0009_1001, b"\x09\0\x01\x10OB\0\0\0\0\0\x10abcdef").error();
    assert!(cut.to_string().contains("cut off"), "{cut}");
}

/// PS3.3 C.7.9.
#[test]
fn palette_colours_are_looked_up() {
    let tables = [0x0028_1101, 0x0028_1102, 0x0028_1103];
    // Red, green, blue and white from sample 2 on; BT.601 luma 76, 150, 29 and 255.
    let colours: [[u16; 4]; 3] = [[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255]];
    let mut file = File::bytes(2, 3, "MONOCHROME2", &[0, 2, 3, 4, 5, 99]);
    file.photometric("PALETTE COLOR");
    let expected = [76, 76, 150, 29, 255, 255];
    assert!(file.error().to_string().contains("palette of colours is missing"));
    for uid in [EXPLICIT, IMPLICIT, BIG] {
        file.uid = uid;
        for (bits, factor) in [(16, 257), (16, 256), (8, 1), (16, 1), (8, 257)] {
            for (tag, table) in tables.into_iter().zip(colours) {
                file.us(tag, &[4, 2, bits]).us(tag + 0x100, &table.map(|entry| entry * factor));
            }
            assert_eq!(file.pixels(), expected, "{uid}: {bits} bits, times {factor}");
        }
        for (tag, table) in tables.into_iter().zip(colours) {
            file.us(tag, &[4, 2, 8]).packed_at(tag + 0x100, &table.map(|entry| entry as u8));
        }
        assert_eq!(file.pixels(), expected, "{uid}: bytes");
    }
    let mut segmented = File::bytes(1, 1, "MONOCHROME2", &[0]);
    segmented.photometric("PALETTE COLOR").us(0x0028_1221, &[0, 1, 0]);
    assert!(segmented.error().to_string().contains("segmented"));
}

#[test]
fn colours_become_luma() {
    // Red, green, blue and white; BT.601 luma 76, 150, 29, 255.
    let rgb = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255];
    let planes = [255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255];
    assert_eq!(File::bytes(2, 2, "RGB", &rgb).pixels(), [76, 150, 29, 255]);
    let mut planar = File::bytes(2, 2, "RGB", &planes);
    assert_eq!(planar.us(0x0028_0006, &[1]).pixels(), [76, 150, 29, 255]);
    let full = File::bytes(1, 2, "YBR_FULL", &[10, 1, 2, 200, 3, 4]);
    assert_eq!(full.pixels(), [10, 200]);
    let shared = File::bytes(1, 3, "YBR_FULL_422", &[10, 20, 0, 0, 30, 0, 0, 0]);
    assert_eq!(shared.pixels(), [10, 20, 30]);
    let unshared = File::bytes(1, 2, "YBR_FULL_422", &[10, 1, 2, 200, 3, 4]);
    assert_eq!(unshared.pixels(), [10, 200], "by the number of bytes");
}

#[test]
fn rle() {
    // High bytes: a run of 4 zeros. Low bytes: nothing, 2 literals, a run of 2.
    let mut data = [2u32, 64, 66].map(u32::to_le_bytes).concat();
    data.resize(64, 0);
    data.extend([253, 1, 128, 1, 0, 51, 255, 255]);
    let mut file = File::grey(2, 2, &[]);
    file.fragments(RLE, &[&data]).window("384", "256");
    assert_eq!(file.pixels(), [0, 51, 255, 255]);
    assert!(file.fragments(RLE, &[&data[..70]]).error().to_string().contains("cut off"));
}

#[test]
fn jpeg_lossless_of_every_predictor_and_depth() {
    for (bits, samples) in [
        (8, [0, 51, 255, 0, 17, 200]),
        (12, [0, 51, 255, 4095, 17, 2000]),
        (16, [65535, 32767, 255, 4095, 17, 2000]),
    ] {
        let mut plain = File::grey(2, 3, &samples);
        plain.bits(16, u16::from(bits));
        let expected = plain.pixels();
        for predictor in 1..=7 {
            let data = jpeg::lossless(bits, 2, 3, &samples, predictor);
            let mut file = plain.clone();
            assert_eq!(
                file.fragments(LOSSLESS, &[&data]).pixels(),
                expected,
                "{bits}, {predictor}"
            );
            let (a, b) = data.split_at(90);
            assert_eq!(file.fragments(LOSSLESS, &[a, b]).pixels(), expected, "in two fragments");
            let cut = &data[..data.len() - 12];
            assert_eq!(file.fragments(LOSSLESS, &[cut]).error().code(), "bad-dicom");
        }
    }
}

#[test]
fn jpeg_extended_of_8_and_12_bits() {
    for (bits, grey, shown) in [(12u8, [1000, 3000], [62, 187]), (8, [62, 187], [62, 187])] {
        let data = jpeg::sequential(bits, &grey);
        let mut file = File::grey(8, 16, &[]);
        let (centre, width) = ((1 << bits) / 2, 1 << bits);
        file.bits(16, bits.into()).window(&format!("{centre}"), &format!("{width}"));
        let pixels = file.fragments(EXTENDED, &[&data]).pixels();
        assert_eq!([pixels[0], pixels[127]], shown, "{bits}");
        assert!(pixels.chunks(8).all(|eight| eight.iter().all(|grey| *grey == eight[0])));
    }
}

#[test]
fn jpeg_baseline_is_decoded_as_it_was_encoded() {
    let encode = |picture: DynamicImage| {
        let mut data = std::io::Cursor::new(vec![]);
        picture.write_to(&mut data, ImageFormat::Jpeg).unwrap();
        data.into_inner()
    };
    let largest = |a: &[u8], b: &[u8]| a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    let picture = GrayImage::from_fn(33, 17, |x, y| Luma([(x * 5 + y * 4) as u8]));
    let mut file = File::bytes(17, 33, "MONOCHROME2", &[]);
    file.fragments(BASELINE, &[&encode(picture.clone().into())]).window("128", "256");
    assert!(largest(&file.pixels(), &picture) < 12);

    let colour = RgbImage::from_fn(33, 17, |x, y| Rgb([(x * 5) as u8, (y * 9) as u8, 99]));
    let luma = File::bytes(17, 33, "RGB", &colour).pixels();
    let mut file = File::bytes(17, 33, "YBR_FULL_422", &[]);
    file.fragments(BASELINE, &[&encode(colour.into())]);
    assert!(largest(&file.pixels(), &luma) < 12);
}

/// What three components are the codestream says, by a marker or by their names; only then the header.
#[test]
fn jpeg_colours_are_what_the_codestream_says() {
    const JFIF: &[u8] = b"\xFF\xE0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0";
    const ADOBE_RGB: &[u8] = b"\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0\0";
    let (rgb, luma) = ([76, 18], [255, 10]);
    for (ids, segment, said, expected) in [
        ([0, 1, 2], &b""[..], "YBR_FULL_422", rgb),
        ([0, 1, 2], b"", "YBR_FULL", rgb),
        ([0, 1, 2], b"", "RGB", rgb),
        // Lossless data has no components that pixels share.
        ([1, 2, 3], b"", "YBR_FULL_422", rgb),
        ([1, 2, 3], b"", "YBR_FULL", luma),
        ([1, 2, 3], b"", "RGB", rgb),
        (*b"RGB", b"", "YBR_FULL", rgb),
        ([1, 2, 3], JFIF, "RGB", luma),
        ([1, 2, 3], ADOBE_RGB, "YBR_FULL", rgb),
    ] {
        let data = jpeg::lossless_colours(ids, segment, &[[255, 0, 0], [10, 20, 30]]);
        let mut file = File::bytes(1, 2, said, &[]);
        let pixels = file.fragments(LOSSLESS, &[&data]).pixels();
        assert_eq!(pixels, expected, "{ids:?}, {segment:?}, {said}");
    }
}

/// Whatever its transfer syntax is called.
#[test]
fn jpeg_progressive() {
    let data = include_bytes!("../fuzz/seeds/picture/progressive.jpg");
    let plain = Picture::decode(data).unwrap();
    let (rows, columns) = (plain.height() as u16, plain.width() as u16);
    let mut file = File::bytes(rows, columns, "YBR_FULL_422", &[]);
    for uid in [BASELINE, EXTENDED, "1.2.840.10008.1.2.4.53", "1.2.840.10008.1.2.4.55"] {
        assert_eq!(&file.fragments(uid, &[data]).pixels(), plain.grey().as_raw(), "{uid}");
    }
    let mut deep = data.to_vec();
    let frame = deep.windows(2).position(|pair| pair == [0xFF, 0xC2]).unwrap();
    deep[frame + 4] = 12;
    let error = file.fragments(EXTENDED, &[&deep]).error();
    assert_eq!(error.code(), "unsupported-dicom");
    assert!(error.to_string().contains("progressive JPEG of 12 bits"), "{error}");
    file.fragments(BASELINE, &[data]).us(0x0028_0010, &[rows + 1]);
    assert_eq!(file.error().code(), "bad-dicom");
}

#[test]
fn jpeg_ls() {
    let samples: Vec<u16> = (0..64).map(|i| i * i).collect();
    let mut data = vec![];
    jpegls::encode(&samples, 8, 8, &mut data).unwrap();
    let mut file = File::grey(8, 8, &samples);
    let expected = file.pixels();
    assert_eq!(file.fragments(JPEG_LS, &[&data]).pixels(), expected);
    // What DCMTK (CharLS) leaves before the end marker, and an end that is missing or followed.
    let scan = &data[..data.len() - 2];
    for end in [
        &b"\0\xFF\xD9"[..],
        b"\xFF\xFF\xD9",
        b"\xFF\xFF\xFF\xD9",
        b"\0\0\0\xFF\xD9",
        b"\xFF",
        b"",
        b"\0",
        b"\xFF\xD9\xFF\xD9\0\0",
    ] {
        let data = [scan, end].concat();
        assert_eq!(file.fragments(JPEG_LS, &[&data]).pixels(), expected, "{end:?}");
    }
    let error = file.fragments(JPEG_LS, &[&scan[..scan.len() - 8]]).error().to_string();
    assert!(error.contains("truncated"), "{error}");
    assert_eq!(file.us(0x0028_0010, &[9]).error().code(), "bad-dicom");
}

#[test]
fn jpeg_2000() {
    let mut file = File::bytes(8, 8, "MONOCHROME2", &[]);
    file.window("128", "256");
    for uid in [JPEG_2000, JPEG_2000_LOSSY] {
        assert_eq!(file.fragments(uid, &[&jpeg::MIDDLE_GREY_2000]).pixels(), [128; 64]);
    }
    // Without its last byte, without its end, and with something after it.
    let whole = &jpeg::MIDDLE_GREY_2000;
    for data in [&whole[..81], &whole[..80], &[&whole[..], &[1, 2, 3, 4]].concat()] {
        assert_eq!(file.fragments(JPEG_2000, &[data]).pixels(), [128; 64], "{data:?}");
    }
    // ITU-T T.814 section A.3: part 15 tells itself by a bit of the capabilities after the size.
    let capabilities = [0xFF, 0x50, 0, 8, 0, 2, 0, 0, 0, 0];
    let high_throughput = [&whole[..45], &capabilities, &whole[45..]].concat();
    let error = file.fragments(JPEG_2000, &[&high_throughput]).error();
    assert_eq!(error.code(), "unsupported-dicom");
    assert!(error.to_string().contains("High-Throughput"), "{error}");
    // Signed: the middle is 0.
    let mut signed = jpeg::MIDDLE_GREY_2000;
    signed[42] = 0x87;
    file.signed().window("0", "256").fragments(JPEG_2000, &[&signed]);
    assert_eq!(file.pixels(), [128; 64]);
    assert!(file.us(0x0028_0010, &[9]).error().to_string().contains("JPEG 2000"));
}

#[test]
fn jpeg_2000_in_a_million_parts_is_refused() {
    // 8000 x 8000 pixels in one tile.
    let mut large = jpeg::MIDDLE_GREY_2000.to_vec();
    for at in [8, 12, 24, 28] {
        large[at..at + 4].copy_from_slice(&8000u32.to_be_bytes());
    }
    let mut precincts = large.clone();
    (precincts[48], precincts[49]) = (13, 1);
    precincts.insert(59, 0);
    let mut blocks = large.clone();
    (blocks[55], blocks[56]) = (0, 0);
    let mut file = File::bytes(8000, 8000, "MONOCHROME2", &[]);
    for (what, data) in [("precincts of one sample", &precincts), ("blocks of 4 x 4", &blocks)] {
        let error = file.fragments(JPEG_2000, &[data]).error().to_string();
        assert!(error.contains("too many code-blocks"), "{what}: {error}");
    }
    // A box before the codestream may hold another header.
    let boxed = [b"\0\0\0\x0CjP  \r\n\x87\n", &jpeg::MIDDLE_GREY_2000[..], &large].concat();
    let mut small = File::bytes(8, 8, "MONOCHROME2", &[]);
    assert_eq!(small.fragments(JPEG_2000, &[&boxed]).pixels(), [128; 64]);
}

/// A file's pixels, with a length stated for them instead of an undefined one.
fn with_stated_length(mut file: Vec<u8>) -> Vec<u8> {
    let header = b"\xE0\x7F\x10\0OB\0\0\xFF\xFF\xFF\xFF";
    let at = file.windows(12).position(|twelve| twelve == header).unwrap() + 12;
    let length = (file.len() - at) as u32;
    file[at - 4..at].copy_from_slice(&length.to_le_bytes());
    file
}

/// PS3.5 annex A.4: encapsulated are pixels in items, and as large as the picture those that are not.
#[test]
fn what_lies_there_decides_how_pixels_are_read() {
    let samples = [0, 51, 255, 0, 17, 200];
    let packed = jpeg::lossless(8, 2, 3, &samples, 1);
    let samples = samples.map(|sample| sample as u8);
    let mut plain = File::bytes(2, 3, "MONOCHROME2", &samples);
    plain.window("128", "256");
    let read = |bytes: &[u8]| {
        let picture = Picture::decode(bytes).unwrap();
        // The first is of the window.
        (picture.grey().as_raw().clone(), picture.notes()[1..].to_vec())
    };
    let as_it_is = |pixels: &[u8]| (pixels.to_vec(), Vec::new());
    let but = |pixels: &[u8], note: Note| (pixels.to_vec(), vec![note]);

    let stated = with_stated_length(plain.clone().fragments(LOSSLESS, &[&packed]).file());
    assert_eq!(read(&stated), as_it_is(&samples));
    assert_eq!(read(&stated[..stated.len() - 8]), as_it_is(&samples), "without an end of items");
    let mut bare = plain.clone();
    bare.uid = LOSSLESS;
    bare.raw(0x7FE0_0010, "OB", &packed);
    assert_eq!(read(&bare.file()), as_it_is(&samples), "a codestream without items");

    for (uid, says) in [
        (JPEG_2000, "JPEG 2000 Lossless"),
        (LOSSLESS, "JPEG Lossless, selection value 1"),
        (JPEG_LS, "JPEG-LS Lossless"),
        (RLE, "RLE Lossless"),
    ] {
        let mut native = plain.clone();
        native.uid = uid;
        assert_eq!(read(&native.file()), but(&samples, Note::NotCompressed { says }));
        let mut odd = File::bytes(1, 3, "MONOCHROME2", &samples[..3]);
        odd.window("128", "256").uid = uid;
        assert_eq!(read(&odd.file()), but(&samples[..3], Note::NotCompressed { says }), "odd");
        let mut cut = plain.clone();
        cut.us(0x0028_0010, &[5]).uid = uid;
        assert!(cut.error().to_string().contains("should be compressed"), "{uid}");
    }
    for (uid, says) in [
        (EXPLICIT, "Explicit VR Little Endian"),
        (JPEG_2000, "JPEG 2000 Lossless"),
        (JPEG_LS, "JPEG-LS Lossless"),
    ] {
        let file = plain.clone().fragments(uid, &[&packed]).file();
        assert_eq!(read(&file), but(&samples, Note::Compressed { codec: "JPEG", says }));
    }
    let bare = plain.clone().fragments(LOSSLESS, &[&packed]).body();
    assert_eq!(read(&bare), as_it_is(&samples), "a bare data set says nothing");

    // Bits above those stored are none of the picture's, whatever the syntax.
    let mut overlaid = File::grey(1, 3, &[0xF000, 0x1800, 0x0FFF]);
    overlaid.bits(16, 12).window("2048", "4096").uid = JPEG_2000_LOSSY;
    assert_eq!(overlaid.pixels(), [0, 128, 255]);

    // The tag of an item, and pixels after all; also where their length is undefined.
    let item = [0xFE, 0xFF, 0, 0xE0, 0, 0, 0, 0, 9, 9];
    let mut chance = File::bytes(2, 5, "MONOCHROME2", &item);
    chance.window("128", "256");
    assert_eq!(read(&chance.file()), as_it_is(&item));
    let mut open = plain.file();
    let at = open.len() - 10;
    open[at..at + 4].copy_from_slice(&[0xFF; 4]);
    assert_eq!(read(&open), as_it_is(&samples));
}

#[test]
fn the_first_of_several_frames_is_shown() {
    let mut file = File::bytes(1, 2, "MONOCHROME2", &[0, 100, 200, 250]);
    assert_eq!(file.text(0x0028_0008, "IS", "2").pixels(), [0, 255]);
    assert!(file.warnings()[0].contains("2 frames"));
    // Each frame in two fragments, told apart by the offset table.
    let [first, second] =
        [[0, 9, 4], [9, 0, 4]].map(|samples| jpeg::lossless(8, 1, 3, &samples, 1));
    let ((a, b), (c, d)) = (first.split_at(60), second.split_at(60));
    let offset = (16 + a.len() + b.len().next_multiple_of(2)) as u32;
    let mut file = File::bytes(1, 3, "MONOCHROME2", &[]);
    file.text(0x0028_0008, "IS", "2").fragments_at(LOSSLESS, &[0, offset], &[a, b, c, d]);
    assert_eq!(file.pixels(), [0, 255, 113]);
}

/// A chest radiograph that gives no reason for a warning.
fn chest() -> File {
    let mut file = File::grey(1, 2, &[0, 1]);
    file.window("1", "2").text(0x0008_0060, "CS", "DX").text(0x0018_0015, "CS", "CHEST");
    file.text(0x0018_5101, "CS", "PA").text(0x0028_0030, "DS", "0.15\\0.15");
    file
}

#[test]
fn technical_facts_are_told() {
    let told = |file: &File| file.picture().about().unwrap().facts();
    let mut file = chest();
    let expected = json!([
        { "code": "modality", "value": "DX" },
        { "code": "body-part", "value": "CHEST" },
        { "code": "view", "value": "PA" },
        { "code": "spacing", "rows": 0.15, "columns": 0.2, "atDetector": false },
        { "code": "matrix", "columns": 2, "rows": 1 },
        { "code": "bits", "stored": 16, "allocated": 16, "signed": false },
        { "code": "photometric", "value": "MONOCHROME2" },
        { "code": "transfer-syntax", "value": "Explicit VR Little Endian" },
    ]);
    let wide = |file: &mut File| told(file.text(0x0028_0030, "DS", "0.15\\0.2"));
    assert_eq!(serde_json::to_value(wide(&mut file.clone())).unwrap(), expected);
    file.text(0x0018_1164, "DS", "0.15\\0.15");
    let at_detector = |mm| Fact::Spacing(Spacing { rows: mm, columns: mm, at_detector: true });
    assert!(told(&file).contains(&at_detector(0.15)));
    file.text(0x0028_0030, "DS", "NaN\\0").text(0x0018_1164, "DS", "0.2\\0.2");
    assert!(told(&file).contains(&at_detector(0.2)));
    file.text(0x0018_1164, "DS", "").text(0x0020_0062, "CS", "U").bits(16, 12).signed();
    let told = told(&file);
    assert!(told.contains(&Fact::Laterality { value: "U".to_string() }), "{told:?}");
    let bits = Fact::Bits { stored: 12, allocated: 16, signed: true };
    assert!(told.contains(&bits), "{told:?}");
    assert!(!told.iter().any(|fact| matches!(fact, Fact::Spacing(_))), "{told:?}");
}

#[test]
fn what_is_no_frontal_chest_radiograph_is_warned_of() {
    assert_eq!(chest().warnings(), Vec::<String>::new());
    let quiet: [Edit; 9] = [
        |f| f.text(0x0008_103E, "LO", "Chest PA and lateral"),
        |f| f.text(0x0008_103E, "LO", "bilateral"),
        |f| f.text(0x0018_5101, "CS", "").text(0x0008_103E, "LO", "left lateral decubitus"),
        |f| f.text(0x0018_5101, "CS", "LLD"),
        |f| f.view_code("postero-anterior"),
        |f| f.text(0x0018_0015, "CS", ""),
        |f| f.text(0x0018_0015, "CS", "PORT CHEST"),
        |f| f.text(0x0008_0060, "CS", "CR"),
        |f| f.text(0x0008_0060, "CS", "OT"),
    ];
    for (index, edit) in quiet.into_iter().enumerate() {
        assert_eq!(edit(&mut chest()).warnings(), Vec::<String>::new(), "{index}");
    }
    let loud: [(Edit, &str); 12] = [
        (|f| f.text(0x0018_5101, "CS", "LL"), "lateral view"),
        (|f| f.text(0x0018_5101, "CS", "RL"), "lateral view"),
        (|f| f.text(0x0018_5101, "CS", "LATERAL"), "lateral view"),
        (|f| f.text(0x0018_5101, "CS", "").view_code("left lateral"), "lateral view"),
        (|f| f.text(0x0018_5101, "CS", "").text(0x0008_103E, "LO", "Thorax lat."), "lateral view"),
        (|f| f.text(0x0018_1030, "LO", "W033 Chest Lateral"), "lateral view"),
        (|f| f.text(0x0018_5101, "CS", "RAO"), "oblique view"),
        (|f| f.text(0x0018_0015, "CS", "KNEE"), "KNEE"),
        (|f| f.text(0x0008_0060, "CS", "CT"), "modality is CT"),
        (|f| f.text(0x0008_0060, "CS", "MG"), "modality is MG"),
        (|f| f.text(0x0028_0030, "DS", "0.2\\0.15"), "square"),
        (|f| f.text(0x0028_0034, "IS", "4\\3"), "square"),
    ];
    for (edit, expected) in loud {
        let warnings = edit(&mut chest()).warnings();
        assert!(
            matches!(&warnings[..], [one] if one.contains(expected)),
            "{expected}: {warnings:?}"
        );
    }
    let picture = chest().text(0x0018_5101, "CS", "LL").picture();
    assert_eq!(picture.about().unwrap().view, ViewPosition::Lateral);
}

#[test]
fn nothing_of_a_person_is_kept() {
    let mut file = chest();
    let identifying = [
        0x0008_0018,
        0x0008_0020,
        0x0008_0022,
        0x0008_0050,
        0x0008_0080,
        0x0008_0090,
        0x0008_1010,
        0x0008_1030,
        0x0008_103E,
        0x0009_1001,
        0x0010_0010,
        0x0010_0020,
        0x0010_0030,
        0x0010_0040,
        0x0010_1010,
        0x0010_4000,
        0x0018_1030,
        0x0018_1400,
        0x0020_000D,
        0x0020_000E,
        0x0020_0010,
        0x0020_4000,
        0x0040_0254,
    ];
    for tag in identifying {
        file.text(tag, "LO", "SECRET^NAME lateral");
    }
    let told = format!("{:?}", file.picture());
    assert!(!told.contains("SECRET"));
    assert!(file.warnings()[0].contains("lateral"));
}

#[test]
fn four_identifiers_are_read_where_they_are_asked_for_and_nothing_else() {
    let uids = [
        (0x0008_0016, "1.2.840.10008.5.1.4.1.1.1\0"),
        (0x0008_0018, "1.2.3.4"),
        (0x0020_000D, "1.2.3.5"),
        (0x0020_000E, "1.2.3.6 "),
    ];
    for uid in [EXPLICIT, IMPLICIT, BIG, DEFLATED] {
        let mut file = chest();
        file.uid = uid;
        for tag in [0x0008_0050, 0x0010_0010, 0x0010_0020, 0x0010_0030, 0x0020_0010] {
            file.text(tag, "LO", "SECRET");
        }
        for (tag, text) in uids {
            file.text(tag, "UI", text);
        }
        let source = Source::read(&file.file()).unwrap().unwrap();
        let told = [&source.class, &source.instance, &source.study, &source.series];
        assert_eq!(told, ["1.2.840.10008.5.1.4.1.1.1", "1.2.3.4", "1.2.3.5", "1.2.3.6"], "{uid}");
        assert!(!format!("{source:?}").contains("SECRET"));
        for (tag, _) in uids {
            for broken in ["", "NAME^SECRET", &"1.".repeat(40)] {
                let mut file = file.clone();
                file.text(tag, "UI", broken);
                assert_eq!(Source::read(&file.file()).unwrap(), None, "{tag:08X} {broken}");
            }
        }
    }
    assert!(Source::read(b"no DICOM at all").is_err());
}

#[test]
fn view_sex_and_age_are_told_in_groups_alone() {
    let groups = |view: &str, sex: &str, age: &str| {
        let mut file = chest();
        file.text(0x0018_5101, "CS", view).text(0x0010_0040, "CS", sex).text(
            0x0010_1010,
            "AS",
            age,
        );
        let groups = file.picture().about().unwrap().groups;
        [groups.view, groups.sex, groups.age]
    };
    assert_eq!(groups("AP", "F", "058Y"), [Some("AP"), Some("F"), Some("40–64")]);
    assert_eq!(groups("LL", "m", "006M"), [Some("lateral"), Some("M"), Some("0–17")]);
    assert_eq!(groups("DR POLONIUS", "FEMALE", "1948"), [None, None, None]);
}

#[test]
fn what_cannot_be_read_is_refused_with_a_remedy() {
    let cases: [(&str, Edit, &str, &str); 19] = [
        ("no rows", |f| f.us(0x0028_0010, &[0]), "bad-dicom", "0 rows"),
        ("no columns", |f| f.us(0x0028_0011, &[]), "bad-dicom", "0 columns"),
        (
            "900 megapixels",
            |f| f.us(0x0028_0010, &[30000]).us(0x0028_0011, &[30000]),
            "image-too-large",
            "30000 x 30000",
        ),
        (
            "cut off",
            |f| f.us(0x0028_0010, &[7000]).us(0x0028_0011, &[7000]),
            "bad-dicom",
            "cut off",
        ),
        ("17 of 16 bits", |f| f.us(0x0028_0101, &[17]), "bad-dicom", "17 of 16"),
        ("no fragments", |f| f.fragments(LOSSLESS, &[]), "bad-dicom", "no pixels"),
        ("no JPEG", |f| f.fragments(LOSSLESS, &[&[7; 50]]), "bad-dicom", "JPEG"),
        ("no JPEG-LS", |f| f.fragments(JPEG_LS, &[&[7; 50]]), "bad-dicom", "JPEG-LS"),
        ("no JPEG 2000", |f| f.fragments(JPEG_2000, &[&[7; 50]]), "bad-dicom", "JPEG 2000"),
        ("no RLE", |f| f.fragments(RLE, &[&[7; 50]]), "bad-dicom", "RLE"),
        ("32 bits", |f| f.us(0x0028_0100, &[32]), "unsupported-dicom", "32 bits"),
        ("1 bit", |f| f.us(0x0028_0100, &[1]), "unsupported-dicom", "one bit, as those of a mask"),
        ("palette", |f| f.photometric("PALETTE COLOR"), "bad-dicom", "palette"),
        ("grey of three samples", |f| f.us(0x0028_0002, &[3]), "unsupported-dicom", "3 samples"),
        (
            "JPEG XL",
            |f| f.fragments("1.2.840.10008.1.2.4.110", &[&[1; 9]]),
            "unsupported-dicom",
            "JPEG XL",
        ),
        (
            "HTJ2K",
            |f| f.fragments("1.2.840.10008.1.2.4.201", &[&[1; 9]]),
            "unsupported-dicom",
            "High-Throughput",
        ),
        (
            "MPEG-4",
            |f| f.fragments("1.2.840.10008.1.2.4.102", &[&[1; 9]]),
            "unsupported-dicom",
            "MPEG",
        ),
        (
            "hierarchical JPEG",
            |f| f.fragments("1.2.840.10008.1.2.4.65", &[&[1; 9]]),
            "unsupported-dicom",
            "retired JPEG",
        ),
        (
            "a private syntax",
            |f| f.fragments("1.2.840.113619.5.2", &[&[1; 9]]),
            "unsupported-dicom",
            "1.2.840.113619.5.2",
        ),
    ];
    for (name, edit, code, expected) in cases {
        let error = edit(&mut File::grey(1, 2, &[0, 1])).error();
        assert_eq!(error.code(), code, "{name}: {error}");
        assert!(error.to_string().contains(expected), "{name}: {error}");
        assert!(
            error.to_string().contains("Export") || code == "image-too-large",
            "{name}: {error}"
        );
    }
    // A page puts the reason into its own words.
    let reason = |edit: Edit| edit(&mut File::grey(1, 2, &[0, 1])).error().reason().cloned();
    let coded = |edit: Edit| serde_json::to_value(reason(edit)).unwrap();
    let bits = json!({ "code": "bits-stored", "stored": 17, "allocated": 16 });
    assert_eq!(coded(|f| f.us(0x0028_0101, &[17])), bits);
    let uid = "1.2.840.10008.1.2.4.102".to_string();
    let video = reason(|f| f.fragments("1.2.840.10008.1.2.4.102", &[&[1; 9]]));
    assert_eq!(video, Some(Reason::Video { uid }));
    let rle = coded(|f| f.fragments(RLE, &[&[7; 50]]));
    assert_eq!((&rle["code"], &rle["codec"]), (&json!("broken"), &json!("RLE")));
    let float = [start(EXPLICIT), b"\xE0\x7F\x08\0OF\0\0\x04\0\0\0\0\0\0\0".to_vec()].concat();
    assert!(matches!(Picture::decode(&float), Err(Error::DicomUnsupported(_))));
    // A report.
    let report = [start(EXPLICIT), b"\x08\0\x60\0CS\x02\0SR".to_vec()].concat();
    let report = Picture::decode(&report).unwrap_err();
    assert_eq!(report.code(), "no-picture");
    assert!(report.to_string().contains("no picture (modality SR)"), "{report}");
    let records = b"\x04\0\x20\x12SQ\0\0\0\0\0\0";
    let disc = Picture::decode(&[&start(EXPLICIT), &records[..]].concat()).unwrap_err();
    assert_eq!(disc.code(), "dicomdir");
    assert!(disc.to_string().contains("folder"), "{disc}");
}

/// Milliseconds that refusing a hostile file may take, with room for a busy machine.
const SOON: Duration = Duration::from_secs(5);

#[test]
fn hostile_structure_is_refused_soon() {
    let sequence = b"\x08\0\x40\x11SQ\0\0\xFF\xFF\xFF\xFF\xFE\xFF\0\xE0\xFF\xFF\xFF\xFF";
    let unknown = b"\x09\0\x01\x10UN\0\0\xFF\xFF\xFF\xFF\xFE\xFF\0\xE0\xFF\xFF\xFF\xFF";
    let close = b"\xFE\xFF\x0D\xE0\0\0\0\0\xFE\xFF\xDD\xE0\0\0\0\0";
    let bomb = {
        let mut file = File::grey(1, 1, &[]);
        file.uid = DEFLATED;
        file.raw(0x0009_1001, "OB", &vec![0; 300 << 20]);
        file.file()
    };
    let cases: [(&str, Vec<u8>); 8] = [
        ("nothing", start(EXPLICIT)),
        ("a million sequences", [start(EXPLICIT), sequence.repeat(1_000_000)].concat()),
        ("unknown sequences", [start(EXPLICIT), unknown.repeat(10_000)].concat()),
        ("ends without beginnings", [start(EXPLICIT), close.repeat(1000)].concat()),
        (
            "4 GB of a value",
            [start(EXPLICIT), b"\x08\0\x05\0OB\0\0\xFE\xFF\xFF\xFF1".to_vec()].concat(),
        ),
        (
            "4 GB of an item",
            [start(EXPLICIT), sequence[..16].to_vec(), vec![0xFE, 0xFF, 0xFF, 0xFF]].concat(),
        ),
        ("a bomb", bomb),
        ("no deflate", [start(DEFLATED), vec![0xFF; 100]].concat()),
    ];
    for (name, bytes) in cases {
        let begin = Instant::now();
        let error = Picture::decode(&bytes).unwrap_err();
        let codes = ["bad-dicom", "no-picture", "image-too-large"];
        assert!(codes.contains(&error.code()), "{name}: {error}");
        assert!(begin.elapsed() < SOON, "{name}: {:?}", begin.elapsed());
    }
}

#[test]
fn deep_sequences_do_not_hide_the_picture() {
    let mut file = File::grey(1, 2, &[0, 1]);
    file.window("1", "2");
    let sequence = b"\x08\0\x40\x11SQ\0\0\xFF\xFF\xFF\xFF\xFE\xFF\0\xE0\xFF\xFF\xFF\xFF";
    let close = b"\xFE\xFF\x0D\xE0\0\0\0\0\xFE\xFF\xDD\xE0\0\0\0\0";
    let nest = [sequence.repeat(100_000), close.repeat(100_000)].concat();
    let bytes = [start(EXPLICIT), nest, file.body()].concat();
    assert_eq!(Picture::decode(&bytes).unwrap().grey().as_raw(), &[0, 255]);
}

/// Cuts and alters bytes of files of every coding; nothing may panic or take long.
#[test]
fn damage_never_panics() {
    let samples: Vec<u16> = (0..64).map(|i| i * i).collect();
    let mut plain = File::grey(8, 8, &samples);
    plain.voi_lut([3, 10, 8], &[0, 51, 255]).modality_lut([3, 0, 16], &[1, 2, 9]);
    let mut near = vec![];
    jpegls::encode(&samples, 8, 8, &mut near).unwrap();
    let lossless = jpeg::lossless(16, 8, 8, &samples, 4);
    let extended = jpeg::sequential(12, &[1000]);
    let mut rle = [2u32, 64, 66].map(u32::to_le_bytes).concat();
    rle.resize(64, 0);
    rle.extend([193, 1, 193, 7]);
    let packed = |uid, data: &[u8]| plain.clone().fragments(uid, &[data]).file();
    let mut deflated = plain.clone();
    deflated.uid = DEFLATED;
    let files = [
        plain.file(),
        deflated.file(),
        packed(RLE, &rle),
        packed(LOSSLESS, &lossless),
        packed(EXTENDED, &extended),
        packed(JPEG_LS, &near),
        packed(JPEG_2000, &jpeg::MIDDLE_GREY_2000),
    ];
    let mut state = 1u64;
    let mut random = |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for file in files {
        assert!(Picture::decode(&file).is_ok());
        for _ in 0..500 {
            let _ = Picture::decode(&file[..random(file.len())]);
            let mut altered = file.clone();
            for _ in 0..1 + random(4) {
                altered[128 + random(file.len() - 128)] = random(256) as u8;
            }
            let _ = Picture::decode(&altered);
        }
    }
}
