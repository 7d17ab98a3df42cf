//! Safetensors files, which consist of a JSON header and the values.

use std::collections::BTreeMap;

use serde_json::Value;

use super::file::{Found, Located, Number, SourceFile, Storage, little_endian};

/// Length in bytes of the field that holds the header's length.
const LENGTH: u64 = 8;
/// The longest header that is read; no checkpoint has a longer one.
const MAX_HEADER: u64 = 16 << 20;

/// Whether a file begins like a safetensors file: with the length of a header, followed by JSON.
pub fn begins_so(start: &[u8]) -> bool {
    start.get(LENGTH as usize) == Some(&b'{')
}

/// The tensors of a file.
///
/// # Errors
///
/// What is wrong, where the file is damaged or has an unsupported type of numbers.
pub fn tensors(file: &SourceFile) -> Result<Found, String> {
    let length = little_endian(&file.read(0, LENGTH)?);
    if length > MAX_HEADER {
        return Err(format!("its header is larger than {} MB", MAX_HEADER >> 20));
    }
    let header = file.read(LENGTH, length)?;
    let header: BTreeMap<String, Value> =
        serde_json::from_slice(&header).map_err(|error| error.to_string())?;
    let start = LENGTH + length;
    let located = |(key, told): (String, Value)| {
        let tensor = located(&told, start).map_err(|reason| format!("`{key}` {reason}"))?;
        Ok((key, tensor))
    };
    let tensors = header.into_iter().filter(|(key, _)| key != "__metadata__").map(located);
    Ok(Found { entry: None, tensors: tensors.collect::<Result<_, String>>()? })
}

/// A tensor from its entry in the header; the entry's positions are relative to the end of the header, `from`.
fn located(told: &Value, from: u64) -> Result<Located, String> {
    let dtype = told["dtype"].as_str().unwrap_or_default();
    let number =
        number(dtype).ok_or_else(|| format!("has numbers of kind {dtype}; save it as float32"))?;
    let sizes = |name: &str| {
        let sizes = told[name].as_array()?.iter();
        sizes.map(|size| usize::try_from(size.as_u64()?).ok()).collect::<Option<Vec<_>>>()
    };
    let place = || {
        let (shape, offsets) = (sizes("shape")?, sizes("data_offsets")?);
        let &[start, end] = offsets.as_slice() else { return None };
        let length = end.checked_sub(start)?;
        let start = from.checked_add(start as u64)?;
        let storage = Storage { start, length: length as u64, crc: None };
        let tensor = Located::in_order(storage, number, shape);
        (tensor.count()?.checked_mul(number.size()) == Some(length)).then_some(tensor)
    };
    place().ok_or_else(|| "has a shape and a place that do not fit; download the file again".into())
}

fn number(dtype: &str) -> Option<Number> {
    Some(match dtype {
        "F64" => Number::F64,
        "F32" => Number::F32,
        "F16" => Number::F16,
        "BF16" => Number::BF16,
        "I64" => Number::I64,
        "I32" => Number::I32,
        "I16" => Number::I16,
        "I8" => Number::I8,
        "U8" | "BOOL" => Number::U8,
        _ => return None,
    })
}
