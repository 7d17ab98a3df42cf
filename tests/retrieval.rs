//! Pictures that are encoded once and kept: scored again from what was kept, and compared.

mod support;

use std::fs;
use std::path::Path;

use burn::tensor::Device;
use carzero::engine::retrieval::likeness;
use carzero::phantom::Phantom;
use carzero::{Engine, Picture};
use pollster::block_on;
use support::{assert_close, convert_micro, golden, load, micro};
use tempfile::TempDir;

fn micro_engine() -> Engine {
    let folder = TempDir::new().unwrap();
    convert_micro(folder.path(), "f32");
    Engine::new(load(folder.path()), Device::flex())
}

fn micro_pictures() -> Vec<Picture> {
    let read = |at| Picture::decode(&fs::read(micro().join(format!("img{at}.png"))).unwrap());
    (0..3).map(|at| read(at).unwrap()).collect()
}

fn phantoms() -> Vec<Picture> {
    let draw = |phantom: Phantom| Picture::from_grey(512, 512, phantom.render(512)).unwrap();
    Phantom::EXAMPLES.into_iter().map(|example| draw(example.params)).collect()
}

/// Half precision rounds a number by a 2048th of itself at most. What comes of it is less than devices may differ by, and less
/// than is ever shown; the micro model's random weights, with logits of some tens, are the worst case.
#[test]
fn what_is_kept_of_a_picture_scores_as_the_picture_does() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/default");
    let shipped = Engine::new(load(&shipped), Device::flex());
    for (engine, pictures, tolerance) in
        [(shipped, phantoms(), 1e-3), (micro_engine(), micro_pictures(), 1e-2)]
    {
        let listed = &engine.config().presets[0].findings;
        let prompts: Vec<String> = listed.iter().map(|name| format!("There is {name}")).collect();
        let images = engine.encode_images(&pictures.iter().collect::<Vec<_>>());
        let exact = block_on(engine.score(&images, &prompts)).unwrap();
        let kept = block_on(engine.keep(&images)).unwrap();
        let together: Vec<&[u16]> = kept.iter().map(Vec::as_slice).collect();
        let again = block_on(engine.score_kept(&together, &prompts)).unwrap();
        let mut worst = 0.0_f32;
        for (of_exact, of_again) in exact.iter().zip(&again) {
            assert_eq!((of_exact.len(), of_again.len()), (prompts.len(), prompts.len()));
            for (one, two) in of_exact.iter().zip(of_again) {
                worst = worst.max((one.logit - two.logit).abs());
                assert_eq!((&one.prompt, &one.wording), (&two.prompt, &two.wording));
                let [a, b] = [one, two].map(|score| score.percentile);
                let apart = a.zip(b).map_or(0.0, |(a, b)| (a - b).abs());
                assert!(a.is_some() == b.is_some() && apart < 1.0, "{}: {a:?}, {b:?}", one.prompt);
                assert!((one.cosine.unwrap() - two.cosine.unwrap()).abs() < 1e-3);
                let maps = one.attention.iter().zip(&two.attention);
                let most = one.attention.iter().copied().fold(0.0, f32::max);
                assert!(maps.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) < 0.01 * most);
            }
        }
        assert!(worst < tolerance, "{}: {worst}", engine.config().name);
        let one = block_on(engine.score_kept(&together[1..2], &prompts)).unwrap();
        for (alone, beside) in one[0].iter().zip(&again[1]) {
            assert!((alone.logit - beside.logit).abs() < 1e-4, "whatever it is scored with");
        }
        let wrong = block_on(engine.score_kept(&[&kept[0][1..]], &prompts)).unwrap_err();
        assert_eq!(wrong.code(), "bad-weights");
        assert!(block_on(engine.score_kept(&[], &prompts)).is_err());
    }
}

#[test]
fn likeness_is_symmetric_and_one_with_itself() {
    let engine = micro_engine();
    let pictures = micro_pictures();
    let images = engine.encode_images(&pictures.iter().collect::<Vec<_>>());
    let all = block_on(engine.embed(&images)).unwrap();
    for (at, one) in all.iter().enumerate() {
        assert!((likeness(one, one) - 1.0).abs() < 1e-6);
        let doubled: Vec<f32> = one.iter().map(|value| 2.0 * value).collect();
        assert!((likeness(one, &doubled) - 1.0).abs() < 1e-6, "its length does not count");
        for other in &all[..at] {
            assert_eq!(likeness(one, other), likeness(other, one));
            assert!(likeness(one, other) < 1.0);
        }
    }
    assert_eq!(likeness(&[0.0, 0.0], &[1.0, 2.0]), 0.0);
    assert_eq!(likeness(&[1.0, 0.0], &[-1.0, 0.0]), -1.0);
}

#[test]
fn embeddings_are_those_of_the_official_implementation() {
    let engine = micro_engine();
    let expected = golden(&micro().join("expected.safetensors"));
    let pictures = micro_pictures();
    let images = engine.encode_images(&pictures.iter().collect::<Vec<_>>());
    let global: Vec<f32> = block_on(engine.embed(&images)).unwrap().concat();
    let name = "image_global";
    // Pixels are prepared here: a resized pixel may be off by one grey value in 255.
    assert_close(name, &global, &expected[name].shape, &expected[name], 1e-3, 1e-3);

    let json = fs::read(micro().join("case.json")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let prompts: Vec<String> = serde_json::from_value(json["prompts"].clone()).unwrap();
    let dim = expected["text_global"].shape[1];
    let rows = expected["text_local"].values.chunks(97 * dim);
    for ((prompt, global), rows) in
        prompts.iter().zip(expected["text_global"].values.chunks(dim)).zip(rows)
    {
        let text = block_on(engine.encode_text(prompt)).unwrap();
        assert_eq!(text.tokens.len(), text.words.len() * dim, "{prompt}");
        let all = text.global.iter().zip(global).chain(text.tokens.iter().zip(rows));
        for (found, expected) in all {
            assert!((found - expected).abs() < 1e-4 + 1e-4 * expected.abs(), "{prompt}");
        }
    }
}
