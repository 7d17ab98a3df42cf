//! CARZero in the browser and on the command line: zero-shot classification of chest radiographs
//! by cross-attention between an image and the text of a finding (Lai et al., CVPR 2024,
//! <https://arxiv.org/abs/2402.17417>). For teaching and research, never for diagnosis.
//!
//! ARCHITECTURE.md has the code map.
//!
//! A few functions are `#[inline(never)]` so that the page starts faster. When a loop runs for
//! long, the browser optimises the whole function around it, on a core that the page needs too, and
//! uses the result only from the next call on. Such a loop is therefore put into a small function
//! of its own that is called often.
#![warn(missing_docs)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

mod deserialize;
pub mod engine;
pub mod error;
#[allow(missing_docs, reason = "the fields of its reports name themselves")]
pub mod evaluate;
mod labels;
pub mod limits;
pub mod model;
pub mod package;
pub mod phantom;
pub mod radiograph;
pub mod results;
mod sync;
pub mod table;
pub mod text;
#[cfg(feature = "train")]
pub mod train;
#[cfg(any(target_arch = "wasm32", test))]
mod web;

pub use engine::explanation::Explanation;
pub use engine::ood::Verdict;
pub use engine::wording::Wording;
pub use engine::{EncodedImages, Engine, Score};
pub use error::{Error, Result};
pub use radiograph::Picture;
pub use radiograph::warning::Warning;
