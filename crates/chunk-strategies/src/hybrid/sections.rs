//! The sections of a Markdown document.

use std::ops::Range;

use crate::chunk::ContextPart;
use crate::markdown::{self, Block, Kind};

/// What stands between one heading and the next, with the heading.
#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) bytes: Range<usize>,
    /// Where what is under its heading begins; where it begins itself if it has none.
    pub(super) heading_end: usize,
    /// Which blocks are its own; the first is its heading, if it has one.
    pub(super) blocks: Range<usize>,
    /// The share of what is under its heading in blocks other than paragraphs.
    pub(super) markup: f64,
}

/// The headings above a section and its own, outermost first: their levels, and which blocks they are.
pub(super) type Path = [(u8, usize)];

/// Takes a document apart at its headings of all levels, and tells each section with its path. `blocks` are all of the
/// document's.
pub(super) fn each(text: &str, blocks: &[Block], mut tell: impl FnMut(Section, &Path)) {
    let mut path: Vec<(u8, usize)> = Vec::new();
    let mut first = 0;
    loop {
        let level = blocks.get(first).and_then(heading_level);
        if let Some(level) = level {
            path.truncate(path.partition_point(|&(above, _)| above < level));
            path.push((level, first));
        }
        let behind = (first + 1).min(blocks.len());
        let last = blocks[behind..].iter().position(|block| heading_level(block).is_some());
        let last = last.map_or(blocks.len(), |at| behind + at);
        // The first section takes what comes before it, the last what comes behind.
        let start = if first == 0 { 0 } else { blocks[first].start };
        let end = blocks.get(last).map_or(text.len(), |next| next.start);
        let under = if level.is_some() { behind } else { first };
        let heading_end = match level {
            Some(_) => blocks.get(behind).map_or(end, |next| next.start.min(end)),
            None => start,
        };
        let markup = markup(&blocks[under.min(last)..last], heading_end..end);
        tell(Section { bytes: start..end, heading_end, blocks: first..last, markup }, &path);
        if last == blocks.len() {
            return;
        }
        first = last;
    }
}

/// The headings above a section, with their levels, and its own.
pub(super) fn headings(
    text: &str,
    blocks: &[Block],
    section: &Section,
    path: &Path,
) -> (Vec<(u8, ContextPart)>, Option<ContextPart>) {
    let part = |&(level, index): &(u8, usize)| (level, line(text, &blocks[index]));
    let (own, above): (Vec<_>, Vec<_>) = path.iter().partition(|(_, index)| *index == section.blocks.start);
    (above.iter().map(part).collect(), own.first().map(|own| part(own).1))
}

fn heading_level(block: &Block) -> Option<u8> {
    match block.kind {
        Kind::Heading(level) if block.depth == 0 => Some(level),
        _ => None,
    }
}

/// A heading's text.
fn line(text: &str, block: &Block) -> ContextPart {
    let (length, shown) = markdown::heading(text.get(block.text_start..block.end).unwrap_or_default());
    ContextPart::new(block.text_start..block.text_start + length, &shown)
}

fn markup(blocks: &[Block], within: Range<usize>) -> f64 {
    let (mut marked, mut from) = (0, within.start);
    let mut is_marked = false;
    for block in blocks.iter().filter(|block| block.depth == 0) {
        marked += if is_marked { block.start - from } else { 0 };
        (from, is_marked) = (block.start, !matches!(block.kind, Kind::Paragraph | Kind::LeadIn));
    }
    marked += if is_marked { within.end - from } else { 0 };
    if within.is_empty() { 0.0 } else { marked as f64 / within.len() as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sections(text: &str) -> Vec<(Section, Vec<String>)> {
        let blocks = markdown::blocks(text);
        let mut all = Vec::new();
        each(text, &blocks, |section, path| {
            let (above, _) = headings(text, &blocks, &section, path);
            all.push((section, above.iter().map(|(_, part)| part.text().to_owned()).collect()));
        });
        all
    }

    #[test]
    fn sections_tile_the_document_and_know_their_headings() {
        let text = "Before.\n\n# A\n\nText.\n\n## B\n\n- x\n- y\n\n# C\n\nLast.\n";
        let sections = sections(text);
        let shown: Vec<(&str, &[String])> =
            sections.iter().map(|(section, above)| (&text[section.bytes.clone()], &above[..])).collect();
        assert_eq!(shown[0], ("Before.\n\n", &[][..]));
        assert_eq!(shown[1], ("# A\n\nText.\n\n", &[][..]));
        assert_eq!(shown[2], ("## B\n\n- x\n- y\n\n", &["# A".to_owned()][..]));
        assert_eq!(shown[3], ("# C\n\nLast.\n", &[][..]));
        let (a, b) = (&sections[1].0, &sections[2].0);
        assert!(a.markup < 1e-9 && b.markup > 0.9, "{sections:?}");
        assert_eq!(&text[b.heading_end..b.bytes.end], "- x\n- y\n\n");
    }

    #[test]
    fn a_document_without_headings_is_one_section() {
        let text = "\n\nJust text.\n";
        let sections = sections(text);
        assert_eq!(sections.len(), 1);
        assert_eq!((sections[0].0.bytes.clone(), sections[0].0.heading_end), (0..text.len(), 0));
        assert_eq!(sections.len(), 1);
    }
}
