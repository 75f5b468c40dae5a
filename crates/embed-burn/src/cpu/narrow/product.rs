//! [`NarrowProduct`]: a matrix product of narrow rows, and what is done to its sums.

use std::ops::Range;

use super::{COLUMNS, Format, NarrowPanels, int8};
use crate::cpu::activation::activate;
use crate::cpu::arith::Fused;
use crate::folder::Activation;

/// `output[row] = activation(rows[row] · weights + bias)`, for some of the weights' panels.
pub(crate) struct NarrowProduct<'a> {
    /// As [`NarrowPanels::narrow`] makes them, and behind the last room up to whole [`super::ROWS`], whatever it holds.
    pub(crate) slots: &'a [f32],
    pub(crate) rows: usize,
    pub(crate) weights: &'a NarrowPanels,
    /// The panels that are computed.
    pub(crate) panels: Range<usize>,
    /// Rows as long as these panels have columns.
    pub(crate) output: &'a mut [f32],
    pub(crate) activation: Option<Activation>,
}

impl NarrowProduct<'_> {
    /// Computes it, with the instructions that the weights were packed for.
    pub(crate) fn run(self) {
        self.weights.isa().run(self);
    }

    /// A row's slots, without what stands in front of them.
    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> &[f32] {
        let slots = self.weights.format().row_slots(self.weights.inputs());
        let row = &self.slots[row * slots..][..slots];
        match self.weights.format() {
            Format::Bf16 => row,
            Format::Int8 => &row[int8::HEAD..],
        }
    }

    /// What a row's whole numbers stand for: its scale and its least number.
    #[inline(always)]
    pub(super) fn scale(&self, row: usize) -> (f32, f32) {
        let slots = self.weights.format().row_slots(self.weights.inputs());
        let head = &self.slots[row * slots..][..int8::HEAD];
        (head[0], head[1])
    }

    /// Writes a row's sums over a panel, in f32 already.
    #[inline(always)]
    pub(super) fn finish(&mut self, panel: usize, row: usize, sums: &[f32; COLUMNS]) {
        let bias = self.weights.bias(panel);
        let first = self.panels.start * COLUMNS;
        let last = (self.panels.end * COLUMNS).min(self.weights.outputs());
        let output = &mut self.output[row * (last - first) + panel * COLUMNS - first..];
        let width = COLUMNS.min(last - panel * COLUMNS);
        // Inlined twice: for whole panels the length is known.
        if let (COLUMNS, Some(output)) = (width, output.first_chunk_mut::<COLUMNS>()) {
            write(output, sums, bias, self.activation);
        } else {
            write(&mut output[..width], sums, bias, self.activation);
        }
    }

    /// As [`finish`](NarrowProduct::finish), from sums of whole numbers.
    #[inline(always)]
    pub(super) fn finish_whole(&mut self, panel: usize, row: usize, sums: &[i32; COLUMNS]) {
        let (scale, least) = self.scale(row);
        let (scales, column_sums) = self.weights.scales(panel);
        let mut real = [0.0; COLUMNS];
        for ((real, sum), (column, column_sum)) in
            real.iter_mut().zip(sums).zip(scales.iter().zip(column_sums))
        {
            *real = (scale * column).mul_add(*sum as f32, least * column_sum);
        }
        self.finish(panel, row, &real);
    }
}

#[inline(always)]
fn write(output: &mut [f32], sums: &[f32], bias: &[f32], activation: Option<Activation>) {
    output.iter_mut().zip(sums.iter().zip(bias)).for_each(|(output, (sum, bias))| *output = sum + bias);
    if let Some(activation) = activation {
        activate::<Fused>(output, activation);
    }
}
