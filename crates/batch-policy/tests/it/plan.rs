//! What holds for every plan.

use batch_policy::{Analytic, Budget, Bytes, CostModel, Limits, ModelShape, Plan, plan};
use proptest::prelude::*;

fn cost() -> Analytic {
    Analytic::new(ModelShape { hidden: 32, heads: 4, feed_forward: 64, element_bytes: 4 }).unwrap()
}

fn limits() -> impl Strategy<Value = Limits> {
    (1..20_usize, proptest::option::of(0..50_usize)).prop_map(|(min, more)| {
        Limits::builder().min_batch(min).max_batch(more.map(|more| min + more)).build().unwrap()
    })
}

fn budget() -> impl Strategy<Value = Budget> {
    (0..20_000_000_u64, 0..5_000_usize, proptest::option::of(0..4_000_000_u64)).prop_map(
        |(bytes, tokens, cap)| Budget {
            bytes: Bytes::new(bytes),
            tokens,
            largest_tensor: cap.map(Bytes::new),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn m1_never_over(
        lengths in proptest::collection::vec(0..600_usize, 0..200),
        budget in budget(), limits in limits(), now in proptest::option::of(0..40_usize),
    ) {
        let cost = cost();
        let planned = plan(&lengths, &budget, &cost, &limits, now);
        let mut seen: Vec<usize> = planned.batches().iter().flat_map(|batch| batch.items().to_vec()).collect();
        for oversized in planned.oversized() {
            let tokens = lengths[oversized.item].max(1);
            prop_assert!(oversized.needed > oversized.cap && budget.largest_tensor == Some(oversized.cap));
            prop_assert_eq!((oversized.tokens, oversized.needed), (tokens, cost.largest_tensor(1, tokens)));
            seen.push(oversized.item);
        }
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..lengths.len()).collect::<Vec<_>>(), "each text once");
        for batch in planned.batches() {
            let (items, tokens) = (batch.items().len(), batch.tokens());
            prop_assert_eq!(batch.items().iter().map(|&index| lengths[index]).max().unwrap().max(1), tokens);
            prop_assert!(budget.largest_tensor.is_none_or(|cap| cost.largest_tensor(items, tokens) <= cap));
            if items > 1 {
                prop_assert!(cost.peak(items, tokens) <= budget.bytes);
                prop_assert!(items * tokens <= budget.tokens || items <= limits.min_batch());
                prop_assert!(limits.max_batch().is_none_or(|max| items <= max));
                prop_assert!(now.is_none_or(|now| items <= now));
            }
        }
        let shapes: Vec<usize> = planned.batches().iter().map(batch_policy::Batch::tokens).collect();
        prop_assert!(shapes.is_sorted_by(|a, b| a >= b), "the largest first: {:?}", shapes);
        prop_assert_eq!(plan(&lengths, &budget, &cost, &limits, now), planned, "the same again");
    }

    #[test]
    fn no_batch_could_take_the_next_text(
        lengths in proptest::collection::vec(1..100_usize, 2..100), budget in budget(), limits in limits(),
    ) {
        let cost = cost();
        let planned = plan(&lengths, &budget, &cost, &limits, None);
        for pair in planned.batches().windows(2) {
            let (items, tokens) = (pair[0].items().len() + 1, pair[0].tokens());
            let over = cost.peak(items, tokens) > budget.bytes
                || budget.largest_tensor.is_some_and(|cap| cost.largest_tensor(items, tokens) > cap)
                || limits.max_batch().is_some_and(|max| items > max)
                || (items * tokens > budget.tokens && items > limits.min_batch());
            prop_assert!(over, "{} texts of {} tokens would fit", items, tokens);
        }
    }
}

#[test]
fn texts_of_any_length_are_planned_without_overflow() {
    let budget = Budget { bytes: Bytes::new(u64::MAX), tokens: usize::MAX, largest_tensor: None };
    let planned = plan(&[usize::MAX, 0, usize::MAX], &budget, &cost(), &Limits::default(), None);
    assert_eq!(planned.batches().iter().map(|batch| batch.items().len()).sum::<usize>(), 3);
}

#[test]
fn the_minimum_outweighs_tokens_and_never_bytes() {
    let tokens = Budget { bytes: Bytes::new(u64::MAX), tokens: 10, largest_tensor: None };
    let planned = plan(&[50; 8], &tokens, &cost(), &Limits::default(), None);
    assert!(planned.batches().iter().all(|batch| batch.items().len() == 4));
    let bytes = Budget { bytes: cost().peak(3, 50), tokens: usize::MAX, largest_tensor: None };
    let planned = plan(&[50; 8], &bytes, &cost(), &Limits::default(), None);
    assert_eq!(planned.batches()[0].items().len(), 3);
}

#[test]
fn a_text_over_the_largest_tensor_is_left_out_and_costs_the_others_nothing() {
    let cap = cost().largest_tensor(1, 100);
    let budget = Budget { bytes: Bytes::new(u64::MAX), tokens: usize::MAX, largest_tensor: Some(cap) };
    let planned = plan(&[20, 101, 100, 500, 3], &budget, &cost(), &Limits::default(), None);
    let left_out: Vec<usize> = planned.oversized().iter().map(|text| text.item).collect();
    assert_eq!(left_out, [3, 1]);
    let without = plan(&[20, 100, 3], &budget, &cost(), &Limits::default(), None);
    let shapes = |planned: &Plan| {
        planned.batches().iter().map(|batch| (batch.items().len(), batch.tokens())).collect::<Vec<_>>()
    };
    assert_eq!(shapes(&planned), shapes(&without));
}

#[test]
fn nothing_makes_no_batch() {
    let budget = Budget { bytes: Bytes::new(0), tokens: 0, largest_tensor: None };
    assert!(plan(&[], &budget, &cost(), &Limits::default(), None).into_batches().is_empty());
}
