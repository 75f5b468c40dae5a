//! Half-open ranges of characters, as sets.

use std::ops::Range;

/// The same characters as sorted ranges that do not touch.
pub(super) fn union(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| range.start);
    let mut union: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match union.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => union.push(range),
        }
    }
    union
}

/// How many characters ranges have in sum: one that is in two of them counts twice.
pub(super) fn length(ranges: &[Range<usize>]) -> usize {
    ranges.iter().map(Range::len).sum()
}

/// How many characters two unions share.
pub(super) fn common(a: &[Range<usize>], b: &[Range<usize>]) -> usize {
    let (mut i, mut j, mut sum) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        sum += x.end.min(y.end).saturating_sub(x.start.max(y.start));
        if x.end <= y.end { i += 1 } else { j += 1 }
    }
    sum
}

#[cfg(test)]
// Lists that hold one range are meant.
#[allow(clippy::single_range_in_vec_init)]
mod tests {
    use super::super::rng::Rng;
    use super::*;

    #[test]
    fn a_union_joins_what_overlaps_or_touches() {
        assert_eq!(union(vec![5..8, 0..2, 2..3, 6..10, 4..4]), [0..3, 5..10]);
        assert_eq!(length(&[0..3, 2..5]), 6);
    }

    #[test]
    fn common_is_what_a_set_of_characters_says() {
        let mut rng = Rng::new(7);
        for _ in 0..200 {
            let mut some = || {
                let ranges = (0..rng.below(5)).map(|_| {
                    let start = rng.below(30);
                    start..start + rng.below(10)
                });
                union(ranges.collect())
            };
            let (a, b) = (some(), some());
            let holds = |ranges: &[Range<usize>], at: usize| ranges.iter().any(|range| range.contains(&at));
            let naive = (0..50).filter(|at| holds(&a, *at) && holds(&b, *at)).count();
            assert_eq!(common(&a, &b), naive, "{a:?} and {b:?}");
        }
    }
}
