//! The shipped model against golden outputs: an implementation in NumPy and float64, from the same
//! weights as stored (`tests/golden/default.py`).

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use carzero::engine::cover::Cover;
use carzero::engine::sides::Side;
use carzero::package::config::Reference;
use carzero::phantom::{Example, Phantom};
use carzero::text::align::paraphrases::paraphrases;
use carzero::text::prompt::{Prompt, sentence};
use carzero::{Engine, Picture};
use support::{Golden, assert_close, assert_tensor, fixture, golden, load, micro};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models/default")
}

#[test]
fn outputs_match_an_independent_implementation() {
    let loaded = load(&folder());
    let expected = golden(&fixture("default").join("expected.safetensors"));
    let prompts = fs::read(fixture("default").join("prompts.json")).unwrap();
    let prompts: Vec<String> = serde_json::from_slice(&prompts).unwrap();
    let device = Device::flex();
    // f32 here, f64 there: over this depth sums differ by some 1e-5 of their size.
    let close =
        |name: &str, actual: Tensor<2>| assert_tensor(name, actual, &expected[name], 1e-3, 1e-4);

    let pixels: Tensor<4> = tensor(&expected["pixels"]);
    let image = loaded.model.img_encoder.forward(pixels.clone());
    close("image_global", image.global);
    assert_tensor("image_local", image.local, &expected["image_local"], 1e-3, 1e-4);
    let pieces: Vec<_> =
        prompts.iter().map(|prompt| loaded.tokenizer.encode(prompt).unwrap()).collect();
    close("text_global", loaded.model.text_encoder.forward(&pieces, &device).global);

    let (images, texts) =
        (loaded.model.encode_images(pixels), loaded.model.encode_texts(&pieces, &device));
    let scores = loaded.model.score(&images, &texts);
    close("i2t", scores.i2t);
    close("t2i", scores.t2i);
    assert_tensor("attention", scores.attention, &expected["attention"], 1e-5, 1e-3);
}

/// A square that needs no resizing, from whole numbers alone.
fn test_picture(engine: &Engine) -> Picture {
    let size = engine.config().image.size as u32;
    let grey = (0..size * size).map(|at| (at % size, at / size));
    let grey = grey.map(|(x, y)| ((x * x / 97 + y * y / 61 + x * y / 53) % 256) as u8).collect();
    Picture::from_grey(size, size, grey).unwrap()
}

#[test]
fn an_audit_covers_what_an_independent_implementation_covers() {
    let engine = Engine::new(load(&folder()), Device::flex());
    let expected = golden(&fixture("default").join("expected.safetensors"));
    let picture = test_picture(&engine);
    let images = engine.encode_images(&[&picture]);
    let prompt = "There is Pneumothorax";
    let scores = pollster::block_on(engine.score(&images, &[prompt.to_string()])).unwrap();
    let audit = |cover| {
        let map = &scores[0][0].attention;
        let mut audit =
            pollster::block_on(engine.audit(&picture, &images, prompt, map, cover)).unwrap();
        while audit.done() < audit.passes() {
            assert_eq!(audit.report(), None, "not before it is done");
            pollster::block_on(engine.audit_step(&mut audit)).unwrap();
        }
        audit.report().unwrap()
    };
    // f32 here, f64 there; a logit is of order 1.
    let close = |name: &str, logits: &[f32]| {
        assert_close(name, logits, &[logits.len()], &expected[name], 1e-3, 1e-4);
    };
    let report = audit(Cover::Mean);
    let rest = [report.kept.logit, report.shuffled.logit];
    let logits: Vec<f32> = [report.whole.logit, report.covered.logit]
        .into_iter()
        .chain(report.controls.iter().map(|control| control.logit))
        .chain(rest)
        .collect();
    assert_eq!(logits.len(), 24);
    close("audit", &logits);
    close(
        "audit_blur_mirror",
        &[Cover::Blur, Cover::Mirror].map(|cover| audit(cover).covered.logit),
    );
    let flat =
        pollster::block_on(engine.audit(&picture, &images, prompt, &[0.5; 196], Cover::Mean));
    assert!(flat.is_err(), "a map without a strongest place");
}

#[test]
fn curves_fall_and_rise_as_an_independent_implementation_says() {
    let engine = Engine::new(load(&folder()), Device::flex());
    let expected = golden(&fixture("default").join("expected.safetensors"));
    let picture = test_picture(&engine);
    let images = engine.encode_images(&[&picture]);
    let prompt = "There is Pneumothorax";
    let scores = pollster::block_on(engine.score(&images, &[prompt.to_string()])).unwrap();
    let map = &scores[0][0].attention;
    let mut curves = pollster::block_on(engine.curves(&picture, &images, prompt, map)).unwrap();
    while curves.done() < curves.passes() {
        assert_eq!(curves.report(), None, "not before they are done");
        pollster::block_on(engine.curves_step(&mut curves)).unwrap();
    }
    let report = curves.report().unwrap();
    for (name, curve) in [("deletion", &report.deletion), ("insertion", &report.insertion)] {
        let logits: Vec<f32> = curve.iter().map(|point| point.logit).collect();
        assert_close(name, &logits, &[15], &expected[name], 1e-3, 1e-4);
    }
    let areas = [report.deletion_area, report.insertion_area];
    assert_close("areas", &areas, &[2], &expected["areas"], 1e-3, 1e-4);
    for map in [&[0.5; 196][..], &[0.1, 0.2], &[f32::NAN; 196]] {
        let error = pollster::block_on(engine.curves(&picture, &images, prompt, map)).unwrap_err();
        assert!(error.to_string().contains("14 by 14"), "{error}");
    }
}

#[test]
fn sides_are_asked_of_the_picture_and_of_its_mirror_image() {
    let engine = Engine::new(load(&folder()), Device::flex());
    let grey = Phantom::example("effusion").unwrap().render(512);
    let mut flipped = grey.clone();
    flipped.chunks_exact_mut(512).for_each(<[u8]>::reverse);
    let [picture, mirror] = [grey, flipped].map(|grey| Picture::from_grey(512, 512, grey).unwrap());
    let [images, mirrors] = [&picture, &mirror].map(|picture| engine.encode_images(&[picture]));
    let sides = pollster::block_on(engine.sides(&picture, &images, "Pleural Effusion")).unwrap();
    let named: Vec<Side> = sides.iter().map(|one| one.side).collect();
    assert_eq!(named, [Side::Neither, Side::Left, Side::Right]);
    for (one, word) in sides.iter().zip(["", "left", "right"]) {
        assert!(one.prompt.contains(word), "{}", one.prompt);
        let prompts = std::slice::from_ref(&one.prompt);
        for (images, found) in [(&images, one.as_is), (&mirrors, one.mirrored)] {
            let score = &pollster::block_on(engine.score(images, prompts)).unwrap()[0][0];
            assert!((score.logit - found.logit).abs() < 1e-3, "{}: {found:?}", one.prompt);
            assert_eq!(score.percentile.is_some(), found.percentile.is_some());
        }
    }
    let heart = pollster::block_on(engine.sides(&picture, &images, "Cardiomegaly")).unwrap();
    assert_eq!(heart.len(), 1, "it has no sides");
    assert!(pollster::block_on(engine.sides(&picture, &images, "胸")).is_err(), "nothing to read");
}

#[test]
fn what_is_seen_of_a_finding_is_scored_and_put_together() {
    let engine = Engine::new(load(&folder()), Device::flex());
    let observed = |name: &str, finding: &str| {
        let grey = Phantom::example(name).unwrap().render(512);
        let images = engine.encode_images(&[&Picture::from_grey(512, 512, grey).unwrap()]);
        pollster::block_on(engine.observe(&images, finding)).unwrap()
    };
    let effusion = observed("effusion", "Pleural Effusion");
    let first = &effusion.observations[0];
    assert_eq!(first.prompt.sentence(), "There is blunting of the costophrenic angle");
    assert_eq!(first.attention.len(), 196);
    let ranks: Vec<f32> = effusion.observations.iter().filter_map(|one| one.percentile).collect();
    assert!(ranks[0] > 90.0, "a phrase that it learnt: {ranks:?}");
    let combined = effusion.combined.unwrap();
    assert_eq!(combined.observations, ranks.len());
    let mean = ranks.iter().sum::<f32>() / ranks.len() as f32;
    assert!((combined.mean - mean).abs() < 0.1, "{combined:?}, {ranks:?}");
    let normal = observed("normal", "Pleural Effusion");
    assert!(normal.observations[0].logit < first.logit);
    assert!(normal.combined.unwrap().percentile < combined.percentile);
    assert!(observed("normal", "asdfgh").observations.is_empty());
}

#[test]
fn the_whole_model_scores_in_an_ablation_as_it_always_does() {
    let engine = Engine::new(load(&folder()), Device::flex());
    let picture = Picture::from_grey(512, 512, Phantom::default().render(512)).unwrap();
    let images = engine.encode_images(&[&picture]);
    for (finding, ranked) in [("Pleural Effusion", true), ("asdfgh", false)] {
        let prompt = sentence(finding).unwrap();
        let score = &pollster::block_on(engine.score(&images, std::slice::from_ref(&prompt)))
            .unwrap()[0][0];
        let parts = pollster::block_on(engine.ablate(&images, &prompt)).unwrap();
        assert!((parts[0].logit - score.logit).abs() < 1e-5);
        assert_eq!(parts[0].percentile, score.percentile, "{finding}");
        assert!(parts.iter().all(|part| part.percentile.is_some() == ranked), "{finding}");
        let [i2t, t2i] = [3, 4].map(|index| parts[index].logit);
        assert!((i2t - score.i2t).abs() < 1e-5 && (t2i - score.t2i).abs() < 1e-5);
    }
}

#[test]
fn pictures_become_the_pixels_it_was_trained_on() {
    let image = load(&folder()).config.image;
    let expected = golden(&fixture("default").join("expected.safetensors"));
    let plane = image.crop * image.crop;
    for index in 0..3 {
        let bytes = fs::read(micro().join(format!("img{index}.png"))).unwrap();
        let square =
            carzero::radiograph::preprocess::Square::new(&Picture::decode(&bytes).unwrap(), &image);
        let expected = &expected["pixels"].values[index * plane..(index + 1) * plane];
        let errors = square
            .seen(&image)
            .pixels(&image)
            .into_iter()
            .zip(expected)
            .map(|(a, b)| (a - b).abs());
        let (largest, sum) = errors.fold((0f32, 0.0), |(max, sum), e| (max.max(e), sum + e));
        // Two filters of the same shape that round differently: one or two grey levels of 255.
        let level = 1.0 / 255.0 / image.std;
        assert!(largest < 2.5 * level, "{index}: {} levels", largest / level);
        assert!(
            sum / (plane as f32) < 0.5 * level,
            "{index}: {} levels on average",
            sum / plane as f32 / level
        );
    }
}

fn tensor<const D: usize>(golden: &Golden) -> Tensor<D> {
    Tensor::from_data(TensorData::new(golden.values.clone(), golden.shape.clone()), &Device::flex())
}

#[test]
fn it_passes_its_self_test_and_knows_where_its_logits_stand() {
    let engine = Engine::new(load(&folder()), Device::flex());
    pollster::block_on(engine.self_test()).unwrap();

    let grey = Phantom::default().render(512);
    let picture = Picture::from_grey(512, 512, grey).unwrap();
    let images = engine.encode_images(&[&picture]);
    let prompts = ["Pneumothorax", "air around the lung", "a wording of my own"];
    let prompts = prompts.map(|finding| format!("There is {finding}"));
    let scores = pollster::block_on(engine.score(&images, &prompts)).unwrap();
    let percentile = scores[0][0].percentile.expect("the preset findings have a reference");
    assert!((0.0..=100.0).contains(&percentile));
    let other = scores[0][1].percentile.expect("the reference images rank any related wording");
    assert!((0.0..=100.0).contains(&other));
    assert_eq!(scores[0][2].percentile, None, "what it never learnt has no rank");
}

/// The page's own examples: what is drawn comes first, and a normal chest has nothing that stands high.
#[test]
fn the_examples_show_what_they_were_drawn_with() {
    let engine = Engine::new(load(&folder()), Device::flex());
    let findings = &engine.config().presets[0].findings;
    let prompts: Vec<String> = findings.iter().map(|name| sentence(name).unwrap()).collect();
    for Example { name, finding, params, .. } in Phantom::EXAMPLES {
        let picture = Picture::from_grey(512, 512, params.render(512)).unwrap();
        let images = engine.encode_images(&[&picture]);
        let scores = pollster::block_on(engine.score(&images, &prompts)).unwrap().remove(0);
        let mut standings: Vec<(f32, &str)> = findings
            .iter()
            .zip(&scores)
            .map(|(f, s)| (s.percentile.unwrap(), f.as_str()))
            .collect();
        standings.sort_by(|a, b| b.0.total_cmp(&a.0));
        match finding {
            Some(finding) => {
                assert_eq!(standings[0].1, finding, "{name}: {standings:?}");
                assert!(standings[0].0 > 90.0, "{name}: {standings:?}");
            }
            None => assert!(standings[0].0 <= 80.0, "{name}: {standings:?}"),
        }
    }
}

#[test]
fn both_heads_stand_where_their_reference_images_say() {
    let engine = Engine::new(load(&folder()), Device::flex());
    let picture = Picture::from_grey(512, 512, Phantom::default().render(512)).unwrap();
    let images = engine.encode_images(&[&picture]);
    let prompts = ["There is Pleural Effusion", "There is asdfgh"].map(String::from);
    let both = pollster::block_on(engine.both_heads(&images, &prompts)).unwrap();
    let scores = pollster::block_on(engine.score(&images, &prompts)).unwrap();
    for (both, score) in both.iter().zip(&scores[0]) {
        assert_eq!(both.cross_attention.percentile, score.percentile);
        assert_eq!(Some(both.cosine.logit), score.cosine);
    }
    let reference = engine.config().reference.as_ref().unwrap();
    let ranks = &reference.cosines["there is pleural effusion"];
    let expected = Reference::percentile(ranks, both[0].cosine.logit);
    assert_eq!(both[0].cosine.percentile, Some(expected));
    assert!(ranks[0] > -1.0 && ranks[100] < 1.0, "they are cosines");
    assert_eq!(both[1].cosine.percentile, None, "unknown words stand nowhere");
}

#[test]
fn it_is_small_enough_to_ship() {
    let bytes: u64 =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    assert!(bytes <= 25_000_000, "{bytes} bytes");
}

#[test]
fn what_it_learnt_is_told_from_what_it_did_not() {
    let engine = Engine::new(load(&folder()), Device::flex());
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wordings.csv");
    // Those of the other part chose the limit.
    let mut rows = csv::Reader::from_path(table).unwrap();
    let rows = rows.records().map(Result::unwrap).filter(|row| &row[2] == "test");
    let (sentences, expected): (Vec<String>, Vec<String>) =
        rows.map(|row| (row[0].to_string(), row[1].to_string())).unzip();
    assert!(sentences.len() >= 120, "{}", sentences.len());
    let judged = pollster::block_on(engine.wordings(&sentences)).unwrap().unwrap();
    let recall = |standing: &str| {
        let right = expected.iter().zip(&judged).filter(|(expected, _)| *expected == standing);
        let hits = right.clone().filter(|(_, judged)| judged.standing() == standing).count();
        hits as f64 / right.count() as f64
    };
    let recalls = ["learnt", "related", "unknown"].map(recall);
    assert!(recalls.iter().sum::<f64>() / 3.0 >= 0.95, "{recalls:?}");
}

#[test]
fn words_of_ones_own_have_a_rank_only_where_something_near_them_was_learnt() {
    let engine = Engine::new(load(&folder()), Device::flex());
    let grey = Phantom::example("effusion").unwrap().render(512);
    let images = engine.encode_images(&[&Picture::from_grey(512, 512, grey).unwrap()]);
    let own = ["banana", "fluid around the lung"].map(str::to_owned);
    let told = pollster::block_on(engine.sensitivity(&images, "Pleural Effusion", &own)).unwrap();
    let rank = |text: &str| {
        let one = told.wordings.iter().find(|one| one.paraphrase.text == text).unwrap();
        [one.before, one.after].map(|standing| standing.unwrap().percentile.is_some())
    };
    assert_eq!(rank("banana"), [false, false]);
    assert!(rank("fluid around the lung")[1], "aligned, it is a pleural effusion");
}

/// So that the experiment with wordings need not score the reference images.
#[test]
fn the_wordings_of_learnt_findings_are_ranked_beforehand() {
    let engine = Engine::new(load(&folder()), Device::flex());
    let learnt = &engine.config().wordings.as_ref().unwrap().learnt;
    let wordings = learnt.keys().flat_map(|finding| paraphrases(finding));
    let (known, new): (Vec<_>, Vec<_>) = wordings
        .filter_map(|wording| sentence(&wording.text).ok())
        .partition(|sentence| engine.reference(&Prompt::new(sentence)).is_some());
    assert!(
        new.len() * 20 < known.len(),
        "run `carzero reference --wordings --model models/default` for {new:?}"
    );
}
