//! How much a score depends on the wording: one finding in many wordings, each scored as it is and as the prompt to
//! which it is aligned. CARZero aligns prompts (Lai et al., 2024, section 3.1) so that the wording does not matter.

use std::collections::HashSet;

use serde::Serialize;

use super::{EncodedImages, Engine, Standing, TEXT_BATCH};
use crate::error::Result;
use crate::package::config::Reference;
use crate::package::shard::Ranked;
use crate::text::align::paraphrases::{Change, Paraphrase, paraphrases};
use crate::text::align::typed::aligned;
use crate::text::prompt::{Prompt, sentence};

/// A wording and its scores.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reworded {
    /// The wording.
    #[serde(flatten)]
    pub paraphrase: Paraphrase,
    /// The score of the wording as it is, ranked among the reference images scored on the same words; `None` where no
    /// word can be read. A person's own words that the model never learnt have no percentile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Standing>,
    /// The prompt to which it is aligned; `None` where alignment does not recognise it, so that it is kept as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// The score of that prompt, or else of the wording as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Standing>,
}

/// How much the scores of wordings with the same meaning vary.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// How many of them have a score both before and after alignment.
    pub wordings: usize,
    /// Standard deviation of their percentiles before alignment, in percent of the reference images.
    pub before: f32,
    /// The same after alignment.
    pub after: f32,
    /// The share of the variance that alignment removes, at most 1; `None` where there is no variance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explained: Option<f32>,
}

/// The result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sensitivity {
    /// All wordings, grouped by what they change.
    pub wordings: Vec<Reworded>,
    /// The spread of those wordings that [keep the meaning](Change::keeps_meaning); `None` where they cannot be ranked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spread: Option<Spread>,
}

impl Engine {
    /// Scores the first picture on many wordings of a finding, and on a person's own. The picture is not encoded again.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::score`].
    pub async fn sensitivity(
        &self,
        images: &EncodedImages,
        finding: &str,
        own: &[String],
    ) -> Result<Sensitivity> {
        let mut all = paraphrases(finding);
        all.extend(own.iter().map(|text| Paraphrase { change: Change::Own, text: text.clone() }));
        let all: Vec<Reading> = all.into_iter().map(Reading::of).collect();
        // A percentile for words that a person made up would be mistaken for evidence. The wordings made here are kept,
        // because they are misspelt on purpose.
        let mut unknown = HashSet::new();
        for reading in all.iter().filter(|one| one.paraphrase.change == Change::Own) {
            if let Some(prompt) = &reading.before
                && !self.is_known(prompt).await?
            {
                unknown.insert(prompt.normalized().to_owned());
            }
        }
        let distinct = distinct(&all);
        let is_known = |prompt: &Prompt| !unknown.contains(prompt.normalized());
        let standings = self.standings(images, &distinct, is_known).await?;
        let standing = |prompt: &Option<Prompt>| {
            let key = prompt.as_ref()?.normalized();
            let at = distinct.binary_search_by(|other| other.normalized().cmp(key)).ok()?;
            Some(standings[at])
        };
        let wordings: Vec<Reworded> = all
            .into_iter()
            .map(|Reading { paraphrase, before, aligned, after }| Reworded {
                paraphrase,
                before: standing(&before),
                prompt: aligned,
                after: standing(&after),
            })
            .collect();
        let spread = spread(&wordings);
        Ok(Sensitivity { wordings, spread })
    }

    /// The reference distributions of all wordings of some findings, by normalised sentence, except those that the
    /// config already has. [`with_ranked`](crate::package::shard::with_ranked) stores them.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::score`].
    pub async fn rank_wordings(&self, findings: &[String]) -> Result<Ranked> {
        let all = findings.iter().flat_map(|finding| paraphrases(finding)).map(Reading::of);
        let all = distinct(&all.collect::<Vec<_>>());
        let is_preset = |prompt: &Prompt| {
            let reference = self.config.reference.as_ref();
            reference.is_some_and(|all| all.percentiles.contains_key(prompt.normalized()))
        };
        let others: Vec<Prompt> = all.into_iter().filter(|prompt| !is_preset(prompt)).collect();
        let mut ranked = Ranked::new();
        for batch in others.chunks(TEXT_BATCH) {
            self.measure(batch, &self.encode_texts(batch)?, |_| true).await?;
            let rank =
                |prompt: &Prompt| Some((prompt.normalized().to_string(), self.reference(prompt)?));
            ranked.extend(batch.iter().filter_map(rank));
        }
        Ok(ranked)
    }

    /// The scores of prompts on the first picture; unknown prompts get no percentile.
    async fn standings(
        &self,
        images: &EncodedImages,
        prompts: &[Prompt],
        is_known: impl Fn(&Prompt) -> bool,
    ) -> Result<Vec<Standing>> {
        let image = images.encoded.range(0, 1);
        let mut standings = Vec::with_capacity(prompts.len());
        for batch in prompts.chunks(TEXT_BATCH) {
            let texts = self.encode_texts(batch)?;
            self.measure(batch, &texts, |column| is_known(&batch[column])).await?;
            let [i2t, t2i] = self.model.logits(&image, &texts);
            let logits = super::read((i2t + t2i) / 2.0).await?;
            standings.extend(batch.iter().zip(logits).map(|(prompt, logit)| {
                Standing {
                    logit,
                    percentile: self
                        .reference(prompt)
                        .filter(|_| is_known(prompt))
                        .map(|all| Reference::percentile(&all, logit)),
                }
            }));
        }
        Ok(standings)
    }
}

/// A wording and its alignment.
struct Reading {
    paraphrase: Paraphrase,
    /// The prompt of the wording as it is; `None` where no word can be read.
    before: Option<Prompt>,
    /// The prompt to which it is aligned.
    aligned: Option<String>,
    /// That prompt, or else the one of the wording as it is.
    after: Option<Prompt>,
}

impl Reading {
    fn of(paraphrase: Paraphrase) -> Self {
        let before = sentence(&paraphrase.text).ok().map(|text| Prompt::new(&text));
        let aligned = aligned(&paraphrase.text);
        let after = aligned.as_deref().map(Prompt::new).or_else(|| before.clone());
        Self { paraphrase, before, aligned, after }
    }
}

/// All prompts without duplicates, compared by their normalised sentences.
fn distinct(all: &[Reading]) -> Vec<Prompt> {
    let mut prompts: Vec<Prompt> =
        all.iter().flat_map(|one| [&one.before, &one.after]).flatten().cloned().collect();
    prompts.sort_by(|one, two| one.normalized().cmp(two.normalized()));
    prompts.dedup_by(|one, two| one.normalized() == two.normalized());
    prompts
}

/// Standard deviations of the percentiles before and after alignment, over the wordings that keep the meaning; `None`
/// where not all of these have a percentile, as in a population of the user's own.
fn spread(wordings: &[Reworded]) -> Option<Spread> {
    let pairs = wordings
        .iter()
        .filter(|one| one.paraphrase.change.keeps_meaning())
        .filter_map(|one| one.before.zip(one.after))
        .map(|(before, after)| Some([before.percentile?, after.percentile?].map(f64::from)));
    let pairs: Vec<[f64; 2]> = pairs.collect::<Option<_>>()?;
    let variance = |of: usize| {
        let mean = pairs.iter().map(|pair| pair[of]).sum::<f64>() / pairs.len() as f64;
        pairs.iter().map(|pair| (pair[of] - mean).powi(2)).sum::<f64>() / pairs.len() as f64
    };
    let [before, after] = [variance(0), variance(1)];
    (!pairs.is_empty()).then(|| Spread {
        wordings: pairs.len(),
        before: before.sqrt() as f32,
        after: after.sqrt() as f32,
        explained: (before > 0.0).then(|| (1.0 - after / before) as f32),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reworded(change: Change, before: Option<f32>, after: Option<f32>) -> Reworded {
        let standing = |percentile| Standing { logit: 0.0, percentile: Some(percentile) };
        Reworded {
            paraphrase: Paraphrase { change, text: String::new() },
            before: before.map(standing),
            prompt: None,
            after: after.map(standing),
        }
    }

    #[test]
    fn the_spread_is_that_of_wordings_of_the_same_meaning_with_both_standings() {
        let all = [
            reworded(Change::Template, Some(50.0), Some(80.0)),
            reworded(Change::Name, Some(90.0), Some(84.0)),
            reworded(Change::Name, None, Some(0.0)),
            reworded(Change::Negation, Some(1.0), Some(2.0)),
            reworded(Change::Own, Some(3.0), Some(4.0)),
        ];
        let Spread { wordings, before, after, explained } = spread(&all).unwrap();
        assert_eq!((wordings, before, after), (2, 20.0, 2.0));
        assert!((explained.unwrap() - 0.99).abs() < 1e-6);
        assert_eq!(spread(&all[2..]), None);
        let mut in_part = [all[0].clone(), all[1].clone()];
        in_part[1].before = Some(Standing { logit: 0.0, percentile: None });
        assert_eq!(spread(&in_part), None, "one cannot be ranked");
        let alike = [reworded(Change::Name, Some(7.0), Some(7.0))];
        assert_eq!(spread(&alike).unwrap().explained, None, "there is nothing to take away");
    }
}
