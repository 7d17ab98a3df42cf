//! Model folders that were damaged, cut short or made to do harm.

mod support;

use std::fs;
use std::path::Path;

use burn::tensor::Device;
use carzero::Error;
use carzero::engine::loader::Loader;
use carzero::package::config::ModelConfig;
use carzero::package::folder::config_json;
use carzero::package::shard::{Ranked, ShardWriter, Weight, reference_file, with_ranked};
use carzero::package::{
    CONFIG, FileEntry, MANIFEST, MAX_SHARD, Manifest, Precision, REFERENCE, TOKENIZER,
};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde_json::{Value, json};
use support::{convert_micro, load};
use tempfile::TempDir;

const SHARD: &str = "weights-01-of-01.safetensors";

/// Loads a folder, its files changed by `tamper` and described anew by the manifest if `honest`.
fn load_with(tamper: impl Fn(&str, Vec<u8>) -> Vec<u8>, honest: bool) -> Result<(), Error> {
    let folder = TempDir::new().unwrap();
    convert_micro(folder.path(), "f32");
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    let original = Manifest::parse(&read(MANIFEST)).unwrap();
    let files: Vec<(String, Vec<u8>)> = original
        .files
        .iter()
        .map(|entry| (entry.path.clone(), tamper(&entry.path, read(&entry.path))))
        .collect();
    let manifest = if honest {
        let entries = files.iter().map(|(path, data)| FileEntry::new(path, data)).collect();
        Manifest::new(Precision::F32, original.parameters, entries)
    } else {
        original
    };
    let mut loader = Loader::new(&serde_json::to_vec(&manifest).unwrap(), Device::flex())?;
    for (path, data) in &files {
        loader.add(path, data)?;
    }
    loader.finish().map(|_| ())
}

#[test]
fn an_untouched_folder_loads() {
    load_with(|_, data| data, true).unwrap();
}

#[test]
fn altered_and_truncated_files_are_caught_by_their_hash() {
    for path in [CONFIG, TOKENIZER, SHARD] {
        let flip = |name: &str, mut data: Vec<u8>| {
            let middle = data.len() / 2;
            data[middle] ^= u8::from(name == path);
            data
        };
        assert_eq!(load_with(flip, false).unwrap_err().code(), "bad-file", "{path} altered");
        let cut = |name: &str, data: Vec<u8>| {
            if name == path { data[..data.len() - 1].to_vec() } else { data }
        };
        assert_eq!(load_with(cut, false).unwrap_err().code(), "bad-file", "{path} truncated");
    }
}

#[test]
fn a_damaged_file_can_be_added_again() {
    let folder = TempDir::new().unwrap();
    convert_micro(folder.path(), "q8");
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    let mut loader = Loader::new(&read(MANIFEST), Device::flex()).unwrap();
    loader.add(CONFIG, b"{}").unwrap_err();
    loader.add_digested(CONFIG, &read(CONFIG), &"0".repeat(64)).unwrap_err();
    for path in [CONFIG, TOKENIZER, SHARD] {
        loader.add(path, &read(path)).unwrap();
    }
    loader.finish().unwrap();
}

#[test]
fn missing_and_reordered_files_are_refused() {
    let folder = TempDir::new().unwrap();
    convert_micro(folder.path(), "q8");
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    let loader = || Loader::new(&read(MANIFEST), Device::flex()).unwrap();
    assert_eq!(loader().finish().unwrap_err().code(), "bad-file");
    assert_eq!(loader().add(TOKENIZER, &read(TOKENIZER)).unwrap_err().code(), "bad-file");
    let mut half = loader();
    half.add(CONFIG, &read(CONFIG)).unwrap();
    assert_eq!(half.finish().unwrap_err().code(), "bad-file");
}

#[test]
fn hostile_manifests_are_refused() {
    let entry = |path: &str, bytes: u64| json!({"path": path, "bytes": bytes, "sha256": "0"});
    let manifest = |format: u32, files: Vec<Value>| {
        let head = [entry(CONFIG, 1), entry(TOKENIZER, 1)];
        let files: Vec<Value> = head.into_iter().chain(files).collect();
        serde_json::to_vec(
            &json!({"format": format, "precision": "q8", "parameters": 1, "files": files}),
        )
        .unwrap()
    };
    Manifest::parse(&manifest(1, vec![entry("a.safetensors", 1)])).unwrap();
    for (what, json) in [
        ("another version", manifest(2, vec![])),
        ("a path out of the folder", manifest(1, vec![entry("../secret", 1)])),
        ("an absolute path", manifest(1, vec![entry("/etc/passwd", 1)])),
        ("another site", manifest(1, vec![entry("https://example.org/x", 1)])),
        ("a shard that is too large", manifest(1, vec![entry("a", MAX_SHARD as u64 + 1)])),
        ("too many files", manifest(1, vec![entry("a", 1); 1000])),
        ("no JSON", b"PNG".to_vec()),
        ("another order", br#"{"format":1,"precision":"q8","parameters":1,"files":[]}"#.to_vec()),
    ] {
        assert_eq!(Manifest::parse(&json).unwrap_err().code(), "bad-manifest", "{what}");
    }
}

#[test]
fn configs_that_cannot_be_are_refused() {
    for (pointer, value) in [
        ("/fusion/heads", json!(0)),
        ("/fusion/heads", json!(5)),
        ("/fusion/layers", json!(0)),
        ("/fusion/dim", json!(1_000_000)),
        ("/text_encoder/vocab", json!(u32::MAX)),
        ("/text_encoder/last_layers", json!(99)),
        ("/text_encoder/dim", json!(60)),
        ("/image/crop", json!(257)),
        ("/image/std", json!(0.0)),
        ("/image_encoder/patch", json!(0)),
        ("/self_test/logits", json!([1.0])),
    ] {
        let change = |path: &str, data: Vec<u8>| {
            if path != CONFIG {
                return data;
            }
            let mut config: Value = serde_json::from_slice(&data).unwrap();
            *config.pointer_mut(pointer).unwrap() = value.clone();
            serde_json::to_vec(&config).unwrap()
        };
        assert_eq!(
            load_with(change, true).unwrap_err().code(),
            "bad-config",
            "{pointer} = {value}"
        );
    }
}

#[test]
fn tokenizers_that_cannot_be_are_refused() {
    let edits: [(&str, &str); 6] = [
        (r#""decoder":{"#, r#""decoder":{]"#),
        ("WordPiece", "Unigram"),
        ("BertPreTokenizer", "Split"),
        ("BertNormalizer", "Precompiled"),
        (r#""[SEP]":"#, r#""SEP":"#),
        (r#""there":"#, r#""there":9999,"There":"#),
    ];
    for (from, to) in edits {
        let change = |path: &str, data: Vec<u8>| {
            if path != TOKENIZER {
                return data;
            }
            let whole: Value = serde_json::from_slice(&data).unwrap();
            let changed = whole.to_string().replace(from, to);
            assert_ne!(changed, whole.to_string(), "{from}");
            changed.into_bytes()
        };
        assert_eq!(load_with(change, true).unwrap_err().code(), "bad-tokenizer", "{to}");
    }
}

#[test]
fn a_config_takes_no_memory_for_weights() {
    // The largest vision transformer that passes: 2 TB of positions alone.
    let change = |path: &str, data: Vec<u8>| {
        if path != CONFIG {
            return data;
        }
        let mut config: Value = serde_json::from_slice(&data).unwrap();
        config["image"]["size"] = json!(8192);
        config["image"]["crop"] = json!(8192);
        for (part, size) in [("image_encoder", "dim"), ("text_encoder", "dim"), ("fusion", "dim")] {
            config[part][size] = json!(8192);
        }
        config["image_encoder"]["patch"] = json!(1);
        serde_json::to_vec(&config).unwrap()
    };
    assert_eq!(load_with(change, true).unwrap_err().code(), "bad-weights");
}

#[test]
fn weights_that_do_not_fit_are_named() {
    let edit = |name: &'static str, change: fn(&mut Vec<Weight>)| {
        let change = move |path: &str, data: Vec<u8>| {
            if path != SHARD {
                return data;
            }
            let mut weights = weights_of(&data);
            change(&mut weights);
            let mut writer = ShardWriter::new(Precision::F32);
            weights.iter().for_each(|weight| writer.push(weight));
            writer.finish().unwrap().remove(0).1
        };
        let error = load_with(change, true).unwrap_err();
        assert_eq!(error.code(), "bad-weights", "{error}");
        assert!(error.to_string().contains(name), "{error}");
    };
    const BIAS: &str = "fusion_module.decoder.norm.bias";
    edit("fusion_module.decoder.norm", |weights| weights.retain(|weight| weight.name != BIAS));
    edit("stranger", |weights| {
        weights.push(Weight { name: "stranger".to_string(), shape: vec![1], values: vec![0.0] });
    });
    edit("has shape [65] instead of [64]", |weights| {
        let bias = weights.iter_mut().find(|weight| weight.name == BIAS).unwrap();
        bias.values.push(0.0);
        bias.shape[0] += 1;
    });
    let endless = |path: &str, data: Vec<u8>| {
        let part = |index| {
            (
                format!("empty#{index}/2"),
                TensorView::new(Dtype::F32, vec![usize::MAX, 0], &[]).unwrap(),
            )
        };
        if path == SHARD { safetensors::serialize([part(1), part(2)], None).unwrap() } else { data }
    };
    assert_eq!(load_with(endless, true).unwrap_err().code(), "bad-weights");
    let garbage = |path: &str, data: Vec<u8>| if path == SHARD { vec![0xff; 64] } else { data };
    assert_eq!(load_with(garbage, true).unwrap_err().code(), "bad-weights");
}

/// The weights of an f32 shard.
fn weights_of(shard: &[u8]) -> Vec<Weight> {
    let tensors = SafeTensors::deserialize(shard).unwrap().tensors();
    tensors
        .into_iter()
        .map(|(name, view)| Weight {
            name,
            shape: view.shape().to_vec(),
            values: floats(view.data()),
        })
        .collect()
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
}

#[test]
fn a_tensor_larger_than_a_shard_is_cut_and_joined() {
    // 40 MB in f32: an embedding of ViT-B's BERT is this large.
    let (rows, width) = (100_000, 100);
    let values: Vec<f32> = (0..rows * width).map(|index| (index % 1013) as f32).collect();
    let mut writer = ShardWriter::new(Precision::F32);
    writer.push(&Weight {
        name: "big".to_string(),
        shape: vec![rows, width],
        values: values.clone(),
    });
    let shards = writer.finish().unwrap();
    assert_eq!(shards.len(), 2);
    let mut joined = Vec::new();
    for (index, (name, data)) in shards.iter().enumerate() {
        assert!(data.len() <= MAX_SHARD, "{name} has {} bytes", data.len());
        let part = format!("big#{}/2", index + 1);
        let tensors = SafeTensors::deserialize(data).unwrap();
        let view = tensors.tensor(&part).unwrap();
        joined.extend(floats(view.data()));
    }
    assert_eq!(joined, values);
}

#[test]
fn the_same_checkpoint_gives_the_same_bytes() {
    let (one, two) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    convert_micro(one.path(), "q8");
    convert_micro(two.path(), "q8");
    let manifest = |folder: &Path| fs::read_to_string(folder.join(MANIFEST)).unwrap();
    assert_eq!(manifest(one.path()), manifest(two.path()));
}

#[test]
fn a_config_is_written_as_it_was() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/default").join(CONFIG);
    let json = fs::read_to_string(path).unwrap();
    let config = ModelConfig::parse(json.as_bytes()).unwrap();
    let written = String::from_utf8(config_json(&config).unwrap()).unwrap();
    for (written, before) in written.lines().zip(json.lines()) {
        assert_eq!(written, before);
    }
    assert_eq!(written.len(), json.len());
}

#[test]
fn reference_images_are_whole_or_refused() {
    let folder = TempDir::new().unwrap();
    convert_micro(folder.path(), "f32");
    let (tokens, dim) = (1 + 196 / 4, load(folder.path()).config.fusion.dim);
    let whole = reference_file(vec![0.5; 30 * tokens * dim], dim).unwrap();
    let load_reference = |data: &[u8]| {
        let json = fs::read(folder.path().join(MANIFEST)).unwrap();
        let mut manifest = Manifest::parse(&json).unwrap();
        manifest.files.push(FileEntry::new(REFERENCE, data));
        let device = Device::flex();
        let mut loader = Loader::new(&serde_json::to_vec(&manifest).unwrap(), device)?;
        for entry in &manifest.files {
            match entry.path.as_str() {
                REFERENCE => loader.add(REFERENCE, data)?,
                path => loader.add(path, &fs::read(folder.path().join(path)).unwrap())?,
            }
        }
        loader.finish()
    };
    let reference = load_reference(&whole).unwrap().reference.unwrap();
    assert_eq!(reference.tokens.dims(), [30, tokens, dim]);
    assert!(reference.ranked.is_empty());

    let ranking: Vec<f32> = (0..101).map(|percent| percent as f32 / 64.0).collect();
    let ranked = Ranked::from([("there is fluid".to_string(), ranking.clone())]);
    let more = with_ranked(&whole, &ranked).unwrap();
    let reference = load_reference(&more).unwrap().reference.unwrap();
    assert_eq!((reference.tokens.dims(), reference.ranked), ([30, tokens, dim], ranked));
    let less = with_ranked(&more, &Ranked::new()).unwrap();
    assert!(load_reference(&less).unwrap().reference.unwrap().ranked.is_empty());

    let cut = reference_file(vec![0.5; 30 * tokens * dim - dim], dim).unwrap();
    let falling = ranking.into_iter().rev().collect();
    let falling = with_ranked(&whole, &Ranked::from([("a".to_string(), falling)])).unwrap();
    for hostile in [&whole[..whole.len() / 2], b"", &cut, &falling] {
        assert_eq!(load_reference(hostile).unwrap_err().code(), "bad-file");
    }
}
