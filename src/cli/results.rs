//! The files for other programs that `carzero score` writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};
use carzero::engine::heatmap::{Heatmap, PALETTES};
use carzero::radiograph::dicom;
use carzero::radiograph::preprocess::View;
use carzero::results::{self, Model, Results, Source, Stamp, capture, fhir, report};
use carzero::text::prompt::normalize;
use carzero::{Engine, Picture, Score, Verdict, Wording};
use image::DynamicImage;

/// The values of a view's patches, row by row.
pub type Map = Vec<f32>;

/// Which files are written for other programs, and whether they refer to their source.
#[derive(Debug, clap::Args)]
pub struct ResultArgs {
    /// Write each image's scores as a DICOM Structured Report into this folder
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Write the map of each image and finding as a DICOM Secondary Capture into this folder
    #[arg(long, value_name = "DIR")]
    captures: Option<PathBuf>,
    /// Write each image's scores as FHIR resources (R5, JSON) into this folder
    #[arg(long, value_name = "DIR")]
    fhir: Option<PathBuf>,
    /// Let these files refer to the DICOM file that was scored, only by its identifiers (UIDs), and belong to its
    /// study. A patient's name or number is never read
    #[arg(long)]
    reference_source: bool,
}

impl ResultArgs {
    /// Whether maps are written.
    pub fn need_maps(&self) -> bool {
        self.captures.is_some()
    }
}

/// An image that was scored, with everything that the files need.
pub struct Scored<'a> {
    pub picture: &'a Picture,
    pub view: View,
    pub verdict: Option<Verdict>,
    pub scores: &'a [Score],
    /// A map for each score, if maps are written.
    pub maps: &'a [Map],
    /// The kind of the maps.
    pub kind: &'a str,
}

/// Writes the files that were asked for.
pub struct Files<'a> {
    args: &'a ResultArgs,
    model: Model,
    population: Option<String>,
}

impl<'a> Files<'a> {
    /// Creates the folders.
    pub fn new(args: &'a ResultArgs, engine: &Engine) -> Result<Self> {
        let folders = [&args.report, &args.captures, &args.fhir];
        ensure!(
            !args.reference_source || folders.iter().any(|folder| folder.is_some()),
            "--reference-source is of the files that --report, --captures and --fhir write: give one of them"
        );
        for folder in folders.into_iter().flatten() {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot create {}", folder.display()))?;
        }
        let own = engine.population();
        let population = match &own {
            Some(own) => Some(format!(
                "{} (own population of {} images)",
                own.reference.population, own.images
            )),
            None => engine.config().reference.as_ref().map(|known| known.population.clone()),
        };
        let id = engine.identity();
        let model = Model { title: id.name, version: id.version, sha256: id.sha256 };
        Ok(Self { args, model, population })
    }

    /// The identifiers of the image, if files are to refer to it.
    pub fn source(&self, path: &Path) -> Result<Option<Source>> {
        if !self.args.reference_source {
            return Ok(None);
        }
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let source = if dicom::is_dicom(&bytes) { dicom::Source::read(&bytes)? } else { None };
        let dicom::Source { class, instance, study, series } = source.with_context(|| {
            format!(
                "{} has no identifiers to refer to: leave --reference-source out",
                path.display()
            )
        })?;
        Ok(Some(Source { class, instance, study, series }))
    }

    /// Writes the files of an image.
    pub fn write(&self, stem: &str, scored: &Scored, source: Option<&Source>) -> Result<()> {
        let Scored { picture, verdict, scores, .. } = scored;
        let warnings = picture.warnings().into_iter().map(|warning| warning.to_string());
        let looks = verdict.and_then(Verdict::warning).map(str::to_string);
        let results = Results {
            model: self.model.clone(),
            population: self.population.clone(),
            warnings: warnings.chain(looks).collect(),
            scores: scores.iter().map(result_of).collect(),
            source: source.cloned(),
        };
        let stamp = stamp()?;
        if let Some(folder) = &self.args.report {
            let path = folder.join(format!("{stem}.report.dcm"));
            save(&path, &report::write(&results, &stamp))?;
        }
        if let Some(folder) = &self.args.fhir {
            let path = folder.join(format!("{stem}.fhir.json"));
            save(&path, fhir::write(&results, &stamp).as_bytes())?;
        }
        if let Some(folder) = &self.args.captures {
            for (at, (score, map)) in results.scores.iter().zip(scored.maps).enumerate() {
                let name = format!("{stem}.{:02}-{}.dcm", at + 1, slug(&score.sentence));
                let capture = capture_of(scored, map);
                save(&folder.join(name), &capture::write(&results, score, capture, &stamp)?)?;
            }
        }
        Ok(())
    }
}

fn save(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// New identifiers, and the current time.
fn stamp() -> Result<Stamp> {
    let mut seed = [0; 16];
    getrandom::fill(&mut seed).context("the system gives no random numbers")?;
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Ok(Stamp::new(seed, since.map_or(0, |since| since.as_secs())))
}

fn result_of(score: &Score) -> results::Score {
    let wording = score.wording.as_ref().map(|wording| match wording {
        Wording::Learnt { finding } => results::Wording::Learnt { finding: finding.clone() },
        Wording::Related { finding, .. } => results::Wording::Related { finding: finding.clone() },
        Wording::Unknown { .. } => results::Wording::Unknown,
    });
    let sentence = score.prompt.to_string();
    results::Score { sentence, logit: score.logit, percentile: score.percentile, wording }
}

/// A map over its image, in the default colours.
fn capture_of<'a>(scored: &Scored<'a>, map: &[f32]) -> capture::Capture<'a> {
    let Scored { picture, view, kind, .. } = *scored;
    let overlay = Heatmap::new(map).overlay(picture.grey(), view, PALETTES[0]);
    let spacing = picture.about().and_then(|about| about.spacing);
    capture::Capture {
        rgb: DynamicImage::from(overlay).into_rgb8().into_raw(),
        columns: picture.width(),
        rows: picture.height(),
        spacing: spacing.map(|spacing| capture::Spacing {
            rows: spacing.rows,
            columns: spacing.columns,
            at_detector: spacing.at_detector,
        }),
        map: kind,
        palette: PALETTES[0].name,
    }
}

/// A prompt in a form suitable for a file name.
pub fn slug(prompt: &str) -> String {
    let words = normalize(prompt).replace(' ', "-");
    words.chars().take(60).collect()
}
