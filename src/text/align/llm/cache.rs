//! Cached answers of a language model, one file each.

use std::fs;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::error::LlmError;

/// A folder of answers.
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    pub fn open(folder: PathBuf) -> Result<Self, LlmError> {
        match fs::create_dir_all(&folder) {
            Ok(()) => Ok(Self { folder }),
            Err(source) => Err(LlmError::Cache { folder, source }),
        }
    }

    /// An answer, if there is one that can be read.
    pub fn get(&self, key: &str) -> Option<String> {
        fs::read_to_string(self.path(key)).ok()
    }

    /// Stores an answer. The file is renamed into place, so that it is never there in part.
    pub fn store(&self, key: &str, answer: &str) -> Result<(), LlmError> {
        let part = self.folder.join(format!("{key}.{}.part", std::process::id()));
        fs::write(&part, answer)
            .and_then(|()| fs::rename(&part, self.path(key)))
            .map_err(|source| LlmError::Cache { folder: self.folder.clone(), source })
    }

    fn path(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{key}.json"))
    }
}

/// The SHA-256 of several texts, in hexadecimal. They are joined as a JSON array, so that their boundaries count too.
pub fn key(parts: &[&str]) -> String {
    let digest = Sha256::digest(serde_json::json!(parts).to_string());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::key;

    #[test]
    fn every_part_counts() {
        let known = ["https://a/v1", "tiny", "Read.", "No effusion."];
        assert_eq!(key(&known).len(), 64);
        for index in 0..known.len() {
            let mut other = known;
            other[index] = "else";
            assert_ne!(key(&known), key(&other), "{index}");
        }
        assert_ne!(key(&["ab", "c"]), key(&["a", "bc"]));
    }
}
