//! A matrix product with its bias and activation.

use std::ops::Range;

use super::activation::activate;
use super::arith::Arith;
use super::isa::Work;
use super::pack::{Block, Panels};
use crate::folder::Activation;

/// `output[row] = activation(input[row] · weights + bias)`, for some of the weights' panels.
pub(crate) struct Product<'a> {
    /// Rows as long as the weights have inputs.
    pub(crate) input: &'a [f32],
    pub(crate) weights: &'a Panels,
    /// The panels that are computed.
    pub(crate) panels: Range<usize>,
    /// Rows as long as these panels have columns.
    pub(crate) output: &'a mut [f32],
    pub(crate) activation: Option<Activation>,
}

#[cfg(test)]
impl<'a> Product<'a> {
    /// All columns.
    pub(crate) fn new(input: &'a [f32], weights: &'a Panels, output: &'a mut [f32]) -> Self {
        Product { input, weights, panels: 0..weights.count(), output, activation: None }
    }
}

impl Work for Product<'_> {
    #[inline(always)]
    fn run<A: Arith, const ROWS: usize, const COLUMNS: usize>(mut self) {
        for block in self.weights.blocks() {
            for panel in self.panels.clone() {
                let rows = self.input.len() / self.weights.inputs();
                let mut row = 0;
                // Tiles of about as many rows: one of few costs more than its share.
                let tiles = rows.div_ceil(ROWS);
                for tile in 0..tiles {
                    let count = (rows - row).div_ceil(tiles - tile);
                    let next = block.behind::<COLUMNS>(panel, tile, tiles);
                    match count {
                        1 => self.tile::<A, 1, COLUMNS>(&block, panel, row, next),
                        2 => self.tile::<A, 2, COLUMNS>(&block, panel, row, next),
                        3 => self.tile::<A, 3, COLUMNS>(&block, panel, row, next),
                        4 => self.tile::<A, 4, COLUMNS>(&block, panel, row, next),
                        5 => self.tile::<A, 5, COLUMNS>(&block, panel, row, next),
                        6 => self.tile::<A, 6, COLUMNS>(&block, panel, row, next),
                        7 => self.tile::<A, 7, COLUMNS>(&block, panel, row, next),
                        8 => self.tile::<A, 8, COLUMNS>(&block, panel, row, next),
                        9 => self.tile::<A, 9, COLUMNS>(&block, panel, row, next),
                        10 => self.tile::<A, 10, COLUMNS>(&block, panel, row, next),
                        11 => self.tile::<A, 11, COLUMNS>(&block, panel, row, next),
                        _ => self.tile::<A, ROWS, COLUMNS>(&block, panel, row, next),
                    }
                    row += count;
                }
            }
        }
    }
}

impl Product<'_> {
    #[inline(always)]
    fn tile<A: Arith, const ROWS: usize, const COLUMNS: usize>(
        &mut self,
        block: &Block<'_>,
        panel: usize,
        row: usize,
        next: &[f32],
    ) {
        let inputs = self.weights.inputs();
        let rows =
            std::array::from_fn(|index| &self.input[(row + index) * inputs + block.first..][..block.depth]);
        let sums = A::tile::<ROWS, COLUMNS>(rows, block.panel(panel), next);
        let (first, last) =
            (self.panels.start * COLUMNS, (self.panels.end * COLUMNS).min(self.weights.outputs()));
        let stride = last - first;
        let width = COLUMNS.min(last - panel * COLUMNS);
        let bias = self.weights.bias(panel);
        for (index, sums) in sums.iter().enumerate() {
            let output = &mut self.output[(row + index) * stride + panel * COLUMNS - first..][..width];
            if let Ok(output) = <&mut [f32; COLUMNS]>::try_from(&mut *output) {
                finish::<A>(output, sums, bias, block, self.activation);
            } else {
                finish::<A>(output, sums, bias, block, self.activation);
            }
        }
    }
}

/// What is done to the sums of one block while they are at hand. Inlined twice: for whole panels its length is known.
#[inline(always)]
fn finish<A: Arith>(
    output: &mut [f32],
    sums: &[f32],
    bias: &[f32],
    block: &Block<'_>,
    activation: Option<Activation>,
) {
    if block.first == 0 {
        output.iter_mut().zip(sums.iter().zip(bias)).for_each(|(output, (sum, bias))| *output = sum + bias);
    } else {
        output.iter_mut().zip(sums).for_each(|(output, sum)| *output += sum);
    }
    if block.is_last
        && let Some(activation) = activation
    {
        activate::<A>(output, activation);
    }
}
