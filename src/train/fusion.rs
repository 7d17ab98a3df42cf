//! The second stage: embedders and fusion learn sentences on the frozen encoders' features, which
//! are computed once.

use std::collections::HashMap;

use burn::tensor::{Device, Int, Tensor, TensorData};
use half::f16;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use rayon::prelude::*;

use super::augment::Change;
use super::config::{FusionStage, TrainConfig};
use super::data::split;
use super::encoder::{Classifier, draw_epoch, probabilities, rows_of};
use super::error::Result;
use super::learner::Stage;
use super::loss::{binary_cross_entropy, contrastive, outside_boxes};
use super::samples::{Sample, Samples, Target};
use crate::config::ImageConfig;
use crate::model::{CarZero, Encoded, TextTokens};
use crate::text::TextTokenizer;

/// Images whose features are computed together.
const BATCH: usize = 16;

/// Teaches embedders and fusion.
pub struct FusionTraining<'a> {
    config: &'a TrainConfig,
    samples: &'a Samples,
    device: Device,
    bank: Bank,
    /// For each training image, its versions.
    train: Vec<Vec<View>>,
    /// Each validation image, unchanged.
    val: Vec<View>,
    /// What the first stage says of each training image.
    taught: Vec<Vec<f32>>,
}

/// One version of an image, encoded.
struct View {
    features: Vec<Features>,
    /// For findings with boxes, the share of each patch that lies inside.
    inside: Vec<(usize, Vec<f32>)>,
    /// Sentences of its own, as places in the bank.
    sentences: Vec<usize>,
}

/// `[places, channels]` in half precision.
struct Features {
    places: usize,
    channels: usize,
    values: Vec<f16>,
}

/// All sentences, before the embedders.
struct Bank {
    /// For each finding, the sentences that say it is there.
    present: Vec<Vec<usize>>,
    /// For each finding, the sentences that say it is not.
    absent: Vec<Vec<usize>>,
    /// Place of each sentence.
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

    /// Some sentences, on the device.
    fn select(&self, places: &[usize], device: &Device) -> TextTokens {
        let places: Vec<i32> = places.iter().map(|&place| place as i32).collect();
        let count = places.len();
        let index = Tensor::<1, Int>::from_data(TensorData::new(places, [count]), device);
        TextTokens {
            global: self.hidden.global.clone().select(0, index.clone()),
            local: self.hidden.local.clone().select(0, index.clone()),
            log_counts: self.hidden.log_counts.clone().select(0, index),
        }
    }
}

/// A sentence about the mirror image.
fn mirror(sentence: &str) -> String {
    let word = |word: &str| match word {
        "left" => "right",
        "right" => "left",
        _ => return word.to_string(),
    }
    .to_string();
    sentence.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

impl<'a> FusionTraining<'a> {
    /// Encodes all images with the encoder that the first stage taught, and all sentences.
    ///
    /// # Errors
    ///
    /// Where a sentence cannot be encoded.
    pub fn new(
        config: &'a TrainConfig,
        samples: &'a Samples,
        classifier: &Classifier,
        model: &CarZero,
        tokenizer: &TextTokenizer,
        device: Device,
    ) -> Result<Self> {
        let free = samples.train.iter().flat_map(|sample| sample.sentences.iter().cloned());
        let bank = Bank::new(config, free, model, tokenizer, &device)?;
        let encoding = Encoding { config, classifier, bank: &bank, device: device.clone().inner() };
        let mut taught = Vec::new();
        let mut train: Vec<Vec<View>> = samples.train.iter().map(|_| Vec::new()).collect();
        for version in 0..config.fusion.views {
            let (views, said) = encoding.views(&samples.train, version);
            for (versions, view) in train.iter_mut().zip(views) {
                versions.push(view);
            }
            if taught.is_empty() {
                taught = said;
            } else {
                for (sum, said) in taught.iter_mut().flatten().zip(said.iter().flatten()) {
                    *sum += said;
                }
            }
        }
        taught.iter_mut().flatten().for_each(|sum| *sum /= config.fusion.views as f32);
        let (val, _) = encoding.views(&samples.val, 0);
        Ok(Self { config, samples, device, bank, train, val, taught })
    }

    /// The model's embedders, set so that the sentences of the bank are centred and spread.
    pub fn standardised(&self, mut model: CarZero) -> CarZero {
        model.text_encoder = model.text_encoder.standardised(&self.bank.hidden);
        model
    }

    fn stage(&self) -> &FusionStage {
        &self.config.fusion
    }

    fn images(&self, model: &CarZero, views: &[&View], device: &Device) -> Encoded {
        let count = views.first().map_or(0, |view| view.features.len());
        let features: Vec<Tensor<3>> = (0..count)
            .map(|index| {
                let Features { places, channels, .. } = views[0].features[index];
                let values = views
                    .iter()
                    .flat_map(|view| view.features[index].values.iter().map(|v| v.to_f32()))
                    .collect::<Vec<f32>>();
                Tensor::from_data(TensorData::new(values, [views.len(), places, channels]), device)
            })
            .collect();
        let tokens = model.img_encoder.tokens(&features);
        model.fusion_module.encode(tokens.global, tokens.local, None)
    }

    fn texts(&self, model: &CarZero, places: &[usize], device: &Device) -> Encoded {
        let tokens = model.text_encoder.embed(self.bank.select(places, device));
        model.fusion_module.encode(tokens.global, tokens.local, Some(tokens.log_counts))
    }

    /// What is to be learnt of one image: labels, teacher and the first stage together.
    fn targets(&self, row: usize) -> Vec<Target> {
        let distil = self.stage().distil;
        let said = &self.taught[row];
        let mix = |(target, said): (&Target, &f32)| {
            target.map(|target| target * (1.0 - distil) + said * distil)
        };
        self.samples.train[row].targets.iter().zip(said).map(mix).collect()
    }

    /// Logits of the standard prompts on the validation images, by row and finding.
    fn score(&self, model: &CarZero, prompt: &str) -> Vec<Vec<f32>> {
        let device = self.device.clone().inner();
        let names = self.config.data.findings.iter().map(|f| prompt.replace("{}", &f.name));
        let places: Vec<usize> =
            names.filter_map(|text| self.bank.places.get(&text).copied()).collect();
        let texts = self.texts(model, &places, &device);
        let mut rows = Vec::with_capacity(self.val.len());
        for batch in self.val.chunks(BATCH) {
            let images = self.images(model, &batch.iter().collect::<Vec<_>>(), &device);
            let scores = model.score(&images, &texts);
            rows.extend(rows_of((scores.i2t + scores.t2i) / 2.0));
        }
        rows
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
        let mut pick = |choices: &Vec<usize>| choices[rng.random_range(0..choices.len())];
        let mut columns: Vec<usize> = self.bank.present.iter().map(&mut pick).collect();
        columns.extend(self.bank.absent.iter().map(&mut pick));
        let mut free: Vec<usize> =
            views.iter().flat_map(|view| view.sentences.iter().copied()).collect();
        free.sort_unstable();
        free.dedup();
        columns.extend(&free);

        let images = self.images(model, &views, device);
        let scores = model.score(&images, &self.texts(model, &columns, device));
        let targets: Vec<Target> = rows.iter().flat_map(|&row| self.targets(row)).collect();
        let (values, known) = split(&targets);
        let matrix = |values: Vec<f32>, columns: usize| {
            Tensor::<2>::from_data(TensorData::new(values, [rows.len(), columns]), device)
        };
        let (targets, known) = (matrix(values, findings), matrix(known, findings));
        let weights = &self.stage().loss;
        let mut loss = Tensor::zeros([1], device);

        if weights.sigmoid > 0.0 {
            let logits = (scores.i2t.clone() + scores.t2i.clone()) / 2.0;
            let logits = logits.narrow(1, 0, 2 * findings);
            let both = Tensor::cat(vec![targets.clone(), -targets.clone() + 1.0], 1);
            let known = Tensor::cat(vec![known.clone(), known.clone()], 1);
            loss = loss + binary_cross_entropy(logits, both, known) * weights.sigmoid;
        }
        if weights.contrastive > 0.0 {
            // Sentences that are there: those of the findings, and those of reports.
            let keep = |logits: Tensor<2>| {
                let present = logits.clone().narrow(1, 0, findings);
                match free.len() {
                    0 => present,
                    count => Tensor::cat(vec![present, logits.narrow(1, 2 * findings, count)], 1),
                }
            };
            let own = views.iter().flat_map(|view| {
                free.iter().map(|place| f32::from(u8::from(view.sentences.contains(place))))
            });
            let own: Vec<f32> = own.collect();
            let (mut positives, mut weight) = (targets.greater_elem(0.5).float(), known);
            if !free.is_empty() {
                let ones = vec![1.0; own.len()];
                positives = Tensor::cat(vec![positives, matrix(own, free.len())], 1);
                weight = Tensor::cat(vec![weight, matrix(ones, free.len())], 1);
            }
            let term = contrastive(keep(scores.i2t), positives.clone(), weight.clone())
                + contrastive(keep(scores.t2i), positives, weight);
            loss = loss + term * (weights.contrastive / 2.0);
        }
        let boxed: Vec<(usize, &Vec<f32>)> = views
            .iter()
            .zip((0..).step_by(columns.len()))
            .flat_map(|(view, row)| {
                view.inside.iter().map(move |(finding, inside)| (row + finding, inside))
            })
            .collect();
        if weights.boxes > 0.0 && !boxed.is_empty() {
            let [images, texts, patches] = scores.attention.dims();
            let places: Vec<i32> = boxed.iter().map(|(place, _)| *place as i32).collect();
            let inside: Vec<f32> =
                boxed.iter().flat_map(|(_, inside)| inside.iter().copied()).collect();
            let count = places.len();
            let index = Tensor::<1, Int>::from_data(TensorData::new(places, [count]), device);
            let attention =
                scores.attention.reshape([images * texts, patches]).select(0, index);
            let inside = Tensor::from_data(TensorData::new(inside, [count, patches]), device);
            // Few images of a batch have boxes, so the mean over them is weighed by their share.
            let share = count as f32 / rows.len() as f32;
            loss = loss + outside_boxes(attention, inside) * (weights.boxes * share);
        }
        loss
    }

    fn validate(&self, model: &CarZero) -> Result<Vec<Vec<f32>>> {
        Ok(self.score(model, "There is {}"))
    }
}

/// Turns images into views.
struct Encoding<'a> {
    config: &'a TrainConfig,
    classifier: &'a Classifier,
    bank: &'a Bank,
    device: Device,
}

impl Encoding<'_> {
    /// One version of each image, and what the classifier says of it.
    fn views(&self, samples: &[Sample], version: usize) -> (Vec<View>, Vec<Vec<f32>>) {
        let image = &self.config.model.image;
        let (mut views, mut said) = (Vec::new(), Vec::new());
        for (index, batch) in samples.chunks(BATCH).enumerate() {
            let changes: Vec<Change> = (0..batch.len())
                .map(|row| match version {
                    0 => Change::NONE,
                    _ => {
                        let place = (version * samples.len() + index * BATCH + row) as u64;
                        let mut rng = StdRng::seed_from_u64(self.config.seed ^ (place << 8));
                        Change::draw(&self.config.fusion.augmentation, &mut rng)
                    }
                })
                .collect();
            let pixels: Vec<f32> = batch
                .par_iter()
                .zip(&changes)
                .flat_map_iter(|(sample, change)| change.pixels(&sample.square, image))
                .collect();
            let data = TensorData::new(pixels, [batch.len(), 1, image.crop, image.crop]);
            let pixels = Tensor::from_data(data, &self.device);
            let features = self.classifier.img_encoder.features(pixels);
            said.extend(probabilities(self.classifier.classify(&features)));
            let parts: Vec<Vec<Features>> = features.into_iter().map(rows_of_features).collect();
            let mut parts: Vec<_> = parts.into_iter().map(Vec::into_iter).collect();
            for (sample, change) in batch.iter().zip(&changes) {
                views.push(View {
                    features: parts.iter_mut().filter_map(Iterator::next).collect(),
                    inside: self.inside(sample, change),
                    sentences: self.sentences(sample, change),
                });
            }
        }
        (views, said)
    }

    fn inside(&self, sample: &Sample, change: &Change) -> Vec<(usize, Vec<f32>)> {
        let side = self.config.model.map_side();
        let mut findings: Vec<usize> = sample.boxes.iter().map(|(finding, _)| *finding).collect();
        findings.dedup();
        let map = |finding: usize| {
            let boxes: Vec<[f32; 4]> = sample
                .boxes
                .iter()
                .filter(|(other, _)| *other == finding)
                .map(|(_, corners)| *corners)
                .collect();
            patches_inside(&boxes, change, &self.config.model.image, side)
        };
        let maps = findings.into_iter().map(|finding| (finding, map(finding)));
        maps.filter(|(_, map)| map.iter().any(|&share| share > 0.0)).collect()
    }

    fn sentences(&self, sample: &Sample, change: &Change) -> Vec<usize> {
        let seen = |text: &String| if change.mirrored { mirror(text) } else { text.clone() };
        sample.sentences.iter().filter_map(|text| self.bank.places.get(&seen(text)).copied()).collect()
    }
}

/// The share of each patch that lies in a box, from 4 x 4 points of it.
fn patches_inside(
    boxes: &[[f32; 4]],
    change: &Change,
    image: &ImageConfig,
    side: usize,
) -> Vec<f32> {
    const POINTS: usize = 4;
    let step = 1.0 / (side * POINTS) as f32;
    let hit = |x: usize, y: usize| {
        let [x, y] = change.source(image, (x as f32 + 0.5) * step, (y as f32 + 0.5) * step);
        boxes.iter().any(|&[left, top, right, bottom]| {
            (left..right).contains(&x) && (top..bottom).contains(&y)
        })
    };
    let share = |patch: usize| {
        let (x, y) = (patch % side * POINTS, patch / side * POINTS);
        let hits = (0..POINTS * POINTS).filter(|i| hit(x + i % POINTS, y + i / POINTS)).count();
        hits as f32 / (POINTS * POINTS) as f32
    };
    (0..side * side).map(share).collect()
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
    use crate::config::Resize;

    #[test]
    fn sides_are_exchanged_in_a_mirror_image() {
        assert_eq!(
            mirror("There is Atelectasis in the left lower lobe"),
            "There is Atelectasis in the right lower lobe"
        );
    }

    #[test]
    fn boxes_become_shares_of_patches() {
        let image =
            ImageConfig { resize: Resize::CentreSquare, size: 40, crop: 32, mean: 0.5, std: 0.5 };
        // The crop begins at 4, so that the box covers the second patch of the upper row by half.
        let inside = patches_inside(&[[20.0, 4.0, 36.0, 12.0]], &Change::NONE, &image, 2);
        assert_eq!(inside, [0.0, 0.5, 0.0, 0.0]);
    }
}
