//! What holds for every plan.

use batch_policy::{
    Allowance, Analytic, Budget, Bytes, CostModel, Limits, ModelShape, Padding, Plan, Queue, plan,
};
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
    let allowed = (0..20_000_000_u64, 0..3_usize, 0..2_000_000_u64).prop_map(|(bytes, few, more)| {
        Allowance { bytes: Bytes::new(bytes), few, few_bytes: Bytes::new(bytes + more) }
    });
    (allowed, 0..5_000_usize, proptest::option::of(0..4_000_000_u64))
        .prop_map(|(allowed, tokens, cap)| Budget { allowed, tokens, largest_tensor: cap.map(Bytes::new) })
}

fn padding() -> impl Strategy<Value = Padding> {
    prop_oneof![Just(Padding::None), Just(Padding::Longest), Just(Padding::Bucketed { longest: 600 })]
}

fn bytes(bytes: u64) -> Budget {
    Budget { allowed: Allowance::of(Bytes::new(bytes)), tokens: usize::MAX, largest_tensor: None }
}

/// Whether a batch of more than one text keeps to its bounds, as `plan` states them.
fn keeps(items: usize, tokens: usize, budget: &Budget, limits: &Limits) -> bool {
    let cost = cost();
    budget.largest_tensor.is_none_or(|cap| cost.largest_tensor(items, tokens) <= cap)
        && budget.allowed.allows(items, cost.peak(items, tokens))
        && (items.saturating_mul(tokens) <= budget.tokens || items <= limits.min_batch())
        && limits.max_batch().is_none_or(|max| items <= max)
}

fn seen(planned: &Plan) -> Vec<usize> {
    let mut seen: Vec<usize> = planned.batches().iter().flat_map(|batch| batch.items().to_vec()).collect();
    seen.extend(planned.oversized().iter().map(|text| text.item));
    seen.sort_unstable();
    seen
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn m1_never_over(
        lengths in proptest::collection::vec(0..600_usize, 0..200),
        padding in padding(), budget in budget(), limits in limits(),
    ) {
        let cost = cost();
        let planned = plan(&lengths, padding, &budget, &cost, &limits);
        prop_assert_eq!(seen(&planned), (0..lengths.len()).collect::<Vec<_>>(), "each text once");
        for oversized in planned.oversized() {
            prop_assert!(oversized.needed > oversized.cap && budget.largest_tensor == Some(oversized.cap));
            prop_assert_eq!(oversized.needed, cost.largest_tensor(1, oversized.tokens));
            prop_assert!(oversized.tokens >= lengths[oversized.item].max(1));
        }
        for batch in planned.batches() {
            let (items, tokens) = (batch.items().len(), batch.tokens());
            let longest = batch.items().iter().map(|&index| lengths[index]).max().unwrap().max(1);
            let most = if padding == (Padding::Bucketed { longest: 600 }) { longest + longest / 16 } else { longest };
            prop_assert!((longest..=most).contains(&tokens));
            prop_assert!(budget.largest_tensor.is_none_or(|cap| cost.largest_tensor(items, tokens) <= cap));
            prop_assert!(items == 1 || keeps(items, tokens, &budget, &limits));
        }
        let shapes: Vec<usize> = planned.batches().iter().map(batch_policy::Batch::tokens).collect();
        prop_assert!(shapes.is_sorted_by(|a, b| a >= b), "the largest first: {:?}", shapes);
        prop_assert_eq!(plan(&lengths, padding, &budget, &cost, &limits), planned, "the same again");
    }

    /// Beside a solver that tries every way to share texts out, neighbours or not.
    #[test]
    fn no_way_to_share_texts_out_costs_less(
        lengths in proptest::collection::vec(1..100_usize, 1..8),
        padding in prop_oneof![Just(Padding::None), Just(Padding::Longest)],
        budget in budget(), limits in limits(),
    ) {
        let budget = Budget { largest_tensor: None, ..budget };
        let fixed = budget.batch_tokens().max(1);
        let price = |items: usize, tokens: usize| fixed + if padding == Padding::None { 0 } else { items * tokens };
        let planned = plan(&lengths, padding, &budget, &cost(), &limits);
        let ours: usize = planned.batches().iter().map(|batch| price(batch.items().len(), batch.tokens())).sum();
        let mut least = usize::MAX;
        // Each text joins one of the batches before it, or begins the next.
        let mut ways = vec![Vec::<(usize, usize)>::new()];
        for &tokens in &lengths {
            let mut more = Vec::new();
            for way in &ways {
                for batch in 0..=way.len() {
                    let mut way = way.clone();
                    match way.get_mut(batch) {
                        Some((items, longest)) => (*items, *longest) = (*items + 1, tokens.max(*longest)),
                        None => way.push((1, tokens)),
                    }
                    more.push(way);
                }
            }
            ways = more;
        }
        for way in ways {
            if way.iter().all(|&(items, tokens)| items == 1 || keeps(items, tokens, &budget, &limits)) {
                least = least.min(way.iter().map(|&(items, tokens)| price(items, tokens)).sum());
            }
        }
        prop_assert_eq!(ours, least);
    }

    /// Whatever the budget does between batches, each keeps to its own and no text is lost.
    #[test]
    fn m1_each_batch_is_cut_to_its_moment(
        lengths in proptest::collection::vec(1..600_usize, 0..100), padding in padding(), limits in limits(),
        budgets in proptest::collection::vec((budget(), any::<bool>()), 1..100),
    ) {
        let cap = budgets[0].0.largest_tensor;
        let mut moments = budgets.iter().cycle().map(|(budget, runs)| (Budget { largest_tensor: cap, ..*budget }, *runs));
        let mut queue = Queue::new(&lengths, padding);
        let mut done: Vec<usize> =
            queue.take_oversized(&moments.next().unwrap().0, &cost()).iter().map(|text| text.item).collect();
        let mut failures = 0;
        loop {
            let waiting = queue.len();
            let (budget, runs) = moments.next().unwrap();
            let Some(batch) = queue.next(&budget, &cost(), &limits) else { break };
            let (items, tokens) = (batch.items().len(), batch.tokens());
            prop_assert!(items == 1 || keeps(items, tokens, &budget, &limits), "{} × {}", items, tokens);
            if runs || failures > 50 {
                done.extend(batch.items());
                prop_assert_eq!(queue.len(), waiting - items);
            } else {
                failures += 1;
                queue.put_back(&batch);
                prop_assert_eq!(queue.len(), waiting);
            }
        }
        prop_assert!(queue.is_empty());
        done.sort_unstable();
        prop_assert_eq!(done, (0..lengths.len()).collect::<Vec<_>>());
    }

    #[test]
    fn bucketing_loses_less_than_a_sixteenth_and_makes_few_lengths(tokens in 1..100_000_usize) {
        let budget = bytes(u64::MAX);
        let padding = Padding::Bucketed { longest: usize::MAX };
        let bucket = |tokens| plan(&[tokens], padding, &budget, &cost(), &Limits::default()).batches()[0].tokens();
        prop_assert!((tokens..=tokens + tokens / 16).contains(&bucket(tokens)), "{}", bucket(tokens));
        prop_assert_eq!(bucket(bucket(tokens)), bucket(tokens));
        prop_assert!(bucket(tokens) <= bucket(tokens + 1));
    }
}

#[test]
fn up_to_512_tokens_there_are_less_than_a_hundred_lengths() {
    let all: Vec<usize> = (1..=512).collect();
    let one = Limits::builder().min_batch(1).max_batch(1).build().unwrap();
    let planned = plan(&all, Padding::Bucketed { longest: 512 }, &bytes(u64::MAX), &cost(), &one);
    let mut lengths: Vec<usize> = planned.batches().iter().map(batch_policy::Batch::tokens).collect();
    lengths.dedup();
    assert!(lengths.len() < 100, "{} lengths", lengths.len());
    assert_eq!(lengths[0], 512);
}

#[test]
fn a_bucket_is_never_longer_than_the_model_reads() {
    let planned =
        plan(&[349], Padding::Bucketed { longest: 350 }, &bytes(u64::MAX), &cost(), &Limits::default());
    assert_eq!(planned.batches()[0].tokens(), 350);
}

#[test]
fn texts_of_any_length_are_planned_without_overflow() {
    for padding in [Padding::None, Padding::Longest, Padding::Bucketed { longest: 512 }] {
        let planned =
            plan(&[usize::MAX, 0, usize::MAX], padding, &bytes(u64::MAX), &cost(), &Limits::default());
        assert_eq!(seen(&planned), [0, 1, 2]);
    }
}

#[test]
fn the_minimum_outweighs_tokens_and_never_bytes() {
    let tokens = Budget { tokens: 10, ..bytes(u64::MAX) };
    let planned = plan(&[50; 8], Padding::Longest, &tokens, &cost(), &Limits::default());
    assert!(planned.batches().iter().all(|batch| batch.items().len() == 4));
    let few = bytes(cost().peak(3, 50).get());
    let planned = plan(&[50; 8], Padding::Longest, &few, &cost(), &Limits::default());
    assert_eq!(planned.batches()[0].items().len(), 3);
}

#[test]
fn a_text_over_the_largest_tensor_is_left_out_and_costs_the_others_nothing() {
    let cap = cost().largest_tensor(1, 100);
    let budget = Budget { largest_tensor: Some(cap), ..bytes(u64::MAX) };
    let planned = plan(&[20, 101, 100, 500, 3], Padding::Longest, &budget, &cost(), &Limits::default());
    let left_out: Vec<usize> = planned.oversized().iter().map(|text| text.item).collect();
    assert_eq!(left_out, [3, 1]);
    let without = plan(&[20, 100, 3], Padding::Longest, &budget, &cost(), &Limits::default());
    let shapes = |planned: &Plan| {
        planned.batches().iter().map(|batch| (batch.items().len(), batch.tokens())).collect::<Vec<_>>()
    };
    assert_eq!(shapes(&planned), shapes(&without));
}

#[test]
fn one_long_text_does_not_pad_the_short_ones() {
    let mut lengths = vec![10; 50];
    lengths.push(500);
    let budget = Budget { tokens: 25_600, ..bytes(u64::MAX) };
    let planned = plan(&lengths, Padding::Longest, &budget, &cost(), &Limits::default());
    let shapes: Vec<(usize, usize)> =
        planned.batches().iter().map(|batch| (batch.items().len(), batch.tokens())).collect();
    assert_eq!(shapes, [(1, 500), (50, 10)]);
}

#[test]
fn a_plan_is_kept_while_it_fits_and_made_anew_when_there_is_much_more() {
    let mut queue = Queue::new(&[10; 100], Padding::Longest);
    let items = |queue: &mut Queue, count| {
        let budget = bytes(cost().peak(count, 10).get());
        queue.next(&budget, &cost(), &Limits::default()).unwrap().items().len()
    };
    assert_eq!(items(&mut queue, 10), 10);
    assert_eq!(items(&mut queue, 13), 10, "a little more is not worth a plan");
    assert_eq!(items(&mut queue, 8), 8, "less is kept to");
    assert_eq!(items(&mut queue, 30), 30);
}

/// Counts how often it is asked.
struct Counted(Analytic, std::cell::Cell<usize>);

impl CostModel for Counted {
    fn peak(&self, items: usize, tokens: usize) -> Bytes {
        self.1.set(self.1.get() + 1);
        self.0.peak(items, tokens)
    }

    fn largest_tensor(&self, items: usize, tokens: usize) -> Bytes {
        self.0.largest_tensor(items, tokens)
    }
}

#[test]
fn planning_asks_for_costs_no_more_than_n_log_n_times() {
    let limits = Limits::default();
    for texts in [1_000_usize, 10_000, 100_000] {
        for spread in [1, 7, 500] {
            let lengths: Vec<usize> = (0..texts).map(|text| 1 + text * 7919 % spread).collect();
            for bound in [1_u64 << 22, 1 << 28, u64::MAX] {
                let cost = Counted(cost(), std::cell::Cell::default());
                plan(&lengths, Padding::Longest, &bytes(bound), &cost, &limits);
                let most = texts * (texts.ilog2() as usize + 4) * 2;
                let asked = cost.1.get();
                assert!(
                    asked <= most,
                    "{asked} times for {texts} texts of {spread} lengths in {bound} bytes"
                );
            }
        }
    }
}

#[test]
fn nothing_makes_no_batch() {
    assert!(plan(&[], Padding::Longest, &bytes(0), &cost(), &Limits::default()).into_batches().is_empty());
}
