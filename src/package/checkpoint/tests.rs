//! Checkpoints as training programs write them, built here instruction by instruction (`pickletools.py`).

use std::io::{Cursor, Write};

use half::{bf16, f16};
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

/// Entries for the dictionary or object on top of the stack.
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
    tensor_of("FloatStorage", offset, shape, strides)
}

/// The same with another type of numbers.
fn tensor_of(class: &str, offset: u8, shape: &[u8], strides: &[u8]) -> Vec<u8> {
    let class = name("torch", class);
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

/// An object of an unknown class, created without arguments.
fn object(module: &str, class: &str) -> Vec<u8> {
    [name(module, class), b")\x81".to_vec()].concat()
}

/// The numbers 0 to 5 as a storage.
fn floats() -> Vec<u8> {
    (0..6).flat_map(|n| (n as f32).to_le_bytes()).collect()
}

/// A checkpoint file with this pickle and this storage.
fn archive(pickle: &[u8], storage: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let data = [b"\x80\x02", pickle, b"."].concat();
    for (file, bytes) in [("a/data.pkl", data.as_slice()), ("a/data/0", storage)] {
        zip.start_file(file, stored).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn read(file: Vec<u8>) -> Result<Checkpoint> {
    Checkpoint::read(Cursor::new(file), "a.ckpt")
}

fn opened(pickle: &[u8]) -> Result<Checkpoint> {
    read(archive(pickle, &floats()))
}

fn values(checkpoint: &Checkpoint, key: &str) -> Vec<f32> {
    let Tensor { file, at, .. } = &checkpoint.tensors[key];
    file.values(at).unwrap()
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
        // Entries, and the same values again as attributes.
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
        // Both before and after, because an instruction that is misread corrupts what follows.
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
    // A tensor that reaches beyond its storage is rejected when it is read.
    let beyond = opened(&dict(&[("a", tensor(4, &[3], &[1]))])).unwrap();
    let Tensor { file, at, .. } = &beyond.tensors["a"];
    assert!(file.values(at).is_err());
}

#[test]
fn numbers_of_every_kind_are_read() {
    let numbers = [0.0f32, 1.0, -2.0, 3.0, 4.0, 5.0];
    let bytes = |each: &dyn Fn(f32) -> Vec<u8>| numbers.iter().flat_map(|&n| each(n)).collect();
    let kinds: [(&str, Vec<u8>); 9] = [
        ("DoubleStorage", bytes(&|n| f64::from(n).to_le_bytes().to_vec())),
        ("FloatStorage", bytes(&|n| n.to_le_bytes().to_vec())),
        ("HalfStorage", bytes(&|n| f16::from_f32(n).to_le_bytes().to_vec())),
        ("BFloat16Storage", bytes(&|n| bf16::from_f32(n).to_le_bytes().to_vec())),
        ("LongStorage", bytes(&|n| (n as i64).to_le_bytes().to_vec())),
        ("IntStorage", bytes(&|n| (n as i32).to_le_bytes().to_vec())),
        ("ShortStorage", bytes(&|n| (n as i16).to_le_bytes().to_vec())),
        ("CharStorage", bytes(&|n| (n as i8).to_le_bytes().to_vec())),
        ("ByteStorage", bytes(&|n| vec![n as i8 as u8])),
    ];
    for (class, storage) in kinds {
        let pickle = dict(&[("a", tensor_of(class, 1, &[2, 2], &[3, 1]))]);
        let checkpoint = read(archive(&pickle, &storage)).unwrap();
        let second = if class == "ByteStorage" { 254.0 } else { -2.0 };
        assert_eq!(values(&checkpoint, "a"), [1.0, second, 4.0, 5.0], "{class}");
    }
    // An unsupported type of numbers: the tensor is ignored.
    let complex = dict(&[("a", tensor_of("ComplexFloatStorage", 0, &[2], &[1]))]);
    assert!(opened(&complex).unwrap().tensors.is_empty());
}

/// A file as PyTorch wrote before 1.6, with one storage.
fn legacy(pickle: &[u8], order: Vec<u8>, storage: &[u8]) -> Vec<u8> {
    let program = |body: &[u8]| [b"\x80\x02", body, b"."].concat();
    let system = dict(&[("little_endian", vec![0x88])]);
    let pickles = [b"M\xe9\x03".to_vec(), system, pickle.to_vec(), order].map(|it| program(&it));
    let count = (storage.len() as u64 / 4).to_le_bytes();
    [&legacy::MAGIC[..], &pickles.concat(), &count, storage].concat()
}

#[test]
fn files_from_before_pytorch_1_6_are_read() {
    let pickle = dict(&[("state_dict", dict(&[("a", tensor(1, &[2, 2], &[1, 2]))]))]);
    let order = || [b"]".to_vec(), text("0"), b"a".to_vec()].concat();
    let whole = legacy(&pickle, order(), &floats());
    let checkpoint = read(whole.clone()).unwrap();
    assert_eq!(values(&checkpoint, "a"), [1.0, 3.0, 2.0, 4.0]);
    assert_eq!(checkpoint.notes(), ["the tensors are those of `state_dict`"]);
    let stranger = [b"]".to_vec(), text("1"), b"a".to_vec()].concat();
    let endless = [&whole[..whole.len() - 32], &[0xff; 8], &floats()].concat();
    for (what, file, says) in [
        ("cut off before the storage", whole[..whole.len() - 32].to_vec(), "ends before"),
        ("a storage of no tensor", legacy(&pickle, stranger, &floats()), "unknown kind"),
        ("no storage", legacy(&pickle, b"]".to_vec(), &[]), "cut off"),
        ("a storage larger than the file", endless, "cut off"),
    ] {
        let error = read(file).unwrap_err().to_string();
        assert!(error.contains(says) && error.contains("a.ckpt"), "{what}: {error}");
    }
    // The last value is missing.
    let checkpoint = read(whole[..whole.len() - 1].to_vec()).unwrap();
    let Tensor { file, at, .. } = &checkpoint.tensors["a"];
    assert!(file.values(at).is_ok(), "it is not read");
}

#[test]
fn safetensors_say_where_their_tensors_lie() {
    let file = |header: &str| {
        [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &floats()].concat()
    };
    let one = |dtype: &str, shape: &str, offsets: &str| {
        let header =
            r#"{"__metadata__":{"format":"pt"},"a":{"dtype":"D","shape":S,"data_offsets":O}}"#;
        file(&header.replace('D', dtype).replace('S', shape).replace('O', offsets))
    };
    let checkpoint = read(one("F32", "[2,2]", "[4,20]")).unwrap();
    assert_eq!(values(&checkpoint, "a"), [1.0, 2.0, 3.0, 4.0]);
    for (what, file, says) in [
        ("another kind", one("F8_E4M3", "[4]", "[0,4]"), "save it as float32"),
        ("too few bytes", one("F32", "[2,2]", "[0,12]"), "`a`"),
        ("far away", one("F32", "[0]", "[18446744073709551615,18446744073709551615]"), "`a`"),
        ("backwards", one("F32", "[2]", "[8,0]"), "`a`"),
        ("endless", one("F32", "[4294967296,4294967296]", "[0,24]"), "`a`"),
        ("no shape", one("F32", "null", "[0,4]"), "`a`"),
        ("no JSON", file("{"), "EOF"),
        ("a longer header", [&[0xff, 0xff, 0xff, 0, 0, 0, 0, 0, b'{'][..]].concat(), "ends before"),
    ] {
        let error = read(file).unwrap_err().to_string();
        assert!(error.contains(says), "{what}: {error}");
    }
    // Beyond the end of the file, which is noticed only when it is read.
    let beyond = read(one("F32", "[6]", "[4,28]")).unwrap();
    let Tensor { file, at, .. } = &beyond.tensors["a"];
    assert!(file.values(at).is_err());
}

#[test]
fn damaged_archives_are_refused() {
    let pickle = dict(&[("w", tensor(0, &[2, 3], &[3, 1]))]);
    let whole = archive(&pickle, &floats());
    let storage = whole.windows(24).position(|bytes| bytes == floats()).unwrap();
    let directory = whole.windows(4).rposition(|bytes| bytes == b"PK\x01\x02").unwrap();
    let with = |at: usize, bytes: &[u8]| {
        let mut file = whole.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        file
    };
    let far = u32::MAX.to_le_bytes();
    for (what, file, says) in [
        ("cut off", whole[..whole.len() / 2].to_vec(), "end of the archive"),
        ("compressed", with(directory + 10, &[8]), "compressed"),
        ("encrypted", with(directory + 8, &[1]), "encrypted"),
        ("no header", with(storage - 38, b"PK\x07"), "archive is damaged"),
        ("far away", with(directory + 42, &[0xfe, 0xff, 0xff, 0xff]), "ends before"),
        ("64 bits that are not there", with(directory + 42, &far), "ends before"),
        ("another name", with(directory + 46, b"b"), "a/data/0 is missing"),
        ("no directory", with(whole.len() - 10, &far), "larger than"),
    ] {
        let error = read(file).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(says), "{what}: {error}");
    }
    // A flipped byte is noticed when it is read.
    let flipped = read(with(storage, &[1])).unwrap();
    let Tensor { file, at, .. } = &flipped.tensors["w"];
    assert!(file.values(at).unwrap_err().contains("checksum"));
}

#[test]
fn no_damage_to_a_file_makes_it_panic() {
    let seeds: [&[u8]; 4] = [
        include_bytes!("../../../tests/fuzz/seeds/checkpoint/whole.ckpt"),
        include_bytes!("../../../tests/fuzz/seeds/checkpoint/whole.safetensors"),
        include_bytes!("../../../tests/fuzz/seeds/checkpoint/legacy.ckpt"),
        include_bytes!("../../../tests/fuzz/seeds/checkpoint/objects.ckpt"),
    ];
    let mut draw = draw();
    for seed in seeds {
        let mut tensors = 0;
        for _ in 0..2000 {
            let mut file = seed[..seed.len() - draw(seed.len()) * draw(2) / 4].to_vec();
            for _ in 0..draw(4) {
                let at = draw(file.len());
                file[at] = draw(256) as u8;
            }
            if let Ok(checkpoint) = read(file) {
                for Tensor { file, at, .. } in checkpoint.tensors.values() {
                    tensors += usize::from(file.values(at).is_ok());
                }
            }
        }
        assert!(tensors > 100, "the damage is too great to find anything");
    }
}

/// Pseudorandom numbers below a bound.
fn draw() -> impl FnMut(usize) -> usize {
    let mut chance = 1u64;
    move |below| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (chance >> 33) as usize % below
    }
}

#[test]
fn damaged_and_endless_pickles_are_refused() {
    let deep = [vec![b'}'; 100_000], vec![b'N'], b"s".repeat(50_000)].concat();
    // A dictionary with two entries that are the same dictionary, nested forty times.
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
    let storage = |_: &str| Ok(file::Storage { start: 0, length: 4, crc: None });
    let found = whole.tensors(&storage).unwrap();
    assert_eq!((found.entry, found.tensors.len()), (Some("model_state_dict"), 1));
    let mut draw = draw();
    for _ in 0..20_000 {
        let mut damaged = pickle[..length - draw(length) / 4].to_vec();
        for _ in 0..=draw(4) {
            let at = draw(damaged.len());
            damaged[at] = draw(256) as u8;
        }
        if let Ok(found) = pickle::Pickle::read(&damaged) {
            let _ = found.tensors(&storage);
        }
    }
}
