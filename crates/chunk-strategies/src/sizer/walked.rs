//! An index for units that are found by walking along the text: words and graphemes.

use std::cell::RefCell;
use std::ops::Range;

use super::SizeIndex;

/// What is counted of a text, found from front to back.
pub(super) trait Countable: Send {
    /// Where each unit of the text starts, ascending.
    fn starts<'a>(text: &'a str) -> Box<dyn Iterator<Item = usize> + Send + 'a>;

    /// Whether counts add up between two characters, whatever lies further away.
    fn is_seam(before: char, behind: char) -> bool;

    /// How many bytes any number of which make one unit at most.
    fn byte_ceiling(size: usize) -> usize;
}

/// Walks once from where a span starts, as far as it is asked, and remembers what it saw, so that a cut's size is known
/// from the walk that found it. Only what lies between the last seam and the cut is counted again: a word boundary may
/// depend on the characters behind it.
pub(super) struct Walked<'a, U> {
    text: &'a str,
    walk: RefCell<Walk<'a>>,
    unit: std::marker::PhantomData<U>,
}

/// The units behind one offset, as if the text ended at the limit: what lies beyond is never looked at, however far the
/// next unit is.
struct Walk<'a> {
    from: usize,
    limit: usize,
    /// Those seen, as offsets in the document.
    seen: Vec<usize>,
    rest: Box<dyn Iterator<Item = usize> + Send + 'a>,
    /// Up to where all units are seen.
    done: usize,
}

impl<'a, U: Countable> Walked<'a, U> {
    pub(super) fn new(text: &'a str) -> Self {
        Walked { text, walk: RefCell::new(Walk::new::<U>(text, 0..0)), unit: std::marker::PhantomData }
    }

    fn count(text: &str) -> usize {
        U::starts(text).count()
    }

    /// The last seam before `end`, behind `start`.
    fn last_seam(&self, start: usize, end: usize) -> Option<usize> {
        let mut chars = self.text[start..end].char_indices().rev();
        let (mut at, mut behind) = chars.next()?;
        for (before_at, before) in chars {
            if U::is_seam(before, behind) {
                return Some(start + at);
            }
            (at, behind) = (before_at, before);
        }
        None
    }
}

impl<'a> Walk<'a> {
    fn new<U: Countable>(text: &'a str, span: Range<usize>) -> Self {
        let rest = U::starts(&text[span.clone()]);
        Walk { from: span.start, limit: span.end, seen: Vec::new(), rest, done: span.start }
    }

    /// Sees the next unit; `false` at the limit.
    fn advance(&mut self) -> bool {
        let next = self.rest.next();
        self.done = next.map_or(self.limit, |at| self.from + at);
        self.seen.extend(next.map(|_| self.done));
        next.is_some()
    }
}

impl<U: Countable> SizeIndex for Walked<'_, U> {
    fn size(&self, span: Range<usize>) -> usize {
        let Some(text) = self.text.get(span.clone()) else { return 0 };
        let Some(seam) = self.last_seam(span.start, span.end) else { return Self::count(text) };
        let mut walk = self.walk.borrow_mut();
        // Where the walk ends behind the seam does not matter before it.
        if walk.from != span.start || walk.limit < seam {
            *walk = Walk::new::<U>(self.text, span.start..seam);
        }
        while walk.done < seam && walk.advance() {}
        walk.seen.partition_point(|&at| at < seam) + Self::count(&self.text[seam..span.end])
    }

    fn reach(&self, start: usize, size: usize) -> usize {
        let ceiling = self.text.floor_char_boundary(start.saturating_add(U::byte_ceiling(size)));
        let mut walk = self.walk.borrow_mut();
        // Not a walk that goes further either: the answer is to depend on the question alone.
        if walk.from != start || walk.limit != ceiling {
            *walk = Walk::new::<U>(self.text, start..ceiling);
        }
        while walk.seen.len() <= size && walk.advance() {}
        walk.seen.get(size).copied().unwrap_or(ceiling)
    }

    fn reach_back(&self, end: usize, size: usize) -> usize {
        if size == 0 {
            return end;
        }
        let limit = end.min(U::byte_ceiling(size));
        // Twice what a word of English takes; more where that is not enough.
        let mut bytes = size.saturating_mul(12);
        loop {
            let floor = self.text.ceil_char_boundary(end - bytes.min(limit));
            let starts: Vec<usize> = U::starts(&self.text[floor..end]).collect();
            // The first may begin before the excerpt.
            if let Some(first) = starts.len().checked_sub(size).filter(|&first| first > 0) {
                return floor + starts[first];
            }
            if bytes >= limit {
                return floor;
            }
            bytes = bytes.saturating_mul(2);
        }
    }

    fn is_exact(&self) -> bool {
        false
    }
}
