//! The sampler: what it promises whatever the interval, the monitor and the receiver do.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use gpu_telemetry::export::{json_line, prometheus};
use gpu_telemetry::{
    ByteCount, Level, MemoryMonitor, MemorySample, Sampler, ScriptedMonitor, TelemetryError,
    TelemetryErrorKind, Watermarks,
};

const HOUR: Duration = Duration::from_hours(1);

/// A device of 100 MiB of which so many are used, all of them by this process.
fn used(mib: u64) -> MemorySample {
    let used = ByteCount::MIB.saturating_mul(mib);
    let total = ByteCount::MIB.saturating_mul(100);
    MemorySample::builder().total(total).used(used).process_used(used).build().unwrap()
}

/// A value that is known.
#[allow(clippy::unnecessary_wraps)]
fn mib(count: u64) -> Option<ByteCount> {
    Some(ByteCount::MIB.saturating_mul(count))
}

/// A sampler that has asked once and will not again for an hour.
fn still(script: impl IntoIterator<Item = u64>) -> Sampler {
    let script = ScriptedMonitor::new(script.into_iter().map(|mib| Ok(used(mib))));
    let sampler = Sampler::builder(script).interval(HOUR).start().unwrap();
    until(|| sampler.counts() == (1, 0));
    sampler
}

/// Waits for what another thread will do. Who waits for what never comes fails after a minute.
fn until(mut is_so: impl FnMut() -> bool) {
    let patience = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < patience, "it did not come");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn work_has_a_sample_at_its_beginning_and_its_end_whatever_the_interval() {
    let sampler = still([90, 10, 30, 50]);
    let mark = sampler.mark();
    assert_eq!(mark.peak().used, mib(10), "what was before the work does not count");
    let report = mark.end();
    assert_eq!((report.before.as_ref().unwrap(), report.after.as_ref().unwrap()), (&used(10), &used(30)));
    assert_eq!((report.samples, report.failures), (2, 0));
    assert_eq!((report.peak.used, report.rise().process_used), (mib(30), mib(20)));
    assert_eq!(sampler.peak().used, mib(90), "but for the sampler it does");
    assert_eq!(sampler.latest().unwrap().outcome.unwrap(), used(30));
    let exported = sampler.device_reading().unwrap();
    assert_eq!((exported.device.as_str(), exported.outcome.unwrap()), ("scripted", used(30)));
}

#[test]
fn a_peak_in_the_middle_of_the_work_is_the_works() {
    let sampler = still([1, 10, 70, 20, 5]);
    let outer = sampler.mark();
    sampler.sample_now().unwrap();
    let inner = sampler.mark();
    assert_eq!(inner.end().peak.used, mib(20));
    assert_eq!(outer.end().peak.used, mib(70));
}

#[test]
fn the_peak_holds_what_is_forgotten_until_it_is_reset() {
    let script = ScriptedMonitor::new([90, 10, 20, 15].map(|mib| Ok(used(mib))));
    let sampler = Sampler::builder(script).interval(HOUR).remember(2).start().unwrap();
    until(|| sampler.counts() == (1, 0));
    (0..2).for_each(|_| drop(sampler.sample_now()));
    assert_eq!(sampler.last(HOUR).used().unwrap().max(), ByteCount::MIB.saturating_mul(20));
    assert_eq!(sampler.peak().used, mib(90));
    sampler.reset_peak();
    assert_eq!(sampler.peak().used, None);
    sampler.sample_now().unwrap();
    assert_eq!(sampler.peak().used, mib(15));
}

#[test]
fn a_window_knows_the_spread_of_its_time_alone() {
    let sampler = still([50, 10, 20, 40]);
    let from = Instant::now();
    (0..3).for_each(|_| drop(sampler.sample_now()));
    let window = sampler.between(from, Instant::now());
    let spread = window.used().unwrap();
    assert_eq!((spread.count(), Some(spread.percentile(50.0)), Some(spread.min())), (3, mib(20), mib(10)));
    assert_eq!(window.process_used().unwrap().max(), spread.max());
    assert_eq!(sampler.between(from + HOUR, from + HOUR).used(), None);
}

#[test]
fn errors_are_kept_and_end_nothing() {
    let lost = || Err(TelemetryError::lost("card 0", "it fell off the bus"));
    let script = ScriptedMonitor::new([lost(), lost(), Ok(used(5))]);
    let sampler = Sampler::builder(script).interval(Duration::from_millis(1)).start().unwrap();
    until(|| sampler.counts().0 > 0);
    assert_eq!(sampler.counts().1, 2);
    assert_eq!(sampler.last(HOUR).failures(), 2);
    assert_eq!(sampler.peak().used, mib(5));

    let sampler = Sampler::builder(ScriptedMonitor::new([lost()])).interval(HOUR).start().unwrap();
    let report = sampler.mark().end();
    assert_eq!(report.before.as_ref().unwrap_err().kind(), TelemetryErrorKind::Lost);
    assert_eq!((report.failures, report.peak.used, report.rise().used), (2, None, None));
}

/// Runs a function for each sample.
struct Asked<F>(F);

impl<F> std::fmt::Debug for Asked<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Asked")
    }
}

impl<F: Fn() -> Result<MemorySample, TelemetryError> + Send + Sync> MemoryMonitor for Asked<F> {
    fn name(&self) -> &'static str {
        "asked"
    }

    fn sample(&self) -> Result<MemorySample, TelemetryError> {
        (self.0)()
    }
}

#[test]
fn a_monitor_that_panics_is_an_error_and_is_asked_again() {
    let calls = AtomicUsize::new(0);
    let monitor = Asked(move || {
        assert!(calls.fetch_add(1, Ordering::Relaxed) > 0, "a panic that a test wants");
        Ok(used(7))
    });
    let sampler = Sampler::builder(monitor).interval(Duration::from_millis(1)).start().unwrap();
    until(|| sampler.counts().0 > 0);
    assert_eq!(sampler.counts().1, 1);
}

#[test]
fn dropped_it_stops_though_the_next_sample_is_far() {
    let monitor = Arc::new(ScriptedMonitor::fixed(used(1)));
    let sampler = Sampler::builder(Arc::clone(&monitor)).interval(HOUR).start().unwrap();
    until(|| sampler.counts() == (1, 0));
    assert_eq!(Arc::strong_count(&monitor), 2);
    drop(sampler);
    assert_eq!(Arc::strong_count(&monitor), 1, "the thread has ended and let go of the monitor");
}

#[test]
fn a_monitor_that_hangs_does_not_keep_its_sampler() {
    let (release, hangs) = mpsc::channel::<()>();
    let hangs = Mutex::new(hangs);
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let monitor = Arc::new(Asked(move || {
        count.fetch_add(1, Ordering::Relaxed);
        let _ = hangs.lock().unwrap().recv();
        Ok(used(1))
    }));
    let sampler = Sampler::builder(Arc::clone(&monitor)).start().unwrap();
    until(|| asked.load(Ordering::Relaxed) == 1);
    drop(sampler);
    assert_eq!(Arc::strong_count(&monitor), 2, "it still hangs");
    drop(release);
    until(|| Arc::strong_count(&monitor) == 1);
}

#[test]
fn who_does_not_listen_misses_the_oldest_and_stalls_nobody() {
    let sampler = still([10, 90, 10, 90, 10, 90, 10, 90]);
    let (idle, crossings) = (sampler.crossings(2), sampler.crossings(100));
    (0..7).for_each(|_| drop(sampler.sample_now()));
    assert_eq!((sampler.counts(), sampler.level()), ((8, 0), Level::Pressed));
    assert_eq!(idle.missed(), 5);
    let newest: Vec<Level> = std::iter::from_fn(|| idle.try_next()).map(|crossing| crossing.level).collect();
    assert_eq!(newest, [Level::Relaxed, Level::Pressed]);
    drop(sampler);
    assert_eq!(crossings.missed(), 0);
    let all: Vec<f64> = crossings.map(|crossing| crossing.usage).collect();
    assert_eq!(all, [0.9, 0.1, 0.9, 0.1, 0.9, 0.1, 0.9], "and the end of the sampler ends them");
}

#[test]
fn between_the_watermarks_nothing_is_told() {
    let script = ScriptedMonitor::new([10, 85, 65, 85, 70, 59, 79, 81].map(|mib| Ok(used(mib))));
    let sampler = Sampler::builder(script).interval(HOUR).watermarks(Watermarks::default()).start().unwrap();
    until(|| sampler.counts() == (1, 0));
    let crossings = sampler.crossings(100);
    (0..7).for_each(|_| drop(sampler.sample_now()));
    let told: Vec<_> = std::iter::from_fn(|| crossings.try_next())
        .map(|crossing| (crossing.level, crossing.sample.used()))
        .collect();
    assert_eq!(told, [(Level::Pressed, mib(85)), (Level::Relaxed, mib(59)), (Level::Pressed, mib(81))]);
    assert!(crossings.next_within(Duration::ZERO).is_none());
}

#[test]
fn a_crossing_wakes_who_waits_for_it() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let monitor = Asked(move || Ok(used(if counted.load(Ordering::Relaxed) == 0 { 1 } else { 99 })));
    let sampler = Sampler::builder(monitor).interval(Duration::from_millis(1)).start().unwrap();
    let mut crossings = sampler.crossings(1);
    let waits = std::thread::spawn(move || crossings.next());
    calls.store(1, Ordering::Relaxed);
    assert_eq!(waits.join().unwrap().unwrap().level, Level::Pressed);
}

/// Answers until it is told to hang, and then when it is let go.
#[derive(Debug, Default)]
struct Hanging {
    hangs: AtomicBool,
    asked: AtomicUsize,
}

impl MemoryMonitor for Hanging {
    fn name(&self) -> &'static str {
        "card"
    }

    fn sample(&self) -> Result<MemorySample, TelemetryError> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        while self.hangs.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(used(asked as u64 % 100))
    }
}

#[test]
fn a_driver_that_hangs_is_told_as_silent_wherever_it_is_shown_and_holds_up_nobody() {
    let monitor = Arc::new(Hanging::default());
    let (interval, deadline) = (Duration::from_millis(20), Duration::from_secs(2));
    let sampler =
        Sampler::builder(Arc::clone(&monitor)).interval(interval).deadline(deadline).start().unwrap();
    until(|| sampler.counts().0 > 0);
    monitor.hangs.store(true, Ordering::SeqCst);
    // A round of the beat may still be under way.
    until(|| sampler.silence() > deadline + 3 * interval);
    let error = sampler.current().unwrap().unwrap_err();
    assert_eq!(error.kind(), TelemetryErrorKind::Stale);
    assert!(
        error.to_string().contains("no answer for") && error.silence().unwrap() > 3 * interval,
        "{error}"
    );

    let reading = sampler.device_reading().unwrap();
    let text = prometheus(std::slice::from_ref(&reading));
    assert!(text.contains("gpu_memory_up{device=\"card\"} 0\n") && !text.contains("_bytes"), "{text}");
    let line = json_line(&reading, std::time::SystemTime::UNIX_EPOCH);
    assert!(line.contains("\"error_kind\":\"stale\"") && line.contains("no answer for"), "{line}");

    // Who asks waits no more: had each of these its deadline, they would take half an hour.
    let asked = monitor.asked.load(Ordering::SeqCst);
    for _ in 0..1000 {
        assert_eq!(sampler.sample_now().unwrap_err().kind(), TelemetryErrorKind::Stale);
        assert!(sampler.mark().end().before.is_err());
    }
    assert_eq!(monitor.asked.load(Ordering::SeqCst), asked, "and nobody asks it again");

    monitor.hangs.store(false, Ordering::SeqCst);
    until(|| sampler.current().is_some_and(|current| current.is_ok()));
    assert!(sampler.sample_now().is_ok());
}

#[test]
fn one_that_has_never_answered_is_silent_too() {
    let monitor = Arc::new(Hanging::default());
    monitor.hangs.store(true, Ordering::SeqCst);
    let sampler = Sampler::builder(Arc::clone(&monitor))
        .interval(HOUR)
        .deadline(Duration::from_millis(5))
        .start()
        .unwrap();
    assert!(sampler.current().is_none(), "it has an hour");
    assert_eq!(sampler.sample_now().unwrap_err().kind(), TelemetryErrorKind::Stale);
    monitor.hangs.store(false, Ordering::SeqCst);
}

#[test]
fn a_sample_that_is_asked_for_is_newer_than_the_question() {
    let monitor = Arc::new(Hanging::default());
    let sampler = Sampler::builder(Arc::clone(&monitor))
        .interval(HOUR)
        .deadline(Duration::from_mins(1))
        .start()
        .unwrap();
    for _ in 0..50 {
        let before = monitor.asked.load(Ordering::SeqCst) as u64;
        let seen = sampler.sample_now().unwrap().used().unwrap().get() >> 20;
        assert!(seen > before, "{seen} was asked before {before}");
    }
    let latest = sampler.latest().unwrap();
    assert!(latest.age() < HOUR && latest.clock > std::time::SystemTime::UNIX_EPOCH);
}

#[test]
fn a_driver_that_is_slow_leaves_the_latest_answer_until_that_is_stale() {
    let monitor = Arc::new(Hanging::default());
    let sampler = Sampler::builder(Arc::clone(&monitor))
        .interval(HOUR)
        .deadline(Duration::from_millis(5))
        .start()
        .unwrap();
    until(|| sampler.counts() == (1, 0));
    monitor.hangs.store(true, Ordering::SeqCst);
    assert_eq!(sampler.sample_now().unwrap(), used(1), "younger than three hours");
    monitor.hangs.store(false, Ordering::SeqCst);
}

#[test]
fn errors_that_come_more_and_more_rarely_are_no_silence() {
    let failing = TelemetryError::lost("card", "gone");
    let sampler = Sampler::builder(ScriptedMonitor::new([Err(failing)]))
        .interval(Duration::from_millis(1))
        .start()
        .unwrap();
    until(|| sampler.counts().1 > 6);
    assert_eq!(sampler.current().unwrap().unwrap_err().kind(), TelemetryErrorKind::Lost);
}

#[test]
fn each_reading_is_given_to_who_wants_it_as_it_comes() {
    let (sender, arrived) = mpsc::channel();
    let failing = [Ok(used(1)), Err(TelemetryError::lost("card", "gone")), Ok(used(3))];
    let sampler = Sampler::builder(ScriptedMonitor::new(failing))
        .interval(Duration::from_millis(1))
        .steady()
        .on_reading(move |reading| drop(sender.send(reading.clone())))
        .start()
        .unwrap();
    let three: Vec<_> = arrived.iter().take(3).collect();
    assert!(three.windows(2).all(|pair| pair[0].at < pair[1].at));
    let told: Vec<_> =
        three.into_iter().map(|reading| reading.outcome.ok().and_then(|seen| seen.used())).collect();
    assert_eq!(told, [mib(1), None, mib(3)]);
    drop(sampler);
    assert!(arrived.iter().count() < 1_000_000, "it ends with the sampler");
}

#[test]
fn the_first_answer_is_waited_for_and_asked_for_once() {
    let sampler = Sampler::builder(ScriptedMonitor::new([Ok(used(3)), Ok(used(4))])).interval(HOUR);
    let sampler = sampler.deadline(Duration::from_mins(1)).start().unwrap();
    for _ in 0..3 {
        assert_eq!(sampler.first().unwrap(), used(3));
    }
    assert_eq!(sampler.counts(), (1, 0));
}

#[test]
fn a_sampler_is_a_monitor() {
    let sampler = still([5, 7]);
    let monitor: &dyn MemoryMonitor = &sampler;
    assert_eq!((monitor.name(), monitor.identity(), monitor.is_host()), ("scripted", None, false));
    assert_eq!(monitor.sample().unwrap(), used(7));
    assert!(monitor.processes().is_err());
}

#[cfg(target_os = "linux")]
#[test]
fn memory_that_is_held_in_the_middle_of_work_is_in_its_peak() {
    let _alone = crate::SCALES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let sampler = Sampler::start(gpu_telemetry::HostMonitor::new()).unwrap();
    let mark = sampler.mark();
    let held = vec![1_u8; 64 << 20];
    let seen = sampler.sample_now().unwrap();
    drop(std::hint::black_box(held));
    let report = mark.end();
    assert!(report.peak.process_used >= seen.process_used());
    // Other tests give back memory meanwhile; what they hold is far less than this.
    assert!(report.rise().process_used > mib(32), "{report:?}");
}
