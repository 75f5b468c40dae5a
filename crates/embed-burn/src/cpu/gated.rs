//! [`Gate`]: a feed-forward part of two halves, of which one opens the other.

use super::activation::activate;
use super::arith::Arith;
use super::isa::Work;
use crate::folder::Activation;

/// Rows of `[gate, up]`, `width` numbers each, become rows of `activation(gate) · up`, at the front of the same memory.
pub(crate) struct Gate<'a> {
    pub(crate) rows: &'a mut [f32],
    pub(crate) width: usize,
    pub(crate) activation: Activation,
}

impl Work for Gate<'_> {
    #[inline(always)]
    fn run<A: Arith, const ROWS: usize, const COLUMNS: usize>(self) {
        let Gate { rows, width, activation } = self;
        for row in 0..rows.len() / (2 * width) {
            let (done, rest) = rows.split_at_mut(2 * row * width);
            let (gate, up) = rest[..2 * width].split_at_mut(width);
            activate::<A>(gate, activation);
            gate.iter_mut().zip(up.iter()).for_each(|(gate, up)| *gate *= up);
            // The first row's place is its own.
            if let Some(to) = done.get_mut(row * width..(row + 1) * width) {
                to.copy_from_slice(gate);
            }
        }
    }
}
