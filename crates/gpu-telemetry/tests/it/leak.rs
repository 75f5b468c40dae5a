//! The leak check: what is one, what is none, and what it went by.

use gpu_telemetry::{
    ByteCount, LeakCheck, LeakMeasure, MemorySample, PoolUsage, ScriptedMonitor, TelemetryErrorKind,
};
use proptest::prelude::*;

const MIB: u64 = 1 << 20;

fn process(bytes: u64) -> MemorySample {
    MemorySample::builder().process_used(ByteCount::new(bytes)).build().unwrap()
}

fn pool(in_use: u64, idle: u64) -> PoolUsage {
    PoolUsage { in_use: ByteCount::new(in_use), reserved: ByteCount::new(in_use + idle) }
}

#[test]
fn a_tenth_of_the_baseline_and_the_floor_are_tolerated_and_a_byte_more_is_not() {
    for (baseline, tolerated) in [(0, 2 * MIB), (100 * MIB, 12 * MIB), (10 * MIB, 3 * MIB)] {
        let check = LeakCheck::from_sample(process(baseline), None);
        let within = check.compare(&process(baseline + tolerated), None).unwrap();
        assert_eq!((within.is_leak(), within.leaked()), (false, ByteCount::ZERO), "{within}");
        let beyond = check.compare(&process(baseline + tolerated + 1), None).unwrap();
        assert_eq!((beyond.is_leak(), beyond.leaked().get()), (true, tolerated + 1), "{beyond}");
    }
    let strict = LeakCheck::from_sample(process(0), None).floor(ByteCount::ZERO);
    assert!(strict.compare(&process(1), None).unwrap().is_leak());
}

#[test]
fn what_the_pool_holds_idle_is_named_and_no_leak() {
    let check = LeakCheck::from_sample(process(300 * MIB), pool(200 * MIB, 0));
    let report = check.compare(&process(800 * MIB), pool(200 * MIB, 500 * MIB)).unwrap();
    assert!(!report.is_leak(), "{report}");
    assert_eq!(report.pool_idle, Some(ByteCount::new(500 * MIB)));
    assert!(report.to_string().contains("500.00 MiB idle"), "{report}");
}

#[test]
fn tensors_that_stay_in_memory_that_was_idle_are_a_leak_that_no_monitor_sees() {
    let check = LeakCheck::from_sample(process(300 * MIB), pool(0, 100 * MIB));
    let report = check.compare(&process(300 * MIB), pool(80 * MIB, 20 * MIB)).unwrap();
    assert_eq!(report.leaked(), ByteCount::new(80 * MIB), "{report}");
}

#[test]
fn it_goes_by_the_most_telling_that_is_known_on_both_sides() {
    let used = |bytes| MemorySample::builder().used(ByteCount::new(bytes)).build().unwrap();
    let both = MemorySample::builder().used(ByteCount::MIB).process_used(ByteCount::MIB).build().unwrap();
    let nothing = MemorySample::default();
    let cases = [
        (both, both, Some(LeakMeasure::ProcessUsed)),
        (both, used(MIB), Some(LeakMeasure::Used)),
        (process(MIB), used(MIB), None),
        (nothing, both, None),
    ];
    for (before, after, measure) in cases {
        let report = LeakCheck::from_sample(before, None).compare(&after, None);
        match measure {
            Some(measure) => assert_eq!(report.unwrap().measured_by, measure),
            None => assert_eq!(report.unwrap_err().kind(), TelemetryErrorKind::Absent),
        }
        // The pool's own use is always the last resort.
        let report =
            LeakCheck::from_sample(before, pool(MIB, 0)).compare(&after, pool(9 * MIB, MIB)).unwrap();
        assert_eq!(report.measured_by, measure.unwrap_or(LeakMeasure::PoolInUse));
    }
    let report =
        LeakCheck::from_sample(nothing, pool(MIB, 7 * MIB)).compare(&nothing, pool(9 * MIB, MIB)).unwrap();
    assert_eq!(report.leaked(), ByteCount::new(8 * MIB), "what is idle was never in it");
}

#[test]
fn a_pool_that_is_known_on_one_side_alone_explains_nothing() {
    let check = LeakCheck::from_sample(process(MIB), None);
    let report = check.compare(&process(50 * MIB), pool(0, 49 * MIB)).unwrap();
    assert_eq!((report.leaked().get(), report.pool_idle), (49 * MIB, Some(ByteCount::new(49 * MIB))));
}

#[test]
fn it_asks_a_monitor_when_it_begins_and_when_it_ends() {
    let lost = gpu_telemetry::TelemetryError::lost("card", "gone");
    let monitor =
        ScriptedMonitor::new([Ok(process(MIB)), Ok(process(64 * MIB)), Ok(process(MIB)), Err(lost)]);
    let check = LeakCheck::begin(&monitor, None).unwrap();
    assert_eq!(check.end(&monitor, None).unwrap().leaked().get(), 63 * MIB);
    assert!(!check.end(&monitor, None).unwrap().is_leak(), "it came back later");
    assert_eq!(check.end(&monitor, None).unwrap_err().kind(), TelemetryErrorKind::Lost);
}

#[cfg(target_os = "linux")]
#[test]
fn real_memory_that_is_kept_is_a_leak_until_it_is_given_back() {
    // Only this process's tests allocate, all of them much less.
    let monitor = gpu_telemetry::HostMonitor::new();
    let check = LeakCheck::begin(&monitor, None).unwrap();
    let kept = vec![1_u8; 256 << 20];
    let report = check.end(&monitor, None).unwrap();
    assert!(report.is_leak() && report.grown.get() > 150 * MIB, "{report}");
    drop(std::hint::black_box(kept));
    let report = check.floor(ByteCount::new(128 * MIB)).end(&monitor, None).unwrap();
    assert!(!report.is_leak(), "{report}");
}

proptest! {
    /// The same in signed numbers: what is held beside the idle part, after less before.
    #[test]
    fn it_agrees_with_signed_arithmetic(
        before in 0..1_000_u64, after in 0..1_000_u64, pool_before in (0..300_u64, 0..300_u64),
        pool_after in (0..300_u64, 0..300_u64), floor in 0..50_u64,
    ) {
        let check = LeakCheck::from_sample(process(before), pool(pool_before.0, pool_before.1))
            .floor(ByteCount::new(floor));
        let report = check.compare(&process(after), pool(pool_after.0, pool_after.1)).unwrap();
        let held = |all: u64, idle: u64| i128::from(all.saturating_sub(idle));
        let baseline = held(before, pool_before.1);
        let grown = (held(after, pool_after.1) - baseline).max(0);
        prop_assert_eq!(i128::from(report.grown.get()), grown);
        prop_assert_eq!(report.is_leak(), grown > baseline / 10 + i128::from(floor));
        prop_assert_eq!(report.leaked().get() > 0, report.is_leak());
    }

    #[test]
    fn no_growth_is_no_leak_and_more_growth_is_no_less_of_one(before in 0..1_u64 << 40, a: u32, b: u32) {
        let check = LeakCheck::from_sample(process(before), None);
        prop_assert!(!check.compare(&process(before.saturating_sub(u64::from(a))), None).unwrap().is_leak());
        let leaked = |more: u32| check.compare(&process(before + u64::from(more)), None).unwrap().leaked();
        prop_assert!(leaked(a.min(b)) <= leaked(a.max(b)));
    }

    #[test]
    fn a_pool_that_only_reserves_more_never_leaks(before in 0..1_000 * MIB, in_use in 0..500 * MIB, more in 0..1_u64 << 40) {
        let check = LeakCheck::from_sample(process(before + in_use), pool(in_use, 0));
        let report = check.compare(&process(before + in_use + more), pool(in_use, more)).unwrap();
        prop_assert_eq!(report.grown, ByteCount::ZERO);
    }
}
