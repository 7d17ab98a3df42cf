//! What a dataset says about an image.

use std::borrow::Cow;

/// The name of a finding: a canonical one, or a dataset's own.
pub type Name = Cow<'static, str>;

/// What a dataset says about an image.
#[derive(Debug, Default, Clone)]
pub struct Statements {
    pub present: Vec<Name>,
    pub absent: Vec<Name>,
    pub uncertain: Vec<Name>,
}

impl Statements {
    /// Adds as absent all of these findings that are neither present nor uncertain.
    pub fn nothing_else(&mut self, findings: impl IntoIterator<Item = &'static str>) {
        for finding in findings.into_iter().map(Cow::from) {
            if !self.present.contains(&finding) && !self.uncertain.contains(&finding) {
                add(&mut self.absent, finding);
            }
        }
    }
}

/// Adds a finding if it is not in the list.
pub fn add(findings: &mut Vec<Name>, finding: Name) {
    if !findings.contains(&finding) {
        findings.push(finding);
    }
}
