//! The plain objects that cross the boundary, where the library has no type of the same form. `types.d.ts` declares
//! them, with units and shapes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::engine::explanation::{self, Piece};
use crate::engine::observations::Combined;
use crate::engine::wording::Wording;
use crate::error::{Error, Reason};
use crate::package::Precision;
use crate::package::config::{Credit, Measured, Preset};
use crate::radiograph::dicom::Window;
use crate::radiograph::preprocess::{Resize, View};

/// Numbers that become a typed array in JavaScript, and a sequence in native builds.
#[derive(Debug, Clone, Copy)]
pub enum TypedArray<'a> {
    F32(&'a [f32]),
    U8(&'a [u8]),
    Clamped(&'a [u8]),
    U16(&'a [u16]),
    I16(&'a [i16]),
}

impl Serialize for TypedArray<'_> {
    #[cfg(target_arch = "wasm32")]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use js_sys::{
            Float32Array, Int16Array, Object, Uint8Array, Uint8ClampedArray, Uint16Array,
        };
        let array: Object = match self {
            Self::F32(values) => Float32Array::from(*values).into(),
            Self::U8(values) => Uint8Array::from(*values).into(),
            Self::Clamped(values) => Uint8ClampedArray::from(*values).into(),
            Self::U16(values) => Uint16Array::from(*values).into(),
            Self::I16(values) => Int16Array::from(*values).into(),
        };
        serde_wasm_bindgen::preserve::serialize(&array, serializer)
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::F32(values) => serializer.collect_seq(*values),
            Self::U8(values) | Self::Clamped(values) => serializer.collect_seq(*values),
            Self::U16(values) => serializer.collect_seq(*values),
            Self::I16(values) => serializer.collect_seq(*values),
        }
    }
}

/// The properties of the page's `Error` other than its message.
#[derive(Debug, Serialize)]
pub struct ProgramError<'a> {
    pub code: &'static str,
    pub values: BTreeMap<&'static str, ErrorValue<'a>>,
}

/// A text, or a reason that has a code of its own.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum ErrorValue<'a> {
    Text(String),
    Reason(&'a Reason),
}

impl<'a> From<&'a Error> for ProgramError<'a> {
    fn from(error: &'a Error) -> Self {
        let texts = error.values().into_iter().map(|(name, text)| (name, ErrorValue::Text(text)));
        let reason = error.reason().map(|reason| ("reason", ErrorValue::Reason(reason)));
        Self { code: error.code(), values: texts.chain(reason).collect() }
    }
}

/// The device on which the model runs.
#[derive(Debug, Clone, Serialize)]
pub struct DeviceInfo {
    pub kind: &'static str,
    pub name: String,
}

/// Everything that the page shows about a model.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelInfo<'a> {
    pub name: &'a str,
    pub title: &'a str,
    pub version: &'a str,
    pub sha256: &'a str,
    pub license: &'a str,
    pub parameters: u64,
    pub bytes: u64,
    pub precision: Precision,
    pub device: &'a DeviceInfo,
    pub population: Option<&'a str>,
    pub own_images: Option<usize>,
    pub validation: Option<&'a str>,
    pub presets: &'a [Preset],
    pub credits: &'a [Credit],
    pub map_side: usize,
    pub resize: Resize,
    pub margin: f64,
    pub cosine_head: bool,
}

/// The score of one finding on one picture.
#[derive(Debug, Serialize)]
pub struct Score<'a> {
    pub finding: &'a str,
    pub sentence: &'a str,
    pub logit: f32,
    pub i2t: f32,
    pub t2i: f32,
    pub percentile: Option<f32>,
    pub cosine: Option<f32>,
    pub wording: Option<&'a Wording>,
    pub measured: Option<WithStandings>,
    pub attention: TypedArray<'a>,
    pub similarity: TypedArray<'a>,
    pub reference: Option<TypedArray<'a>>,
}

/// A sentence, encoded by the text encoder.
#[derive(Debug, Serialize)]
pub struct EncodedText<'a> {
    pub sentence: &'a str,
    pub words: &'a [String],
    pub global: TypedArray<'a>,
    pub tokens: TypedArray<'a>,
}

/// The measurements of a finding on labelled images, and its undecided logits also as percentiles.
#[derive(Debug, Serialize)]
pub struct WithStandings {
    #[serde(flatten)]
    pub measured: Measured,
    pub standings: Option<[f32; 2]>,
}

/// The percentiles of logits of one finding.
#[derive(Debug, Serialize)]
pub struct Ranked<'a> {
    pub percentiles: Option<TypedArray<'a>>,
    pub measured: Option<WithStandings>,
}

/// The results of an evaluation for a finding.
#[derive(Debug, Deserialize)]
pub struct Labelled {
    pub finding: String,
    pub positives: u64,
    pub negatives: u64,
    pub auroc: f64,
    pub interval: Option<[f64; 2]>,
    pub undecided: Option<[f64; 2]>,
}

impl From<&Labelled> for Measured {
    fn from(of: &Labelled) -> Self {
        Self::new(of.positives, of.negatives, of.auroc, of.interval, of.undecided)
    }
}

/// Every step from one picture and one sentence to their score.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation<'a> {
    pub words: &'a [String],
    pub pieces: &'a [Piece],
    pub layers: usize,
    pub heads: usize,
    pub word_vectors: TypedArray<'a>,
    pub text_vector: TypedArray<'a>,
    pub image_vector: TypedArray<'a>,
    pub patches: TypedArray<'a>,
    pub attended_words: TypedArray<'a>,
    pub attended_text: TypedArray<'a>,
    pub word_patches: TypedArray<'a>,
    pub fused: TypedArray<'a>,
    pub hidden: Vec<TypedArray<'a>>,
    pub i2t: f32,
    pub t2i: f32,
    pub logit: f32,
}

impl<'a> From<&'a explanation::Explanation> for Explanation<'a> {
    fn from(from: &'a explanation::Explanation) -> Self {
        Self {
            words: &from.words,
            pieces: &from.pieces,
            layers: from.layers,
            heads: from.heads,
            word_vectors: TypedArray::F32(&from.word_vectors),
            text_vector: TypedArray::F32(&from.text_vector),
            image_vector: TypedArray::F32(&from.image_vector),
            patches: TypedArray::F32(&from.patches),
            attended_words: TypedArray::F32(&from.attended_words),
            attended_text: TypedArray::F32(&from.attended_text),
            word_patches: TypedArray::F32(&from.word_patches),
            fused: TypedArray::F32(&from.fused),
            hidden: from.hidden.iter().map(|layer| TypedArray::F32(layer)).collect(),
            i2t: from.i2t,
            t2i: from.t2i,
            logit: from.logit,
        }
    }
}

/// A finding by its observations.
#[derive(Debug, Serialize)]
pub struct Observed<'a> {
    pub observations: Vec<Score<'a>>,
    pub combined: Option<Combined>,
}

/// The values of a picture for a viewer.
#[derive(Debug, Serialize)]
pub struct Shown<'a> {
    pub values: TypedArray<'a>,
    pub window: Option<Window>,
    pub spacing: Option<[f64; 2]>,
}

/// What the encoder sees of a picture.
#[derive(Debug, Serialize)]
pub struct Seen<'a> {
    pub grey: TypedArray<'a>,
    pub view: View,
}

/// A small picture of a picture.
#[derive(Debug, Serialize)]
pub struct Thumbnail<'a> {
    pub grey: TypedArray<'a>,
    pub width: u32,
    pub height: u32,
}

/// A colour map.
#[derive(Debug, Serialize)]
pub struct Palette<'a> {
    pub name: &'a str,
    pub ramp: TypedArray<'a>,
}

/// The instructions for a language model.
#[derive(Debug, Serialize)]
pub struct Rewriting<'a> {
    pub instructions: &'a str,
    pub schema: Value,
}
