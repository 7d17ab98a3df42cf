//! Complete evaluations of small files.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use clap::Parser;
use tempfile::TempDir;

use super::{Args, run};
use carzero::evaluate::report::Report;
use carzero::evaluate::{EvaluateError, Evaluation};

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

const PREDICTIONS: &str = "id,There is Mass,There is Pleural Effusion,There is Edema,There is Fever
a,3,1,0,1\nb,2,4,0,1\nc,1,3,0,1\nd,0,2,,1\nx,9,9,9,9\n";
const LABELS: &str = "id,person,split,Mass,pleural_effusion,Edema
d,p2,test,0,0,1\nc,p2,test,1,-1,0\nb,p1,test,0,1,nan\na,p1,val,1,0,0.0\ny,p9,val,1,1,1\n";

/// A folder with the files of predictions and labels.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("p.csv"), PREDICTIONS).unwrap();
    fs::write(folder.path().join("l.csv"), LABELS).unwrap();
    folder
}

fn args(folder: &TempDir, more: &str) -> Args {
    let path = |name: &str| folder.path().join(name).display().to_string();
    let words =
        format!("evaluate --predictions {} --labels {} {more}", path("p.csv"), path("l.csv"));
    Cli::parse_from(words.replace("@/", &path("")).split_whitespace()).args
}

fn evaluate(args: &Args) -> Result<Report, EvaluateError> {
    Ok(Evaluation::new(&args.options()?, &mut |_, _| {})?.report)
}

fn report(folder: &TempDir, more: &str) -> Report {
    evaluate(&args(folder, more)).unwrap()
}

fn auroc(report: &Report, name: &str) -> f64 {
    report
        .findings
        .iter()
        .find(|finding| finding.name == name)
        .unwrap()
        .metrics
        .auroc
        .unwrap()
        .value
}

#[test]
fn joins_masks_and_leaves_out() {
    let report = report(&folder(), "--patient person --resamples 50");
    assert_eq!((report.images, report.unit, report.units), (4, "patient", 2));
    // a 3+ b 2- c 1+ d 0-: three of four pairs in order.
    assert_eq!(auroc(&report, "Mass"), 0.75);
    // c is unknown: b 4+ d 2- a 1-.
    assert_eq!(auroc(&report, "pleural_effusion"), 1.0);
    let effusion = &report.findings[1];
    assert_eq!((effusion.positives, effusion.negatives, effusion.unknown), (1, 2, 1));
    assert_eq!(report.macros[0].metrics.auroc.unwrap().value, 0.875);
    // The only image with edema has no score.
    assert_eq!(report.left_out[0].finding, "Edema");
    let markdown = report.markdown();
    for text in [
        "(x).",
        "(y).",
        "There is Fever",
        "- Edema: no image is positive",
        "| Mass | 2 | 2 | 0 | 0.750",
    ] {
        assert!(markdown.contains(text), "{text} is missing in\n{markdown}");
    }
}

#[test]
fn long_form_equals_wide_form_and_joins_by_file_name() {
    let wide = folder();
    let long = folder();
    let mut rows: Vec<Vec<&str>> =
        PREDICTIONS.lines().map(|line| line.split(',').collect()).collect();
    let header = rows.remove(0);
    let mut text = String::from("image,prompt,logit,i2t,t2i,percentile\n");
    for row in &rows {
        for column in (1..header.len()).rev() {
            text +=
                &format!("/elsewhere/{}.png,{}.,{},0,0,50\n", row[0], header[column], row[column]);
        }
    }
    fs::write(long.path().join("p.csv"), text).unwrap();
    let with_paths: String = LABELS
        .lines()
        .skip(1)
        .map(|line| format!("here/{}\n", line.replacen(',', ".png,", 1)))
        .collect();
    fs::write(
        long.path().join("l.csv"),
        format!("{}\n{with_paths}", LABELS.lines().next().unwrap()),
    )
    .unwrap();
    let (wide, long) = (report(&wide, "--resamples 20"), report(&long, "--key id --resamples 20"));
    for finding in &wide.findings {
        let other = long.findings.iter().find(|other| other.name == finding.name).unwrap();
        assert_eq!(
            (finding.positives, finding.negatives, finding.metrics),
            (other.positives, other.negatives, other.metrics)
        );
    }
    assert_eq!(wide.macros[0].metrics.auroc, long.macros[0].metrics.auroc);
    assert!(long.markdown().contains("Joined by file name"));
}

/// 40 images whose scores correlate with their labels. Predictions and labels are in different orders; each row is
/// image and Mass.
fn shuffled() -> [Vec<[String; 2]>; 2] {
    let image = |n: usize| format!("p{:02}/i{n:03}.png", n / 2);
    let predictions = (0..40).map(|row| row * 7 % 40);
    [
        predictions.map(|n| [image(n), format!("{}.5", n % 9 + 3 * (n % 2))]).collect(),
        (0..40).map(|n| [image(n), (n % 2).to_string()]).collect(),
    ]
}

/// The Mann-Whitney AUROC of the 40 rows, pair by pair.
fn shuffled_auroc() -> f64 {
    let score = |n: usize| n % 9 + 3 * (n % 2);
    let pairs = (0..20).flat_map(|one| (0..20).map(move |two| (2 * one + 1, 2 * two)));
    let wins = pairs.map(|(yes, no)| match score(yes).cmp(&score(no)) {
        std::cmp::Ordering::Greater => 1.0,
        std::cmp::Ordering::Equal => 0.5,
        std::cmp::Ordering::Less => 0.0,
    });
    wins.sum::<f64>() / 400.0
}

/// A table with a header; `row` makes a line from its number and two cells.
fn table(rows: &[[String; 2]], header: &str, row: impl Fn(usize, &str, &str) -> String) -> String {
    let lines = rows.iter().enumerate().map(|(n, [image, mass])| row(n, image, mass) + "\n");
    format!("{header}\n{}", lines.collect::<String>())
}

#[test]
fn the_key_is_the_column_that_tells_images() {
    type Line = fn(usize, &str, &str) -> String;
    let plain: Line = |_, image, mass| format!("{image},{mass}");
    let counted: Line = |n, image, mass| format!("{n},{image},{mass}");
    let gaps: Line = |n, image, mass| format!("{},{image},{mass}", 3 * n);
    let leads: Line = |n, image, mass| format!("{image},{mass},{n}");
    let stem: Line = |_, image, mass| format!("{image},{},{mass}", image.replace('/', "_"));
    #[rustfmt::skip]
    let cases: [(&str, Line, &str, Line); 12] = [
        // `DataFrame.to_csv` of pandas: the index first, without a name.
        (",image,Mass", counted, ",image,Mass", counted),
        // The same read by `read_csv` and written once more.
        ("Unnamed: 0,image,Mass", counted, "Unnamed: 0,image,Mass", counted),
        // An index from which some rows were removed.
        (",image,Mass", gaps, ",image,Mass", gaps),
        // `reset_index`.
        ("index,image,Mass", counted, "index,image,Mass", gaps),
        ("level_0,study,Mass", counted, "level_0,study,Mass", counted),
        // Images as the index.
        (",Mass", plain, ",Mass", plain),
        ("id,image,Mass", counted, "id,image,Mass", counted),
        ("row,StudyInstanceUID,Mass", counted, "row,StudyInstanceUID,Mass", counted),
        ("image,Mass,id", leads, "image,Mass,id", leads),
        ("Image,Mass", plain, "image,Mass", plain),
        ("image,Mass", plain, ",path,Mass", counted),
        ("path,image_id,Mass", stem, "path,image_id,Mass", stem),
    ];
    for (one, one_row, two, two_row) in cases {
        let folder = folder();
        let [predictions, labels] = shuffled();
        fs::write(folder.path().join("p.csv"), table(&predictions, one, one_row)).unwrap();
        fs::write(folder.path().join("l.csv"), table(&labels, two, two_row)).unwrap();
        let report = report(&folder, "--resamples 0");
        assert_eq!(report.images, 40, "{one} {two}");
        assert!((auroc(&report, "Mass") - shuffled_auroc()).abs() < 1e-12, "{one} {two}");
    }
}

#[test]
fn columns_that_join_other_rows_are_named() {
    let folder = folder();
    let [predictions, labels] = shuffled();
    // Both columns are unique, but the studies are numbered differently in the two files.
    let row = |n: usize, image: &str, mass: &str| format!("{image},S{:03},{mass}", n * 3 % 40);
    fs::write(folder.path().join("p.csv"), table(&predictions, "image,study,Mass", row)).unwrap();
    fs::write(folder.path().join("l.csv"), table(&labels, "image,study,Mass", row)).unwrap();
    let error = evaluate(&args(&folder, "")).unwrap_err().to_string();
    assert!(error.contains("image, study") && error.contains("--key"), "{error}");
    let report = report(&folder, "--key image --resamples 0");
    assert!((auroc(&report, "Mass") - shuffled_auroc()).abs() < 1e-12);
}

#[test]
fn what_both_files_know_of_a_patient_is_no_finding() {
    let folder = folder();
    let rows = "a,F,61,1\nb,M,70,0\nc,F,1,1\nd,F,44,0\n";
    fs::write(folder.path().join("p.csv"), format!("id,sex,age,Mass\n{rows}")).unwrap();
    fs::write(folder.path().join("l.csv"), format!("id,sex,age,Mass\n{rows}")).unwrap();
    let report = report(&folder, "--resamples 0");
    assert_eq!((report.findings.len(), auroc(&report, "Mass")), (1, 1.0));
    assert!(report.markdown().contains("that hold no labels, ignored: sex, age."));
}

#[test]
fn tables_are_read_as_spreadsheets_write_them() {
    let utf16 = |text: &str, big: bool, mark: bool| -> Vec<u8> {
        let text = format!("{}{text}", if mark { "\u{feff}" } else { "" });
        let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        text.encode_utf16().flat_map(bytes).collect()
    };
    let [predictions, labels] = shuffled();
    let write = |rows: &[[String; 2]], mark: char, point: &str| {
        table(rows, &format!("image{mark}Mass"), |_, image, mass| {
            format!("{image}{mark}{}", mass.replace('.', point))
        })
    };
    let words = |text: String| text.replace(",1\n", ",True\n").replace(",0\n", ",False\n");
    let upper = |text: String| words(text).replace("True", "TRUE").replace("False", "FALSE");
    let cases: [(Vec<u8>, Vec<u8>); 7] = [
        (write(&predictions, ';', ".").into(), write(&labels, ';', ".").into()),
        // If the decimal separator is a comma, cells are separated by semicolons.
        (
            write(&predictions, ';', ",").into(),
            format!("\u{feff}{}", write(&labels, ',', ".")).into(),
        ),
        (write(&predictions, '\t', ".").into(), write(&labels, '\t', ".").into()),
        // "Unicode text" of a spreadsheet.
        (
            utf16(&write(&predictions, '\t', "."), false, true),
            utf16(&write(&labels, '\t', "."), true, true),
        ),
        (
            utf16(&write(&predictions, ',', "."), false, false),
            utf16(&write(&labels, ',', "."), true, false),
        ),
        (write(&predictions, ',', ".").into(), words(write(&labels, ',', ".")).into()),
        (write(&predictions, ',', ".").into(), upper(write(&labels, ',', ".")).into()),
    ];
    for (index, (one, two)) in cases.iter().enumerate() {
        let folder = folder();
        fs::write(folder.path().join("p.csv"), one).unwrap();
        fs::write(folder.path().join("l.csv"), two).unwrap();
        let report = report(&folder, "--resamples 0");
        assert!((auroc(&report, "Mass") - shuffled_auroc()).abs() < 1e-12, "{index}");
    }
}

#[test]
fn thresholds_are_chosen_or_given() {
    let folder = folder();
    let labels = "id,split,Mass\na,val,1\nb,val,0\nc,test,1\nd,test,0\nx,test,0\n";
    fs::write(folder.path().join("l.csv"), labels).unwrap();
    fs::write(folder.path().join("t.json"), "{\"There is mass\": 1, \"Fever\": 0}").unwrap();
    let chosen = report(&folder, "--choose-on split=val --resamples 0");
    assert_eq!(
        (chosen.images, chosen.validation_images, chosen.findings[0].threshold),
        (3, 2, Some(3.0))
    );
    // Only x, with 9, is called present, which is wrong: TP 0, FP 1, FN 1, TN 1.
    let metrics = chosen.findings[0].metrics;
    assert_eq!((metrics.f1.unwrap().value, metrics.mcc.unwrap().value), (0.0, -0.5));
    let given = report(&folder, "--thresholds @/t.json --resamples 0");
    // Present: a+ b- c+ x-; absent: d-.
    assert_eq!(given.findings[0].metrics.f1.unwrap().value, 2.0 / 3.0);
    assert!(given.markdown().contains("Thresholds without such a finding, ignored: fever."));
    assert!(report(&folder, "--resamples 0").findings[0].metrics.f1.is_none());
}

#[test]
fn groups_of_findings_and_negation() {
    let folder = folder();
    let scores =
        "id,A,B,C,There is no A,There is no finding\na,1,1,1,1,0\nb,2,2,2,2,0\nc,3,3,0,3,0\n";
    fs::write(folder.path().join("p.csv"), scores).unwrap();
    fs::write(folder.path().join("l.csv"), "id,A,B,C\na,1,0,0\nb,1,0,1\nc,0,1,0\n").unwrap();
    let report = report(&folder, "--unseen b --resamples 10 --negated @/p.csv");
    let groups: Vec<(&str, f64)> = report
        .macros
        .iter()
        .map(|group| (group.group, group.metrics.auroc.unwrap().value))
        .collect();
    let expected = [
        ("macro", 2.0 / 3.0),
        ("macro seen", 0.5),
        ("macro unseen", 1.0),
        ("macro head", 0.0),
        ("macro medium", 1.0),
        ("macro tail", 1.0),
    ];
    assert_eq!(groups, expected);
    // The scores of "no A" rank the images exactly by the absence of A.
    assert_eq!(report.findings[0].metrics.negation_auroc.unwrap().value, 1.0);
    assert_eq!(report.findings[1].metrics.negation_auroc, None);
    // Percentiles of a, b, c: A and B 17, 50, 83; C 50, 83, 17. Top-1: a misses, b hits with C, c misses because of a
    // tie.
    assert_eq!(report.top_k[0].images, 3);
    assert_eq!(report.top_k[0].accuracy.unwrap().value, 1.0 / 3.0);
    assert!((report.top_k[0].chance.unwrap() - 4.0 / 9.0).abs() < 1e-12);
    assert_eq!(report.top_k.len(), 1);
}

#[test]
fn a_macro_mean_keeps_its_findings_in_every_resample() {
    let folder = folder();
    fs::write(folder.path().join("p.csv"), "id,A,B\na,9,1\nb,2,2\nc,3,3\nd,4,9\n").unwrap();
    fs::write(folder.path().join("l.csv"), "id,A,B\na,1,1\nb,0,0\nc,0,0\nd,0,0\n").unwrap();
    // The AUROC of A is always 1 and that of B always 0, if they have a value at all.
    let auroc = report(&folder, "--resamples 200").macros[0].metrics.auroc.unwrap();
    assert_eq!((auroc.value, auroc.interval), (0.5, Some([0.5, 0.5])));
}

#[test]
fn maps_against_boxes() {
    let folder = folder();
    let maps = "key,finding,view_x,view_y,view_width,view_height,v0,v1,v2,v3
a,Mass,0,0,100,100,1,0,0,0\nb,Mass,0,0,100,100,0,0,0,1\nb,Edema,0,0,100,100,0,3,1,0\nc,Mass,0,0,1,1,0,0,0,1\n";
    fs::write(folder.path().join("m.csv"), maps).unwrap();
    fs::write(folder.path().join("b.csv"), "path,finding,x,y,w,h\ncxr/a,mass,0,0,50,50\ncxr/b,mass,0,0,50,50\ncxr/b,There is Edema,50,0,50,50\n").unwrap();
    let report = report(&folder, "--boxes @/b.csv --maps @/m.csv --patient person");
    let rows: Vec<_> = report
        .localisation
        .iter()
        .map(|row| {
            (
                row.finding.as_str(),
                row.maps,
                row.pointing_game.unwrap().value,
                row.box_energy.unwrap().value,
            )
        })
        .collect();
    assert_eq!(
        rows,
        [("macro", 3, 0.75, 0.625), ("There is Edema", 1, 1.0, 0.75), ("mass", 2, 0.5, 0.5)]
    );
    assert_eq!(report.localisation[0].chance, Some(0.25));
    // c has no box, and nothing else is left out.
    assert!(
        report.markdown().contains("Maps without a box of their finding, left out: 1 (Mass of c).")
    );
    assert!(!report.markdown().contains("without a map"));
    // a and b are of the same patient, so there is nothing to resample.
    assert_eq!(report.localisation[0].pointing_game.unwrap().interval, None);
    fs::write(folder.path().join("m.csv"), maps.replace(",v3", ",w")).unwrap();
    let error = evaluate(&args(&folder, "--boxes @/b.csv --maps @/m.csv")).unwrap_err();
    assert!(error.to_string().contains("3 values"), "{error}");
}

#[test]
fn writes_all_files() {
    let folder = folder();
    run(&args(&folder, "--choose-on split=val --resamples 10 --out @/out/new")).unwrap();
    let chosen = fs::read_to_string(folder.path().join("out/new/thresholds.json")).unwrap();
    assert_eq!(chosen, "{\n  \"Mass\": 3.0\n}\n");
    run(&args(&folder, "--resamples 10 --out @/out/new")).unwrap();
    let read = |name: &str| fs::read_to_string(folder.path().join("out/new").join(name)).unwrap();
    assert!(read("report.md").starts_with("# Evaluation"));
    let json: serde_json::Value = serde_json::from_str(&read("report.json")).unwrap();
    assert_eq!(json["findings"][0]["auroc"]["value"], 0.75);
    let svg = read("roc/pleural-effusion.svg");
    assert!(
        svg.contains("AUROC 1.000 (1.000 to 1.000)") && svg.contains("1 present, 2 absent"),
        "{svg}"
    );
    assert!(Path::new(&folder.path().join("out/new/roc/mass.svg")).exists());
}

#[test]
fn the_seed_decides() {
    let folder = folder();
    let json = |more: &str| serde_json::to_string(&report(&folder, more)).unwrap();
    assert_eq!(json("--seed 5 --resamples 30"), json("--seed 5 --resamples 30"));
}

#[test]
fn errors_name_the_place_and_the_remedy() {
    #[rustfmt::skip]
    let cases = [
        ("p.csv", "id,Mass\na,1\nb,high\n", "", vec!["p.csv", "line 3", "column `Mass`", "\"high\"", "finite number"]),
        ("p.csv", "id,Mass\na,1\nb,inf\n", "", vec!["line 3", "\"inf\""]),
        ("p.csv", "id,Mass\na,1\na,2\n", "", vec!["line 3", "`id` \"a\"", "line 2", "--key"]),
        ("p.csv", "id,Mass\na,1\n,2\n", "", vec!["line 3", "key"]),
        ("p.csv", "id,Mass\na,1,2\n", "", vec!["p.csv", "line 2 has 3 cells", "well-formed"]),
        ("p.csv", "id,Mass\n", "", vec!["no rows"]),
        ("p.csv", "id,Mass,There is mass\na,1,2\n", "", vec!["two columns", "`Mass` and `There is mass`"]),
        ("p.csv", "id,Fever\na,1\n", "", vec!["no finding", "Fever"]),
        ("p.csv", "number,There is Mass\na,1\n", "", vec!["share no column", "--key"]),
        ("p.csv", "id,Mass\nq,1\n", "", vec!["\"q\"", "\"d\"", "--key"]),
        ("p.csv", "image,prompt,logit\nq,Mass,1\n", "", vec!["l.csv", "no column `image`", "--key"]),
        ("p.csv", "image,prompt,logit\na,Mass,1\na,Mass,1\n", "--key id", vec!["line 3", "\"Mass\" of \"a\"", "line 2"]),
        ("p.csv", "\u{0}\u{1}\u{0}", "", vec!["p.csv", "UTF-16"]),
        ("l.csv", "id,Mass\na,1\nb,2\n", "", vec!["l.csv", "line 3", "\"2\"", "unknown"]),
        ("l.csv", "id,Mass,mass\na,1,0\nb,0,1\n", "", vec!["two columns"]),
        ("l.csv", "id,Mass\na,1\nb,1\n", "", vec!["no finding can be evaluated", "no image is negative (Mass)"]),
        ("l.csv", "id,Mass,who\na,1,\nb,0,\n", "--patient who", vec!["--patient", "no image has a patient", "`who`"]),
        ("t.json", "{\"Mass\": \"high\"}", "--thresholds @/t.json", vec!["t.json", "JSON object"]),
        ("n.csv", "id,Mass\na,1\n", "--negated @/n.csv", vec!["n.csv", "There is no"]),
        ("-", "", "--predictions @/none.csv", vec!["none.csv", "cannot be read"]),
        ("-", "", "--key nr", vec!["no column `nr`", "id, There is Mass"]),
        ("-", "", "--patient who", vec!["l.csv", "no column `who`", "--patient"]),
        ("-", "", "--choose-on split", vec!["--choose-on", "COLUMN=VALUE"]),
        ("-", "", "--choose-on split=dev", vec!["--choose-on", "test, val"]),
        ("-", "", "--unseen Gout", vec!["--unseen", "\"gout\"", "Mass"]),
    ];
    for (file, content, more, expected) in cases {
        let folder = folder();
        fs::write(folder.path().join(file), content).unwrap();
        let mut args = args(&folder, &more.replace("--predictions @/none.csv", ""));
        if more.contains("none.csv") {
            args.predictions = folder.path().join("none.csv");
        }
        let error: EvaluateError = evaluate(&args).unwrap_err();
        for text in expected {
            assert!(error.to_string().contains(text), "\"{text}\" is missing in: {error}");
        }
    }
}
