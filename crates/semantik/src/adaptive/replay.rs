//! [`AdaptiveEmbedder::replay`]: a table of what batches take, by a dry run before any has run.

use std::time::Instant;

use batch_policy::{Budget, Bytes};

use super::grid::{Grid, is_worth};
use super::{AdaptiveEmbedder, State};
use crate::error::{Error, ErrorKind};

/// What was replayed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReplayDone {
    /// Shapes of batch: numbers of texts by lengths.
    pub shapes: usize,
    /// The most tokens of such a batch.
    pub tokens: usize,
    /// How long it took.
    pub seconds: f64,
}

/// What the pool's pages were made for, on one opening of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pages {
    generation: u64,
    /// Tokens of the largest batch.
    reach: usize,
    /// Bytes of the largest tensor.
    tensor: Bytes,
}

/// Where not even so many tokens have room, nothing is replayed.
const LEAST_TOKENS: usize = 256;

impl State {
    /// What the pool's pages were made for, if they were, on this opening of the device.
    pub(super) fn pages(&self, generation: u64) -> Option<Pages> {
        self.pages.filter(|pages| pages.generation == generation)
    }

    /// Pages were made for a batch of this shape.
    fn settled(&mut self, (items, tokens): (usize, usize), pages: Pages) {
        self.cost.settled(items, tokens);
        self.pages = Some(pages);
    }
}

impl AdaptiveEmbedder {
    /// Finds out what batches take before any has run, by a dry run of many shapes of batch, and sizes batches by the table that
    /// comes of it instead of by what the model's dimensions say, which may be twice as much. The table is kept with the
    /// [profile](crate::profiles): where a later run finds one that goes as far, it only makes the pool's pages as large as they
    /// were then. From now on this is done anew where batches have grown, or the device was opened anew.
    ///
    /// Pages are made for batches of as many tokens as keep the device busy, and no more than have room at this moment; where
    /// there is less later, they may be too large.
    ///
    /// `None` where nothing was to replay: a table is there already, the device has no pool, as the processor has none, or not
    /// even a small batch has room. It takes some milliseconds a shape, once the kernels of the model are compiled.
    ///
    /// **Only for a process that gives burn no work of its own.** While shapes are replayed, what other threads compute through
    /// this library waits; what they compute with burn directly is dropped, without an error.
    ///
    /// # Errors
    /// The device fails or was lost, or a stop was asked for. Batches are sized as before then, and may run all the same.
    pub fn replay(&self) -> Result<Option<ReplayDone>, Error> {
        if self.model().scratch_bytes(1, 1).is_some() {
            return Ok(None);
        }
        let _stay = self.stay(&|| false)?;
        let done = self.replay_as_far_as_there_is_room()?;
        self.with_state(|state| state.replays = true);
        Ok(done)
    }

    /// Where replays were asked for: for larger batches, once they are worth while, and on a device that was opened anew. One that
    /// fails is told of, and is the last.
    pub(super) fn replay_further(&self) {
        let generation = self.model().device().generation();
        let is_due = self.with_state(|state| {
            let made = state.pages(generation).map_or(0, |pages| pages.reach);
            state.replays && is_worth(made, state.busy.tokens())
        });
        if !is_due {
            return;
        }
        if let Err(error) = self.replay_as_far_as_there_is_room()
            && error.kind() != ErrorKind::Interrupted
        {
            self.with_state(|state| {
                state.replays = false;
                state.problem = Some(format!("batches are sized without a dry run from now on: {error}"));
            });
        }
    }

    /// No tensor is larger than what the pool's pages were made for: the pages would grow, and what is replayed hold no longer.
    pub(super) fn within_pages(&self, budget: Budget) -> Budget {
        let generation = self.model().device().generation();
        let pages = self.with_state(|state| state.pages(generation));
        let Some(Pages { tensor, .. }) = pages else { return budget };
        Budget { largest_tensor: Some(budget.largest_tensor.map_or(tensor, |cap| cap.min(tensor))), ..budget }
    }

    fn replay_as_far_as_there_is_room(&self) -> Result<Option<ReplayDone>, Error> {
        let budget = self.read()?;
        let reach = self.reach(&budget);
        let generation = self.model().device().generation();
        let made = self.with_state(|state| state.pages(generation).map_or(0, |pages| pages.reach));
        if !is_worth(made, reach) {
            return Ok(None);
        }
        let grid = Grid::new(reach, self.model().max_tokens());
        let known = self.with_state(|state| {
            let table = state.cost.table().filter(|table| grid.is_within(table))?;
            Some(Grid::of_table(table, reach))
        });
        match known {
            // Pages that are there already were not enough, so that what was replayed in them is not either.
            Some(known) if made == 0 => {
                self.settle(&known, &budget, generation)?;
                Ok(None)
            }
            _ => self.replay_all(&grid, &budget, generation),
        }
    }

    /// The tokens of the largest batch that is worth while and has room, with as many of the longest texts; 0 where hardly any
    /// has. What is predicted without a table is an upper bound: pages that are too large for what there is cannot be made
    /// smaller.
    fn reach(&self, budget: &Budget) -> usize {
        let (longest, cap) = (self.model().max_tokens(), cap(budget));
        self.with_state(|state| {
            let has_room = |reach: &usize| {
                let (items, tokens) = ((reach / longest).max(1), longest.min(*reach));
                let peak = state.cost.peak_without_table(items, tokens);
                self.model().largest_tensor(items, tokens) <= cap && budget.allowed.allows(items, peak)
            };
            let smaller = |reach: &usize| Some(reach / 16 * 15);
            std::iter::successors(Some(budget.tokens), smaller)
                .take_while(|&reach| reach >= LEAST_TOKENS)
                .find(has_room)
                .unwrap_or(0)
        })
    }

    /// Pages as they were when the table was made.
    fn settle(&self, grid: &Grid, budget: &Budget, generation: u64) -> Result<(), Error> {
        let Some(shape) = self.largest(grid, budget) else { return Ok(()) };
        self.rehearsed(shape, || Ok(self.tenant.settle_pages(shape)?))?;
        let tensor = Bytes::new(self.model().largest_tensor(shape.0, shape.1));
        self.with_state(|state| state.settled(shape, Pages { generation, reach: grid.reach(), tensor }));
        Ok(())
    }

    fn replay_all(&self, grid: &Grid, budget: &Budget, generation: u64) -> Result<Option<ReplayDone>, Error> {
        let began = Instant::now();
        let Some(shape) = self.largest(grid, budget) else { return Ok(None) };
        let replayed = self.rehearsed(shape, || {
            let mut replayed = Vec::new();
            // Others have their turn between two rows.
            for row in std::iter::once(vec![shape]).chain(grid.rows()) {
                if self.cancel.is_set() {
                    return Err(Error::interrupted());
                }
                let Some(rows) = self.tenant.replay(row)? else { return Ok(None) };
                replayed.extend(rows);
            }
            Ok(Some(replayed))
        })?;
        let Some(replayed) = replayed else { return Ok(None) };
        let page = Bytes::new(self.model().largest_tensor(shape.0, shape.1));
        self.with_state(|state| {
            state.settled(shape, Pages { generation, reach: grid.reach(), tensor: page });
            let predicted = |items, tokens| state.cost.peak_without_table(items, tokens);
            let table = grid.table(&replayed, predicted, page)?;
            state.cost.replayed(table);
            Ok::<(), Error>(())
        })?;
        self.remember();
        if let Some(remembered) = &self.remembered {
            remembered.keep_now();
        }
        // The first was there twice.
        let shapes = replayed.len().saturating_sub(1);
        Ok(Some(ReplayDone { shapes, tokens: grid.reach(), seconds: began.elapsed().as_secs_f64() }))
    }

    fn largest(&self, grid: &Grid, budget: &Budget) -> Option<(usize, usize)> {
        grid.largest(|items, tokens| self.model().largest_tensor(items, tokens), cap(budget))
    }

    /// Under a lease for the largest shape: a dry run itself takes next to nothing, but kernels that are chosen by trial are
    /// tried for real.
    fn rehearsed<T>(
        &self,
        (items, tokens): (usize, usize),
        work: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let peak = self.with_state(|state| state.cost.peak_without_table(items, tokens));
        let lease = self.lease(items, peak, peak, &|| false)?;
        let done = work();
        drop(lease);
        self.look_again();
        done
    }
}

fn cap(budget: &Budget) -> u64 {
    budget.largest_tensor.map_or(u64::MAX, Bytes::get)
}

#[cfg(feature = "wgpu")]
#[cfg(test)]
mod tests;
