//! How fast is a text tokenised, beside the `tokenizers` crate?
//!
//! One thread, the default model's tokenizer, the same text in the same run. Each row says what is made of a text: a count,
//! the ids that a model reads, or the tokens with their places. The crate has no faster call than `encode_fast`, which leaves
//! places out.

use std::hint::black_box;

use benches::{Text, text, tokenizer};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use word_piece::WordPiece;

/// The crate reads two megabytes a second.
const BYTES: usize = 200_000;
/// A chunk of 256 tokens: what an encoder is given.
const CHUNK_BYTES: usize = 1_200;

fn bench(c: &mut Criterion) {
    let Some(tokenizer) = tokenizer() else { return };
    let Ok(words) = WordPiece::from_tokenizer(&tokenizer) else { return };
    for kind in ["prose", "markdown", "code", "cjk"] {
        let Some(text) = text(kind, "0.5MB") else { continue };
        let text = text.shortened(BYTES, kind);
        let mut group = c.benchmark_group(format!("tokenising {kind}"));
        group.throughput(Throughput::Bytes(text.text.len() as u64)).sample_size(20);
        let mut row = |name: &str, work: &mut dyn FnMut(&str) -> usize| {
            group.bench_function(name, |bencher| {
                bencher.iter(|| chunks(&text).map(|chunk| work(black_box(chunk))).sum::<usize>());
            });
        };
        row("word-piece: count", &mut |chunk| words.count(chunk));
        let mut ids = Vec::new();
        row("word-piece: ids", &mut |chunk| {
            ids.clear();
            words.encode_into(chunk, &mut ids);
            ids.len()
        });
        row("word-piece: tokens", &mut |chunk| words.encode(chunk).len());
        row("tokenizers: ids", &mut |chunk| {
            tokenizer.encode_fast(chunk, true).map_or(0, |encoding| encoding.len())
        });
        row("tokenizers: tokens", &mut |chunk| {
            tokenizer.encode(chunk, true).map_or(0, |encoding| encoding.len())
        });
        group.finish();
    }
}

/// The text in pieces that end at a character.
fn chunks(text: &Text) -> impl Iterator<Item = &str> {
    let mut rest = text.text.as_str();
    std::iter::from_fn(move || {
        let (chunk, behind) = rest.split_at(rest.floor_char_boundary(CHUNK_BYTES));
        rest = behind;
        (!chunk.is_empty()).then_some(chunk)
    })
}

criterion_group!(all, bench);
criterion_main!(all);
