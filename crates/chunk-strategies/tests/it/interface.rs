//! What all strategies have in common, and what a chunk is on its own.

use std::sync::Arc;
use std::thread;

use chunk_strategies::{
    Character, ChunkConfig, ChunkIds, ChunkStrategy, Hierarchical, Hybrid, Markdown, Recursive, Semantic,
    Strategy, Words,
};

use crate::texts::LetterCounts;

const DOCUMENT: &str =
    "# Foxes\n\nFoxes are quick. They hunt mice.\n\n- one\n- two\n\nCubs stay in the den.\n";

fn every() -> Vec<Box<dyn ChunkStrategy>> {
    let config = || ChunkConfig::new(20..=30).overlap(5);
    vec![
        Box::new(Character::new(config()).unwrap()),
        Box::new(Recursive::new(config()).unwrap()),
        Box::new(Markdown::new(config()).unwrap()),
        Box::new(Semantic::new(config(), LetterCounts).unwrap()),
        Box::new(Hierarchical::new(config(), [60]).unwrap()),
        Box::new(Hybrid::new(config()).unwrap()),
    ]
}

#[test]
fn one_trait_gives_what_each_strategy_gives() {
    let names: Vec<Strategy> = every().iter().map(ChunkStrategy::strategy).collect();
    assert_eq!(names, Strategy::ALL);
    let markdown = Markdown::new(ChunkConfig::new(20..=30).overlap(5)).unwrap();
    let direct: Vec<_> = markdown.chunks(DOCUMENT).map(Result::unwrap).collect();
    let every = every();
    let boxed: Vec<_> = every[2].chunks(DOCUMENT).map(Result::unwrap).collect();
    assert_eq!(direct, boxed);
}

/// An iterator that was begun on one thread goes on on another.
#[test]
fn iterators_may_be_sent() {
    for strategy in every() {
        let strategy: Arc<dyn ChunkStrategy> = strategy.into();
        let all: Vec<_> = strategy.chunks(DOCUMENT).map(|chunk| chunk.unwrap().byte_range()).collect();
        let mut chunks = strategy.chunks(DOCUMENT);
        let first = chunks.next().unwrap().unwrap().byte_range();
        let rest = thread::scope(|scope| {
            scope
                .spawn(move || chunks.map(|chunk| chunk.unwrap().byte_range()).collect::<Vec<_>>())
                .join()
                .unwrap()
        });
        assert_eq!(all, [vec![first], rest].concat(), "{}", strategy.strategy());
    }
}

#[test]
fn a_sizer_may_be_anything_that_measures() {
    let count = |text: &str| text.split_whitespace().count();
    let by_closure = Recursive::new(ChunkConfig::new(4).sizer(count)).unwrap();
    let by_reference = Recursive::new(ChunkConfig::new(4).sizer(&Words)).unwrap();
    let text = "one two three four five six seven";
    let ranges = |strategy: &dyn ChunkStrategy| {
        strategy.chunks(text).map(|chunk| chunk.unwrap().byte_range()).collect::<Vec<_>>()
    };
    assert_eq!(ranges(&by_closure), ranges(&by_reference));
}

#[test]
fn separators_of_ones_own_come_in_order() {
    let strategy = Recursive::new(ChunkConfig::new(14)).unwrap().separators(["%%", ", "]).unwrap();
    let text = "one, two%%three, four, five, six";
    let chunks: Vec<&str> = strategy.chunks(text).map(|chunk| chunk.unwrap().text()).collect();
    assert_eq!(chunks, ["one, two%%", "three, four, ", "five, six"]);
    let none: [&str; 0] = [];
    let recursive = || Recursive::new(ChunkConfig::new(14)).unwrap();
    assert_eq!(recursive().separators(none).unwrap_err().field(), Some("separators"));
    assert_eq!(recursive().separators(["a", ""]).unwrap_err().field(), Some("separators"));
}

#[test]
fn owned_chunks_know_the_chunk_above() {
    let strategy = Hierarchical::new(ChunkConfig::new(20), [60]).unwrap();
    let (mut ids, mut owning) = (ChunkIds::new(), ChunkIds::new());
    let mut named = Vec::new();
    for chunk in strategy.chunks(DOCUMENT).map(Result::unwrap) {
        named.push(ids.assign(&chunk));
        let owned = owning.own(&chunk);
        assert_eq!(owned.id, named[chunk.index()]);
        assert_eq!(owned.parent.as_deref(), chunk.parent().map(|parent| &named[parent][..]));
        assert_eq!((&owned.text[..], owned.byte_start..owned.byte_end), (chunk.text(), chunk.byte_range()));
        assert_eq!((owned.page_start, owned.page_end), (None, None));
    }
}

#[cfg(feature = "serde")]
#[test]
fn owned_chunks_are_written_as_records_and_read_again() {
    let strategy = Recursive::new(ChunkConfig::new(20)).unwrap();
    let mut ids = ChunkIds::new();
    for chunk in strategy.chunks("One page.\n\x0c\nAnother page.").map(Result::unwrap) {
        let owned = ids.own(&chunk);
        let written = serde_json::to_value(&owned).unwrap();
        assert_eq!(written["strategy"], "recursive");
        assert_eq!(written["page_start"], u64::try_from(chunk.index() + 1).unwrap());
        assert!(written.get("parent").is_none() && written["context"].as_array().unwrap().is_empty());
        assert_eq!(serde_json::from_value::<chunk_strategies::OwnedChunk>(written).unwrap(), owned);
    }
}
