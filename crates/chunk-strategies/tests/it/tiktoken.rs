//! tiktoken's encodings: exact as the crate that has them counts, each chunk on its own.

use std::sync::LazyLock;

use chunk_strategies::{Chunk, ChunkConfig, ChunkErrorKind, ChunkSizer, Recursive, Tiktoken};
use proptest::prelude::*;

use crate::conformance::{Case, every_strategy};
use crate::pieces::Pieces;
use crate::texts::documents;

/// All of them, with windows so short that a short text has many.
fn encodings() -> &'static [Tiktoken] {
    static ENCODINGS: LazyLock<[Tiktoken; 4]> = LazyLock::new(|| {
        [Tiktoken::o200k_base(), Tiktoken::cl100k_base(), Tiktoken::p50k_base(), Tiktoken::r50k_base()]
            .map(|encoding| encoding.with_window(64))
    });
    ENCODINGS.as_slice()
}

/// The oracle: the crate's own encoding of a text that stands alone.
fn alone(name: &str, text: &str) -> usize {
    let encoding = match name {
        "o200k_base" => tiktoken_rs::o200k_base_singleton(),
        "cl100k_base" => tiktoken_rs::cl100k_base_singleton(),
        "p50k_base" => tiktoken_rs::p50k_base_singleton(),
        _ => tiktoken_rs::r50k_base_singleton(),
    };
    encoding.encode_ordinary(text).len()
}

/// Words, marks, blanks and line ends in every order, and what reads like a special token.
fn text_of_tokens() -> impl Strategy<Value = String> {
    prop::collection::vec(
        "[a-z]{1,9}|[A-Z][a-z]{2,6}| |  ?|\n|\r\n|\n\n  |\t| {3,20}|[0-9]{1,7}|'s|'LL|n't|[.,;:!?/()-]{1,3}|漢字|é|e\u{301}|ก็ดี|\u{a0}|\u{85}|<\\|endoftext\\|>|👨‍👩‍👧",
        0..80,
    )
    .prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn c3_sizes_are_those_of_the_text_alone(
        document in prop_oneof![documents(), text_of_tokens()],
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 12),
    ) {
        for tokens in encodings() {
            let index = tokens.index(&document);
            for (one, other) in &cuts {
                let ends = [one, other].map(|at| document.floor_char_boundary(at.index(document.len() + 1)));
                let (start, end) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
                let span = &document[start..end];
                prop_assert_eq!(
                    index.size(start..end), alone(tokens.name(), span), "{:?}: {:?} in {:?}", tokens, span, &document
                );
            }
        }
    }

    /// An excerpt with its margins gives the answers of the whole document.
    #[test]
    fn c5_an_excerpt_is_counted_as_the_document(
        document in prop_oneof![documents(), text_of_tokens()],
        from in any::<prop::sample::Index>(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1..40_usize), 12),
    ) {
        let from = document.floor_char_boundary(from.index(document.len() + 1));
        for tokens in encodings() {
            let (whole, excerpt) = (tokens.index(&document), tokens.index_excerpt(&document[from..], from));
            let begin = document.ceil_char_boundary((from + tokens.margin()).min(document.len()));
            if from > 0 && begin + 1 > document.len() {
                continue;
            }
            let begin = if from == 0 { 0 } else { begin };
            for (one, other, size) in &cuts {
                let ends = [one, other]
                    .map(|at| document.floor_char_boundary(begin + at.index(document.len() - begin + 1)).max(begin));
                let (start, end) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
                prop_assert_eq!(whole.size(start..end), excerpt.size(start - from..end - from), "{:?}, size", tokens);
                prop_assert_eq!(
                    whole.reach(start, *size), excerpt.reach(start - from, *size) + from, "{:?}, reach", tokens
                );
                let clamp = |at: usize| at.max(begin);
                prop_assert_eq!(
                    clamp(whole.reach_back(end, *size)), clamp(excerpt.reach_back(end - from, *size) + from),
                    "{:?}, back", tokens
                );
            }
        }
    }

    #[test]
    fn every_strategy_keeps_every_guarantee(document in documents(), desired in 8..60_usize, more in 0..20_usize) {
        for tokens in encodings() {
            every_strategy(&document, tokens, Case { desired, max: desired + more, overlap: desired / 5 });
        }
    }
}

/// Of each encoding; many more under `cargo xtask test --full`.
fn cases() -> u32 {
    if std::env::var_os("SEMANTIK_TEST_FULL").is_some() { 1000 } else { 32 }
}

/// More words than one window holds, at its usual length.
#[test]
fn counts_are_exact_across_windows() {
    let document = "The word, thesis's end? 1234567 (of 8)\n\n  漢字 indented\t".repeat(1_500);
    for tokens in [Tiktoken::o200k_base(), Tiktoken::cl100k_base()] {
        every_strategy(&document, &tokens, Case { desired: 256, max: 256, overlap: 25 });
        let strategy = Recursive::new(ChunkConfig::new(256).sizer(tokens).overlap(25)).unwrap();
        for chunk in strategy.chunks(&document) {
            let chunk = chunk.unwrap();
            assert_eq!(chunk.size(), alone(tokens.name(), chunk.text()));
        }
    }
}

/// The chunks of a document that is read piece by piece are those of the document in memory.
#[test]
fn c5_streams_are_windowed_as_documents_in_memory() {
    let prose = "The word aaaa, a; thesis. Word's end?\n\nA \u{6f22}\u{5b57} e\u{301} text ".repeat(700);
    let document = format!("{prose}{}{prose}", "a".repeat(5_000));
    let tokens = Tiktoken::cl100k_base().with_window(1024);
    let strategy = Recursive::new(ChunkConfig::new(100).sizer(tokens).overlap(20)).unwrap();
    let in_memory: Vec<Chunk<'_>> = strategy.chunks(&document).map(Result::unwrap).collect();
    let mut reader = strategy.chunk_reader(Pieces::of(&document, 500)).with_segment(3_001);
    for expected in &in_memory {
        assert_eq!(&reader.next_chunk().unwrap().unwrap(), expected);
    }
    assert!(reader.next_chunk().is_none());
}

/// Runs that have no place where counts add up.
#[test]
fn c5_long_runs_are_counted_and_cut() {
    for run in [" ".repeat(300_000), "\n".repeat(100_000), "漢".repeat(30_000), "ab".repeat(50_000)] {
        let tokens = Tiktoken::cl100k_base();
        assert_eq!(tokens.size(&run), alone(tokens.name(), &run));
        let strategy = Recursive::new(ChunkConfig::new(200).sizer(tokens)).unwrap();
        let mut bytes = 0;
        for chunk in strategy.chunks(&run) {
            let chunk = chunk.unwrap();
            assert_eq!(chunk.size(), alone(tokens.name(), chunk.text()));
            bytes += chunk.text().len();
        }
        assert_eq!(bytes, run.len());
    }
}

/// A second opinion: counts that tiktoken itself gives.
#[test]
fn known_counts() {
    let counts = |text: &str| encodings().iter().map(|tokens| tokens.size(text)).collect::<Vec<_>>();
    assert_eq!(counts("hello world"), [2, 2, 2, 2]);
    assert_eq!(counts("<|endoftext|>")[1], 7, "what reads like a special token is text");
    assert_eq!(counts(""), [0, 0, 0, 0]);
}

#[test]
fn encodings_are_known_by_name_and_by_model() {
    for tokens in encodings() {
        assert_eq!(Tiktoken::named(tokens.name()).unwrap().name(), tokens.name());
    }
    let of = |model| Tiktoken::for_model(model).unwrap().name();
    assert_eq!(of("gpt-4o-2024-05-13"), "o200k_base");
    assert_eq!(of("text-embedding-3-small"), "cl100k_base");
    assert_eq!(of("gpt2"), "r50k_base");
    let error = Tiktoken::named("cl200k").unwrap_err();
    assert_eq!((error.kind(), error.field()), (ChunkErrorKind::Config, Some("encoding")));
    assert!(error.to_string().contains("o200k_base, cl100k_base"), "{error}");
    assert_eq!(Tiktoken::for_model("bert").unwrap_err().field(), Some("model"));
}
