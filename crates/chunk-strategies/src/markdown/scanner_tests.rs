//! What the scanner finds feed by feed is what one pass over the whole finds.

use proptest::prelude::*;

use super::block::{Block, Kind};
use super::outline::Outline;
use super::parse;
use super::scanner::Scanner;

/// All blocks, found in feeds of so many bytes.
pub(super) fn scanned(text: &str, feed_bytes: usize) -> Vec<Block> {
    let mut outline = Outline::default();
    Scanner::new(feed_bytes).scan(text, usize::MAX, &mut outline);
    outline.ahead().iter().copied().collect()
}

/// Kind, start and depth of all blocks that the parser tells of the document as a whole.
fn parsed(text: &str, feed_bytes: usize) -> Vec<(Kind, usize, usize)> {
    let front_matter = front_matter_within(text, feed_bytes);
    let mut parsed = Vec::new();
    let from = front_matter.unwrap_or(0);
    parse::blocks(&text[from..], &mut parsed);
    let first = front_matter.map(|_| (Kind::FrontMatter, 0, 0));
    first.into_iter().chain(parsed.iter().map(|block| (block.kind, from + block.line, block.depth))).collect()
}

/// Front matter that is longer than a feed is none.
fn front_matter_within(text: &str, feed_bytes: usize) -> Option<usize> {
    super::front_matter::end(&text[..text.floor_char_boundary(feed_bytes)])
}

/// A paragraph that becomes a heading by its last line is not seen as one if it is longer than a feed.
fn has_long_heading(text: &str, feed_bytes: usize) -> bool {
    let mut parsed = Vec::new();
    parse::blocks(text, &mut parsed);
    parsed
        .iter()
        .any(|block| matches!(block.kind, Kind::Heading(_)) && block.end - block.line > feed_bytes / 3)
}

/// Nor is math that is longer than a feed seen as such.
fn has_long_math(text: &str, feed_bytes: usize) -> bool {
    let (masked, _) = super::math::masked(text);
    let mut run = 0;
    text.split_inclusive('\n').zip(masked.split_inclusive('\n')).any(|(line, masked)| {
        run = if line == masked { 0 } else { run + line.len() };
        run > feed_bytes / 4
    })
}

fn told(blocks: &[Block]) -> Vec<(Kind, usize, usize)> {
    blocks
        .iter()
        .filter(|block| block.kind != Kind::Definitions)
        .map(|block| {
            (if block.kind == Kind::LeadIn { Kind::Paragraph } else { block.kind }, block.start, block.depth)
        })
        .collect()
}

pub(super) fn markdown() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        4 => "[a-z]{1,8}( [a-z]{1,8}){0,4}",
        2 => prop::sample::select(vec!["# One", "## Two", "### Three ###", "=====", "---", "***", "#", "###### Six"]).prop_map(str::to_owned),
        3 => prop::sample::select(vec!["- item", "- [ ] task", "* star", "1. one", "2. two", "10) ten", "-", "- - nested", "- > quote", "+ plus", "-\ttab"]).prop_map(str::to_owned),
        2 => prop::sample::select(vec!["> quote", "> # heading", "> - item", ">", ">> two", "> ```", "> | a | b |", "> |---|---|"]).prop_map(str::to_owned),
        2 => prop::sample::select(vec!["```", "```rust", "~~~", "~~~~ info", "````", "- ```"]).prop_map(str::to_owned),
        2 => prop::sample::select(vec!["| a | b |", "|---|---|", "| 1 | 2 |", "a | b", "--|--"]).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["<!-- comment", "-->", "<div>", "</div>", "<pre>", "</pre>", "<span>", "<?php", "?>"]).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["[ref]: /url", "[^1]: note", "[^1]: # note", "text[^1]", "$$", "$x$ ~~y~~", "+++", "**é漢**", "ü- ", "| é | 漢字 |"]).prop_map(str::to_owned),
        1 => "[-+*>#|`~<\\[\\]:.0-9a é漢\t]{0,12}",
        4 => Just(String::new()),
    ];
    let indent = prop::sample::select(vec!["", "", "", "", "  ", "  ", "    ", "      ", "\t", "   "]);
    let line = (indent, line, prop::sample::select(vec!["\n", "\n", "\n", "\r\n"]))
        .prop_map(|(indent, line, end)| format!("{indent}{line}{end}"));
    prop::collection::vec(line, 0..120).prop_map(|lines| lines.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if std::env::var_os("SEMANTIK_TEST_FULL").is_some() { 20_000 } else { 1000 }))]

    #[test]
    fn feeds_find_what_one_pass_finds(text in markdown(), feed_bytes in 150..900_usize) {
        prop_assume!(!has_long_heading(&text, feed_bytes) && !has_long_math(&text, feed_bytes));
        prop_assert_eq!(told(&scanned(&text, feed_bytes)), parsed(&text, feed_bytes), "{:?} in feeds of {}", text, feed_bytes);
    }

    /// Ends are those of the text, whatever the feeds.
    #[test]
    fn a_feed_as_large_as_the_document_finds_the_same_ends(text in markdown(), feed_bytes in 150..900_usize) {
        prop_assume!(front_matter_within(&text, feed_bytes) == super::front_matter::end(&text));
        prop_assume!(!has_long_math(&text, feed_bytes));
        // Whether definitions behind a list belong to it depends on where the parser happens to close the list.
        let leaf = |mut blocks: Vec<Block>| -> Vec<(usize, usize)> {
            blocks.retain(|block| block.kind != Kind::Definitions);
            blocks.windows(2).filter(|pair| pair[1].depth <= pair[0].depth).map(|pair| (pair[0].start, pair[0].end)).collect()
        };
        prop_assert_eq!(leaf(scanned(&text, feed_bytes)), leaf(scanned(&text, usize::MAX)), "{:?} in feeds of {}", text, feed_bytes);
    }
}

/// In feeds of any size from so many bytes on.
#[track_caller]
fn feeds_find_all(text: &str, least: usize) {
    for feed_bytes in least..text.len() {
        assert_eq!(told(&scanned(text, feed_bytes)), parsed(text, feed_bytes), "in feeds of {feed_bytes}");
    }
}

/// A list's later items may stand less far in than its first; the parser's list reaches into the next line's indent.
#[test]
fn a_list_whose_first_item_is_indented_most_is_gone_on_with() {
    let text = "-\n\t- -\n  - -\n  aaaaa aaaaaaaa aa \n  - - \n";
    assert_eq!(told(&scanned(text, 40)), parsed(text, 40));
}

/// Four blanks before it are no indent of code there.
#[test]
fn a_note_behind_a_note_is_gone_on_with() {
    let lazy = "aa aa\n".repeat(9);
    let text = format!("[^1]: note\n    [^1]: note\n{lazy}b\nb\n   > quote\n");
    feeds_find_all(&text, 60);
}

#[test]
fn math_is_seen_wherever_a_feed_ends() {
    let text =
        "words words\nwords\n\n- $$\n  # a\n  - b\n  $$\n\nmore words\n$$\n# c\n- d\n$$\nmore\n\n".repeat(5);
    feeds_find_all(&text, 150);
}

#[test]
fn a_paragraph_far_in_behind_a_definition_is_gone_on_with() {
    let lazy = "aa aa\n".repeat(20);
    let text = format!("- a\n\n[ref]: /url\n      aaaa\n{lazy}");
    feeds_find_all(&text, 60);
}
