//! Distances between neighbouring sentences.

use std::ops::Range;

use crate::embedder::{Embedder, Vectors};
use crate::error::ChunkError;

/// The distance at each boundary between sentences: one fewer than there are sentences.
///
/// Each sentence is embedded once. A sentence's window is the sum of the vectors of the sentences up to `buffer` away,
/// and the distance is 1 − cosine of neighbouring windows: what embedding the joined texts approximates at several times
/// the cost.
pub(super) fn between(
    text: &str,
    sentences: &[Range<usize>],
    embedder: &impl Embedder,
    buffer: usize,
) -> Result<Vec<f32>, ChunkError> {
    if sentences.len() < 2 {
        return Ok(Vec::new());
    }
    let texts: Vec<&str> = sentences.iter().map(|sentence| &text[sentence.clone()]).collect();
    let vectors = embedder.embed(&texts).map_err(ChunkError::embedder)?;
    check(&vectors, texts.len())?;
    let mut before = window(&vectors, 0, buffer);
    let mut distances = Vec::with_capacity(texts.len() - 1);
    for sentence in 1..texts.len() {
        let after = window(&vectors, sentence, buffer);
        distances.push(distance(&before, &after));
        before = after;
    }
    Ok(distances)
}

fn check(vectors: &Vectors, wanted: usize) -> Result<(), ChunkError> {
    if vectors.len() != wanted {
        return Err(ChunkError::embedder(format!("{wanted} texts gave {} vectors", vectors.len())));
    }
    match vectors.rows().position(|row| row.iter().any(|value| !value.is_finite())) {
        Some(row) => Err(ChunkError::embedder(format!("the vector of sentence {row} is not finite"))),
        None => Ok(()),
    }
}

/// Summed in f64 and always in the same order: the same vectors give the same distances on every machine.
fn window(vectors: &Vectors, sentence: usize, buffer: usize) -> Vec<f64> {
    let mut sum = vec![0.0; vectors.dim()];
    let last = sentence.saturating_add(buffer).min(vectors.len() - 1);
    for row in (sentence.saturating_sub(buffer)..=last).filter_map(|row| vectors.row(row)) {
        for (sum, &value) in sum.iter_mut().zip(row) {
            *sum += f64::from(value);
        }
    }
    sum
}

/// 1 − cosine; 0 where a vector is all zeros and has no direction.
fn distance(a: &[f64], b: &[f64]) -> f32 {
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    let norms = (dot(a, a) * dot(b, b)).sqrt();
    if norms > 0.0 { (1.0 - dot(a, b) / norms) as f32 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_of_known_vectors() {
        assert!((distance(&[1.0, 0.0], &[0.0, 2.0]) - 1.0).abs() < 1e-6);
        assert!(distance(&[1.0, 1.0], &[2.0, 2.0]).abs() < 1e-6);
        assert!(distance(&[0.0, 0.0], &[1.0, 0.0]).abs() < 1e-6);
    }
}
