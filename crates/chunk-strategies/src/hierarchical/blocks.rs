//! Blocks of Markdown inside blocks.

use crate::config::{Capacity, ChunkConfig};
use crate::error::ChunkError;
use crate::markdown::{self, MarkdownCutter};
use crate::sizer::ChunkSizer;
use crate::window::{Cutter, Limits, Measured, Pages, Span};

/// Spans of all levels, each before those inside it; every level is cut as Markdown is.
pub(super) struct NestedBlocks<'a> {
    measured: Measured<'a>,
    levels: Vec<Level>,
}

/// A level, which goes along the document inside the spans of the one above.
struct Level {
    limits: Limits,
    pages: Pages,
    cutter: MarkdownCutter,
    /// Where the span around ends: the document, for the coarsest.
    until: usize,
}

impl<'a> NestedBlocks<'a> {
    pub(super) fn new<S: ChunkSizer>(
        text: &'a str,
        config: &'a ChunkConfig<S>,
        capacities: impl Iterator<Item = Capacity>,
    ) -> Self {
        // Parsed once for all.
        let blocks = markdown::blocks(text);
        let level = |(depth, capacity)| Level {
            limits: Limits::of(capacity, &config.sizer),
            pages: Pages::default(),
            cutter: MarkdownCutter::over(config.overlap, &blocks, 0, Vec::new()),
            // Nothing is inside a span that is not there yet.
            until: if depth == 0 { text.len() } else { 0 },
        };
        let levels = capacities.enumerate().map(level).collect();
        NestedBlocks { measured: Measured::new(text, config), levels }
    }
}

impl Iterator for NestedBlocks<'_> {
    type Item = Result<Span, ChunkError>;

    fn next(&mut self) -> Option<Self::Item> {
        // The finest level with text left inside the span around it.
        let depth = self.levels.iter().rposition(|level| level.cutter.position() < level.until)?;
        let level = &mut self.levels[depth];
        let fit = self.measured.fit_within(level.limits, &level.pages).up_to(level.until);
        match level.cutter.next_span(&fit)? {
            Ok(span) => {
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
