//! The model, step by step.

use std::time::Duration;

use semantik::gpu_telemetry::{ByteCount, MemorySample, TelemetryError};

use super::*;

fn model() -> Model {
    let devices = [("card", "cuda:0"), ("host", "cpu")];
    let devices = devices.map(|(name, spec)| Device {
        name: name.to_owned(),
        specs: vec![spec.to_owned()],
        identity: None,
        is_host: false,
        key: semantik::ledger::DeviceKey::host(),
    });
    Model::new(devices, Duration::from_secs(1))
}

fn used(mib: u64) -> MemorySample {
    let used = ByteCount::MIB.saturating_mul(mib);
    MemorySample::builder().total(ByteCount::GIB).used(used).build().unwrap()
}

fn read(model: &mut Model, device: usize, second: u64, reading: Reading) {
    let at = Duration::from_secs(second);
    assert_eq!(model.step(Event::Read { device, at, reading }), Outcome::GoOn);
}

fn lost() -> Reading {
    Err(Trouble::Failed(TelemetryError::lost("card", "it has fallen off the bus")))
}

fn shown_used(model: &Model, device: usize) -> Option<u64> {
    let news = model.shown(&model.rows()[device])?;
    news.reading.ok()?.used().map(|used| used.get() >> 20)
}

#[test]
fn the_latest_sample_of_each_device_is_shown() {
    let mut model = model();
    assert!(model.shown(&model.rows()[0]).is_none());
    read(&mut model, 0, 1, Ok(used(1)));
    read(&mut model, 1, 1, Ok(used(7)));
    read(&mut model, 0, 2, Ok(used(2)));
    assert_eq!((shown_used(&model, 0), shown_used(&model, 1)), (Some(2), Some(7)));
}

#[test]
fn a_device_that_fails_is_known_to_fail_since_its_first_failure_and_comes_back() {
    let mut model = model();
    read(&mut model, 0, 1, Ok(used(1)));
    read(&mut model, 0, 2, lost());
    read(&mut model, 0, 5, lost());
    let news = model.shown(&model.rows()[0]).unwrap();
    assert_eq!(news.failing_since, Some(Duration::from_secs(2)));
    assert!(news.reading.unwrap_err().is_gone());
    read(&mut model, 0, 6, Ok(used(3)));
    let news = model.shown(&model.rows()[0]).unwrap();
    assert_eq!((news.failing_since, shown_used(&model, 0)), (None, Some(3)));
}

#[test]
fn a_failure_is_a_gap_in_the_graph() {
    let mut model = model();
    for second in 1..=59 {
        read(&mut model, 0, second, if second == 30 { lost() } else { Ok(used(512)) });
    }
    model.step(Event::Time(Duration::from_mins(1)));
    let graph = model.graph(&model.rows()[0], 60);
    let gaps: Vec<usize> = (0..60).filter(|column| graph[*column].is_none()).collect();
    assert_eq!(gaps, [29]);
}

#[test]
fn a_device_that_is_silent_says_so_until_it_speaks() {
    let mut model = model();
    read(&mut model, 0, 1, Ok(used(1)));
    read(&mut model, 1, 8, Ok(used(1)));
    let news = model.shown(&model.rows()[0]).unwrap();
    assert!(matches!(news.reading, Err(Trouble::Silent(time)) if time == Duration::from_secs(7)), "{news:?}");
    read(&mut model, 0, 9, Ok(used(4)));
    assert_eq!(shown_used(&model, 0), Some(4));
}

#[test]
fn a_pause_stops_the_picture_and_loses_nothing() {
    let mut model = model();
    for second in 1..=10 {
        read(&mut model, 0, second, Ok(used(100)));
    }
    model.step(Event::Key(Key::Pause));
    let before = model.graph(&model.rows()[0], 60);
    for second in 11..=30 {
        read(&mut model, 0, second, Ok(used(900)));
    }
    model.step(Event::Key(Key::Span));
    for _ in 1..SPANS.len() {
        model.step(Event::Key(Key::Span));
    }
    assert!(model.is_paused());
    assert_eq!((shown_used(&model, 0), model.shown_at()), (Some(100), Duration::from_secs(10)));
    assert_eq!(model.graph(&model.rows()[0], 60), before);
    model.step(Event::Key(Key::Pause));
    assert_eq!(shown_used(&model, 0), Some(900));
    let high = model.graph(&model.rows()[0], 60).iter().filter(|usage| **usage > Some(0.8)).count();
    assert_eq!(high, 20, "what came during the pause is in the graph");
}

#[test]
fn the_selection_goes_round_in_both_directions() {
    let mut model = model();
    let mut seen = Vec::new();
    for key in [Key::Next, Key::Next, Key::Previous, Key::Previous] {
        model.step(Event::Key(key));
        seen.push(model.selected());
    }
    assert_eq!(seen, [1, 0, 1, 0]);
    let mut none = Model::new([], Duration::from_secs(1));
    none.step(Event::Key(Key::Next));
    none.step(Event::Key(Key::Previous));
    assert_eq!(none.selected(), 0);
}

#[test]
fn the_span_fits_the_interval_and_goes_round() {
    let mut model = model();
    let first = model.span();
    assert_eq!(first, Duration::from_mins(1));
    for _ in 0..SPANS.len() {
        model.step(Event::Key(Key::Span));
    }
    assert_eq!(model.span(), first);
    let slow = Model::new([], Duration::from_hours(1));
    assert_eq!(slow.span(), Duration::from_hours(24));
}

#[test]
fn time_never_goes_back() {
    let mut model = model();
    model.step(Event::Time(Duration::from_secs(5)));
    read(&mut model, 0, 4, Ok(used(1)));
    model.step(Event::Time(Duration::from_secs(3)));
    assert_eq!(model.shown_at(), Duration::from_secs(5));
}

#[test]
fn quitting_and_interrupting_are_two_things() {
    assert_eq!(model().step(Event::Key(Key::Quit)), Outcome::Quit);
    assert_eq!(model().step(Event::Key(Key::Interrupt)), Outcome::Interrupted);
}
