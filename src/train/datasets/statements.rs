//! What a dataset says of an image.

use sha2::{Digest, Sha256};

/// What a dataset's own table says of a label in lower case.
pub fn look_up(table: &[(&'static str, &'static str)], label: &str) -> Option<&'static str> {
    table.iter().find(|(name, _)| *name == label).map(|(_, finding)| *finding)
}

/// A part of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    Train,
    Val,
    Test,
}

impl Split {
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Val => "val",
            Self::Test => "test",
        }
    }

    /// One patient in ten is for validation.
    pub fn of_patient(patient: &str) -> Self {
        if Sha256::digest(patient)[0] % 10 == 0 { Self::Val } else { Self::Train }
    }
}

/// From where the chest is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Projection {
    Pa,
    Ap,
    /// PA or AP.
    Frontal,
    Lateral,
    Other,
}

impl Projection {
    /// Reads the words of all layouts.
    pub fn new(name: &str) -> Self {
        match name.trim().to_uppercase().as_str() {
            "PA" => Self::Pa,
            "AP" | "AP_HORIZONTAL" => Self::Ap,
            "FRONTAL" => Self::Frontal,
            "LATERAL" | "L" | "LL" | "RL" => Self::Lateral,
            _ => Self::Other,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Pa => "PA",
            Self::Ap => "AP",
            Self::Frontal => "frontal",
            Self::Lateral => "lateral",
            Self::Other => "other",
        }
    }
}

/// What a dataset says of an image, in canonical names.
#[derive(Debug, Default, Clone)]
pub struct Statements {
    pub present: Vec<&'static str>,
    pub absent: Vec<&'static str>,
    pub uncertain: Vec<&'static str>,
}

impl Statements {
    /// Adds that all findings are absent of which nothing has been said.
    pub fn nothing_else(&mut self, findings: impl IntoIterator<Item = &'static str>) {
        let silent =
            |finding: &&str| !self.present.contains(finding) && !self.uncertain.contains(finding);
        let findings: Vec<_> = findings.into_iter().filter(silent).collect();
        for finding in findings {
            add(&mut self.absent, finding);
        }
    }
}

/// Adds a finding once.
pub fn add(findings: &mut Vec<&'static str>, finding: &'static str) {
    if !findings.contains(&finding) {
        findings.push(finding);
    }
}
