//! Training from end to end, on a tiny model and pictures whose findings are plain to see.
#![cfg(feature = "train")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use burn::tensor::Device;
use carzero::text::tokenizer::vocabulary_as_tokenizer;
use carzero::train::config::TrainConfig;
use carzero::train::samples::Samples;
use carzero::{Engine, Picture};
use image::{GrayImage, Luma};
use safetensors::{Dtype, tensor::TensorView};
use serde_json::{Value, json};
use support::load;
use tempfile::TempDir;

/// Numbers that repeat, in -1..1.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
}

const BLOCKS: [(usize, usize, usize); 5] =
    [(8, 8, 1), (16, 8, 2), (16, 12, 2), (24, 16, 2), (32, 16, 2)];

/// Everything a run needs, in one folder.
struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self { folder: TempDir::new().unwrap() };
        bench.write_start();
        bench.write_images();
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Backbones with random weights, in the layouts of MobileNetV2 and Hugging Face's BertModel.
    fn write_start(&self) {
        let pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "there", "is", "no"];
        let letters = ('a'..='z').flat_map(|c| [c.to_string(), format!("##{c}")]);
        let digits = ('0'..='9').flat_map(|c| [c.to_string(), format!("##{c}")]);
        let unreachable = ["é".to_string(), "[unused7]".to_string()];
        let vocabulary: Vec<String> = pieces
            .map(String::from)
            .into_iter()
            .chain(unreachable)
            .chain(letters)
            .chain(digits)
            .collect();
        let tokenizer = vocabulary_as_tokenizer(&vocabulary.join("\n")).unwrap();
        fs::write(self.path("tokenizer.json"), tokenizer).unwrap();

        let mut net = vec![("stem".to_string(), vec![8, 3, 3, 3])];
        let mut channels = 8;
        for (index, (hidden, out, _)) in BLOCKS.iter().copied().enumerate() {
            let block = |part| format!("blocks.{index}.{part}");
            if hidden != channels {
                net.push((block("expand"), vec![hidden, channels, 1, 1]));
            }
            net.push((block("depthwise"), vec![hidden, 1, 3, 3]));
            net.push((block("project"), vec![out, hidden, 1, 1]));
            channels = out;
        }
        net.push(("head".to_string(), vec![32, channels, 1, 1]));
        save(&self.path("image.safetensors"), &net, &[]);

        let mut text = Vec::new();
        let mut norms = vec!["embeddings.LayerNorm".to_string()];
        for layer in 0..4 {
            let part = |name: &str| format!("encoder.layer.{layer}.{name}");
            for name in ["query", "key", "value"] {
                text.push((part(&format!("attention.self.{name}")), vec![32, 32]));
            }
            text.push((part("attention.output.dense"), vec![32, 32]));
            text.push((part("intermediate.dense"), vec![64, 32]));
            text.push((part("output.dense"), vec![32, 64]));
            norms.extend([part("attention.output.LayerNorm"), part("output.LayerNorm")]);
        }
        for (name, rows) in [("word", vocabulary.len()), ("position", 40), ("token_type", 2)] {
            text.push((format!("embeddings.{name}_embeddings#"), vec![rows, 32]));
        }
        save(&self.path("text.safetensors"), &text, &norms);
    }

    /// `bright` pictures have a bright upper half, `spotted` ones a spot in the middle.
    fn write_images(&self) {
        let mut manifest = "path,split,patient,source,labels,report\n".to_string();
        let mut boxes = "path,finding,x,y,w,h\n".to_string();
        let mut noise = Noise(5);
        for index in 0..96 {
            let (bright, spotted) = (index % 2 == 0, index / 2 % 2 == 0);
            let grey = GrayImage::from_fn(80, 80, |x, y| {
                let spot = spotted && (32..48).contains(&x) && (32..48).contains(&y);
                let level = 60.0
                    + if bright && y < 40 { 90.0 } else { 0.0 }
                    + if spot { 100.0 } else { 0.0 };
                Luma([(level + 10.0 * noise.next()) as u8])
            });
            let path = format!("{index}.png");
            grey.save(self.path(&path)).unwrap();
            let labels = [("brightness", bright), ("spot", spotted)];
            let labels: Vec<&str> =
                labels.iter().filter(|(_, is)| *is).map(|(name, _)| *name).collect();
            let split = if index % 3 == 0 { "val" } else { "train" };
            writeln!(manifest, "{path},{split},p{index},made,{},", labels.join(";")).unwrap();
            if spotted {
                writeln!(boxes, "{path},spot,32,32,16,16").unwrap();
            }
        }
        fs::write(self.path("manifest.csv"), manifest).unwrap();
        fs::write(self.path("boxes.csv"), boxes).unwrap();
    }

    fn config(&self) -> Value {
        let blocks: Vec<Value> = BLOCKS
            .iter()
            .map(|(hidden, out, stride)| json!({"hidden": hidden, "out": out, "stride": stride}))
            .collect();
        let schedule = json!({
            "epochs": 6, "batch": 8, "accumulate": 2, "learning_rate": 0.01, "warmup": 0.1,
            "weight_decay": 0.01, "clip": 1.0, "average": 0.9, "patience": null
        });
        let augmentation = json!({
            "flip": 0.5, "rotation": 5.0, "scale": [0.9, 1.1], "shift": 0.02, "brightness": 0.05,
            "contrast": 0.1, "gamma": 0.1, "erase": 0.0
        });
        json!({
            "seed": 3, "precision": "f32", "vocabulary": 1000,
            "start": {
                "image_encoder": "image.safetensors", "text_encoder": "text.safetensors",
                "tokenizer": "tokenizer.json"
            },
            "data": {
                "findings": [
                    {"name": "brightness", "labels": []},
                    {"name": "spot", "labels": [], "phrases": ["a dot"]}
                ],
                "sources": {"made": {"knows": null, "per_epoch": null}},
                "validate": "made", "teacher": null, "boxes": "boxes.csv"
            },
            "encoder": [
                {
                    "schedule": schedule, "head_rate": 1.0, "dropout": 0.1, "boxes": 0.5,
                    "distil": {"known": 0.0, "unknown": 0.0}, "augmentation": augmentation
                },
                {
                    "schedule": schedule, "head_rate": 1.0, "dropout": 0.1,
                    "distil": {"known": 0.5, "unknown": 0.5}, "augmentation": augmentation
                }
            ],
            "fusion": {
                "schedule": schedule, "views": 2, "augmentation": augmentation,
                "present": ["There is {}", "{} is here"], "absent": ["There is no {}"],
                "distil": {"known": 0.3, "unknown": 0.3},
                "loss": {"sigmoid": 1.0, "regression": 0.1, "contrastive": 0.2, "boxes": 0.5}
            },
            "model": {
                "name": "tiny", "title": "Tiny", "version": "0", "license": "Apache-2.0",
                "image": {"resize": "centre_square", "size": 72, "crop": 64, "mean": 0.5, "std": 0.5},
                "image_encoder": {
                    "type": "mobilenet_v2", "stem": 8, "blocks": blocks, "head": 32, "mid": 3,
                    "dim": 32
                },
                "text_encoder": {
                    "vocab": 82, "dim": 32, "layers": 4, "heads": 4, "intermediate": 64,
                    "norm_eps": 1e-12, "last_layers": 4, "rows": 24, "embed": 32
                },
                "fusion": {
                    "dim": 32, "layers": 2, "heads": 4, "feed_forward": 64, "projector": [32],
                    "norm_eps": 1e-5
                },
                "cosine": {"dim": 16}, "presets": [], "reference": null, "credits": [],
                "self_test": null
            }
        })
    }

    fn command(&self, config: &Value, out: &str) -> Command {
        fs::write(self.path("train.json"), config.to_string()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_carzero"));
        command.arg("train").arg("--config").arg(self.path("train.json"));
        command.arg("--data").arg(self.path("manifest.csv")).arg("--init").arg(self.folder.path());
        command.arg("--out").arg(self.path(out));
        command
    }

    /// Trains to the end and returns the log.
    fn train(&self, config: &Value, out: &str, more: &[&str]) -> Result<Vec<Value>, String> {
        let output = self.command(config, out).args(more).output().unwrap();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let log = fs::read_to_string(self.path(out).join("training/log.jsonl")).unwrap();
        Ok(log.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    }

    /// Resumes a run and kills it as soon as `stage` has finished `epochs`.
    fn kill_after(&self, config: &Value, out: &str, stage: &str, epochs: usize) {
        let mut command = self.command(config, out);
        let mut run = command.arg("--resume").stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(run.stdout.take().unwrap()).lines();
        let reached = |line: &String| {
            let entry: Value = serde_json::from_str(line).unwrap_or_default();
            entry["stage"] == stage && entry["epoch"] == epochs
        };
        assert!(lines.map(Result::unwrap).any(|line| reached(&line)), "{stage} {epochs}");
        run.kill().unwrap();
        run.wait().unwrap();
    }

    fn manifest_of(&self, out: &str) -> String {
        fs::read_to_string(self.path(out).join("manifest.json")).unwrap()
    }
}

/// Writes random weights with a bias each; a name that ends with `#` has none.
fn save(path: &Path, weights: &[(String, Vec<usize>)], norms: &[String]) {
    let mut noise = Noise(11);
    let mut tensors: BTreeMap<String, (Vec<usize>, Vec<u8>)> = BTreeMap::new();
    let bytes = |values: Vec<f32>| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    for (name, shape) in weights {
        let count: usize = shape.iter().product();
        let spread = (6.0 * shape[0] as f32 / count as f32).sqrt();
        let values = bytes((0..count).map(|_| noise.next() * spread).collect());
        match name.strip_suffix('#') {
            Some(name) => {
                tensors.insert(format!("{name}.weight"), (shape.clone(), values));
            }
            None => {
                tensors.insert(format!("{name}.weight"), (shape.clone(), values));
                let bias = bytes(vec![0.0; shape[0]]);
                tensors.insert(format!("{name}.bias"), (vec![shape[0]], bias));
            }
        }
    }
    for name in norms {
        tensors.insert(format!("{name}.weight"), (vec![32], bytes(vec![1.0; 32])));
        tensors.insert(format!("{name}.bias"), (vec![32], bytes(vec![0.0; 32])));
    }
    let views: Vec<_> = tensors
        .iter()
        .map(|(name, (shape, data))| {
            (name, TensorView::new(Dtype::F32, shape.clone(), data).unwrap())
        })
        .collect();
    fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}

#[test]
fn a_model_learns_what_is_plain_to_see_and_where() {
    let bench = Bench::new();
    let mut config = bench.config();
    config["encoder"][0]["schedule"]["epochs"] = json!(20);
    config["fusion"]["schedule"]["epochs"] = json!(30);
    let log = bench.train(&config, "model", &[]).unwrap();
    let last = log.last().unwrap();
    assert_eq!((&last["stage"], &last["epoch"]), (&json!("fusion"), &json!(30)));
    assert!(last["macro_auroc"].as_f64().unwrap() > 0.95, "{last}");

    let loaded = load(&bench.path("model"));
    assert_eq!(loaded.config.text_encoder.vocab, 80, "what no text can reach is pruned");
    let engine = Engine::new(loaded, Device::flex());
    let score = |index: usize| {
        let bytes = fs::read(bench.path(&format!("{index}.png"))).unwrap();
        let images = engine.encode_images(&[&Picture::decode(&bytes).unwrap()]);
        let prompts = ["There is spot", "There is no spot"].map(String::from);
        let maps = pollster::block_on(engine.cosine_maps(&images, &prompts)).unwrap().unwrap();
        assert!(maps[0].len() == 2 && maps[0].iter().all(|map| map.len() == 16));
        assert!(maps.iter().flatten().flatten().all(|cosine| cosine.abs() <= 1.001));
        pollster::block_on(engine.score(&images, &prompts)).unwrap().remove(0)
    };
    // 0 and 9 are validation pictures with and without a spot.
    let (with, without) = (score(0), score(3));
    assert!(with[0].logit > without[0].logit, "the finding");
    assert!(with[1].logit < without[1].logit, "its negation");
    assert!(with[0].cosine > without[0].cosine, "the finding, by the CLIP-style head");
    assert!(with[1].cosine < without[1].cosine, "its negation");
    // The crop is 4 x 4 patches; the spot covers the four in the middle.
    let middle: f32 = [5, 6, 9, 10].iter().map(|&patch| with[0].attention[patch]).sum();
    let all: f32 = with[0].attention.iter().sum();
    assert!(middle / all > 0.5, "{middle} of {all} in the box");
}

#[test]
fn a_resumed_run_ends_with_the_same_bytes_as_an_unbroken_one() {
    let bench = Bench::new();
    let mut config = bench.config();
    bench.train(&config, "unbroken", &[]).unwrap();
    bench.train(&config, "again", &[]).unwrap();
    assert_eq!(bench.manifest_of("unbroken"), bench.manifest_of("again"), "the seed decides all");
    config["seed"] = json!(4);
    bench.train(&config, "other", &[]).unwrap();
    assert_ne!(bench.manifest_of("unbroken"), bench.manifest_of("other"));

    // Killed in the first stage, killed in the second, then left to finish.
    let config = bench.config();
    bench.kill_after(&config, "resumed", "encoder-2", 2);
    bench.kill_after(&config, "resumed", "fusion", 3);
    bench.train(&config, "resumed", &["--resume"]).unwrap();
    assert_eq!(bench.manifest_of("unbroken"), bench.manifest_of("resumed"));
}

#[test]
fn a_patient_in_two_splits_is_refused() {
    let bench = Bench::new();
    let manifest = fs::read_to_string(bench.path("manifest.csv")).unwrap().replace("p1,", "p0,");
    fs::write(bench.path("manifest.csv"), manifest).unwrap();
    let error = bench.train(&bench.config(), "model", &[]).unwrap_err();
    assert!(error.contains("patient `p0`") && error.contains("one split"), "{error}");
}

#[test]
fn lesions_are_findings() {
    let bench = Bench::new();
    let mut config = bench.config();
    config["data"]["lesions"] =
        json!({"sources": ["made"], "share": 0.5, "nodule": "spot", "mass": "lump"});
    let error = bench.train(&config, "model", &[]).unwrap_err();
    assert!(error.contains("lump"), "{error}");
}

#[test]
fn each_patient_is_predicted_by_a_model_that_never_saw_them() {
    let bench = Bench::new();
    let mut config = bench.config();
    for stage in ["/encoder/0", "/encoder/1", "/fusion"] {
        *config.pointer_mut(&format!("{stage}/schedule/epochs")).unwrap() = json!(1);
    }
    let run = |more: &[&str]| {
        let output = bench.command(&config, "folds").args(["--folds", "3"]).args(more).output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    assert!(run(&["--fold", "1"]).contains("1 of 3 folds are finished"));
    let finished = |fold: usize| bench.path(&format!("folds/fold-{fold}/predictions.csv"));
    let first = fs::read(finished(1)).unwrap();
    assert!(run(&["--resume"]).contains("3 of 3 folds are finished"));
    assert_eq!(fs::read(finished(1)).unwrap(), first, "a finished fold is not trained again");

    let images = |table: &str| {
        let mut rows = csv::Reader::from_path(bench.path("folds").join(table)).unwrap();
        let images = rows.records().map(|row| row.unwrap()[0].to_string());
        images.collect::<Vec<_>>()
    };
    let predicted = images("predictions.csv");
    assert_eq!(predicted, images("labels.csv"));
    assert_eq!(predicted, images("cosines.csv"));
    assert_eq!(predicted.len(), 96, "all images of both splits");
    assert_eq!(BTreeSet::from_iter(predicted).len(), 96, "once each");
}

#[test]
fn several_manifests_are_one_and_radiologists_readings_move_targets() {
    let bench = Bench::new();
    let more = bench.path("more");
    fs::create_dir(&more).unwrap();
    fs::copy(bench.path("0.png"), more.join("0.png")).unwrap();
    fs::copy(bench.path("1.png"), more.join("1.png")).unwrap();
    fs::copy(bench.path("2.png"), more.join("2.png")).unwrap();
    let rows = "path,split,patient,source,labels,rsna_class,key\n\
        0.png,train,q0,made,spot,Normal,a\n\
        1.png,train,q1,made,,Lung Opacity,b\n\
        2.png,train,q2,made,brightness;spot,,c\n";
    fs::write(more.join("manifest.csv"), rows).unwrap();
    fs::write(more.join("again.csv"), "key,rsna2018\nc,No Lung Opacity / Not Normal\n").unwrap();
    let mut config = bench.config();
    config["data"]["readings"] =
        json!({"file": "again.csv", "key": "key", "opacity": "spot", "trust": 0.75});
    let read = |config: &Value| {
        let config: TrainConfig = serde_json::from_value(config.clone()).unwrap();
        let manifests = [bench.path("manifest.csv"), more.join("manifest.csv")];
        Samples::read(&manifests, &config.data, &config.model.image, None)
    };
    let samples = read(&config).unwrap();
    assert_eq!((samples.train.len(), samples.val.len()), (64 + 3, 32));
    let targets: Vec<_> = samples.train[64..].iter().map(|sample| &sample.targets).collect();
    assert_eq!(*targets[0], [Some(0.0), Some(0.25)], "normal, whatever the label says");
    assert_eq!(*targets[1], [Some(0.0), Some(0.75)], "an opacity that no label names");
    assert_eq!(*targets[2], [Some(1.0), Some(0.25)], "the file's reading is of opacities only");
    assert_eq!(samples.train[66].labels, [Some(1.0), Some(1.0)], "what is measured stays");

    config["data"]["sources"]["made"]["ignores"] = json!(["spot"]);
    assert_eq!(read(&config).unwrap().train[64].targets, [Some(0.0), None]);
    config["data"]["readings"]["file"] = json!("nowhere.csv");
    let error = read(&config).unwrap_err().to_string();
    assert!(error.contains("nowhere.csv lies beside none of the manifests"), "{error}");
}
