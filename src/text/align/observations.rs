//! Observations: what a reader would see of a finding. Scoring each of them and combining the scores is the idea of
//! Xplainer (Pellegrini et al., 2023, <https://arxiv.org/abs/2303.13391>).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::finding;

/// The observations of each finding, by its canonical name.
static OBSERVATIONS: LazyLock<BTreeMap<String, Vec<String>>> =
    LazyLock::new(|| serde_json::from_str(include_str!("observations.json")).unwrap_or_default());

/// The observations of a finding, given any of its names; empty for a finding without a list.
pub fn observations(words: &str) -> &'static [String] {
    let canonical = finding(words).unwrap_or(words);
    OBSERVATIONS.get(canonical).map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::prompt::sentence;

    #[test]
    fn every_finding_of_chestxray14_has_observations_that_can_be_sent() {
        let sets: serde_json::Value =
            serde_json::from_str(include_str!("../../../models/finding_sets.json")).unwrap();
        let findings: Vec<String> = serde_json::from_value(sets[0]["findings"].clone()).unwrap();
        assert_eq!(findings.len(), 14);
        for name in &findings {
            let all = observations(name);
            assert!(all.len() >= 3, "{name}: {all:?}");
            for words in all {
                assert_eq!(sentence(words).unwrap(), format!("There is {words}"));
                assert_ne!(finding(words), Some(name.as_str()), "more than another name");
            }
        }
        assert_eq!(observations("PTX"), observations("Pneumothorax"));
        assert!(observations("asdfgh").is_empty());
    }

    #[test]
    fn every_list_is_of_a_canonical_finding() {
        assert_eq!(OBSERVATIONS.len(), 14);
        for name in OBSERVATIONS.keys() {
            assert_eq!(finding(name), Some(name.as_str()));
        }
    }
}
