//! [`Panels`]: a weight matrix in the order in which the tile reads it.

use std::collections::TryReserveError;
use std::ops::Range;

use super::aligned::{Aligned, LINE};
use crate::pieces;

/// A matrix `[inputs, outputs]` with its bias, cut into blocks of [`DEPTH`] inputs, each block into panels of a tile's
/// columns, each panel row by row. Columns beyond the last are zeros.
pub(crate) struct Panels {
    inputs: usize,
    outputs: usize,
    columns: usize,
    values: Aligned,
    /// As long as the panels are wide.
    bias: Vec<f32>,
}

/// The inputs of one block: its panel, with the rows it meets, stays in the nearest caches.
const DEPTH: usize = 384;

/// The inputs `first..first + depth`, panel by panel.
pub(crate) struct Block<'a> {
    pub(crate) first: usize,
    pub(crate) depth: usize,
    pub(crate) is_last: bool,
    values: &'a [f32],
}

impl Panels {
    /// `weight`: `[inputs, outputs]`, row by row. `columns`: a tile's.
    pub(crate) fn pack(weight: &[f32], bias: &[f32], columns: usize) -> Result<Self, TryReserveError> {
        let outputs = bias.len();
        Self::filled(weight.len() / outputs, bias, columns, |inputs, panel, to| {
            let rows = weight[inputs.start * outputs..].chunks_exact(outputs);
            for (row, to) in rows.zip(to.chunks_exact_mut(columns)) {
                let row = &row[panel.clone()];
                to[..row.len()].copy_from_slice(row);
            }
        })
    }

    /// `weight`: `[outputs, inputs]`, row by row, as files have it. `columns`: a tile's.
    pub(crate) fn of_rows(weight: &[f32], bias: &[f32], columns: usize) -> Result<Self, TryReserveError> {
        let all = weight.len() / bias.len();
        Self::filled(all, bias, columns, |inputs, panel, to| {
            // A line of the cache of each row at a time: so many numbers of each column lie in the nearest cache.
            for (first, to) in inputs.step_by(LINE).zip(to.chunks_mut(LINE * columns)) {
                let depth = to.len() / columns;
                for (column, row) in weight[panel.start * all..panel.end * all].chunks_exact(all).enumerate()
                {
                    let to = to.iter_mut().skip(column).step_by(columns);
                    row[first..first + depth].iter().zip(to).for_each(|(&from, to)| *to = from);
                }
            }
        })
    }

    /// `fill` writes what a panel has of some inputs, `[inputs, columns]`, of so many outputs.
    fn filled(
        inputs: usize,
        bias: &[f32],
        columns: usize,
        fill: impl Fn(Range<usize>, Range<usize>, &mut [f32]) + Sync,
    ) -> Result<Self, TryReserveError> {
        let outputs = bias.len();
        let padded = outputs.next_multiple_of(columns);
        let mut values = Aligned::zeroed(inputs * padded)?;
        for (block, to) in values.as_mut_slice().chunks_mut(DEPTH * padded).enumerate() {
            let depth = to.len() / padded;
            let inputs = block * DEPTH..block * DEPTH + depth;
            pieces::for_each(to, depth * columns, |panel, to| {
                fill(inputs.clone(), panel * columns..outputs.min((panel + 1) * columns), to);
            });
        }
        let mut bias = bias.to_vec();
        bias.resize(padded, 0.0);
        Ok(Panels { inputs, outputs, columns, values, bias })
    }

    /// The matrix row by row as it was packed, and its bias.
    pub(crate) fn unpacked(&self) -> Result<(Vec<f32>, Vec<f32>), TryReserveError> {
        let (outputs, padded) = (self.outputs, self.bias.len());
        let mut weight = Vec::new();
        weight.try_reserve_exact(self.inputs * outputs)?;
        weight.resize(self.inputs * outputs, 0.0);
        let blocks = self.values.as_slice().chunks(DEPTH * padded).zip(weight.chunks_mut(DEPTH * outputs));
        for (from, to) in blocks {
            let depth = to.len() / outputs;
            for (panel, from) in from.chunks_exact(depth * self.columns).enumerate() {
                for (from, row) in from.chunks_exact(self.columns).zip(to.chunks_exact_mut(outputs)) {
                    let row = &mut row[panel * self.columns..outputs.min((panel + 1) * self.columns)];
                    row.copy_from_slice(&from[..row.len()]);
                }
            }
        }
        Ok((weight, self.bias[..outputs].to_vec()))
    }

    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// How many panels there are.
    pub(crate) fn count(&self) -> usize {
        self.outputs.div_ceil(self.columns)
    }

    pub(crate) fn bias(&self, panel: usize) -> &[f32] {
        &self.bias[panel * self.columns..][..self.columns]
    }

    pub(crate) fn blocks(&self) -> impl Iterator<Item = Block<'_>> {
        let padded = self.bias.len();
        self.values.as_slice().chunks(DEPTH * padded).enumerate().map(move |(index, values)| {
            let (first, depth) = (index * DEPTH, values.len() / padded);
            Block { first, depth, is_last: first + depth == self.inputs, values }
        })
    }
}

impl Block<'_> {
    #[inline(always)]
    pub(crate) fn panel<const COLUMNS: usize>(&self, panel: usize) -> &[[f32; COLUMNS]] {
        let length = self.depth * COLUMNS;
        self.values[panel * length..][..length].as_chunks().0
    }

    /// Of the weights that lie behind a panel and are as many as it has, part `part` of so many.
    #[inline(always)]
    pub(crate) fn behind<const COLUMNS: usize>(&self, panel: usize, part: usize, parts: usize) -> &[f32] {
        let length = self.depth * COLUMNS;
        let next = self.values.get((panel + 1) * length..(panel + 2) * length).unwrap_or_default();
        let each = length.div_ceil(parts).next_multiple_of(LINE);
        next.get(part * each..next.len().min((part + 1) * each)).unwrap_or_default()
    }
}
