//! The hierarchical strategy: levels of chunks, each inside one of the level above.

mod auto_merge;
mod nested;

pub use self::auto_merge::AutoMerge;
use self::nested::Nested;
use crate::assemble::Assemble;
use crate::chunk::Chunk;
use crate::config::{Capacity, ChunkConfig};
use crate::error::ChunkError;
use crate::kind::DocumentKind;
use crate::labels::Labelled;
use crate::markdown::{self, MarkdownCutter};
use crate::records::ChooseRecords;
use crate::recursive::ChooseRecursive;
use crate::rows::ChooseRows;
use crate::sizer::{Chars, ChunkSizer};
use crate::strategy::Strategy;
use crate::window::{FrontToBack, Span};

/// Chunks of several sizes over the same text: small ones to search, large ones to read.
///
/// Every level tiles the document, and what a chunk owns lies inside one chunk of the level above, whose cuts it
/// shares. Each level is cut as [`Recursive`](crate::Recursive) cuts, or of what is said to be Markdown
/// ([`chunks_as`](Hierarchical::chunks_as)) as [`Markdown`](crate::Markdown), within the chunk above. Chunks come in
/// document order, a chunk before those inside it; [`Chunk::level`] is 0 for the coarsest, and [`Chunk::parent`] the
/// index of the chunk above. In a transcript, the label of a turn is the [`context`](Chunk::context) of what follows in
/// it, on every level. [`AutoMerge`] turns small chunks that were found into the large ones they mostly make up.
///
/// Time is linear in the document for each level, and a document is tokenised once for all.
///
/// ```
/// use chunk_strategies::{ChunkConfig, Hierarchical};
///
/// let strategy = Hierarchical::new(ChunkConfig::new(12), [24])?;
/// let chunks = strategy.chunks("One line.\nAnother.\n\nA paragraph.").collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(chunks[0].text(), "One line.\nAnother.\n\n");
/// assert_eq!((chunks[1].text(), chunks[1].parent()), ("One line.\n", Some(0)));
/// # Ok::<(), chunk_strategies::ChunkError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Hierarchical<S = Chars> {
    /// Of the finest level; every level has its overlap.
    config: ChunkConfig<S>,
    /// The sizes of the levels above, the coarsest first.
    above: Vec<usize>,
}

impl<S: ChunkSizer> Hierarchical<S> {
    /// With chunks of this configuration inside chunks of these sizes, the coarsest first, in the same unit: with 128 and
    /// `[2048, 512]` there are three levels. Every level has the configuration's overlap, and no chunk exceeds its level's
    /// size.
    ///
    /// # Errors
    /// A value is out of its bounds (see [`ChunkConfig::check`]), a size is not below the one before, or there are more
    /// than 255 levels.
    pub fn new(config: ChunkConfig<S>, above: impl IntoIterator<Item = usize>) -> Result<Self, ChunkError> {
        let strategy = Hierarchical { config: config.checked()?, above: above.into_iter().collect() };
        let sizes: Vec<usize> = strategy.sizes().collect();
        if !sizes.is_sorted_by(|coarse, fine| coarse > fine) || sizes.len() > usize::from(u8::MAX) {
            return Err(ChunkError::config(
                "levels",
                format!("{sizes:?}"),
                "at most 255 sizes that decrease",
            ));
        }
        Ok(strategy)
    }

    /// The configuration of the finest level.
    pub fn config(&self) -> &ChunkConfig<S> {
        &self.config
    }

    /// The maximum sizes of the levels, the coarsest first.
    pub fn sizes(&self) -> impl Iterator<Item = usize> {
        self.capacities().map(|capacity| capacity.max())
    }

    /// The chunks of the document on all levels, found as the iterator is driven; an error is its last item.
    pub fn chunks<'a>(
        &'a self,
        text: &'a str,
    ) -> impl Iterator<Item = Result<Chunk<'a>, ChunkError>> + use<'a, S> {
        self.chunks_as(DocumentKind::Unknown, text)
    }

    /// The chunks of a document of which something is known: every level of Markdown has whole blocks, and its chunks know
    /// the headings that they stand under; every level of rows has whole rows, and the header as context, and every level of
    /// records whole records. Markdown is parsed once, before the first chunk.
    ///
    /// ```
    /// use chunk_strategies::{ChunkConfig, DocumentKind, Hierarchical};
    ///
    /// let strategy = Hierarchical::new(ChunkConfig::new(30), [60])?;
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
        let spans: Box<dyn Iterator<Item = Result<Span, ChunkError>> + Send + 'a> =
            if kind == DocumentKind::Markdown {
                // Parsed once for all.
                let blocks = markdown::blocks(text);
                let cutter = || {
                    let cutter = MarkdownCutter::over(self.config.overlap, &blocks, 0, Vec::new());
                    Labelled::by_turns(cutter).having_seen(text)
                };
                Box::new(Nested::new(text, &self.config, self.capacities(), cutter))
            } else if kind == DocumentKind::Rows {
                let cutter = || Labelled::by_header(FrontToBack::new(0, ChooseRows)).having_seen(text);
                Box::new(Nested::new(text, &self.config, self.capacities(), cutter))
            } else if kind == DocumentKind::Records {
                let cutter = || FrontToBack::new(0, ChooseRecords);
                Box::new(Nested::new(text, &self.config, self.capacities(), cutter))
            } else {
                let cutter = || {
                    let cutter = FrontToBack::new(self.config.overlap, ChooseRecursive).with_pages_anywhere();
                    Labelled::by_turns(cutter).having_seen(text)
                };
                Box::new(Nested::new(text, &self.config, self.capacities(), cutter))
            };
        let levels = self.above.len() + 1;
        Assemble::new(text, spans, Strategy::Hierarchical, &self.config).with_levels(levels)
    }

    fn capacities(&self) -> impl Iterator<Item = Capacity> {
        self.above.iter().copied().map(Capacity::from).chain([self.config.capacity])
    }
}
