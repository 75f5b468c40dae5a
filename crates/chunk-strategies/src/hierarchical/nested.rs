//! Spans inside spans.

use crate::config::{Capacity, ChunkConfig};
use crate::error::ChunkError;
use crate::recursive::ChooseRecursive;
use crate::sizer::ChunkSizer;
use crate::window::{Limits, Measured, Pages, Span};

/// The spans of all levels, each before those inside it.
pub(super) struct Nested<'a> {
    measured: Measured<'a>,
    levels: Vec<Tiling>,
    overlap: usize,
}

/// How far one level has come.
struct Tiling {
    limits: Limits,
    pages: Pages,
    /// Where its last span started and ended.
    before: (usize, usize),
    /// Where the span around it ends: the document, for the coarsest.
    until: usize,
}

impl<'a> Nested<'a> {
    pub(super) fn new<S: ChunkSizer>(
        text: &'a str,
        config: &'a ChunkConfig<S>,
        capacities: impl Iterator<Item = Capacity>,
    ) -> Self {
        let level = |(depth, capacity)| Tiling {
            limits: Limits::of(capacity, &config.sizer),
            pages: Pages::default(),
            before: (0, 0),
            // Nothing is inside a span that is not there yet.
            until: if depth == 0 { text.len() } else { 0 },
        };
        let levels = capacities.enumerate().map(level).collect();
        Nested { measured: Measured::new(text, config), levels, overlap: config.overlap }
    }
}

impl Iterator for Nested<'_> {
    type Item = Result<Span, ChunkError>;

    fn next(&mut self) -> Option<Self::Item> {
        // The finest level with text left inside the span around it.
        let depth = self.levels.iter().rposition(|level| level.before.1 < level.until)?;
        let level = &mut self.levels[depth];
        let own = level.before.1;
        let fit = self.measured.fit_within(level.limits, &level.pages);
        let start = fit.overlap_start(level.before.0, own, self.overlap);
        match fit.span(start, own, level.until, &ChooseRecursive) {
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
