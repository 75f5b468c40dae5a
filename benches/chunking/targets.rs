//! The Python original's targets, with its parameters: chunks a second from 1 MB of prose, one thread.
//!
//! Its targets are from `tests/performance/chunking_benchmarks.py`; a row's second part is its target. The model's own
//! time is not in the semantic row, as it is not in the original's, which measured with constant vectors.

use benches::{Text, text, tokenizer};
use chunk_strategies::{
    Breakpoints, Character, Chars, ChunkSizer, Hierarchical, Hybrid, Markdown, Recursive, Semantic, Tokens,
};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};

use crate::configs::{config, group, right};
use crate::semantic::Precomputed;

const BYTES: usize = 1_000_000;

pub(crate) fn bench(c: &mut Criterion) {
    let (Some(tokenizer), Some(text)) = (tokenizer(), text("prose", "8MB")) else { return };
    let Ok(tokens) = Tokens::new(tokenizer) else { return };
    let tokens = &tokens;
    let text = text.shortened(BYTES, "1MB");
    let mut group = group(c, "the original's targets, 1 MB of prose");
    all(&mut group, &text, tokens, 1);
    group.finish();
    // The same sizes in characters, at four to
    // a token, say what the strategies themselves take.
    let mut group = crate::configs::group(c, "the original's targets in characters, 1 MB of prose");
    all(&mut group, &text, &Chars, 4);
    group.finish();
}

/// All six strategies with the original's sizes, `per_token` units to a token.
fn all<S: ChunkSizer>(group: &mut BenchmarkGroup<'_, WallTime>, text: &Text, sizer: &S, per_token: usize) {
    let config = |size, overlap| config(size * per_token, overlap * per_token, sizer);
    let character = right(Character::new(config(1000, 200)));
    target(group, "character 1000/200", 1000, text, |text| character.chunks(text).count());
    let recursive = right(Recursive::new(config(600, 100)));
    target(group, "recursive 600/100", 800, text, |text| recursive.chunks(text).count());
    let markdown = right(Markdown::new(config(1000, 0)));
    target(group, "markdown 1000", 600, text, |text| markdown.chunks(text).count());
    let method = Breakpoints::Percentile { percentile: 90.0 };
    let semantic = Semantic::new(config(2000, 0), Precomputed::new());
    let semantic = right(semantic.and_then(|semantic| semantic.with_breakpoints(method)));
    target(group, "semantic 90%, 2000", 50, text, |text| semantic.chunks(text).count());
    let levels = right(Hierarchical::new(config(128, 20), [2048, 512].map(|size| size * per_token)));
    target(group, "hierarchical 2048, 512, 128/20", 200, text, |text| levels.chunks(text).count());
    let hybrid = right(Hybrid::new(config(1000, 0)));
    target(group, "hybrid 1000", 300, text, |text| hybrid.chunks(text).count());
}

/// One row: `run` gives how many chunks it made, and more than `least` of them a second is the target.
fn target(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    least: usize,
    text: &Text,
    mut run: impl FnMut(&str) -> usize,
) {
    group.throughput(Throughput::Elements(run(&text.text) as u64));
    let id = BenchmarkId::new(name, format!("target {least}"));
    group.bench_with_input(id, &text.text, |b, text| b.iter(|| run(std::hint::black_box(text))));
}
