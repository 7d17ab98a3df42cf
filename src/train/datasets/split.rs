//! The split and the projection of an image.

use sha2::{Digest, Sha256};

/// A part of the data: training, validation or test.
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

    /// The split by a hash of the patient: one patient in ten is for validation.
    pub fn of_patient(patient: &str) -> Self {
        if Sha256::digest(patient)[0] % 10 == 0 { Self::Val } else { Self::Train }
    }
}

/// The projection of a radiograph.
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
    /// Reads the notations of all layouts.
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
