//! The controller, over every sequence of events.

use batch_policy::{Allowance, Bytes, Controller, ControllerConfig, Event, Limits};
use proptest::prelude::*;

const HIGH: f64 = 0.8;

fn controller() -> Controller {
    Controller::new(&Limits::default(), ControllerConfig::default()).unwrap()
}

fn reading(usable: u64, others: f64) -> Event {
    Event::Reading { usable: Bytes::new(usable), others: Some(others) }
}

fn others() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        8 => (0.0..1.2).prop_map(Some),
        2 => (0.75..0.85).prop_map(Some),
        1 => Just(None),
        1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(-1.0)].prop_map(Some),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let bytes = || prop_oneof![9 => 0..1_u64 << 40, 1 => any::<u64>()].prop_map(Bytes::new);
    prop_oneof![
        4 => (bytes(), others()).prop_map(|(usable, others)| Event::Reading { usable, others }),
        4 => Just(Event::Success),
        1 => (0..200_usize, bytes()).prop_map(|(items, predicted)| Event::OutOfMemory { items, predicted }),
    ]
}

/// What the controller is held against: the whole history, looked through anew for each question.
#[derive(Default)]
struct History(Vec<Event>);

impl History {
    fn usable(&self) -> u64 {
        let last = self.0.iter().rev().find_map(|event| match event {
            Event::Reading { usable, .. } => Some(usable.get()),
            _ => None,
        });
        last.unwrap_or(0)
    }

    /// Whether the last time that others used too much is followed by neither little use nor ten calm readings.
    fn pressure(&self) -> bool {
        let shares: Vec<Option<f64>> = self
            .0
            .iter()
            .filter_map(|event| match event {
                Event::Reading { others, .. } => Some(others.filter(|share| share.is_finite())),
                _ => None,
            })
            .collect();
        let high = |share: &Option<f64>| share.is_some_and(|share| share > HIGH);
        let Some(last) = shares.iter().rposition(high) else { return false };
        let since = &shares[last + 1..];
        since.len() < 10 && !since.iter().any(|share| share.is_some_and(|share| share <= 0.6))
    }

    /// The least that out of memory left, without what grew back.
    fn least_cap(&self) -> Option<u64> {
        let caps = self.0.iter().filter_map(|event| match event {
            Event::OutOfMemory { items: 2.., predicted } => Some(predicted.get() / 2),
            _ => None,
        });
        caps.min()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn what_is_allowed_follows_the_rules(events in proptest::collection::vec(event(), 0..300)) {
        let (mut controller, mut history) = (controller(), History::default());
        let mut replay = controller.clone();
        for event in events {
            let before = controller.allowed();
            let decision = controller.step(event);
            history.0.push(event);
            prop_assert_eq!(decision, replay.step(event), "the same again");
            let Allowance { bytes, few, few_bytes } = controller.allowed();
            let usable = history.usable();
            prop_assert!(bytes <= few_bytes && few_bytes.get() <= usable && few == 2);
            prop_assert_eq!(controller.is_under_pressure(), history.pressure());
            match history.least_cap() {
                None => {
                    let share = if history.pressure() { usable / 2 } else { usable };
                    prop_assert_eq!((bytes.get(), few_bytes.get()), (share, usable));
                }
                Some(cap) => prop_assert!(few_bytes.get() >= cap.min(usable), "below half of what ever failed"),
            }
            prop_assert_eq!(decision.allowed, controller.allowed());
            if let Event::OutOfMemory { items, predicted } = event {
                prop_assert!(decision.cleanup);
                if items > 1 {
                    prop_assert!(decision.allowed.few_bytes <= predicted.permille(500));
                    prop_assert!(decision.allowed.few_bytes <= before.few_bytes);
                } else {
                    prop_assert_eq!(decision.allowed, before);
                }
            }
        }
    }

    #[test]
    fn m4_the_full_size_is_back_after_any_disturbance_beside_any_static_neighbour(
        events in proptest::collection::vec(event(), 0..200), usable in 1..1_u64 << 40, share in 0.0..0.95,
    ) {
        let mut controller = controller();
        for event in events {
            controller.step(event);
        }
        // From one byte to all that can be counted are 110 steps of × 1.5, each after eleven successes.
        for _ in 0..11 * 112 {
            controller.step(reading(usable, share));
            controller.step(Event::Success);
        }
        let full = if share > HIGH { usable / 2 } else { usable };
        prop_assert_eq!(controller.allowed().bytes.get(), full);
        prop_assert_eq!(controller.allowed().few_bytes.get(), usable);
    }

    #[test]
    fn a_neighbour_that_swings_around_the_threshold_does_not_make_batches_swing(
        shares in proptest::collection::vec(0.61..0.99, 1..500),
    ) {
        let mut controller = controller();
        let mut changes = 0;
        for &share in &shares {
            let before = controller.is_under_pressure();
            controller.step(reading(1000, share));
            changes += usize::from(before != controller.is_under_pressure());
        }
        prop_assert!(changes <= 1 + 2 * (shares.len() / 10), "{changes} in {} readings", shares.len());
    }

    /// A device that takes no batch over its bytes: whatever they are, all texts come to an end.
    #[test]
    fn out_of_memory_ends_in_a_batch_that_runs_or_in_one_text(
        usable in 1..1_u64 << 40, real in 0..1_u64 << 40, each in 1..1_u64 << 40, share in 0.0..1.0,
    ) {
        let mut controller = controller();
        let mut failures = 0;
        loop {
            controller.step(reading(usable, share));
            let bytes = controller.allowed().bytes.get();
            let items = (bytes / each).clamp(1, 1 << 20);
            if items * each <= real {
                break;
            }
            failures += 1;
            let event = Event::OutOfMemory { items: items as usize, predicted: Bytes::new(items * each) };
            controller.step(event);
            if items == 1 {
                break;
            }
        }
        prop_assert!(failures <= 21, "{failures} failures");
    }
}

#[test]
fn pressure_halves_once_for_as_long_as_it_lasts() {
    let mut controller = controller();
    for _ in 0..50 {
        controller.step(reading(1000, 0.9));
        controller.step(Event::Success);
        assert_eq!(
            controller.allowed(),
            Allowance { bytes: Bytes::new(500), few: 2, few_bytes: Bytes::new(1000) }
        );
    }
    controller.step(reading(1000, 0.6));
    assert_eq!(controller.allowed().bytes, Bytes::new(1000), "little use ends it at once");
    controller.step(reading(1000, 0.81));
    for calm in 1..10 {
        controller.step(reading(1000, 0.79));
        assert!(controller.is_under_pressure(), "after {calm} calm readings");
    }
    controller.step(reading(1000, 0.79));
    assert!(!controller.is_under_pressure());
}

#[test]
fn the_pool_is_cleaned_when_pressure_begins_and_not_while_it_lasts() {
    let mut controller = controller();
    let cleaned: Vec<bool> = [0.7, 0.9, 0.9, 0.5, 0.9]
        .into_iter()
        .map(|share| controller.step(reading(10, share)).cleanup)
        .collect();
    assert_eq!(cleaned, [false, true, false, false, true]);
}

#[test]
fn out_of_memory_caps_at_half_of_what_failed_and_grows_back_beside_a_full_neighbour() {
    let mut controller = controller();
    controller.step(reading(1000, 0.95));
    controller.step(Event::OutOfMemory { items: 8, predicted: Bytes::new(400) });
    let few = |controller: &Controller| controller.allowed().few_bytes.get();
    let mut seen = vec![few(&controller)];
    for n in 1..=60 {
        controller.step(Event::Success);
        controller.step(reading(1000, 0.95));
        if few(&controller) != seen[seen.len() - 1] {
            assert_eq!(n % 11, 0, "after {n} successes");
            seen.push(few(&controller));
        }
    }
    assert_eq!(seen, [200, 300, 450, 675, 1000]);
}

#[test]
fn a_text_that_failed_alone_says_nothing_of_batches() {
    let mut controller = controller();
    controller.step(reading(1000, 0.1));
    controller.step(Event::OutOfMemory { items: 1, predicted: Bytes::new(900) });
    assert_eq!(controller.allowed().bytes, Bytes::new(1000));
}

#[test]
fn the_pool_is_cleaned_every_hundred_batches() {
    let mut controller = controller();
    let cleaned: Vec<usize> = (1..=250).filter(|_| controller.step(Event::Success).cleanup).collect();
    assert_eq!(cleaned, [100, 200]);
}

#[test]
fn the_minimum_may_be_one() {
    let limits = Limits::builder().min_batch(1).build().unwrap();
    let mut controller = Controller::new(&limits, ControllerConfig::default()).unwrap();
    controller.step(reading(1000, 0.9));
    assert_eq!(controller.allowed().few, 1);
}

#[test]
fn thresholds_that_make_no_sense_are_refused() {
    let refused = |config: ControllerConfig| Controller::new(&Limits::default(), config).unwrap_err().field();
    let default = ControllerConfig::default();
    assert_eq!(refused(ControllerConfig { low_usage: 0.9, ..default }), Some("low_usage"));
    assert_eq!(refused(ControllerConfig { low_usage: f64::NAN, ..default }), Some("low_usage"));
    assert_eq!(refused(ControllerConfig { high_usage: f64::NAN, ..default }), Some("low_usage"));
    assert_eq!(refused(ControllerConfig { readings_to_calm: 0, ..default }), Some("readings_to_calm"));
    assert_eq!(refused(ControllerConfig { batches_to_cleanup: 0, ..default }), Some("batches_to_cleanup"));
}
