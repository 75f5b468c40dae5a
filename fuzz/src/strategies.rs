//! What is fuzzed: one line and one function a strategy.

use chunk_strategies::{
    Breakpoints, Character, ChunkConfig, ChunkSizer, Code, DocumentKind, Hierarchical, Hybrid, Language,
    Markdown, Recursive, Semantic,
};

use crate::conformance::{Case, check, check_levels, check_stream};
use crate::letter_counts::LetterCounts;

/// Panics where a guarantee does not hold.
pub(crate) type Check<S> = fn(&str, &S, Case);

/// The check of a strategy; `xtask/src/fuzz.rs` has the same names.
pub(crate) fn named<S: ChunkSizer>(name: &str) -> Option<Check<S>> {
    Some(match name {
        "character" => character,
        "recursive" => recursive,
        "markdown" => markdown,
        "semantic" => semantic,
        "hierarchical" => hierarchical,
        "hybrid" => hybrid,
        "anchored" => anchored,
        "code" => code,
        "records" => records,
        _ => return None,
    })
}

fn character<S: ChunkSizer>(document: &str, sizer: &S, case: Case) {
    let strategy = Character::new(config(sizer, case)).expect("configuration");
    check("character", document, sizer, case, || strategy.chunks(document).collect());
    check_stream("character", document, case, &mut strategy.chunks(document), |reader| {
        strategy.chunk_reader(reader).with_segment(case.max)
    });
}

fn recursive<S: ChunkSizer>(document: &str, sizer: &S, case: Case) {
    let strategy = Recursive::new(config(sizer, case)).expect("configuration");
    check("recursive", document, sizer, case, || strategy.chunks(document).collect());
    check_stream("recursive", document, case, &mut strategy.chunks(document), |reader| {
        strategy.chunk_reader(reader).with_segment(case.max)
    });
}

fn markdown<S: ChunkSizer>(document: &str, sizer: &S, case: Case) {
    let strategy = Markdown::new(config(sizer, case)).expect("configuration");
    check("markdown", document, sizer, case, || strategy.chunks(document).collect());
    check_stream("markdown", document, case, &mut strategy.chunks(document), |reader| {
        strategy.chunk_reader(reader).with_segment(case.max)
    });
}

fn semantic<S: ChunkSizer>(document: &str, sizer: &S, case: Case) {
    // Another method for each document.
    let method = Breakpoints::NAMES[document.len() % Breakpoints::NAMES.len()];
    let strategy = Breakpoints::named(method, None)
        .and_then(|method| Semantic::new(config(sizer, case), LetterCounts)?.with_breakpoints(method))
        .expect("breakpoints");
    check("semantic", document, sizer, case, || strategy.chunks(document).collect());
}

fn hierarchical<S: ChunkSizer>(document: &str, sizer: &S, case: Case) {
    let sizes = [case.max * 9, case.max * 3, case.max];
    let finest = ChunkConfig::new(case.max).sizer(sizer).overlap(case.overlap.min(case.max - 2));
    let strategy = Hierarchical::new(finest, sizes[..2].iter().copied()).expect("levels");
    check_levels(document, sizer, case, &sizes, || strategy.chunks(document).collect());
    check_levels(document, sizer, case, &sizes, || {
        strategy.chunks_as(DocumentKind::Markdown, document).collect()
    });
}

fn hybrid<S: ChunkSizer>(document: &str, sizer: &S, case: Case) {
    let strategy = Hybrid::new(config(sizer, case)).expect("configuration").with_embedder(LetterCounts);
    check("hybrid", document, sizer, case, || strategy.chunks(document).collect());
    check("hybrid, as Markdown", document, sizer, case, || {
        strategy.chunks_as(DocumentKind::Markdown, document).collect()
    });
}

fn anchored<S: ChunkSizer>(document: &str, sizer: &S, case: Case) {
    let character = Character::new(config(sizer, case)).expect("configuration").anchored();
    check("anchored character", document, sizer, case, || character.chunks(document).collect());
    let recursive = Recursive::new(config(sizer, case)).expect("configuration").anchored();
    check("anchored recursive", document, sizer, case, || recursive.chunks(document).collect());
    check_stream("anchored recursive", document, case, &mut recursive.chunks(document), |reader| {
        recursive.chunk_reader(reader).with_segment(case.max)
    });
}

fn code<S: ChunkSizer>(document: &str, sizer: &S, case: Case) {
    // Another language for each document.
    let language = Language::ALL[document.len() % Language::ALL.len()];
    let strategy = Code::new(config(sizer, case), language).expect("code");
    check(language.as_str(), document, sizer, case, || strategy.chunks(document).collect());
    check_stream(language.as_str(), document, case, &mut strategy.chunks(document), |reader| {
        strategy.chunk_reader(reader).with_segment(case.max)
    });
    let counting = Code::new(config(sizer, case), language).expect("code").with_context_counted();
    check("code with its context", document, sizer, case, || counting.chunks(document).collect());
    for chunk in counting.chunks(document).filter_map(Result::ok) {
        assert!(sizer.size(&chunk.text_with_context()) <= case.max, "{language}, C3 with context, {case:?}");
    }
}

fn records<S: ChunkSizer>(document: &str, sizer: &S, case: Case) {
    let strategy = Recursive::new(config(sizer, case)).expect("records");
    let chunks = || strategy.chunks_as(DocumentKind::Records, document);
    check("records", document, sizer, case, || chunks().collect());
    check_stream("records", document, case, &mut chunks(), |reader| {
        strategy.chunk_reader_as(DocumentKind::Records, reader).with_segment(case.max)
    });
}

fn config<S: ChunkSizer>(sizer: &S, case: Case) -> ChunkConfig<&S> {
    ChunkConfig::new(case.desired..=case.max).sizer(sizer).overlap(case.overlap)
}
