//! Spans inside spans.

use std::rc::Rc;

use crate::config::Capacity;
use crate::error::ChunkError;
use crate::recursive::Largest;
use crate::sizer::{ChunkSizer, SizeIndex};
use crate::window::{Fit, Span};

/// The spans of all levels, each before those inside it.
pub(super) struct Nested<'a> {
    levels: Vec<Level<'a>>,
    overlap: usize,
}

/// How far a level has come.
struct Level<'a> {
    fit: Fit<'a>,
    /// Where its last span started and ended.
    before: (usize, usize),
    /// Where the span around it ends: the document, for the coarsest.
    until: usize,
}

impl<'a> Nested<'a> {
    pub(super) fn new<S: ChunkSizer>(
        text: &'a str,
        index: &Rc<dyn SizeIndex + 'a>,
        capacities: &[Capacity],
        sizer: &'a S,
        overlap: usize,
    ) -> Self {
        let level = |(depth, &capacity): (usize, &Capacity)| Level {
            fit: Fit::sharing(text, Rc::clone(index), capacity, sizer),
            before: (0, 0),
            // Nothing is inside a span that is not there yet.
            until: if depth == 0 { text.len() } else { 0 },
        };
        Nested { levels: capacities.iter().enumerate().map(level).collect(), overlap }
    }
}

impl Iterator for Nested<'_> {
    type Item = Result<Span, ChunkError>;

    fn next(&mut self) -> Option<Self::Item> {
        // The finest level with text left inside the span around it.
        let depth = self.levels.iter().rposition(|level| level.before.1 < level.until)?;
        let level = &mut self.levels[depth];
        let own = level.before.1;
        let start = level.fit.overlap_start(level.before.0, own, self.overlap);
        match level.fit.span(start, own, level.until, &Largest) {
            Ok(span) => {
                level.before = (span.start, span.end);
                if let Some(inside) = self.levels.get_mut(depth + 1) {
                    inside.until = span.end;
                }
                Some(Ok(Span { level: depth, ..span }))
            }
            Err(error) => {
                // An error ends the iteration.
                self.levels.clear();
                Some(Err(error))
            }
        }
    }
}
