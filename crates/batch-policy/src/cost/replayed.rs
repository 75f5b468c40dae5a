//! [`Replayed`]: a batch's cost from a table of shapes whose peaks are known.

use alloc::vec::Vec;

use super::{CostModel, Table};
use crate::bytes::Bytes;
use crate::error::PolicyError;

/// A grid of batches of known peaks, from a dry run or from measurements, and bounds for every shape between and beyond.
///
/// - A shape of the grid has its own peak.
/// - Between shapes the peak is at most that of the next shape that is as large. It is also at most the value on the
///   straight line between its neighbours, in each direction, and a page more: before an allocator rounds to pages, the
///   peak is the largest of several sums, each of which grows with the items as a line and with the tokens as a parabola,
///   so that it is nowhere above a chord. The lesser of both is taken.
/// - Beyond the grid, a batch takes no more than the batches of the grid that it could be cut into, side by side: twice
///   the items twice as much, twice the tokens four times.
///
/// The largest tensor is another model's: a dry run does not tell it.
#[derive(Clone, Debug, PartialEq)]
pub struct Replayed<C> {
    table: Table,
    tensors: C,
}

impl<C: CostModel> Replayed<C> {
    /// With a [`Table::new`].
    ///
    /// # Errors
    /// `items` or `tokens` is empty or does not rise from at least 1, or there is not one peak for each pair.
    pub fn new(
        items: Vec<usize>,
        tokens: Vec<usize>,
        peaks: Vec<Bytes>,
        page: Bytes,
        tensors: C,
    ) -> Result<Self, PolicyError> {
        Ok(Replayed::with_table(Table::new(items, tokens, peaks, page)?, tensors))
    }

    /// With this table.
    pub fn with_table(table: Table, tensors: C) -> Self {
        Replayed { table, tensors }
    }

    /// The table.
    pub fn table(&self) -> &Table {
        &self.table
    }
}

impl<C: CostModel> CostModel for Replayed<C> {
    fn peak(&self, items: usize, tokens: usize) -> Bytes {
        self.table.peak(items, tokens)
    }

    fn largest_tensor(&self, items: usize, tokens: usize) -> Bytes {
        self.tensors.largest_tensor(items, tokens)
    }
}
