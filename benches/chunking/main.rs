//! How fast is a document cut, beside `text-splitter`, and does that hold as it grows?
//!
//! One thread, the same text, the same task, the same run. text-splitter trims by default; it is asked not to, so that
//! both give lossless chunks.

mod configs;
mod hierarchical;
mod length;
mod markdown;
mod pathological;
mod semantic;
mod targets;
mod tokens;

use criterion::{criterion_group, criterion_main};

criterion_group!(
    all,
    length::bench,
    markdown::bench,
    tokens::bench,
    hierarchical::bench,
    semantic::bench,
    targets::bench,
    pathological::bench
);
criterion_main!(all);
