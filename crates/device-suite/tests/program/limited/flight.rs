//! Two batches in flight: what they take, and whose error is whose.

use device_suite::{SeededModel, Sizes};
use embed_burn::{BurnDevice, BurnEmbedder, EmbedErrorKind, ModelFolder, QueuedBatch};

use super::{MIB, limited};

const TOKENS: usize = 2000;

fn model(device: &BurnDevice) -> (SeededModel, BurnEmbedder) {
    let tiny = SeededModel::new(Sizes { positions: TOKENS, max_tokens: TOKENS, ..Sizes::TINY }).unwrap();
    let model = BurnEmbedder::load(&ModelFolder::open(tiny.path()).unwrap(), device).unwrap();
    (tiny, model)
}

/// Rows of which all but the first are padded.
fn rows(items: usize, tokens: usize) -> Vec<Vec<u32>> {
    (0..items).map(|row| vec![4 + row as u32 % 16; if row == 0 { tokens } else { tokens / 2 + 1 }]).collect()
}

fn borrowed(rows: &[Vec<u32>]) -> Vec<&[u32]> {
    rows.iter().map(Vec::as_slice).collect()
}

// The figures of docs/memory.md, with `--nocapture`.
#[allow(clippy::print_stderr)]
#[test]
fn a_batch_behind_another_takes_its_memory_and_a_little_more() {
    limited("flight::a_batch_behind_another_takes_its_memory_and_a_little_more", |_, device, _| {
        let (_tiny, model) = model(device);
        // Pages as large as they get, as a run has them after its first batches.
        model.settle_pages(16, 256).unwrap();
        let reserved = || device.pool_usage().unwrap().reserved;
        for (first, second) in
            [((16, 128), (16, 128)), ((8, 256), (8, 256)), ((16, 256), (1, 16)), ((1, 16), (8, 256))]
        {
            let batches = [rows(first.0, first.1), rows(second.0, second.1)];
            let taken = |in_flight: bool| {
                device.cleanup().unwrap();
                let before = reserved();
                let mut most = 0;
                let mut queued = Vec::new();
                let mut vectors = Vec::new();
                for batch in &batches {
                    queued.push(model.queue_each(&borrowed(batch), 0).unwrap());
                    most = most.max(reserved() - before);
                    if !in_flight {
                        vectors.extend(queued.pop().unwrap().finish().unwrap());
                    }
                }
                for queued in queued {
                    vectors.extend(queued.wait().finish().unwrap());
                }
                most = most.max(reserved() - before);
                (most, vectors.into_iter().map(Result::unwrap).collect::<Vec<_>>())
            };
            // Compiled, and seen once.
            let _ = taken(false);
            let ((one, want), (two, got)) = (taken(false), taken(true));
            eprintln!("{first:?}, then {second:?}: {one} one after the other, {two} in flight");
            assert!(two <= one + MIB, "{first:?}, {second:?}: {two} in flight, {one} one after the other");
            assert_eq!(got, want, "{first:?}, {second:?}");
        }
    });
}

#[test]
fn an_error_is_that_of_its_batch_whichever_of_two_in_flight_it_is() {
    limited(
        "flight::an_error_is_that_of_its_batch_whichever_of_two_in_flight_it_is",
        |limited, device, _| {
            let (_tiny, model) = model(device);
            // The scores of 4 heads over 2,000 tokens are 64 MB, twice.
            let (small, large) = (rows(8, 24), rows(1, TOKENS));
            let want = model.forward(&borrowed(&small)).unwrap().into_inner();
            let vectors = |queued: QueuedBatch| -> Vec<f32> {
                queued.finish().unwrap().into_iter().flat_map(Result::unwrap).collect()
            };
            for round in 0..3 {
                device.cleanup().unwrap();
                limited.set_limit(limited.live().unwrap() + 40 * MIB).unwrap();
                // The later one.
                let first = model.queue_each(&borrowed(&small), 0).unwrap();
                let second = model.queue_each(&borrowed(&large), 0);
                assert_eq!(vectors(first), want, "round {round}: before one that has no memory");
                let error = second.and_then(QueuedBatch::finish).unwrap_err();
                assert_eq!(error.kind(), EmbedErrorKind::OutOfMemory, "round {round}: {error}");
                device.cleanup().unwrap();
                // The earlier one.
                let first = model.queue_each(&borrowed(&large), 0);
                let second = model.queue_each(&borrowed(&small), 0).unwrap();
                let error = first.and_then(QueuedBatch::finish).unwrap_err();
                assert_eq!(error.kind(), EmbedErrorKind::OutOfMemory, "round {round}: {error}");
                assert_eq!(vectors(second), want, "round {round}: behind one that has no memory");
                limited.set_limit(1024 * MIB).unwrap();
            }
            // One that nobody fetches harms nobody.
            drop(model.queue_each(&borrowed(&small), 0).unwrap());
            assert_eq!(model.forward(&borrowed(&small)).unwrap().into_inner(), want);
        },
    );
}

#[test]
fn a_dry_run_waits_for_what_is_in_flight_and_tells_the_same() {
    limited("flight::a_dry_run_waits_for_what_is_in_flight_and_tells_the_same", |_, device, _| {
        let (_tiny, model) = model(device);
        let shapes = [(8, 24), (4, 64)];
        let batch = rows(8, 24);
        let want = model.forward(&borrowed(&batch)).unwrap().into_inner();
        let table = model.replay_table(&shapes).unwrap().unwrap();
        for _ in 0..3 {
            let first = model.queue_each(&borrowed(&batch), 0).unwrap();
            let second = model.queue_each(&borrowed(&batch), 0).unwrap();
            assert_eq!(model.replay_table(&shapes).unwrap().unwrap(), table);
            for queued in [first, second] {
                let got: Vec<f32> = queued.finish().unwrap().into_iter().flat_map(Result::unwrap).collect();
                assert_eq!(got, want);
            }
        }
    });
}
