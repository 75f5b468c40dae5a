//! [`Record`]: one chunk as it is written.

use chunk_strategies::{Chunk, ContextPart};
use serde::Serialize;

/// One chunk, its place, and its vector. What does not apply is left out of its JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Record<'a> {
    /// The document's path as it was given, or `-`.
    pub document: &'a str,
    /// 0-based within the document.
    pub index: usize,
    /// A hash of the text, unique within the document.
    pub id: &'a str,
    /// What cut it.
    pub strategy: &'static str,
    /// Exactly the bytes of the range.
    pub text: &'a str,
    /// Where it begins, in bytes.
    pub byte_start: usize,
    /// Where it ends, in bytes, exclusive.
    pub byte_end: usize,
    /// Where it begins, in Unicode scalar values.
    pub char_start: usize,
    /// Where it ends, in Unicode scalar values, exclusive.
    pub char_end: usize,
    /// The line of its first character, from 1.
    pub line_start: usize,
    /// The line of its last character.
    pub line_end: usize,
    /// The page of its first character that is not blank, from 1, where the document has form feeds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_start: Option<usize>,
    /// The page of its last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_end: Option<usize>,
    /// Its size in `unit`.
    pub size: usize,
    /// What `size` counts.
    pub unit: &'static str,
    /// How many leading bytes repeat the chunk before.
    pub overlap_bytes: usize,
    /// Heading path and the like.
    pub context: Vec<&'a str>,
    /// Where it stands in its hierarchy, 0 the coarsest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<usize>,
    /// The id of the chunk above it in its hierarchy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<&'a str>,
    /// Semantic: the distance at its start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boundary_score: Option<f32>,
    /// Why this strategy cut it: hybrid's choice, or a fallback's cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'a str>,
    /// Embedding: tokens beyond the model's limit that were left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncated: Option<usize>,
    /// Embedding: the vector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding: Option<&'a [f32]>,
}

impl<'a> Record<'a> {
    pub(crate) fn new(
        document: &'a str,
        (id, parent): (&'a str, Option<&'a str>),
        unit: &'static str,
        chunk: &'a Chunk<'a>,
    ) -> Self {
        let pages = chunk.has_pages().then(|| chunk.page_range().into_inner());
        let (bytes, chars, lines) = (chunk.byte_range(), chunk.char_range(), chunk.line_range());
        Record {
            document,
            index: chunk.index(),
            id,
            strategy: chunk.strategy().as_str(),
            text: chunk.text(),
            byte_start: bytes.start,
            byte_end: bytes.end,
            char_start: chars.start,
            char_end: chars.end,
            line_start: *lines.start(),
            line_end: *lines.end(),
            page_start: pages.map(|(first, _)| first),
            page_end: pages.map(|(_, last)| last),
            size: chunk.size(),
            unit,
            overlap_bytes: chunk.overlap_bytes(),
            context: chunk.context().iter().map(ContextPart::text).collect(),
            level: chunk.level(),
            parent,
            boundary_score: chunk.boundary_score(),
            reason: chunk.reason(),
            truncated: None,
            embedding: None,
        }
    }
}
