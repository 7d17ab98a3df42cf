//! Complete evaluations compared with scikit-learn (tests/golden/evaluate.py), and labels in every form.

#![allow(clippy::unwrap_used)]

use serde_json::Value;

use super::bootstrap::SplitMix64;
use super::labels::{Form, Labels};
use super::understood::{Choice, SliceBy, Understood, understand};
use super::{EvaluateError, Evaluation, Options, Thresholds};
use crate::table::Csv;

const SCORES: &str = include_str!("../../tests/fixtures/evaluate/scores.csv");
const OTHERS: &str = include_str!("../../tests/fixtures/evaluate/other.csv");
const LABELS: &str = include_str!("../../tests/fixtures/evaluate/labels.csv");
const EXPECTED: &str = include_str!("../../tests/fixtures/evaluate/expected.json");

fn csv(text: &str) -> Csv {
    Csv::parse("table.csv", text.as_bytes().to_vec()).unwrap()
}

fn options(scores: &str, labels: &str) -> Options {
    Options {
        predictions: csv(scores),
        score: "logit".to_string(),
        labels: vec![csv(labels)],
        key: None,
        patient: None,
        thresholds: Thresholds::ChosenHere,
        slices: Vec::new(),
        unseen: Vec::new(),
        negated: None,
        against: None,
        boxes: None,
        maps: None,
        tolerance: 0.0,
        seed: 1,
        resamples: 0,
        notes_name_images: true,
    }
}

fn evaluated(options: &Options) -> Evaluation {
    Evaluation::new(options, &mut |_, _| {}).unwrap()
}

/// The largest difference between numbers in the same positions.
fn apart(own: &Value, expected: &Value) -> f64 {
    match (own, expected) {
        (Value::Array(own), Value::Array(expected)) => {
            assert_eq!(own.len(), expected.len());
            own.iter().zip(expected).map(|(own, expected)| apart(own, expected)).fold(0.0, f64::max)
        }
        _ => (own.as_f64().unwrap() - expected.as_f64().unwrap()).abs(),
    }
}

#[test]
fn figures_are_those_of_scikit_learn() {
    let evaluation = evaluated(&options(SCORES, LABELS));
    let report = serde_json::to_value(&evaluation.report).unwrap();
    let expected: Value = serde_json::from_str(EXPECTED).unwrap();
    assert_eq!(evaluation.report.findings.len(), 3);
    for finding in report["findings"].as_array().unwrap() {
        let name = finding["name"].as_str().unwrap();
        let expected = &expected[name];
        assert_eq!(finding["positives"], expected["positives"], "{name}");
        assert_eq!(finding["threshold"], expected["threshold"], "{name}");
        for metric in ["auroc", "average_precision", "f1", "mcc", "sensitivity", "specificity"] {
            let apart = apart(&finding[metric]["value"], &expected[metric]);
            assert!(apart < 1e-12, "{name}: {metric} is {apart} apart");
        }
        let curves = evaluation.rows.curves(name).unwrap();
        let shares = curves.reliability.iter();
        let shares: Vec<_> =
            shares.map(|bin| [bin.score, bin.positives as f64 / bin.images as f64]).collect();
        for (curve, points) in [
            ("roc", serde_json::to_value(curves.roc).unwrap()),
            ("precision_recall", serde_json::to_value(curves.precision_recall).unwrap()),
            ("reliability", serde_json::to_value(shares).unwrap()),
        ] {
            let apart = apart(&points, &expected[curve]);
            assert!(apart < 1e-12, "{name}: {curve} is {apart} apart");
        }
        let threshold = expected["threshold"].as_f64().unwrap();
        let decision = evaluation.rows.decide(name, threshold).unwrap();
        assert!((decision.mcc - expected["mcc"].as_f64().unwrap()).abs() < 1e-12);
    }
}

#[test]
fn scores_are_compared_as_delong_does() {
    let mut compared = options(SCORES, LABELS);
    (compared.against, compared.resamples) = (Some(csv(OTHERS)), 200);
    (compared.patient, compared.thresholds) = (Some("patient".to_string()), Thresholds::None);
    let report = evaluated(&compared).report;
    let expected: Value = serde_json::from_str(EXPECTED).unwrap();
    let (mean, findings) = report.comparison.split_first().unwrap();
    assert_eq!((findings.len(), &*mean.name, mean.p), (3, "macro", None));
    for row in findings {
        let expected = &expected[&row.name];
        for (own, name) in [(row.auroc, "auroc"), (row.against, "against"), (row.p, "p")] {
            let apart = (own.unwrap() - expected[name].as_f64().unwrap()).abs();
            assert!(apart < 1e-11, "{}: {name} is {apart} apart", row.name);
        }
        let difference = row.difference.unwrap();
        assert_eq!(difference.value, row.auroc.unwrap() - row.against.unwrap());
        let [low, high] = difference.interval.unwrap();
        assert!(low < difference.value && difference.value < high);
    }
    let same = Options { against: Some(csv(SCORES)), ..compared };
    for row in evaluated(&same).report.comparison {
        assert_eq!(row.difference.unwrap().interval, Some([0.0, 0.0]), "{}", row.name);
    }
}

#[test]
fn a_part_has_the_figures_of_its_rows_alone() {
    let mut sliced = options(SCORES, LABELS);
    (sliced.slices, sliced.resamples) = (vec!["view".to_string()], 50);
    let whole = evaluated(&sliced).report;
    let of: Vec<_> = whole.slices.iter().map(|slice| (&*slice.value, slice.images)).collect();
    assert_eq!(of, [("AP", 80), ("PA", 40)]);
    let only = |value: &str| -> String {
        let kept = |line: &&str| line.starts_with("file") || line.contains(value);
        LABELS.lines().filter(kept).map(|line| format!("{line}\n")).collect()
    };
    for slice in &whole.slices {
        let alone = evaluated(&options(SCORES, &only(&format!(",{},", slice.value)))).report;
        for (part, finding) in slice.findings.iter().zip(&alone.findings) {
            assert_eq!((&part.name, part.positives), (&finding.name, finding.positives));
            assert_eq!(part.auroc.unwrap().value, finding.metrics.auroc.unwrap().value);
        }
        assert_eq!(slice.auroc.unwrap().value, alone.macros[0].metrics.auroc.unwrap().value);
        assert!(slice.auroc.unwrap().interval.is_some());
    }
}

#[test]
fn parts_by_a_column_of_the_scores_are_those_by_the_labels() {
    let mut of_labels = options(SCORES, LABELS);
    (of_labels.slices, of_labels.resamples) = (vec!["view".to_string()], 0);
    let view = LABELS.lines().next().unwrap().split(',').position(|name| name == "view").unwrap();
    let views = LABELS.lines().skip(1).map(|line| line.split(',').nth(view).unwrap());
    let views = std::iter::once("projection (DICOM)").chain(views);
    let scores: String =
        SCORES.lines().zip(views).map(|(line, view)| format!("{line},{view}\n")).collect();
    let mut of_scores = options(&scores, LABELS);
    (of_scores.slices, of_scores.resamples) = (vec!["projection (DICOM)".to_string()], 0);
    let [one, two] = [of_labels, of_scores].map(|options| evaluated(&options).report.slices);
    assert_eq!(two[0].column, "projection (DICOM)");
    let parts = |all: &[super::report::SliceReport]| -> Vec<_> {
        all.iter().map(|slice| (slice.value.clone(), slice.images, slice.auroc)).collect()
    };
    assert_eq!(parts(&one), parts(&two));
}

fn understood(tables: &[&str], images: &[&str], choice: &Choice) -> super::Result<Understood> {
    let tables: Vec<Csv> = tables.iter().map(|text| csv(text)).collect();
    let images: Vec<String> = images.iter().map(ToString::to_string).collect();
    understand(&tables, &images, choice)
}

/// Name, positives, negatives and unknown of each finding.
fn counts(understood: &Understood) -> Vec<(&str, usize, usize, usize)> {
    let finding =
        |one: &'_ super::understood::FindingLabels| (one.positives, one.negatives, one.unknown);
    let names = understood.findings.iter().map(|one| &*one.name);
    names
        .zip(understood.findings.iter().map(finding))
        .map(|(name, (present, absent, unknown))| (name, present, absent, unknown))
        .collect()
}

fn sliced(understood: &Understood) -> Vec<&str> {
    understood.slices.iter().map(|slice| &*slice.column).collect()
}

#[test]
fn every_form_of_labels_is_understood() {
    let nih = "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position\n\
        1.png,Effusion|Mass,0,1,58,M,PA\n2.png,No Finding,1,1,58,M,AP\n3.png,Infiltration,0,2,60,F,PA\n";
    let found = understood(&[nih], &["x/1.png", "x/2.png", "x/4.png"], &Choice::default()).unwrap();
    assert_eq!(
        (found.form, &*found.key, found.patient.as_deref()),
        (Form::Nih14, "Image Index", Some("Patient ID"))
    );
    assert_eq!((found.images, found.patients, found.rows_without), (2, Some(1), 1));
    assert_eq!(found.images_without, ["x/4.png"]);
    assert_eq!(sliced(&found), ["View Position"], "the others have one value here");
    assert_eq!(found.findings.len(), 14);
    assert!(counts(&found).contains(&("Pleural Effusion", 1, 1, 0)), "{:?}", counts(&found));

    let chexpert = "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,Lung Lesion,Edema,Consolidation,Pneumonia,Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,Support Devices\n\
        C/valid/patient1/study1/view1_frontal.jpg,F,80,Frontal,AP,,,1,,,0,,,,,-1,,,\n\
        C/valid/patient2/study1/view1_frontal.jpg,M,60,Frontal,PA,1,,,,,,,,,,,,,\n";
    let found = understood(
        &[chexpert],
        &["valid/patient1/study1/view1_frontal.jpg", "valid/patient2/study1/view1_frontal.jpg"],
        &Choice { key: Some("Path".to_string()), ..Choice::default() },
    );
    // Their file names are the same, so that only whole paths distinguish them.
    assert!(matches!(found, Err(EvaluateError::NothingJoined { .. })));
    let found = understood(
        &[chexpert],
        &["C/valid/patient1/study1/view1_frontal.jpg", "C/valid/patient2/study1/view1_frontal.jpg"],
        &Choice::default(),
    )
    .unwrap();
    assert_eq!((found.form, found.patient.as_deref()), (Form::Chexpert, Some("patient")));
    assert!(counts(&found).contains(&("Cardiomegaly", 1, 1, 0)), "{:?}", counts(&found));
    assert!(counts(&found).contains(&("Pleural Effusion", 0, 1, 1)));

    let padchest = "ImageID,StudyID,PatientID,PatientSex_DICOM,Projection,Labels\n\
        a.png,s,1,M,PA,\"['cardiomegaly', 'pleural effusion']\"\nb.png,s,2,F,PA,['normal']\nc.png,s,3,F,PA,['exclude']\n";
    let found = understood(&[padchest], &["a.png", "b.png", "c.png"], &Choice::default()).unwrap();
    assert_eq!((found.form, found.patient.as_deref()), (Form::Padchest, Some("PatientID")));
    assert_eq!(found.images_without, ["c.png"], "the dataset excludes it");
    assert!(counts(&found).contains(&("cardiomegaly", 1, 1, 0)), "{:?}", counts(&found));

    let projections =
        "uid,filename,projection\n1,1_IM-0001.dcm.png,Frontal\n2,2_IM-0002.dcm.png,Frontal\n";
    let reports = "uid,MeSH,findings,impression\n1,Cardiomegaly/mild,,\n2,normal,,\n";
    let images = ["1_IM-0001.dcm.png", "2_IM-0002.dcm.png"];
    let found = understood(&[reports, projections], &images, &Choice::default()).unwrap();
    assert_eq!(
        (found.form, &*found.key, &found.tables[..]),
        (Form::Openi, "filename", &[1, 0][..])
    );
    assert!(counts(&found).contains(&("cardiomegaly", 1, 1, 0)), "{:?}", counts(&found));
}

#[test]
fn labels_of_studies_are_those_of_their_images() {
    let labels = "subject_id,study_id,Atelectasis,Cardiomegaly,Consolidation,Edema,Enlarged Cardiomediastinum,Fracture,Lung Lesion,Lung Opacity,No Finding,Pleural Effusion,Pleural Other,Pneumonia,Pneumothorax,Support Devices\n\
        10,501,,1.0,,0.0,,,,,,-1.0,,,,1.0\n11,502,,,,,,,,,1.0,,,,,\n12,503,,0.0,,1.0,,,,,,,,,,\n";
    let metadata = "dicom_id,subject_id,study_id,ViewPosition,Rows\n\
        aa-1,10,501,PA,9\nbb-2,10,501,AP,9\ncc-3,11,502,PA,9\ndd-4,13,599,PA,9\n";
    let images = ["files/p10/p10/s501/aa-1.jpg", "files/p10/p10/s501/bb-2.jpg", "cc-3.jpg"];
    let found = understood(&[labels, metadata], &images, &Choice::default()).unwrap();
    assert_eq!(
        (found.form, &*found.key, found.patient.as_deref(), &found.tables[..]),
        (Form::MimicCxr, "dicom_id", Some("subject_id"), &[1, 0][..])
    );
    assert_eq!((found.images, found.patients, found.rows_without), (3, Some(2), 1));
    assert_eq!(sliced(&found), ["ViewPosition"]);
    let counted = counts(&found);
    for finding in [
        ("Cardiomegaly", 2, 1, 0),
        ("Pulmonary Edema", 0, 3, 0),
        ("Pleural Effusion", 0, 1, 2),
        ("Atelectasis", 0, 1, 2),
    ] {
        assert!(counted.contains(&finding), "{finding:?} in {counted:?}");
    }
    assert!(counted.iter().all(|(name, ..)| *name != "Support Devices"), "{counted:?}");

    // Without the metadata images are identified by their study.
    let found = understood(&[labels], &["501.png", "503.png"], &Choice::default()).unwrap();
    assert_eq!((found.form, &*found.key), (Form::MimicCxr, "study_id"));
    assert!(counts(&found).contains(&("Pulmonary Edema", 1, 1, 0)), "{:?}", counts(&found));
}

#[test]
fn a_published_table_is_evaluated_as_its_wide_form_is() {
    let scores = "image,There is Pleural Effusion\na.png,3\nb.png,1\nc.png,2\nd.png,0.5\n";
    let nih = "Image Index,Finding Labels,Patient ID\na.png,Effusion,1\nb.png,No Finding,2\nc.png,Mass,3\nd.png,Effusion|Mass,4\n";
    let wide = "Image Index,Effusion,Pleural Effusion,Patient ID\na.png,,1,1\nb.png,,0,2\nc.png,,0,3\nd.png,,1,4\n";
    let [one, two] = [nih, wide].map(|labels| evaluated(&options(scores, labels)).report);
    assert_eq!(one.findings[0].metrics, two.findings[0].metrics);
    assert_eq!(one.findings[0].metrics.auroc.unwrap().value, 0.5);
    assert!(matches!(Labels::read(&[csv(nih), csv(wide)]), Err(EvaluateError::Option { .. })));
}

#[test]
fn the_labels_are_found_among_tables_and_corrected() {
    let other = "name,Mass\nq,1\nr,0\n";
    let labels = "nr,scan,subject_id,split,sex,Mass,Zebra stripes\n1,a.dcm,p,val,F,1,0\n2,b.dcm,p,test,M,0,1\n";
    let found = understood(&[other, labels], &["x/a", "x/b"], &Choice::default()).unwrap();
    assert_eq!(
        (&found.tables[..], &*found.key, found.patient.as_deref()),
        (&[1][..], "scan", Some("subject_id"))
    );
    assert_eq!(found.splits, ["split=test", "split=val"]);
    assert_eq!(sliced(&found), ["sex"]);
    assert_eq!(found.slices[0].by, SliceBy::Sex);
    assert_eq!(counts(&found), [("Mass", 1, 1, 0), ("Zebra stripes", 1, 1, 0)]);
    let choice = Choice { patient: Some(String::new()), ..Choice::default() };
    assert_eq!(understood(&[labels], &["a", "b"], &choice).unwrap().patient, None);

    let error = |tables: &[&str], images: &[&str], choice: Choice| {
        understood(tables, images, &choice).unwrap_err().code()
    };
    let chosen = |key: &str| Choice { key: Some(key.to_string()), ..Choice::default() };
    assert_eq!(error(&[labels], &["q", "r"], Choice::default()), "no-column");
    assert_eq!(error(&[labels], &["a", "b"], chosen("nr")), "nothing-joined");
    assert_eq!(error(&["scan,Mass\na,1\nb,0\na,0\n"], &["a", "b"], Choice::default()), "two-rows");
    assert_eq!(error(&["scan,who\na,me\nb,you\n"], &["a", "b"], Choice::default()), "no-findings");
    assert_eq!(
        error(&["scan,Mass,mass\na,1,1\nb,0,0\n"], &["a", "b"], Choice::default()),
        "two-columns"
    );
    assert_eq!(error(&[], &["a"], Choice::default()), "no-findings");
}

#[test]
fn damaged_tables_are_errors_or_tables_and_never_panics() {
    let tables = [
        SCORES,
        LABELS,
        "Image Index,Finding Labels,Patient ID\n1.png,Effusion|Mass,1\n2.png,No Finding,2\n",
        "ImageID,PatientID,Labels\n1.png,1,\"['normal']\"\n2.png,2,['nodule']\n",
        "scan;age;sex;split;Mass\n1.png;012Y;F;val;1,0\n2.png;nan;M;test;0\n",
    ];
    let images = ["image 000.png", "image 001.png", "1.png", "2.png"].map(String::from);
    let mut random = SplitMix64::new(5);
    let mut below = |limit: usize| (random.next() % limit as u64) as usize;
    let mut understood = 0;
    for _ in 0..3000 {
        let mut bytes = tables[below(tables.len())].as_bytes().to_vec();
        for _ in 0..=below(6) {
            let at = below(bytes.len());
            match below(3) {
                0 => bytes[at] = b"\",;\n\t\0-1.eN|[\xFF"[below(14)],
                1 => bytes.truncate(at.max(1)),
                _ => drop(bytes.drain(at..(at + below(9)).min(bytes.len()))),
            }
            if bytes.is_empty() {
                break;
            }
        }
        let Ok(table) = Csv::parse("table.csv", bytes.clone()) else { continue };
        let Ok(found) = understand(std::slice::from_ref(&table), &images, &Choice::default())
        else {
            continue;
        };
        understood += 1;
        let mut damaged = options(SCORES, LABELS);
        (damaged.predictions, damaged.labels) = (csv(SCORES), vec![table.clone()]);
        let slices = found.slices.into_iter().map(|slice| slice.column).collect();
        (damaged.slices, damaged.patient, damaged.resamples) = (slices, found.patient, 2);
        let _ = Evaluation::new(&damaged, &mut |_, _| {});
        (damaged.predictions, damaged.labels) = (table, vec![csv(LABELS)]);
        (damaged.slices, damaged.patient) = (Vec::new(), None);
        let _ = Evaluation::new(&damaged, &mut |_, _| {});
    }
    assert!(understood > 200, "{understood}");
}

#[test]
fn labels_in_words_are_read_and_other_columns_are_named() {
    let table = "scan,Edema,Mass,Pneumonia,Nodule,Likely,Remark,subject\n\
        a.png,yes,あり,Positive,TRUE,0.9,blurred,\n\
        b.png,No,なし,negative,false,0.1,,\n\
        c.png,はい,有,present,sí,0.4,,\n\
        d.png,いいえ,無,absent,no,0.8,rotated,\n";
    let images = ["a.png", "b.png", "c.png", "d.png"];
    let found = understood(&[table], &images, &Choice::default()).unwrap();
    let of = |name| (name, 2, 2, 0);
    assert_eq!(counts(&found), ["Edema", "Mass", "Pneumonia", "Nodule"].map(of));
    let unread: Vec<_> =
        found.not_read.iter().map(|one| (&*one.column, one.value.as_deref().unwrap())).collect();
    assert_eq!(unread, [("Likely", "0.9"), ("Remark", "blurred")]);
    assert_eq!(found.patients, None, "an empty column names no patient");
}

#[test]
fn a_table_that_needs_another_one_says_which() {
    let chexpert = crate::labels::chexpert::FINDINGS.map(|(name, _)| name).join(",");
    for (table, wanted) in [
        ("path,finding,x,y,w,h\na.png,Edema,1,1,5,5\n".to_string(), "boxes-alone"),
        ("uid,MeSH\n1,normal\n".to_string(), "indiana_projections.csv"),
        ("uid,filename\n1,a.png\n".to_string(), "indiana_reports.csv"),
        (format!("subject_id,study_id,{chexpert}\n1,50{}\n", ",1.0".repeat(14)), "metadata.csv"),
        ("dicom_id,study_id\na,50\n".to_string(), "chexpert.csv"),
    ] {
        let error = understood(&[&table], &["a.png", "b.png"], &Choice::default()).unwrap_err();
        let reason = serde_json::to_string(error.reason().unwrap()).unwrap();
        assert!(reason.contains(wanted), "{table}: {reason}");
    }
}

#[test]
fn boxes_of_other_findings_are_told() {
    let labels = "path,Edema\na.png,1\nb.png,0\n";
    let boxes = "path,finding,x,y,w,h\na.png,Edema,1,1,5,5\nb.png,Lung Opacity,1,1,5,5\n";
    let found = understood(&[labels, boxes], &["a.png", "b.png"], &Choice::default()).unwrap();
    assert_eq!((found.boxed.len(), found.boxed_only), (1, vec!["Lung Opacity".to_string()]));
}

#[test]
fn notes_name_images_only_where_they_may() {
    let labels = format!(
        "{LABELS}extra.png{}\n",
        ",".repeat(LABELS.lines().next().unwrap().matches(',').count())
    );
    let notes = |named| {
        let options = Options { notes_name_images: named, ..options(SCORES, &labels) };
        evaluated(&options).report.notes.join(" ")
    };
    assert!(notes(true).contains("lack: 1 (extra.png)"), "{}", notes(true));
    assert!(notes(false).contains("lack: 1."), "{}", notes(false));
}

#[test]
fn other_scores_of_other_images_are_refused() {
    let numbered = OTHERS.lines().enumerate().map(|(i, line)| match line.split_once(',') {
        Some((_, rest)) if i > 0 => format!("{i},{rest}\n"),
        _ => format!("{line}\n"),
    });
    let against = Some(csv(&numbered.collect::<String>()));
    let error = Evaluation::new(&Options { against, ..options(SCORES, LABELS) }, &mut |_, _| {});
    let Err(EvaluateError::NoFindings { reason }) = error else { panic!("it is measured") };
    assert_eq!(
        reason.to_string(),
        "`table.csv` has a row of none of the images. Name them as in the scores"
    );
}

#[test]
fn doubled_rows_are_taken_once_and_contradictions_are_not() {
    let images = ["a.png", "b.png", "c.png", "d.png"];
    let rows = "row,scan,Edema,view\n1,a.png,1,PA\n2,b.png,0,PA\n3,c.png,1,AP\n4,d.png,0,AP\n";
    let doubled = format!("{rows}5,a.png,1,PA\n6,b.png,0,PA\n");
    let found = understood(&[&doubled], &images, &Choice::default()).unwrap();
    assert_eq!((found.doubled, found.images, found.rows_without), (2, 4, 0));
    let scores = "image,Edema\na.png,2\nb.png,1\nc.png,3\nd.png,0\n";
    let once = evaluated(&Options { key: Some("scan".into()), ..options(scores, &doubled) });
    assert_eq!(once.report.images, 4);
    assert!(once.report.notes.iter().any(|note| note.ends_with("taken once: 2.")));

    let twice = format!("{rows}5,a.png,0,PA\n");
    let error = understood(&[&twice], &images, &Choice::default()).unwrap_err();
    assert_eq!(error.code(), "two-rows");
    let table = "who,scan,Edema\nx,a.png,1\nx,b.png,0\nx,c.png,0\ny,d.png,0\ny,e.png,1\n";
    let choice = Choice { key: Some("who".into()), ..Choice::default() };
    let error = understood(&[table], &images, &choice).unwrap_err();
    assert_eq!(error.code(), "repeated-key");
    assert!(error.to_string().contains("may not name the images"), "{error}");
}

#[test]
fn parts_of_few_images_are_counted_and_not_told() {
    let rows = |row: usize| (row % 2, if row < 4 { "lone" } else { "many" });
    let table = |of: &dyn Fn(usize) -> String| (0..12).map(of).collect::<String>();
    let labels = table(&|row| format!("{row}.png,{},{}\n", rows(row).0, rows(row).1));
    let scores = table(&|row| format!("{row}.png,{}\n", row * 7 % 12));
    let mut options =
        options(&format!("image,Mass\n{scores}"), &format!("image,Mass,ward\n{labels}"));
    options.slices = vec!["ward".to_string()];
    let report = evaluated(&options).report;
    let values: Vec<&str> = report.slices.iter().map(|slice| &*slice.value).collect();
    assert_eq!((values, report.slices_left_out), (vec!["many"], 1));
    assert!(!report.markdown().contains("lone"));
}
