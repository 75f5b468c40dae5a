//! JSON lines: a record a line, and whole records a chunk.

use chunk_strategies::{Chars, ChunkConfig, DocumentKind, Hybrid, Recursive};

use crate::pieces::Pieces;

fn recursive(size: usize) -> Recursive<Chars> {
    // What is asked to be repeated is not: half a record says nothing, and a whole one twice.
    Recursive::new(ChunkConfig::new(size).overlap(size / 5)).unwrap()
}

fn texts(strategy: &Recursive<Chars>, document: &str) -> Vec<String> {
    let chunks = strategy.chunks_as(DocumentKind::Records, document);
    chunks.map(|chunk| chunk.unwrap().text().to_owned()).collect()
}

#[test]
fn chunks_are_whole_records() {
    let document: String = (0..200)
        .map(|i| format!("{{\"id\": {i}, \"text\": \"{}\"}}\n", "One. Two! ".repeat(i % 7)))
        .collect();
    for size in [90, 150, 400] {
        let all = texts(&recursive(size), &document);
        assert_eq!(all.concat(), document);
        for text in &all {
            assert!(text.starts_with('{') && text.ends_with("}\n"), "{size}: {text:?}");
        }
        // As many as fit.
        for pair in all.windows(2) {
            let next = pair[1].split_inclusive('\n').next().unwrap();
            assert!(pair[0].chars().count() + next.chars().count() > size, "{size}: {pair:?}");
        }
        let streamed = recursive(size);
        let mut reader =
            streamed.chunk_reader_as(DocumentKind::Records, Pieces::of(&document, 40)).with_segment(100);
        let mut read = Vec::new();
        while let Some(chunk) = reader.next_chunk() {
            read.push(chunk.unwrap().text().to_owned());
        }
        assert_eq!(read, all);
    }
}

#[test]
fn a_record_that_is_too_large_leaves_the_others_whole() {
    let large = format!("{{\"text\": \"{}\"}}\n", "One sentence here. ".repeat(20));
    let document = format!("{{\"a\": 1}}\n{large}{}", "{\"b\": 2}\n".repeat(20));
    let all = texts(&recursive(100), &document);
    assert_eq!(all.concat(), document);
    assert_eq!(all[0], "{\"a\": 1}\n");
    assert!(all[1].ends_with("here. "), "cut as any text: {:?}", all[1]);
    let behind = all.iter().position(|text| text.ends_with("\"}\n")).unwrap();
    for text in &all[behind + 1..] {
        assert!(text.starts_with("{\"b\"") && text.ends_with("}\n"), "{all:?}");
    }
    // Between the desired size and the maximum a record stays whole.
    let whole = texts(&Recursive::new(ChunkConfig::new(100..=500)).unwrap(), &document);
    assert_eq!(whole[1], large, "{whole:?}");
}

#[test]
fn hybrid_cuts_records_by_name() {
    let config = ChunkConfig::new(40);
    let hybrid = Hybrid::new(config).unwrap();
    let document = "{\"a\": \"# one\"}\n{\"b\": \"# two, and more\"}\n".repeat(9);
    for chunk in hybrid.chunks_as(DocumentKind::Records, &document) {
        let chunk = chunk.unwrap();
        assert!(chunk.text().starts_with('{') && chunk.text().ends_with("}\n"), "{:?}", chunk.text());
        assert!(chunk.reason().unwrap().contains("records"), "{:?}", chunk.reason());
    }
}
