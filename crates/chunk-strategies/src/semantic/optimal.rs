//! The method that finds the best of all ways to cut.

use super::DEAD_BAND;
use super::sums::{add, dot};
use crate::embedder::Vectors;

/// The cuts that maximise the sum, over all parts and all ordered pairs of different sentences within a part, of the
/// pair's cosine less the mean cosine of all pairs. No part is larger than `room`, unless one sentence is.
///
/// A sentence counts as at least 1, so that no more than `room` sentences ever make a part.
pub(super) fn cuts(vectors: &Vectors, sizes: &[usize], room: usize) -> Vec<bool> {
    let mut programme = Programme::new(vectors);
    programme.run(sizes, room);
    programme.cuts()
}

/// The dynamic programme: the best way to cut the first sentences, for ever more of them.
///
/// Holds four numbers a sentence and one vector, whatever the document and the room.
struct Programme<'v> {
    vectors: &'v Vectors,
    /// What makes each vector one of length 1; 0 for one that has no direction.
    scales: Vec<f64>,
    /// The mean cosine of all pairs.
    mean: f64,
    /// For each number of sentences, the objective of the way to cut them; minus infinity while there is none.
    best: Vec<f64>,
    /// Where the last part of that way starts.
    from: Vec<usize>,
    /// For each start, the objective of the part from there to the sentence that was last reached.
    parts: Vec<f64>,
    /// The vector of that sentence, with length 1.
    unit: Vec<f64>,
}

impl<'v> Programme<'v> {
    fn new(vectors: &'v Vectors) -> Self {
        let mut unit = vec![0.0; vectors.dim()];
        let scale = |row: &[f32]| {
            unit.fill(0.0);
            add(&mut unit, row, 1.0);
            let norm = dot(&unit, row).sqrt();
            if norm > 0.0 { norm.recip() } else { 0.0 }
        };
        let scales: Vec<f64> = vectors.rows().map(scale).collect();
        let mut sum = vec![0.0; vectors.dim()];
        vectors.rows().zip(&scales).for_each(|(row, &scale)| add(&mut sum, row, scale));
        // The sum over all pairs, without those of a sentence with itself.
        let pairs = dot(&sum, &sum) - scales.iter().filter(|&&scale| scale > 0.0).count() as f64;
        let count = vectors.len() as f64;
        let mean = pairs / (count * (count - 1.0)).max(1.0);
        let mut best = vec![f64::NEG_INFINITY; vectors.len() + 1];
        best[0] = 0.0;
        let (from, parts) = (vec![0; vectors.len() + 1], vec![0.0; vectors.len()]);
        Programme { vectors, scales, mean, best, from, parts, unit }
    }

    fn run(&mut self, sizes: &[usize], room: usize) {
        // The first sentence that may be in one part with the last reached, and the size of them all.
        let (mut first, mut size) = (0, 0_usize);
        for (last, row) in self.vectors.rows().enumerate() {
            size = size.saturating_add(sizes[last].max(1));
            while size > room && first < last {
                size = size.saturating_sub(sizes[first].max(1));
                first += 1;
            }
            self.unit.fill(0.0);
            add(&mut self.unit, row, self.scales[last]);
            self.extend_parts(first, last);
            self.choose(first, last);
        }
    }

    /// Adds sentence `last` to the parts that start at `first` and later: the pairs that it makes with those before it.
    fn extend_parts(&mut self, first: usize, last: usize) {
        let mut alike = 0.0;
        for start in (first..last).rev() {
            if let Some(row) = self.vectors.row(start) {
                alike += dot(&self.unit, row) * self.scales[start];
            }
            let pairs = (last - start) as f64;
            // Ordered pairs, so each counts twice.
            self.parts[start] += 2.0 * (alike - self.mean * pairs);
        }
    }

    /// The best way to cut the sentences up to `last`: with a part that starts at `first` or later.
    fn choose(&mut self, first: usize, last: usize) {
        let end = last + 1;
        // The longest part first, and a shorter one only if it is better by more than the dead band.
        for start in first..end {
            let objective = self.best[start] + self.parts[start];
            if objective > self.best[end] + DEAD_BAND * (end - start) as f64 {
                (self.best[end], self.from[end]) = (objective, start);
            }
        }
    }

    fn cuts(&self) -> Vec<bool> {
        let mut cuts = vec![false; self.scales.len().saturating_sub(1)];
        let mut at = self.from[self.scales.len()];
        while at > 0 {
            cuts[at - 1] = true;
            at = self.from[at];
        }
        cuts
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The objective by its definition, and whether each part is within the room.
    fn objective(units: &[Vec<f64>], sizes: &[usize], room: usize, cuts: &[bool]) -> Option<f64> {
        let cosine = |a: usize, b: usize| units[a].iter().zip(&units[b]).map(|(a, b)| a * b).sum::<f64>();
        let pairs = |part: std::ops::Range<usize>| {
            move |a: usize| part.clone().filter(move |&b| a != b).map(move |b| (a, b))
        };
        let n = units.len();
        let all: Vec<f64> = (0..n).flat_map(pairs(0..n)).map(|(a, b)| cosine(a, b)).collect();
        let mean = all.iter().sum::<f64>() / all.len().max(1) as f64;
        let mut start = 0;
        let mut total = 0.0;
        for end in 1..=n {
            if end < n && !cuts[end - 1] {
                continue;
            }
            let size: usize = sizes[start..end].iter().sum();
            if size > room && end - start > 1 {
                return None;
            }
            total += (start..end).flat_map(pairs(start..end)).map(|(a, b)| cosine(a, b) - mean).sum::<f64>();
            start = end;
        }
        Some(total)
    }

    fn units(values: &[f32], dim: usize) -> Vec<Vec<f64>> {
        let unit = |row: &[f32]| {
            let norm = row.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt();
            row.iter().map(|&value| if norm > 0.0 { f64::from(value) / norm } else { 0.0 }).collect()
        };
        values.chunks_exact(dim).map(unit).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn no_other_way_to_cut_is_better(
            values in prop::collection::vec(-1.0..1.0_f32, 30),
            sizes in prop::collection::vec(1..20usize, 10),
            room in 1..60usize,
            count in 1..=10usize,
        ) {
            let (values, sizes) = (&values[..count * 3], &sizes[..count]);
            let vectors = Vectors::new(3, values.to_vec()).unwrap();
            let units = units(values, 3);
            let found = cuts(&vectors, sizes, room);
            let reached = objective(&units, sizes, room, &found);
            prop_assert!(reached.is_some(), "a part is larger than the room: {:?}", found);
            let best = (0..1_u32 << (count - 1))
                .filter_map(|bits| {
                    let cuts: Vec<bool> = (0..count - 1).map(|at| bits >> at & 1 == 1).collect();
                    objective(&units, sizes, room, &cuts)
                })
                .fold(f64::NEG_INFINITY, f64::max);
            let allowed = 1e-5 * count as f64 + 1e-9;
            prop_assert!(reached.unwrap() >= best - allowed, "{:?} of {}: {:?}", reached, best, found);
        }
    }

    #[test]
    fn alike_sentences_stay_together() {
        // Two topics, and room for two sentences at a time.
        let topics = [[1.0, 0.1], [1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 1.0]];
        let vectors = Vectors::new(2, topics.concat()).unwrap();
        assert_eq!(cuts(&vectors, &[1; 5], 100), [false, false, true, false]);
        let narrow = cuts(&vectors, &[1; 5], 2);
        assert!(narrow[2] && !narrow[3] && (narrow[0] ^ narrow[1]), "{narrow:?}");
    }

    /// Every reward is negative or zero here; a start at 0 in place of minus infinity would make one part of it all.
    #[test]
    fn nothing_to_gain_is_no_reason_to_exceed_the_room() {
        let vectors = Vectors::new(2, [[1.0, 0.0], [-1.0, 0.0]].concat().repeat(20)).unwrap();
        assert_eq!(cuts(&vectors, &[10; 40], 10), [true; 39]);
        assert_eq!(cuts(&vectors, &[10; 40], 1), [true; 39], "a sentence larger than the room stands alone");
    }

    #[test]
    fn equal_vectors_fill_the_room() {
        let vectors = Vectors::new(2, vec![0.6; 24]).unwrap();
        let found = cuts(&vectors, &[1; 12], 4);
        let mut length = 1;
        for &cut in &found {
            length = if cut { 1 } else { length + 1 };
            assert!(length <= 4, "{found:?}");
        }
        let zeros = Vectors::new(2, vec![0.0; 24]).unwrap();
        assert_eq!(cuts(&zeros, &[0; 12], 4).len(), 11, "vectors without a direction");
        assert!(cuts(&Vectors::new(2, vec![]).unwrap(), &[], 4).is_empty());
    }

    #[test]
    fn what_is_kept_is_four_numbers_a_sentence_and_a_vector() {
        let (count, dim) = (500, 16);
        let values: Vec<f32> = (0..count * dim).map(|i| (i * 7919 % 101) as f32 - 50.0).collect();
        let vectors = Vectors::new(dim, values).unwrap();
        let mut programme = Programme::new(&vectors);
        programme.run(&vec![1; count], 100);
        let Programme { vectors: _, scales, mean: _, best, from, parts, unit } = &programme;
        let numbers = scales.capacity() + best.capacity() + from.capacity() + parts.capacity();
        assert_eq!(numbers, 4 * count + 2);
        assert_eq!(unit.capacity(), dim);
    }
}
