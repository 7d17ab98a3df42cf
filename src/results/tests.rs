//! Compares what is written with golden texts (`tests/fixtures/results`), and checks what must never be written.

use std::fmt::Write;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use serde_json::Value;

use super::capture::{Capture, Spacing};
use super::*;

/// Scores of every kind, with fixed identifiers and time.
fn results(source: bool) -> (Results, Stamp) {
    let score = |sentence: &str, logit, percentile, wording| Score {
        sentence: sentence.to_string(),
        logit,
        percentile,
        wording,
    };
    let finding = || "Pneumothorax".to_string();
    let results = Results {
        model: Model {
            title: "CARZero-S".to_string(),
            version: "0.4.0".to_string(),
            sha256: "0123456789abcdef".repeat(4),
        },
        population: Some("1000 radiographs of ChestX-ray14".to_string()),
        warnings: vec!["The file says that this is a lateral view.".to_string()],
        scores: vec![
            score(
                "There is Pneumothorax",
                1.234_567_8,
                Some(87.654_3),
                Some(Wording::Learnt { finding: finding() }),
            ),
            score(
                "There is no Pneumothorax",
                -1.5,
                Some(3.0),
                Some(Wording::Learnt { finding: finding() }),
            ),
            score(
                "There is air <between> lung & wall",
                0.25,
                Some(60.0),
                Some(Wording::Related { finding: finding() }),
            ),
            score("There is gold", 2.0, None, Some(Wording::Unknown)),
            score("There is 気胸", f32::NAN, None, None),
        ],
        source: source.then(|| Source {
            class: "1.2.840.10008.5.1.4.1.1.1.1".to_string(),
            instance: "1.2.3.4".to_string(),
            study: "1.2.3".to_string(),
            series: "1.2.3.1".to_string(),
        }),
    };
    (results, Stamp::new([7; 16], 1_796_047_501))
}

fn capture() -> Capture<'static> {
    let spacing = Some(Spacing { rows: 0.143, columns: 0.143, at_detector: true });
    let rgb = (0..3 * 6).collect();
    Capture { rgb, columns: 3, rows: 2, spacing, map: "attention", palette: "inferno" }
}

/// An element: its path with the indices of items, its tag, its VR, and its value.
type Element = (String, Tag, String, Vec<u8>);

/// All elements of a file except for sequences, read as PS3.5 section 7 defines.
fn read(file: &[u8]) -> Vec<Element> {
    assert_eq!(&file[128..132], b"DICM");
    let mut elements = Vec::new();
    read_set(&file[132..], "", &mut elements);
    elements
}

fn read_set(mut bytes: &[u8], path: &str, into: &mut Vec<Element>) {
    let mut last = None;
    while !bytes.is_empty() {
        let word = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let long = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        let tag = Tag(word(0), word(2));
        assert!(Some(tag) > last, "{path}{tag} comes after {last:?}");
        last = Some(tag);
        let vr = String::from_utf8(bytes[4..6].to_vec()).unwrap();
        let is_long = ["OB", "SQ", "UT"].contains(&vr.as_str());
        let (length, header) = if is_long { (long(8), 12) } else { (word(6).into(), 8) };
        assert_eq!(length % 2, 0, "{path}{tag}");
        let value = &bytes[header..header + length];
        bytes = &bytes[header + length..];
        if vr != "SQ" {
            into.push((path.to_string(), tag, vr, value.to_vec()));
            continue;
        }
        let mut items = value;
        let mut count = 0;
        while !items.is_empty() {
            assert_eq!(items[..4], [0xFE, 0xFF, 0x00, 0xE0]);
            let length = u32::from_le_bytes(items[4..8].try_into().unwrap()) as usize;
            read_set(&items[8..8 + length], &format!("{path}{tag}[{count}] "), into);
            items = &items[8 + length..];
            count += 1;
        }
        into.push((path.to_string(), tag, vr, format!("{count} items").into_bytes()));
    }
}

/// A value as text.
fn text((_, _, vr, value): &Element) -> String {
    match vr.as_str() {
        "OB" => format!("{value:?}"),
        "US" => u16::from_le_bytes([value[0], value[1]]).to_string(),
        "UL" => u32::from_le_bytes(value[..4].try_into().unwrap()).to_string(),
        _ => String::from_utf8(value.clone()).unwrap().trim_end_matches(['\0', ' ']).to_string(),
    }
}

/// A value at the top level of the object.
fn value(elements: &[Element], tag: Tag) -> String {
    let own = elements.iter().find(|(path, at, ..)| path.is_empty() && *at == tag);
    own.map(text).unwrap_or_else(|| panic!("no {tag}"))
}

/// A file as lines.
fn text_of(file: &[u8]) -> String {
    let mut lines = String::new();
    for element in read(file) {
        let (path, tag, vr, _) = &element;
        writeln!(lines, "{path}{tag} {vr} {}", text(&element)).unwrap();
    }
    lines
}

/// Compares with a golden text; with `UPDATE_GOLDEN=1` the golden text is written instead.
fn golden(name: &str, text: &str) {
    let path = format!("{}/tests/fixtures/results/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    for (line, (text, expected)) in text.lines().zip(expected.lines()).enumerate() {
        assert_eq!(text, expected, "{name}, line {}", line + 1);
    }
    assert_eq!(text.len(), expected.len(), "{name}");
}

#[test]
fn files_are_the_golden_ones() {
    for (source, name) in [(false, "alone"), (true, "referring")] {
        let (results, stamp) = results(source);
        golden(&format!("report-{name}.txt"), &text_of(&report::write(&results, &stamp)));
        let file = capture::write(&results, &results.scores[0], capture(), &stamp).unwrap();
        golden(&format!("capture-{name}.txt"), &text_of(&file));
        golden(&format!("fhir-{name}.json"), &fhir::write(&results, &stamp));
    }
}

#[test]
fn every_file_says_what_it_is_for_and_that_nobody_verified_it() {
    let (results, stamp) = results(false);
    let document = read(&report::write(&results, &stamp));
    assert_eq!(value(&document, tags::VERIFICATION_FLAG), "UNVERIFIED");
    assert_eq!(value(&document, tags::PRELIMINARY_FLAG), "PRELIMINARY");
    assert!(value(&document, tags::SERIES_DESCRIPTION).starts_with("RESEARCH ONLY"));
    let image = read(&capture::write(&results, &results.scores[0], capture(), &stamp).unwrap());
    assert!(value(&image, tags::SERIES_DESCRIPTION).starts_with("RESEARCH ONLY"));
    for tag in [tags::IMAGE_COMMENTS, tags::DERIVATION_DESCRIPTION] {
        assert!(value(&image, tag).starts_with(PURPOSE), "{tag}");
    }
    let bundle: Value = serde_json::from_str(&fhir::write(&results, &stamp)).unwrap();
    let resources = bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]);
    for resource in resources.filter(|resource| resource["status"].is_string()) {
        assert_eq!(resource["status"], "preliminary");
        assert!(resource.to_string().contains(PURPOSE), "{resource}");
    }
}

#[test]
fn an_image_is_named_only_where_it_is_asked_for_and_a_patient_never() {
    let identifiers = ["1.2.3", "1.2.3.1", "1.2.3.4", "1.2.840.10008.5.1.4.1.1.1.1"];
    for source in [false, true] {
        let (results, stamp) = results(source);
        let files = [
            report::write(&results, &stamp),
            capture::write(&results, &results.scores[0], capture(), &stamp).unwrap(),
        ];
        for file in &files {
            let object = read(file);
            for tag in [
                tags::PATIENT_NAME,
                tags::PATIENT_ID,
                tags::PATIENT_BIRTH_DATE,
                tags::PATIENT_SEX,
                tags::STUDY_DATE,
                tags::STUDY_TIME,
                tags::STUDY_ID,
                tags::ACCESSION_NUMBER,
                tags::REFERRING_PHYSICIAN_NAME,
            ] {
                assert_eq!(value(&object, tag), "", "{tag}");
            }
            assert_eq!(value(&object, tags::STUDY_INSTANCE_UID) == "1.2.3", source);
            let named = |uid: &&str| object.iter().any(|element| text(element) == *uid);
            // An image reference does not contain the series.
            let count = identifiers.iter().filter(|uid| named(uid)).count();
            assert!(if source { count >= 3 } else { count == 0 }, "{count}");
        }
        let bundle = fhir::write(&results, &stamp);
        assert_eq!(bundle.contains("\"1.2.3.4\""), source);
        assert!(!bundle.contains("subject"));
    }
}

#[test]
fn what_the_model_never_learnt_has_no_percentile_and_says_why() {
    let (results, stamp) = results(false);
    let bundle: Value = serde_json::from_str(&fhir::write(&results, &stamp)).unwrap();
    let entries = bundle["entry"].as_array().unwrap();
    let of = |sentence: &str| {
        let is = |entry: &&Value| {
            entry["resource"]["code"]["text"].as_str().is_some_and(|text| text.contains(sentence))
        };
        entries.iter().find(is).unwrap()["resource"].clone()
    };
    let gold = of("gold");
    assert_eq!(gold["component"][1]["dataAbsentReason"]["coding"][0]["code"], "not-applicable");
    assert!(gold["component"][1].to_string().contains("learnt nothing similar"));
    assert_eq!(gold["component"][2]["valueQuantity"]["value"], 2.0);
    let known = of("“There is Pneumothorax”");
    assert_eq!(known["component"][1]["valueQuantity"]["value"], 87.65);
    assert_eq!(known["component"][0]["valueCodeableConcept"]["coding"][0]["code"], "36118008");
    let absence = of("There is no Pneumothorax");
    let code = &absence["component"][0]["valueCodeableConcept"]["coding"][0];
    assert!(code["code"].as_str().unwrap().starts_with("F-"), "an absence is no pneumothorax");
    assert!(absence["note"].to_string().contains("asks for an absence"));
    let related = of("between");
    assert!(related["note"].to_string().contains("similar ones: Pneumothorax"));
    assert!(of("気胸")["component"][2].get("valueQuantity").is_none(), "NaN is no number");
}

#[test]
fn a_picture_that_dicom_cannot_hold_is_refused() {
    let (results, stamp) = results(false);
    let write = |capture| capture::write(&results, &results.scores[0], capture, &stamp);
    for (columns, rows, bytes) in [(3, 2, 17), (0, 0, 0), (70_000, 1, 210_000)] {
        let error = write(Capture { rgb: vec![0; bytes], columns, rows, ..capture() }).unwrap_err();
        assert!(error.to_string().contains(&columns.to_string()));
    }
    let odd = write(Capture { rgb: vec![9; 3], columns: 1, rows: 1, ..capture() }).unwrap();
    assert_eq!(odd.len() % 2, 0, "values have an even length");
}

#[test]
fn long_and_odd_texts_fit_their_kind() {
    let (mut results, stamp) = results(false);
    results.model.title = "back\\slash\n".repeat(20);
    results.scores[0].sentence = "There is ".to_string() + &"word ".repeat(400);
    let object = read(&report::write(&results, &stamp));
    let model = value(&object, tags::MANUFACTURER_MODEL_NAME);
    assert!(model.starts_with("back/slash back/slash") && model.chars().count() <= 64, "{model}");
    let image = capture::write(&results, &results.scores[0], capture(), &stamp).unwrap();
    let derivation = value(&read(&image), tags::DERIVATION_DESCRIPTION);
    assert!((1000..=1024).contains(&derivation.chars().count()));
}

#[test]
fn what_is_normal_is_remarked_on_as_an_absence_is() {
    let remarks = |sentence: &str| {
        let wording = Some(Wording::Learnt { finding: "Cardiomegaly".into() });
        Score { sentence: sentence.into(), logit: 0.0, percentile: Some(50.0), wording }.remarks()
    };
    assert_eq!(remarks("There is heart of normal size").len(), 1);
    assert_eq!(remarks("There is an abnormal heart"), [""; 0]);
}
