//! [`Waiting`]: a chunk that is not written yet.

use std::ops::Range;

use chunk_strategies::Chunk;
use embed_burn::TokenizedText;

use super::super::text::Text;
use crate::input::Document;
use crate::record::Record;

/// A chunk without its text, which is the document's: a record's numbers, free of borrows.
pub(super) struct Waiting {
    pub(super) text: Text,
    /// Whether its text is among those that are embedded now.
    pub(super) is_taken: bool,
    /// Bytes of the document that are done with this chunk.
    pub(super) done_bytes: u64,
    index: usize,
    pub(super) line: usize,
    id: String,
    parent: Option<String>,
    strategy: &'static str,
    bytes: Range<usize>,
    chars: Range<usize>,
    last_line: usize,
    pages: Option<(usize, usize)>,
    size: usize,
    overlap_bytes: usize,
    context: Vec<String>,
    level: Option<usize>,
    boundary_score: Option<f32>,
    reason: Option<String>,
}

impl Waiting {
    /// `ids` are those of all chunks of the document.
    pub(super) fn new(chunk: &Chunk<'_>, id: &str, ids: &[String], text: Text) -> Self {
        let lines = chunk.line_range();
        let owned = chunk.text().len() - chunk.overlap_bytes();
        Waiting {
            text,
            is_taken: false,
            // Each level covers the document; one of them is enough.
            done_bytes: if chunk.parent().is_none() { owned as u64 } else { 0 },
            index: chunk.index(),
            line: *lines.start(),
            id: id.to_owned(),
            parent: chunk.parent().and_then(|parent| ids.get(parent)).cloned(),
            strategy: chunk.strategy().as_str(),
            bytes: chunk.byte_range(),
            chars: chunk.char_range(),
            last_line: *lines.end(),
            pages: chunk.has_pages().then(|| chunk.page_range().into_inner()),
            size: chunk.size(),
            overlap_bytes: chunk.overlap_bytes(),
            context: chunk.context().iter().map(|part| part.text().to_owned()).collect(),
            level: chunk.level(),
            boundary_score: chunk.boundary_score(),
            reason: chunk.reason().map(str::to_owned),
        }
    }

    /// Its tokens, to be embedded now.
    pub(super) fn take_text(&mut self) -> Option<TokenizedText> {
        match std::mem::replace(&mut self.text, Text::None) {
            Text::Waiting(text) => {
                self.is_taken = true;
                Some(text)
            }
            other => {
                self.text = other;
                None
            }
        }
    }

    pub(super) fn record<'a>(
        &'a self,
        document: &'a Document,
        unit: &'static str,
        truncated: Option<usize>,
        embedding: Option<&'a [f32]>,
    ) -> Record<'a> {
        Record {
            document: &document.name,
            index: self.index,
            id: &self.id,
            strategy: self.strategy,
            text: document.text.get(self.bytes.clone()).unwrap_or_default(),
            byte_start: self.bytes.start,
            byte_end: self.bytes.end,
            char_start: self.chars.start,
            char_end: self.chars.end,
            line_start: self.line,
            line_end: self.last_line,
            page_start: self.pages.map(|(first, _)| first),
            page_end: self.pages.map(|(_, last)| last),
            size: self.size,
            unit,
            overlap_bytes: self.overlap_bytes,
            context: self.context.iter().map(String::as_str).collect(),
            level: self.level,
            parent: self.parent.as_deref(),
            boundary_score: self.boundary_score,
            reason: self.reason.as_deref(),
            truncated,
            embedding,
        }
    }
}
