//! How evenly a batch is shared out among up to 64 threads, by count: this machine need not have them.

use proptest::prelude::*;

use crate::cpu::batch::{Batch, largest_group};

/// The rows of each thread, where each takes the largest group that is left whenever it has done its last, and the rows of
/// the largest group: what [`Grouped`](crate::cpu::grouped::Grouped) does, if every row takes the same time.
fn shares(lengths: &[usize], threads: usize) -> (Vec<usize>, usize) {
    let ids = vec![0; lengths.iter().copied().max().unwrap_or(0)];
    let texts: Vec<&[u32]> = lengths.iter().map(|&length| &ids[..length]).collect();
    let mut groups: Vec<usize> = Batch::new(&texts).groups(threads).iter().map(|group| group.rows).collect();
    groups.sort_unstable();
    let largest = groups.last().copied().unwrap_or(0);
    let mut done = vec![0; threads];
    while let Some(rows) = groups.pop() {
        if let Some(first) = done.iter_mut().min() {
            *first += rows;
        }
    }
    (done, largest)
}

/// Texts as a run has them: sorted, the longest first, and as many as make up so many rows.
fn mixed(rows: usize) -> Vec<usize> {
    let mut lengths = Vec::new();
    let (mut sum, mut state) = (0, 1_u64);
    while sum < rows {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // From 8 to 255 tokens, the short ones more often.
        let length = 8 + ((state >> 33) % 248 * ((state >> 48) % 248) / 248) as usize;
        lengths.push(length);
        sum += length;
    }
    lengths.sort_unstable_by_key(|&length| std::cmp::Reverse(length));
    lengths
}

#[test]
fn no_thread_of_64_or_fewer_is_idle_for_longer_than_the_largest_group_takes() {
    let extremes = [
        ("nothing but one token", vec![1; 5000]),
        ("one text", vec![256]),
        ("one long text behind many", [vec![3; 900], vec![8192]].concat()),
        ("even", vec![128; 512]),
        ("fewer texts than threads", vec![200; 7]),
        ("mixed", mixed(16_384)),
    ];
    for (what, lengths) in extremes {
        let rows: usize = lengths.iter().sum();
        let longest = lengths.iter().copied().max().unwrap_or(0);
        for threads in 1..=64 {
            let (done, largest) = shares(&lengths, threads);
            let (most, least) = (done.iter().max().unwrap(), done.iter().min().unwrap());
            assert!(most - least <= largest, "{what} on {threads} threads: {done:?}");
            assert!(largest <= largest_group(rows, longest, threads), "{what} on {threads} threads");
            assert_eq!(done.iter().sum::<usize>(), rows, "{what} on {threads} threads");
        }
    }
}

/// What a batch has to have for threads to be busy: a text or two of the usual length each are not enough to even out.
#[test]
fn a_batch_with_four_groups_a_thread_keeps_all_threads_nine_tenths_busy() {
    for threads in 1..=64 {
        let lengths = mixed(threads * 4 * 128);
        let (done, _) = shares(&lengths, threads);
        let busy = lengths.iter().sum::<usize>() as f64 / (threads * done.iter().max().unwrap()) as f64;
        assert!(busy >= 0.9, "{busy:.3} on {threads} threads");
    }
}

proptest! {
    #[test]
    fn threads_end_together_whatever_the_texts(
        lengths in prop::collection::vec(1_usize..600, 1..300),
        threads in 1_usize..=64,
    ) {
        let (done, largest) = shares(&lengths, threads);
        let (most, least) = (done.iter().max().unwrap(), done.iter().min().unwrap());
        prop_assert!(most - least <= largest);
    }
}
