//! The engine under the strategies that cut from front to back: a [`Cutter`] decides on one span after the other, and a
//! [`Choose`] on the cut within one window.

mod context;
mod cutter;
mod error;
mod fit;
mod overlap;
mod pages;
mod span;

use crate::boundary::{Boundaries, Level};

pub(crate) use self::cutter::{Cutter, FrontToBack, Spans};
pub(crate) use self::error::NoRoom;
pub(crate) use self::fit::{Fit, Limits, Measured, is_blank};
pub(crate) use self::pages::{PAGED_BYTES, Pages, begins_with_pages};
pub(crate) use self::span::Span;

/// Chooses among the boundaries of a window.
pub(crate) trait Choose {
    /// The offset to cut at, in `(window.own, window.max]`.
    fn choose(&self, window: &Window<'_>) -> Option<usize>;
}

/// Where the next cut may be made.
pub(crate) struct Window<'d> {
    pub(crate) boundaries: Boundaries<'d>,
    /// Where the text begins that no chunk has had yet; the cut lies behind it.
    pub(crate) own: usize,
    /// Up to where the chunk is no larger than desired.
    pub(crate) desired: usize,
    /// Up to where it is no larger than the maximum; at least `desired`.
    pub(crate) max: usize,
    /// Whether a page may end in it.
    pub(crate) may_have_pages: bool,
}

impl Window<'_> {
    /// The offset that leaves the first `1/n` of the text that is not overlap before it.
    pub(crate) fn part(&self, n: usize) -> usize {
        self.boundaries.floor(self.own + (self.desired - self.own) / n)
    }

    /// The last grapheme boundary that fits, however early, else the first one up to the maximum.
    pub(crate) fn last_resort(&self) -> Option<usize> {
        let within = self.boundaries.last(Level::Grapheme, self.own..self.desired);
        within.or_else(|| self.boundaries.first(Level::Grapheme, self.own..self.max))
    }
}
