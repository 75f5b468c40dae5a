//! Samples that contradict themselves, and what follows from those that do not.

use gpu_telemetry::{ByteCount, MemorySample, TelemetryErrorKind};
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
        let sound = total.is_none_or(|total| [used, free, process, sum].into_iter().flatten().all(|part| part <= total));
        prop_assert_eq!(built.is_ok(), sound);
        match built {
            Ok(sample) => {
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
}

#[test]
fn a_contradiction_names_both_values() {
    let error = MemorySample::builder().total(ByteCount::MIB).used(ByteCount::GIB).build().unwrap_err();
    let text = error.to_string();
    assert!(text.contains("1.00 GiB") && text.contains("1.00 MiB") && text.contains("used"), "{text}");
}

#[test]
fn what_is_not_known_stays_absent() {
    let sample = MemorySample::builder().used(ByteCount::MIB).build().unwrap();
    assert_eq!((sample.total(), sample.headroom(), sample.usage()), (None, None, None));
    let nothing = MemorySample::builder().total(ByteCount::ZERO).used(ByteCount::ZERO).build().unwrap();
    assert_eq!(nothing.usage(), None, "no share of nothing");
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
