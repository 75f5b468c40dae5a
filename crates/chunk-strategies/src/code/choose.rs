//! Which boundary of a file of source code to cut at.

use super::outline::Piece;
use crate::code_lines::choose_line;
use crate::window::{Choose, Fit, Window};

/// Prefers the start of an outer piece to that of an inner one, in the last three quarters of the window, and keeps whole
/// what would fit whole.
pub(super) struct BySyntax<'c, 'd> {
    /// All that begin at the window's start or later. Their offsets are the document's.
    pub(super) pieces: &'c [Piece],
    pub(super) fit: &'c Fit<'d>,
    /// How many bytes of the document lie before the text that is in memory.
    pub(super) base: usize,
}

impl Choose for BySyntax<'_, '_> {
    fn choose(&self, window: &Window<'_>) -> Option<usize> {
        self.keep_whole(window)
            .or_else(|| self.best(window))
            .or_else(|| self.behind_comments(window))
            .or_else(|| choose_line(window))
    }
}

impl BySyntax<'_, '_> {
    /// The pieces that start up to an offset of the text.
    fn up_to(&self, at: usize) -> &[Piece] {
        &self.pieces[..self.pieces.partition_point(|piece| piece.start <= self.base + at)]
    }

    /// Where to cut so that a piece that reaches beyond the desired size stays whole.
    fn keep_whole(&self, window: &Window<'_>) -> Option<usize> {
        let quarter = window.part(4);
        let mut is_inside = false;
        for piece in self.up_to(quarter).iter().filter(|piece| piece.end > self.base + window.desired) {
            let (start, end) = (piece.start - self.base, piece.end - self.base);
            let line_end = self.line_end(end, window.max);
            if line_end <= window.max
                && let Some(end) = self.whole(window, line_end)
            {
                return Some(end);
            }
            // An opening line is not left without the first of what it opens.
            let is_first = piece.is_first && is_inside;
            if start > window.own && !is_first && self.fit.size_within_max(start, end).is_some() {
                return self.whole(window, start);
            }
            is_inside = true;
        }
        None
    }

    /// The outermost that starts in the last three quarters; of those the ones behind a blank line; of those the last.
    fn best(&self, window: &Window<'_>) -> Option<usize> {
        let quarter = self.base + window.part(4);
        let all = self.up_to(window.desired);
        let late = &all[all.partition_point(|piece| piece.start < quarter)..];
        let can = late.iter().filter(|piece| piece.start > self.base + window.own);
        let best = can.min_by_key(|piece| {
            (piece.depth, piece.is_first, !piece.is_set_off, std::cmp::Reverse(piece.start))
        })?;
        self.whole(window, best.start - self.base)
    }

    /// Between comments that take most of the chunk and what they describe, where both are too large for one: attributes and
    /// the lines of a signature are not left with the comments.
    fn behind_comments(&self, window: &Window<'_>) -> Option<usize> {
        let half = self.base + window.part(2);
        let within =
            |at: usize| at >= half && at > self.base + window.own && at <= self.base + window.desired;
        let last = self.up_to(window.desired).iter().rev().find(|piece| within(piece.bare_start))?;
        self.whole(window, last.bare_start - self.base)
    }

    /// An offset that no grapheme goes across.
    fn whole(&self, window: &Window<'_>, at: usize) -> Option<usize> {
        Some(at)
            .filter(|&at| self.fit.text().is_char_boundary(at) && window.boundaries.is_grapheme_boundary(at))
    }

    /// Behind the line end that follows, if nothing but blanks and a closing mark comes before it.
    fn line_end(&self, end: usize, limit: usize) -> usize {
        let text = self.fit.text();
        let Some(rest) = text.get(end..text.len().min(limit.max(end) + 1)).or_else(|| text.get(end..)) else {
            return end;
        };
        let line = rest.split_inclusive('\n').next().unwrap_or_default();
        let is_rest =
            line.trim_matches(|c: char| c.is_whitespace() || matches!(c, ';' | ',' | ')' | '}' | ']'));
        if line.ends_with('\n') && is_rest.is_empty() { end + line.len() } else { end }
    }
}
