//! What is learned from a batch that ran, and from one that memory ran out for.

use batch_policy::{Budget, CostModel, Event};

use super::AdaptiveEmbedder;
use super::predicted::Predicted;
use crate::adapt;
use crate::governor::Ran;

impl AdaptiveEmbedder {
    /// A batch ran. Says whether to clean up.
    pub(super) fn succeeded(&self, shape: (usize, usize), computed: usize, ran: Ran) -> bool {
        self.with_state(|state| {
            state.busy.observe(computed, ran.seconds);
            match ran.taken {
                Some((held, holds)) => {
                    state.cost.ran(shape.0, shape.1, held, holds);
                }
                None => state.cost.succeeded(shape.0, shape.1),
            }
            state.controller.step(Event::Success).cleanup
        })
    }

    /// A batch ran out of memory.
    pub(super) fn ran_out(&self, (items, tokens): (usize, usize), budget: &Budget) {
        let there = adapt::free(&self.look().seen);
        self.look_again();
        self.with_state(|state| {
            let predicted = Predicted::of(self.model(), state).peak(items, tokens);
            state.controller.step(Event::OutOfMemory { items, predicted });
            // What was free was not enough, and so was what was predicted.
            let there = there.unwrap_or(budget.allowed.few_bytes);
            state.cost.surprise(items, tokens, there);
        });
    }
}
