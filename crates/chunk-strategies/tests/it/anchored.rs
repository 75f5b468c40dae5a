//! C6 of the anchored mode: an edit leaves alone what is not near it.

use std::collections::HashSet;
use std::ops::Range;

use chunk_strategies::{
    Bytes, Character, Chars, Chunk, ChunkConfig, ChunkError, ChunkIds, ChunkSizer, Recursive,
};
use proptest::prelude::*;

const WORDS: &[&str] = &[
    "the",
    "a",
    "of",
    "and",
    "in",
    "it",
    "was",
    "river",
    "stone",
    "walked",
    "light",
    "under",
    "because",
    "evening",
    "house",
    "quietly",
    "répondit",
    "straße",
    "1,024",
    "3.14",
    "e.g.",
    "nevertheless",
    "слово",
    "漢字",
    "👍🏽",
    "e\u{301}tude",
];

const ENDS: &[&str] = &[
    " ", " ", " ", " ", " ", " ", " ", " ", " ", " ", " ", " ", ", ", "; ", ". ", ". ", "! ", "? ", "。",
    ".\n", "\n", ".\n\n", "\r\n\r\n", "\t", "  ", "\n# ", "\n- ", "",
];

/// Prose of words, clauses, sentences, lines and paragraphs.
fn prose(words: Range<usize>) -> impl Strategy<Value = String> {
    let word = (prop::sample::select(WORDS), prop::sample::select(ENDS), any::<bool>());
    prop::collection::vec(word, words).prop_map(|words| {
        let mut text = String::new();
        let mut is_start = true;
        for (word, end, capital) in words {
            let mut chars = word.chars();
            if let Some(first) = chars.next().filter(|_| is_start && capital) {
                text.extend(first.to_uppercase());
                text.push_str(chars.as_str());
            } else {
                text.push_str(word);
            }
            text.push_str(end);
            is_start = end.contains(['.', '!', '?', '\n']);
        }
        text
    })
}

/// What is put in the place of what.
#[derive(Clone, Debug)]
struct Edit {
    /// Shares of the document.
    from: f64,
    bytes: usize,
    insert: String,
}

fn edits() -> impl Strategy<Value = Edit> {
    let bytes = prop_oneof![3 => 0..1usize, 3 => 1..12usize, 1 => 12..400usize];
    let insert = prop_oneof![2 => prose(0..1), 3 => prose(1..4), 1 => prose(4..60), 1 => "[a-z .\n]{1,3}"];
    (0.0..1.0, bytes, insert).prop_map(|(from, bytes, insert)| Edit { from, bytes, insert })
}

impl Edit {
    /// The document after it, and what it changed: in the document before, and in the one after.
    fn apply(&self, document: &str) -> (String, Range<usize>, Range<usize>) {
        let from = document.floor_char_boundary((document.len() as f64 * self.from) as usize);
        let to = document.floor_char_boundary((from + self.bytes).min(document.len())).max(from);
        let after = format!("{}{}{}", &document[..from], self.insert, &document[to..]);
        (after, from..to, from..from + self.insert.len())
    }
}

type Owned<'d> = Vec<(Range<usize>, &'d str)>;

/// The chunks and what each of them owns.
fn owned<'d>(chunks: impl Iterator<Item = Result<Chunk<'d>, ChunkError>>) -> Owned<'d> {
    chunks
        .map(|chunk| {
            let chunk = chunk.expect("a chunk");
            (chunk.byte_range().start + chunk.overlap_bytes()..chunk.byte_range().end, chunk.text())
        })
        .collect()
}

/// Every chunk that owns nothing within `reach` of the edit is there without the edit too, and the same.
fn check_far<S: ChunkSizer>(
    told: &str,
    sizer: &S,
    reach: usize,
    document: &str,
    (chunks, edit): (&Owned<'_>, &Range<usize>),
    (others, other_edit): (&Owned<'_>, &Range<usize>),
) {
    let others: HashSet<(usize, usize, &str)> =
        others.iter().map(|(bytes, text)| (bytes.start, bytes.end, *text)).collect();
    for (bytes, text) in chunks {
        let expected = if bytes.end <= edit.start && sizer.size(&document[bytes.end..edit.start]) > reach {
            bytes.clone()
        } else if bytes.start >= edit.end && sizer.size(&document[edit.end..bytes.start]) > reach {
            bytes.start - edit.end + other_edit.end..bytes.end - edit.end + other_edit.end
        } else {
            continue;
        };
        assert!(
            others.contains(&(expected.start, expected.end, *text)),
            "{told}: {text:?} at {bytes:?} changes with the edit of {edit:?}"
        );
    }
}

fn check_edit<S: ChunkSizer + Copy>(sizer: S, size: usize, overlap: usize, document: &str, edit: &Edit) {
    let (after, before_range, after_range) = edit.apply(document);
    let config = || ChunkConfig::new(size).sizer(sizer).overlap(overlap);
    let recursive = Recursive::new(config()).unwrap().anchored();
    let character = Character::new(config()).unwrap().anchored();
    let both = [
        ("recursive", owned(recursive.chunks(document)), owned(recursive.chunks(&after))),
        ("character", owned(character.chunks(document)), owned(character.chunks(&after))),
    ];
    for (strategy, before_chunks, after_chunks) in &both {
        let told = format!("{strategy}, size {size}, overlap {overlap}, {edit:?}");
        let (before, after_too) = ((before_chunks, &before_range), (after_chunks, &after_range));
        check_far(&told, &sizer, 2 * size, document, before, after_too);
        check_far(&told, &sizer, 2 * size, &after, after_too, before);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn c6_an_edit_is_local(document in prose(100..1000), edit in edits(), size in 50..400usize, share in 0..4usize) {
        // An overlap of none, a tenth, a fifth and three tenths.
        check_edit(Chars, size, size * share / 10, &document, &edit);
        check_edit(Bytes, size.max(60), size * share / 10, &document, &edit);
    }
}

/// Five thousand each under `cargo xtask test --full`.
fn cases() -> u32 {
    if std::env::var_os("SEMANTIK_TEST_FULL").is_some() { 5000 } else { 128 }
}

/// Sentences of which no two are alike.
fn long_document(bytes: usize) -> String {
    let mut text = String::new();
    let mut state = 1_u64;
    let mut draw = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    while text.len() < bytes {
        for _ in 0..=draw(8) {
            text.push_str("So ");
            for _ in 0..=draw(20) {
                text.push_str(WORDS[draw(WORDS.len())]);
                text.push(' ');
            }
            text.pop();
            text.push_str(". ");
        }
        text.pop();
        text.push_str("\n\n");
    }
    text
}

fn ids<'d>(chunks: impl Iterator<Item = Result<Chunk<'d>, ChunkError>>) -> HashSet<String> {
    let mut ids = ChunkIds::new();
    chunks.map(|chunk| ids.assign(&chunk.expect("a chunk"))).collect()
}

#[test]
fn c6_an_edit_in_a_long_document_changes_few_ids() {
    let document = long_document(1_000_000);
    let middle = document.floor_char_boundary(document.len() / 2);
    let after = format!("{}one word more {}", &document[..middle], &document[middle..]);
    let config = || ChunkConfig::new(1000).overlap(100);
    let recursive = Recursive::new(config()).unwrap().anchored();
    let character = Character::new(config()).unwrap().anchored();
    for (strategy, before, after) in [
        ("recursive", ids(recursive.chunks(&document)), ids(recursive.chunks(&after))),
        ("character", ids(character.chunks(&document)), ids(character.chunks(&after))),
    ] {
        let changed = after.difference(&before).count();
        assert!(before.len() > 1000 && changed <= 5, "{strategy}: {changed} ids of {} change", after.len());
    }
}

#[test]
fn text_that_repeats_itself_has_even_chunks() {
    let config = ChunkConfig::new(100);
    let strategy = Recursive::new(config).unwrap().anchored();
    for unit in ["word ", "a", "\n", "=", "漢字", "A sentence. ", "🇩🇪"] {
        let document = unit.repeat(2000 / unit.chars().count());
        let chunks = owned(strategy.chunks(&document));
        assert!(chunks.len() <= 45, "{unit:?}: {} chunks of 2000 chars", chunks.len());
    }
}

/// Real text is not uniform: paragraphs of all lengths. Chunks are none the less of a useful size.
#[test]
fn chunks_are_seldom_small() {
    let document = long_document(300_000);
    let config = ChunkConfig::new(1000);
    let strategy = Recursive::new(config).unwrap().anchored();
    let sizes: Vec<usize> = strategy.chunks(&document).map(|chunk| chunk.unwrap().size()).collect();
    let mean = sizes.iter().sum::<usize>() / sizes.len();
    let small = sizes.iter().filter(|&&size| size < 250).count();
    assert!(mean > 550, "mean {mean}");
    assert!(small * 20 < sizes.len(), "{small} of {} are below a quarter", sizes.len());
}

/// Old files have carriage returns alone where others have line feeds.
#[test]
fn carriage_returns_alone_end_lines_and_paragraphs() {
    let line = |n: usize| format!("{} boats lay at the quay. No one counted them.", 100 + n * 37 % 900);
    for (end, blank) in [("\n", "\n"), ("\r", "\r"), ("\r\n", "\r\n"), ("\r", " \t\r")] {
        let lines: String = (0..400).map(|n| line(n) + end).collect();
        let paragraphs: String = (0..400).map(|n| [&line(n), end, blank].concat()).collect();
        let gap = [end, blank].concat();
        let config = || ChunkConfig::new(400);
        let recursive = Recursive::new(config()).unwrap().anchored();
        let character = Character::new(config()).unwrap().anchored();
        for (text, chunks, cut) in [
            (&lines, owned(recursive.chunks(&lines)), end),
            (&lines, owned(character.chunks(&lines)), end),
            (&paragraphs, owned(recursive.chunks(&paragraphs)), &gap),
        ] {
            assert!(chunks.len() > 20);
            for (bytes, _) in &chunks {
                assert!(
                    text[..bytes.end].ends_with(cut),
                    "cut at {:?}",
                    &text[..bytes.end][bytes.end - 20..]
                );
            }
        }
    }
}
