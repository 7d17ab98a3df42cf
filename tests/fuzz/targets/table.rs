//! Tables, between record separators (U+001E): what they say of images, and an evaluation of scores; the same bytes packed,
//! and as a reference population.
#![no_main]

use carzero::evaluate::understood::{Choice, Understood, understand};
use carzero::evaluate::{Evaluation, Options, Thresholds};
use carzero::package::population::Population;
use carzero::table::Csv;
use libfuzzer_sys::fuzz_target;

const SEPARATOR: u8 = 0x1E;
const SCORES: &str = "image,Mass,Pleural Effusion,Cardiomegaly\n1.png,1,3,2\n2.png,2,1,3\n3.png,3,2,1\n";

fn csv(name: &str, bytes: &[u8]) -> Option<Csv> {
    Csv::parse(name, bytes.to_vec()).ok()
}

fn options(predictions: Csv, labels: Vec<Csv>, found: &Understood) -> Options {
    Options {
        predictions,
        score: "logit".to_string(),
        labels,
        key: Some(found.key.clone()),
        patient: found.patient.clone(),
        thresholds: Thresholds::ChosenHere,
        slices: found.slices.iter().map(|slice| slice.column.clone()).collect(),
        unseen: Vec::new(),
        negated: None,
        against: None,
        boxes: None,
        maps: None,
        tolerance: 0.0,
        seed: 1,
        resamples: 2,
        notes_name_images: true,
    }
}

fuzz_target!(|data: &[u8]| {
    let _ = Csv::parse("table.csv.gz", data.to_vec());
    let _ = Population::parse(data);
    let tables: Vec<Csv> =
        data.split(|&byte| byte == SEPARATOR).take(3).filter_map(|part| csv("table.csv", part)).collect();
    let images = ["1.png", "2.png", "a/3.png"].map(String::from);
    let Ok(found) = understand(&tables, &images, &Choice::default()) else { return };
    assert!(found.images <= images.len());
    let labels: Vec<Csv> = found.tables.iter().map(|&at| tables[at].clone()).collect();
    let scores = Csv::parse("scores.csv", SCORES.as_bytes().to_vec()).unwrap();
    let mut options = options(scores, labels, &found);
    options.boxes = found.boxes.map(|at| tables[at].clone());
    options.maps = options.boxes.clone();
    let _ = Evaluation::new(&options, &mut |_, _| {});
    (options.boxes, options.maps) = (None, None);
    let _ = Evaluation::new(&options, &mut |_, _| {});
    // The same table as scores.
    options.against = Some(options.predictions);
    options.predictions = tables[found.tables[0]].clone();
    let _ = Evaluation::new(&options, &mut |_, _| {});
});
