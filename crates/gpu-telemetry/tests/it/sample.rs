//! Samples that contradict themselves, and what follows from those that do not.

use gpu_telemetry::{ByteCount, Field, MemorySample, Reason, TelemetryErrorKind};
use proptest::prelude::*;

fn bytes() -> impl Strategy<Value = Option<ByteCount>> {
    proptest::option::of((0..200_u64).prop_map(ByteCount::new))
}

proptest! {
    #[test]
    fn a_sample_is_consistent_or_an_error(
        total in bytes(), used in bytes(), free in bytes(), budget in bytes(), process in bytes(),
    ) {
        let built = MemorySample::builder()
            .total(total).used(used).free(free).budget(budget).process_used(process).build();
        let sum = used.zip(free).and_then(|(used, free)| used.checked_add(free));
        let sound = total.is_none_or(|total| [used, free, sum].into_iter().flatten().all(|part| part <= total));
        prop_assert_eq!(built.is_ok(), sound);
        // What this process uses is dropped where it is more than there is, and the rest is kept.
        let process = process.filter(|process| total.is_none_or(|total| *process <= total));
        match built {
            Ok(sample) => {
                prop_assert_eq!(sample.process_used(), process);
                prop_assert_eq!(sample.budget(), budget);
                if let Some(headroom) = sample.headroom() {
                    prop_assert!(free.is_none_or(|free| headroom <= free));
                    let spent = process.or(used).unwrap_or_default();
                    prop_assert!(budget.is_none_or(|budget| headroom <= budget.saturating_sub(spent)));
                }
            }
            Err(error) => prop_assert_eq!(error.kind(), TelemetryErrorKind::Contradiction),
        }
    }

    /// The oracle compares fractions as whole numbers, limit by limit.
    #[test]
    fn usage_is_the_share_of_the_tightest_limit(
        total in bytes(), used in bytes(), free in bytes(), budget in bytes(), process in bytes(),
    ) {
        let built = MemorySample::builder()
            .total(total).used(used).free(free).budget(budget).process_used(process).build();
        let Ok(sample) = built else { return Ok(()) };
        let mut tightest: Option<(u64, u64)> = None;
        let mut limit = |part: u64, whole: u64| {
            if whole > 0 && tightest.is_none_or(|(most, of)| part * of > most * whole) {
                tightest = Some((part, whole));
            }
        };
        if let Some(total) = total.map(ByteCount::get) {
            if let Some(used) = used { limit(used.get(), total) }
            if let Some(free) = free { limit(total - free.get(), total) }
        }
        if let Some(budget) = budget.map(ByteCount::get) {
            if let Some(process) = process.filter(|process| total.is_none_or(|total| *process <= total)) {
                limit(process.get(), budget);
            } else if let Some(used) = used {
                limit(used.get(), budget);
            }
        }
        prop_assert_eq!(sample.usage(), tightest.map(|(part, whole)| part as f64 / whole as f64));
    }

    /// Who is told of no headroom is told of pressure by the same numbers.
    #[test]
    fn where_there_is_no_headroom_usage_is_whole(
        total in bytes(), used in bytes(), free in bytes(), budget in bytes(), process in bytes(),
    ) {
        let built = MemorySample::builder()
            .total(total).used(used).free(free).budget(budget).process_used(process).build();
        let Ok(sample) = built else { return Ok(()) };
        let limits = [total, budget].into_iter().flatten();
        let is_limited = total.is_some() && limits.clone().all(|limit| limit > ByteCount::ZERO);
        if is_limited && sample.headroom() == Some(ByteCount::ZERO) {
            prop_assert!(sample.usage().is_some_and(|usage| usage >= 1.0), "{sample:?}");
        }
    }
}

#[test]
fn a_budget_that_shrinks_is_usage() {
    let gib = |count| ByteCount::GIB.saturating_mul(count);
    let card = MemorySample::builder().total(gib(20)).used(gib(5)).process_used(gib(4));
    let usages = [20, 10, 5, 4, 2].map(|budget| card.budget(gib(budget)).build().unwrap().usage());
    assert_eq!(usages, [0.25, 0.4, 0.8, 1.0, 2.0].map(Some));
}

#[test]
fn what_is_neither_used_nor_free_is_used_by_somebody() {
    let gib = |count| ByteCount::GIB.saturating_mul(count);
    let card = MemorySample::builder().total(gib(20)).used(gib(5)).free(gib(10)).build().unwrap();
    assert_eq!(card.usage(), Some(0.5));
}

#[test]
fn a_contradiction_names_both_values() {
    let error = MemorySample::builder().total(ByteCount::MIB).used(ByteCount::GIB).build().unwrap_err();
    let text = error.to_string();
    assert!(text.contains("1.00 GiB") && text.contains("1.00 MiB") && text.contains("used"), "{text}");
}

#[test]
fn a_process_that_uses_more_than_there_is_loses_that_field_and_says_why() {
    let card =
        MemorySample::builder().total(ByteCount::MIB).used(ByteCount::KIB).process_used(ByteCount::GIB);
    let sample = card.build().unwrap();
    assert_eq!((sample.process_used(), sample.used()), (None, Some(ByteCount::KIB)));
    assert_eq!(sample.why(Field::ProcessUsed), Some(Reason::Contradiction));
    assert_eq!(sample.why(Field::Used), None, "what is there needs no reason");
}

#[test]
fn what_is_not_known_stays_absent() {
    let sample = MemorySample::builder().used(ByteCount::MIB).build().unwrap();
    assert_eq!((sample.total(), sample.headroom(), sample.usage()), (None, None, None));
    let nothing = MemorySample::builder().total(ByteCount::ZERO).used(ByteCount::ZERO).build().unwrap();
    assert_eq!(nothing.usage(), None, "no share of nothing");
    let budget = MemorySample::builder().budget(ByteCount::MIB).build().unwrap();
    assert_eq!(budget.usage(), None, "a budget alone does not say what of it is used");
}

#[test]
fn a_budget_counts_where_this_process_use_is_not_known() {
    let builder = MemorySample::builder().total(ByteCount::GIB).used(ByteCount::MIB);
    let budget = ByteCount::MIB.saturating_mul(4);
    let sample = builder.budget(budget).build().unwrap();
    assert_eq!(
        sample.headroom(),
        Some(ByteCount::MIB.saturating_mul(3)),
        "what everyone uses stands in for ours"
    );
    let sample = MemorySample::builder().free(ByteCount::GIB).budget(budget).build().unwrap();
    assert_eq!(sample.headroom(), Some(budget), "no more than was granted");
    let sample = MemorySample::builder().budget(budget).build().unwrap();
    assert_eq!(sample.headroom(), None, "a budget alone does not say what of it is left");
}
