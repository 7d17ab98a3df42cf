//! Labels, and the findings that they stand for.

use std::collections::{BTreeMap, HashMap};

use super::statements::Name;

/// The finding of a label (in lower case) in a dataset's own table.
pub fn look_up(table: &[(&'static str, &'static str)], label: &str) -> Option<&'static str> {
    table.iter().find(|(name, _)| *name == label).map(|(_, finding)| *finding)
}

/// Looks up the findings that labels stand for; each label is looked up only once.
pub struct Vocabulary {
    /// Gives the finding of a label (in lower case) that is not in the dataset's own table.
    otherwise: fn(&str) -> Option<Name>,
    findings: HashMap<String, Option<Name>>,
    /// Labels that stand for no finding, with how often they occurred.
    pub unknown: BTreeMap<String, usize>,
}

impl Vocabulary {
    /// `otherwise` gives the finding of a label (in lower case) that is not in the dataset's own table.
    pub fn new(otherwise: fn(&str) -> Option<Name>) -> Self {
        Self { otherwise, findings: HashMap::new(), unknown: BTreeMap::new() }
    }

    /// The finding that a label stands for, by the dataset's `own` table or else by the general vocabulary. Labels that
    /// stand for none are counted.
    pub fn finding(
        &mut self,
        label: &str,
        own: impl FnOnce(&str) -> Option<&'static str>,
    ) -> Option<Name> {
        let label = label.to_lowercase();
        let known = self.findings.get(&label).cloned();
        let finding = known
            .unwrap_or_else(|| own(&label).map(Name::from).or_else(|| (self.otherwise)(&label)));
        if finding.is_none() {
            *self.unknown.entry(label.clone()).or_default() += 1;
        }
        self.findings.insert(label, finding.clone());
        finding
    }
}
