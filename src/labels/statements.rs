//! What a dataset says of an image.

use std::borrow::Cow;

/// The name of a finding: a canonical one, or a dataset's own.
pub type Name = Cow<'static, str>;

/// What a dataset says of an image.
#[derive(Debug, Default, Clone)]
pub struct Statements {
    pub present: Vec<Name>,
    pub absent: Vec<Name>,
    pub uncertain: Vec<Name>,
}

impl Statements {
    /// Adds that all findings are absent of which nothing has been said.
    pub fn nothing_else(&mut self, findings: impl IntoIterator<Item = &'static str>) {
        for finding in findings.into_iter().map(Cow::from) {
            if !self.present.contains(&finding) && !self.uncertain.contains(&finding) {
                add(&mut self.absent, finding);
            }
        }
    }
}

/// Adds a finding once.
pub fn add(findings: &mut Vec<Name>, finding: Name) {
    if !findings.contains(&finding) {
        findings.push(finding);
    }
}
