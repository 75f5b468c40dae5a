//! [`partition`]: where to cut texts that are sorted by length.

use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;

/// Cuts texts, longest first, into batches of neighbours with the least cost in all, and returns where each ends.
///
/// A batch of the texts `i..j` costs `fixed`, and `(j - i) × lengths[i]` where it is padded. It may end at no more than
/// `reach(i)`, which is above `i` and does not fall as `i` grows.
///
/// No other batches than those of neighbours need to be looked at: where two batches are interleaved, swapping texts until
/// they are not makes neither longer nor larger. The best cut before `j` does not move back as `j` grows, since for
/// `i < k` and `j < m` the batches `i..j` and `k..m` together cost no more than `i..m` and `k..j` (one that reaches too far
/// counts as infinite, and if one of the first two does, `i..m` does). So each start is the best for one run of ends, and
/// a queue of these runs, each new start's found by bisection, gives the optimum in `n log n`.
pub(super) fn partition(
    lengths: &[usize],
    padded: bool,
    fixed: usize,
    reach: impl FnMut(usize) -> usize,
) -> Vec<usize> {
    let texts = lengths.len();
    let reach: Vec<usize> = (0..texts).map(reach).collect();
    // The least cost of the texts before each place, and where the last batch of those begins.
    let mut least = vec![0_u64; texts + 1];
    let mut begins = vec![0; texts + 1];
    let through = |least: &[u64], i: usize, j: usize| {
        let rows = if padded { ((j - i) as u64).saturating_mul(lengths[i] as u64) } else { 0 };
        let cost = least[i].saturating_add(rows).saturating_add(fixed as u64);
        if j <= reach[i] { cost } else { u64::MAX }
    };
    // Starts, each with the first end for which it is the best.
    let mut best: VecDeque<(usize, usize)> = VecDeque::new();
    for i in 0..texts {
        let better = |other: usize, end: usize| through(&least, i, end) <= through(&least, other, end);
        while let Some(&(other, first)) = best.back()
            && first > i
            && better(other, first)
        {
            best.pop_back();
        }
        match best.back() {
            None => best.push_back((i, i + 1)),
            Some(&(other, first)) => {
                let (mut worse, mut from) = (first.max(i), texts + 1);
                while from - worse > 1 {
                    let middle = worse + (from - worse) / 2;
                    if better(other, middle) { from = middle } else { worse = middle }
                }
                if from <= texts {
                    best.push_back((i, from));
                }
            }
        }
        while best.get(1).is_some_and(|&(_, first)| first <= i + 1) {
            best.pop_front();
        }
        // A start is always there: `i` itself reaches `i + 1`.
        let start = best.front().map_or(i, |&(start, _)| start);
        least[i + 1] = through(&least, start, i + 1);
        begins[i + 1] = start;
    }
    let mut ends = Vec::new();
    let mut end = texts;
    while end > 0 {
        ends.push(end);
        end = begins[end];
    }
    ends.reverse();
    ends
}
