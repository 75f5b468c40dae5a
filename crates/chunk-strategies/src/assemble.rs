//! From spans to chunks: keeps count of characters and lines along the document.

use std::sync::Arc;

use memchr::memchr_iter;

use crate::chunk::Chunk;
use crate::error::ChunkError;
use crate::strategy::Strategy;
use crate::window::Span;

/// Turns ascending spans that tile a document into its chunks.
pub(crate) struct Assemble<'d, I> {
    text: &'d str,
    spans: I,
    strategy: Strategy,
    reason: Option<Arc<str>>,
    index: usize,
    /// Where the next span begins to own text, in bytes, in chars, and as a line counted from 0.
    byte: usize,
    char: usize,
    line: usize,
}

impl<'d, I> Assemble<'d, I> {
    pub(crate) fn new(text: &'d str, spans: I, strategy: Strategy) -> Self {
        Assemble { text, spans, strategy, reason: None, index: 0, byte: 0, char: 0, line: 0 }
    }

    pub(crate) fn with_reason(self, reason: String) -> Self {
        Assemble { reason: Some(reason.into()), ..self }
    }

    fn chunk(&mut self, span: &Span) -> Chunk<'d> {
        debug_assert_eq!(span.own, self.byte, "spans tile the document");
        let text = &self.text[span.start..span.end];
        let (overlap, owned) = text.split_at(span.own - span.start);
        let first_char = self.char - overlap.chars().count();
        let first_line = self.line - line_ends(overlap);
        self.char += owned.chars().count();
        self.line += line_ends(owned);
        self.byte = span.end;
        // A line end at the very end belongs to the line that it ends.
        let last_line = self.line - usize::from(text.ends_with('\n'));
        let chunk = Chunk {
            text,
            bytes: span.start..span.end,
            chars: first_char..self.char,
            lines: first_line + 1..=last_line + 1,
            size: span.size,
            overlap_bytes: overlap.len(),
            index: self.index,
            strategy: self.strategy,
            boundary_score: span.boundary_score,
            reason: self.reason.clone(),
        };
        self.index += 1;
        chunk
    }
}

impl<'d, I: Iterator<Item = Result<Span, ChunkError>>> Iterator for Assemble<'d, I> {
    type Item = Result<Chunk<'d>, ChunkError>;

    fn next(&mut self) -> Option<Self::Item> {
        let span = self.spans.next()?;
        Some(span.map(|span| self.chunk(&span)))
    }
}

fn line_ends(text: &str) -> usize {
    memchr_iter(b'\n', text.as_bytes()).count()
}
