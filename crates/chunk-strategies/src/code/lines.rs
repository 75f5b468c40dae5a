//! Walks over the lines of a file, from front to back.

use memchr::{memchr, memrchr};

/// Tells for places that ascend where their line starts, and whether they are the first on it.
pub(super) struct Lines<'t> {
    text: &'t str,
    start: usize,
    end: usize,
    /// The last place that was asked about, and the last byte before it that is not blank.
    asked: (usize, Option<u8>),
}

/// A line of more bytes is not one that a person reads: cuts are looked for within it.
const LONG_BYTES: usize = 240;

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let end = memchr(b'\n', text.as_bytes()).unwrap_or(text.len());
        Lines { text, start: 0, end, asked: (0, None) }
    }

    /// Where a piece that starts at `at` may be cut off from what is before it; `None` in the middle of a line of usual
    /// length, or of an expression.
    pub(super) fn cut_before(&mut self, at: usize) -> Option<usize> {
        if at > self.end {
            let bytes = &self.text.as_bytes()[..at];
            self.start = memrchr(b'\n', bytes).map_or(0, |end| end + 1);
            self.end = at + memchr(b'\n', &self.text.as_bytes()[at..]).unwrap_or(self.text.len() - at);
            self.asked = (self.start, None);
        }
        if at < self.asked.0 {
            return None;
        }
        // A parser of bytes is not taken at its word.
        let between = self.text.get(self.asked.0..at)?;
        let last =
            between.trim_end_matches(|c: char| c.is_whitespace() || c == '\u{feff}').bytes().next_back();
        let before = last.or(self.asked.1);
        self.asked = (at, before);
        match before {
            None => Some(self.start),
            // What a list, a block or a statement ends or begins with.
            Some(b';' | b'{' | b'}' | b'[' | b'(' | b',') if self.end - self.start > LONG_BYTES => Some(at),
            Some(_) => None,
        }
    }
}
