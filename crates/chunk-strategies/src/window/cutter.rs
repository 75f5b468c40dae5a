//! [`Cutter`]: what decides on the spans of a document, and the one that goes on from cut to cut.

use super::pages::{PAGED_BYTES, begins_with_pages};
use super::{Choose, Fit, Measured, NoRoom, Span};
use crate::config::ChunkConfig;
use crate::error::ChunkError;
use crate::sizer::ChunkSizer;

/// Decides on one span after the other, from front to back.
///
/// Holds offsets and no text: that comes with `fit`, so that one cutter runs over a whole document and over a window
/// that slides along a stream, and both give the same spans.
pub(crate) trait Cutter: Send {
    /// The next span; `None` at the end of the text, and after an error.
    fn next_span(&mut self, fit: &Fit<'_>) -> Option<Result<Span, NoRoom>>;

    /// Where the next span begins to own text.
    fn position(&self) -> usize;

    /// The first offset that is looked at again.
    fn needed_from(&self) -> usize;

    /// How many bytes behind [`position`](Cutter::position) the next span may depend on.
    fn look_ahead(&self, fit: &Fit<'_>) -> usize {
        fit.look_ahead()
    }

    /// Up to where in the document the last heading reaches that the last span stands under; of a span that begins with
    /// one, its start. 0 for a cutter that knows no headings.
    fn heading_end(&self) -> usize {
        0
    }

    /// The text that comes next begins so many bytes later in the document: offsets become smaller by as many.
    fn shift(&mut self, bytes: usize);
}

impl<C: Cutter + ?Sized> Cutter for Box<C> {
    fn next_span(&mut self, fit: &Fit<'_>) -> Option<Result<Span, NoRoom>> {
        (**self).next_span(fit)
    }

    fn position(&self) -> usize {
        (**self).position()
    }

    fn needed_from(&self) -> usize {
        (**self).needed_from()
    }

    fn look_ahead(&self, fit: &Fit<'_>) -> usize {
        (**self).look_ahead(fit)
    }

    fn heading_end(&self) -> usize {
        (**self).heading_end()
    }

    fn shift(&mut self, bytes: usize) {
        (**self).shift(bytes);
    }
}

/// The spans of a whole document.
pub(crate) struct Spans<'a, C> {
    measured: Measured<'a>,
    cutter: C,
}

impl<'a, C: Cutter> Spans<'a, C> {
    pub(crate) fn new<S: ChunkSizer>(text: &'a str, config: &'a ChunkConfig<S>, cutter: C) -> Self {
        Spans { measured: Measured::new(text, config), cutter }
    }
}

impl<C: Cutter> Iterator for Spans<'_, C> {
    type Item = Result<Span, ChunkError>;

    fn next(&mut self) -> Option<Self::Item> {
        let span = self.cutter.next_span(&self.measured.fit())?;
        Some(span.map_err(ChunkError::from))
    }
}

/// Cuts at the boundaries that `choose` prefers, within the capacity and with overlap.
pub(crate) struct FrontToBack<C> {
    overlap: usize,
    choose: C,
    /// The start and the end of the span before.
    before: (usize, usize),
    /// Whether the document has form feeds, once its start was looked at.
    has_pages: Option<bool>,
    failed: bool,
}

impl<C: Choose> FrontToBack<C> {
    pub(crate) fn new(overlap: usize, choose: C) -> Self {
        FrontToBack { overlap, choose, before: (0, 0), has_pages: None, failed: false }
    }

    /// Where the text that is shown first is not the document's beginning, which says whether there are pages.
    pub(crate) fn with_pages_anywhere(self) -> Self {
        FrontToBack { has_pages: Some(true), ..self }
    }
}

impl<C: Choose + Send> Cutter for FrontToBack<C> {
    fn next_span(&mut self, fit: &Fit<'_>) -> Option<Result<Span, NoRoom>> {
        let own = self.before.1;
        if own >= fit.text().len() || self.failed {
            return None;
        }
        let start = fit.overlap_start(self.before.0, own, self.overlap);
        if !*self.has_pages.get_or_insert_with(|| begins_with_pages(fit.text())) {
            fit.pages().set_none();
        }
        let span = fit.span(start, own, fit.text().len(), &self.choose);
        match &span {
            Ok(span) => self.before = (span.start, span.end),
            Err(_) => self.failed = true,
        }
        Some(span)
    }

    fn position(&self) -> usize {
        self.before.1
    }

    fn needed_from(&self) -> usize {
        self.before.0
    }

    fn look_ahead(&self, fit: &Fit<'_>) -> usize {
        if self.has_pages.is_none() { fit.look_ahead().max(PAGED_BYTES) } else { fit.look_ahead() }
    }

    fn shift(&mut self, bytes: usize) {
        self.before = (self.before.0 - bytes, self.before.1 - bytes);
    }
}
