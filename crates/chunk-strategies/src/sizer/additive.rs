//! Indices for bytes and chars, whose sizes add up across any cut.

use std::cell::Cell;
use std::ops::Range;

use super::SizeIndex;
use crate::count;

/// Sizes in bytes.
pub(super) struct ByteIndex<'a> {
    text: &'a str,
}

impl<'a> ByteIndex<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        ByteIndex { text }
    }
}

impl SizeIndex for ByteIndex<'_> {
    fn size(&self, span: Range<usize>) -> usize {
        span.len()
    }

    fn reach(&self, start: usize, size: usize) -> usize {
        self.text.floor_char_boundary(start.saturating_add(size))
    }

    fn reach_back(&self, end: usize, size: usize) -> usize {
        self.text.ceil_char_boundary(end.saturating_sub(size))
    }

    fn is_exact(&self) -> bool {
        true
    }
}

/// Sizes in chars.
pub(super) struct CharIndex<'a> {
    text: &'a str,
    /// The span that was last asked about, and its size: a chunk ends a little before what it could reach.
    last: Cell<(usize, usize, usize)>,
}

impl<'a> CharIndex<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        CharIndex { text, last: Cell::default() }
    }
}

impl SizeIndex for CharIndex<'_> {
    fn size(&self, span: Range<usize>) -> usize {
        let (start, end, size) = self.last.get();
        if span.start == start && usize::midpoint(start, end) < span.end && span.end <= end {
            // As many chars as bytes: each is one.
            let behind = if size == end - start { end - span.end } else { self.count(span.end..end) };
            return size - behind;
        }
        self.count(span)
    }

    fn reach(&self, start: usize, size: usize) -> usize {
        // n chars are at least n bytes: take that many bytes, count the chars in them, go on with those still wanted.
        // Each round takes at least a quarter of what is left, all of it in ASCII.
        let (mut at, mut wanted) = (start, size);
        while wanted > 0 && at < self.text.len() {
            let end = self.text.ceil_char_boundary(at.saturating_add(wanted).min(self.text.len()));
            // No more than `wanted`: that many bytes hold no more starts of chars.
            wanted -= self.count(at..end).min(wanted);
            at = end;
        }
        self.last.set((start, at, size - wanted));
        at
    }

    fn reach_back(&self, end: usize, size: usize) -> usize {
        let (mut at, mut wanted) = (end, size);
        while wanted > 0 && at > 0 {
            let start = self.text.ceil_char_boundary(at.saturating_sub(wanted));
            let start = if start == at { self.text.floor_char_boundary(at - 1) } else { start };
            wanted -= self.count(start..at).min(wanted);
            at = start;
        }
        at
    }

    fn is_exact(&self) -> bool {
        true
    }
}

impl CharIndex<'_> {
    fn count(&self, span: Range<usize>) -> usize {
        self.text.get(span).map_or(0, count::chars)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "aé漢😀b\u{301}c";

    #[test]
    fn char_reach_agrees_with_counting() {
        let offsets: Vec<usize> = TEXT.char_indices().map(|(at, _)| at).chain([TEXT.len()]).collect();
        let index = CharIndex::new(TEXT);
        for (i, &start) in offsets.iter().enumerate() {
            for size in 0..9 {
                let forward = offsets[(i + size).min(offsets.len() - 1)];
                assert_eq!(index.reach(start, size), forward, "from {start}, {size} chars");
                let back = offsets[i.saturating_sub(size)];
                assert_eq!(index.reach_back(start, size), back, "back from {start}, {size} chars");
            }
        }
    }

    #[test]
    fn sizes_do_not_depend_on_what_was_asked_before() {
        let text = TEXT.repeat(3);
        let offsets: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let index = CharIndex::new(&text);
        for &start in &offsets {
            for size in 0..25 {
                index.reach(start, size);
                for &end in offsets.iter().filter(|&&end| end >= start) {
                    assert_eq!(
                        index.size(start..end),
                        text[start..end].chars().count(),
                        "{start}..{end} after {size}"
                    );
                }
            }
        }
    }

    #[test]
    fn byte_reach_stops_at_char_boundaries() {
        let index = ByteIndex::new(TEXT);
        assert_eq!(index.reach(0, 2), 1, "é takes bytes 1 and 2");
        assert_eq!(index.reach(0, 99), TEXT.len());
        assert_eq!(index.reach_back(3, 1), 3, "é does not fit into one byte");
        assert_eq!(index.reach_back(3, 2), 1);
    }
}
