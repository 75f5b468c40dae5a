//! Spans inside spans.

use crate::config::{Capacity, ChunkConfig};
use crate::error::ChunkError;
use crate::sizer::ChunkSizer;
use crate::window::{Cutter, Limits, Measured, Pages, Span};

/// The spans of all levels, each before those inside it; a cutter for each level.
pub(super) struct Nested<'a, C> {
    measured: Measured<'a>,
    levels: Vec<Tiling<C>>,
}

/// One level, which goes along the document inside the spans of the one above.
struct Tiling<C> {
    limits: Limits,
    pages: Pages,
    cutter: C,
    /// Where the span around ends: the document, for the coarsest.
    until: usize,
}

impl<'a, C: Cutter> Nested<'a, C> {
    pub(super) fn new<S: ChunkSizer>(
        text: &'a str,
        config: &'a ChunkConfig<S>,
        capacities: impl Iterator<Item = Capacity>,
        cutter: impl Fn() -> C,
    ) -> Self {
        let level = |(depth, capacity)| Tiling {
            limits: Limits::of(capacity, &config.sizer),
            pages: Pages::default(),
            cutter: cutter(),
            // Nothing is inside a span that is not there yet.
            until: if depth == 0 { text.len() } else { 0 },
        };
        let levels = capacities.enumerate().map(level).collect();
        Nested { measured: Measured::new(text, config), levels }
    }
}

impl<C: Cutter> Iterator for Nested<'_, C> {
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
            Err(no_room) => {
                // An error ends the iteration.
                self.levels.clear();
                Some(Err(no_room.into()))
            }
        }
    }
}
