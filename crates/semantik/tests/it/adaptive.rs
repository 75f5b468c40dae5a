//! Batches follow memory; vectors do not.

use std::sync::Arc;

use device_suite::{SeededModel, Sizes};
use semantik::batch_policy::Limits;
use semantik::chunk_strategies::Vectors;
use semantik::embed_burn::{Backend, BurnDevice, BurnEmbedder, ModelFolder, TokenizedText};
use semantik::gpu_telemetry::{ByteCount, MemoryMonitor, MemorySample, ScriptedMonitor};
use semantik::{AdaptiveEmbedder, BatchDone, Cancel, DeviceLimits, ErrorKind};

use crate::model::{embedder, embedder_with};

fn texts(model: &AdaptiveEmbedder) -> Vec<TokenizedText> {
    (0..40).map(|n| model.tokenize(&format!("fox {n} {}", "jumps over ".repeat(n % 7))).unwrap()).collect()
}

fn run(model: &AdaptiveEmbedder) -> (Vectors, Vec<BatchDone>) {
    let texts = texts(model);
    let mut batches = Vec::new();
    let vectors = model.embed_tokenized(&texts, &mut |batch| batches.push(batch)).unwrap();
    assert_eq!(batches.iter().map(|batch| batch.items).sum::<usize>(), texts.len());
    assert_eq!(
        batches.iter().map(|batch| batch.tokens).sum::<usize>(),
        texts.iter().map(|text| text.ids.len()).sum::<usize>()
    );
    (vectors, batches)
}

fn same(a: &Vectors, b: &Vectors) {
    let off = a.rows().flatten().zip(b.rows().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off <= 1e-6, "off by {off}");
}

/// A device of which others use so many thousandths, and the same is free whatever the share.
fn beside(permille: u64, free: ByteCount) -> Arc<dyn MemoryMonitor> {
    let total = ByteCount::new(free.get() * 1000 / (1000 - permille));
    let used = total.saturating_sub(free);
    let own = ByteCount::MIB.min(used);
    let sample = MemorySample::builder().total(total).used(used).process_used(own).build();
    Arc::new(ScriptedMonitor::new([Ok(sample.unwrap())]))
}

fn mib(count: u64) -> ByteCount {
    ByteCount::MIB.saturating_mul(count)
}

#[test]
fn m1_batches_stay_within_a_small_limit_and_vectors_stay_the_same() {
    let (free, batches) = run(&embedder());
    assert!(batches.len() < 10, "with memory there is no need for {} batches", batches.len());
    let limit = DeviceLimits { memory_limit: Some(ByteCount::MIB), ..DeviceLimits::default() };
    let (tight, batches) = run(&embedder_with(limit, None));
    assert!(batches.len() > 10, "{} batches in a MiB", batches.len());
    same(&free, &tight);
}

#[test]
fn the_most_texts_in_a_batch_are_kept_to() {
    let limits = DeviceLimits { max_batch: Some(3), ..DeviceLimits::default() };
    let (vectors, batches) = run(&embedder_with(limits, Some(beside(100, ByteCount::GIB))));
    assert!(batches.iter().all(|batch| batch.items <= 3));
    same(&vectors, &run(&embedder()).0);
}

#[test]
fn a_neighbour_that_stays_and_leaves_room_costs_no_forwards() {
    let tiny = SeededModel::new(Sizes::TINY).unwrap();
    let folder = ModelFolder::open(tiny.path()).unwrap();
    let forwards = |permille| {
        let device = BurnDevice::open(Backend::Cpu.into()).unwrap();
        let model = BurnEmbedder::load(&folder, &device).unwrap();
        let monitor = beside(permille, mib(3584));
        let model = AdaptiveEmbedder::with_monitor(model, Limits::default(), Some(monitor)).unwrap();
        let text = model.tokenize("the quick foxes are lazy, the dogs").unwrap();
        assert!(text.ids.len() == 12, "{} tokens", text.ids.len());
        let mut forwards = 0;
        model.embed_tokenized(&vec![text; 1200], &mut |_| forwards += 1).unwrap();
        forwards
    };
    for permille in [10, 600, 850, 900, 950] {
        // 14,400 tokens in batches of 4,096.
        assert_eq!(forwards(permille), 4, "beside a neighbour with {permille} thousandths");
    }
}

#[test]
fn m4_pressure_halves_batches_once() {
    let sizes = |permille| {
        let (vectors, batches) = run(&embedder_with(DeviceLimits::default(), Some(beside(permille, mib(6)))));
        same(&vectors, &run(&embedder()).0);
        batches.iter().map(|batch| batch.items).collect::<Vec<usize>>()
    };
    // It is counted, from the first reading on, and where there is none nothing is.
    for (permille, is_pressed) in [(700, false), (850, true)] {
        let model = embedder_with(DeviceLimits::default(), Some(beside(permille, mib(6))));
        let (_, batches) = run(&model);
        let counts = model.batch_counts();
        assert_eq!(!counts.pressure.is_zero(), is_pressed, "{counts:?}");
        assert_eq!((counts.batches, counts.texts), (batches.len() as u64, 40), "{counts:?}");
        assert_eq!(counts.tokens, batches.iter().map(|batch| batch.tokens as u64).sum::<u64>());
        assert!(counts.computed_tokens >= counts.tokens && counts.out_of_memory == 0, "{counts:?}");
    }
    // Little enough for bytes to decide.
    let (calm, pressed) = (sizes(700), sizes(850));
    assert!(calm.len() < pressed.len() && pressed.len() <= 3 * calm.len(), "{calm:?}, {pressed:?}");
    let last = pressed.len() - 1;
    assert!(pressed[..last].is_sorted(), "shorter texts, larger batches, and no second halving: {pressed:?}");
}

#[test]
fn a_monitor_that_fails_leaves_the_limit() {
    let error = "x".parse::<ByteCount>().unwrap_err();
    let monitor = ScriptedMonitor::new([Err(error)]);
    let (vectors, _) = run(&embedder_with(DeviceLimits::default(), Some(Arc::new(monitor))));
    same(&vectors, &run(&embedder()).0);
}

#[test]
fn a_stop_is_an_error_of_its_own() {
    let cancel = Cancel::new();
    cancel.set();
    let model = embedder_with(DeviceLimits::default(), None).with_cancel(cancel);
    let error = model.embed_tokenized(&texts(&model), &mut |_| {}).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert!(model.embed_tokenized(&[], &mut |_| {}).unwrap().is_empty());
}
