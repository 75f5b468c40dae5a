//! [`NarrowPanels`]: a weight matrix in narrow numbers, in the order in which it is read.

use std::collections::TryReserveError;

use super::{COLUMNS, Format, HALF, NarrowIsa, STEP, int8};
use crate::cpu::aligned::Aligned;

/// A matrix `[inputs, outputs]` with its bias: panels of [`COLUMNS`] columns, each in steps of [`STEP`] slots, each of two
/// halves of `[slot][column]`. A half is what a tile of AMX holds. What is beyond the matrix is zero.
pub(crate) struct NarrowPanels {
    isa: NarrowIsa,
    inputs: usize,
    outputs: usize,
    values: Aligned,
    /// As long as the panels are wide.
    bias: Vec<f32>,
    /// What a whole number stands for, and the sum of a column's, for [`Format::Int8`]: as long as the panels are wide.
    scales: Vec<f32>,
    sums: Vec<f32>,
}

impl NarrowPanels {
    /// `weight`: `[inputs, outputs]`, row by row.
    pub(crate) fn pack(weight: &[f32], bias: &[f32], isa: NarrowIsa) -> Result<Self, TryReserveError> {
        let format = isa.format();
        let outputs = bias.len();
        let inputs = weight.len() / outputs;
        let padded = outputs.next_multiple_of(COLUMNS);
        let depth = format.depth(inputs);
        let mut values = Aligned::zeroed(padded * depth)?;
        let column_scales = match format {
            Format::Bf16 => Vec::new(),
            Format::Int8 => int8::column_scales(weight, outputs, padded, isa.largest_weight()),
        };
        let mut sums = vec![0.0; column_scales.len()];
        for (panel, values) in values.as_mut_slice().chunks_exact_mut(COLUMNS * depth).enumerate() {
            for (index, half) in values.chunks_exact_mut(STEP * HALF).enumerate() {
                let (step, first) = (index / 2, panel * COLUMNS + index % 2 * HALF);
                for (at, slot) in half.iter_mut().enumerate() {
                    let (row, column) = ((step * STEP + at / HALF) * format.per_slot(), first + at % HALF);
                    if column >= outputs {
                        continue;
                    }
                    let number = |k: usize| weight.get((row + k) * outputs + column).copied().unwrap_or(0.0);
                    *slot = f32::from_bits(match format {
                        Format::Bf16 => super::bf16::slot([number(0), number(1)]),
                        Format::Int8 => {
                            let scale = column_scales[column];
                            let whole =
                                [0, 1, 2, 3].map(|k| int8::whole(number(k), scale, isa.largest_weight()));
                            sums[column] += whole.iter().map(|&whole| f32::from(whole)).sum::<f32>() * scale;
                            u32::from_le_bytes(whole.map(i8::cast_unsigned))
                        }
                    });
                }
            }
        }
        let mut bias = bias.to_vec();
        bias.resize(padded, 0.0);
        Ok(NarrowPanels { isa, inputs, outputs, values, bias, scales: column_scales, sums })
    }

    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// How many panels there are.
    pub(crate) fn count(&self) -> usize {
        self.outputs.div_ceil(COLUMNS)
    }

    pub(super) fn isa(&self) -> NarrowIsa {
        self.isa
    }

    pub(super) fn format(&self) -> Format {
        self.isa.format()
    }

    /// Slots of working memory for so many rows.
    pub(crate) fn slots(&self, rows: usize) -> usize {
        self.format().slots(rows, self.inputs)
    }

    /// Narrows rows, so that they can be multiplied.
    pub(crate) fn narrow(&self, input: &[f32], slots: &mut [f32]) {
        self.isa.narrow(input, self.inputs, slots);
    }

    /// Slots of a column, and of a row without what stands in front of it.
    pub(super) fn depth(&self) -> usize {
        self.format().depth(self.inputs)
    }

    /// A panel's slots, `COLUMNS · depth` of them.
    pub(super) fn panel(&self, panel: usize) -> &[f32] {
        let length = COLUMNS * self.depth();
        &self.values.as_slice()[panel * length..][..length]
    }

    pub(super) fn bias(&self, panel: usize) -> &[f32; COLUMNS] {
        &self.bias.as_chunks().0[panel]
    }

    /// Of [`Format::Int8`]: the scales of a panel's columns, and the sums of what its weights stand for.
    pub(super) fn scales(&self, panel: usize) -> (&[f32; COLUMNS], &[f32; COLUMNS]) {
        (&self.scales.as_chunks().0[panel], &self.sums.as_chunks().0[panel])
    }
}
