//! Codes of findings and measurements. `codes.json` has a code for those findings whose code could be looked up in a
//! public document, which the entry names; DICOM's own context groups are preferred. All other findings get a code of
//! the program's own scheme, which only says that the words are the same.

use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The program's own coding scheme (PS3.16 section 8 reserves the prefix 99 for private schemes).
pub const OWN: &str = "99CARZERO";
/// Identifies the program's own scheme.
pub const OWN_UID: &str = "2.25.62817140212772129926581080390052591913";

/// A coded concept (PS3.3 section 8).
#[derive(Debug, Clone, Deserialize)]
pub struct Code {
    /// Designator of its coding scheme (PS3.16 section 8).
    pub scheme: String,
    #[serde(rename = "code")]
    pub value: String,
    /// At most 64 characters.
    pub meaning: String,
}

impl Code {
    fn new(scheme: &str, value: &str, meaning: &str) -> Self {
        let [scheme, value, meaning] = [scheme, value, meaning].map(str::to_string);
        Self { scheme, value, meaning }
    }

    /// A concept of DICOM's own scheme.
    pub fn dcm(value: &str, meaning: &str) -> Self {
        Self::new("DCM", value, meaning)
    }

    /// The concept as a FHIR Coding.
    pub fn coding(&self) -> Value {
        let system = match self.scheme.as_str() {
            "DCM" => "http://dicom.nema.org/resources/ontology/DCM".to_string(),
            "SCT" => "http://snomed.info/sct".to_string(),
            _ => format!("urn:oid:{OWN_UID}"),
        };
        json!({"system": system, "code": self.value, "display": self.meaning})
    }
}

/// The share of a population that is below a measurement (CID 227).
pub fn percentile() -> Code {
    Code::dcm("121415", "Percentile Ranking of measurement")
}

/// A raw logit.
pub fn logit() -> Code {
    Code::new(OWN, "LOGIT", "Raw logit of CARZero")
}

/// The score of a sentence.
pub fn score() -> Code {
    Code::new(OWN, "SCORE", "Score of CARZero for a sentence")
}

/// The finding that was asked for (TID 1501).
pub fn finding() -> Code {
    Code::dcm("121071", "Finding")
}

/// A report of measurements (CID 7021).
pub fn document() -> Code {
    Code::dcm("126000", "Imaging Measurement Report")
}

/// The procedure: imaging of the chest.
pub fn procedure() -> Code {
    Code::new("SCT", "413815006", "Chest imaging")
}

/// The language of the texts.
pub fn english() -> Code {
    Code::new("RFC5646", "en", "English")
}

/// Hundredths (UCUM).
pub fn percent() -> Code {
    Code::new("UCUM", "%", "percent")
}

/// A number without a unit (UCUM).
pub fn unity() -> Code {
    Code::new("UCUM", "1", "no units")
}

/// The code of a finding, by its name.
pub fn of(name: &str) -> Code {
    static KNOWN: OnceLock<Vec<(String, Code)>> = OnceLock::new();
    #[derive(Deserialize)]
    struct Row {
        finding: String,
        #[serde(flatten)]
        code: Code,
    }
    let known = KNOWN.get_or_init(|| {
        // The file is compiled in, and the test `every_code_is_read` parses it, so the default is never used.
        let rows: Vec<Row> = serde_json::from_str(include_str!("codes.json")).unwrap_or_default();
        rows.into_iter().map(|row| (row.finding, row.code)).collect()
    });
    let found = known.iter().find(|(finding, _)| finding.eq_ignore_ascii_case(name));
    found.map_or_else(|| own(name), |(_, code)| code.clone())
}

/// A code of the program's own scheme, which is the same for the same words.
fn own(name: &str) -> Code {
    let digest = Sha256::digest(name.to_lowercase());
    let hex: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    Code::new(OWN, &format!("F-{hex}"), &name.chars().take(64).collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_is_read_and_is_one_finding_s() {
        let rows: Vec<Value> = serde_json::from_str(include_str!("codes.json")).unwrap();
        assert!(rows.len() >= 28);
        let mut seen = BTreeSet::new();
        for row in &rows {
            let code = of(&row["finding"].as_str().unwrap().to_uppercase());
            assert_eq!((&code.scheme, &code.value), (&text(row, "scheme"), &text(row, "code")));
            assert!(["SCT", "DCM"].contains(&code.scheme.as_str()), "{row}");
            assert!(code.value.len() <= 16 && code.value.bytes().all(|b| b.is_ascii_digit()));
            assert!(!text(row, "source").is_empty());
            assert!(seen.insert(code.value), "{row}");
        }
    }

    fn text(row: &Value, key: &str) -> String {
        row[key].as_str().unwrap().to_string()
    }

    #[test]
    fn words_without_a_code_have_one_of_their_own() {
        let code = of("Pleural Thickening");
        assert_eq!((&*code.scheme, &*code.meaning), (OWN, "Pleural Thickening"));
        assert_eq!(code.value, of("pleural thickening").value);
        assert_ne!(code.value, of("Hernia").value);
        assert!(code.value.len() <= 16);
        assert_eq!(of(&"é".repeat(99)).meaning.chars().count(), 64);
    }
}
