//! The training loop of both stages: shuffled epochs, AdamW with warm-up and cosine schedule, averaged weights,
//! validation, early stopping, and checkpoints from which a run resumes in exactly the same state.
//!
//! Burn's own learner cannot combine gradient accumulation, averaged weights and stages, so the loop is written here;
//! the optimiser, gradient clipping and records are Burn's.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use burn::grad_clipping::GradientClipping;
use burn::lr_scheduler::constant::ConstantLr;
use burn::lr_scheduler::module_lr_scheduler::{ModuleLearningRate, ModuleLrScheduler};
use burn::module::{Module, ModuleMapper, Param, ParamGroup};
use burn::optim::{AdamWConfig, GradientsAccumulator, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde::{Deserialize, Serialize};

use super::average::Average;
use super::config::Schedule;
use super::error::{Result, TrainError};

/// A module to be trained, and the rows on which it is trained.
pub trait Stage: Sync {
    /// The module that is trained.
    type Model: Module;

    /// The training rows of an epoch, in the order in which they are used.
    fn order(&self, rng: &mut StdRng) -> Vec<usize>;

    /// The loss of a batch of training rows.
    fn loss(&self, model: &Self::Model, rows: &[usize], rng: &mut StdRng) -> Tensor<1>;

    /// Logits of the validation rows, indexed by row and finding, from a model without gradients.
    fn validate(&self, model: &Self::Model) -> Result<Vec<Vec<f32>>>;
}

/// Trains one stage.
pub struct Learner<'a> {
    /// Name of the stage, and of its checkpoint.
    pub name: String,
    /// Optimiser and schedule.
    pub schedule: &'a Schedule,
    /// A prefix of parameters' paths, and the factor on the learning rate of these parameters.
    pub faster: Option<(&'static str, f64)>,
    /// Seed of the stage.
    pub seed: u64,
    /// The device. Its random numbers are seeded anew for every epoch.
    pub device: &'a Device,
    /// Folder for checkpoints and the log.
    pub folder: &'a Path,
    /// Computes the score of the validation logits.
    pub measure: &'a dyn Fn(&[Vec<f32>]) -> Option<f64>,
    /// Receives each line of the log.
    pub report: &'a dyn Fn(&str),
}

/// The progress of a stage after an epoch.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Progress {
    epochs: usize,
    steps: usize,
    best: Option<f64>,
    best_epoch: usize,
    finished: bool,
}

impl Learner<'_> {
    /// Trains from the last checkpoint if `resume` is set and there is one, or otherwise from the beginning. Returns
    /// the averaged model, without gradients.
    ///
    /// # Errors
    ///
    /// [`TrainError::Checkpoint`] where a checkpoint does not fit, [`TrainError::Io`] where one cannot be written.
    pub fn run<S: Stage>(&self, stage: &S, model: S::Model, resume: bool) -> Result<S::Model> {
        let schedule = self.schedule;
        let (mut model, mut optimizer) = (model, self.optimizer());
        let (mut progress, mut average) = (Progress::default(), Average::new(schedule.average));
        if resume && self.checkpoint().join("progress.json").exists() {
            (model, optimizer, progress, average) = self.load(model, optimizer)?;
        }
        let steps_an_epoch = {
            let rows = stage.order(&mut self.rng(0, 0)).len();
            rows.div_ceil(schedule.batch).div_ceil(schedule.accumulate)
        };
        while progress.epochs < schedule.epochs && !progress.finished {
            let started = Instant::now();
            self.device.seed(self.seed ^ ((progress.epochs as u64) << 32));
            let order = stage.order(&mut self.rng(progress.epochs, 0));
            let batches: Vec<&[usize]> = order.chunks(schedule.batch).collect();
            let mut total = 0.0;
            for (step, batches) in batches.chunks(schedule.accumulate).enumerate() {
                let first = 1 + step * schedule.accumulate;
                let rngs = (first..).map(|batch| self.rng(progress.epochs, batch));
                let mut accumulator = GradientsAccumulator::new();
                for (loss, grads) in side_by_side(stage, &model, batches, rngs)? {
                    total += loss;
                    accumulator.accumulate(&model, grads);
                }
                let rate =
                    learning_rate(schedule, progress.steps, steps_an_epoch * schedule.epochs);
                model = optimizer.step(self.rates(rate), model, accumulator.grads());
                average.update(&model);
                progress.steps += 1;
            }
            progress.epochs += 1;
            let averaged = average.of(model.clone());
            let score = (self.measure)(&stage.validate(&averaged.valid())?);
            if score > progress.best {
                (progress.best, progress.best_epoch) = (score, progress.epochs);
            }
            let stale = progress.epochs - progress.best_epoch;
            progress.finished = schedule.patience.is_some_and(|patience| stale >= patience);
            let seconds = started.elapsed().as_secs_f64();
            self.log(&serde_json::json!({
                "stage": self.name,
                "epoch": progress.epochs,
                "loss": total / batches.len() as f64,
                "macro_auroc": score,
                "images_per_second": order.len() as f64 / seconds,
            }))?;
            self.save(&model, &averaged, &optimizer, &progress)?;
        }
        Ok(average.of(model).valid())
    }

    /// Whether there is a checkpoint of this stage, and it is that of the stage's end.
    pub fn is_finished(&self) -> bool {
        let progress = fs::read(self.checkpoint().join("progress.json")).ok();
        let progress = progress.and_then(|json| serde_json::from_slice::<Progress>(&json).ok());
        progress.is_some_and(|done| done.finished || done.epochs >= self.schedule.epochs)
    }

    fn optimizer(&self) -> ModuleOptimizer {
        let config =
            AdamWConfig::new().with_weight_decay(self.schedule.weight_decay).with_epsilon(1e-8);
        config.init().with_grad_clipping(GradientClipping::Norm(self.schedule.clip))
    }

    fn rates(&self, rate: f64) -> ModuleLearningRate {
        let mut rates = ModuleLrScheduler::new(ConstantLr::new(rate));
        if let Some((prefix, factor)) = self.faster {
            let group = ParamGroup::from_predicate(prefix);
            rates = rates.with_group(group, ConstantLr::new(rate * factor));
        }
        rates.step()
    }

    /// A random number generator for a position in the run, so that a resumed run draws the same numbers as an
    /// uninterrupted one.
    fn rng(&self, epoch: usize, batch: usize) -> StdRng {
        StdRng::seed_from_u64(self.seed ^ ((epoch as u64) << 32) ^ batch as u64)
    }

    /// Shuffles by Fisher and Yates' method.
    pub fn shuffle<T>(items: &mut [T], rng: &mut StdRng) {
        for last in (1..items.len()).rev() {
            items.swap(last, rng.random_range(0..=last));
        }
    }

    fn checkpoint(&self) -> PathBuf {
        self.folder.join(format!("checkpoint-{}", self.name))
    }

    fn log(&self, entry: &serde_json::Value) -> Result<()> {
        let path = self.folder.join("log.jsonl");
        let fail = |source| TrainError::Io { path: path.clone(), source };
        let mut file =
            fs::OpenOptions::new().create(true).append(true).open(&path).map_err(fail)?;
        // The line is written in one call, so that a run that is killed leaves no incomplete line.
        file.write_all(format!("{entry}\n").as_bytes()).map_err(fail)?;
        (self.report)(&entry.to_string());
        Ok(())
    }

    /// Writes a checkpoint beside the last one, and then replaces it.
    fn save<M: Module>(
        &self,
        model: &M,
        averaged: &M,
        optimizer: &ModuleOptimizer,
        progress: &Progress,
    ) -> Result<()> {
        let (folder, new) = (self.checkpoint(), self.checkpoint().with_extension("new"));
        let io = |path: &Path, source| TrainError::Io { path: path.to_path_buf(), source };
        let record = |error: burn::store::RecordError| TrainError::Checkpoint(error.to_string());
        let _ = fs::remove_dir_all(&new);
        fs::create_dir_all(&new).map_err(|error| io(&new, error))?;
        model.clone().save_file(new.join("model.bpk")).map_err(record)?;
        averaged.clone().save_file(new.join("average.bpk")).map_err(record)?;
        optimizer.save(new.join("optimizer.bpk")).map_err(record)?;
        let json = serde_json::to_vec(progress)
            .map_err(|error| TrainError::Checkpoint(error.to_string()))?;
        fs::write(new.join("progress.json"), json).map_err(|error| io(&new, error))?;
        let _ = fs::remove_dir_all(&folder);
        fs::rename(&new, &folder).map_err(|error| io(&folder, error))
    }

    fn load<M: Module>(
        &self,
        model: M,
        optimizer: ModuleOptimizer,
    ) -> Result<(M, ModuleOptimizer, Progress, Average)> {
        let folder = self.checkpoint();
        let record = |error: burn::store::RecordError| TrainError::Checkpoint(error.to_string());
        let path = folder.join("progress.json");
        let json = fs::read(&path).map_err(|source| TrainError::Io { path, source })?;
        let progress: Progress = serde_json::from_slice(&json)
            .map_err(|error| TrainError::Checkpoint(error.to_string()))?;
        let averaged = model.clone().try_load_file(folder.join("average.bpk")).map_err(record)?;
        let model = model.try_load_file(folder.join("model.bpk")).map_err(record)?;
        let optimizer = optimizer.load(folder.join("optimizer.bpk")).map_err(record)?;
        let average = Average::resume(self.schedule.average, progress.steps, &averaged);
        Ok((model, optimizer, progress, average))
    }
}

/// The losses of the batches of one step, and their gradients divided by the number of batches. Each is computed by a
/// thread of its own, with random numbers of its own, so that the result is the same on any number of cores.
fn side_by_side<S: Stage>(
    stage: &S,
    model: &S::Model,
    batches: &[&[usize]],
    rngs: impl Iterator<Item = StdRng>,
) -> Result<Vec<(f64, GradientsParams)>> {
    let count = batches.len() as f32;
    std::thread::scope(|scope| {
        let threads: Vec<_> = batches
            .iter()
            .zip(rngs)
            .map(|(&rows, mut rng)| {
                let model = model.clone().map(&mut OwnGraph);
                scope.spawn(move || {
                    let loss = stage.loss(&model, rows, &mut rng);
                    let value = f64::from(loss.clone().into_scalar::<f32>());
                    let grads = GradientsParams::from_grads((loss / count).backward(), &model);
                    (value, grads)
                })
            })
            .collect();
        let fail = |_| TrainError::Config("a batch could not be computed".to_string());
        threads.into_iter().map(|thread| thread.join().map_err(fail)).collect()
    })
}

/// Gives a module's parameters separate nodes in the autodiff graph, with the same values. If the graphs of several
/// threads shared parameters, the threads would wait for one another's locks, and could deadlock.
struct OwnGraph;

impl ModuleMapper for OwnGraph {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| {
            let learns = tensor.is_require_grad();
            Tensor::from_inner(tensor.inner()).set_require_grad(learns)
        })
    }
}

/// The learning rate of a step: a linear rise, followed by a cosine decay to zero.
fn learning_rate(schedule: &Schedule, step: usize, steps: usize) -> f64 {
    let position = (step as f64 + 0.5) / steps.max(1) as f64;
    let height = if position < schedule.warmup {
        position / schedule.warmup
    } else {
        let fall = (position - schedule.warmup) / (1.0 - schedule.warmup);
        0.5 * (1.0 + (std::f64::consts::PI * fall.min(1.0)).cos())
    };
    schedule.learning_rate * height
}
