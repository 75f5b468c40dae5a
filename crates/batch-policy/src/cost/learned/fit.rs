//! [`Fit`]: three coefficients, by least squares, none below 0.

use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::bytes::Bytes;
use crate::exact::Exact;

/// Fits `c0 + c1·items·tokens + c2·items·tokens²` so that relative errors are least: a small batch counts as much as a
/// large one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Fit {
    /// Sums of the products of the three terms, each divided by the peak.
    products: [[f64; 3]; 3],
    /// Sums of the terms.
    sums: [f64; 3],
    count: f64,
    coefficients: Option<[f64; 3]>,
    /// The most tokens and pairs of tokens that were seen.
    most: [f64; 2],
    /// The first shapes that differ: with fewer than three, any coefficients would do.
    shapes: [Option<(usize, usize)>; 3],
}

/// What a [`Fit`] is made of, as it is kept.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Sums {
    products: [[Exact; 3]; 3],
    terms: [Exact; 3],
    count: Exact,
    most: [Exact; 2],
    shapes: Vec<(usize, usize)>,
}

/// Batches of up to this many times what was measured are taken from the fit.
const REACH: f64 = 2.0;

impl Fit {
    pub(super) fn observe(&mut self, items: usize, tokens: usize, peak: Bytes) {
        if peak == Bytes::new(0) || items == 0 || tokens == 0 {
            return;
        }
        let all = terms(items, tokens);
        let [one, rows, pairs] = all.map(|term| term / peak.get() as f64);
        for (row, a) in self.products.iter_mut().zip([one, rows, pairs]) {
            for (product, b) in row.iter_mut().zip([one, rows, pairs]) {
                *product += a * b;
            }
        }
        for (sum, term) in self.sums.iter_mut().zip([one, rows, pairs]) {
            *sum += term;
        }
        self.count += 1.0;
        self.most = [self.most[0].max(all[1]), self.most[1].max(all[2])];
        let shape = Some((items, tokens));
        if !self.shapes.contains(&shape)
            && let Some(free) = self.shapes.iter_mut().find(|known| known.is_none())
        {
            *free = shape;
        }
        self.coefficients = self.shapes[2].and_then(|_| self.solve());
    }

    pub(super) fn coefficients(&self) -> Option<[f64; 3]> {
        self.coefficients
    }

    pub(super) fn predict(&self, margin: f64, items: usize, tokens: usize) -> Option<f64> {
        Some(sum(self.with_margin(margin)?, items, tokens))
    }

    /// The coefficients, each so much larger.
    pub(super) fn with_margin(&self, margin: f64) -> Option<[f64; 3]> {
        Some(self.coefficients?.map(|coefficient| coefficient * (1.0 + margin)))
    }

    /// What is kept of it: nothing where nothing was measured, or where numbers outgrew what a number holds.
    pub(super) fn sums(&self) -> Option<Sums> {
        let sums = Sums {
            products: self.products.map(|row| row.map(Exact)),
            terms: self.sums.map(Exact),
            count: Exact(self.count),
            most: self.most.map(Exact),
            shapes: self.shapes.iter().flatten().copied().collect(),
        };
        Fit::of(&sums).map(|_| sums)
    }

    /// The fit that these sums give. `None`: no measurements have such sums.
    pub(super) fn of(sums: &Sums) -> Option<Fit> {
        let mut fit = Fit {
            products: sums.products.map(|row| row.map(|Exact(product)| product)),
            sums: sums.terms.map(|Exact(sum)| sum),
            count: sums.count.0,
            coefficients: None,
            most: sums.most.map(|Exact(most)| most),
            shapes: [0, 1, 2].map(|at| sums.shapes.get(at).copied()),
        };
        // Every measurement adds to each: no term of a batch, and no batch, is 0.
        let numbers = fit.products.iter().flatten().chain(&fit.sums).chain(&fit.most).chain([&fit.count]);
        let counted =
            numbers.into_iter().all(|number| number.is_finite() && *number > 0.0) && fit.count >= 1.0;
        // No product of two sums is more than that of their squares, but for what rounding takes.
        let square = |product: f64, a: f64, b: f64| product * product <= a * b * (1.0 + 1e-6);
        let apart = (0..3).all(|a| {
            let own = fit.products[a][a];
            square(fit.sums[a], own, fit.count)
                && (0..a).all(|b| square(fit.products[a][b], own, fit.products[b][b]))
                && (0..a).all(|b| fit.products[a][b].to_bits() == fit.products[b][a].to_bits())
        });
        let shapes = sums.shapes.len();
        let differ = (1..shapes).all(|at| !sums.shapes[..at].contains(&sums.shapes[at]));
        if !(counted && apart && differ && (1..=3).contains(&shapes)) {
            return None;
        }
        fit.coefficients = fit.shapes[2].and_then(|_| fit.solve());
        Some(fit)
    }

    /// The one that more was measured for, and reaches as far as both. The other's coefficients come too, if it has any.
    pub(super) fn merge(&self, other: &Fit) -> Fit {
        let weight = |fit: &Fit| (fit.coefficients.is_some(), fit.count, fit.sums);
        let more = weight(self).partial_cmp(&weight(other)) != Some(Ordering::Less);
        let mut fit = if more { self.clone() } else { other.clone() };
        fit.most = [0, 1].map(|at| self.most[at].max(other.most[at]));
        fit
    }

    /// Whether a batch is near enough to what was measured.
    pub(super) fn reaches(&self, items: usize, tokens: usize) -> bool {
        let [_, rows, pairs] = terms(items, tokens);
        rows <= REACH * self.most[0] && pairs <= REACH * self.most[1]
    }

    /// The best of the seven ways to leave coefficients at 0 that makes none of the others negative.
    fn solve(&self) -> Option<[f64; 3]> {
        let mut best: Option<(f64, [f64; 3])> = None;
        for used in 1..8_u8 {
            let used = [0, 1, 2].map(|term| used & 1 << term != 0);
            let Some(found) = self.solve_for(used) else { continue };
            if found.iter().any(|coefficient| !(*coefficient >= 0.0 && coefficient.is_finite())) {
                continue;
            }
            // Σ(1 - fit)² = count - Σ sum·coefficient at the optimum.
            let explained: f64 =
                found.iter().zip(self.sums).map(|(coefficient, sum)| coefficient * sum).sum();
            let left = self.count - explained;
            if best.is_none_or(|(least, _)| left < least) {
                best = Some((left, found));
            }
        }
        best.map(|(_, found)| found)
    }

    /// Gaussian elimination over the terms that are used, each scaled to a diagonal of 1.
    fn solve_for(&self, used: [bool; 3]) -> Option<[f64; 3]> {
        let mut rows = [[0.0; 4]; 3];
        for a in 0..3 {
            if !used[a] {
                rows[a][a] = 1.0;
                continue;
            }
            for b in (0..3).filter(|&b| used[b]) {
                rows[a][b] = self.products[a][b] / self.products[a][a];
            }
            rows[a][3] = self.sums[a] / self.products[a][a];
        }
        for pivot in 0..3 {
            let largest = (pivot..3).fold(pivot, |best, row| {
                if rows[row][pivot].abs() > rows[best][pivot].abs() { row } else { best }
            });
            rows.swap(pivot, largest);
            // Shapes that do not tell the terms apart: these terms together have no one solution.
            if rows[pivot][pivot].abs().partial_cmp(&1e-9) != Some(Ordering::Greater) {
                return None;
            }
            let from = rows[pivot];
            for (_, row) in rows.iter_mut().enumerate().filter(|(row, _)| *row != pivot) {
                let factor = row[pivot] / from[pivot];
                row.iter_mut().zip(from).for_each(|(value, from)| *value -= factor * from);
            }
        }
        Some([0, 1, 2].map(|term| rows[term][3] / rows[term][term]))
    }
}

/// `c0 + c1·items·tokens + c2·items·tokens²`.
pub(super) fn sum(coefficients: [f64; 3], items: usize, tokens: usize) -> f64 {
    coefficients.iter().zip(terms(items, tokens)).map(|(c, term)| c * term).sum()
}

fn terms(items: usize, tokens: usize) -> [f64; 3] {
    let (items, tokens) = (items as f64, tokens as f64);
    [1.0, items * tokens, items * tokens * tokens]
}
