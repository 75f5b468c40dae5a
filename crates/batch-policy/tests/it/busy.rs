//! The size that keeps a device busy is found, whatever the device.

use batch_policy::Busy;
use proptest::prelude::*;

/// Runs batches of the size that is asked for, or of `most` tokens where that is less.
fn run(busy: &mut Busy, batches: usize, most: usize, seconds: impl Fn(usize) -> f64) {
    for _ in 0..batches {
        let tokens = busy.tokens().min(most);
        busy.observe(tokens, seconds(tokens));
    }
}

fn speed(tokens: usize, seconds: &impl Fn(usize) -> f64) -> f64 {
    tokens as f64 / seconds(tokens)
}

proptest! {
    /// On a device whose batches cost something beside their tokens, whatever that is.
    #[test]
    fn it_settles_within_three_percent_of_twice_the_size_and_no_higher_than_needed(
        start in 0..2_000_000_usize, fixed in 1e-6..0.1_f64, each in 1e-7..1e-3_f64,
    ) {
        let seconds = |tokens: usize| fixed + tokens as f64 * each;
        let mut busy = Busy::new(start);
        run(&mut busy, 200, usize::MAX, seconds);
        let size = busy.tokens();
        prop_assert!(busy.is_settled(), "at {size}");
        if size < 1 << 20 {
            prop_assert!(speed(size, &seconds) >= 0.94 * speed(2 * size, &seconds), "{size} is slow");
        }
        if size > 256 {
            prop_assert!(speed(size / 2, &seconds) < 0.97 / each, "{size} is more than needed");
        }
    }

    #[test]
    fn no_sequence_of_batches_breaks_it(
        start: usize, batches in proptest::collection::vec((any::<usize>(), any::<f64>()), 0..300),
    ) {
        let mut busy = Busy::new(start);
        for (tokens, seconds) in batches {
            busy.observe(tokens, seconds);
            prop_assert!(busy.tokens().is_power_of_two() && (256..=1 << 20).contains(&busy.tokens()));
            prop_assert!(busy.rate().is_none_or(|rate| rate > 0.0));
        }
    }
}

#[test]
fn a_large_card_gets_large_batches_and_a_processor_small_ones() {
    let mut card = Busy::new(16384);
    run(&mut card, 200, usize::MAX, |tokens| 0.004 + tokens as f64 * 1e-6);
    assert_eq!(card.tokens(), 65536);
    let mut processor = Busy::new(4096);
    run(&mut processor, 200, usize::MAX, |tokens| 0.0005 + tokens as f64 * 1e-4);
    assert_eq!(processor.tokens(), 256);
}

#[test]
fn sizes_that_memory_does_not_allow_are_given_up() {
    let mut busy = Busy::new(4096);
    run(&mut busy, 200, 16384, |tokens| 1.0 + tokens as f64 * 1e-6);
    assert!(busy.is_settled() && busy.tokens() == 16384, "{}", busy.tokens());
}

#[test]
fn the_first_batch_of_a_size_warms_and_does_not_count() {
    let mut busy = Busy::new(1024);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..100 {
        let tokens = busy.tokens();
        let warming = if seen.insert(tokens) { 30.0 } else { 0.0 };
        busy.observe(tokens, warming + 0.001 + tokens as f64 * 1e-5);
    }
    assert_eq!(busy.tokens(), 2048);
    let rate = busy.rate().unwrap();
    assert!((rate - 2048.0 / 0.02148).abs() < 1.0, "{rate} tokens a second");
}

#[test]
fn what_was_learned_is_learned_anew_after_a_thousand_batches() {
    let mut busy = Busy::new(256);
    run(&mut busy, 100, usize::MAX, |tokens| 0.001 + tokens as f64 * 1e-5);
    let before = busy.tokens();
    run(&mut busy, 1200, usize::MAX, |tokens| 0.064 + tokens as f64 * 1e-5);
    assert!(busy.tokens() >= 16 * before, "{} after {before}", busy.tokens());
}
