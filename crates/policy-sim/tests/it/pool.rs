//! The simulated pool, beside what a real one took.

use batch_policy::{Analytic, CostModel, ModelShape, Pooled};
use policy_sim::scenario::{Class, Model};
use policy_sim::{Forward, Pool, Refused};
use proptest::prelude::*;

const MIB: u64 = 1 << 20;

/// The model of the table in docs/memory.md.
fn tiny() -> Model {
    Model {
        name: "tiny".to_owned(),
        class: Class::Mini,
        hidden: 32,
        heads: 4,
        feed_forward: 64,
        layers: 2,
        element_bytes: 4,
        weights_mib: 1,
        max_tokens: 512,
    }
}

fn taken(pool: &mut Pool, model: &Model, items: usize, tokens: usize) -> u64 {
    pool.clean();
    Forward::new(model, items, tokens).run(pool, |_, _, _| true).unwrap();
    pool.reserved()
}

/// What the pool took on lavapipe, in MB, from small to large and each time on a cleaned pool: the table of docs/memory.md,
/// whose figures are rounded to a tenth and have up to 0.2 MB of staging with them.
const LAVAPIPE: [(usize, usize, f64); 9] = [
    (1, 16, 8.6),
    (1, 128, 10.7),
    (8, 64, 10.6),
    (16, 128, 21.0),
    (8, 256, 32.5),
    (1, 512, 17.8),
    (64, 64, 17.8),
    (4, 512, 53.4),
    (64, 128, 44.0),
];

#[test]
fn it_takes_what_a_real_pool_took() {
    let (model, mut pool) = (tiny(), Pool::new(64, 128 * MIB));
    for (items, tokens, megabytes) in LAVAPIPE {
        let simulated = taken(&mut pool, &model, items, tokens) as f64 / 1e6;
        let off = megabytes - simulated;
        assert!((-0.1..0.3).contains(&off), "{items} × {tokens}: {simulated:.1} MB, really {megabytes}");
    }
}

#[test]
fn pages_grow_with_the_largest_tensor_and_stay() {
    let mut pool = Pool::new(256, 64 * MIB);
    let place = pool.reserve(5 * MIB, |page, held| page == 6 * MIB && held == 0).unwrap();
    assert_eq!((pool.page(), pool.reserved()), (6 * MIB, 6 * MIB));
    // A larger one outdates them: the old page stays as long as something is in it.
    let large = pool.reserve(20 * MIB, |_, _| true).unwrap();
    assert_eq!((pool.page(), pool.reserved()), (21 * MIB, 27 * MIB));
    pool.free(place);
    pool.free(large);
    let again = pool.reserve(MIB, |_, _| false).unwrap();
    assert_eq!(pool.reserved(), 21 * MIB, "what is outdated and empty goes on the way to the next");
    pool.free(again);
    pool.clean();
    assert_eq!((pool.page(), pool.reserved()), (21 * MIB, 0), "the size stays");
    assert_eq!(pool.reserve(65 * MIB, |_, _| true), Err(Refused::TooLarge { bytes: 65 * MIB }));
    assert_eq!(pool.reserve(MIB, |_, _| false), Err(Refused::OutOfMemory { page: 21 * MIB }));
    assert_eq!(pool.page(), 21 * MIB);
}

#[test]
fn a_page_that_is_refused_leaves_the_size_as_it_was() {
    let mut pool = Pool::new(256, 64 * MIB);
    assert_eq!(pool.reserve(20 * MIB, |_, _| false), Err(Refused::OutOfMemory { page: 21 * MIB }));
    assert_eq!(pool.page(), 2 * MIB);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// The dimensions' formula in whole pages, on a pool that is new, for models of the shapes that there are.
    #[test]
    fn m3_the_formula_is_never_below_a_new_pool(
        width in prop_oneof![Just(32_usize), Just(64)], heads in 1..25_usize, wider in 2..5_usize,
        items in 1..300_usize, tokens in 1..513_usize,
    ) {
        let hidden = width * heads;
        let model = Model { hidden, heads, feed_forward: wider * hidden, ..tiny() };
        let mut pool = Pool::new(256, 64 << 30);
        let taken = taken(&mut pool, &model, items, tokens);
        let shape = ModelShape { hidden, heads, feed_forward: model.feed_forward, element_bytes: 4 };
        let formula = Pooled::new(Analytic::new(shape).unwrap());
        let predicted = formula.peak(items, tokens).get();
        prop_assert!(predicted >= taken, "{predicted} for {taken}");
        let largest = Forward::new(&model, items, tokens).largest();
        prop_assert!(formula.largest_tensor(items, tokens).get() >= largest);
    }

    /// Whatever is made and dropped in whatever order: no two tensors overlap, and all comes back.
    #[test]
    fn nothing_overlaps_and_nothing_is_lost(
        steps in proptest::collection::vec((any::<bool>(), 1..40_000_000_u64, any::<prop::sample::Index>()), 1..80),
    ) {
        let mut pool = Pool::new(256, 64 * MIB);
        let mut live = Vec::new();
        for (make, bytes, which) in steps {
            if make || live.is_empty() {
                let place = pool.reserve(bytes, |_, _| true).unwrap();
                prop_assert!(!live.iter().any(|other| place.overlaps(other)), "{place:?} in {live:?}");
                live.push(place);
            } else {
                pool.free(live.swap_remove(which.index(live.len())));
            }
            let held: u64 = live.iter().map(policy_sim::Place::bytes).sum();
            prop_assert!(pool.reserved() >= held);
        }
        for place in live {
            pool.free(place);
        }
        pool.clean();
        prop_assert_eq!(pool.reserved(), 0);
    }

    /// A pool that holds more than a batch needs takes nothing more for it, so that the device need not be asked.
    #[test]
    fn what_a_batch_needs_does_not_depend_on_what_is_held_beside(
        before in (1..40_usize, 1..200_usize), batch in (1..40_usize, 1..200_usize),
    ) {
        let model = tiny();
        let mut pool = Pool::new(64, 128 * MIB);
        pool.settle(40 * MIB);
        let alone = taken(&mut pool.clone(), &model, batch.0, batch.1);
        let held = taken(&mut pool, &model, before.0, before.1);
        Forward::new(&model, batch.0, batch.1).run(&mut pool, |_, _, _| true).unwrap();
        prop_assert_eq!(pool.reserved(), alone.max(held));
    }
}
