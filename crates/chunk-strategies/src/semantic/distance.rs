//! Distances between neighbouring sentences.

use std::ops::Range;

use super::sums::{add, dot};
use crate::embedder::{Embedder, Vectors};
use crate::error::ChunkError;

/// One vector a sentence, each embedded once.
pub(super) fn embed(
    text: &str,
    sentences: &[Range<usize>],
    embedder: &impl Embedder,
) -> Result<Vectors, ChunkError> {
    let texts: Vec<&str> = sentences.iter().map(|sentence| &text[sentence.clone()]).collect();
    let vectors = embedder.embed(&texts).map_err(ChunkError::embedder)?;
    if vectors.len() != texts.len() {
        return Err(ChunkError::embedder(format!("{} texts gave {} vectors", texts.len(), vectors.len())));
    }
    if vectors.dim() != embedder.dim() {
        let (found, told) = (vectors.dim(), embedder.dim());
        return Err(ChunkError::embedder(format!("vectors have length {found} in place of {told}")));
    }
    let odd = vectors.rows().position(|row| row.iter().any(|value| !value.is_finite()));
    match odd {
        Some(row) => Err(ChunkError::embedder(format!("the vector of sentence {row} is not finite"))),
        None => Ok(vectors),
    }
}

/// The distance at each boundary between sentences: one fewer than there are sentences.
///
/// A sentence's window is the sum of the vectors of the sentences up to `buffer` away, and the distance is 1 − cosine of
/// neighbouring windows: what embedding the joined texts approximates at several times the cost.
pub(super) fn between(vectors: &Vectors, buffer: usize) -> Vec<f64> {
    let mut windows = NeighbourSums::new(vectors, buffer);
    let (mut before, mut after) = (vec![0.0; vectors.dim()], vec![0.0; vectors.dim()]);
    windows.next_into(&mut before);
    let mut square_before = dot(&before, &before);
    let boundary = |_| {
        windows.next_into(&mut after);
        let square = dot(&after, &after);
        let distance = distance(dot(&before, &after), square_before, square);
        square_before = square;
        std::mem::swap(&mut before, &mut after);
        distance
    };
    (1..vectors.len()).map(boundary).collect()
}

/// 1 − cosine, of the product of two vectors and the squares of each; 0 where one is all zeros and has no direction.
fn distance(product: f64, square_a: f64, square_b: f64) -> f64 {
    let norms = (square_a * square_b).sqrt();
    if norms > 0.0 { 1.0 - product / norms } else { 0.0 }
}

/// The sums of all windows, in order, at the same cost for any buffer.
///
/// Rows are taken in blocks as long as a window. A window is the end of one block, whose sums are made from its end, and
/// the start of the next, added up as windows move on. Nothing is ever subtracted, so no error builds up, and a large
/// vector leaves nothing behind.
struct NeighbourSums<'v> {
    vectors: &'v Vectors,
    buffer: usize,
    /// The sentence whose window comes next.
    next: usize,
    /// For each row of the block, the sum from there to the block's end.
    ends: Vec<f64>,
    /// The sum of the rows of the next block that the window has reached.
    start: Vec<f64>,
}

impl<'v> NeighbourSums<'v> {
    fn new(vectors: &'v Vectors, buffer: usize) -> Self {
        // A window that reaches both ends of the document from everywhere needs no more.
        let buffer = buffer.min(vectors.len().saturating_sub(1));
        let dim = vectors.dim();
        NeighbourSums {
            vectors,
            buffer,
            next: 0,
            ends: vec![0.0; (2 * buffer + 1) * dim],
            start: vec![0.0; dim],
        }
    }

    fn next_into(&mut self, window: &mut [f64]) {
        let (buffer, dim) = (self.buffer, self.vectors.dim());
        let length = 2 * buffer + 1;
        let at = self.next % length;
        // Before the document, and behind it, nothing is added.
        let row =
            |ahead: usize| (self.next + ahead).checked_sub(buffer).and_then(|row| self.vectors.row(row));
        if at == 0 {
            self.start.fill(0.0);
            // What is left there is the sum that the pass builds on.
            window.fill(0.0);
            for ahead in (0..length).rev() {
                if let Some(row) = row(ahead) {
                    add(window, row, 1.0);
                }
                self.ends[ahead * dim..(ahead + 1) * dim].copy_from_slice(window);
            }
        } else {
            if let Some(row) = row(2 * buffer) {
                add(&mut self.start, row, 1.0);
            }
            let end = &self.ends[at * dim..(at + 1) * dim];
            for ((window, end), start) in window.iter_mut().zip(end).zip(&self.start) {
                *window = end + start;
            }
        }
        self.next += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn distances_of_known_vectors() {
        let vectors = Vectors::new(2, vec![1.0, 0.0, 0.0, 2.0, 0.0, 1.0, 0.0, 0.0]).unwrap();
        let found = between(&vectors, 0);
        let expected = [1.0, 0.0, 0.0];
        assert!(
            found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-12),
            "{found:?}"
        );
    }

    fn naive(vectors: &Vectors, buffer: usize) -> Vec<f64> {
        let window = |sentence: usize| {
            let mut sum = vec![0.0; vectors.dim()];
            for row in sentence.saturating_sub(buffer)..=(sentence + buffer).min(vectors.len() - 1) {
                for (sum, value) in sum.iter_mut().zip(vectors.row(row).unwrap()) {
                    *sum += f64::from(*value);
                }
            }
            sum
        };
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let distance = |a: Vec<f64>, b: Vec<f64>| 1.0 - dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt();
        (1..vectors.len()).map(|sentence| distance(window(sentence - 1), window(sentence))).collect()
    }

    proptest! {
        #[test]
        fn windows_are_sums_of_their_rows(
            // One vector in a few is a billion times as long as the others.
            values in prop::collection::vec(prop_oneof![9 => 0.1..1.0_f32, 1 => 1e8..1e9_f32], 12..200),
            buffer in prop_oneof![0..12usize, Just(usize::MAX / 4)],
            dim in 1..12usize,
        ) {
            let rows = values.len() / dim;
            let vectors = Vectors::new(dim, values[..rows * dim].to_vec()).unwrap();
            let (found, expected) = (between(&vectors, buffer), naive(&vectors, buffer));
            prop_assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(&expected) {
                prop_assert!((found - expected).abs() < 1e-6, "{} for {}", found, expected);
            }
        }
    }
}
