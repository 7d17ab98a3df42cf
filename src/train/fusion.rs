//! The second stage: embedders and fusion are trained with sentences, on features of the frozen encoders that are
//! computed once.

use std::borrow::Cow;
use std::collections::HashMap;

use super::augment::Change;
use super::boxes::{Inside, inside};
use super::config::{FusionStage, TrainConfig};
use super::data::Targets;
use super::encoder::{Classifier, draw_epoch, perhaps_with_lesion, pixels, rows_of};
use super::error::Result;
use super::learner::Stage;
use super::lesion::Lesions;
use super::loss::{binary_cross_entropy, contrastive, outside_boxes, squared_distance};
use super::samples::{Sample, Samples, Target, sigmoid};
use crate::model::{CarZero, Encoded, TextTokens};
use crate::text::tokenizer::TextTokenizer;
use burn::tensor::{Device, Int, Tensor, TensorData};
use half::f16;
use rand::{RngExt, SeedableRng, rngs::StdRng};

/// The sentence template for validation.
const STANDARD: &str = "There is {}";
/// Number of images whose features are computed together.
const BATCH: usize = 16;

/// Trains embedders and fusion.
pub struct FusionTraining<'a> {
    config: &'a TrainConfig,
    samples: &'a Samples,
    device: Device,
    bank: Bank,
    /// For each training image, its versions.
    train: Vec<Vec<View>>,
    /// Each validation image, unchanged.
    val: Vec<View>,
    /// The standard deviation of the first stage's logits, for each finding.
    deviation: Vec<f32>,
}

/// The outputs of a model for images, indexed by image and then by finding.
#[derive(Debug, Default)]
pub struct Predictions {
    /// Logits of the fusion.
    pub logits: Vec<Vec<f32>>,
    /// Cosines of the CLIP-style head; empty where there is none.
    pub cosines: Vec<Vec<f32>>,
}

/// One version of an image, encoded.
struct View {
    features: Vec<Features>,
    /// Its targets, and whether they are certain.
    targets: Vec<Target>,
    exact: bool,
    inside: Vec<Inside>,
    /// The sentences of its own report, as indices in the bank.
    sentences: Vec<usize>,
    /// The first stage's logits for this view.
    said: Vec<f32>,
    /// The same as probabilities.
    taught: Vec<f32>,
}

/// `[places, channels]` in half precision.
struct Features {
    places: usize,
    channels: usize,
    values: Vec<f16>,
}

/// All sentences, as hidden states before the embedders.
struct Bank {
    /// For each finding, the indices of sentences that say it is present.
    present: Vec<Vec<usize>>,
    /// For each finding, the indices of sentences that say it is absent.
    absent: Vec<Vec<usize>>,
    /// The index of each sentence.
    places: HashMap<String, usize>,
    hidden: TextTokens,
}

impl Bank {
    fn new(
        config: &TrainConfig,
        free: impl Iterator<Item = String>,
        model: &CarZero,
        tokenizer: &TextTokenizer,
        device: &Device,
    ) -> Result<Self> {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut sentences: Vec<String> = Vec::new();
        let mut place = |text: String| {
            *places.entry(text.clone()).or_insert_with(|| {
                sentences.push(text);
                sentences.len() - 1
            })
        };
        let mut all = |templates: &[String], finding: &super::config::FindingConfig| {
            let names = || std::iter::once(&finding.name).chain(&finding.phrases);
            let texts = templates.iter().flat_map(|template| {
                names().map(move |name| template.replace("{}", name)).collect::<Vec<_>>()
            });
            texts.map(&mut place).collect::<Vec<usize>>()
        };
        let findings = &config.data.findings;
        let present = findings.iter().map(|f| all(&config.fusion.present, f)).collect();
        let absent = findings.iter().map(|f| all(&config.fusion.absent, f)).collect();
        free.for_each(|text| {
            place(mirror(&text));
            place(text);
        });
        let tokens = sentences
            .iter()
            .map(|text| tokenizer.encode(text))
            .collect::<crate::Result<Vec<_>>>()?;
        let hidden = model.text_encoder.hidden(&tokens, device);
        Ok(Self { present, absent, places, hidden })
    }

    /// Some of the sentences, on the given device.
    fn select(&self, places: &[usize], device: &Device) -> TextTokens {
        let places: Vec<i32> = places.iter().map(|&place| place as i32).collect();
        let count = places.len();
        let index = TensorData::new(places, [count]);
        let index = Tensor::<1, Int>::from_data(index, &self.hidden.global.device());
        TextTokens {
            global: self.hidden.global.clone().select(0, index.clone()).to_device(device),
            local: self.hidden.local.clone().select(0, index.clone()).to_device(device),
            log_counts: self.hidden.log_counts.clone().select(0, index).to_device(device),
        }
    }
}

/// The sentence for the mirror image, with left and right exchanged.
fn mirror(sentence: &str) -> String {
    let word = |word: &str| {
        match word {
            "left" => "right",
            "right" => "left",
            _ => return word.to_string(),
        }
        .to_string()
    };
    sentence.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

impl<'a> FusionTraining<'a> {
    /// Encodes all images with the encoder that was trained in the first stage, and all sentences.
    ///
    /// # Errors
    ///
    /// An error where a sentence cannot be encoded.
    pub fn new(
        config: &'a TrainConfig,
        samples: &'a Samples,
        classifier: &Classifier,
        model: &CarZero,
        tokenizer: &TextTokenizer,
        device: Device,
    ) -> Result<Self> {
        let free = samples.train.iter().flat_map(|sample| sample.sentences.iter().cloned());
        let bank = Bank::new(config, free, model, tokenizer, &device.clone().inner())?;
        let lesions = Lesions::new(&config.data)?;
        let encoding = Encoding {
            config,
            classifier,
            lesions: lesions.as_ref(),
            bank: &bank,
            device: device.clone().inner(),
        };
        let mut train: Vec<Vec<View>> = samples.train.iter().map(|_| Vec::new()).collect();
        for version in 0..config.fusion.views {
            let views = encoding.views(&samples.train, version);
            train.iter_mut().zip(views).for_each(|(versions, view)| versions.push(view));
        }
        let val = encoding.views(&samples.val, 0);
        let plain: Vec<&[f32]> = train.iter().map(|views| views[0].said.as_slice()).collect();
        let deviation = deviations(&plain);
        Ok(Self { config, samples, device, bank, train, val, deviation })
    }

    /// The model with embedders initialised so that the sentences of the bank and the features of the images are
    /// centred and have unit variance once projected.
    pub fn standardised(&self, mut model: CarZero) -> CarZero {
        let device = self.device.clone().inner();
        let views: Vec<&View> = self.train.iter().step_by(8).filter_map(|v| v.first()).collect();
        model.text_encoder = model.text_encoder.standardised(&self.bank.hidden);
        let features = features(&views, &device);
        let pooled = model.img_encoder.pooled(&features);
        let texts = self.bank.hidden.global.clone();
        model.cosine_head = model.cosine_head.map(|head| head.standardised(pooled, texts));
        model.img_encoder = model.img_encoder.standardised(&features);
        model
    }

    fn stage(&self) -> &FusionStage {
        &self.config.fusion
    }

    fn images(&self, model: &CarZero, views: &[&View], device: &Device) -> Encoded {
        model.encode_features(&features(views, device))
    }

    fn texts(&self, model: &CarZero, places: &[usize], device: &Device) -> Encoded {
        model.encode_hidden(self.bank.select(places, device))
    }

    /// The model's outputs for the standard prompts on the validation images.
    pub fn predictions(&self, model: &CarZero) -> Predictions {
        let device = self.device.clone().inner();
        let names = self.config.data.findings.iter().map(|f| STANDARD.replace("{}", &f.name));
        let places: Vec<usize> =
            names.filter_map(|text| self.bank.places.get(&text).copied()).collect();
        let texts = self.texts(model, &places, &device);
        let mut predictions = Predictions::default();
        for batch in self.val.chunks(BATCH) {
            let images = self.images(model, &batch.iter().collect::<Vec<_>>(), &device);
            let scores = model.score(&images, &texts);
            predictions.logits.extend(rows_of((scores.i2t + scores.t2i) / 2.0));
            predictions.cosines.extend(scores.cosine.into_iter().flat_map(rows_of));
        }
        predictions
    }
}

impl Stage for FusionTraining<'_> {
    type Model = CarZero;

    fn order(&self, rng: &mut StdRng) -> Vec<usize> {
        draw_epoch(self.config, &self.samples.train, rng)
    }

    fn loss(&self, model: &CarZero, rows: &[usize], rng: &mut StdRng) -> Tensor<1> {
        let device = &self.device;
        let views: Vec<&View> = rows
            .iter()
            .map(|&row| &self.train[row][rng.random_range(0..self.train[row].len())])
            .collect();
        let findings = self.config.data.findings.len();
        // For each finding the standard sentences for present and absent, and one random wording of each.
        let standard = |choices: &Vec<usize>| choices[0];
        let mut other = |choices: &Vec<usize>| choices[rng.random_range(0..choices.len())];
        let mut columns: Vec<usize> = self.bank.present.iter().map(standard).collect();
        columns.extend(self.bank.present.iter().map(&mut other));
        columns.extend(self.bank.absent.iter().map(standard));
        columns.extend(self.bank.absent.iter().map(&mut other));
        let stated = columns.len();
        let mut free: Vec<usize> =
            views.iter().flat_map(|view| view.sentences.iter().copied()).collect();
        free.sort_unstable();
        free.dedup();
        columns.extend(&free);

        let images = self.images(model, &views, device);
        let scores = model.score(&images, &self.texts(model, &columns, device));
        let known = views
            .iter()
            .map(|view| (view.targets.as_slice(), (!view.exact).then_some(view.taught.as_slice())));
        let Targets { values: targets, weights: known } =
            Targets::new(known, self.stage().distil, device);
        let matrix = |values: Vec<f32>| {
            let columns = values.len() / rows.len();
            Tensor::<2>::from_data(TensorData::new(values, [rows.len(), columns]), device)
        };
        let weights = &self.stage().loss;
        let mut loss = Tensor::zeros([1], device);

        let stated_only = |logits: &Tensor<2>| logits.clone().narrow(1, 0, stated);
        let signed = |present: Tensor<2>, absent: Tensor<2>| {
            Tensor::cat(vec![present.clone(), present, absent.clone(), absent], 1)
        };
        let mean = (scores.i2t.clone() + scores.t2i.clone()) / 2.0;
        if weights.sigmoid > 0.0 {
            let values = signed(targets.clone(), -targets.clone() + 1.0);
            let known = signed(known.clone(), known.clone());
            for logits in [&scores.i2t, &scores.t2i, &mean] {
                let term = binary_cross_entropy(stated_only(logits), values.clone(), known.clone());
                loss = loss + term * (weights.sigmoid / 12.0);
            }
        }
        if weights.regression > 0.0 {
            let said = matrix(views.iter().flat_map(|view| view.said.clone()).collect());
            let said = signed(said.clone(), -said);
            let scale = matrix(self.deviation.repeat(4 * rows.len()));
            let term = squared_distance(stated_only(&mean), said, scale);
            loss = loss + term * (weights.regression / 4.0);
        }
        if weights.contrastive > 0.0 {
            // The sentences that state something present: the standard ones of the findings, and those of reports.
            let keep = |logits: Tensor<2>| {
                let present = logits.clone().narrow(1, 0, findings);
                match free.len() {
                    0 => present,
                    count => Tensor::cat(vec![present, logits.narrow(1, stated, count)], 1),
                }
            };
            let own = views.iter().flat_map(|view| {
                free.iter().map(|place| f32::from(u8::from(view.sentences.contains(place))))
            });
            let own: Vec<f32> = own.collect();
            let (mut positives, mut weight) =
                (targets.clone().greater_elem(0.5).float(), known.clone().ceil());
            if !free.is_empty() {
                let ones = vec![1.0; own.len()];
                positives = Tensor::cat(vec![positives, matrix(own)], 1);
                weight = Tensor::cat(vec![weight, matrix(ones)], 1);
            }
            let term = contrastive(keep(scores.i2t), positives.clone(), weight.clone())
                + contrastive(keep(scores.t2i), positives, weight);
            loss = loss + term * (weights.contrastive / 2.0);
        }
        if let (Some(head), Some(cosines)) = (&model.cosine_head, scores.cosine) {
            // This term trains only the CLIP-style head, and no other term does.
            let positives = signed(
                targets.clone().greater_elem(0.5).float(),
                targets.clone().lower_elem(0.5).float(),
            );
            let known = signed(known.clone().ceil(), known.ceil());
            loss = loss + contrastive(head.logits(stated_only(&cosines)), positives, known);
        }
        let boxed: Vec<(usize, &[f32])> = views
            .iter()
            .zip((0..).step_by(columns.len()))
            .flat_map(|(view, row)| {
                let wordings = [row, row + findings];
                view.inside.iter().flat_map(move |(finding, inside)| {
                    wordings.map(|first| (first + finding, &inside[..]))
                })
            })
            .collect();
        if weights.boxes > 0.0 && !boxed.is_empty() {
            let [images, texts, patches] = scores.attention.dims();
            let attention = scores.attention.reshape([images * texts, patches]);
            // Only few images of a batch have boxes, so the mean over these is weighted by their share.
            let share = boxed.len() as f32 / (2 * rows.len()) as f32;
            loss = loss + outside_boxes(attention, &boxed) * (weights.boxes * share);
        }
        loss
    }

    fn validate(&self, model: &CarZero) -> Result<Vec<Vec<f32>>> {
        Ok(self.predictions(model).logits)
    }
}

/// Encodes images as views.
struct Encoding<'a> {
    config: &'a TrainConfig,
    classifier: &'a Classifier,
    lesions: Option<&'a Lesions<'a>>,
    bank: &'a Bank,
    device: Device,
}

impl Encoding<'_> {
    /// Encodes one version of each image.
    fn views(&self, samples: &[Sample], version: usize) -> Vec<View> {
        let mut views = Vec::with_capacity(samples.len());
        for (index, batch) in samples.chunks(BATCH).enumerate() {
            let first = version * samples.len() + index * BATCH;
            let versions: Vec<(Cow<Sample>, Change)> = batch
                .iter()
                .enumerate()
                .map(|(row, sample)| self.version(sample, version, first + row))
                .collect();
            let image = &self.config.model.image;
            let pixels = pixels(&versions, image, &self.device);
            let features = self.classifier.img_encoder.features(pixels);
            let said = rows_of(self.classifier.classify(&features));
            let mut parts: Vec<_> =
                features.into_iter().map(|part| rows_of_features(part).into_iter()).collect();
            for ((sample, change), said) in versions.iter().zip(said) {
                views.push(View {
                    features: parts.iter_mut().filter_map(Iterator::next).collect(),
                    targets: sample.targets.clone(),
                    exact: sample.exact,
                    inside: inside(sample, change, image, self.config.model.map_side()),
                    sentences: self.sentences(sample, change),
                    taught: said.iter().map(|&logit| sigmoid(logit.into()) as f32).collect(),
                    said,
                });
            }
        }
        views
    }

    /// A version of an image; the first version is unchanged.
    fn version<'s>(
        &self,
        sample: &'s Sample,
        version: usize,
        place: usize,
    ) -> (Cow<'s, Sample>, Change) {
        if version == 0 {
            return (Cow::Borrowed(sample), Change::NONE);
        }
        let mut rng = StdRng::seed_from_u64(self.config.seed ^ ((place as u64) << 8));
        let change = Change::draw(&self.config.fusion.augmentation, &mut rng);
        (perhaps_with_lesion(self.lesions, sample, &mut rng), change)
    }

    fn sentences(&self, sample: &Sample, change: &Change) -> Vec<usize> {
        let seen = |text: &String| if change.mirrored { mirror(text) } else { text.clone() };
        sample
            .sentences
            .iter()
            .filter_map(|text| self.bank.places.get(&seen(text)).copied())
            .collect()
    }
}

/// The features of some views, on the given device.
fn features(views: &[&View], device: &Device) -> Vec<Tensor<3>> {
    let count = views.first().map_or(0, |view| view.features.len());
    let part = |index: usize| {
        let Features { places, channels, .. } = views[0].features[index];
        let values =
            views.iter().flat_map(|view| view.features[index].values.iter().map(|v| v.to_f32()));
        let data = TensorData::new(values.collect::<Vec<f32>>(), [views.len(), places, channels]);
        Tensor::from_data(data, device)
    };
    (0..count).map(part).collect()
}

/// The standard deviation of each column.
fn deviations(rows: &[&[f32]]) -> Vec<f32> {
    let columns = rows.first().map_or(0, |row| row.len());
    let mean = |f: &dyn Fn(&&[f32]) -> f32| rows.iter().map(f).sum::<f32>() / rows.len() as f32;
    (0..columns)
        .map(|column| {
            let centre = mean(&|row| row[column]);
            mean(&|row| (row[column] - centre).powi(2)).sqrt().max(1e-3)
        })
        .collect()
}

fn rows_of_features(features: Tensor<3>) -> Vec<Features> {
    let [_, places, channels] = features.dims();
    let values = features.into_data().try_into_vec::<f32>().unwrap_or_default();
    values
        .chunks_exact(places * channels)
        .map(|row| Features {
            places,
            channels,
            values: row.iter().map(|&value| f16::from_f32(value)).collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_are_exchanged_in_a_mirror_image() {
        assert_eq!(
            mirror("There is Atelectasis in the left lower lobe"),
            "There is Atelectasis in the right lower lobe"
        );
    }
}
