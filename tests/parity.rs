//! Every stage against the official implementation, on the micro checkpoint.

mod support;

use std::fs;

use burn::tensor::{Device, Tensor, TensorData};
use carzero::engine::ablation::Part;
use carzero::radiograph::preprocess::Square;
use carzero::{Engine, Picture, Score};
use serde_json::Value;
use support::{Golden, assert_close, assert_tensor, convert_micro, golden, load, micro, values};
use tempfile::TempDir;

/// Two implementations that add up f32 in different orders agree to about 1e-6; the tolerance
/// leaves room for the depth of the network.
const RTOL: f32 = 1e-4;
/// For values near zero, against tensors whose entries are of order 1.
const ATOL: f32 = 1e-4;

struct Case {
    prompts: Vec<String>,
    normalized: Vec<String>,
    words: Vec<Vec<String>>,
    pictures: Vec<Picture>,
}

fn case() -> Case {
    let json: Value =
        serde_json::from_slice(&fs::read(micro().join("case.json")).unwrap()).unwrap();
    let strings = |value: &Value| serde_json::from_value::<Vec<String>>(value.clone()).unwrap();
    Case {
        prompts: strings(&json["prompts"]),
        normalized: strings(&json["normalized"]),
        words: json["words"].as_array().unwrap().iter().map(strings).collect(),
        pictures: strings(&json["images"])
            .iter()
            .map(|name| Picture::decode(&fs::read(micro().join(name)).unwrap()).unwrap())
            .collect(),
    }
}

fn converted(precision: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    convert_micro(folder.path(), precision);
    folder
}

fn engine(folder: &TempDir) -> Engine {
    Engine::new(load(folder.path()), Device::flex())
}

#[test]
fn preprocessing_matches_opencv() {
    let folder = converted("f32");
    let config = load(folder.path()).config.image;
    let expected = golden(&micro().join("expected.safetensors"));
    let size = config.size * config.size;
    for (index, picture) in case().pictures.iter().enumerate() {
        let square = Square::new(picture, &config);
        let padded = &expected["padded_u8"].values[index * size..(index + 1) * size];
        let grey: Vec<f32> = square.grey.as_raw().iter().map(|&grey| grey.into()).collect();
        assert!(grey == padded, "image {index}");

        let crop = config.crop * config.crop;
        let pixels = Golden {
            shape: vec![crop],
            values: expected["pixels"].values[index * crop..(index + 1) * crop].to_vec(),
        };
        // Of the same grey, in f32.
        assert_close("pixels", &square.seen(&config).pixels(&config), &[crop], &pixels, 1e-6, 0.0);
    }
}

#[test]
fn text_is_normalised_and_cut_as_in_the_official_code() {
    let folder = converted("f32");
    let tokenizer = load(folder.path()).tokenizer;
    let expected = golden(&micro().join("expected.safetensors"));
    let case = case();
    for (index, prompt) in case.prompts.iter().enumerate() {
        assert_eq!(carzero::text::prompt::normalize(prompt), case.normalized[index]);
        let tokens = tokenizer.encode(prompt).unwrap();
        let ids = &expected["input_ids"].values[index * 97..(index + 1) * 97];
        let used = tokens.ids.len();
        assert_eq!(tokens.ids.iter().map(|&id| id as f32).collect::<Vec<_>>(), ids[..used]);
        assert!(ids[used..].iter().all(|&id| id == 0.0));
        let words = case.words[index].iter().filter(|word| *word != "[PAD]").count();
        assert_eq!(tokens.row_count().min(12), words, "{prompt}");
    }
}

#[test]
fn encoders_match() {
    let folder = converted("f32");
    let loaded = load(folder.path());
    let expected = golden(&micro().join("expected.safetensors"));
    let device = Device::flex();

    // From the golden pixels, so that preprocessing has no part in it.
    let pixels = &expected["pixels"];
    let pixels = TensorData::new(pixels.values.clone(), [pixels.shape[0], 1, 224, 224]);
    let image = loaded.model.img_encoder.forward(Tensor::from_data(pixels, &device));
    assert_tensor("image_global", image.global, &expected["image_global"], ATOL, RTOL);
    assert_tensor("image_local", image.local, &expected["image_local"], ATOL, RTOL);

    let prompts = case().prompts;
    let tokens: Vec<_> =
        prompts.iter().map(|prompt| loaded.tokenizer.encode(prompt).unwrap()).collect();
    let text = loaded.model.text_encoder.forward(&tokens, &device);
    assert_tensor("text_global", text.global, &expected["text_global"], ATOL, RTOL);

    // The official memory has 97 rows; ours keeps those in use and a zero row for the rest.
    let [texts, kept, dim] = text.local.dims();
    let local = text.local.pad((0, 0, 0, 97 - kept), 0.0);
    assert_eq!(local.dims(), [texts, 97, dim]);
    assert_tensor("text_local", local, &expected["text_local"], ATOL, RTOL);
    let counts = values(text.log_counts.exp().sum_dim(1));
    assert!(counts.iter().all(|count| (count - 98.0).abs() < 1e-3), "98 keys each, not {counts:?}");
}

#[test]
fn scores_and_maps_match() {
    let folder = converted("f32");
    let engine = engine(&folder);
    let expected = golden(&micro().join("expected.safetensors"));
    let case = case();
    let images = engine.encode_images(&case.pictures.iter().collect::<Vec<_>>());
    let scores = pollster::block_on(engine.score(&images, &case.prompts)).unwrap();

    let shape = [case.pictures.len(), case.prompts.len()];
    let of = |value: fn(&carzero::Score) -> f32| -> Vec<f32> {
        scores.iter().flatten().map(value).collect()
    };
    assert_close("logits", &of(|s| s.logit), &shape, &expected["logits"], 0.0, RTOL);
    assert_close("i2t", &of(|s| s.i2t), &shape, &expected["i2t"], 0.0, RTOL);
    assert_close("t2i", &of(|s| s.t2i), &shape, &expected["t2i"], 0.0, RTOL);
    let attention: Vec<f32> = scores.iter().flatten().flat_map(|s| s.attention.clone()).collect();
    assert_close(
        "attention",
        &attention,
        &[shape[0], shape[1], 14, 14],
        &expected["attention"],
        0.0,
        RTOL,
    );
}

#[test]
fn parts_of_the_fusion_score_as_an_independent_implementation_says() {
    let engine = engine(&converted("f32"));
    let expected = golden(&micro().join("ablation.safetensors"));
    let case = case();
    let parts = Part::all(engine.config().fusion.layers, engine.config().fusion.heads);
    let mut logits = Vec::new();
    for picture in &case.pictures {
        let image = engine.encode_images(&[picture]);
        for prompt in &case.prompts {
            let scores = pollster::block_on(engine.ablate(&image, prompt)).unwrap();
            assert_eq!(scores.iter().map(|score| score.part).collect::<Vec<_>>(), parts);
            logits.extend(scores.iter().map(|score| score.logit));
        }
    }
    let shape = [case.pictures.len(), case.prompts.len(), parts.len()];
    assert_close("logits of parts", &logits, &shape, &expected["logits"], ATOL, RTOL);
}

/// The micro model has no CLIP-style head.
#[test]
fn without_a_head_the_cosine_is_of_the_global_tokens() {
    let engine = engine(&converted("f32"));
    let expected = golden(&micro().join("expected.safetensors"));
    let case = case();
    let images = engine.encode_images(&case.pictures.iter().collect::<Vec<_>>());
    let scores = pollster::block_on(engine.score(&images, &case.prompts)).unwrap();
    let dim = engine.config().fusion.dim;
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    for (image, scores) in expected["image_global"].values.chunks(dim).zip(&scores) {
        for (text, score) in expected["text_global"].values.chunks(dim).zip(scores) {
            let cosine = dot(image, text) / (dot(image, image) * dot(text, text)).sqrt();
            let found = score.cosine.unwrap();
            assert!((found - cosine).abs() < 1e-4, "{}: {found}, not {cosine}", score.prompt);
        }
    }
    let image = engine.encode_images(&[&case.pictures[0]]);
    let both = pollster::block_on(engine.both_heads(&image, &case.prompts)).unwrap();
    assert_eq!(both.len(), case.prompts.len());
    assert!(both.iter().all(|both| both.cosine.percentile.is_none()), "no reference images");
}

#[test]
fn cached_equals_uncached_and_a_batch_equals_single_items() {
    let folder = converted("f32");
    let warm = engine(&folder);
    let case = case();
    let all = warm.encode_images(&case.pictures.iter().collect::<Vec<_>>());
    let together = pollster::block_on(warm.score(&all, &case.prompts)).unwrap();
    let again = pollster::block_on(warm.score(&all, &case.prompts)).unwrap();
    assert_eq!(together, again);

    let mut reversed = case.prompts.clone();
    reversed.reverse();
    for (index, picture) in case.pictures.iter().enumerate() {
        let cold = engine(&folder);
        let image = cold.encode_images(&[picture]);
        let mut alone = pollster::block_on(cold.score(&image, &reversed)).unwrap().remove(0);
        alone.reverse();
        for (one, other) in together[index].iter().zip(&alone) {
            let single = pollster::block_on(cold.score(&image, &[one.prompt.to_string()])).unwrap();
            for score in [other, &single[0][0]] {
                assert_eq!(score.prompt, one.prompt);
                assert!(
                    (score.logit - one.logit).abs() < 1e-4 * one.logit.abs(),
                    "{score:?} and {one:?}"
                );
            }
        }
    }
}

#[test]
fn smaller_precisions_stay_close() {
    let case = case();
    let logits = |precision| {
        let engine = engine(&converted(precision));
        let images = engine.encode_images(&case.pictures.iter().collect::<Vec<_>>());
        let scores = pollster::block_on(engine.score(&images, &case.prompts)).unwrap();
        scores.into_iter().flatten().map(|score| score.logit).collect::<Vec<_>>()
    };
    let exact = logits("f32");
    // Relative to the logit. Random weights are the worst case for 8 bits: there is no structure
    // that training would have made robust.
    for (precision, tolerance) in [("f16", 2e-3), ("q8", 3e-2)] {
        let errors =
            logits(precision).into_iter().zip(&exact).map(|(a, e)| (a - e).abs() / e.abs());
        let worst = errors.fold(0.0, f32::max);
        assert!(worst < tolerance, "{precision} is off by {worst}");
        assert!(worst > 0.0, "{precision} stores f32");
    }
}

#[test]
fn a_device_that_computes_wrongly_is_refused() {
    let folder = converted("q8");
    let good = engine(&folder);
    pollster::block_on(good.self_test()).unwrap();

    let mut loaded = load(folder.path());
    let logits = &mut loaded.config.self_test.as_mut().unwrap().logits;
    logits[0] *= 1.02;
    let error = pollster::block_on(Engine::new(loaded, Device::flex()).self_test()).unwrap_err();
    assert_eq!(error.code(), "self-test");
}

#[test]
fn an_explanation_adds_up_to_the_map_of_the_score() {
    let folder = TempDir::new().unwrap();
    convert_micro(folder.path(), "f32");
    let engine = Engine::new(load(folder.path()), Device::flex());
    let bytes = std::fs::read(micro().join("img0.png")).unwrap();
    let image = engine.encode_images(&[&Picture::decode(&bytes).unwrap()]);
    let prompt = "There is Atelectasis".to_string();
    let score = pollster::block_on(engine.score(&image, std::slice::from_ref(&prompt))).unwrap();
    let explanation = pollster::block_on(engine.explain(&image, &prompt)).unwrap();

    assert_eq!(explanation.words, ["[CLS]", "there", "is", "atelectasis", "[SEP]"]);
    let (maps, patches) = (explanation.layers * explanation.heads, 196);
    assert_eq!(explanation.patches.len(), maps * patches);
    for (patch, expected) in score[0][0].attention.iter().enumerate() {
        let of_maps = explanation.patches.iter().skip(patch).step_by(patches);
        let mean = of_maps.sum::<f32>() / maps as f32;
        assert!((mean - expected).abs() < 1e-6, "{patch}: {mean}, not {expected}");
    }
    assert_eq!(explanation.attended_words.len(), maps * 5);
    for weights in explanation.attended_words.chunks_exact(5) {
        let sum: f32 = weights.iter().sum();
        assert!(sum > 0.0 && sum < 1.0, "the rest went to the text as a whole: {sum}");
    }
    assert_eq!(explanation.word_patches.len(), 5 * patches);
}

#[test]
fn every_step_to_the_score_is_as_an_independent_implementation_says() {
    let engine = engine(&converted("f32"));
    let expected = golden(&micro().join("walk.safetensors"));
    let case = case();
    let image = engine.encode_images(&[&case.pictures[0]]);
    let steps = pollster::block_on(engine.explain(&image, &case.prompts[0])).unwrap();
    for (name, values) in [
        ("word_vectors", &steps.word_vectors),
        ("text_vector", &steps.text_vector),
        ("image_vector", &steps.image_vector),
        ("patches", &steps.patches),
        ("attended_words", &steps.attended_words),
        ("attended_text", &steps.attended_text),
        ("word_patches", &steps.word_patches),
        ("fused", &steps.fused),
        ("projector_0", &steps.hidden[0]),
        ("projector_1", &steps.hidden[1]),
        ("projector_2", &steps.hidden[2]),
        ("projector_3", &vec![steps.i2t, steps.t2i]),
    ] {
        assert_close(name, values, &expected[name].shape, &expected[name], ATOL, RTOL);
    }
    assert_eq!(steps.hidden.len(), 3);
}

#[test]
fn the_last_step_is_the_score_itself() {
    let engine = engine(&converted("f32"));
    let case = case();
    for picture in &case.pictures {
        let image = engine.encode_images(&[picture]);
        for prompt in &case.prompts {
            let score =
                pollster::block_on(engine.score(&image, std::slice::from_ref(prompt))).unwrap();
            let Score { logit, i2t, t2i, .. } = score[0][0];
            let steps = pollster::block_on(engine.explain(&image, prompt)).unwrap();
            assert_eq!([steps.logit, steps.i2t, steps.t2i], [logit, i2t, t2i], "{prompt}");
        }
    }
}

#[test]
fn pieces_belong_to_the_words_that_they_make_up() {
    let engine = engine(&converted("f32"));
    let image = engine.encode_images(&[&case().pictures[0]]);
    let steps = pollster::block_on(engine.explain(&image, "There is cardiomegalyx")).unwrap();
    for (word, whole) in steps.words.iter().enumerate() {
        let of_word = steps.pieces.iter().filter(|piece| piece.word == word);
        let joined: String = of_word.map(|piece| piece.text.trim_start_matches('#')).collect();
        assert_eq!(&joined, whole);
    }
    assert!(steps.pieces.len() > steps.words.len(), "an unknown word is read in pieces");
}
