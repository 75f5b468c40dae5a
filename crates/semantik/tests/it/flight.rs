//! Two batches in flight on a GPU.

use std::sync::{Mutex, MutexGuard, PoisonError};

use device_suite::present::device;
use device_suite::{SeededModel, Sizes};
use semantik::embed_burn::{Backend, ModelFolder, TokenizedText};
use semantik::{AdaptiveEmbedder, Cancel, DeviceLimits, ErrorKind};

/// One test at a time uses the GPU: some look at all that is on it.
pub(crate) fn alone_on_the_gpu() -> MutexGuard<'static, ()> {
    static GPU: Mutex<()> = Mutex::new(());
    GPU.lock().unwrap_or_else(PoisonError::into_inner)
}

fn texts() -> Vec<TokenizedText> {
    let ids = |n: u32| (0..=n % 11).map(|at| 4 + (n + at) % 16).collect();
    (0..48).map(|n| TokenizedText { ids: ids(n), dropped: 0 }).collect()
}

/// A model on the GPU of which no batch has more than six texts.
fn model(tiny: &SeededModel, in_flight: usize) -> AdaptiveEmbedder {
    let limits = DeviceLimits { min_batch: Some(1), max_batch: Some(6), ..DeviceLimits::default() };
    let folder = ModelFolder::open(tiny.path()).unwrap();
    let model = AdaptiveEmbedder::load(&folder, Backend::Wgpu.into(), &limits).unwrap();
    model.with_batches_in_flight(in_flight)
}

/// The vectors, the sizes of batches in the order in which they came, and how many of them came while another was at work.
fn run(model: &AdaptiveEmbedder, tiny: &SeededModel) -> (Vec<Vec<f32>>, Vec<usize>, usize) {
    let name = tiny.path().file_name().unwrap().to_string_lossy().into_owned();
    let (mut sizes, mut beside) = (Vec::new(), 0);
    let each = model.embed_each(&texts(), &mut |batch| {
        sizes.push(batch.items);
        // Other tests use the device too.
        let own = model.device_use().leases.into_iter().filter(|lease| lease.model == name).count();
        assert!(own <= 1, "{own} leases beside the batch that has come back");
        beside += own;
    });
    let vectors = each.unwrap().into_iter().map(Result::unwrap).collect();
    (vectors, sizes, beside)
}

#[test]
fn the_next_batch_is_at_work_when_one_comes_back_and_vectors_are_the_same() {
    let name = "the_next_batch_is_at_work_when_one_comes_back_and_vectors_are_the_same";
    if device(name, Backend::Wgpu).is_none() {
        return;
    }
    let _alone = alone_on_the_gpu();
    let tiny = SeededModel::new(Sizes::TINY).unwrap();
    let (want, sizes, beside) = run(&model(&tiny, 1), &tiny);
    assert!(sizes.len() >= 8 && sizes.iter().sum::<usize>() == want.len(), "{sizes:?}");
    assert_eq!(beside, 0, "one at a time");
    let two = model(&tiny, 2);
    // Where other tests wait for memory, the second waits behind them.
    let found = (0..50).map(|_| run(&two, &tiny)).find(|(_, sizes, beside)| beside + 1 == sizes.len());
    let (got, again, _) = found.expect("in no run the next batch was at work whenever one came back");
    assert_eq!(again.iter().sum::<usize>(), want.len());
    let off = got.iter().flatten().zip(want.iter().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off <= 1e-6, "off by {off}");
}

#[test]
fn a_stop_keeps_what_is_in_flight_and_gives_nothing_more_to_the_device() {
    let name = "a_stop_keeps_what_is_in_flight_and_gives_nothing_more_to_the_device";
    if device(name, Backend::Wgpu).is_none() {
        return;
    }
    let _alone = alone_on_the_gpu();
    let tiny = SeededModel::new(Sizes::TINY).unwrap();
    let cancel = Cancel::new();
    let model = model(&tiny, 2).with_cancel(cancel.clone());
    let mut batches = 0;
    let error = model.embed_each(&texts(), &mut |_| {
        batches += 1;
        cancel.set();
    });
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Interrupted);
    // The one that came back, and the one behind it if there was room for it.
    assert!((1..=2).contains(&batches), "{batches}");
    assert!(model.device_use().leases.iter().all(|lease| !tiny.path().ends_with(&lease.model)));
}
