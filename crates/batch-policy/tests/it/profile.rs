//! Profiles: what was learned is the same after it was kept, and what is read is checked.

use batch_policy::{
    Analytic, BestKnown, Busy, Bytes, CostModel, ModelShape, PolicyErrorKind, Profile, Replayed, Table,
};
use proptest::prelude::*;

const MINI_LM: ModelShape = ModelShape { hidden: 384, heads: 12, feed_forward: 1536, element_bytes: 4 };

fn analytic() -> Analytic {
    Analytic::new(MINI_LM).unwrap()
}

/// What a model went through: a batch, what became of it, and a number of bytes.
type Step = (usize, usize, u8, u64);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let bytes = prop_oneof![9 => 1..1_u64 << 34, 1 => any::<u64>()];
    proptest::collection::vec((0..200_usize, 0..600_usize, 0..8_u8, bytes), 0..60)
}

fn table() -> impl Strategy<Value = Table> {
    let axis = || proptest::collection::btree_set(1..300_usize, 1..6).prop_map(Vec::from_iter);
    (axis(), axis(), 0..8_u64 << 20).prop_flat_map(|(items, tokens, page)| {
        let peaks =
            proptest::collection::vec((1..1_u64 << 36).prop_map(Bytes::new), items.len() * tokens.len());
        peaks.prop_map(move |peaks| {
            Table::new(items.clone(), tokens.clone(), peaks, Bytes::new(page)).unwrap()
        })
    })
}

fn cost() -> impl Strategy<Value = BestKnown<Analytic>> {
    (steps(), proptest::option::of(table())).prop_map(|(steps, table)| {
        let mut cost = BestKnown::new(analytic());
        if let Some(table) = table {
            cost.replayed(table);
        }
        for (items, tokens, what, bytes) in steps {
            match what {
                0 => cost.surprise(items, tokens, Bytes::new(bytes)),
                1 => cost.succeeded(items, tokens),
                _ => cost.observe(items, tokens, Bytes::new(bytes)),
            }
        }
        cost
    })
}

fn busy() -> impl Strategy<Value = Busy> {
    (any::<usize>(), 0..300_usize, 1e-6..0.1_f64, 1e-9..1e-3_f64).prop_map(|(start, batches, fixed, each)| {
        let mut busy = Busy::new(start);
        for _ in 0..batches {
            let tokens = busy.tokens();
            busy.observe(tokens, fixed + tokens as f64 * each);
        }
        busy
    })
}

/// Written and read.
fn kept(profile: &Profile) -> Profile {
    let text = serde_json::to_string(profile).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn shapes() -> impl Strategy<Value = Vec<(usize, usize)>> {
    proptest::collection::vec((0..700_usize, 0..700_usize), 40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn m3_what_is_kept_predicts_the_same(busy in busy(), mut cost in cost(), shapes in shapes()) {
        let profile = Profile::of(&busy, &cost);
        let read = kept(&profile);
        prop_assert_eq!(&read, &profile);
        let (again, cost_again) = (read.busy(1), read.cost(analytic()));
        prop_assert_eq!((again.tokens(), again.is_settled(), again.rate()),
            (busy.tokens(), busy.is_settled(), busy.rate()));
        // A new run has a new pool.
        cost.renewed();
        for (items, tokens) in shapes {
            let (then, now) = (cost.peak(items, tokens), cost_again.peak(items, tokens));
            // What no device can have given is not kept.
            if then < Bytes::new(1 << 50) {
                prop_assert_eq!(now, then, "{} × {}", items, tokens);
            }
        }
    }

    #[test]
    fn m3_the_next_run_is_never_below_what_this_one_saw(steps in steps(), table in proptest::option::of(table())) {
        let mut cost = BestKnown::new(analytic());
        if let Some(table) = table {
            cost.replayed(table);
        }
        let mut seen = Vec::new();
        for (index, (items, tokens, _, bytes)) in steps.into_iter().enumerate() {
            let taken = Bytes::new(bytes.min(1 << 50));
            cost.observe(items, tokens, taken);
            seen.push((items, tokens, taken));
            if index % 7 == 6 {
                cost = kept(&Profile::of(&Busy::new(4096), &cost)).cost(analytic());
            }
            for &(items, tokens, taken) in &seen {
                prop_assert!(cost.peak(items, tokens) >= taken, "{items} × {tokens}");
            }
        }
    }

    #[test]
    fn the_best_that_is_known_never_falls_as_batches_grow(
        cost in cost(), items in 0..700_usize, tokens in 0..700_usize, more in 0..700_usize,
    ) {
        let peak = cost.peak(items, tokens);
        prop_assert!(cost.peak(items + more, tokens) >= peak && cost.peak(items, tokens + more) >= peak);
    }

    #[test]
    fn where_a_table_covers_a_batch_its_word_counts(table in table(), items in 1..300_usize, tokens in 1..300_usize) {
        let mut cost = BestKnown::new(analytic());
        cost.replayed(table.clone());
        if table.covers(items, tokens) {
            prop_assert_eq!(cost.peak(items, tokens), table.peak(items, tokens));
            prop_assert_eq!(cost.peak(items, tokens), Replayed::with_table(table, analytic()).peak(items, tokens));
        } else {
            prop_assert!(cost.peak(items, tokens) >= BestKnown::new(analytic()).peak(items, tokens));
        }
    }

    /// Two processes at once.
    #[test]
    fn m3_what_two_learned_is_below_neither(ours in cost(), theirs in cost(), shapes in shapes()) {
        let profile = |cost: &BestKnown<Analytic>| Profile::of(&Busy::new(4096), cost);
        let both = profile(&ours).merge(&profile(&theirs));
        prop_assert_eq!(&kept(&both), &both);
        let (ours, theirs) = (profile(&ours).cost(analytic()), profile(&theirs).cost(analytic()));
        let merged = both.cost(analytic());
        let covers = |cost: &BestKnown<Analytic>, items, tokens| {
            cost.table().is_some_and(|table| table.covers(items, tokens))
        };
        for (items, tokens) in shapes {
            let (a, b) = (ours.peak(items, tokens), theirs.peak(items, tokens));
            let peak = merged.peak(items, tokens);
            // The corner between two tables is a table's own guess.
            if !covers(&merged, items, tokens) {
                prop_assert!(peak >= a.min(b), "{items} × {tokens}: {peak} of {a} and {b}");
            }
            if covers(&ours, items, tokens) {
                prop_assert!(peak >= a, "{items} × {tokens}: {peak} of {a}, replayed");
            }
            if covers(&theirs, items, tokens) {
                prop_assert!(peak >= b, "{items} × {tokens}: {peak} of {b}, replayed");
            }
        }
    }

    #[test]
    fn merging_has_no_order_and_adds_nothing_to_itself(ours in cost(), theirs in cost(), a in busy(), b in busy(), shapes in shapes()) {
        let (ours, theirs) = (Profile::of(&a, &ours), Profile::of(&b, &theirs));
        let (one, other) = (ours.merge(&theirs), theirs.merge(&ours));
        prop_assert_eq!(one.busy(1), other.busy(1));
        let predicted = |profile: &Profile| {
            let cost = profile.cost(analytic());
            shapes.iter().map(|&(items, tokens)| cost.peak(items, tokens)).collect::<Vec<_>>()
        };
        prop_assert_eq!(predicted(&one), predicted(&other));
        prop_assert_eq!(predicted(&ours.merge(&ours)), predicted(&ours));
        prop_assert_eq!(ours.merge(&Profile::default()), ours);
    }

    #[test]
    fn a_merged_table_is_below_neither(ours in table(), theirs in table(), shapes in shapes()) {
        let both = ours.merge(&theirs);
        prop_assert_eq!(&ours.merge(&ours), &ours);
        for (items, tokens) in shapes {
            for table in [&ours, &theirs] {
                if table.covers(items, tokens) {
                    let (merged, alone) = (both.peak(items, tokens), table.peak(items, tokens));
                    prop_assert!(merged >= alone, "{items} × {tokens}: {merged} of {alone}");
                }
            }
        }
    }

    /// A file that something else wrote over: read or refused, but never a panic, and never a batch for nothing.
    #[test]
    fn no_change_of_a_file_makes_a_batch_cost_nothing(
        busy in busy(), cost in cost(), at in any::<prop::sample::Index>(), with in "[-0-9.eEaN\"{}\\[\\],]{0,3}", cut in 0..4_usize,
        shapes in shapes(),
    ) {
        let text = serde_json::to_string(&Profile::of(&busy, &cost)).unwrap();
        let at = at.index(text.len());
        let spoilt = format!("{}{with}{}", &text[..at], &text[(at + cut).min(text.len())..]);
        let Ok(profile) = serde_json::from_str::<Profile>(&spoilt) else { return Ok(()) };
        let (busy, cost) = (profile.busy(4096), profile.cost(analytic()));
        prop_assert!((256..=1 << 20).contains(&busy.tokens()) && busy.rate().is_none_or(f64::is_finite));
        for (items, tokens) in shapes {
            prop_assert!(cost.peak(items.max(1), tokens.max(1)) > Bytes::new(0), "{spoilt}");
        }
    }
}

/// A profile whose JSON has `with` in place of `what`.
fn spoilt(what: &str, with: &str) -> Result<Profile, serde_json::Error> {
    let mut cost = BestKnown::new(analytic());
    let peaks = [10, 20, 30, 40].map(|mib| Bytes::new(mib << 20)).to_vec();
    cost.replayed(Table::new(vec![1, 8], vec![16, 64], peaks, Bytes::new(2 << 20)).unwrap());
    for (items, tokens) in [(1, 16), (8, 64), (32, 128)] {
        cost.observe(items, tokens, Bytes::new((items * tokens) as u64 * 100_000));
    }
    let mut busy = Busy::new(4096);
    for _ in 0..50 {
        let tokens = busy.tokens();
        busy.observe(tokens, 0.25 + tokens as f64 / 65_536.0);
    }
    let text = serde_json::to_string(&Profile::of(&busy, &cost)).unwrap();
    assert!(text.contains(what), "no {what} in {text}");
    serde_json::from_str(&text.replacen(what, with, 1))
}

#[test]
fn what_no_batch_can_have_taught_is_refused_by_name() {
    assert!(spoilt("{", "{").is_ok());
    for (what, with, named) in [
        ("\"version\":1", "\"version\":2", "version"),
        ("\"version\":1", "\"version\":0", "version"),
        ("\"version\":1", "\"version\":-1", "-1"),
        ("\"margin\":\"", "\"margin\":\"-", "margin"),
        ("\"margin\":\"0", "\"margin\":\"NaN\",\"x\":\"", "margin"),
        ("\"margin\":\"0", "\"margin\":\"inf\",\"x\":\"", "margin"),
        ("\"margin\":\"0", "\"margin\":\"a lot\",\"x\":\"", "a lot"),
        ("\"correction\":\"1", "\"correction\":\"0", "correction"),
        ("\"rate\":\"", "\"rate\":\"-", "rate"),
        ("\"count\":\"", "\"count\":\"-", "fit"),
        ("\"terms\":[\"", "\"terms\":[\"-", "fit"),
        ("\"most\":[\"", "\"most\":[\"-", "fit"),
        ("\"peaks\":[10485760", "\"peaks\":[0", "table"),
        ("\"peaks\":[10485760", "\"peaks\":[-5", "-5"),
        ("\"peaks\":[10485760,20971520", "\"peaks\":[10485760,18446744073709551615", "table"),
        ("\"peaks\":[10485760,", "\"peaks\":[", "peaks"),
        ("\"items\":[1,8]", "\"items\":[8,1]", "items"),
        ("\"items\":[1,8]", "\"items\":[0,8]", "items"),
        ("\"items\":[1,8]", "\"items\":[]", "items"),
        ("\"tokens\":262144", "\"tokens\":0", "tokens"),
        ("\"tokens\":262144", "\"tokens\":262143", "tokens"),
        ("\"tokens\":262144", "\"tokens\":9223372036854775808", "tokens"),
    ] {
        let error = spoilt(what, with).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(named), "{what} as {with}: {error}");
    }
}

#[test]
fn a_grid_that_is_refused_says_so_by_kind() {
    let error = Table::new(vec![2, 1], vec![1], vec![Bytes::new(1); 2], Bytes::new(0)).unwrap_err();
    assert_eq!((error.kind(), error.field()), (PolicyErrorKind::Config, Some("items")));
}

#[test]
fn nothing_learned_is_nothing_kept() {
    let empty = Profile::default();
    assert!(empty.is_empty() && empty.table().is_none() && empty.version() == Profile::VERSION);
    assert_eq!(kept(&empty), empty);
    assert_eq!(empty.busy(8192), Busy::new(8192));
    assert_eq!(empty.cost(analytic()), BestKnown::new(analytic()));
}

#[test]
fn the_size_that_was_found_is_not_looked_for_again() {
    let mut busy = Busy::new(16_384);
    for _ in 0..100 {
        let tokens = busy.tokens();
        busy.observe(tokens, 0.004 + tokens as f64 * 1e-6);
    }
    let again = kept(&Profile::of(&busy, &BestKnown::new(analytic()))).busy(16_384);
    assert!(busy.is_settled() && again.is_settled());
    assert_eq!(again.tokens(), 65_536);
}

#[test]
fn a_table_that_is_exceeded_is_raised_and_comes_down_slowly() {
    let mut cost = BestKnown::new(analytic());
    let mib = |count: u64| Bytes::new(count << 20);
    let table = Table::new(vec![1, 16], vec![16, 128], [10, 20, 100, 200].map(mib).to_vec(), mib(2)).unwrap();
    cost.replayed(table.clone());
    cost.observe(1, 128, mib(30));
    assert!(cost.peak(16, 128) >= mib(300), "{}", cost.peak(16, 128));
    cost.surprise(16, 128, mib(600));
    assert!(cost.peak(16, 128) >= mib(599), "{}", cost.peak(16, 128));
    for _ in 0..1000 {
        cost.succeeded(1, 16);
    }
    assert_eq!(cost.peak(16, 128), mib(200));
    assert_eq!(cost.peak(1, 128), mib(30), "what was seen stays");
    // A new dry run begins anew.
    cost.surprise(16, 128, mib(600));
    cost.replayed(table);
    assert_eq!(cost.peak(16, 128), mib(200));
}
