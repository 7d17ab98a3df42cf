//! Measures how good scores are, against labels, boxes and maps.
//!
//! | file | purpose |
//! |---|---|
//! | `error.rs`, `reason.rs` | what can go wrong, with codes |
//! | `options.rs` | what is to be measured |
//! | `table.rs` | CSV cells with their place, rows joined by key |
//! | `key.rs` | the columns that tell images in two tables |
//! | `labels.rs` | labels in the forms that people have, as one |
//! | `understood.rs` | what tables say of some images, before anything is measured |
//! | `dataset.rs` | predictions (wide or long) and labels of the same images |
//! | `metrics.rs` | AUROC, average precision, F1, MCC, top-k as pure functions |
//! | `bootstrap.rs` | 95 % intervals by resampling patients |
//! | `compare.rs` | two scores of the same images |
//! | `study.rs`, `mrmc.rs` | readers without and with the model, and several readers |
//! | `order.rs` | sorting, in one way |
//! | `slices.rs`, `sliced.rs` | parts of the rows by view, sex, age, and AUROC on them |
//! | `localise.rs` | pointing game and box energy |
//! | `evaluation.rs` | from the joined data to the report |
//! | `decision.rs` | one finding: curves, and what a threshold makes of it |
//! | `report.rs`, `roc.rs` | Markdown, JSON and SVG |

pub mod bootstrap;
mod compare;
mod dataset;
pub mod decision;
mod error;
mod evaluation;
mod key;
pub mod labels;
pub mod localise;
pub mod metrics;
mod mrmc;
mod options;
mod order;
mod reason;
pub mod report;
pub mod roc;
mod sliced;
mod slices;
pub mod study;
mod table;
#[cfg(test)]
mod tests;
pub mod understood;

pub use error::{EvaluateError, Result};
pub use evaluation::Evaluation;
pub use options::{Options, Thresholds};
pub use reason::Reason;
