//! A model, from its files to its scores.

use std::collections::BTreeMap;

use burn::tensor::Device;
use wasm_bindgen::prelude::*;

use super::device::start_device;
use super::js::{
    JsEncodedText, JsExplanation, JsFiles, JsImageConfig, JsLabelled, JsModelInfo, JsRanked,
    JsScores, JsVerdict, JsView, object,
};
use super::objects::{self, DeviceInfo, Labelled, ModelInfo, Ranked, TypedArray, WithStandings};
use super::picture::Picture;
use crate::engine::population::key_of;
use crate::engine::{self, EncodedImages, Engine, loader};
use crate::error::{Error, Result};
use crate::package::config::{Reference, Validation};
use crate::package::population::Population;
use crate::radiograph::preprocess::Seen;
use crate::text::prompt::{self, Prompt};

/// Builds a model from the files of its folder.
#[wasm_bindgen]
pub struct Loader {
    inner: loader::Loader,
    device: Device,
    device_info: DeviceInfo,
}

#[wasm_bindgen]
impl Loader {
    /// Starts the device and reads `manifest.json`.
    pub async fn create(manifest: Vec<u8>) -> Result<Self> {
        let (device, device_info) = start_device().await?;
        Ok(Self { inner: loader::Loader::new(&manifest, device.clone())?, device, device_info })
    }

    /// All files to add, in order.
    pub fn files(&self) -> JsFiles {
        object(&self.inner.manifest().files)
    }

    /// Verifies a file and adds it. `digest` is the SHA-256 of `data` in lower-case hexadecimal, if the browser has
    /// computed it, which it does in parallel to this thread and several times faster.
    pub fn add(&mut self, path: &str, data: &[u8], digest: Option<String>) -> Result<()> {
        match digest {
            Some(digest) => self.inner.add_digested(path, data, &digest),
            None => self.inner.add(path, data),
        }
    }

    /// The model, once every file has been added and the device has passed the self-test. `passes` says that the device
    /// is known to pass it, so that the test is skipped.
    pub async fn finish(self, passes: bool) -> Result<Model> {
        #[cfg(feature = "flex")]
        crate::model::ops::pool::forget_weights();
        let engine = Engine::new(self.inner.finish()?, self.device);
        if !passes {
            engine.self_test().await?;
        }
        Ok(Model { engine, device_info: self.device_info })
    }
}

/// A loaded model.
#[wasm_bindgen]
pub struct Model {
    pub(super) engine: Engine,
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
    /// The facts about the model.
    pub fn info(&self) -> JsModelInfo {
        let (config, manifest) = (self.engine.config(), self.engine.manifest());
        let own = self.engine.population();
        let own = own.as_deref();
        let reference = own.map(|own| &own.reference).or(config.reference.as_ref());
        let labelled = own.and_then(|own| own.validation.as_ref());
        let validation = labelled.or(config.validation.as_ref());
        object(&ModelInfo {
            name: &config.name,
            title: &config.title,
            version: &config.version,
            sha256: &manifest.sha256,
            license: &config.license,
            parameters: manifest.parameters,
            bytes: manifest.bytes(),
            precision: manifest.precision,
            device: &self.device_info,
            population: reference.map(|reference| reference.population.as_str()),
            own_images: own.map(|own| own.images),
            validation: validation.map(|all| all.population.as_str()),
            presets: &config.presets,
            credits: &config.credits,
            map_side: config.map_side(),
            resize: config.image.resize,
            margin: config.image.margin(),
            cosine_head: config.cosine.is_some(),
        })
    }

    /// Encodes a picture, which is the expensive part and needed only once for each picture.
    #[wasm_bindgen(js_name = encodeImage)]
    pub async fn encode_image(&self, picture: &Picture) -> EncodedImage {
        EncodedImage(self.engine.encode_images(&[&picture.0]))
    }

    /// How pictures are preprocessed for the encoder.
    #[wasm_bindgen(js_name = imageConfig)]
    pub fn image_config(&self) -> JsImageConfig {
        object(&self.engine.config().image)
    }

    /// Encodes the result of `Picture.seen`, which must have been made with this model's config.
    #[wasm_bindgen(js_name = encodeSeen)]
    pub async fn encode_seen(
        &self,
        grey: Vec<u8>,
        view: JsView,
    ) -> std::result::Result<EncodedImage, JsValue> {
        let crop = self.engine.config().image.crop;
        if grey.len() != crop * crop {
            return Err(Error::Image("it was made for another model".into()).into());
        }
        let view = serde_wasm_bindgen::from_value(view.into())?;
        Ok(EncodedImage(self.engine.encode_seen(&[Seen { grey, view }])))
    }

    /// The verdict on an encoded picture before its negative is considered: a familiar picture stays familiar. Undefined
    /// where the model has no statistics for it.
    #[wasm_bindgen(js_name = firstVerdict)]
    pub async fn first_verdict(&self, image: &EncodedImage) -> Result<JsVerdict> {
        let first = self.engine.first_verdicts(&image.0).await?;
        Ok(object(&first.and_then(|verdicts| verdicts.first().copied())))
    }

    /// The verdict on whether an encoded picture looks familiar to the model; undefined where the model has no
    /// statistics for it.
    pub async fn verdict(&self, picture: &Picture, image: &EncodedImage) -> Result<JsVerdict> {
        let looks = self.engine.ood_check(&[&picture.0], &image.0).await?;
        Ok(object(&looks.and_then(|looks| looks.first().map(|(_, verdict)| *verdict))))
    }

    /// Scores findings on a picture, in the order given.
    pub async fn score(&self, image: &EncodedImage, findings: Vec<String>) -> Result<JsScores> {
        let scores = self.engine.score(&image.0, &sentences(&findings)?).await?;
        Ok(self.score_objects(&findings, &scores))
    }

    /// Everything that scoring needs of a picture, as bits of half-precision numbers, so that it can be scored again
    /// without its file.
    pub async fn keep(&self, image: &EncodedImage) -> Result<Vec<u16>> {
        Ok(self.engine.keep(&image.0).await?.pop().unwrap_or_default())
    }

    /// Scores findings on a picture that this model has kept, in the order given.
    #[wasm_bindgen(js_name = scoreKept)]
    pub async fn score_kept(&self, kept: &[u16], findings: Vec<String>) -> Result<JsScores> {
        let scores = self.engine.score_kept(&[kept], &sentences(&findings)?).await?;
        Ok(self.score_objects(&findings, &scores))
    }

    /// The global features of a picture from the image encoder.
    pub async fn embed(&self, image: &EncodedImage) -> Result<Vec<f32>> {
        Ok(self.engine.embed(&image.0).await?.pop().unwrap_or_default())
    }

    /// Encodes a finding's sentence with the text encoder.
    #[wasm_bindgen(js_name = encodeText)]
    pub async fn encode_text(&self, finding: &str) -> Result<JsEncodedText> {
        let sentence = prompt::sentence(finding)?;
        let text = self.engine.encode_text(&sentence).await?;
        Ok(object(&objects::EncodedText {
            sentence: &sentence,
            words: &text.words,
            global: TypedArray::F32(&text.global),
            tokens: TypedArray::F32(&text.tokens),
        }))
    }

    fn score_objects(&self, findings: &[String], scores: &[Vec<engine::Score>]) -> JsScores {
        let of_image = scores.iter().flatten();
        let references: Vec<_> =
            of_image.clone().map(|score| self.engine.reference(&score.prompt)).collect();
        let scores: Vec<_> = findings
            .iter()
            .zip(of_image.zip(&references))
            .map(|(finding, (score, reference))| {
                self.score_object(finding, score, reference.as_deref())
            })
            .collect();
        object(&scores)
    }

    /// Every step from a picture and a finding to their score.
    pub async fn explain(&self, image: &EncodedImage, finding: &str) -> Result<JsExplanation> {
        let explanation = self.engine.explain(&image.0, &prompt::sentence(finding)?).await?;
        Ok(object(&objects::Explanation::from(&explanation)))
    }

    pub(super) fn score_object<'a>(
        &'a self,
        finding: &'a str,
        score: &'a engine::Score,
        reference: Option<&'a [f32]>,
    ) -> objects::Score<'a> {
        objects::Score {
            finding,
            sentence: score.prompt.sentence(),
            logit: score.logit,
            i2t: score.i2t,
            t2i: score.t2i,
            percentile: score.percentile,
            cosine: score.cosine,
            wording: score.wording.as_ref(),
            measured: self.measured(&score.prompt, reference),
            attention: TypedArray::F32(&score.attention),
            similarity: TypedArray::F32(&score.similarity),
            reference: reference.filter(|_| score.percentile.is_some()).map(TypedArray::F32),
        }
    }

    /// The measurements of a sentence on labelled images, with their percentiles in the reference distribution.
    fn measured(&self, prompt: &Prompt, reference: Option<&[f32]>) -> Option<WithStandings> {
        let measured = self.engine.validation(prompt)?;
        let standings = measured.undecided.zip(reference);
        let standings =
            standings.map(|(logits, all)| logits.map(|logit| Reference::percentile(all, logit)));
        Some(WithStandings { measured, standings })
    }

    /// The findings for which a reference population is measured: all that the model offers and `more`, one for each
    /// sentence, except for those whose words the model never learnt.
    pub async fn measurable(&self, more: Vec<String>) -> Result<Vec<String>> {
        self.engine.measurable(&more).await
    }

    /// The file of a reference population. `scores` has for each image, one after another, the logits of all findings,
    /// followed by the cosines if the model has these; `labelled` has the results of an evaluation for those findings
    /// that have labels.
    #[wasm_bindgen(js_name = populationOf)]
    pub fn population_of(
        &self,
        name: &str,
        findings: Vec<String>,
        scores: &[f32],
        images: usize,
        labelled: JsLabelled,
    ) -> std::result::Result<String, JsValue> {
        let labelled: Vec<Labelled> = serde_wasm_bindgen::from_value(labelled.into())?;
        let columns = scores.len() / images.max(1);
        let column = |at| scores.iter().skip(at).step_by(columns.max(1)).copied().collect();
        let all: Vec<Vec<f32>> = (0..columns).map(column).collect();
        let (logits, cosines) = all.split_at(findings.len().min(columns));
        let keyed = |of: &Labelled| Ok((key_of(&of.finding)?, of.into()));
        let known = labelled.iter().map(keyed).collect::<Result<BTreeMap<_, _>>>()?;
        let validation = (!known.is_empty())
            .then(|| Validation { population: name.to_string(), findings: known });
        let made = self.engine.population_of(name, &findings, logits, cosines, validation)?;
        Ok(made.to_json()?)
    }

    /// Ranks scores from now on among the images of a reference population's file; without a file, among the model's
    /// own images again. Returns the facts about the model, which change with the population.
    #[wasm_bindgen(js_name = rankAmong)]
    pub fn rank_among(&self, file: Option<Vec<u8>>) -> Result<JsModelInfo> {
        let population = file.map(|file| Population::parse(&file)).transpose()?;
        self.engine.rank_among(population)?;
        Ok(self.info())
    }

    /// The percentiles of a finding's logits, for images that were scored before.
    pub async fn rank(&self, finding: &str, logits: Vec<f32>) -> Result<JsRanked> {
        let prompt = Prompt::new(&prompt::sentence(finding)?);
        let percentiles = self.engine.rank(&prompt, &logits).await?;
        let measured = self.measured(&prompt, self.engine.reference(&prompt).as_deref());
        let percentiles = percentiles.as_deref().map(TypedArray::F32);
        Ok(object(&Ranked { percentiles, measured }))
    }

    /// Clears the cache of encoded texts.
    #[wasm_bindgen(js_name = forgetTexts)]
    pub fn forget_texts(&self) {
        self.engine.forget_texts();
    }
}

/// The sentences that are given to the model for findings.
pub(super) fn sentences(findings: &[String]) -> Result<Vec<String>> {
    findings.iter().map(|finding| prompt::sentence(finding)).collect()
}

/// An encoded picture, as the fusion needs it.
#[wasm_bindgen]
pub struct EncodedImage(pub(super) EncodedImages);

#[wasm_bindgen]
impl EncodedImage {
    /// The square that the model saw, in pixels of the picture.
    #[wasm_bindgen(getter)]
    pub fn view(&self) -> JsView {
        // Exactly one picture was encoded.
        object(&self.0.views[0])
    }
}
