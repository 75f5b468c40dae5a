//! [`Predicted`]: what a batch costs, from the best that is known.

use batch_policy::{Analytic, BestKnown, Bytes, CostModel};
use embed_burn::BurnEmbedder;

/// On the CPU what the encoder itself counts, to the byte; elsewhere what was learned from the pool.
pub(super) struct Predicted<'a> {
    pub(super) model: &'a BurnEmbedder,
    pub(super) learned: &'a BestKnown<Analytic>,
}

impl CostModel for Predicted<'_> {
    fn peak(&self, items: usize, tokens: usize) -> Bytes {
        match self.model.scratch_bytes(items, tokens) {
            Some(exact) => Bytes::new(exact),
            None => self.learned.peak(items, tokens),
        }
    }

    fn largest_tensor(&self, items: usize, tokens: usize) -> Bytes {
        Bytes::new(self.model.largest_tensor(items, tokens))
    }
}
