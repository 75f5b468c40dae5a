//! [`NarrowProduct`]: a matrix product of narrow rows, and what is done to its sums.

use std::ops::Range;

use super::activation::activate;
use super::kernel::{Kernel, Lanes, SlotRows, Sums, blocks};
use super::{COLUMNS, Format, HALF, NarrowPanels, int8};
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

    /// Computes it. The kernel's format is the weights'.
    #[inline(always)]
    pub(super) fn compute<K: Kernel>(mut self, kernel: K) {
        let head = if K::FORMAT == Format::Int8 { int8::HEAD } else { 0 };
        let stride = K::FORMAT.row_slots(self.weights.inputs());
        let rows = SlotRows { slots: self.slots, stride, head };
        let mut sums = Sums::ZERO;
        for panel in self.panels.clone() {
            for (first, count) in blocks(self.rows, K::BLOCK, K::TILE) {
                kernel.block(rows, first, count, self.weights.panel(panel), &mut sums);
                self.finish(kernel, panel, first, &sums.0[..count]);
            }
        }
    }

    /// Writes a block's sums.
    #[inline(always)]
    fn finish<K: Kernel>(&mut self, kernel: K, panel: usize, first: usize, sums: &[[u32; COLUMNS]]) {
        let start = self.panels.start * COLUMNS;
        let end = (self.panels.end * COLUMNS).min(self.weights.outputs());
        let width = COLUMNS.min(end - panel * COLUMNS);
        // No closures around vectors: they are compiled without the processor's instructions.
        let halves =
            [Epilogue::new(kernel, self.weights, panel, 0), Epilogue::new(kernel, self.weights, panel, 1)];
        for (row, sums) in sums.iter().enumerate() {
            let (scale, least) = self.scale(K::FORMAT, first + row);
            let output = &mut self.output[(first + row) * (end - start) + panel * COLUMNS - start..];
            for (half, (epilogue, sums)) in halves.iter().zip(sums.as_chunks().0).enumerate() {
                let mut line = epilogue.apply(kernel, sums, scale, least);
                if let Some(activation) = self.activation {
                    line = activate(kernel, line, activation);
                }
                let from = half * HALF;
                if width >= from + HALF
                    && let Some(to) = output[from..].first_chunk_mut()
                {
                    line.store(to);
                } else if width > from {
                    let mut numbers = [0.0; HALF];
                    line.store(&mut numbers);
                    output[from..width].copy_from_slice(&numbers[..width - from]);
                }
            }
        }
    }

    /// What a row's whole numbers stand for: its scale and its least number.
    #[inline(always)]
    fn scale(&self, format: Format, row: usize) -> (f32, f32) {
        match format {
            Format::Bf16 => (1.0, 0.0),
            Format::Int8 => {
                let stride = Format::Int8.row_slots(self.weights.inputs());
                let head = &self.slots[row * stride..][..int8::HEAD];
                (head[0], head[1])
            }
        }
    }
}

/// What makes numbers of the sums of half a panel.
struct Epilogue<L> {
    bias: L,
    /// Of whole numbers: the columns' scales, and the sums of what their weights stand for.
    scales: L,
    sums: L,
}

impl<L: Lanes> Epilogue<L> {
    #[inline(always)]
    fn new<K: Kernel<Lanes = L>>(kernel: K, weights: &NarrowPanels, panel: usize, half: usize) -> Self {
        let bias = kernel.load(&weights.bias(panel).as_chunks().0[half]);
        match K::FORMAT {
            Format::Bf16 => Epilogue { bias, scales: bias, sums: bias },
            Format::Int8 => {
                let (scales, sums) = weights.scales(panel);
                let scales = kernel.load(&scales.as_chunks().0[half]);
                Epilogue { bias, scales, sums: kernel.load(&sums.as_chunks().0[half]) }
            }
        }
    }

    #[inline(always)]
    fn apply<K: Kernel<Lanes = L>>(&self, kernel: K, sums: &[u32; HALF], scale: f32, least: f32) -> L {
        let sums = kernel.real(sums);
        match K::FORMAT {
            Format::Bf16 => sums.plus(self.bias),
            Format::Int8 => {
                let beside = self.sums.times_plus(kernel.all(least), self.bias);
                sums.times_plus(self.scales.times(kernel.all(scale)), beside)
            }
        }
    }
}
