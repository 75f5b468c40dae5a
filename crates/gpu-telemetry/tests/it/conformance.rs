//! The suite that every monitor passes.

use std::sync::Arc;

use gpu_telemetry::{ByteCount, MemoryMonitor, MemorySample, ScriptedMonitor, TelemetryErrorKind};

/// What holds for any monitor that can be asked at all.
pub(crate) fn check(monitor: &Arc<dyn MemoryMonitor>) {
    assert!(!monitor.name().is_empty());
    assert!(!format!("{monitor:?}").is_empty());
    consistent(&monitor.sample().unwrap());
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let monitor = Arc::clone(monitor);
            std::thread::spawn(move || (0..50).for_each(|_| consistent(&monitor.sample().unwrap())))
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

/// What holds for any monitor whose device vanishes while several threads sample it: numbers, then errors for good.
#[cfg_attr(not(all(unix, feature = "nvml")), allow(dead_code))]
pub(crate) fn check_vanishing(monitor: &Arc<dyn MemoryMonitor>) {
    consistent(&monitor.sample().unwrap());
    let sampled = |monitor: &dyn MemoryMonitor| {
        let mut gone = 0;
        // Far more often than any device of a test lasts.
        for _ in 0..2_000 {
            match monitor.sample() {
                Ok(sample) => {
                    assert_eq!(gone, 0, "a number after the device was lost: {sample:?}");
                    consistent(&sample);
                }
                Err(error) => {
                    assert_eq!(error.kind(), TelemetryErrorKind::Lost, "{error}");
                    gone += 1;
                }
            }
        }
        gone
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| sampled(monitor))).collect();
        for thread in threads {
            assert!(thread.join().unwrap() > 0, "it never vanished");
        }
    });
}

/// What holds for any sample.
pub(crate) fn consistent(sample: &MemorySample) {
    if let Some(total) = sample.total() {
        if let Some((used, free)) = sample.used().zip(sample.free()) {
            assert!(used.saturating_add(free) <= total, "{sample:?}");
        }
        for part in [sample.used(), sample.free(), sample.process_used(), sample.headroom()] {
            assert!(part.is_none_or(|part| part <= total), "{sample:?}");
        }
    }
    if let Some(usage) = sample.usage() {
        // A budget may shrink below what is used.
        let most = if sample.budget().is_some() { f64::MAX } else { 1.0 };
        assert!((0.0..=most).contains(&usage), "{sample:?}");
    }
    if let Some((headroom, free)) = sample.headroom().zip(sample.free()) {
        assert!(headroom <= free, "{sample:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_host_conforms() {
    check(&(Arc::new(gpu_telemetry::HostMonitor::new()) as Arc<dyn MemoryMonitor>));
}

#[test]
fn a_script_conforms() {
    check(&(Arc::new(ScriptedMonitor::default()) as Arc<dyn MemoryMonitor>));
    let sample = MemorySample::builder().total(ByteCount::GIB).used(ByteCount::MIB).build().unwrap();
    check(&(Arc::new(ScriptedMonitor::fixed(sample)) as Arc<dyn MemoryMonitor>));
    check(&(Arc::new(Box::new(ScriptedMonitor::fixed(sample))) as Arc<dyn MemoryMonitor>));
}

#[test]
fn a_script_is_followed_and_its_end_repeated() {
    let of = |mib: u64| MemorySample::builder().used(ByteCount::MIB.saturating_mul(mib)).build().unwrap();
    let error = "x".parse::<ByteCount>().unwrap_err();
    let monitor = ScriptedMonitor::new([Ok(of(1)), Err(error), Ok(of(3))]);
    assert_eq!(monitor.sample().unwrap(), of(1));
    assert!(monitor.sample().is_err());
    for _ in 0..3 {
        assert_eq!(monitor.sample().unwrap(), of(3));
    }
}
