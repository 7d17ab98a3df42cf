//! What the integration tests share.
#![allow(dead_code)] // each test file uses a part of it

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use burn::tensor::{Device, Tensor};
use carzero::engine::loader::{Loaded, Loader};
use carzero::package::MANIFEST;
use safetensors::{Dtype, SafeTensors};

/// The micro checkpoint: the official layout with tiny random weights, and the official
/// implementation's tensors of every stage.
pub fn micro() -> PathBuf {
    fixture("carzero-micro")
}

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Runs the program.
pub fn carzero<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_carzero")).args(args).output().unwrap()
}

/// Converts a checkpoint of the micro layout; the error is what the program printed.
pub fn convert(
    checkpoint: &Path,
    tokenizer: &Path,
    out: &Path,
    precision: &str,
) -> Result<(), String> {
    let mut args: Vec<OsString> = vec!["convert".into(), checkpoint.into()];
    args.extend(["--tokenizer".into(), tokenizer.into(), "--out".into(), out.into()]);
    args.extend(
        ["--precision", precision, "--vision-heads", "4", "--text-heads", "4"].map(Into::into),
    );
    let output = carzero(args);
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// Converts the micro checkpoint into `out`.
pub fn convert_micro(out: &Path, precision: &str) {
    let micro = micro();
    convert(&micro.join("carzero.ckpt"), &micro.join("tokenizer.json"), out, precision).unwrap();
}

/// Reads a model folder onto the CPU.
pub fn load(folder: &Path) -> Loaded {
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let mut loader = Loader::new(&read(MANIFEST), Device::flex()).unwrap();
    for entry in loader.manifest().files.clone() {
        loader.add(&entry.path, &read(&entry.path)).unwrap();
    }
    loader.finish().unwrap()
}

/// A golden tensor.
#[derive(Debug, Clone)]
pub struct Golden {
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

/// All tensors of a safetensors file, as f32.
pub fn golden(path: &Path) -> BTreeMap<String, Golden> {
    let bytes = fs::read(path).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    tensors
        .tensors()
        .into_iter()
        .map(|(name, view)| {
            let data = view.data();
            let values = match view.dtype() {
                Dtype::F32 => {
                    data.chunks(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
                }
                Dtype::I64 => data
                    .chunks(8)
                    .map(|b| i64::from_le_bytes(b.try_into().unwrap()) as f32)
                    .collect(),
                Dtype::U8 => data.iter().map(|&b| f32::from(b)).collect(),
                other => panic!("{name} is {other:?}"),
            };
            (name, Golden { shape: view.shape().to_vec(), values })
        })
        .collect()
}

/// Asserts `|actual - expected| <= atol + rtol * |expected|` everywhere, and the shape; names the
/// worst place.
pub fn assert_close(
    name: &str,
    actual: &[f32],
    shape: &[usize],
    expected: &Golden,
    atol: f32,
    rtol: f32,
) {
    assert_eq!(shape, expected.shape, "shape of {name}");
    assert_eq!(actual.len(), expected.values.len(), "length of {name}");
    let excess = |(&a, &e): (&f32, &f32)| {
        let excess = (a - e).abs() - (atol + rtol * e.abs());
        if excess.is_nan() { f32::INFINITY } else { excess }
    };
    let worst = actual
        .iter()
        .zip(&expected.values)
        .map(excess)
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(&b.1));
    if let Some((index, excess)) = worst {
        let (a, e) = (actual[index], expected.values[index]);
        assert!(
            excess <= 0.0,
            "{name}[{index}] is {a}, expected {e} (beyond the tolerance by {excess})"
        );
    }
}

/// As [`assert_close`], for a tensor.
pub fn assert_tensor<const D: usize>(
    name: &str,
    actual: Tensor<D>,
    expected: &Golden,
    atol: f32,
    rtol: f32,
) {
    let shape = actual.dims();
    assert_close(name, &values(actual), &shape, expected, atol, rtol);
}

/// A tensor's values.
pub fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().convert::<f32>().try_into_vec().unwrap()
}
