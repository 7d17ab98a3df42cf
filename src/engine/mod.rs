//! A loaded model in use: pictures and findings in, scores and maps out.

pub mod ablation;
pub mod audit;
pub mod cover;
pub mod curves;
pub mod explanation;
pub mod heads;
pub mod heatmap;
pub mod loader;
pub mod observations;
pub mod ood;
pub mod population;
pub mod retrieval;
pub mod sensitivity;
pub mod sides;
mod text_cache;
pub mod wording;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use burn::tensor::{Device, Tensor, TensorData, Transaction};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::model::{CarZero, Encoded, ImageTokens};
use crate::package::Manifest;
use crate::package::config::{ModelConfig, Reference, SelfTest};
use crate::package::population::Population;
use crate::radiograph::Picture;
use crate::radiograph::preprocess::{Seen, View};
use crate::radiograph::warning::Warning;
use crate::sync::lock;
use crate::text::prompt::Prompt;
use crate::text::tokenizer::TextTokenizer;
use loader::{Loaded, ReferenceImages};
use ood::{Verdict, verdict};
use text_cache::TextCache;
use wording::Wording;

/// The most texts that are encoded and scored at once, which bounds memory.
const TEXT_BATCH: usize = 256;
/// The most texts that are scored on the reference images at once; with more, a layer has more numbers than the pool
/// can share.
const MEASURED_BATCH: usize = 8;
/// The most encoded texts that are cached.
const CACHED_TEXTS: usize = 512;
/// The largest error of the self-test, relative to the logit (absolute if the logit is below 1). Devices that compute
/// in f32 stay below 1e-4; broken ones are off by far more.
const SELF_TEST_TOLERANCE: f32 = 5e-3;

/// A model on its device, with its tokenizer and the texts encoded so far.
#[derive(Debug)]
pub struct Engine {
    manifest: Manifest,
    config: ModelConfig,
    tokenizer: TextTokenizer,
    model: CarZero,
    device: Device,
    texts: Mutex<TextCache>,
    /// The reference images, by which the logit of any sentence can be ranked.
    reference: Option<ReferenceImages>,
    /// The reference images prepared for scoring, once a sentence needs them.
    encoded_reference: OnceLock<Encoded>,
    /// The user's own population, if scores are ranked among its images instead of the model's.
    population: Mutex<Option<Arc<Population>>>,
    /// Percentiles of the logit over the reference images, by sentence.
    measured: Mutex<HashMap<String, Vec<f32>>>,
    /// How well the model knows the words of each prompt.
    wordings: Mutex<HashMap<String, Wording>>,
    /// The meanings of the learnt wordings as vectors, once other words have been compared with them.
    learnt: OnceLock<Vec<Vec<f32>>>,
}

/// Encoded pictures, with everything that scoring needs.
#[derive(Debug, Clone)]
pub struct EncodedImages {
    encoded: Encoded,
    /// The tokens that `encoded` was computed from, which can be [kept](retrieval).
    tokens: ImageTokens,
    /// Their projections by the CLIP-style head, see [`CarZero::clip_embedding`].
    clip_embedding: Option<Tensor<2>>,
    /// The encoder's [`fine means`](crate::model::ImageEncoder::fine_means).
    fine_means: Tensor<3>,
    /// The encoder's [`pooled map`](crate::model::ImageEncoder::pooled_map).
    pooled_map: Tensor<3>,
    /// Which part of each picture the model saw.
    pub views: Vec<View>,
}

/// The score of one finding on one picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    /// The sentence, as given.
    pub prompt: Prompt,
    /// The mean of `i2t` and `t2i`: a raw logit, neither a probability nor comparable between
    /// findings.
    pub logit: f32,
    /// The score of the text's query over the image's tokens.
    pub i2t: f32,
    /// The score of the image's query over the text's tokens.
    pub t2i: f32,
    /// The share of the reference population with a lower logit for this sentence, in percent. `None` where the model
    /// has no reference for the sentence, or learnt nothing similar to its words, because a rank would then be mistaken
    /// for evidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percentile: Option<f32>,
    /// How well the model knows the sentence; `None` where it does not say what it learnt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wording: Option<Wording>,
    /// The cosine of picture and sentence, -1 to 1: of the CLIP-style head's projections, or where the model has no
    /// such head, of its global features before the fusion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cosine: Option<f32>,
    /// Attention weights of the text's query over the view, row by row.
    #[serde(skip)]
    pub attention: Vec<f32>,
    /// The same attention before the softmax.
    #[serde(skip)]
    pub similarity: Vec<f32>,
}

/// A logit and its percentile.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Standing {
    /// The raw logit.
    pub logit: f32,
    /// Share of the reference population with a lower logit, in percent, as in [`Score::percentile`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percentile: Option<f32>,
}

impl Engine {
    /// Prepares a loaded model for use.
    pub fn new(loaded: Loaded, device: Device) -> Self {
        let Loaded { manifest, config, tokenizer, model, reference } = loaded;
        Self {
            reference,
            encoded_reference: OnceLock::new(),
            population: Mutex::default(),
            manifest,
            config,
            tokenizer,
            model,
            device,
            texts: Mutex::default(),
            measured: Mutex::default(),
            wordings: Mutex::default(),
            learnt: OnceLock::new(),
        }
    }

    /// All facts about the model.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// The manifest of the model folder.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Encodes pictures in one batch.
    pub fn encode_images(&self, pictures: &[&Picture]) -> EncodedImages {
        let image = &self.config.image;
        let seen: Vec<Seen> = pictures.iter().map(|picture| Seen::new(picture, image)).collect();
        self.encode_seen(&seen)
    }

    /// Encodes what there is to see of pictures, with as many pixels as the model's config says, in one batch.
    pub fn encode_seen(&self, seen: &[Seen]) -> EncodedImages {
        let pixels = seen.iter().flat_map(|seen| seen.pixels(&self.config.image)).collect();
        self.encode_pixels(pixels, seen.iter().map(|seen| seen.view).collect())
    }

    fn encode_pixels(&self, pixels: Vec<f32>, views: Vec<View>) -> EncodedImages {
        let encoder = &self.model.img_encoder;
        let features = encoder.features(self.pixels(pixels));
        let (tokens, clip_embedding) =
            (encoder.tokens(&features), self.model.clip_embedding(&features));
        EncodedImages {
            encoded: self.model.encode_tokens(tokens.clone(), clip_embedding.clone()),
            tokens,
            clip_embedding,
            fine_means: encoder.fine_means(&features),
            pooled_map: encoder.pooled_map(&features),
            views,
        }
    }

    fn pixels(&self, pixels: Vec<f32>) -> Tensor<4> {
        let crop = self.config.image.crop;
        let images = pixels.len() / (crop * crop);
        Tensor::from_data(TensorData::new(pixels, [images, 1, crop, crop]), &self.device)
    }

    /// Scores every picture against every prompt. Prompts are complete sentences and are used as they are. The scores
    /// of each picture are in the order of the prompts.
    ///
    /// # Errors
    ///
    /// [`Error::Tokenizer`] where a prompt cannot be encoded, [`Error::Device`] where the device
    /// fails.
    pub async fn score(
        &self,
        images: &EncodedImages,
        prompts: &[String],
    ) -> Result<Vec<Vec<Score>>> {
        self.score_encoded(&images.encoded, prompts).await
    }

    async fn score_encoded(&self, images: &Encoded, prompts: &[String]) -> Result<Vec<Vec<Score>>> {
        let prompts = normalized(prompts);
        let mut scores = vec![Vec::with_capacity(prompts.len()); images.count()];
        for batch in prompts.chunks(TEXT_BATCH) {
            let texts = self.encode_texts(batch)?;
            let wordings = self.wordings_of(batch).await?;
            let is_known = |column: usize| match &wordings {
                Some(wordings) => !matches!(wordings[column], Wording::Unknown { .. }),
                None => true,
            };
            self.measure(batch, &texts, is_known).await?;
            let result = self.model.score(images, &texts);
            let mut all = Transaction::default()
                .register(result.i2t)
                .register(result.t2i)
                .register(result.attention)
                .register(result.similarity);
            if let Some(cosines) = result.cosine {
                all = all.register(cosines);
            }
            let mut all = read_all(all).await?.into_iter();
            let mut next = || all.next().unwrap_or_default();
            let [i2t, t2i, attention, similarity] = [next(), next(), next(), next()];
            let cosines = all.next();
            let patches = attention.len() / i2t.len();
            for (index, of_image) in scores.iter_mut().enumerate() {
                for (column, prompt) in batch.iter().enumerate() {
                    let pair = index * batch.len() + column;
                    let map = |maps: &[f32]| maps[pair * patches..(pair + 1) * patches].to_vec();
                    let logit = (i2t[pair] + t2i[pair]) / 2.0;
                    of_image.push(Score {
                        prompt: prompt.clone(),
                        logit,
                        i2t: i2t[pair],
                        t2i: t2i[pair],
                        wording: wordings.as_ref().map(|wordings| wordings[column].clone()),
                        cosine: cosines.as_ref().map(|cosines| cosines[pair]),
                        percentile: self
                            .reference(prompt)
                            .filter(|_| is_known(column))
                            .map(|p| Reference::percentile(&p, logit)),
                        attention: map(&attention),
                        similarity: map(&similarity),
                    });
                }
            }
        }
        Ok(scores)
    }

    /// How well the model knows each prompt; `None` where its config does not say what it learnt.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::score`].
    pub async fn wordings(&self, prompts: &[String]) -> Result<Option<Vec<Wording>>> {
        self.wordings_of(&normalized(prompts)).await
    }

    async fn wordings_of(&self, prompts: &[Prompt]) -> Result<Option<Vec<Wording>>> {
        let Some(learnt) = &self.config.wordings else { return Ok(None) };
        if lock(&self.wordings).len() > CACHED_TEXTS {
            lock(&self.wordings).clear();
        }
        let is_new = |prompt: &&Prompt| !lock(&self.wordings).contains_key(prompt.normalized());
        let keep = |prompt: &Prompt, wording| {
            lock(&self.wordings).insert(prompt.normalized().to_string(), wording)
        };
        let mut far = Vec::new();
        for prompt in prompts.iter().filter(is_new) {
            let words = learnt.finding_of(prompt);
            match learnt.look_up(&words) {
                Some(wording) => drop(keep(prompt, wording)),
                None => far.push((prompt, words)),
            }
        }
        if !far.is_empty() && self.learnt.get().is_none() {
            let all: Vec<String> = learnt
                .all()
                .map(|(_, words)| learnt.finding_of(&Prompt::new(&format!("There is {words}"))))
                .collect();
            let meanings = self.meanings(&all.iter().collect::<Vec<_>>()).await?;
            let _ = self.learnt.set(meanings);
        }
        for batch in far.chunks(TEXT_BATCH) {
            let words: Vec<&String> = batch.iter().map(|(_, words)| words).collect();
            for ((prompt, words), meaning) in batch.iter().zip(self.meanings(&words).await?) {
                let dot = |other: &Vec<f32>| other.iter().zip(&meaning).map(|(a, b)| a * b).sum();
                let cosines = self.learnt.get().into_iter().flatten().map(dot);
                keep(prompt, learnt.judge(words, cosines));
            }
        }
        let known = |prompt: &Prompt| lock(&self.wordings).get(prompt.normalized()).cloned();
        Ok(Some(prompts.iter().filter_map(known).collect()))
    }

    /// The meanings of words, as unit vectors.
    async fn meanings(&self, words: &[&String]) -> Result<Vec<Vec<f32>>> {
        let tokens = words.iter().map(|words| self.tokenizer.encode_words(words));
        let tokens = tokens.collect::<Result<Vec<_>>>()?;
        let meanings = read(self.model.text_encoder.meaning(&tokens, &self.device)).await?;
        Ok(meanings.chunks(self.config.text_encoder.dim).map(<[f32]>::to_vec).collect())
    }

    /// The maps of the CLIP-style head, if the model has one: for each picture and prompt, the cosine of each patch of
    /// the view with the prompt, row by row.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::score`].
    pub async fn cosine_maps(
        &self,
        images: &EncodedImages,
        prompts: &[String],
    ) -> Result<Option<Vec<Vec<Vec<f32>>>>> {
        let mut maps = vec![Vec::with_capacity(prompts.len()); images.encoded.count()];
        for batch in normalized(prompts).chunks(TEXT_BATCH) {
            let texts = self.encode_texts(batch)?;
            let side = self.config.map_side();
            let Some(all) = self.model.cosine_maps(images.pooled_map.clone(), &texts, side) else {
                return Ok(None);
            };
            let all = read(all.swap_dims(1, 2)).await?;
            let mut all = all.chunks_exact(side * side).map(<[f32]>::to_vec);
            maps.iter_mut().for_each(|of_image| of_image.extend(all.by_ref().take(batch.len())));
        }
        Ok(Some(maps))
    }

    /// The reference distribution of a prompt's logit: its 0th to 100th percentile. The package contains it for
    /// standard prompts and their wordings; for other prompts it is computed by scoring the reference images once. A
    /// population of the user's own contains only the sentences for which it was measured.
    pub fn reference(&self, prompt: &Prompt) -> Option<Vec<f32>> {
        let key = prompt.normalized();
        if let Some(own) = self.population() {
            return own.reference.percentiles.get(key).cloned();
        }
        let preset = || self.config.reference.as_ref()?.percentiles.get(key);
        let wording = || self.reference.as_ref()?.ranked.get(key);
        let known = preset().or_else(wording).cloned();
        known.or_else(|| lock(&self.measured).get(key).cloned())
    }

    /// Scores the reference images on those known prompts whose distribution has not been measured.
    async fn measure(
        &self,
        prompts: &[Prompt],
        texts: &Encoded,
        is_known: impl Fn(usize) -> bool,
    ) -> Result<()> {
        if lock(&self.measured).len() > CACHED_TEXTS {
            lock(&self.measured).clear();
        }
        let is_new = |&i: &usize| is_known(i) && self.reference(&prompts[i]).is_none();
        let new: Vec<usize> = (0..prompts.len()).filter(is_new).collect();
        for batch in new.chunks(MEASURED_BATCH) {
            let Some(images) = self.encoded_reference() else { return Ok(()) };
            let [i2t, t2i] = self.model.logits(images, &texts.copy(batch));
            let logits = read((i2t + t2i) / 2.0).await?;
            let mut measured = lock(&self.measured);
            for (column, &prompt) in batch.iter().enumerate() {
                let logits = logits.iter().skip(column).step_by(batch.len()).copied().collect();
                let key = prompts[prompt].normalized().to_string();
                measured.insert(key, Reference::percentiles(logits));
            }
        }
        Ok(())
    }

    /// The reference images, if the model has any and scores are ranked among them. They are encoded when they are
    /// first needed.
    fn encoded_reference(&self) -> Option<&Encoded> {
        let images = self.reference.as_ref().filter(|_| self.population().is_none())?;
        let encode = || self.model.encode_condensed(images.tokens.clone());
        Some(self.encoded_reference.get_or_init(encode))
    }

    /// Whether the model learnt something similar to a prompt's words. If it does not say what it learnt, all prompts
    /// count as known.
    async fn is_known(&self, prompt: &Prompt) -> Result<bool> {
        let wordings = self.wordings_of(std::slice::from_ref(prompt)).await?;
        Ok(wordings.is_none_or(|all| !matches!(all[..], [Wording::Unknown { .. }])))
    }

    /// Encoded texts as one batch, at least one and at most [`TEXT_BATCH`]; those that are not in the cache are encoded
    /// now.
    fn encode_texts(&self, prompts: &[Prompt]) -> Result<Encoded> {
        let mut texts = lock(&self.texts);
        if texts.count() > CACHED_TEXTS {
            texts.clear();
        }
        let sentences: Vec<String> =
            prompts.iter().map(|prompt| prompt.normalized().to_string()).collect();
        let new = texts.missing(&sentences);
        if !new.is_empty() {
            let tokens = new.iter().map(|sentence| self.tokenizer.encode_words(sentence));
            let tokens = tokens.collect::<Result<Vec<_>>>()?;
            texts.insert(&new, self.model.encode_texts(&tokens, &self.device));
        }
        let Some(gathered) = texts.gather(&sentences) else { unreachable!("all are known now") };
        Ok(gathered)
    }

    /// How far each picture is from those that the model knows, and the verdict; `None` where the model has no such
    /// statistics. A doubtful picture is encoded once more, as its negative, unless its file says that it does not show
    /// a chest.
    ///
    /// `images` are the same pictures, encoded.
    ///
    /// # Errors
    ///
    /// [`Error::Device`] where the device fails.
    pub async fn ood_check(
        &self,
        pictures: &[&Picture],
        images: &EncodedImages,
    ) -> Result<Option<Vec<(f32, Verdict)>>> {
        let Some(known) = &self.config.ood else { return Ok(None) };
        let mut looks = Vec::with_capacity(pictures.len());
        for (picture, means) in pictures.iter().zip(self.fine_means(images).await?) {
            let distance = known.distance(&means);
            let mut negative = None;
            let may_be_chest = || !picture.warnings().iter().any(Warning::denies_chest);
            if distance > known.doubt && may_be_chest() {
                let images = self.encode_images(&[&picture.negative()]);
                let means = self.fine_means(&images).await?;
                negative = means.first().map(|means| known.distance(means));
            }
            looks.push((distance, verdict(known, &means, distance, negative)));
        }
        Ok(Some(looks))
    }

    /// The verdict on each picture before its negative is considered; a familiar picture stays familiar. `None` where the
    /// model has no such statistics.
    ///
    /// # Errors
    ///
    /// [`Error::Device`] where the device fails.
    pub async fn first_verdicts(&self, images: &EncodedImages) -> Result<Option<Vec<Verdict>>> {
        let Some(known) = &self.config.ood else { return Ok(None) };
        let means = self.fine_means(images).await?;
        let first = means.iter().map(|means| verdict(known, means, known.distance(means), None));
        Ok(Some(first.collect()))
    }

    /// The features of each image on which [`OodStatistics`](crate::package::ood::OodStatistics) are based.
    ///
    /// # Errors
    ///
    /// [`Error::Device`] where the device fails.
    pub async fn fine_means(&self, images: &EncodedImages) -> Result<Vec<Vec<f32>>> {
        let [_, parts, channels] = images.fine_means.dims();
        let means = read(images.fine_means.clone()).await?;
        Ok(means.chunks(parts * channels).map(<[f32]>::to_vec).collect())
    }

    /// Condensed tokens of pictures, `[pictures, tokens, dim]`, to be stored as reference images.
    ///
    /// # Errors
    ///
    /// [`Error::Device`] where the device fails.
    pub async fn condense(&self, pictures: &[&Picture]) -> Result<Vec<f32>> {
        let image = &self.config.image;
        let pixels: Vec<f32> =
            pictures.iter().flat_map(|picture| Seen::new(picture, image).pixels(image)).collect();
        read(self.model.condense_images(self.pixels(pixels))).await
    }

    /// Clears the caches of encoded texts, and of what was measured for them.
    pub fn forget_texts(&self) {
        lock(&self.texts).clear();
        lock(&self.measured).clear();
        lock(&self.wordings).clear();
    }

    /// The logits of the built-in test pattern, a picture of waves, for `prompts`.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::score`].
    pub async fn test_pattern_logits(&self, prompts: &[String]) -> Result<Vec<f32>> {
        read(self.test_pattern(prompts)?).await
    }

    #[inline(never)] // one copy of the code for both callers, which await it
    fn test_pattern(&self, prompts: &[String]) -> Result<Tensor<2>> {
        let crop = self.config.image.crop;
        let wave = |index: usize| {
            ((index % crop) as f32 * 0.11).sin() + ((index / crop) as f32 * 0.07).cos()
        };
        let pixels = (0..crop * crop).map(wave).collect();
        let images = self.encode_pixels(pixels, Vec::new());
        let texts = self.encode_texts(&normalized(prompts))?;
        let scores = self.model.score(&images.encoded, &texts);
        Ok((scores.i2t + scores.t2i) / 2.0)
    }

    /// Checks that the device computes correctly. Some drivers return zeros or wrong numbers without reporting an
    /// error.
    ///
    /// # Errors
    ///
    /// [`Error::SelfTest`] where a logit of the test pattern differs from the one in the config.
    pub async fn self_test(&self) -> Result<()> {
        let Some(SelfTest { prompts, logits }) = &self.config.self_test else {
            return Ok(());
        };
        let measured = self.test_pattern_logits(prompts).await?;
        for (measured, expected) in measured.iter().zip(logits) {
            let error = (measured - expected).abs() / expected.abs().max(1.0);
            if error.is_nan() || error > SELF_TEST_TOLERANCE {
                let reason = format!("{measured} instead of {expected}");
                return Err(Error::SelfTest(reason.into()));
            }
        }
        Ok(())
    }
}

/// Sentences as prompts. This is the only place where they are normalised.
fn normalized(sentences: &[String]) -> Vec<Prompt> {
    sentences.iter().map(|sentence| Prompt::new(sentence)).collect()
}

/// Reads a tensor back from its device.
async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    let mut all = read_all(Transaction::default().register(tensor)).await?;
    all.pop().ok_or_else(|| Error::Device("a tensor was lost on the way".into()))
}

/// Reads several tensors back at once, so that a GPU has to be waited for only once.
async fn read_all(tensors: Transaction) -> Result<Vec<Vec<f32>>> {
    let all = tensors.execute_async().await.map_err(|error| Error::Device(error.into()))?;
    let values = |data: TensorData| {
        data.convert::<f32>()
            .try_into_vec()
            .map_err(|error| Error::Device(format!("{error:?}").into()))
    };
    all.into_iter().map(values).collect()
}
