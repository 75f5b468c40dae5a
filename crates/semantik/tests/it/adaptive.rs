//! Batches follow memory; vectors do not.

use std::sync::Arc;

use semantik::chunk_strategies::Vectors;
use semantik::embed_burn::TokenizedText;
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

/// A device of 1 GiB of which this share is used.
fn used(permille: u64) -> MemorySample {
    let used = ByteCount::new((1 << 30) / 1000 * permille);
    MemorySample::builder().total(ByteCount::GIB).used(used).build().unwrap()
}

fn monitor(samples: impl IntoIterator<Item = u64>) -> Arc<dyn MemoryMonitor> {
    Arc::new(ScriptedMonitor::new(samples.into_iter().map(|permille| Ok(used(permille)))))
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
    let (vectors, batches) = run(&embedder_with(limits, Some(monitor([100]))));
    assert!(batches.iter().all(|batch| batch.items <= 3));
    same(&vectors, &run(&embedder()).0);
}

#[test]
fn m4_pressure_halves_batches() {
    let limits = DeviceLimits { max_batch: Some(16), ..DeviceLimits::default() };
    let (vectors, batches) = run(&embedder_with(limits, Some(monitor([900]))));
    let sizes: Vec<usize> = batches.iter().map(|batch| batch.items).collect();
    assert!(sizes.windows(2).all(|pair| pair[1] <= pair[0]) && sizes.last() < sizes.first(), "{sizes:?}");
    same(&vectors, &run(&embedder()).0);
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
