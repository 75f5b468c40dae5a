//! What does it cost to know Markdown's structure, beside the parser alone?

use benches::{peer, text};
use chunk_strategies::{Chars, Hybrid, Markdown, Recursive};
use criterion::Criterion;
use pulldown_cmark::{Options, Parser};
use text_splitter::{Characters, MarkdownSplitter};

use crate::configs::{SIZE, config, group, right, row};

/// The peer takes seconds for more.
const SHORT_BYTES: usize = 200_000;

pub(crate) fn bench(c: &mut Criterion) {
    let mut group = group(c, "markdown chars@1000");
    let short = text("markdown", "0.5MB").map(|text| text.shortened(SHORT_BYTES, "0.2MB"));
    let longer = ["8MB", "100MB"].iter().filter_map(|size| text("markdown", size));
    for text in short.into_iter().chain(longer) {
        let markdown = right(Markdown::new(config(SIZE, 0, Chars)));
        row(&mut group, "markdown", &text, |text| markdown.chunks(text).count());
        let hybrid = right(Hybrid::new(config(SIZE, 0, Chars)));
        row(&mut group, "hybrid", &text, |text| hybrid.chunks(text).count());
        let recursive = right(Recursive::new(config(SIZE, 0, Chars)));
        row(&mut group, "recursive", &text, |text| recursive.chunks(text).count());
        row(&mut group, "pulldown-cmark", &text, |text| {
            Parser::new_ext(text, extensions()).into_offset_iter().count()
        });
        if text.name == "0.2MB" {
            let splitter = MarkdownSplitter::new(peer::config(SIZE, Characters));
            row(&mut group, "text-splitter", &text, |text| splitter.chunks(text).count());
        }
    }
    group.finish();
}

/// GitHub's.
fn extensions() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
}
