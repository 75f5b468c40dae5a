//! [`Fit`]: three coefficients, by least squares, none below 0.

use core::cmp::Ordering;

use crate::bytes::Bytes;

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

    pub(super) fn predict(&self, items: usize, tokens: usize) -> Option<f64> {
        let coefficients = self.coefficients?;
        Some(coefficients.iter().zip(terms(items, tokens)).map(|(c, term)| c * term).sum())
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

fn terms(items: usize, tokens: usize) -> [f64; 3] {
    let (items, tokens) = (items as f64, tokens as f64);
    [1.0, items * tokens, items * tokens * tokens]
}
