//! [`Predicted`]: what a batch costs, from the best that is known.

use batch_policy::{Analytic, BestKnown, Bytes, CostModel};
use embed_burn::BurnEmbedder;

use super::State;

/// On the CPU what the encoder itself counts, to the byte; elsewhere what was learned from the pool.
pub(super) struct Predicted<'a> {
    pub(super) model: &'a BurnEmbedder,
    pub(super) learned: &'a BestKnown<Analytic>,
    /// Whether the pool's pages are as large as they were when the table was made: it holds in those alone.
    pub(super) are_pages_settled: bool,
}

impl<'a> Predicted<'a> {
    pub(super) fn of(model: &'a BurnEmbedder, state: &'a State) -> Self {
        let are_pages_settled = state.pages(model.device().generation()).is_some();
        Predicted { model, learned: &state.cost, are_pages_settled }
    }
}

impl CostModel for Predicted<'_> {
    fn peak(&self, items: usize, tokens: usize) -> Bytes {
        match self.model.scratch_bytes(items, tokens) {
            Some(exact) => Bytes::new(exact),
            None if self.are_pages_settled => self.learned.peak(items, tokens),
            None => self.learned.peak(items, tokens).max(self.learned.peak_without_table(items, tokens)),
        }
    }

    fn largest_tensor(&self, items: usize, tokens: usize) -> Bytes {
        Bytes::new(self.model.largest_tensor(items, tokens))
    }
}
