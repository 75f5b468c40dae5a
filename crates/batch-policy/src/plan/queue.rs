//! [`Queue`]: texts that wait for their batch, which is cut to what there is at its moment.

use alloc::vec::Vec;
use core::cmp::Reverse;

use super::partition::partition;
use super::{Batch, Budget, Oversized, Padding, fits};
use crate::cost::CostModel;
use crate::limits::Limits;

/// Texts in the order in which they run, longest first. [`plan`](super::plan()) says what each batch keeps to.
#[derive(Clone, Debug)]
pub struct Queue {
    /// Each text's place and length. What ran is before `next`.
    texts: Vec<(usize, usize)>,
    next: usize,
    padding: Padding,
    /// Where the batches to come end, the last of them first, and the budget that they were planned for.
    planned: Option<(Vec<usize>, Budget)>,
}

impl Queue {
    /// Texts of these lengths, in tokens.
    pub fn new(lengths: &[usize], padding: Padding) -> Self {
        let mut texts: Vec<(usize, usize)> =
            lengths.iter().enumerate().map(|(item, &tokens)| (item, padding.length(tokens))).collect();
        texts.sort_by_key(|&(_, tokens)| Reverse(tokens));
        Queue { texts, next: 0, padding, planned: None }
    }

    /// How many texts wait.
    pub fn len(&self) -> usize {
        self.texts.len() - self.next
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes the texts that no batch can hold, longest first.
    pub fn take_oversized(&mut self, budget: &Budget, cost: &(impl CostModel + ?Sized)) -> Vec<Oversized> {
        let Some(cap) = budget.largest_tensor else { return Vec::new() };
        let oversized = |&(item, tokens): &(usize, usize)| {
            let needed = cost.largest_tensor(1, tokens);
            (needed > cap).then_some(Oversized { item, tokens, needed, cap })
        };
        let taken: Vec<Oversized> = self.texts[self.next..].iter().map_while(oversized).collect();
        if !taken.is_empty() {
            self.next += taken.len();
            self.planned = None;
        }
        taken
    }

    /// The next batch within this budget; `None` when nothing waits. Texts that no batch can hold are expected to be
    /// [taken out](Queue::take_oversized) before.
    ///
    /// What was planned is kept while it fits, and planned anew where it does not, or where it was made small by bytes and
    /// there are half as many more.
    pub fn next(
        &mut self,
        budget: &Budget,
        cost: &(impl CostModel + ?Sized),
        limits: &Limits,
    ) -> Option<Batch> {
        let &(_, tokens) = self.texts.get(self.next)?;
        let mut planned = self.planned.take().filter(|(ends, planned_for)| {
            let Some(end) = ends.last() else { return false };
            let items = end - self.next;
            (items == 1 || fits(items, tokens, budget, cost, limits)) && !has_grown(planned_for, budget)
        });
        let (ends, _) = planned.get_or_insert_with(|| (self.plan(budget, cost, limits), *budget));
        let end = ends.pop().unwrap_or(self.next + 1);
        let items = self.texts[self.next..end].iter().map(|&(item, _)| item).collect();
        self.next = end;
        self.planned = planned;
        Some(Batch { items, tokens })
    }

    /// Takes back the batch that was given last: it did not run.
    pub fn put_back(&mut self, batch: &Batch) {
        self.next -= batch.items.len().min(self.next);
        self.planned = None;
    }

    /// Where the batches of what waits end, the last of them first.
    fn plan(&self, budget: &Budget, cost: &(impl CostModel + ?Sized), limits: &Limits) -> Vec<usize> {
        let lengths: Vec<usize> = self.texts[self.next..].iter().map(|&(_, tokens)| tokens).collect();
        // Costs do not fall as items grow, so that what fits is a prefix; nor as texts get longer, so that what fitted from
        // one text on fits from the next, and its end is looked for from there on, in steps that double and then halve.
        let mut end = 0;
        let reach = |first: usize| {
            let fits =
                |end: usize| end <= lengths.len() && fits(end - first, lengths[first], budget, cost, limits);
            end = end.max(first + 1);
            let mut step = 1;
            while fits(end + step) {
                end += step;
                step *= 2;
            }
            while step > 1 {
                step /= 2;
                end += if fits(end + step) { step } else { 0 };
            }
            end
        };
        let padded = self.padding != Padding::None;
        let mut ends = partition(&lengths, padded, budget.batch_tokens().max(1), reach);
        ends.reverse();
        ends.into_iter().map(|end| end + self.next).collect()
    }
}

/// Whether there is so much more than was planned for that larger batches are worth a plan.
fn has_grown(planned_for: &Budget, now: &Budget) -> bool {
    let more = |then: u64, now: u64| now / 3 > then / 2;
    more(planned_for.allowed.bytes.get(), now.allowed.bytes.get())
        || more(planned_for.tokens as u64, now.tokens as u64)
}
