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
    pub async fn create(manifest: Vec<u8>) -> Result<Self> {
        let (device, device_info) = start_device().await?;
        Ok(Self { inner: loader::Loader::new(&manifest, device.clone())?, device, device_info })
    }

    /// All files to add, in order.
    pub fn files(&self) -> JsFiles {
        object(&self.inner.manifest().files)
    }

    /// Verifies a file and takes it in. `digest` is the SHA-256 of `data` in lower-case hexadecimal,
    /// where the browser computed it, beside this thread and several times faster.
    pub fn add(&mut self, path: &str, data: &[u8], digest: Option<String>) -> Result<()> {
        match digest {
            Some(digest) => self.inner.add_digested(path, data, &digest),
            None => self.inner.add(path, data),
        }
    }

    /// The model, once every file is in and the device has passed the self-test; `passes` says that
    /// it is known to, so that the test is left out.
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

/// A model at work.
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
    /// What the model is.
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

    /// Encodes a picture, the expensive half, once for each picture.
    #[wasm_bindgen(js_name = encodeImage)]
    pub async fn encode_image(&self, picture: &Picture) -> EncodedImage {
        EncodedImage(self.engine.encode_images(&[&picture.0]))
    }

    /// How pictures become what the encoder sees.
    #[wasm_bindgen(js_name = imageConfig)]
    pub fn image_config(&self) -> JsImageConfig {
        object(&self.engine.config().image)
    }

    /// Encodes what `Picture.seen` gave of a picture, by this model's config.
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

    /// What an encoded picture looks like before its negative is considered: what is familiar stays so. Undefined where the
    /// model does not say.
    #[wasm_bindgen(js_name = firstVerdict)]
    pub async fn first_verdict(&self, image: &EncodedImage) -> Result<JsVerdict> {
        let first = self.engine.first_verdicts(&image.0).await?;
        Ok(object(&first.and_then(|verdicts| verdicts.first().copied())))
    }

    /// What an encoded picture looks like to the model; undefined where it does not say.
    pub async fn verdict(&self, picture: &Picture, image: &EncodedImage) -> Result<JsVerdict> {
        let looks = self.engine.ood_check(&[&picture.0], &image.0).await?;
        Ok(object(&looks.and_then(|looks| looks.first().map(|(_, verdict)| *verdict))))
    }

    /// Scores findings on a picture, in their order.
    pub async fn score(&self, image: &EncodedImage, findings: Vec<String>) -> Result<JsScores> {
        let scores = self.engine.score(&image.0, &sentences(&findings)?).await?;
        Ok(self.score_objects(&findings, &scores))
    }

    /// What scoring needs of a picture, to score it again without its file: bits of half-precision numbers.
    pub async fn keep(&self, image: &EncodedImage) -> Result<Vec<u16>> {
        Ok(self.engine.keep(&image.0).await?.pop().unwrap_or_default())
    }

    /// Scores findings on what this model has kept of a picture, in their order.
    #[wasm_bindgen(js_name = scoreKept)]
    pub async fn score_kept(&self, kept: &[u16], findings: Vec<String>) -> Result<JsScores> {
        let scores = self.engine.score_kept(&[kept], &sentences(&findings)?).await?;
        Ok(self.score_objects(&findings, &scores))
    }

    /// The global features of a picture, as the image encoder makes them.
    pub async fn embed(&self, image: &EncodedImage) -> Result<Vec<f32>> {
        Ok(self.engine.embed(&image.0).await?.pop().unwrap_or_default())
    }

    /// What the text encoder makes of a finding's sentence.
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

    /// How a picture and a finding come to their score.
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

    /// What was measured of a sentence, with its place in the reference distribution.
    fn measured(&self, prompt: &Prompt, reference: Option<&[f32]>) -> Option<WithStandings> {
        let measured = self.engine.validation(prompt)?;
        let standings = measured.undecided.zip(reference);
        let standings =
            standings.map(|(logits, all)| logits.map(|logit| Reference::percentile(all, logit)));
        Some(WithStandings { measured, standings })
    }

    /// The findings that a reference population is measured for: all that the model offers and `more`, each sentence once,
    /// without those whose words it never learnt.
    pub async fn measurable(&self, more: Vec<String>) -> Result<Vec<String>> {
        self.engine.measurable(&more).await
    }

    /// The file of a reference population. `scores`: for each image, one after another, the logits of all findings, and
    /// where the model has cosines, these after them; `labelled`: what is known of its findings by labels, if anything.
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

    /// Ranks scores among the images of a reference population's file from now on, or among the model's own again. What the
    /// model is then changes with it.
    #[wasm_bindgen(js_name = rankAmong)]
    pub fn rank_among(&self, file: Option<Vec<u8>>) -> Result<JsModelInfo> {
        let population = file.map(|file| Population::parse(&file)).transpose()?;
        self.engine.rank_among(population)?;
        Ok(self.info())
    }

    /// Where logits of a finding stand, of images that were scored before.
    pub async fn rank(&self, finding: &str, logits: Vec<f32>) -> Result<JsRanked> {
        let prompt = Prompt::new(&prompt::sentence(finding)?);
        let percentiles = self.engine.rank(&prompt, &logits).await?;
        let measured = self.measured(&prompt, self.engine.reference(&prompt).as_deref());
        let percentiles = percentiles.as_deref().map(TypedArray::F32);
        Ok(object(&Ranked { percentiles, measured }))
    }

    /// Forgets all encoded texts.
    #[wasm_bindgen(js_name = forgetTexts)]
    pub fn forget_texts(&self) {
        self.engine.forget_texts();
    }
}

/// The sentences that are sent for findings.
pub(super) fn sentences(findings: &[String]) -> Result<Vec<String>> {
    findings.iter().map(|finding| prompt::sentence(finding)).collect()
}

/// A picture as the fusion needs it.
#[wasm_bindgen]
pub struct EncodedImage(pub(super) EncodedImages);

#[wasm_bindgen]
impl EncodedImage {
    /// The square the model saw, in pixels of the picture.
    #[wasm_bindgen(getter)]
    pub fn view(&self) -> JsView {
        // Of the one picture that was encoded.
        object(&self.0.views[0])
    }
}
