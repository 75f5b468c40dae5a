//! Which boundary of a Markdown document to cut at.

use std::ops::Range;

use super::block::{Block, Kind};
use super::together::{Together, line_end, with_blanks};
use crate::boundary::Level;
use crate::recursive::ChooseRecursive;
use crate::window::{Choose, Window};

/// Prefers the start of a section to that of a block, and an outer block to an inner one, in the last three quarters of
/// the window; keeps whole what would fit whole, with the heading that it stands under.
pub(super) struct ChooseMarkdown<'c, 'd> {
    pub(super) together: Together<'c, 'd>,
    /// What the text from the start of the window stays together with: where that ends, and the blanks behind it.
    pub(super) kept: Range<usize>,
}

impl Choose for ChooseMarkdown<'_, '_> {
    fn choose(&self, window: &Window<'_>) -> Option<usize> {
        if self.kept.start > window.desired {
            return Some(with_blanks(window, self.kept.clone(), window.max));
        }
        let cut = self.choose_block(window)?;
        // The blanks behind what is kept are not left for a chunk of their own.
        let is_kept_end = cut <= self.kept.start;
        Some(if is_kept_end { with_blanks(window, self.kept.clone(), window.desired) } else { cut })
    }
}

impl ChooseMarkdown<'_, '_> {
    fn choose_block(&self, window: &Window<'_>) -> Option<usize> {
        let ahead = self.together.outline.ahead();
        let quarter = window.part(4).max(self.kept.start);
        let mut within = 0..ahead.len();
        let mut entered: Option<Block> = None;
        for depth in 0.. {
            // Before the first of its parts is before the whole, which was no place to cut at.
            let from = entered.map_or(quarter, |block| quarter.max(block.start + 1));
            let (best, last) = self.candidates(window, from, within.clone(), depth);
            if best.is_some() {
                return best;
            }
            let Some(last) = last else {
                match (entered, self.together.outline.around().get(depth)) {
                    // It begins before the window.
                    (None, Some(_)) => continue,
                    _ => break,
                }
            };
            if let Some(cut) = self.together.keep_whole(window, last) {
                return Some(cut);
            }
            entered = Some(ahead[last]);
            within = last + 1..self.together.whole(last).blocks.end;
        }
        let leaf = entered.or(self.together.outline.containing(window.own).last().copied());
        self.choose_text(window, entered.map_or(window.own, |block| block.start), leaf)
    }

    /// The best block of this depth to cut before, and the last one that begins within the desired size.
    fn candidates(
        &self,
        window: &Window<'_>,
        from: usize,
        within: Range<usize>,
        depth: usize,
    ) -> (Option<usize>, Option<usize>) {
        let (mut best, mut best_rank, mut last) = (None, u8::MAX, None);
        for (i, block) in self.together.outline.ahead().range(within.clone()).enumerate() {
            let i = within.start + i;
            if block.start > window.desired {
                break;
            }
            if block.depth != depth {
                continue;
            }
            last = Some(i);
            // Inside other blocks a heading is a block like any other.
            let rank = if depth == 0 { block.kind.rank() } else { 0 };
            if block.start > window.own
                && block.start >= from
                && rank <= best_rank
                && !self.together.is_led(i)
            {
                (best, best_rank) = (Some(block.start), rank);
            }
        }
        (best, last)
    }

    /// A boundary of the text that no block begins in.
    fn choose_text(&self, window: &Window<'_>, from: usize, leaf: Option<Block>) -> Option<usize> {
        let own = window.own.max(from);
        let ahead = self.together.outline.ahead();
        let next = ahead.get(ahead.partition_point(|block| block.start <= window.desired));
        let max = next.map_or(window.max, |next| next.start.min(window.max));
        let Window { boundaries, desired, may_have_pages, .. } = *window;
        let behind = Window { boundaries, own, desired, max, may_have_pages };
        let start = Some(own).filter(|&own| own > window.own);
        let chosen = match leaf.map(|leaf| leaf.kind) {
            Some(kind) if kind.is_lines() => {
                self.choose_line(&behind).or_else(|| start.filter(|&start| self.may_be_left(start)))
            }
            Some(Kind::Paragraph | Kind::LeadIn) => {
                self.choose_long_line(&behind).or_else(|| self.choose_sentence(&behind))
            }
            _ => None,
        };
        let chosen = chosen.or_else(|| ChooseRecursive.choose(&behind));
        // An indent stays with its line.
        let is_indent = |cut: &usize| self.together.fit.text()[own..*cut].trim().is_empty();
        chosen.filter(|cut| start.is_none() || !is_indent(cut)).or(start)
    }

    /// Whether a block of lines may begin a chunk rather than be cut in its first line: if no heading is left behind, and the
    /// line fits whole.
    fn may_be_left(&self, start: usize) -> bool {
        let (ahead, fit) = (self.together.outline.ahead(), self.together.fit);
        let before = ahead.partition_point(|block| block.start < start).checked_sub(1);
        let follows_heading = before.is_some_and(|before| matches!(ahead[before].kind, Kind::Heading(_)));
        !follows_heading && line_end(fit, start).is_some_and(|end| fit.size_within_max(start, end).is_some())
    }

    /// Behind a blank line, else behind any; not into a line that would fit whole.
    fn choose_line(&self, window: &Window<'_>) -> Option<usize> {
        let (boundaries, quarter) = (&window.boundaries, window.part(4));
        let within = [Level::Paragraph, Level::Line]
            .into_iter()
            .find_map(|level| boundaries.last(level, quarter..window.desired));
        within.or_else(|| boundaries.first(Level::Line, window.desired..window.max)).or_else(|| {
            let start = boundaries.last(Level::Line, window.own..quarter)?;
            let end = line_end(self.together.fit, start)?;
            self.together.fit.size_within_max(start, end).map(|_| start)
        })
    }

    /// Behind a line that is too long to have been wrapped: people write paragraphs so, without blank lines between them,
    /// though Markdown reads all of them as one.
    fn choose_long_line(&self, window: &Window<'_>) -> Option<usize> {
        let bytes = self.together.fit.text().as_bytes();
        let (quarter, mut end) = (window.part(4), window.desired);
        while let Some(at) = window.boundaries.last(Level::Line, quarter..end) {
            // What was before the window may be gone.
            let least = window.own.max(at.saturating_sub(WRAPPED));
            // Of a line that ends with a carriage return alone nothing is known.
            let line = bytes[least..at].strip_suffix(b"\n")?;
            if least > window.own && memchr::memrchr(b'\n', line).is_none() {
                return Some(at);
            }
            end = at - 1;
        }
        None
    }

    /// Behind a sentence. The line ends within a paragraph are blanks in Markdown and end none.
    fn choose_sentence(&self, window: &Window<'_>) -> Option<usize> {
        let text = self.together.fit.text();
        let quarter = window.part(4);
        let mut end = window.desired;
        while let Some(at) = window.boundaries.last(Level::Sentence, quarter..end) {
            let before = text[quarter..at].trim_end_matches(['\n', '\r']);
            let is_soft_break = before.len() < at - quarter
                && before.trim_end().ends_with(|last: char| last.is_alphanumeric() || last == ',');
            if !is_soft_break || before.ends_with("  ") {
                return Some(at);
            }
            end = at - 1;
        }
        None
    }
}

/// Bytes of a line that an editor or a person may have wrapped: no more than 200 columns.
const WRAPPED: usize = 200;
