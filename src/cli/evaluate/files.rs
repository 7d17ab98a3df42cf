//! Writes a report as files.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use carzero::evaluate::report::Report;
use carzero::evaluate::{EvaluateError, Result, roc};

/// Writes a report to a folder, which is created if it does not exist: report.md, report.json, roc/*.svg and, if asked
/// for, thresholds.json.
pub fn write(report: &Report, folder: &Path, thresholds: bool) -> Result<()> {
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
