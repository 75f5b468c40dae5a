//! The markdown strategy: whole blocks, with the headings that they stand under.

mod block;
mod choose;
mod context;
mod cutter;
mod front_matter;
mod math;
mod outline;
mod parse;
mod resume;
#[cfg(test)]
mod rule_tests;
mod scanner;
#[cfg(test)]
mod scanner_tests;
mod together;
// Crate-private, for a strategy that looks at sections one by one.

use std::io::BufRead;

pub(crate) use self::block::{Block, Kind};
pub(crate) use self::context::heading;
pub(crate) use self::cutter::MarkdownCutter;
use self::outline::Outline;
use self::scanner::{FEED_BYTES, Scanner};
use crate::assemble::Assemble;
use crate::chunk::Chunk;
use crate::config::ChunkConfig;
use crate::error::ChunkError;
use crate::labels::Labelled;
use crate::sizer::{Chars, ChunkSizer};
use crate::strategy::Strategy;
use crate::stream::ChunkReader;
use crate::window::Spans;

/// Whole blocks of Markdown (`CommonMark` and GitHub's tables, footnotes and task lists), cut before headings where there
/// are any; what stands above a chunk is its [`context`](Chunk::context).
///
/// What fits into a chunk is not cut, and no heading is left at a chunk's end while the first block of its section
/// could follow it, nor a paragraph that ends with a colon without the first of what it introduces. A table that is too
/// large is cut between rows and has its header as context, a code block between lines with its opening line, a list
/// between items, a paragraph between sentences where it has any. The context also has the headings of the sections
/// that a chunk lies in, outermost first, the items of lists and what introduces them, and in a transcript who speaks.
/// Front matter (YAML or TOML) is a block.
///
/// Any text is Markdown, so this never fails on what is none; text without structure is chunked as paragraphs. Time is
/// linear in the document, memory a window and the 32 KiB that are parsed at a time: a table's header or a fence is
/// remembered however long it goes on, but a single line longer than that is not looked into.
///
/// ```
/// use chunk_strategies::{ChunkConfig, Markdown};
///
/// let strategy = Markdown::new(ChunkConfig::new(40))?;
/// let document = "# Foxes\n\nFoxes are quick.\n\n## Diet\n\nMice, berries and eggs.\n\nAt times a hen.\n";
/// let chunks = strategy.chunks(document).collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(chunks[1].text(), "## Diet\n\nMice, berries and eggs.\n\n");
/// assert_eq!(chunks[1].context()[0].text(), "# Foxes");
/// assert_eq!(chunks[2].context()[1].text(), "## Diet");
/// # Ok::<(), chunk_strategies::ChunkError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Markdown<S = Chars> {
    config: ChunkConfig<S>,
    counts_context: bool,
}

impl<S: ChunkSizer> Markdown<S> {
    /// With this configuration.
    ///
    /// # Errors
    /// A value is out of its bounds: see [`ChunkConfig::check`].
    pub fn new(config: ChunkConfig<S>) -> Result<Self, ChunkError> {
        Ok(Markdown { config: config.checked()?, counts_context: false })
    }

    /// Leaves room for the context, so that [`Chunk::text_with_context`] is no larger than the maximum either. Of a context
    /// that takes more than a quarter of it, the outermost parts are left out.
    #[must_use]
    pub fn with_context_counted(self) -> Self {
        Markdown { counts_context: true, ..self }
    }

    /// The configuration.
    pub fn config(&self) -> &ChunkConfig<S> {
        &self.config
    }

    fn cutter(&self) -> Labelled<MarkdownCutter> {
        let cutter =
            MarkdownCutter::new(self.config.overlap, FEED_BYTES).counting_context(self.counts_context);
        Labelled::by_turns(cutter).counting_context(self.counts_context)
    }

    /// The chunks of the document, found as the iterator is driven; an error is its last item.
    pub fn chunks<'a>(
        &'a self,
        text: &'a str,
    ) -> impl Iterator<Item = Result<Chunk<'a>, ChunkError>> + use<'a, S> {
        let cutter = self.cutter();
        Assemble::new(text, Spans::new(text, &self.config, cutter), Strategy::Markdown, &self.config)
    }

    /// The same chunks of a document that is read while it is cut, in bounded memory.
    pub fn chunk_reader<R: BufRead>(&self, reader: R) -> ChunkReader<'_, R, S> {
        let cutter = self.cutter();
        ChunkReader::new(reader, &self.config, Strategy::Markdown, cutter)
    }
}

/// All blocks of a document.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let (mut scanner, mut outline) = (Scanner::new(FEED_BYTES), Outline::default());
    scanner.scan(text, text.len(), &mut outline);
    outline.ahead().iter().copied().collect()
}
