//! Cost models: their figures, and that more never costs less.

use batch_policy::{
    Analytic, Attention, BestKnown, Bytes, CostModel, Learned, ModelClass, ModelShape, Pooled, Prior,
    Replayed,
};
use proptest::prelude::*;

const MINI_LM: ModelShape = ModelShape { hidden: 384, heads: 12, feed_forward: 1536, element_bytes: 4 };

fn analytic() -> Analytic {
    Analytic::new(MINI_LM).unwrap()
}

/// A batch and its peak.
type Observation = (usize, usize, u64);

fn observations() -> impl Strategy<Value = Vec<Observation>> {
    let any = (0..200_usize, 0..600_usize, prop_oneof![9 => 0..1_u64 << 34, 1 => any::<u64>()]);
    proptest::collection::vec(any, 0..60)
}

fn learned(observations: &[Observation]) -> Learned<Analytic> {
    let mut learned = Learned::new(analytic());
    for (index, &(items, tokens, peak)) in observations.iter().enumerate() {
        match index % 7 {
            5 => learned.surprise(items, tokens, Bytes::new(peak)),
            6 => learned.succeeded(),
            _ => learned.observe(items, tokens, Bytes::new(peak)),
        }
    }
    learned
}

fn replayed() -> impl Strategy<Value = Replayed<Analytic>> {
    let axis = || proptest::collection::btree_set(1..300_usize, 1..6).prop_map(Vec::from_iter);
    (axis(), axis(), any::<u64>()).prop_flat_map(|(items, tokens, page)| {
        let peaks = proptest::collection::vec(any::<u64>().prop_map(Bytes::new), items.len() * tokens.len());
        let page = Bytes::new(page >> 30);
        peaks.prop_map(move |peaks| {
            Replayed::new(items.clone(), tokens.clone(), peaks, page, analytic()).unwrap()
        })
    })
}

fn pooled() -> Pooled<Analytic> {
    let mut pooled = Pooled::new(analytic());
    pooled.ran(16, 100);
    pooled
}

fn models() -> Vec<Box<dyn CostModel>> {
    let mut models: Vec<Box<dyn CostModel>> = vec![
        Box::new(analytic()),
        Box::new(analytic().with_attention(Attention::Streamed)),
        Box::new(pooled()),
    ];
    for class in [ModelClass::Mini, ModelClass::Base, ModelClass::Large] {
        models.push(Box::new(Prior::new(class)));
        models.push(Box::new(Prior::by_characters(class)));
    }
    models
}

fn rises(model: &dyn CostModel, items: usize, tokens: usize, more: usize) -> Result<(), TestCaseError> {
    let (peak, tensor) = (model.peak(items, tokens), model.largest_tensor(items, tokens));
    for (items, tokens) in [(items.saturating_add(more), tokens), (items, tokens.saturating_add(more))] {
        prop_assert!(
            model.peak(items, tokens) >= peak,
            "{items} × {tokens}: {} < {peak}",
            model.peak(items, tokens)
        );
        prop_assert!(model.largest_tensor(items, tokens) >= tensor);
    }
    Ok(())
}

/// Any number, and those that batches have.
fn count() -> impl Strategy<Value = usize> {
    prop_oneof![3 => 0..700_usize, 1 => any::<usize>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn more_never_costs_less(items in count(), tokens in count(), more in count()) {
        for model in models() {
            prop_assert!(model.largest_tensor(items, tokens) <= model.peak(items, tokens));
            rises(model.as_ref(), items, tokens, more)?;
        }
    }

    #[test]
    fn more_never_costs_less_than_was_learned(
        observations in observations(), items in count(), tokens in count(), more in count(),
    ) {
        rises(&learned(&observations), items, tokens, more)?;
    }

    #[test]
    fn more_never_costs_less_than_was_replayed(
        replayed in replayed(), items in count(), tokens in count(), more in count(),
    ) {
        rises(&replayed, items, tokens, more)?;
    }

    #[test]
    fn m3_what_was_learned_is_never_below_what_was_seen(observations in observations()) {
        let mut learned = Learned::new(analytic());
        let mut seen = Vec::new();
        for (items, tokens, peak) in observations {
            learned.observe(items, tokens, Bytes::new(peak));
            seen.push((items, tokens, Bytes::new(peak)));
            for &(items, tokens, peak) in &seen {
                prop_assert!(learned.peak(items, tokens) >= peak, "{items} × {tokens}");
            }
        }
    }

    /// A device whose batches take what a formula says, in whole pages.
    #[test]
    fn m3_a_fit_is_close_from_above_after_a_few_batches(
        fixed in 0..64_u64 << 20, row in 1_000..200_000_u64, pair in 0..2_000_u64,
    ) {
        let real = |items: usize, tokens: usize| {
            let rows = (items * tokens) as u64;
            (fixed + rows * row + rows * tokens as u64 * pair).next_multiple_of(2 << 20)
        };
        let mut learned = Learned::new(analytic());
        let shapes = [(1, 16), (4, 64), (32, 128), (16, 256), (64, 64), (8, 512), (128, 32), (2, 128)];
        for (items, tokens) in shapes.into_iter().cycle().take(40) {
            learned.observe(items, tokens, Bytes::new(real(items, tokens)));
        }
        for (items, tokens) in [(48, 100), (24, 200), (12, 384), (100, 40)] {
            let (real, predicted) = (real(items, tokens), learned.peak(items, tokens).get());
            let most = real as f64 * 1.10 + 2.0 * f64::from(2 << 20);
            prop_assert!(predicted >= real, "{predicted} for {real}");
            prop_assert!(predicted as f64 <= most, "{predicted} for {real}: {:?}", learned.coefficients());
        }
    }

    /// Peaks that are the largest of several sums, each a line in the items and a parabola in the tokens, in whole pages.
    #[test]
    fn m3_a_replayed_grid_bounds_what_is_between_and_beyond(
        stages in proptest::collection::vec((0..1_000_000_u64, 0..100_000_u64, 0..500_u64), 1..5),
        items in 1..200_usize, tokens in 1..700_usize,
    ) {
        let page = 1 << 16;
        let real = |items: usize, tokens: usize| {
            let rows = (items * tokens) as u64;
            let stage = |(fixed, row, pair): &(u64, u64, u64)| fixed + rows * row + rows * tokens as u64 * pair;
            stages.iter().map(stage).max().unwrap().next_multiple_of(page)
        };
        let (all_items, all_tokens) = ([1, 2, 5, 16, 64], [8, 32, 128, 256]);
        let grid = all_items.iter().flat_map(|&b| all_tokens.iter().map(move |&l| Bytes::new(real(b, l)))).collect();
        let model =
            Replayed::new(all_items.to_vec(), all_tokens.to_vec(), grid, Bytes::new(page), analytic()).unwrap();
        let predicted = model.peak(items, tokens).get();
        prop_assert!(predicted >= real(items, tokens), "{predicted} for {}", real(items, tokens));
        if all_items.contains(&items) && all_tokens.contains(&tokens) {
            prop_assert_eq!(predicted, real(items, tokens));
        }
    }
}

#[test]
fn between_shapes_a_grid_is_closer_than_the_next_shape() {
    let peaks = [100, 1000, 200, 2000].map(|peak| Bytes::new(peak << 20)).to_vec();
    let model = Replayed::new(vec![1, 11], vec![10, 110], peaks, Bytes::new(2 << 20), analytic()).unwrap();
    assert_eq!(model.peak(1, 60), Bytes::new((550 + 2) << 20));
    assert_eq!(model.peak(6, 10), Bytes::new((150 + 2) << 20));
    assert_eq!(model.peak(6, 60), Bytes::new((825 + 2) << 20));
    assert_eq!(model.peak(1, 110), Bytes::new(1000 << 20));
    assert_eq!(model.peak(22, 110), Bytes::new(4000 << 20), "two batches side by side");
    assert_eq!(model.peak(1, 111), Bytes::new(4000 << 20), "twice the tokens have four times the pairs");
    assert_eq!(model.peak(1, 3), Bytes::new(100 << 20), "no less than the first");
}

#[test]
fn grids_that_make_no_sense_are_refused() {
    let grid = |items: &[usize], tokens: &[usize], peaks: usize| {
        let peaks = vec![Bytes::new(1); peaks];
        let grid = Replayed::new(items.to_vec(), tokens.to_vec(), peaks, Bytes::new(0), analytic());
        grid.unwrap_err().field()
    };
    assert_eq!(grid(&[], &[1], 0), Some("items"));
    assert_eq!(grid(&[0, 1], &[1], 2), Some("items"));
    assert_eq!(grid(&[1, 1], &[1], 2), Some("items"));
    assert_eq!(grid(&[1, 2], &[4, 3], 4), Some("tokens"));
    assert_eq!(grid(&[1, 2], &[3, 4], 3), Some("peaks"));
}

#[test]
fn a_surprise_raises_every_prediction_and_is_forgotten_slowly() {
    let mut learned = Learned::new(analytic());
    let before = learned.peak(8, 64);
    learned.surprise(32, 128, Bytes::new(2 * analytic().peak(32, 128).get()));
    let after = learned.peak(8, 64);
    assert!(after.get() >= before.get() * 19 / 10, "{before} to {after}");
    learned.surprise(32, 128, Bytes::new(1));
    assert_eq!(learned.peak(8, 64), after, "less than was predicted is no surprise");
    for _ in 0..30 {
        learned.succeeded();
    }
    assert!(learned.peak(8, 64) > before && learned.peak(8, 64) < after);
    for _ in 0..100 {
        learned.succeeded();
    }
    assert_eq!(learned.peak(8, 64), before);
}

#[test]
fn the_margin_shrinks_with_evidence_and_grows_on_a_surprise() {
    let mut learned = Learned::new(analytic());
    let real = |items: usize, tokens: usize| Bytes::new((items * tokens * 50_000) as u64);
    let shapes = [(1, 16), (4, 64), (32, 128), (16, 256)];
    let mut margins = Vec::new();
    for (items, tokens) in shapes.into_iter().cycle().take(24) {
        learned.observe(items, tokens, real(items, tokens));
        margins.push(learned.peak(20, 100).get() as f64 / real(20, 100).get() as f64 - 1.0);
    }
    assert!(margins[4] > margins[23] && (0.015..0.05).contains(&margins[23]), "{margins:?}");
    let before = learned.peak(20, 100);
    learned.observe(32, 128, Bytes::new(real(32, 128).get() * 3 / 2));
    assert!(learned.peak(20, 100).get() > before.get() * 11 / 10, "{before}, then {}", learned.peak(20, 100));
}

#[test]
fn the_analytic_model_adds_up() {
    let model = analytic();
    let rows = 32 * 128 * (6 * 384 + 2 * 1536) * 4;
    let scores = 2 * 32 * 12 * 128 * 128 * 4;
    assert_eq!(model.peak(32, 128), Bytes::new(rows + scores));
    assert_eq!(model.largest_tensor(32, 128), Bytes::new(32 * 128 * 1536 * 4));
    assert_eq!(model.largest_tensor(1, 512), Bytes::new(12 * 512 * 512 * 4), "scores outgrow rows");
    let streamed = model.with_attention(Attention::Streamed);
    assert_eq!(streamed.peak(32, 128), Bytes::new(rows));
    assert_eq!(streamed.largest_tensor(1, 512), Bytes::new(512 * 1536 * 4));
    assert!(Analytic::new(ModelShape { heads: 0, ..MINI_LM }).is_err());
}

#[test]
fn pages_are_as_large_as_the_largest_tensor_was() {
    const MIB: u64 = 1 << 20;
    let mut pooled = Pooled::new(analytic());
    let above = |pooled: &Pooled<Analytic>| (pooled.peak(1, 16).get() - analytic().peak(1, 16).get()) / MIB;
    assert_eq!(above(&pooled), 8 + 2);
    // A tensor of 24 MiB, and one more.
    pooled.ran(32, 128);
    assert_eq!(above(&pooled), 8 + 25);
    pooled.ran(1, 16);
    assert_eq!(above(&pooled), 8 + 25, "and stay so");
}

proptest! {
    #[test]
    fn m3_what_a_pool_took_is_never_above_what_is_predicted_from_then_on(observations in observations()) {
        let mut pooled = Pooled::new(Learned::new(analytic()));
        let mut seen = Vec::new();
        for (index, (items, tokens, taken)) in observations.into_iter().enumerate() {
            if index % 5 == 4 {
                pooled.succeeded(items, tokens);
                continue;
            }
            pooled.observe(items, tokens, Bytes::new(taken));
            seen.push((items, tokens, Bytes::new(taken)));
            for &(items, tokens, taken) in &seen {
                prop_assert!(pooled.peak(items, tokens) >= taken, "{items} × {tokens}");
            }
        }
    }
}

#[test]
fn m3_what_is_learned_of_a_pool_leaves_room_for_a_page_of_the_size_that_it_has() {
    const MIB: u64 = 1 << 20;
    // Tensors of 384 MiB: pages of 385, of which each batch takes two or three.
    let taken = |pages: u64| Bytes::new((8 + pages * 385) * MIB);
    let mut pooled = Pooled::new(Learned::new(analytic()));
    for (tokens, pages) in [(256, 3), (128, 2), (64, 2), (128, 2), (256, 3), (64, 2)] {
        pooled.observe(65_536 / tokens, tokens, taken(pages));
    }
    // The next may fill another page, though nothing like it was seen yet.
    for (items, tokens) in [(300, 200), (700, 90), (900, 60)] {
        let predicted = pooled.peak(items, tokens);
        assert!(predicted >= taken(3), "{items} × {tokens}: {} MiB", predicted.get() / MIB);
    }
}

#[test]
fn a_page_of_small_tensors_tells_nothing_of_what_a_batch_takes() {
    const MIB: u64 = 1 << 20;
    let mut cost = BestKnown::new(analytic());
    let held = Bytes::new(2000 * MIB);
    let before = cost.clone();
    assert!(!cost.ran(1, 16, held, held));
    assert!(!cost.ran(1, 16, held, Bytes::new(2008 * MIB)), "2,000 MiB were held already");
    assert_eq!(cost.peak(1, 16), before.peak(1, 16));
    assert!(cost.ran(1, 16, held, Bytes::new(2200 * MIB)));
    assert!(cost.peak(1, 16) >= Bytes::new(2200 * MIB));
}

#[test]
fn a_model_that_was_never_exceeded_is_not_exceeded_by_what_is_learned() {
    let mut learned = Learned::new(analytic());
    for (items, tokens, share) in [(1, 16, 90), (8, 64, 20), (32, 128, 60), (2, 256, 30)] {
        learned.observe(items, tokens, analytic().peak(items, tokens).permille(share * 10));
    }
    for (items, tokens) in [(1, 16), (8, 64), (20, 100), (64, 512)] {
        assert!(learned.peak(items, tokens) <= analytic().peak(items, tokens), "{items} × {tokens}");
    }
}

#[test]
fn the_priors_are_the_reports() {
    assert_eq!(Prior::new(ModelClass::Mini).peak(2, 512), Bytes::new(200_000_000));
    assert_eq!(Prior::new(ModelClass::Large).peak(1, 0), Bytes::new(150_000_000));
    assert_eq!(Prior::by_characters(ModelClass::Base).peak(1, 256), Bytes::new(50_000_000));
    assert_eq!(Prior::by_characters(ModelClass::Base).peak(1, 100_000), Bytes::new(200_000_000));
}

#[test]
fn pages_that_were_made_for_a_large_batch_count_for_a_small_one() {
    use batch_policy::Table;

    let mut cost = BestKnown::new(analytic());
    let (large, small) = (cost.largest_tensor(64, 256), cost.peak(1, 16));
    cost.settled(64, 256);
    assert!(small < large && large < cost.peak(1, 16), "{small}, {large}, {}", cost.peak(1, 16));
    let told = cost.peak(64, 256);
    // A table counts before it, which is still told.
    let table = Table::new(vec![1, 64], vec![16, 256], vec![Bytes::new(1000); 4], Bytes::new(0)).unwrap();
    cost.replayed(table);
    assert_eq!((cost.peak(64, 256), cost.peak_without_table(64, 256)), (Bytes::new(1000), told));
}
