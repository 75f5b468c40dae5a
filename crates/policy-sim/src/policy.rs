//! [`Policy`]: who decides which texts run together, and what becomes of a batch that had no room.

mod counted;
mod dry_run;
mod ours;
mod reference;

use std::time::Duration;

pub use self::counted::Counted;
pub use self::ours::Ours;
pub use self::reference::Reference;
use crate::device::{Device, Failed};
use crate::texts::Texts;

/// Sizes batches and runs them.
pub trait Policy {
    /// Runs one batch of the texts, which never end.
    fn step(&mut self, texts: &mut Texts<'_>, device: &mut Device<'_>) -> Step;
}

/// One batch, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Texts that have a vector now.
    pub texts: usize,
    /// Their tokens.
    pub tokens: usize,
    /// Tokens that were computed for them, padding included.
    pub padded: usize,
    /// Texts that will never have one.
    pub lost: usize,
    /// Why it did not run, where it did not.
    pub failed: Option<Failed>,
    /// The peak that was predicted, and the one that the pool had, where it was seen; in bytes.
    pub predicted: Option<(u64, u64)>,
    /// The share that was predicted to be used of what batches were allowed, where memory ended the batch.
    pub share: Option<f64>,
    /// Whether others used so much that batches were made smaller.
    pub pressure: bool,
    /// How long it took to decide, on the machine that simulates.
    pub deciding: Duration,
}

impl Step {
    fn of(texts: usize) -> Self {
        Step {
            texts,
            tokens: 0,
            padded: 0,
            lost: 0,
            failed: None,
            predicted: None,
            share: None,
            pressure: false,
            deciding: Duration::ZERO,
        }
    }
}
