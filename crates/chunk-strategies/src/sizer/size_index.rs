//! [`SizeIndex`]: sizes of spans of one document.

use std::ops::Range;

/// Answers questions about the sizes of spans of one document.
///
/// Offsets are bytes and lie on char boundaries, in questions and in answers.
pub trait SizeIndex: Send {
    /// The exact size of the span, measured on its own.
    fn size(&self, span: Range<usize>) -> usize;

    /// The largest offset that a span from `start` may end at without exceeding `size`, at most the document's length.
    ///
    /// Exact where [`is_exact`](SizeIndex::is_exact); an estimate elsewhere, to be verified with
    /// [`size`](SizeIndex::size).
    fn reach(&self, start: usize, size: usize) -> usize;

    /// The smallest offset that a span up to `end` may start at without exceeding `size`. Exact or an estimate, like
    /// [`reach`](SizeIndex::reach).
    fn reach_back(&self, end: usize, size: usize) -> usize;

    /// Whether sizes add up across any cut, so that what [`reach`](SizeIndex::reach) says needs no second look.
    fn is_exact(&self) -> bool;
}
