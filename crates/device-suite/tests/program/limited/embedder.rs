//! A run whose device is lost in its middle: every vector arrives.

use device_suite::{SeededModel, Sizes};
use embed_burn::{BurnDevice, BurnEmbedder, ModelFolder, TokenizedText};
use semantik::AdaptiveEmbedder;
use semantik::batch_policy::Limits;
use vulkan_limit::LimitedDevice;

use super::limited;

/// A way to lose a device, and its name.
type Way = (&'static str, fn(&LimitedDevice));

fn texts() -> Vec<TokenizedText> {
    let ids = |n: u32| (0..=n % 11).map(|at| 4 + (n + at) % 16).collect();
    (0..48).map(|n| TokenizedText { ids: ids(n), dropped: 0 }).collect()
}

fn model(device: &BurnDevice) -> (SeededModel, AdaptiveEmbedder) {
    let tiny = SeededModel::new(Sizes::TINY).unwrap();
    let model = BurnEmbedder::load(&ModelFolder::open(tiny.path()).unwrap(), device).unwrap();
    // Eight batches at least.
    let limits = Limits::builder().min_batch(1).max_batch(6).build().unwrap();
    (tiny, AdaptiveEmbedder::with_monitor(model, limits, None).unwrap())
}

/// The vectors, one after the other, and how many batches there were; `before` is called before each.
fn embed(model: &AdaptiveEmbedder, mut before: impl FnMut(usize)) -> (Vec<f32>, usize) {
    let mut batches = 0;
    before(0);
    let each = model.embed_each(&texts(), &mut |_| {
        batches += 1;
        before(batches);
    });
    let vectors = each.unwrap().into_iter().flat_map(|vector| vector.unwrap()).collect();
    (vectors, batches)
}

fn furthest(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn a_device_that_is_lost_in_any_batch_costs_no_vector() {
    limited("embedder::a_device_that_is_lost_in_any_batch_costs_no_vector", |limited, device, _| {
        for in_flight in [1, 2] {
            let (_tiny, model) = model(device);
            let model = model.with_batches_in_flight(in_flight);
            let (want, batches) = embed(&model, |_| {});
            assert!(batches >= 8, "{batches}");
            let ways: [Way; 2] = [
                ("an upload is refused", |limited| limited.fail_next_upload().unwrap()),
                ("the driver is lost", |limited| limited.lose_device().unwrap()),
            ];
            for (what, lose) in ways {
                // Before the last batch is given to it.
                for at in [0, batches / 2, batches - in_flight] {
                    let before = device.generation();
                    let (got, _) = embed(&model, |batch| {
                        if batch == at {
                            lose(limited);
                        }
                    });
                    let off = furthest(&got, &want);
                    assert!(
                        off <= 1e-6,
                        "{what} in batch {at}, {in_flight} in flight: vectors are off by {off}"
                    );
                    assert_eq!(
                        device.generation(),
                        before + 1,
                        "{what} in batch {at}, {in_flight} in flight"
                    );
                }
            }
            // No loss leaves batches of one text behind.
            assert!(embed(&model, |_| {}).1 <= 2 * batches);
        }
    });
}

#[test]
fn embedders_on_one_device_that_is_lost_all_go_on() {
    limited("embedder::embedders_on_one_device_that_is_lost_all_go_on", |limited, device, _| {
        let models: Vec<_> = (0..4).map(|_| model(device)).collect();
        let (want, _) = embed(&models[0].1, |_| {});
        std::thread::scope(|scope| {
            for (index, (_tiny, model)) in models.iter().enumerate() {
                let want = &want;
                scope.spawn(move || {
                    let (got, _) = embed(model, |batch| {
                        // Two of them lose it, one way each.
                        match (index, batch) {
                            (0, 3) => limited.fail_next_upload().unwrap(),
                            (1, 5) => limited.lose_device().unwrap(),
                            _ => {}
                        }
                    });
                    let off = furthest(&got, want);
                    assert!(off <= 1e-6, "embedder {index} is off by {off}");
                });
            }
        });
        assert!((1..=2).contains(&device.generation()), "{}", device.generation());
    });
}

#[test]
fn a_device_that_is_lost_for_ever_is_an_error_and_no_endless_loop() {
    const ORDERS: usize = 24;
    let name = "embedder::a_device_that_is_lost_for_ever_is_an_error_and_no_endless_loop";
    limited(name, |limited, device, _| {
        let (_tiny, model) = model(device);
        let (want, _) = embed(&model, |_| {});
        for _ in 0..ORDERS {
            limited.lose_device().unwrap();
        }
        let mut outcome = model.embed_each(&texts(), &mut |_| panic!("a batch ran"));
        let error = outcome.as_mut().unwrap_err();
        assert!(error.embed_error().is_some(), "{error}");
        // What is left of the orders is used up, and the model is as it was.
        let failed = (0..ORDERS).take_while(|_| model.embed_each(&texts(), &mut |_| {}).is_err()).count();
        assert!(failed < ORDERS, "it does not come back");
        assert!(furthest(&embed(&model, |_| {}).0, &want) <= 1e-6);
    });
}

#[test]
fn a_replay_that_fails_costs_nothing_but_what_it_would_have_told() {
    let name = "embedder::a_replay_that_fails_costs_nothing_but_what_it_would_have_told";
    limited(name, |limited, device, _| {
        let (_tiny, model) = model(device);
        let (want, batches) = embed(&model, |_| {});
        let before = device.generation();
        limited.lose_device().unwrap();
        let error = model.replay().unwrap_err();
        assert!(error.embed_error().is_some(), "{error}");
        let (got, again) = embed(&model, |_| {});
        assert!(furthest(&got, &want) <= 1e-6);
        assert_eq!((device.generation(), again), (before + 1, batches), "it costs one reload and no batch");
        // The next finds the device well, and batches are as they were.
        assert!(model.replay().unwrap().is_some_and(|done| done.shapes > 10));
        assert!(furthest(&embed(&model, |_| {}).0, &want) <= 1e-6);
        assert_eq!(model.take_problems(), Vec::<String>::new());
    });
}
