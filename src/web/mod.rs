//! The whole boundary to JavaScript: what a worker can call.
//!
//! One build holds one device: the CPU (feature `flex`) or WebGPU (feature `wgpu`). Everything
//! here is a thin wrapper; errors become a JS `Error` with the `code` of [`Error::code`].

#[cfg(feature = "flex")]
mod pool;

use std::collections::BTreeMap;

use burn::tensor::Device;
use js_sys::{Array, Float32Array, Int16Array, Uint8Array, Uint8ClampedArray, Uint16Array};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::engine::heatmap::{Heatmap, PALETTES, Palette};
use crate::engine::loader;
use crate::engine::wording::Wording;
use crate::engine::{EncodedImages, Engine, Explanation, Score};
use crate::error::{Error, Result};
use crate::package::Precision;
use crate::package::config::{Credit, Measured, Preset, Reference};
use crate::phantom::Phantom;
use crate::radiograph::dicom::{About, Values, Window};
use crate::radiograph::preprocess::Resize;
use crate::text::align::reading;
use crate::text::prompt;

#[cfg(feature = "wgpu")]
unsafe extern "C" {
    /// What runs before a program, such as CubeCL's registration of its operations.
    safe fn __wasm_call_ctors();
}

#[wasm_bindgen(start)]
fn start() {
    // Without this call the linker makes every exported function run the constructors first. On
    // WebGPU that took most of the time.
    #[cfg(feature = "wgpu")]
    __wasm_call_ctors();
    console_error_panic_hook::set_once();
}

/// Gives a fresh object a `Float32Array`, which cannot fail.
fn set(js: &JsValue, name: &str, values: &[f32]) {
    let _ = js_sys::Reflect::set(js, &name.into(), &Float32Array::from(values));
}

impl From<Error> for JsValue {
    fn from(error: Error) -> Self {
        let js = js_sys::Error::new(&error.to_string());
        // Setting a property on a fresh object cannot fail.
        let _ = js_sys::Reflect::set(&js, &"code".into(), &error.code().into());
        let values: BTreeMap<_, _> = error.values().into_iter().collect();
        let values = object(&values);
        if let Some(reason) = error.reason() {
            let _ = js_sys::Reflect::set(&values, &"reason".into(), &object(reason));
        }
        let _ = js_sys::Reflect::set(&js, &"values".into(), &values);
        js.into()
    }
}

/// A plain JS object; what is `None` becomes `undefined`.
fn object(value: &impl Serialize) -> JsValue {
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true);
    value.serialize(&serializer).unwrap_or(JsValue::UNDEFINED)
}

/// Starts the device of this build, once for each instance of the module.
async fn start_device() -> Result<(Device, DeviceInfo)> {
    #[cfg(feature = "wgpu")]
    {
        let (device, setup) = Device::wgpu_options()
            .init_with_setup_async()
            .await
            .map_err(|error| Error::Device(error.to_string()))?;
        let info = setup.adapter.get_info();
        let name = if info.name.is_empty() { info.driver } else { info.name };
        Ok((device, DeviceInfo { kind: "webgpu", name }))
    }
    #[cfg(not(feature = "wgpu"))]
    {
        Ok((Device::flex(), DeviceInfo { kind: "cpu", name: "WebAssembly SIMD".to_string() }))
    }
}

/// What the model runs on.
#[derive(Debug, Clone, Serialize)]
struct DeviceInfo {
    kind: &'static str,
    name: String,
}

/// Everything a page shows about a model.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ModelInfo<'a> {
    name: &'a str,
    title: &'a str,
    version: &'a str,
    license: &'a str,
    parameters: u64,
    bytes: u64,
    precision: Precision,
    device: &'a DeviceInfo,
    population: Option<&'a str>,
    validation: Option<&'a str>,
    presets: &'a [Preset],
    credits: &'a [Credit],
    map_side: usize,
    resize: Resize,
    margin: f64,
}

/// Puts a model together from the files of its folder.
#[wasm_bindgen]
pub struct Loader {
    inner: loader::Loader,
    device: Device,
    device_info: DeviceInfo,
}

#[wasm_bindgen]
impl Loader {
    /// Starts the device and reads `manifest.json`.
    pub async fn create(manifest: Vec<u8>) -> Result<Self, JsValue> {
        let (device, device_info) = start_device().await?;
        Ok(Self { inner: loader::Loader::new(&manifest, device.clone())?, device, device_info })
    }

    /// All files to add, in order: `{path, bytes, sha256}[]`.
    pub fn files(&self) -> JsValue {
        object(&self.inner.manifest().files)
    }

    /// Verifies a file and takes it in. `digest` is the SHA-256 of `data` in lower-case hexadecimal,
    /// where the browser computed it, beside this thread and several times faster.
    pub fn add(&mut self, path: &str, data: &[u8], digest: Option<String>) -> Result<(), JsValue> {
        Ok(match digest {
            Some(digest) => self.inner.add_digested(path, data, &digest),
            None => self.inner.add(path, data),
        }?)
    }

    /// The model, once every file is in and the device has passed the self-test, unless it is known
    /// to.
    pub async fn finish(self, passes: bool) -> Result<Model, JsValue> {
        #[cfg(feature = "flex")]
        crate::model::ops::pool::forget_weights();
        let engine = Engine::new(self.inner.finish()?, self.device);
        if !passes {
            engine.self_test().await?;
        }
        Ok(Model { engine, device_info: self.device_info })
    }
}

/// A model at work.
#[wasm_bindgen]
pub struct Model {
    engine: Engine,
    device_info: DeviceInfo,
}

#[cfg(feature = "flex")]
impl Drop for Model {
    fn drop(&mut self) {
        crate::model::ops::pool::forget_weights();
    }
}

#[wasm_bindgen]
impl Model {
    /// What the model is: `ModelInfo`.
    pub fn info(&self) -> JsValue {
        let (config, manifest) = (self.engine.config(), self.engine.manifest());
        object(&ModelInfo {
            name: &config.name,
            title: &config.title,
            version: &config.version,
            license: &config.license,
            parameters: manifest.parameters,
            bytes: manifest.bytes(),
            precision: manifest.precision,
            device: &self.device_info,
            population: config.reference.as_ref().map(|reference| reference.population.as_str()),
            validation: config.validation.as_ref().map(|all| all.population.as_str()),
            presets: &config.presets,
            credits: &config.credits,
            map_side: config.map_side(),
            resize: config.image.resize,
            margin: config.image.margin(),
        })
    }

    /// Encodes a picture, the expensive half, once for each picture.
    #[wasm_bindgen(js_name = encodeImage)]
    pub async fn encode_image(&self, picture: &Picture) -> EncodedImage {
        EncodedImage(self.engine.encode_images(&[&picture.0]))
    }

    /// What an encoded picture looks like to the model: 'familiar', 'unusual', 'unfamiliar',
    /// 'inverted', or undefined where the model does not say.
    pub async fn verdict(
        &self,
        picture: &Picture,
        image: &EncodedImage,
    ) -> Result<JsValue, JsValue> {
        let looks = self.engine.ood_check(&[&picture.0], &image.0).await?;
        Ok(object(&looks.and_then(|looks| looks.first().map(|(_, verdict)| *verdict))))
    }

    /// Scores findings on a picture: `Score[]` in the order of the findings.
    pub async fn score(
        &self,
        image: &EncodedImage,
        findings: Vec<String>,
    ) -> Result<Array, JsValue> {
        let sentences =
            findings.iter().map(|finding| prompt::sentence(finding)).collect::<Result<Vec<_>>>()?;
        let scores = self.engine.score(&image.0, &sentences).await?.into_iter().flatten();
        Ok(findings
            .iter()
            .zip(scores)
            .map(|(finding, score)| self.score_object(finding, &score))
            .collect())
    }

    /// How a picture and a finding attend to one another: `Explanation`, with `Float32Array`s.
    pub async fn explain(&self, image: &EncodedImage, finding: &str) -> Result<JsValue, JsValue> {
        #[derive(Serialize)]
        struct Plain<'a> {
            words: &'a [String],
            layers: usize,
            heads: usize,
        }
        let explanation = self.engine.explain(&image.0, &prompt::sentence(finding)?).await?;
        let Explanation { words, layers, heads, .. } = &explanation;
        let js = object(&Plain { words, layers: *layers, heads: *heads });
        set(&js, "patches", &explanation.patches);
        set(&js, "attendedWords", &explanation.attended_words);
        set(&js, "wordPatches", &explanation.word_patches);
        Ok(js)
    }

    fn score_object(&self, finding: &str, score: &Score) -> JsValue {
        #[derive(Serialize)]
        struct Plain<'a> {
            finding: &'a str,
            sentence: &'a str,
            logit: f32,
            i2t: f32,
            t2i: f32,
            percentile: Option<f32>,
            wording: Option<&'a Wording>,
            measured: Option<WithStandings<'a>>,
        }
        #[derive(Serialize)]
        struct WithStandings<'a> {
            #[serde(flatten)]
            measured: &'a Measured,
            standings: Option<[f32; 2]>,
        }
        let reference = self.engine.reference(&score.prompt);
        let standings = |logits: [f32; 2]| {
            let reference = reference.as_ref()?;
            Some(logits.map(|logit| Reference::percentile(reference, logit)))
        };
        let js = object(&Plain {
            measured: self.engine.validation(&score.prompt).map(|measured| WithStandings {
                measured,
                standings: measured.undecided.and_then(standings),
            }),
            finding,
            sentence: score.prompt.sentence(),
            logit: score.logit,
            i2t: score.i2t,
            t2i: score.t2i,
            percentile: score.percentile,
            wording: score.wording.as_ref(),
        });
        set(&js, "attention", &score.attention);
        set(&js, "similarity", &score.similarity);
        if let Some(reference) = reference.filter(|_| score.percentile.is_some()) {
            set(&js, "reference", &reference);
        }
        js
    }

    /// Forgets all encoded texts.
    #[wasm_bindgen(js_name = forgetTexts)]
    pub fn forget_texts(&self) {
        self.engine.forget_texts();
    }
}

/// A decoded radiograph: 8-bit grey, upright; of a grey DICOM file in full depth too.
#[wasm_bindgen]
pub struct Picture(crate::radiograph::Picture);

#[wasm_bindgen]
impl Picture {
    /// Decodes a PNG, JPEG, WebP, TIFF, JPEG 2000 or DICOM file.
    pub fn decode(data: &[u8]) -> Result<Self, JsValue> {
        Ok(Self(crate::radiograph::Picture::decode(data)?))
    }

    /// Draws a synthetic radiograph of `size * size` pixels; `params` is a `Phantom`.
    pub fn phantom(params: JsValue, size: u32) -> Result<Self, JsValue> {
        let grey = phantom_from(params)?.render(size as usize);
        Ok(Self(crate::radiograph::Picture::from_grey(size, size, grey)?))
    }

    /// The same with black and white exchanged.
    pub fn negative(&self) -> Self {
        Self(self.0.negative())
    }

    /// Width in pixels.
    #[wasm_bindgen(getter)]
    pub fn width(&self) -> u32 {
        self.0.width()
    }

    /// Height in pixels.
    #[wasm_bindgen(getter)]
    pub fn height(&self) -> u32 {
        self.0.height()
    }

    /// How the file was read, where that is not plain: `{code, ...values}[]`.
    #[wasm_bindgen(getter)]
    pub fn notes(&self) -> JsValue {
        object(&self.0.notes())
    }

    /// Technical facts of a DICOM file, none of them identifying: `{code, ...values}[]`.
    #[wasm_bindgen(getter)]
    pub fn facts(&self) -> JsValue {
        object(&self.0.about().map(About::facts).unwrap_or_default())
    }

    /// What in the file speaks against scoring it as a frontal chest radiograph: `{code, ...values}[]`.
    #[wasm_bindgen(getter)]
    pub fn warnings(&self) -> JsValue {
        object(&self.0.warnings())
    }

    /// What a viewer shows: `{values, window, spacing}`. `values` has `width * height` numbers, row by
    /// row, as `Uint8Array`, or of a grey DICOM file in full depth as `Uint16Array` or `Int16Array`;
    /// low ones are dark. `window`: `{center, width}` to open with, undefined for all of 8 bits.
    /// `spacing`: mm from row to row and from column to column, undefined where it is not known.
    pub fn shown(&self) -> JsValue {
        #[derive(Serialize)]
        struct Plain {
            window: Option<Window>,
            spacing: Option<[f64; 2]>,
        }
        let shown = self.0.shown();
        let spacing = self.0.about().and_then(|about| about.spacing);
        let js = object(&Plain {
            window: shown.as_ref().map(|shown| shown.window),
            spacing: spacing.map(|spacing| [spacing.rows, spacing.columns]),
        });
        let values: JsValue = match shown.map(|shown| shown.values) {
            Some(Values::Unsigned(values)) => Uint16Array::from(values.as_slice()).into(),
            Some(Values::Signed(values)) => Int16Array::from(values.as_slice()).into(),
            None => self.grey().into(),
        };
        // Setting a property on a fresh object cannot fail.
        let _ = js_sys::Reflect::set(&js, &"values".into(), &values);
        js
    }

    /// `width * height` grey values, row by row.
    pub fn grey(&self) -> Uint8Array {
        Uint8Array::from(self.0.grey().as_raw().as_slice())
    }
}

/// A picture as the fusion needs it.
#[wasm_bindgen]
pub struct EncodedImage(EncodedImages);

#[wasm_bindgen]
impl EncodedImage {
    /// The square the model saw, in pixels of the picture: `{x, y, width, height}`.
    #[wasm_bindgen(getter)]
    pub fn view(&self) -> JsValue {
        object(&self.0.views.first())
    }
}

fn phantom_from(params: JsValue) -> Result<Phantom> {
    serde_wasm_bindgen::from_value(params)
        .map_err(|error| Error::Image(format!("no phantom: {error}")))
}

/// The synthetic radiographs on offer: `{name, title, finding, params}[]`.
#[wasm_bindgen]
pub fn phantoms() -> JsValue {
    object(&Phantom::EXAMPLES)
}

/// Where a phantom's findings really are, in fractions of the image: `{finding, x, y, width, height}[]`.
#[wasm_bindgen(js_name = phantomTruth)]
pub fn phantom_truth(params: JsValue) -> Result<JsValue, JsValue> {
    Ok(object(&phantom_from(params)?.truth()))
}

/// How a typed text is understood: `Typed`.
#[wasm_bindgen]
pub fn typed(text: &str) -> JsValue {
    object(&crate::text::align::typed::typed(text))
}

/// What a language model is told, and the JSON schema of its answer: `{instructions, schema}`.
#[wasm_bindgen]
pub fn rewriting() -> JsValue {
    #[derive(Serialize)]
    struct Plain<'a> {
        instructions: &'a str,
        schema: serde_json::Value,
    }
    object(&Plain { instructions: &reading::SYSTEM_PROMPT, schema: reading::schema() })
}

/// What a language model made of a text, as far as it can be believed: `Reading`.
#[wasm_bindgen(js_name = readAnswer)]
pub fn read_answer(text: &str, answer: &str) -> Result<JsValue, JsValue> {
    let answer = reading::parse(answer).map_err(Error::Answer)?;
    Ok(object(&reading::check(answer, text)))
}

/// Findings that a text may be the beginning of: `{text, finding}[]`.
#[wasm_bindgen]
pub fn complete(prefix: &str, limit: usize) -> JsValue {
    object(&crate::text::align::complete(prefix, limit))
}

/// The names of findings in Japanese: `{[finding]: name}`.
#[wasm_bindgen(js_name = japaneseNames)]
pub fn japanese_names() -> JsValue {
    object(&crate::text::align::japanese())
}

/// The sentence that is sent to the model for a finding.
#[wasm_bindgen]
pub fn sentence(finding: &str) -> Result<String, JsValue> {
    Ok(prompt::sentence(finding)?)
}

/// Names of the colour maps, the default first.
#[wasm_bindgen]
pub fn palettes() -> Vec<String> {
    PALETTES.iter().map(|palette| palette.name.to_string()).collect()
}

/// Colours a map: `size * size` RGBA pixels that cover the view, low values transparent.
#[wasm_bindgen(js_name = renderMap)]
pub fn render_map(map: &[f32], size: usize, palette: &str) -> Uint8ClampedArray {
    let rgba = Heatmap::new(map).rgba(size, Palette::named(palette));
    Uint8ClampedArray::from(rgba.as_slice())
}
