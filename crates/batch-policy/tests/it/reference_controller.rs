//! The reference rules, over every sequence of events.

use batch_policy::Limits;
use batch_policy::reference::{Controller, ControllerConfig, Decision, Event};
use proptest::prelude::*;

fn controller(start: usize) -> Controller {
    Controller::new(start, &Limits::default(), ControllerConfig::default()).unwrap()
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        5 => (0..200_usize, 0.0..1.0).prop_map(|(items, usage)| Event::Success { items, usage: Some(usage) }),
        1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(-1.0), Just(2.0)]
            .prop_map(|usage| Event::Success { items: 8, usage: Some(usage) }),
        1 => Just(Event::Success { items: 8, usage: None }),
        1 => (0..200_usize).prop_map(|items| Event::Pressure { items }),
        1 => (0..200_usize).prop_map(|items| Event::OutOfMemory { items }),
    ]
}

proptest! {
    #[test]
    fn batches_stay_within_their_bounds(
        start in 0..300_usize, max in 4..200_usize, events in proptest::collection::vec(event(), 0..300),
    ) {
        let limits = Limits::builder().max_batch(max).build().unwrap();
        let mut controller = Controller::new(start, &limits, ControllerConfig::default()).unwrap();
        let mut replay = controller.clone();
        for event in events {
            let before = controller.max_batch();
            let decision = controller.step(event);
            prop_assert_eq!(format!("{decision:?}"), format!("{:?}", replay.step(event)), "the same again");
            prop_assert!((1..=max).contains(&controller.max_batch()));
            match (event, decision) {
                (Event::OutOfMemory { items: 0 | 1 }, decision) => prop_assert_eq!(decision, Decision::GiveUp),
                (Event::OutOfMemory { items }, Decision::Continue { max_batch, cleanup }) => {
                    prop_assert!(max_batch <= (items / 2).max(1) && max_batch <= (before / 2).max(1) && cleanup);
                }
                (Event::Pressure { items }, Decision::Continue { max_batch, .. }) => {
                    prop_assert!(max_batch <= before && (max_batch >= 2 || max_batch == before));
                    prop_assert!(max_batch <= (items / 2).max(2));
                }
                (_, Decision::Continue { max_batch, .. }) => prop_assert_eq!(max_batch, controller.max_batch()),
                (_, Decision::GiveUp) => prop_assert!(false, "gave up on {:?}", event),
            }
        }
    }

    #[test]
    fn m4_pressure_that_ends_restores_the_batch(start in 1..500_usize, presses in 1..20_usize) {
        let mut controller = controller(start);
        for _ in 0..presses {
            controller.step(Event::Success { items: start, usage: Some(0.95) });
        }
        controller.step(Event::Success { items: 8, usage: Some(0.7) });
        prop_assert_eq!(controller.max_batch(), start);
    }
}

#[test]
fn growth_takes_more_than_ten_successes_in_a_row() {
    let mut controller = controller(8);
    let good = Event::Success { items: 8, usage: Some(0.3) };
    for _ in 0..10 {
        controller.step(good);
    }
    assert_eq!(controller.max_batch(), 8);
    controller.step(good);
    assert_eq!(controller.max_batch(), 12);
    for _ in 0..10 {
        controller.step(good);
    }
    controller.step(Event::Success { items: 8, usage: Some(0.7) });
    controller.step(good);
    assert_eq!(controller.max_batch(), 12, "a success with middling usage begins the row anew");
}

#[test]
fn what_ran_out_of_memory_is_not_restored() {
    let mut controller = controller(64);
    controller.step(Event::Pressure { items: 64 });
    controller.step(Event::OutOfMemory { items: 32 });
    controller.step(Event::Success { items: 8, usage: Some(0.7) });
    assert_eq!(controller.max_batch(), 16);
}

#[test]
fn the_pool_is_cleaned_every_hundred_batches() {
    let mut controller = controller(8);
    let cleaned: Vec<usize> = (1..=250)
        .filter(|_| {
            matches!(
                controller.step(Event::Success { items: 8, usage: None }),
                Decision::Continue { cleanup: true, .. }
            )
        })
        .collect();
    assert_eq!(cleaned, [100, 200]);
}

#[test]
fn thresholds_that_make_no_sense_are_refused() {
    let refused =
        |config: ControllerConfig| Controller::new(8, &Limits::default(), config).unwrap_err().field();
    let default = ControllerConfig::default();
    assert_eq!(refused(ControllerConfig { low_usage: 0.9, ..default }), Some("low_usage"));
    assert_eq!(refused(ControllerConfig { low_usage: f64::NAN, ..default }), Some("low_usage"));
    assert_eq!(refused(ControllerConfig { batches_to_cleanup: 0, ..default }), Some("batches_to_cleanup"));
}
