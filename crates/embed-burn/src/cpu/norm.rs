//! Layer normalisation of a sum.

use super::arith::Arith;
use super::isa::Work;
use super::sum::sum;

/// A layer norm's parameters.
pub(crate) struct Norm {
    pub(crate) gamma: Vec<f32>,
    pub(crate) beta: Vec<f32>,
    pub(crate) epsilon: f32,
}

/// `to[row] = norm(to[row] + add[row])`, rows as long as gamma.
pub(crate) struct AddNorm<'a> {
    pub(crate) to: &'a mut [f32],
    pub(crate) add: &'a [f32],
    pub(crate) norm: &'a Norm,
}

impl Work for AddNorm<'_> {
    #[inline(always)]
    fn run<A: Arith, const ROWS: usize, const COLUMNS: usize>(self) {
        let Norm { gamma, beta, epsilon } = self.norm;
        let width = gamma.len();
        for (row, add) in self.to.chunks_exact_mut(width).zip(self.add.chunks_exact(width)) {
            row.iter_mut().zip(add).for_each(|(value, add)| *value += add);
            let mean = sum(row, |value| value) / width as f32;
            let variance = sum(row, |value| (value - mean) * (value - mean)) / width as f32;
            let scale = 1.0 / (variance + epsilon).sqrt();
            for (value, (gamma, beta)) in row.iter_mut().zip(gamma.iter().zip(beta)) {
                *value = A::fma((*value - mean) * scale, *gamma, *beta);
            }
        }
    }
}
