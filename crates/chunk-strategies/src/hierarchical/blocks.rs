//! Blocks of Markdown inside blocks.

use std::rc::Rc;

use crate::config::Capacity;
use crate::error::ChunkError;
use crate::markdown::{self, MarkdownCutter};
use crate::sizer::{ChunkSizer, SizeIndex};
use crate::window::{Cutter, Fit, Span};

/// Spans of all levels, each before those inside it; every level is cut as Markdown is.
pub(super) struct NestedBlocks<'a> {
    levels: Vec<Level<'a>>,
}

/// A level, which goes along the document inside the spans of the one above.
struct Level<'a> {
    fit: Fit<'a>,
    /// The same up to where the span around ends.
    within: Option<Fit<'a>>,
    cutter: MarkdownCutter,
    until: usize,
}

impl<'a> NestedBlocks<'a> {
    pub(super) fn new<S: ChunkSizer>(
        text: &'a str,
        index: &Rc<dyn SizeIndex + 'a>,
        capacities: &[Capacity],
        sizer: &'a S,
        overlap: usize,
    ) -> Self {
        // Parsed once for all.
        let blocks = markdown::blocks(text);
        let level = |(depth, &capacity): (usize, &Capacity)| Level {
            fit: Fit::sharing(text, Rc::clone(index), capacity, sizer),
            within: None,
            cutter: MarkdownCutter::over(overlap, &blocks, 0, Vec::new()),
            // Nothing is inside a span that is not there yet.
            until: if depth == 0 { text.len() } else { 0 },
        };
        NestedBlocks { levels: capacities.iter().enumerate().map(level).collect() }
    }
}

impl Iterator for NestedBlocks<'_> {
    type Item = Result<Span, ChunkError>;

    fn next(&mut self) -> Option<Self::Item> {
        // The finest level with text left inside the span around it.
        let depth = self.levels.iter().rposition(|level| level.cutter.position() < level.until)?;
        let level = &mut self.levels[depth];
        let within = level.within.get_or_insert_with(|| level.fit.up_to(level.until));
        match level.cutter.next_span(within)? {
            Ok(span) => {
                if let Some(inside) = self.levels.get_mut(depth + 1) {
                    (inside.until, inside.within) = (span.end, None);
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
