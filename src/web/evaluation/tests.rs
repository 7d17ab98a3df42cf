//! Checks that the objects of a small evaluation agree with `types.d.ts`, and how the module's inputs are read.

use std::io::Error;

use serde_json::{Value, json};

use super::super::tests::Declarations;
use super::settings::{Corrections, Measured, Settings, StudyTables, values_of};
use crate::error::Cause;
use crate::evaluate::labels::Form;
use crate::evaluate::study::Study;
use crate::evaluate::understood::{Choice, NotRead, Slice, SliceBy, understand};
use crate::evaluate::{EvaluateError, Evaluation, Reason};
use crate::table::Csv;

fn csv(name: &str, text: &str) -> Csv {
    Csv::parse(name, text.as_bytes().to_vec()).unwrap()
}

/// 24 images of 12 patients, six of which are for choosing thresholds, with three findings.
fn tables() -> (Vec<u8>, Csv) {
    let mut scores = "image,Mass,Edema,Hernia,Fracture\n".to_string();
    let mut labels = "file,Patient ID,split,View,Mass,Edema,Hernia,Fracture\n".to_string();
    for n in 0..24 {
        scores += &format!("a/{n}.png,{},{},{},1\n", n % 7, n % 5, n % 3);
        let split = if n < 6 { "val" } else { "test" };
        let view = if n % 3 == 0 { "AP" } else { "PA" };
        let [mass, edema, hernia] = [2, 3, 4].map(|by| u8::from(n % by == 0));
        labels += &format!("{n}.png,{},{split},{view},{mass},{edema},{hernia},1\n", n / 2);
    }
    (scores.into_bytes(), csv("labels.csv", &labels))
}

/// Boxes of two images, and maps of 2 x 2 patches.
const BOXES: &str = "path,finding,x,y,w,h\n0.png,mass,0,0,50,50\n2.png,Mass,0,0,100,50\n";
const MAPS: &str = "key,finding,view_x,view_y,view_width,view_height,v0,v1,v2,v3\n\
    a/0.png,Mass,0,0,100,100,3,1,0,0\na/2.png,Mass,0,0,100,100,0,0,1,0\n";

fn measured(scores: &[u8]) -> Measured {
    let maps = Some(MAPS.as_bytes().to_vec());
    Measured { predictions: scores.to_vec(), against: Some(scores.to_vec()), maps }
}

fn errors() -> Vec<EvaluateError> {
    let text = || "text".to_string();
    let broken = Csv::parse("t.csv", vec![0xFF, 0xFE, 0]).unwrap_err();
    vec![
        EvaluateError::Table(broken),
        EvaluateError::Empty { file: text() },
        EvaluateError::MissingColumn { file: text(), column: text(), has: text(), remedy: text() },
        EvaluateError::Cell { file: text(), line: 2, column: text(), value: text(), expected: "" },
        EvaluateError::DuplicateRow { file: text(), line: 3, first: 2, what: text() },
        EvaluateError::RepeatedKey { file: text(), column: text(), rows: 9, lines: [2, 3] },
        EvaluateError::DuplicateColumn { file: text(), first: text(), second: text() },
        EvaluateError::NoKey { left: text(), right: text() },
        EvaluateError::SeveralKeys { left: text(), right: text(), columns: text() },
        EvaluateError::NothingJoined { left: text(), right: text() },
        EvaluateError::NoFindings { reason: Reason::NoTable },
        EvaluateError::Option { option: "--key", reason: Reason::SeveralTables { count: 3 } },
        EvaluateError::Json { file: text(), cause: Cause::from("text") },
        EvaluateError::Write { file: text(), source: Error::other("text") },
    ]
}

fn reasons() -> Vec<Reason> {
    let text = || "text".to_string();
    vec![
        Reason::NoTable,
        Reason::BoxesAlone { file: text() },
        Reason::OneOfTwo { file: text(), collection: "Open-I", other: "reports.csv" },
        Reason::NoLabels { file: text(), columns: text() },
        Reason::NothingKnown { findings: text() },
        Reason::NoPositive { findings: text() },
        Reason::NoNegative { findings: text() },
        Reason::OneClass { findings: text() },
        Reason::NothingShared { scores: text(), scored: text(), labels: text(), labelled: text() },
        Reason::OthersUnnamed { file: text(), columns: text() },
        Reason::OthersUnknown { file: text() },
        Reason::NegatedUnnamed { file: text(), columns: text() },
        Reason::NoMapBoxed { maps: text(), boxes: text() },
        Reason::SeveralTables { count: 3 },
        Reason::NoPatients { column: text() },
        Reason::TwoThresholds { finding: text() },
        Reason::NotShared { finding: text(), has: text() },
        Reason::NoColumnValue { choice: text() },
        Reason::NoRowsWith { file: text(), column: text(), value: text(), has: text() },
        Reason::OneSided { choosing: 1, evaluating: 0 },
        Reason::UnlikeTables,
    ]
}

#[test]
fn objects_are_what_typescript_is_told() {
    let declared = Declarations::read(include_str!("types.d.ts"));
    for error in errors() {
        let values = values_of(&error);
        declared.check("EvaluateError", &json!({"code": error.code(), "values": values}));
    }
    for reason in reasons() {
        declared.check("Reason", &reason);
    }
    for form in
        [Form::Wide, Form::Nih14, Form::Chexpert, Form::Padchest, Form::Openi, Form::MimicCxr]
    {
        declared.check("Form", &form);
    }
    for by in [SliceBy::View, SliceBy::Sex, SliceBy::Age] {
        declared.check("Slice", &Slice { column: "x".to_string(), by });
    }
    let corrections = json!({"table": 0, "key": "file", "patient": "Patient ID"});
    declared.check("Corrections", &corrections);
    let choice: Choice = serde_json::from_value::<Corrections>(corrections).unwrap().into();
    let (scores, labels) = tables();
    let images: Vec<String> = (0..25).map(|n| format!("a/{n}.png")).collect();
    let tables = [labels, csv("boxes.csv", BOXES)];
    let understood = understand(&tables, &images, &choice).unwrap();
    declared.check("Understood", &understood);
    let unread = NotRead { column: "Edema".to_string(), value: Some("maybe".to_string()) };
    declared.check("NotRead", &unread);
    assert_eq!(understood.images_without, ["a/24.png"]);
    let boxed: Vec<_> = understood.boxed.iter().map(|it| (&*it.image, &it.findings[..])).collect();
    assert_eq!(
        boxed,
        [("a/0.png", &["Mass".to_string()][..]), ("a/2.png", &["Mass".to_string()][..])]
    );

    let settings = json!({
        "tables": [0], "key": "file", "patient": "Patient ID", "chooseOn": "split=val",
        "slices": ["View"], "boxes": 1, "seed": 1, "resamples": 20,
    });
    declared.check("Settings", &settings);
    let evaluated = |settings: &Value, scores: &[u8]| {
        let settings: Settings = serde_json::from_value(settings.clone()).unwrap();
        let options = settings.options(measured(scores), &tables).unwrap();
        Evaluation::new(&options, &mut |_, _| {})
    };
    let evaluation = evaluated(&settings, &scores).unwrap();
    declared.check("Report", &evaluation.report);
    let pointing = &evaluation.report.localisation[1];
    assert_eq!((pointing.maps, pointing.pointing_game.unwrap().value), (2, 0.5));
    let by_row = json!({"tables": [0], "key": "file", "slices": [], "seed": 1, "resamples": 0});
    let by_row = evaluated(&by_row, &scores).unwrap().report;
    declared.check("Report", &by_row);
    assert_eq!((by_row.unit, by_row.units), ("row", 24));
    declared.check("Decision", &evaluation.rows.decide("Mass", 3.0));
    declared.check("Curves", &evaluation.rows.curves("Mass"));
    assert!(evaluation.rows.decide("Gout", 3.0).is_none());
    let negated = json!({"value": 0.5, "interval": null});
    for name in ["MacroReport", "FindingReport"] {
        let mut example = match name {
            "MacroReport" => serde_json::to_value(&evaluation.report.macros[0]),
            _ => serde_json::to_value(&evaluation.report.findings[0]),
        }
        .unwrap();
        example["negation_auroc"] = negated.clone(); // the page gives no negated scores
        if name == "FindingReport" {
            example["undecided"] = json!([0.5, 1.5]); // absent here, as there are too few images
        }
        declared.check(name, &example);
    }
    check_study(&declared);
    declared.all_met();
}

/// Checks a study of three readers, and of one reader.
fn check_study(declared: &Declarations) {
    let mut study = example();
    study.resamples = 20;
    for readers in [3, 1] {
        study.readers.truncate(readers);
        declared.check("StudyReport", &study.measure(&mut |_, _| {}).unwrap());
    }
}

fn example() -> Study {
    serde_json::from_str(include_str!("../../../tests/fixtures/study/study.json")).unwrap()
}

#[test]
fn flat_tables_are_the_study() {
    let study = example();
    let known = |table: &[Vec<Option<bool>>]| -> Vec<u8> {
        table.iter().flatten().map(|known| known.map_or(2, u8::from)).collect()
    };
    let labels = [&study.truth, &study.places, &study.called].map(|table| known(table)).concat();
    let mut tables = StudyTables {
        findings: study.findings.clone(),
        labels,
        scores: study.scores.concat(),
        readers: Vec::new(),
    };
    for both in &study.readers {
        let answers =
            both.each_ref().map(|one| [one.confidence.concat(), known(&one.marks)].concat());
        let seconds = both.each_ref().map(|one| one.seconds.clone()).concat();
        tables.readers.push((answers.concat(), seconds));
    }
    let flat = tables.study(study.present_from, study.seed, study.resamples);
    assert_eq!(
        serde_json::to_value(flat.measure(&mut |_, _| {}).unwrap()).unwrap(),
        serde_json::to_value(study.measure(&mut |_, _| {}).unwrap()).unwrap()
    );
    for broken in [
        StudyTables { scores: vec![1.0], ..tables.clone() },
        StudyTables { labels: Vec::new(), ..tables.clone() },
        StudyTables { readers: vec![(vec![1; 7], vec![0.5])], ..tables },
        StudyTables::default(),
    ] {
        let error = broken.study(3, 1, 0).measure(&mut |_, _| {}).unwrap_err();
        assert_eq!(error.code(), "bad-option");
    }
}

#[test]
fn a_decision_counts_and_names_the_images_the_highest_scores_first() {
    let (scores, labels) = tables();
    let settings =
        json!({"tables": [0], "key": "file", "slices": ["View"], "seed": 1, "resamples": 0});
    let settings: Settings = serde_json::from_value(settings).unwrap();
    let options = settings
        .options(Measured { predictions: scores, ..Measured::default() }, &[labels])
        .unwrap();
    let evaluation = Evaluation::new(&options, &mut |_, _| {}).unwrap();
    let decision = evaluation.rows.decide("Hernia", 2.0).unwrap();
    // The scores are n % 3, and the finding is present where n % 4 = 0.
    assert_eq!(decision.images.tp, ["a/8.png", "a/20.png"]);
    assert_eq!(decision.images.fn_, ["a/4.png", "a/16.png", "a/0.png", "a/12.png"]);
    let counts = decision.counts;
    assert_eq!((counts.tp, counts.fp, counts.fn_, counts.tn), (2, 6, 4, 12));
    assert_eq!(decision.sensitivity, Some(2.0 / 6.0));
    let slices = &evaluation.report.slices;
    let of: Vec<_> = slices.iter().map(|slice| (&*slice.value, slice.images)).collect();
    assert_eq!(of, [("PA", 16), ("AP", 8)]);
    assert_eq!(slices[0].findings[0].positives, 8);
}
