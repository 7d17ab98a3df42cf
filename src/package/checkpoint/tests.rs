//! Checkpoints as trainers write them, made here instruction by instruction (`pickletools.py`).

use std::io::Write;
use std::path::PathBuf;

use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

fn text(text: &str) -> Vec<u8> {
    [b"X", &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat()
}

fn name(module: &str, name: &str) -> Vec<u8> {
    format!("c{module}\n{name}\n").into_bytes()
}

fn tuple(items: &[Vec<u8>]) -> Vec<u8> {
    [b"(", &items.concat()[..], b"t"].concat()
}

/// Entries for the dictionary or object that lies on the stack.
fn entries(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let entries: Vec<u8> =
        entries.iter().flat_map(|(key, value)| [text(key), value.clone()].concat()).collect();
    [b"(", &entries[..], b"u"].concat()
}

fn dict(of: &[(&str, Vec<u8>)]) -> Vec<u8> {
    [b"}".to_vec(), entries(of)].concat()
}

fn numbers(numbers: &[u8]) -> Vec<u8> {
    tuple(&numbers.iter().map(|&number| vec![b'K', number]).collect::<Vec<_>>())
}

/// `torch._utils._rebuild_tensor_v2` on a storage of six numbers.
fn tensor(offset: u8, shape: &[u8], strides: &[u8]) -> Vec<u8> {
    let class = name("torch", "FloatStorage");
    let storage = tuple(&[text("storage"), class, text("0"), text("cpu"), vec![b'K', 6]]);
    let hooks = [name("collections", "OrderedDict"), b")R".to_vec()].concat();
    let arguments = [
        [storage, b"Q".to_vec()].concat(),
        vec![b'K', offset],
        numbers(shape),
        numbers(strides),
        vec![0x89],
        hooks,
    ];
    [name("torch._utils", "_rebuild_tensor_v2"), tuple(&arguments), b"R".to_vec()].concat()
}

/// An object of a class that is not known here, made without arguments.
fn object(module: &str, class: &str) -> Vec<u8> {
    [name(module, class), b")\x81".to_vec()].concat()
}

/// Writes a checkpoint with the numbers 0 to 5 as its storage.
fn write(folder: &TempDir, pickle: &[u8]) -> PathBuf {
    let path = folder.path().join("a.ckpt");
    let mut zip = ZipWriter::new(fs::File::create(&path).unwrap());
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let storage: Vec<u8> = (0..6).flat_map(|n| (n as f32).to_le_bytes()).collect();
    let data = [b"\x80\x02", pickle, b"."].concat();
    for (file, bytes) in [("a/data.pkl", &data), ("a/data/0", &storage)] {
        zip.start_file(file, stored).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
    path
}

fn opened(pickle: &[u8]) -> Result<Checkpoint> {
    let folder = TempDir::new().unwrap();
    Checkpoint::open(&write(&folder, pickle))
}

fn values(checkpoint: &Checkpoint, key: &str) -> Vec<f32> {
    bridge::to_data(&checkpoint.tensors[key]).unwrap().try_into_vec().unwrap()
}

#[test]
fn what_is_no_tensor_is_passed_over() {
    let weight = tensor(0, &[2, 3], &[3, 1]);
    let none = || b"N".to_vec();
    let attributes = entries(&[("lr", vec![b'K', 1]), ("w", tensor(0, &[1], &[1]))]);
    let more = entries(&[("x", none())]);
    let class = |module: &str, name: &str| object(module, name);
    let others: [(&str, Vec<u8>); 9] = [
        (
            "AttributeDict",
            [class("lightning.fabric.utilities.data", "AttributeDict"), attributes.clone()]
                .concat(),
        ),
        // Entries, and the same again as attributes.
        (
            "EasyDict",
            [
                class("easydict", "EasyDict"),
                attributes.clone(),
                dict(&[("lr", none())]),
                b"b".to_vec(),
            ]
            .concat(),
        ),
        (
            "defaultdict",
            [name("collections", "defaultdict"), name("builtins", "list"), b"\x85R".to_vec(), more]
                .concat(),
        ),
        ("tuple keys", [b"}".to_vec(), numbers(&[1, 2]), none(), b"s".to_vec()].concat()),
        ("tuple keys at once", [b"}(".to_vec(), numbers(&[1, 2]), none(), b"u".to_vec()].concat()),
        (
            "DictConfig",
            [
                class("omegaconf.dictconfig", "DictConfig"),
                dict(&[
                    ("_metadata", class("omegaconf.base", "ContainerMetadata")),
                    ("_content", dict(&[("a", class("omegaconf.nodes", "AnyNode"))])),
                ]),
                b"b".to_vec(),
            ]
            .concat(),
        ),
        ("NEWOBJ_EX", [name("a", "B"), b")}\x92".to_vec()].concat()),
        ("protocol 0", b"(ia\nB\n(dp9\nS'x'\nF1.5\nsS'y'\nL3L\nsb".to_vec()),
        ("a call", [name("os", "system"), text("touch pwned"), b"\x85R".to_vec()].concat()),
    ];
    for (what, other) in &others {
        // Before and after, as an instruction that is misread spoils what follows.
        let pickle = dict(&[
            ("hyper_parameters", other.clone()),
            ("state_dict", dict(&[("a.weight", weight.clone())])),
            ("callbacks", other.clone()),
        ]);
        let checkpoint = opened(&pickle).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(checkpoint.tensors.keys().collect::<Vec<_>>(), ["a.weight"], "{what}");
        assert_eq!(values(&checkpoint, "a.weight"), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0], "{what}");
    }
    assert!(!Path::new("pwned").exists());
}

#[test]
fn tensors_are_found_where_trainers_put_them() {
    let one = || tensor(0, &[2, 3], &[3, 1]);
    let module = |parts: Vec<u8>| [object("m", "M"), parts, b"b".to_vec()].concat();
    let cases: [(&str, Vec<u8>, &[&str]); 8] = [
        ("state_dict", dict(&[("state_dict", dict(&[("CARZero.a", one())]))]), &["`state_dict`"]),
        (
            "model",
            dict(&[("epoch", vec![b'K', 3]), ("model", dict(&[("a", one())]))]),
            &["`model`"],
        ),
        (
            "model_state_dict",
            dict(&[("model_state_dict", dict(&[("a", one())]))]),
            &["`model_state_dict`"],
        ),
        ("bare", dict(&[("a", one())]), &[]),
        (
            "DataParallel",
            dict(&[("model", dict(&[("module.a", one())]))]),
            &["`model`", "`module.`"],
        ),
        (
            "torch.compile",
            dict(&[("_orig_mod.module.CARZero.a", one())]),
            &["`_orig_mod.`", "`module.`"],
        ),
        (
            "OrderedDict",
            dict(&[(
                "state_dict",
                [
                    name("collections", "OrderedDict"),
                    b"](".to_vec(),
                    text("a"),
                    one(),
                    b"\x86e\x85R".to_vec(),
                ]
                .concat(),
            )]),
            &["`state_dict`"],
        ),
        (
            "torch.save(model)",
            module(dict(&[(
                "_modules",
                dict(&[("CARZero", module(dict(&[("_parameters", dict(&[("a", one())]))])))]),
            )])),
            &[],
        ),
    ];
    for (what, pickle, notes) in cases {
        let checkpoint = opened(&pickle).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(checkpoint.tensors.keys().collect::<Vec<_>>(), ["a"], "{what}");
        let said = checkpoint.notes().join("; ");
        assert_eq!(checkpoint.notes().len(), notes.len(), "{what}: {said}");
        assert!(notes.iter().all(|note| said.contains(note)), "{what}: {said}");
    }
    let both = dict(&[("a", one()), ("module.a", one())]);
    let error = opened(&both).unwrap_err().to_string();
    assert!(error.contains("`a` and `module.a`"), "{error}");
    let compiled = dict(&[("CARZero._orig_mod.a._orig_mod.b", one())]);
    assert_eq!(opened(&compiled).unwrap().tensors.keys().collect::<Vec<_>>(), ["a.b"]);
}

#[test]
fn values_follow_their_strides() {
    for (tensor, expected) in [
        (tensor(0, &[3, 2], &[1, 3]), vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0]),
        (tensor(1, &[2, 2], &[3, 1]), vec![1.0, 2.0, 4.0, 5.0]),
        (tensor(4, &[2], &[1]), vec![4.0, 5.0]),
        (tensor(3, &[], &[]), vec![3.0]),
        (tensor(2, &[0, 4], &[4, 1]), vec![]),
    ] {
        assert_eq!(values(&opened(&dict(&[("a", tensor)])).unwrap(), "a"), expected);
    }
    // A tensor that reaches beyond its storage is refused when it is read.
    let beyond = opened(&dict(&[("a", tensor(4, &[3], &[1]))])).unwrap();
    assert!(bridge::to_data(&beyond.tensors["a"]).is_err());
}

#[test]
fn damaged_and_endless_pickles_are_refused() {
    let deep = [vec![b'}'; 100_000], vec![b'N'], b"s".repeat(50_000)].concat();
    // A dictionary of two that are one, forty times over.
    let mut twice = tensor(0, &[1], &[1]);
    for _ in 0..40 {
        let both = [text("a"), b"h\x00".to_vec(), text("b"), b"h\x00".to_vec()].concat();
        twice = [twice, b"q\x000}(".to_vec(), both, b"u".to_vec()].concat();
    }
    for (what, pickle) in [
        ("empty", Vec::new()),
        ("cut off", vec![b'X', 200, 0, 0, 0, b'a']),
        ("no mark", b"u".to_vec()),
        ("no instruction", vec![0xff]),
        ("too deep", deep),
        ("too many", twice),
    ] {
        let found = opened(&pickle);
        assert!(found.as_ref().map_or(true, |found| found.tensors.is_empty()), "{what}");
    }
}

#[test]
fn no_damage_to_a_pickle_makes_it_panic() {
    let seed = include_bytes!("../../../tests/fuzz/seeds/checkpoint/objects.ckpt");
    // The archive's first file, stored as it is, with the name `a/data.pkl`.
    let length = u32::from_le_bytes(seed[18..22].try_into().unwrap()) as usize;
    let pickle = &seed[40..40 + length];
    let whole = pickle::Pickle::read(pickle).unwrap();
    let (entry, tensors) = whole.tensors_under(&ENTRIES).unwrap();
    assert_eq!((entry, tensors.len()), (Some("model_state_dict"), 1));
    let mut chance = 1u64;
    let mut draw = |below: usize| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (chance >> 33) as usize % below
    };
    for _ in 0..20_000 {
        let mut damaged = pickle[..length - draw(length) / 4].to_vec();
        for _ in 0..=draw(4) {
            let at = draw(damaged.len());
            damaged[at] = draw(256) as u8;
        }
        if let Ok(found) = pickle::Pickle::read(&damaged) {
            let _ = found.tensors_under(&ENTRIES);
        }
    }
}
