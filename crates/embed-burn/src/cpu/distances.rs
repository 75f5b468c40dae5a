//! [`Distances`]: what is added to the scores of attention by how far a token is from one that it sees.

/// A bias for each distance and each head.
pub(crate) struct Distances {
    /// From here on, on either side, all distances have the same.
    reach: usize,
    /// For each head the distances from `-reach` to `reach`.
    values: Vec<f32>,
}

/// The largest reach that is tabulated: with it a head's table is half a MiB. Models have 128.
pub(crate) const MAX_REACH: usize = 1 << 16;

impl Distances {
    /// `of(head, from, to)`: the bias of a token at `from` that sees one at `to`; it is the same beyond `reach`.
    pub(crate) fn new(heads: usize, reach: usize, of: impl Fn(usize, usize, usize) -> f32) -> Self {
        // From one token to all around it.
        let head = |head: usize| (0..=2 * reach).map(move |to| (head, reach, to));
        let values = (0..heads).flat_map(head).map(|(head, from, to)| of(head, from, to)).collect();
        Distances { reach, values }
    }

    /// Of one head.
    pub(crate) fn of(&self, head: usize) -> Bias<'_> {
        let count = 2 * self.reach + 1;
        Bias { reach: self.reach, values: &self.values[head * count..][..count] }
    }
}

/// One head's [`Distances`].
#[derive(Clone, Copy)]
pub(crate) struct Bias<'a> {
    reach: usize,
    values: &'a [f32],
}

impl Bias<'_> {
    /// Adds to the scores of the token at `row` with those from `first` on.
    #[inline(always)]
    pub(crate) fn add(self, scores: &mut [f32], row: usize, first: usize) {
        let (reach, last) = (self.reach, 2 * self.reach);
        // Where the table begins and ends.
        let begin = row.saturating_sub(reach).saturating_sub(first).min(scores.len());
        let end = (row + reach + 1).saturating_sub(first).min(scores.len());
        let (near, beyond) = scores.split_at_mut(end);
        let (before, near) = near.split_at_mut(begin);
        for score in before {
            *score += self.values[0];
        }
        if !near.is_empty() {
            let values = &self.values[first + begin + reach - row..];
            near.iter_mut().zip(values).for_each(|(score, bias)| *score += bias);
        }
        for score in beyond {
            *score += self.values[last];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_distance_has_its_own_and_those_beyond_have_the_last() {
        let of = |head: usize, from: usize, to: usize| {
            let distance = to as f32 - from as f32;
            distance.clamp(-3.0, 3.0) + 100.0 * head as f32
        };
        let distances = Distances::new(2, 3, of);
        for head in 0..2 {
            for row in 0..12 {
                for first in 0..12 {
                    let mut scores = vec![1000.0; 12 - first];
                    distances.of(head).add(&mut scores, row, first);
                    let want: Vec<f32> = (first..12).map(|to| 1000.0 + of(head, row, to)).collect();
                    assert_eq!(scores, want, "head {head}, token {row}, from {first}");
                }
            }
        }
    }
}
