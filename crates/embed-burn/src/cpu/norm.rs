//! Normalisation of rows, and the sums that it is applied to or that come after it.

use super::arith::Arith;
use super::isa::Work;
use super::sum::sum;
use crate::folder::NormKind;

/// A norm's parameters.
pub(crate) struct Norm {
    pub(crate) kind: NormKind,
    pub(crate) gamma: Vec<f32>,
    /// Nothing where nothing is added at its end.
    pub(crate) beta: Vec<f32>,
    pub(crate) epsilon: f32,
}

impl Norm {
    /// One row, as long as gamma.
    #[inline(always)]
    pub(crate) fn apply<A: Arith>(&self, row: &mut [f32]) {
        let Norm { kind, gamma, beta, epsilon } = self;
        let width = gamma.len() as f32;
        let mean = match kind {
            NormKind::Layer => sum(row, |value| value) / width,
            NormKind::RootMeanSquare => 0.0,
        };
        let variance = sum(row, |value| (value - mean) * (value - mean)) / width;
        let scale = 1.0 / (variance + epsilon).sqrt();
        if beta.is_empty() {
            for (value, gamma) in row.iter_mut().zip(gamma) {
                *value = (*value - mean) * scale * gamma;
            }
            return;
        }
        for (value, (gamma, beta)) in row.iter_mut().zip(gamma.iter().zip(beta)) {
            *value = A::fma((*value - mean) * scale, *gamma, *beta);
        }
    }
}

/// `to[row] = norm(to[row])`, rows as long as gamma.
pub(crate) struct Normalize<'a> {
    pub(crate) to: &'a mut [f32],
    pub(crate) norm: &'a Norm,
}

impl Work for Normalize<'_> {
    #[inline(always)]
    fn run<A: Arith, const ROWS: usize, const COLUMNS: usize>(self) {
        for row in self.to.chunks_exact_mut(self.norm.gamma.len()) {
            self.norm.apply::<A>(row);
        }
    }
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
        let width = self.norm.gamma.len();
        for (row, add) in self.to.chunks_exact_mut(width).zip(self.add.chunks_exact(width)) {
            row.iter_mut().zip(add).for_each(|(value, add)| *value += add);
            self.norm.apply::<A>(row);
        }
    }
}

/// `sum[row] += to[row]`, and then `to[row] = norm(sum[row])`, rows as long as gamma.
pub(crate) struct SumNorm<'a> {
    pub(crate) sum: &'a mut [f32],
    pub(crate) to: &'a mut [f32],
    pub(crate) norm: &'a Norm,
}

impl Work for SumNorm<'_> {
    #[inline(always)]
    fn run<A: Arith, const ROWS: usize, const COLUMNS: usize>(self) {
        let width = self.norm.gamma.len();
        for (sum, to) in self.sum.chunks_exact_mut(width).zip(self.to.chunks_exact_mut(width)) {
            for (sum, to) in sum.iter_mut().zip(to.iter_mut()) {
                *sum += *to;
                *to = *sum;
            }
            self.norm.apply::<A>(to);
        }
    }
}

/// `to += add`.
pub(crate) struct Add<'a> {
    pub(crate) to: &'a mut [f32],
    pub(crate) add: &'a [f32],
}

impl Work for Add<'_> {
    #[inline(always)]
    fn run<A: Arith, const ROWS: usize, const COLUMNS: usize>(self) {
        self.to.iter_mut().zip(self.add).for_each(|(to, add)| *to += add);
    }
}
