//! The rules for cuts, checked against all blocks of a document.

use proptest::prelude::{
    ProptestConfig, Strategy as Generator, TestCaseError, prop_assert, prop_assert_eq, prop_assume, proptest,
};

use super::Markdown;
use super::block::{Block, Kind};
use super::cutter::MarkdownCutter;
use super::scanner_tests::{markdown, scanned};
use crate::assemble::Assemble;
use crate::config::ChunkConfig;
use crate::sizer::{Chars, ChunkSizer, Words};
use crate::strategy::Strategy;
use crate::stream::ChunkReader;
use crate::window::Spans;

/// Where the text of a block and of all that is in it ends.
fn text_end(blocks: &[Block], i: usize) -> usize {
    let inside = blocks[i + 1..].iter().take_while(|block| block.depth > blocks[i].depth).count();
    blocks[i + inside].end
}

/// A size and what a chunk may have more; the overlap is below both.
fn sizes() -> impl Generator<Value = (usize, usize, usize)> {
    (20..300_usize, 0..60_usize, 0..19_usize)
        .prop_map(|(desired, extra, overlap)| (desired, desired + extra, overlap))
}

fn config<S: ChunkSizer>((desired, max, overlap): (usize, usize, usize), sizer: S) -> ChunkConfig<S> {
    ChunkConfig::new(desired..=max).sizer(sizer).overlap(overlap)
}

fn cuts<S: ChunkSizer>(
    text: &str,
    sizes: (usize, usize, usize),
    unit: S,
) -> Result<Vec<usize>, TestCaseError> {
    let strategy =
        Markdown::new(config(sizes, unit)).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let ends = strategy.chunks(text).map(|chunk| chunk.map(|chunk| chunk.byte_range().end));
    ends.collect::<Result<_, _>>().map_err(|error| TestCaseError::fail(error.to_string()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if std::env::var_os("SEMANTIK_TEST_FULL").is_some() { 20_000 } else { 500 }))]

    #[test]
    fn what_fits_is_not_cut(text in markdown(), sizes in sizes()) {
        let cuts = cuts(&text, sizes, Chars)?;
        nothing_is_cut(&text, &cuts, |block| block.chars().count() <= sizes.1)?;
    }

    /// Where it is estimated how far a size reaches.
    #[test]
    fn what_fits_is_not_cut_in_words(text in markdown(), sizes in (2..30_usize, 0..9_usize)) {
        let max = sizes.0 + sizes.1;
        let cuts = cuts(&text, (sizes.0, max, sizes.0 / 3), Words)?;
        nothing_is_cut(&text, &cuts, |block| Words.size(block) <= max && block.len() <= Words.byte_ceiling(max))?;
    }

    /// C5, with feeds so small that a document has many.
    #[test]
    fn streamed_is_in_memory(text in markdown(), sizes in sizes(), feed_bytes in 150..900_usize, segment in 1..900_usize) {
        let config = config(sizes, Chars);
        let cutter = || MarkdownCutter::new(sizes.2, feed_bytes);
        let mut reader = ChunkReader::new(text.as_bytes(), &config, Strategy::Markdown, cutter()).with_segment(segment);
        for expected in Assemble::new(&text, Spans::new(&text, &config, cutter()), Strategy::Markdown, &config) {
            let streamed = reader.next_chunk().transpose().ok().flatten();
            prop_assert_eq!(streamed, expected.ok(), "{:?}", text);
        }
        prop_assert!(reader.next_chunk().is_none());
    }

    #[test]
    fn context_is_what_stands_above(text in markdown(), sizes in sizes(), feed_bytes in 150..900_usize) {
        prop_assume!(scanned(&text, usize::MAX) == scanned(&text, feed_bytes));
        let config = config(sizes, Chars);
        let cutter = MarkdownCutter::new(sizes.2, feed_bytes);
        let blocks = scanned(&text, usize::MAX);
        for chunk in Assemble::new(&text, Spans::new(&text, &config, cutter), Strategy::Markdown, &config).flatten() {
            let own = chunk.byte_range().start + chunk.overlap_bytes();
            let found: Vec<usize> = chunk.context().iter().map(|part| part.byte_range().start).collect();
            prop_assert_eq!(found, above(&text, &blocks, own), "at {} of {:?}", own, text);
            for part in chunk.context() {
                let bare = |text: &str| text.chars().filter(|&c| !c.is_whitespace() && c != '>').collect::<String>();
                prop_assert_eq!(text.get(part.byte_range()).map(bare), Some(bare(part.text())));
            }
        }
    }

    #[test]
    fn no_heading_is_left_alone(text in markdown(), sizes in sizes()) {
        let cuts = cuts(&text, sizes, Chars)?;
        let blocks = scanned(&text, usize::MAX);
        let leads = |i: usize| {
            let pair = (blocks.get(i), blocks.get(i + 1));
            matches!(pair, (Some(block), Some(next)) if block.depth == next.depth && block.kind.leads(next.kind))
        };
        for i in (0..blocks.len()).filter(|&i| leads(i) && cuts.contains(&blocks[i + 1].start)) {
            let led = (i + 1..blocks.len()).find(|&led| !leads(led)).unwrap_or(i);
            let end = if blocks[i].kind == Kind::LeadIn { first_end(&blocks, i + 1) } else { text_end(&blocks, led) };
            let size = text[blocks[i].start..end].chars().count();
            prop_assert!(size > sizes.1, "{:?} is left behind, and {} would fit: {:?}", blocks[i], size, text);
        }
    }
}

/// Where the first of what a lead-in introduces ends: an item's own text, a table's first row.
fn first_end(blocks: &[Block], i: usize) -> usize {
    let inside = |i: usize| blocks.get(i + 1).filter(|inner| inner.depth > blocks[i].depth).map(|_| i + 1);
    match (blocks[i].kind, inside(i)) {
        (Kind::List, Some(item)) => inside(item).map_or(text_end(blocks, item), |own| blocks[own].end),
        (Kind::Table, Some(head)) => {
            let row = blocks.get(head + 1).filter(|row| row.kind == Kind::TableRow);
            row.map_or(blocks[head].end, |row| row.end)
        }
        _ => text_end(blocks, i),
    }
}

/// Where the lines start that text at `own` stands under, found from all blocks.
fn above(text: &str, blocks: &[Block], own: usize) -> Vec<usize> {
    let first = blocks.iter().map(|block| block.start).find(|&start| start >= own);
    let place = first.filter(|&first| text[own..first].trim().is_empty()).unwrap_or(own);
    let mut path: Vec<(u8, usize)> = Vec::new();
    for block in blocks.iter().filter(|block| block.depth == 0 && block.start <= place) {
        if let Kind::Heading(level) = block.kind {
            path.retain(|&(above, _)| above < level);
            if block.start < place {
                path.push((level, block.text_start));
            }
        }
    }
    // Whether the place lies in the block, behind its start.
    let lies_in = |i: usize| {
        let outer = |block: &Block| block.depth <= blocks[i].depth && block.start <= place;
        blocks[i].start < place && !blocks[i + 1..].iter().any(outer)
    };
    let items = blocks.iter().enumerate().filter(|&(i, block)| match (block.kind, blocks.get(i + 1)) {
        (Kind::Item, Some(child)) if child.depth > block.depth && child.start < place => {
            let is_text = matches!(child.kind, Kind::Paragraph | Kind::LeadIn | Kind::Heading(_));
            lies_in(i) && is_text && child.end <= place && child.end - block.text_start <= 240
        }
        (Kind::LeadIn, _) => {
            let introduced =
                blocks[i + 1..].iter().position(|next| next.depth <= block.depth).map(|at| i + 1 + at);
            introduced.is_some_and(|next| {
                let is_near = blocks[next].start == place || lies_in(next);
                blocks[next].depth == block.depth && blocks[next].kind.is_introduced() && is_near
            }) && block.start < place
                && block.end <= place
                && block.end - block.text_start <= 240
        }
        _ => false,
    });
    let continued = blocks.iter().enumerate().find(|&(i, block)| {
        matches!(block.kind, Kind::Fence | Kind::Table) && block.start < place && place < text_end(blocks, i)
    });
    let items = items.map(|(_, block)| block.text_start);
    path.into_iter()
        .map(|(_, at)| at)
        .chain(items)
        .chain(continued.map(|(_, block)| block.text_start))
        .collect()
}

/// No cut falls into a block that fits.
fn nothing_is_cut(text: &str, cuts: &[usize], fits: impl Fn(&str) -> bool) -> Result<(), TestCaseError> {
    let blocks = scanned(text, usize::MAX);
    for (i, block) in blocks.iter().enumerate() {
        let end = text_end(&blocks, i);
        let inside = cuts.iter().find(|&&cut| block.start < cut && cut < end);
        prop_assert!(
            inside.is_none() || !fits(&text[block.start..end]),
            "{:?} at {:?} in {:?}",
            block,
            inside,
            text
        );
    }
    Ok(())
}
