//! The program as a person uses it.

#[path = "dicom/file.rs"]
#[allow(dead_code, reason = "tests/dicom uses all of it")]
mod dicom_file;
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use image::GenericImageView;
use safetensors::{Dtype, tensor::TensorView};
use serde_json::Value;
use support::{carzero, convert, convert_micro, golden, micro};
use tempfile::TempDir;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn model() -> TempDir {
    let folder = TempDir::new().unwrap();
    convert_micro(folder.path(), "f32");
    folder
}

#[test]
fn a_dicom_file_is_scored_without_extension_and_warned_of() {
    let model = model();
    let lateral = model.path().join("IM000001");
    let samples: Vec<u16> = (0..64 * 64).map(|i| i % 64 * 64).collect();
    let mut file = dicom_file::File::grey(64, 64, &samples);
    fs::write(&lateral, file.text(0x0018_5101, "CS", "LL").file()).unwrap();
    let prompt = ["--prompt", "There is Atelectasis"].map(AsRef::as_ref);
    let place = ["score".as_ref(), "--model".as_ref(), model.path().as_os_str()];
    let output = carzero(place.into_iter().chain(prompt).chain([lateral.as_os_str()]));
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("IM000001: The file says that this is a lateral view"));
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(line["findings"][0]["logit"].is_number());
}

#[test]
fn experiments_print_json_and_name_what_they_cannot_use() {
    let model = model();
    let ask = |experiment: &str, finding: &str, image: &str| {
        let (folder, image) = (model.path().as_os_str(), micro().join(image));
        let place = ["experiment".as_ref(), experiment.as_ref(), "--model".as_ref(), folder];
        let question = ["--finding".as_ref(), finding.as_ref(), image.as_os_str()];
        carzero(place.into_iter().chain(question))
    };
    let told = |experiment: &str| -> Value {
        let output = ask(experiment, "Atelectasis", "img0.png");
        assert!(output.status.success(), "{experiment}: {}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let count = |list: &Value| list.as_array().unwrap().len();
    assert_eq!(told("ablation")[0]["part"]["code"], "whole");
    assert!(told("heads")[0]["cosine"]["logit"].as_f64().unwrap().abs() <= 1.0);
    let curves = told("curves");
    assert_eq!((count(&curves["deletion"]), count(&curves["insertion"])), (15, 15));
    assert_eq!(curves["deletion"][0], curves["insertion"][14], "both meet the picture as it is");
    let sides = told("sides");
    assert_eq!(count(&sides), 3);
    assert_eq!(sides[2]["side"], "right");
    let observed = told("observations");
    assert_eq!(count(&observed["observations"]), 4);
    assert!(observed["combined"].is_null(), "there are no reference images");
    for (finding, image, named) in
        [("\u{80f8}", "img0.png", "\u{80f8}"), ("Atelectasis", "none.png", "none.png")]
    {
        let output = ask("sides", finding, image);
        assert!(!output.status.success());
        assert!(text(&output.stderr).contains(named), "{}", text(&output.stderr));
    }
}

#[test]
fn score_prints_one_object_an_image_in_full_precision() {
    let model = model();
    let (image, other) = (micro().join("img0.png"), micro().join("img1.png"));
    let output = carzero([
        "score".as_ref(),
        "--model".as_ref(),
        model.path().as_os_str(),
        "--prompt".as_ref(),
        "There is Atelectasis".as_ref(),
        "--prompt".as_ref(),
        "There is Cardiomegaly".as_ref(),
        image.as_os_str(),
        other.as_os_str(),
    ]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let expected = golden(&micro().join("expected.safetensors"));
    let lines: Vec<Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    for (row, line) in lines.iter().enumerate() {
        assert_eq!(line["image"], [&image, &other][row].to_str().unwrap());
        for (column, prompt) in ["There is Atelectasis", "There is Cardiomegaly"].iter().enumerate()
        {
            let finding = &line["findings"][column];
            assert_eq!(finding["prompt"], *prompt);
            for (key, name) in [("logit", "logits"), ("i2t", "i2t"), ("t2i", "t2i")] {
                let expected = f64::from(expected[name].values[row * 7 + column]);
                let actual = finding[key].as_f64().unwrap();
                assert!(
                    (actual - expected).abs() < 1e-4 * expected.abs(),
                    "{key}: {actual}, not {expected}"
                );
            }
        }
    }
}

#[test]
fn score_writes_maps_on_the_images_geometry_and_reads_findings() {
    let (model, out) = (model(), TempDir::new().unwrap());
    let findings = out.path().join("findings.txt");
    fs::write(&findings, "pneumothorax\n\nPleural Effusion\n").unwrap();
    let maps = out.path().join("maps");
    let output = carzero([
        "score".as_ref(),
        "--model".as_ref(),
        model.path().as_os_str(),
        "--findings".as_ref(),
        findings.as_os_str(),
        "--maps".as_ref(),
        maps.as_os_str(),
        "--format".as_ref(),
        "csv".as_ref(),
        micro().join("img1.png").as_os_str(),
    ]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let table = text(&output.stdout);
    assert!(table.starts_with("image,prompt,logit,i2t,t2i,percentile,wording,cosine\n"), "{table}");
    assert!(
        table.contains(",There is pneumothorax,") && table.contains(",There is Pleural Effusion,"),
        "{table}"
    );

    let mut names: Vec<String> = fs::read_dir(&maps)
        .unwrap()
        .map(|entry| text(entry.unwrap().file_name().as_encoded_bytes()))
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["img1.01-there-is-pneumothorax.png", "img1.02-there-is-pleural-effusion.png"]
    );
    let overlay = image::open(maps.join(&names[0])).unwrap();
    assert_eq!(overlay.dimensions(), (777, 420));
}

#[test]
fn findings_may_be_json_lists() {
    let (model, image) = (model(), micro().join("img0.png"));
    let sets = concat!(env!("CARGO_MANIFEST_DIR"), "/models/finding_sets.json");
    let args = [
        "score",
        "--model",
        model.path().to_str().unwrap(),
        "--findings",
        sets,
        image.to_str().unwrap(),
    ];
    let output = carzero(args);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    let prompts: Vec<&str> = line["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["prompt"].as_str().unwrap())
        .collect();
    assert!(
        prompts.contains(&"There is Hernia") && prompts.contains(&"There is Chilaiditi Sign"),
        "{prompts:?}"
    );
    assert!(!prompts.contains(&"There is ChestX-ray14"), "a title is no finding");
}

#[test]
fn an_unreadable_image_fails_but_not_the_others() {
    let (model, out) = (model(), TempDir::new().unwrap());
    let broken = out.path().join("broken.png");
    fs::write(&broken, "not an image").unwrap();
    let output = carzero([
        "score".as_ref(),
        "--model".as_ref(),
        model.path().as_os_str(),
        "--prompt".as_ref(),
        "There is Hernia".as_ref(),
        broken.as_os_str(),
        micro().join("img0.png").as_os_str(),
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout).lines().count(), 1);
    let error = text(&output.stderr);
    assert!(error.contains("broken.png") && error.contains("1 of 2 images"), "{error}");
}

#[test]
fn a_prompt_that_the_model_cannot_read_is_warned_about() {
    let model = model();
    let output = carzero([
        "score".as_ref(),
        "--model".as_ref(),
        model.path().as_os_str(),
        "--prompt".as_ref(),
        "pneumothorax".as_ref(),
        micro().join("img0.png").as_os_str(),
    ]);
    assert!(output.status.success());
    assert!(text(&output.stderr).contains("There is pneumothorax"), "{}", text(&output.stderr));
}

#[test]
fn info_tells_the_architecture() {
    let model = model();
    let output = carzero(["info".as_ref(), "--model".as_ref(), model.path().as_os_str()]);
    let info = text(&output.stdout);
    assert!(
        info.contains("ViT, 2 blocks of width 64, 4 heads") && info.contains("97 rows"),
        "{info}"
    );
}

#[test]
fn align_turns_a_report_into_prompts() {
    let output = carzero(["align", "No effusion or PTX. Possible RLL pneumonia."]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let read = |line: &str| {
        let aligned: Value = serde_json::from_str(line).unwrap();
        (aligned["prompt"].as_str().unwrap().to_string(), aligned["uncertain"].as_bool().unwrap())
    };
    let prompts: Vec<_> = text(&output.stdout).lines().map(read).collect();
    let expected = [
        ("There is no Pleural Effusion", false),
        ("There is no Pneumothorax", false),
        ("There is Pneumonia in the right lower lobe", true),
    ];
    assert_eq!(prompts, expected.map(|(prompt, uncertain)| (prompt.to_string(), uncertain)));
}

#[test]
fn a_vocabulary_serves_as_tokenizer() {
    let (model, from_vocabulary) = (model(), TempDir::new().unwrap());
    convert(
        &micro().join("carzero.ckpt"),
        &micro().join("vocab.txt"),
        from_vocabulary.path(),
        "f32",
    )
    .unwrap();
    let score = |folder: &Path| {
        let image = micro().join("img0.png");
        let prompt = "There is consolidation in the left lower lobe";
        let args = [
            "score",
            "--model",
            folder.to_str().unwrap(),
            "--prompt",
            prompt,
            image.to_str().unwrap(),
        ];
        text(&carzero(args).stdout)
    };
    assert_eq!(score(from_vocabulary.path()), score(model.path()));
}

#[test]
fn convert_refuses_the_tokenizer_of_another_model() {
    let out = TempDir::new().unwrap();
    let whole: Value =
        serde_json::from_slice(&fs::read(micro().join("tokenizer.json")).unwrap()).unwrap();
    let path = out.path().join("tokenizer.json");
    let model = out.path().join("model");
    let converted = |tokenizer: &Value, checkpoint: &Path| {
        fs::write(&path, tokenizer.to_string()).unwrap();
        convert(checkpoint, &path, &model, "f32")
    };
    // The special pieces alone, as transformers 5 writes them where `vocab_file=` is given.
    let mut special = whole.clone();
    let vocabulary = special["model"]["vocab"].as_object_mut().unwrap();
    vocabulary.retain(|_, id| id.as_u64().unwrap() < 5);
    let error = converted(&special, &micro().join("carzero.ckpt")).unwrap_err();
    assert!(error.contains("5 word pieces") && error.contains("133"), "{error}");
    assert!(!model.exists());
    // As many pieces, but no letters to make words of.
    let mut other = whole.clone();
    let vocabulary = other["model"]["vocab"].as_object_mut().unwrap();
    let renamed = std::mem::take(vocabulary)
        .into_iter()
        .map(|(piece, id)| (if id.as_u64().unwrap() < 5 { piece } else { format!("x{id}") }, id));
    *vocabulary = renamed.collect();
    let error = converted(&other, &micro().join("carzero.ckpt")).unwrap_err();
    assert!(error.contains("do not make up"), "{error}");
    // 133 pieces and 136 embeddings: padding.
    let padded = out.path().join("padded.safetensors");
    checkpoint(&padded, |keys| {
        let (_, shape) =
            keys.iter_mut().find(|(key, _)| key.ends_with("word_embeddings.weight")).unwrap();
        shape[0] = 136;
    });
    converted(&whole, &padded).unwrap();
}

/// A tensor of the micro checkpoint's layout: key and shape.
type Key = (String, Vec<usize>);

/// Writes a safetensors checkpoint of zeros with the micro checkpoint's keys, changed by `change`.
fn checkpoint(path: &Path, change: impl Fn(&mut Vec<Key>)) {
    let keys: serde_json::Map<String, Value> =
        serde_json::from_slice(&fs::read(micro().join("state_dict_keys.json")).unwrap()).unwrap();
    let mut keys: Vec<Key> = keys
        .into_iter()
        .map(|(key, shape)| (key, serde_json::from_value(shape).unwrap()))
        .collect();
    change(&mut keys);
    let largest = keys.iter().map(|(_, shape)| shape.iter().product::<usize>()).max().unwrap();
    let zeros = vec![0u8; 4 * largest];
    let views = keys.iter().map(|(key, shape)| {
        let bytes = 4 * shape.iter().product::<usize>();
        (key.clone(), TensorView::new(Dtype::F32, shape.clone(), &zeros[..bytes]).unwrap())
    });
    fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}

#[test]
fn convert_reads_safetensors_and_the_plain_linear_projector() {
    let out = TempDir::new().unwrap();
    let path = out.path().join("linear.safetensors");
    checkpoint(&path, |keys| {
        keys.retain(|(key, _)| !key.contains("mlp_head"));
        keys.push(("CARZero.fusion_module.mlp_head.0.weight".to_string(), vec![1, 64]));
        keys.push(("CARZero.fusion_module.mlp_head.0.bias".to_string(), vec![1]));
    });
    convert(&path, &micro().join("tokenizer.json"), &out.path().join("model"), "f32").unwrap();
    let info = carzero(["info", "--model", out.path().join("model").to_str().unwrap()]);
    assert!(text(&info.stdout).contains("projector linear"), "{}", text(&info.stdout));
}

#[test]
fn convert_names_every_fault_of_a_checkpoint() {
    let out = TempDir::new().unwrap();
    let path = out.path().join("faulty.safetensors");
    let (missing, unexpected, reshaped) = (
        "fusion_module.decoder.layers.2.linear1.bias",
        "fusion_module.surprise",
        "text_encoder.model.encoder.layer.1.output.dense.bias",
    );
    checkpoint(&path, |keys| {
        keys.retain(|(key, _)| !key.ends_with(missing));
        keys.push((format!("CARZero.{unexpected}"), vec![3]));
        let (_, shape) = keys.iter_mut().find(|(key, _)| key.ends_with(reshaped)).unwrap();
        *shape = vec![63];
    });
    let error = convert(&path, &micro().join("tokenizer.json"), &out.path().join("model"), "f32")
        .unwrap_err();
    for fault in [
        format!("`{missing}` is missing"),
        format!("`{unexpected}` is unexpected"),
        format!("`{reshaped}` has shape [63] instead of [64]"),
    ] {
        assert!(error.contains(&fault), "{error}");
    }
    assert!(!out.path().join("model").exists(), "a refused checkpoint must leave nothing behind");
}

#[test]
fn convert_refuses_what_is_no_checkpoint() {
    let out = TempDir::new().unwrap();
    let path = out.path().join("a.ckpt");
    fs::write(&path, "cos\nsystem\n(S'touch pwned'\ntR.").unwrap();
    let error = convert(&path, &micro().join("tokenizer.json"), &out.path().join("model"), "f32")
        .unwrap_err();
    assert!(error.contains("a.ckpt"), "{error}");
    assert!(!Path::new("pwned").exists());
    // 231 bytes that ask for 3.6 GB: a view of two numbers, again and again.
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds/checkpoint/expanded.ckpt");
    let error = convert(&path, &micro().join("tokenizer.json"), &out.path().join("model"), "f32")
        .unwrap_err();
    assert!(error.contains("`a` has more values"), "{error}");
}

#[test]
fn reference_images_rank_any_wording() {
    let model = model();
    let images = TempDir::new().unwrap();
    let mut paths = Vec::new();
    for index in 0..100u32 {
        let wave = |x: u32, y: u32| {
            let phase = (x * (index % 9) + y * (index / 9)) as f32 / 300.0 + index as f32;
            (128.0 + 100.0 * phase.sin()) as u8
        };
        let path = images.path().join(format!("{index}.png"));
        image::GrayImage::from_fn(96, 96, |x, y| image::Luma([wave(x, y)])).save(&path).unwrap();
        paths.push(path);
    }
    let args =
        |command: &str| [command.into(), "--model".into(), model.path().as_os_str().to_os_string()];
    let population = ["--population", "test images"].map(std::ffi::OsString::from);
    let all = paths.iter().map(|path| path.as_os_str().to_os_string());
    let output = carzero(args("reference").into_iter().chain(population).chain(all));
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    let correlation: f64 =
        said.rsplit(' ').next().unwrap().trim().trim_end_matches('.').parse().unwrap();
    assert!(correlation > 0.9, "{said}");

    // A wording of one's own has a percentile; over the reference images they are spread evenly.
    let prompt = ["--prompt", "There is a wording of my own"].map(std::ffi::OsString::from);
    let all = paths.iter().map(|path| path.as_os_str().to_os_string());
    let output = carzero(args("score").into_iter().chain(prompt).chain(all));
    let percentiles: Vec<f64> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| line["findings"][0]["percentile"].as_f64().unwrap())
        .collect();
    let mean = percentiles.iter().sum::<f64>() / 100.0;
    assert!((mean - 50.0).abs() < 3.0, "{mean}");
}

#[test]
fn a_population_of_ones_own_ranks_scores_and_keeps_figures() {
    let model = model();
    let folder = TempDir::new().unwrap();
    let mut paths = Vec::new();
    for index in 0..50u32 {
        let path = folder.path().join(format!("{index}.png"));
        let wave =
            |x: u32, y: u32| (128.0 + 100.0 * ((x * (index % 7) + y * index) as f32).sin()) as u8;
        image::GrayImage::from_fn(64, 64, |x, y| image::Luma([wave(x, y)])).save(&path).unwrap();
        paths.push(path);
    }
    let ward = folder.path().join("ward.json");
    let model_of = |model: &TempDir| ["--model".into(), model.path().as_os_str().to_os_string()];
    let own = |out: &Path| ["--out".into(), out.as_os_str().to_os_string()];
    let words = |all: &[&str]| all.iter().map(std::ffi::OsString::from).collect::<Vec<_>>();
    let run = |command: &str, more: &[std::ffi::OsString], paths: &[PathBuf]| {
        let all = paths.iter().map(|path| path.as_os_str().to_os_string());
        carzero(
            words(&[command]).into_iter().chain(model_of(&model)).chain(more.to_vec()).chain(all),
        )
    };
    let measure = |count: usize| {
        let more = words(&["--population", "my ward", "--finding", "Edema", "--finding", "gout"]);
        run("reference", &[more, own(&ward).to_vec()].concat(), &paths[..count])
    };
    let few = measure(49);
    assert!(text(&few.stderr).contains("at least 50 images, not 49"), "{}", text(&few.stderr));
    let before = fs::read(model.path().join("manifest.json")).unwrap();
    let output = measure(50);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(fs::read(model.path().join("manifest.json")).unwrap(), before, "the model stays");
    let file: Value = serde_json::from_slice(&fs::read(&ward).unwrap()).unwrap();
    assert_eq!(
        (&file["images"], &file["reference"]["population"]),
        (&50.into(), &"my ward".into())
    );

    // Every image's percentile is its rank among all; a sentence that was not measured has none.
    let prompts =
        words(&["--prompt", "There is Edema", "--prompt", "There is a mass", "--population"]);
    let ranked = run("score", &[prompts, vec![ward.clone().into()]].concat(), &paths);
    assert!(ranked.status.success(), "{}", text(&ranked.stderr));
    let lines: Vec<Value> =
        text(&ranked.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut edema: Vec<[f64; 2]> = lines
        .iter()
        .map(|line| {
            let score = &line["findings"][0];
            ["logit", "percentile"].map(|field| score[field].as_f64().unwrap())
        })
        .collect();
    edema.sort_by(|one, two| one[0].total_cmp(&two[0]));
    for (at, [logit, percentile]) in edema.iter().enumerate() {
        let rank = at as f64 / 49.0 * 100.0;
        assert!((percentile - rank).abs() < 2.5, "{logit}: {percentile} at {rank}");
    }
    assert!(lines.iter().all(|line| line["findings"][1].get("percentile").is_none()));

    // Labels add what was measured of a finding.
    let [scores, labels] = ["scores.csv", "labels.csv"].map(|name| folder.path().join(name));
    let rows = |line: &dyn Fn(i32) -> String| (0..24).map(line).collect::<String>();
    fs::write(&scores, "image,Edema\n".to_string() + &rows(&|i| format!("{i}.png,{i}\n"))).unwrap();
    let row = |i: i32| format!("{i}.png,{}\n", i32::from(i >= 12));
    fs::write(&labels, "image,Edema\n".to_string() + &rows(&row)).unwrap();
    let output = carzero([
        "evaluate".as_ref(),
        "--predictions".as_ref(),
        scores.as_os_str(),
        "--labels".as_ref(),
        labels.as_os_str(),
        "--keep".as_ref(),
        ward.as_os_str(),
        "--population".as_ref(),
        "my ward".as_ref(),
    ]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let file: Value = serde_json::from_slice(&fs::read(&ward).unwrap()).unwrap();
    assert_eq!(
        file["validation"]["findings"]["there is edema"]["undecided"],
        serde_json::json!([13.0, 10.0])
    );

    // Another model refuses it.
    let manifest = model.path().join("manifest.json");
    fs::write(&manifest, [before, b"\n".to_vec()].concat()).unwrap();
    let refused =
        run("score", &[words(&["--population"]), vec![ward.into()]].concat(), &paths[..1]);
    let said = text(&refused.stderr);
    assert!(said.contains("was measured with") && said.contains("Open that model"), "{said}");
}

#[test]
fn evaluate_keeps_figures_in_the_model() {
    let model = model();
    let [scores, labels] = ["scores.csv", "labels.csv"].map(|name| model.path().join(name));
    let rows = |line: &dyn Fn(i32) -> String| (0..24).map(line).collect::<String>();
    let header = "image,There is Hernia,There is Cardiomegaly\n".to_string();
    fs::write(&scores, header + &rows(&|i| format!("{i}.png,{i},{i}\n"))).unwrap();
    let known = |i: i32| (i32::from(i >= 12), i32::from(i >= 20));
    let header = "image,Hernia,Cardiomegaly\n".to_string();
    let line = |i| format!("{i}.png,{},{}\n", known(i).0, known(i).1);
    fs::write(&labels, header + &rows(&line)).unwrap();
    let files =
        ["--predictions".as_ref(), scores.as_os_str(), "--labels".as_ref(), labels.as_os_str()];
    let keep = ["--keep".as_ref(), model.path().as_os_str()];
    let population = ["--population", "24 numbers"].map(AsRef::as_ref);
    let of = |more: &[&std::ffi::OsStr]| {
        carzero(std::iter::once("evaluate".as_ref()).chain(files).chain(more.iter().copied()))
    };
    assert!(!of(&keep).status.success(), "no population");
    let weights = fs::read(model.path().join("weights-01-of-01.safetensors")).unwrap();
    let output = of(&[keep, population].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let config: Value =
        serde_json::from_slice(&fs::read(model.path().join("config.json")).unwrap()).unwrap();
    let kept = &config["validation"];
    assert_eq!(kept["population"], "24 numbers");
    let hernia = &kept["findings"]["there is hernia"];
    assert_eq!((&hernia["positives"], &hernia["auroc"]), (&12.into(), &1.0.into()));
    assert_eq!(hernia["undecided"], serde_json::json!([13.0, 10.0]));
    assert_eq!(kept["findings"]["there is cardiomegaly"]["undecided"], Value::Null, "4 with it");
    assert_eq!(fs::read(model.path().join("weights-01-of-01.safetensors")).unwrap(), weights);
    let info = carzero(["info".as_ref(), "--model".as_ref(), model.path().as_os_str()]);
    assert!(info.status.success(), "the folder still loads: {}", text(&info.stderr));
}

/// The commands of the README, on a folder as it has.
#[test]
fn a_folder_is_searched_by_text_and_by_likeness() {
    let work = TempDir::new().unwrap();
    let ward = work.path().join("ward");
    fs::create_dir_all(ward.join("inner")).unwrap();
    for (name, path) in
        [("normal", "a.png"), ("effusion", "effusion.png"), ("pneumothorax", "inner/b.png")]
    {
        let output = carzero(["phantom", name, "--out", ward.join(path).to_str().unwrap()]);
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    fs::write(ward.join("notes.txt"), "no image").unwrap();
    fs::write(ward.join(".hidden.png"), "left out").unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let commands: Vec<&str> =
        readme.lines().filter_map(|line| line.strip_prefix("    carzero search ")).collect();
    assert_eq!(commands.len(), 2);
    let ask = |command: &str| {
        let quoted = command.split('"').enumerate();
        let args = quoted.flat_map(|(at, part)| match at % 2 {
            0 => part.split_whitespace().collect::<Vec<_>>(),
            _ => vec![part],
        });
        let here = |arg: &str| match arg {
            "models/default" => root.join(arg).display().to_string(),
            _ if arg.starts_with("ward") => work.path().join(arg).display().to_string(),
            _ => arg.to_string(),
        };
        let args: Vec<String> = args.map(here).collect();
        carzero(["search".to_string()].into_iter().chain(args))
    };
    for command in commands {
        let output = ask(command);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let printed = text(&output.stdout);
        let first = printed.lines().find(|line| line.trim_start().starts_with("1 ")).unwrap();
        assert!(first.ends_with("effusion.png"), "{printed}");
        assert!(text(&output.stderr).contains("notes.txt"), "what is no image is told");
        let json = text(&ask(&format!("{command} --format json")).stdout);
        let hits: Vec<Value> =
            json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(hits.len(), 3, "{json}");
        let by_text = command.contains("--text");
        let field = if by_text { "logit" } else { "likeness" };
        let values: Vec<f64> = hits.iter().map(|hit| hit[field].as_f64().unwrap()).collect();
        assert!(values.is_sorted_by(|a, b| a >= b), "{values:?}");
        assert_eq!(hits[0]["prompt"].as_str(), by_text.then_some("There is Pleural Effusion"));
        assert!(by_text || (values[0] - 1.0).abs() < 1e-6);
        let csv = text(&ask(&format!("{command} --format csv")).stdout);
        assert_eq!(csv.lines().count(), 4, "{csv}");
        assert!(csv.starts_with("rank,image,prompt,logit,percentile,wording,likeness"));
    }
    for (wrong, said) in [
        ("--model models/default ward", "--text"),
        ("--model models/default --text 肺 ward", "no word that the model can read"),
        ("--model models/default --text edema ward/notes.txt", "there is no image to rank"),
    ] {
        let output = ask(wrong);
        assert!(!output.status.success());
        assert!(text(&output.stderr).contains(said), "{}", text(&output.stderr));
    }
}

/// A radiograph of a person in a study.
fn of_a_person(path: &Path) {
    let samples: Vec<u16> = (0..64 * 48).map(|i| i % 48 * 64).collect();
    let mut file = dicom_file::File::grey(64, 48, &samples);
    file.text(0x0008_0016, "UI", "1.2.840.10008.5.1.4.1.1.1").text(0x0008_0018, "UI", "1.2.3.12");
    file.text(0x0020_000D, "UI", "1.2.3.10").text(0x0020_000E, "UI", "1.2.3.11");
    file.text(0x0010_0010, "PN", "SECRET^NAME").text(0x0010_0020, "LO", "SECRET");
    fs::write(path, file.text(0x0018_1164, "DS", "0.2\\0.2").file()).unwrap();
}

#[test]
fn results_for_other_programs_refer_to_the_image_only_when_asked_and_to_nobody_ever() {
    let model = model();
    let image = model.path().join("chest.dcm");
    of_a_person(&image);
    let scored = |out: &Path, more: &[&str], image: &Path| {
        let place = ["score".as_ref(), "--model".as_ref(), model.path().as_os_str()];
        let ask = ["--prompt", "There is Pneumothorax", "--prompt", "There is Mass"];
        let folders = ["--report", "--captures", "--fhir"];
        let folders = folders.iter().flat_map(|kind| [kind.as_ref(), out.as_os_str()]);
        let more = ask.iter().chain(more).map(AsRef::as_ref);
        carzero(place.into_iter().chain(more).chain(folders).chain([image.as_os_str()]))
    };
    for (name, more) in [("alone", &[][..]), ("referring", &["--reference-source"][..])] {
        let out = model.path().join(name);
        let output = scored(&out, more, &image);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let line: Value = serde_json::from_slice(&output.stdout).unwrap();
        let mut names: Vec<String> = fs::read_dir(&out)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let maps = ["chest.01-there-is-pneumothorax.dcm", "chest.02-there-is-mass.dcm"];
        assert_eq!(names, [maps[0], maps[1], "chest.fhir.json", "chest.report.dcm"]);
        let files: Vec<Vec<u8>> =
            names.iter().map(|name| fs::read(out.join(name)).unwrap()).collect();
        let has =
            |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|at| at == text.as_bytes());
        for bytes in &files {
            assert!(!has(bytes, "SECRET"));
            assert!(has(bytes, "For teaching and research only"));
            assert_eq!(has(bytes, "1.2.3.12"), !more.is_empty());
        }
        let bundle: Value = serde_json::from_slice(&files[2]).unwrap();
        let observation = &bundle["entry"].as_array().unwrap().last().unwrap()["resource"];
        let logit = observation["component"][2]["valueQuantity"]["value"].as_f64().unwrap();
        assert!((logit - line["findings"][1]["logit"].as_f64().unwrap()).abs() < 1e-4);
        // The map is an image again, as large as the one it lies over, and its own reader takes it.
        let map = carzero::Picture::decode(&files[0]).unwrap();
        assert_eq!((map.width(), map.height()), (48, 64));
    }
    let png = micro().join("img0.png");
    let output = scored(&model.path().join("png"), &["--reference-source"], &png);
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("leave --reference-source out"));
    let place = ["score".as_ref(), "--model".as_ref(), model.path().as_os_str()];
    let bare = ["--reference-source".as_ref(), png.as_os_str()];
    let output = carzero(place.into_iter().chain(bare));
    assert!(text(&output.stderr).contains("--report, --captures and --fhir"));
}

#[test]
fn the_readmes_example_of_results_runs() {
    let readme = include_str!("../README.md");
    let (_, section) = readme.split_once("## Results that open elsewhere").unwrap();
    let commands: Vec<&str> =
        section.lines().filter_map(|line| line.strip_prefix("    carzero ")).take(2).collect();
    assert_eq!(commands.len(), 2);
    let folder = TempDir::new().unwrap();
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/default");
    for command in commands {
        let args = command.split(' ').map(|arg| match arg {
            "models/default" => model.clone(),
            "results" | "chest.png" => folder.path().join(arg),
            arg => arg.into(),
        });
        let output = carzero(args);
        assert!(output.status.success(), "{command}: {}", text(&output.stderr));
    }
    let written = fs::read_dir(folder.path().join("results")).unwrap().count();
    assert_eq!(written, 14 + 2, "a map for each finding, a report, and FHIR");
}
