//! [`Batch`]: a window full of chunks on their way to the model, and back.

use std::collections::VecDeque;

use super::unique::Unique;
use super::waiting::Waiting;
use crate::adaptive::{AdaptiveEmbedder, BatchDone};
use crate::error::Error;

/// Chunks that are embedded together, by documents, in their order.
pub(in super::super) struct Batch {
    parts: Vec<VecDeque<Waiting>>,
    unique: Unique,
}

/// Chunks that were embedded, or not all of them where that ended with an error.
pub(in super::super) struct Landed {
    pub(super) parts: Vec<VecDeque<Waiting>>,
    pub(super) unique: Unique,
    pub(in super::super) result: Result<(), Error>,
}

impl Batch {
    pub(super) fn new(parts: Vec<VecDeque<Waiting>>, unique: Unique) -> Self {
        Batch { parts, unique }
    }

    /// Embeds them, until `stops` says so.
    pub(in super::super) fn embed(
        self,
        embedder: &AdaptiveEmbedder,
        stops: &dyn Fn() -> bool,
        on_batch: &mut dyn FnMut(BatchDone),
    ) -> Landed {
        let Batch { parts, mut unique } = self;
        let result = unique.embed(embedder, stops, on_batch);
        Landed { parts, unique, result }
    }
}
