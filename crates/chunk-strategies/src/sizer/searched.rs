//! An index for any sizer: searches with the sizer alone.

use std::ops::Range;

use super::{ChunkSizer, SizeIndex};

/// Doubles a span until it is too large, then bisects: O(log n) measurements of about the span's length each.
///
/// Right for sizes that grow with the text; for others the answers are estimates, as [`SizeIndex`] allows.
pub(super) struct Searched<'a, S: ?Sized> {
    sizer: &'a S,
    text: &'a str,
}

impl<'a, S: ChunkSizer + ?Sized> Searched<'a, S> {
    pub(super) fn new(sizer: &'a S, text: &'a str) -> Self {
        Searched { sizer, text }
    }
}

impl<S: ChunkSizer + ?Sized> SizeIndex for Searched<'_, S> {
    fn size(&self, span: Range<usize>) -> usize {
        self.text.get(span).map_or(0, |text| self.sizer.size(text))
    }

    fn reach(&self, start: usize, size: usize) -> usize {
        let room = self.text.len() - start;
        let limit = room.min(self.sizer.byte_ceiling(size));
        let length =
            largest(limit, size, |length| self.size(start..self.text.floor_char_boundary(start + length)));
        self.text.floor_char_boundary(start + length)
    }

    fn reach_back(&self, end: usize, size: usize) -> usize {
        let overhead = self.sizer.size("");
        let limit = end.min(self.sizer.byte_ceiling(size));
        let length = largest(limit, size + overhead, |length| {
            self.size(self.text.ceil_char_boundary(end - length)..end)
        });
        self.text.ceil_char_boundary(end - length)
    }

    fn is_exact(&self) -> bool {
        false
    }
}

/// The largest length up to `limit` whose size is at most `size`, found from small lengths upward, so that the cost
/// follows the answer and not the limit.
fn largest(limit: usize, size: usize, measure: impl Fn(usize) -> usize) -> usize {
    // Four bytes a unit is about right for words and tokens; the doubling corrects it.
    let mut fits = 0;
    let mut probe = size.saturating_mul(4).clamp(1, limit.max(1));
    while probe <= limit && measure(probe) <= size {
        fits = probe;
        if probe == limit {
            return limit;
        }
        probe = probe.saturating_mul(2).min(limit);
    }
    let mut over = probe.min(limit.saturating_add(1));
    while over - fits > 1 {
        let middle = fits + (over - fits) / 2;
        if measure(middle) <= size {
            fits = middle;
        } else {
            over = middle;
        }
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sizer::Chars;

    #[test]
    fn searching_agrees_with_counting() {
        let text = "one two三four five 😀 six".repeat(20);
        let exact = Chars.index(&text);
        let searched = Searched::new(&Chars, &text);
        for start in (0..text.len()).filter(|&at| text.is_char_boundary(at)) {
            for size in [1, 2, 7, 40, 1000] {
                assert_eq!(
                    searched.reach(start, size),
                    exact.reach(start, size),
                    "from {start}, {size} chars"
                );
                assert_eq!(
                    searched.reach_back(start, size),
                    exact.reach_back(start, size),
                    "back from {start}, {size} chars"
                );
            }
        }
    }
}
