//! A cache of encoded texts. The same list of findings is scored on every image, so texts are stored as the batch that
//! was requested last, which then need not be gathered again.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::Encoded;

/// Encoded texts by sentence.
#[derive(Debug, Default)]
pub struct TextCache {
    known: HashMap<String, Place>,
}

/// Where a text is stored: a batch, and the row in it.
#[derive(Debug, Clone)]
struct Place {
    batch: Arc<Encoded>,
    index: usize,
}

impl TextCache {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.known.len()
    }

    /// Empties the cache.
    pub fn clear(&mut self) {
        self.known.clear();
    }

    /// The sentences that are not cached, without duplicates.
    pub fn missing(&self, sentences: &[String]) -> Vec<String> {
        let mut missing: Vec<String> = Vec::new();
        for sentence in sentences {
            if !self.known.contains_key(sentence) && !missing.contains(sentence) {
                missing.push(sentence.clone());
            }
        }
        missing
    }

    /// Caches texts, one for each sentence.
    pub fn insert(&mut self, sentences: &[String], texts: Encoded) {
        let batch = Arc::new(texts);
        let place = |index| Place { batch: Arc::clone(&batch), index };
        self.known.extend(sentences.iter().cloned().enumerate().map(|(i, s)| (s, place(i))));
    }

    /// At least one cached text as one batch; `None` where one is not cached. Texts that are not contiguous in one
    /// batch are copied, and are contiguous from then on.
    pub fn gather(&mut self, sentences: &[String]) -> Option<Encoded> {
        let place = |sentence| self.known.get(sentence).cloned();
        let places: Vec<Place> = sentences.iter().map(place).collect::<Option<_>>()?;
        let runs = || places.chunk_by(|a, b| Arc::ptr_eq(&a.batch, &b.batch));
        let parts: Vec<Encoded> = runs().map(select).collect();
        let texts = Encoded::cat(&parts);
        if parts.len() > 1 || !are_consecutive(&places) {
            self.insert(sentences, texts.clone());
            runs().for_each(|run| self.condense(&run[0].batch));
        }
        Some(texts)
    }

    /// Copies the texts of a batch that are still used, so that the memory of the others can be freed.
    fn condense(&mut self, batch: &Arc<Encoded>) {
        let mut left: Vec<&mut Place> =
            self.known.values_mut().filter(|place| Arc::ptr_eq(&place.batch, batch)).collect();
        if left.is_empty() {
            return;
        }
        let indices: Vec<usize> = left.iter().map(|place| place.index).collect();
        let kept = Arc::new(batch.copy(&indices));
        for (index, place) in left.iter_mut().enumerate() {
            **place = Place { batch: Arc::clone(&kept), index };
        }
    }
}

/// Texts that were encoded in one batch.
fn select(places: &[Place]) -> Encoded {
    let batch = &places[0].batch;
    if are_consecutive(places) {
        batch.range(places[0].index, places.len())
    } else {
        batch.copy(&places.iter().map(|place| place.index).collect::<Vec<_>>())
    }
}

fn are_consecutive(places: &[Place]) -> bool {
    places.windows(2).all(|pair| pair[0].index + 1 == pair[1].index)
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution, Tensor};

    use super::*;
    use crate::model::Fusion;
    use crate::package::config::FusionConfig;

    fn sentences(names: &str) -> Vec<String> {
        names.chars().map(String::from).collect()
    }

    #[test]
    fn texts_lie_together_as_they_were_asked_for() {
        let device = Device::flex();
        let config = FusionConfig {
            dim: 8,
            heads: 2,
            layers: 1,
            feed_forward: 8,
            norm_eps: 1e-5,
            projector: Vec::new(),
        };
        let fusion = Fusion::init(&config, &device);
        let encode = |count: usize, keys: usize| {
            let random = |shape| Tensor::random(shape, Distribution::Default, &device);
            let global = random([count, 1, 8]).squeeze_dim(1);
            fusion.encode(
                global,
                random([count, keys, 8]),
                Some(Tensor::zeros([count, 1 + keys], &device)),
            )
        };
        let image = encode(1, 4);
        let logits = |texts: &Encoded| {
            fusion.score(&image, texts).i2t.into_data().try_into_vec::<f32>().unwrap()
        };
        let mut texts = TextCache::default();
        let (abc, de) = (encode(3, 2), encode(2, 5));
        let known: Vec<f32> = [&abc, &de].into_iter().flat_map(logits).collect();
        texts.insert(&sentences("abc"), abc);
        texts.insert(&sentences("de"), de);
        assert_eq!(texts.missing(&sentences("afbff")), sentences("f"));
        assert!(texts.gather(&sentences("af")).is_none());

        for list in ["abc", "bc", "dab", "dab", "ce", "aa", "ecbad"] {
            let gathered = texts.gather(&sentences(list)).unwrap();
            let expected = list.chars().map(|name| known["abcde".find(name).unwrap()]);
            for (logit, expected) in logits(&gathered).iter().zip(expected) {
                assert!((logit - expected).abs() < 1e-5, "{list}: {logit}, not {expected}");
            }
        }
        assert_eq!(texts.count(), 5);
        let batches: Vec<_> = texts.known.values().map(|place| Arc::as_ptr(&place.batch)).collect();
        assert!(batches.iter().all(|batch| *batch == batches[0]), "nothing is left behind");
    }
}
