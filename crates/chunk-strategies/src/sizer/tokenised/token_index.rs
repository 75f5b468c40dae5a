//! [`TokenIndex`]: sizes in tokens of spans of one document.

use std::ops::Range;

use super::Tokenise;
use super::windows::TokenWindows;
use crate::sizer::SizeIndex;

/// Counts between seams from the windows, and encodes again what lies between a seam and an end of the span.
pub(in crate::sizer) struct TokenIndex<'a, T> {
    sizer: &'a T,
    text: &'a str,
    windows: TokenWindows<'a, T>,
}

impl<'a, T: Tokenise> TokenIndex<'a, T> {
    /// Of a text that begins at byte `offset` of its document.
    pub(in crate::sizer) fn new(sizer: &'a T, text: &'a str, offset: usize) -> Self {
        TokenIndex { sizer, text, windows: TokenWindows::new(sizer, text, offset) }
    }

    /// The tokens of a span, special tokens aside, where there is a seam in it that both its ends can be counted from.
    fn count(&self, span: &Range<usize>) -> Option<usize> {
        let seams = self.sizer.seams();
        let first = seams.first(self.text, span.start, span.end)?;
        let last = seams.last(self.text, first, span.end)?;
        let between = self.windows.between(first, last)?;
        Some(between + self.bare(span.start..first)? + self.bare(last..span.end)?)
    }

    fn bare(&self, span: Range<usize>) -> Option<usize> {
        self.sizer.bare(self.text.get(span)?)
    }
}

impl<T: Tokenise> SizeIndex for TokenIndex<'_, T> {
    fn size(&self, span: Range<usize>) -> usize {
        match self.count(&span) {
            Some(count) => count + self.sizer.special_tokens(),
            None => self.text.get(span).map_or(0, |text| self.sizer.size(text)),
        }
    }

    fn reach(&self, start: usize, size: usize) -> usize {
        let ceiling = self.text.floor_char_boundary(start.saturating_add(self.sizer.byte_ceiling(size)));
        let room = size.saturating_sub(self.sizer.special_tokens());
        // What lies before the first seam is counted as it is at the beginning of a text.
        let head = self.sizer.seams().first(self.text, start, ceiling).and_then(|first| {
            let room = room.checked_sub(self.bare(start..first)?)?;
            Some((first, room))
        });
        let (from, room) = head.unwrap_or((start, room));
        self.windows.ahead(from, room, ceiling)
    }

    fn reach_back(&self, end: usize, size: usize) -> usize {
        if size == 0 {
            return end;
        }
        let floor = self.text.ceil_char_boundary(end.saturating_sub(self.sizer.byte_ceiling(size)));
        // Not further back than the margin, so that an excerpt gives the same answer.
        let near = self.text.ceil_char_boundary(end.saturating_sub(self.sizer.window())).max(floor);
        let tail = self.sizer.seams().last(self.text, near, end).and_then(|last| {
            let room = size.checked_sub(self.bare(last..end)?)?;
            Some((last, room))
        });
        match tail {
            Some((last, 0)) => last,
            Some((last, room)) => self.windows.back(last, room, floor),
            None => self.windows.back(end, size, floor),
        }
    }

    fn is_exact(&self) -> bool {
        false
    }
}
