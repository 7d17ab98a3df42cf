//! How good are scores, measured against labels, boxes and maps?
//!
//! | file | purpose |
//! |---|---|
//! | `options.rs` | what is to be measured |
//! | `table.rs` | CSV cells with their place, rows joined by key |
//! | `key.rs` | the columns that tell images in two tables |
//! | `dataset.rs` | predictions (wide or long) and labels of the same images |
//! | `metrics.rs` | AUROC, average precision, F1, MCC, top-k as pure functions |
//! | `bootstrap.rs` | 95 % intervals by resampling patients |
//! | `localise.rs` | pointing game and box energy |
//! | `evaluation.rs` | from the joined data to the report |
//! | `report.rs`, `roc.rs` | Markdown, JSON and SVG |

pub mod bootstrap;
mod dataset;
mod error;
mod evaluation;
mod key;
pub mod localise;
pub mod metrics;
mod options;
pub mod report;
mod roc;
mod table;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

pub use error::{EvaluateError, Result};
pub use evaluation::evaluate;
pub use options::Options;
use report::Report;

/// Writes a report to a folder, which is made where it is missing: report.md, report.json, roc/*.svg and, if asked for,
/// thresholds.json.
///
/// # Errors
///
/// [`EvaluateError::Write`] naming the file.
pub fn write_files(report: &Report, folder: &Path, thresholds: bool) -> Result<()> {
    let curves = folder.join("roc");
    std::fs::create_dir_all(&curves).map_err(|error| cannot_write(&curves, error))?;
    write_file(&folder.join("report.md"), &report.markdown())?;
    write_file(&folder.join("report.json"), &json(report)?)?;
    if thresholds {
        let chosen: BTreeMap<&str, f64> = report
            .findings
            .iter()
            .filter_map(|finding| Some((finding.name.as_str(), finding.threshold?)))
            .collect();
        write_file(&folder.join("thresholds.json"), &json(&chosen)?)?;
    }
    let mut taken = HashSet::new();
    for finding in &report.findings {
        let stem = roc::file_stem(&finding.name);
        let numbered = (2..).map(|number| format!("{stem}-{number}"));
        let free = std::iter::once(stem.clone())
            .chain(numbered)
            .find(|name| !taken.contains(name))
            .unwrap_or(stem.clone());
        write_file(&curves.join(format!("{free}.svg")), &roc::svg(finding))?;
        taken.insert(free);
    }
    Ok(())
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    let cannot = |error: serde_json::Error| cannot_write(Path::new("JSON"), error.into());
    serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(cannot)
}

fn write_file(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(|error| cannot_write(path, error))
}

fn cannot_write(file: &Path, source: std::io::Error) -> EvaluateError {
    EvaluateError::Write { file: file.display().to_string(), source }
}
