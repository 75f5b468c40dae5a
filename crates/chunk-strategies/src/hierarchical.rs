//! The hierarchical strategy: levels of chunks, each inside one of the level above.

mod auto_merge;
mod blocks;
mod nested;

use std::rc::Rc;

pub use self::auto_merge::AutoMerge;
use self::blocks::NestedBlocks;
use self::nested::Nested;
use crate::assemble::Assemble;
use crate::chunk::Chunk;
use crate::config::{Capacity, ChunkConfig};
use crate::error::ChunkError;
use crate::kind::DocumentKind;
use crate::sizer::ChunkSizer;
use crate::strategy::Strategy;
use crate::window::Span;

/// Chunks of several sizes over the same text: small ones to search, large ones to read.
///
/// Every level tiles the document, and what a chunk owns lies inside one chunk of the level above, whose cuts it shares.
/// Each level is cut as [`Recursive`](crate::Recursive) cuts, or of what is said to be Markdown
/// ([`chunks_as`](Hierarchical::chunks_as)) as [`Markdown`](crate::Markdown), within the chunk above. Chunks come in document order, a
/// chunk before those inside it; [`Chunk::level`] is 0 for the coarsest, and [`Chunk::parent`] the index of the chunk
/// above. [`AutoMerge`] turns small chunks that were found into the large ones they mostly make up.
///
/// Time is linear in the document for each level, and a document is tokenised once for all.
///
/// ```
/// use chunk_strategies::{Chars, Hierarchical};
///
/// let strategy = Hierarchical::new(Chars, &[24, 12])?;
/// let chunks = strategy.chunks("One line.\nAnother.\n\nA paragraph.").collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(chunks[0].text(), "One line.\nAnother.\n\n");
/// assert_eq!((chunks[1].text(), chunks[1].parent()), ("One line.\n", Some(0)));
/// # Ok::<(), chunk_strategies::ChunkError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Hierarchical<S> {
    /// The finest level's size and the overlap, which every level has.
    finest: ChunkConfig<S>,
    levels: Vec<Capacity>,
}

impl<S: ChunkSizer> Hierarchical<S> {
    /// With levels of these sizes, the coarsest first, as `sizer` measures. No chunk exceeds its level's size.
    ///
    /// # Errors
    /// There is no level, a size is not below the one before, or the last has no room for any text.
    pub fn new(sizer: S, levels: &[usize]) -> Result<Self, ChunkError> {
        let shown = || format!("{levels:?}");
        let Some(&finest) = levels.last() else {
            return Err(ChunkError::config("levels", shown(), "at least one size"));
        };
        if !levels.is_sorted_by(|coarse, fine| coarse > fine) {
            return Err(ChunkError::config("levels", shown(), "sizes that decrease"));
        }
        let finest = ChunkConfig::new(Capacity::new(finest, finest)?, sizer)?;
        let levels = levels.iter().map(|&size| Capacity::new(size, size)).collect::<Result<_, _>>()?;
        Ok(Hierarchical { finest, levels })
    }

    /// How much of the chunk before it on its level each chunk repeats at most.
    ///
    /// # Errors
    /// The overlap is not below the smallest size, less the size of an empty text.
    pub fn with_overlap(self, overlap: usize) -> Result<Self, ChunkError> {
        Ok(Hierarchical { finest: self.finest.with_overlap(overlap)?, ..self })
    }

    /// The sizes of the levels, the coarsest first.
    pub fn sizes(&self) -> impl ExactSizeIterator<Item = usize> {
        self.levels.iter().map(Capacity::max)
    }

    /// The chunks of the document on all levels, found as the iterator is driven; an error is its last item.
    pub fn chunks<'a>(
        &'a self,
        text: &'a str,
    ) -> impl Iterator<Item = Result<Chunk<'a>, ChunkError>> + use<'a, S> {
        self.chunks_as(DocumentKind::Unknown, text)
    }

    /// The chunks of a document of which something is known: every level of Markdown has whole blocks, and its chunks know
    /// the headings that they stand under. It is parsed once, before the first chunk.
    ///
    /// ```
    /// use chunk_strategies::{Chars, DocumentKind, Hierarchical};
    ///
    /// let strategy = Hierarchical::new(Chars, &[60, 30])?;
    /// let document = "# Foxes\n\nFoxes are quick.\n\n## Diet\n\nMice and eggs.\n";
    /// let chunks = strategy.chunks_as(DocumentKind::Markdown, document).collect::<Result<Vec<_>, _>>()?;
    /// let diet = chunks.last().unwrap();
    /// assert_eq!((diet.text(), diet.context()[0].text()), ("## Diet\n\nMice and eggs.\n", "# Foxes"));
    /// # Ok::<(), chunk_strategies::ChunkError>(())
    /// ```
    pub fn chunks_as<'a>(
        &'a self,
        kind: DocumentKind,
        text: &'a str,
    ) -> impl Iterator<Item = Result<Chunk<'a>, ChunkError>> + use<'a, S> {
        let (sizer, overlap) = (self.finest.sizer(), self.finest.overlap());
        let index = Rc::from(sizer.index(text));
        let spans: Box<dyn Iterator<Item = Result<Span, ChunkError>> + 'a> = match kind {
            DocumentKind::Markdown => Box::new(NestedBlocks::new(text, &index, &self.levels, sizer, overlap)),
            _ => Box::new(Nested::new(text, &index, &self.levels, sizer, overlap)),
        };
        Assemble::new(text, spans, Strategy::Hierarchical).with_levels(self.levels.len())
    }
}
