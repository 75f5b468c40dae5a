//! [`OwnedChunk`]: a chunk that borrows nothing, and its record.

use crate::chunk::{Chunk, ContextPart};
use crate::chunk_ids::ChunkIds;
use crate::strategy::Strategy;

/// A chunk on its own: to keep, to send, and, with the feature `serde`, to write and to read.
///
/// The fields have the names and meanings of the records that the command line writes, and what a chunk has nothing of is
/// left out when it is written.
///
/// ```
/// use chunk_strategies::{ChunkConfig, ChunkIds, ChunkError, OwnedChunk, Recursive};
///
/// fn cut(document: &str) -> Result<Vec<OwnedChunk>, ChunkError> {
///     let strategy = Recursive::new(ChunkConfig::new(1000))?;
///     let mut ids = ChunkIds::new();
///     strategy.chunks(document).map(|chunk| Ok(ids.own(&chunk?))).collect()
/// }
/// assert_eq!(cut("A short document.")?[0].char_end, 17);
/// # Ok::<(), ChunkError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct OwnedChunk {
    /// Its position among the document's chunks, from 0.
    pub index: usize,
    /// A hash of the text, unique within the document: see [`ChunkIds`].
    pub id: String,
    /// What cut it.
    pub strategy: Strategy,
    /// Exactly the bytes of the range.
    pub text: String,
    /// Where it begins, in bytes.
    pub byte_start: usize,
    /// Where it ends, in bytes, exclusive.
    pub byte_end: usize,
    /// Where it begins, in `char`s.
    pub char_start: usize,
    /// Where it ends, in `char`s, exclusive.
    pub char_end: usize,
    /// The line of its first character, from 1.
    pub line_start: usize,
    /// The line of its last character.
    pub line_end: usize,
    /// The page of its first character that is not blank, from 1; only where the document has pages.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub page_start: Option<usize>,
    /// The page of its last one.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub page_end: Option<usize>,
    /// Its size in the configured unit.
    pub size: usize,
    /// How many leading bytes repeat the chunk before.
    pub overlap_bytes: usize,
    /// What it stands under, the outermost first.
    #[cfg_attr(feature = "serde", serde(default))]
    pub context: Vec<String>,
    /// Where it stands in its hierarchy, 0 the coarsest.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub level: Option<usize>,
    /// The id of the chunk above it in its hierarchy.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub parent: Option<String>,
    /// Semantic: the distance at its start.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub boundary_score: Option<f32>,
    /// Why this strategy cut it: hybrid's choice, or a fallback's cause.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub reason: Option<String>,
}

impl ChunkIds {
    /// The next chunk on its own, with its id, and of a hierarchy that of the chunk above it.
    pub fn own(&mut self, chunk: &Chunk<'_>) -> OwnedChunk {
        let (id, parent) = self.assign_with_parent(chunk);
        let (bytes, chars, lines) = (chunk.byte_range(), chunk.char_range(), chunk.line_range());
        let pages = chunk.has_pages().then(|| chunk.page_range().into_inner());
        OwnedChunk {
            index: chunk.index(),
            id,
            strategy: chunk.strategy(),
            text: chunk.text().to_owned(),
            byte_start: bytes.start,
            byte_end: bytes.end,
            char_start: chars.start,
            char_end: chars.end,
            line_start: *lines.start(),
            line_end: *lines.end(),
            page_start: pages.map(|(first, _)| first),
            page_end: pages.map(|(_, last)| last),
            size: chunk.size(),
            overlap_bytes: chunk.overlap_bytes(),
            context: chunk.context().iter().map(ContextPart::text).map(str::to_owned).collect(),
            level: chunk.level(),
            parent,
            boundary_score: chunk.boundary_score(),
            reason: chunk.reason().map(str::to_owned),
        }
    }
}
