//! What a question's retrieved chunks are worth.

use std::ops::Range;

use super::ranges::{common, length, union};

/// The measures of one question, each from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Score {
    /// How much of the reference was retrieved.
    pub(super) recall: f64,
    /// How much of what was retrieved is reference.
    pub(super) precision: f64,
    /// What both have in common over what either has.
    pub(super) iou: f64,
}

impl Score {
    /// `reference` and `retrieved` are ranges of the question's own document; `elsewhere` counts the characters that were
    /// retrieved from other documents. What is retrieved twice counts twice in the denominators.
    pub(super) fn new(reference: &[Range<usize>], retrieved: &[Range<usize>], elsewhere: usize) -> Self {
        let reference = union(reference.to_vec());
        let hit = common(&reference, &union(retrieved.to_vec()));
        let (wanted, got) = (length(&reference), length(retrieved) + elsewhere);
        Score { recall: share(hit, wanted), precision: share(hit, got), iou: share(hit, got + wanted - hit) }
    }
}

/// The precision of the chunks that hold a part of the reference, all of them and no others: what no search can better.
pub(super) fn precision_omega(reference: &[Range<usize>], chunks: &[Range<usize>]) -> f64 {
    let reference = union(reference.to_vec());
    let holds = |chunk: &&Range<usize>| common(&reference, std::slice::from_ref(*chunk)) > 0;
    let best: Vec<Range<usize>> = chunks.iter().filter(holds).cloned().collect();
    Score::new(&reference, &best, 0).precision
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
// Lists that hold one range are meant.
#[allow(clippy::single_range_in_vec_init)]
mod tests {
    use super::*;

    #[test]
    fn measures_are_the_ones_on_paper() {
        // 20 characters are wanted, 15 of them were retrieved, among 50 of this document and 10 of another.
        let score = Score::new(&[10..20, 40..50], &[0..20, 45..75], 10);
        assert_eq!(score, Score { recall: 15.0 / 20.0, precision: 15.0 / 60.0, iou: 15.0 / 65.0 });
    }

    #[test]
    fn what_is_retrieved_twice_counts_once_as_a_hit_and_twice_as_retrieved() {
        let score = Score::new(&[10..20], &[0..20, 10..30], 0);
        assert_eq!(score, Score { recall: 1.0, precision: 0.25, iou: 0.25 });
    }

    #[test]
    fn the_reference_itself_is_perfect_and_nothing_is_worth_nothing() {
        let perfect = Score::new(&[3..5, 8..9], &[3..5, 8..9], 0);
        assert_eq!(perfect, Score { recall: 1.0, precision: 1.0, iou: 1.0 });
        assert_eq!(Score::new(&[3..5], &[], 0), Score { recall: 0.0, precision: 0.0, iou: 0.0 });
    }

    #[test]
    fn omega_takes_every_chunk_that_holds_a_part_and_no_other() {
        let chunks = [0..10, 10..30, 30..50, 50..60];
        assert!((precision_omega(&[25..35], &chunks) - 10.0 / 40.0).abs() < 1e-12);
    }
}
