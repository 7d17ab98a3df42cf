//! Checks that each patient is in only one split; otherwise a model would be evaluated on patients on whom it was
//! trained.

use std::collections::HashMap;

use super::error::{Result, TrainError};

/// The split of each patient so far.
#[derive(Debug, Default)]
pub struct PatientSplits(HashMap<String, String>);

impl PatientSplits {
    /// Records the split of an image's patient.
    ///
    /// # Errors
    ///
    /// [`TrainError::Leak`] where the patient is already in another split.
    pub fn add(&mut self, patient: &str, split: &str) -> Result<()> {
        match self.0.get(patient) {
            Some(first) if first != split => Err(TrainError::Leak {
                patient: patient.to_string(),
                first: first.clone(),
                second: split.to_string(),
            }),
            Some(_) => Ok(()),
            None => {
                self.0.insert(patient.to_string(), split.to_string());
                Ok(())
            }
        }
    }
}
