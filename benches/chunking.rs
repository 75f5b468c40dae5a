//! How fast is a document cut, beside `text-splitter`, and does that hold as it grows?
//!
//! Both cut into at most 1,000 characters without overlap, on the same text in the same run. text-splitter trims by
//! default; it is asked not to, so that both give lossless chunks.

use std::hint::black_box;

use benches::prose;
use chunk_strategies::{Capacity, Character, Chars, ChunkConfig, Recursive};
use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use text_splitter::TextSplitter;

const SIZE: usize = 1000;

fn chunking(c: &mut Criterion) {
    let mut group = c.benchmark_group("chars@1000");
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    for bytes in [500_000, 2_000_000, 8_000_000] {
        let text = prose(bytes);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_with_input(BenchmarkId::new("recursive", bytes), &text, |b, text| {
            let strategy = Recursive::new(config());
            b.iter(|| strategy.chunks(black_box(text)).filter_map(Result::ok).count());
        });
        group.bench_with_input(BenchmarkId::new("character", bytes), &text, |b, text| {
            let strategy = Character::new(config());
            b.iter(|| strategy.chunks(black_box(text)).filter_map(Result::ok).count());
        });
        // Seconds a run and more beyond this.
        if bytes <= 2_000_000 {
            group.bench_with_input(BenchmarkId::new("text-splitter", bytes), &text, |b, text| {
                let splitter = TextSplitter::new(text_splitter::ChunkConfig::new(SIZE).with_trim(false));
                b.iter(|| splitter.chunks(black_box(text)).count());
            });
        }
    }
    group.finish();
}

/// The size is a constant, so the configuration is always right.
#[allow(clippy::expect_used)]
fn config() -> ChunkConfig<Chars> {
    let capacity = Capacity::new(SIZE, SIZE).expect("a size above 0");
    ChunkConfig::new(capacity, Chars).expect("a configuration without overlap")
}

criterion_group!(all, chunking);
criterion_main!(all);
