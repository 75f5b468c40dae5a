//! Decides on the chunks of a Markdown document.

use std::ops::Range;

use super::block::Block;
use super::choose::ChooseMarkdown;
use super::context::ContextPath;
use super::outline::Outline;
use super::scanner::Scanner;
use super::together::Together;
use crate::chunk::ContextPart;
use crate::recursive::ChooseRecursive;
use crate::window::{Cutter, Fit, NoRoom, Span};

/// Fills chunks with blocks, up to the desired size.
pub(crate) struct MarkdownCutter {
    overlap: usize,
    scanner: Scanner,
    outline: Outline,
    path: ContextPath,
    /// The start and the end of the span before.
    before: (usize, usize),
    counts_context: bool,
    failed: bool,
}

impl MarkdownCutter {
    pub(super) fn new(overlap: usize, feed_bytes: usize) -> Self {
        MarkdownCutter {
            overlap,
            scanner: Scanner::new(feed_bytes),
            outline: Outline::default(),
            path: ContextPath::default(),
            before: (0, 0),
            counts_context: false,
            failed: false,
        }
    }

    /// Leaves room in each chunk for its context.
    pub(crate) fn counting_context(self, counts_context: bool) -> Self {
        MarkdownCutter { counts_context, ..self }
    }

    /// Over a part of a document that begins `base` bytes into it, whose blocks are known, under these headings.
    pub(crate) fn over(overlap: usize, blocks: &[Block], base: usize, above: Vec<(u8, ContextPart)>) -> Self {
        let mut cutter = MarkdownCutter::new(overlap, 0);
        cutter.scanner = Scanner::done();
        for &block in blocks {
            cutter.outline.push(block);
        }
        cutter.outline.shift(base);
        cutter.path = ContextPath::under(above, base);
        cutter
    }

    /// Where the text from `own` has its first block, if nothing but blanks comes before it.
    fn place(&self, text: &str, own: usize) -> usize {
        let next = self.outline.ahead().iter().find(|next| next.start >= own).map(|next| next.start);
        let is_blank = |c: char| c.is_whitespace() || c == '\u{feff}';
        let place = next.filter(|&next| text.get(own..next).is_some_and(|gap| gap.chars().all(is_blank)));
        place.unwrap_or(own)
    }

    fn span(&self, fit: &Fit<'_>, own: usize) -> Result<Span, NoRoom> {
        // Nothing is repeated over a heading.
        let least = self.path.text_start();
        let overlapping = fit.overlap_start_from(self.before.0, least, own, self.overlap);
        let together = Together { outline: &self.outline, fit, is_done: self.scanner.is_done() };
        let place = self.place(fit.text(), own);
        let kept = together.kept_from(overlapping, own, place);
        if place > own {
            // Blanks go with what they come before, but where more of that fits whole without them.
            let end = |kept: &Option<(usize, Range<usize>)>| kept.as_ref().map_or(0, |(_, kept)| kept.start);
            if end(&together.kept_from(place, place, place)) > end(&kept) {
                return fit.span(own, own, place, &ChooseRecursive);
            }
        }
        let (start, kept) = kept.unwrap_or((overlapping, 0..0));
        fit.span(start, own, fit.text().len(), &ChooseMarkdown { together, kept })
    }
}

impl Cutter for MarkdownCutter {
    fn next_span(&mut self, fit: &Fit<'_>) -> Option<Result<Span, NoRoom>> {
        let own = self.before.1;
        let text = fit.text();
        if own >= text.len() || self.failed {
            return None;
        }
        // What begins in this chunk may fit whole in the next.
        let until = own.saturating_add(fit.look_ahead().saturating_mul(2));
        self.scanner.scan(text, until, &mut self.outline);
        self.path.pass(text, self.place(text, own), &mut self.outline);
        let span = if self.counts_context {
            fit.span_under(self.path.context().as_ref(), own, |fit| self.span(fit, own))
        } else {
            self.span(fit, own).map(|span| Span { context: self.path.context(), ..span })
        };
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
        self.before.0.min(self.scanner.at())
    }

    fn look_ahead(&self, fit: &Fit<'_>) -> usize {
        fit.look_ahead().saturating_mul(2).saturating_add(self.scanner.feed_bytes() + 1)
    }

    fn heading_end(&self) -> usize {
        self.path.heading_end()
    }

    fn shift(&mut self, bytes: usize) {
        self.before = (self.before.0 - bytes, self.before.1 - bytes);
        self.scanner.shift(bytes);
        self.outline.shift(bytes);
        self.path.shift(bytes);
    }
}
