//! What is measured is configured here, and grouped alike.

use std::time::Duration;

use chunk_strategies::{ChunkConfig, ChunkError, ChunkSizer};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, SamplingMode, Throughput};

use benches::Text;

/// The size that most rows have, in characters.
pub(crate) const SIZE: usize = 1000;

/// Chunks of at most `size` with `overlap`.
pub(crate) fn config<S: ChunkSizer>(size: usize, overlap: usize, sizer: S) -> ChunkConfig<S> {
    ChunkConfig::new(size).sizer(sizer).overlap(overlap)
}

/// A strategy of which all sizes are constants, and so always right.
#[allow(clippy::expect_used)]
pub(crate) fn right<T>(strategy: Result<T, ChunkError>) -> T {
    strategy.expect("sizes within their bounds")
}

/// Ten runs a row, each of the whole text: a run takes from milliseconds to seconds.
pub(crate) fn group<'c>(c: &'c mut Criterion, name: &str) -> BenchmarkGroup<'c, WallTime> {
    let mut group = c.benchmark_group(name);
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    group
}

/// One row: `run` over the text, in bytes a second.
pub(crate) fn row<R>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    text: &Text,
    mut run: impl FnMut(&str) -> R,
) {
    group.throughput(Throughput::Bytes(text.text.len() as u64));
    group.bench_with_input(BenchmarkId::new(name, &text.name), &text.text, |b, text| {
        b.iter(|| run(std::hint::black_box(text)));
    });
}
