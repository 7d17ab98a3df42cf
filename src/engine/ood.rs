//! The verdict on whether a picture looks like those that a model knows, from the statistics of these.

use serde::{Deserialize, Serialize};

use crate::package::ood::OodStatistics;

/// What a picture looks like to a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Like the images it knows.
    Familiar,
    /// Near them, but unlike most.
    Unusual,
    /// Like none of them.
    Unfamiliar,
    /// Like the negative of one of them.
    Inverted,
}

impl Verdict {
    /// What a person should know before looking at scores.
    pub fn warning(self) -> Option<&'static str> {
        match self {
            Self::Familiar => None,
            Self::Unusual => Some(
                "This is unlike most of the radiographs that the model learnt from: trust its scores less.",
            ),
            Self::Unfamiliar => Some(
                "This does not look like a frontal chest radiograph to the model. It scores any picture; here the scores may mean nothing.",
            ),
            Self::Inverted => Some(
                "This looks inverted, with black and white exchanged. The scores are of the picture as it is.",
            ),
        }
    }
}

/// The verdict on a picture, from its features, its distance from the known images and, if that is doubtful, the
/// distance of its negative.
pub fn verdict(
    known: &OodStatistics,
    features: &[f32],
    distance: f32,
    negative: Option<f32>,
) -> Verdict {
    match negative {
        Some(negative) if negative < distance && negative <= known.limit => Verdict::Inverted,
        _ if distance > known.limit || known.is_photograph(features) => Verdict::Unfamiliar,
        _ if distance > known.doubt => Verdict::Unusual,
        _ => Verdict::Familiar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Features in two channels, which vary independently.
    fn features(offset: f32) -> Vec<Vec<f32>> {
        let value = |picture: usize, at: usize| ((picture * (at + 2)) % 23) as f32 + offset;
        (0..100).map(|picture| (0..10).map(|at| value(picture, at)).collect()).collect()
    }

    #[test]
    fn a_negative_counts_only_where_it_is_familiar() {
        let mut known = OodStatistics::learn("waves", &features(0.0), &features(100.0)).unwrap();
        (known.doubt, known.limit) = (1.0, 2.0);
        let of = |distance, negative| verdict(&known, &features(0.0)[0], distance, negative);
        assert_eq!(of(0.5, None), Verdict::Familiar);
        assert_eq!(of(1.5, Some(1.8)), Verdict::Unusual);
        assert_eq!(of(1.5, Some(1.2)), Verdict::Inverted);
        assert_eq!(of(3.0, Some(2.5)), Verdict::Unfamiliar);
        assert_eq!(of(3.0, Some(1.5)), Verdict::Inverted);
        assert_eq!(verdict(&known, &features(100.0)[0], 0.5, None), Verdict::Unfamiliar);
    }
}
