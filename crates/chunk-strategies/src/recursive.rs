//! The recursive strategy: the largest separators that fit.

use std::io::BufRead;

use crate::assemble::Assemble;
use crate::boundary::Level;
use crate::chunk::Chunk;
use crate::config::ChunkConfig;
use crate::error::ChunkError;
use crate::sizer::ChunkSizer;
use crate::strategy::Strategy;
use crate::stream::ChunkReader;
use crate::window::{Choose, Spans, Window, Windows};

/// Paragraphs kept whole where they fit, else lines, sentences, clauses, words and graphemes; small ones merged up to
/// the desired size.
///
/// The strategy to start with: chunks follow the text's own structure whatever it is. Each chunk ends at the strongest
/// boundary that lies in the last three quarters of its window, so that a heading or a short paragraph does not become
/// a chunk of its own because what follows it is long. Time is linear in the document, memory a window.
///
/// ```
/// use chunk_strategies::{Capacity, Chars, ChunkConfig, Recursive};
///
/// let config = ChunkConfig::new(Capacity::new(24, 24)?, Chars)?;
/// let strategy = Recursive::new(config);
/// let chunks = strategy.chunks("One line.\nAnother.\n\nA paragraph.").collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(chunks[0].text(), "One line.\nAnother.\n\n");
/// # Ok::<(), chunk_strategies::ChunkError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Recursive<S> {
    config: ChunkConfig<S>,
}

impl<S: ChunkSizer> Recursive<S> {
    /// With this configuration.
    pub fn new(config: ChunkConfig<S>) -> Self {
        Recursive { config }
    }

    /// The configuration.
    pub fn config(&self) -> &ChunkConfig<S> {
        &self.config
    }

    /// The chunks of the document, found as the iterator is driven; an error is its last item.
    pub fn chunks<'a>(
        &'a self,
        text: &'a str,
    ) -> impl Iterator<Item = Result<Chunk<'a>, ChunkError>> + use<'a, S> {
        Self::assemble(text, &self.config)
    }

    /// The same chunks of a document that is read while it is cut, in bounded memory.
    pub fn chunk_reader<R: BufRead>(&self, reader: R) -> ChunkReader<'_, R, S> {
        let windows = Windows::new(self.config.overlap(), Largest);
        ChunkReader::new(reader, &self.config, Strategy::Recursive, windows)
    }

    pub(crate) fn assemble<'a>(
        text: &'a str,
        config: &'a ChunkConfig<S>,
    ) -> Assemble<'a, Spans<'a, Windows<Largest>>> {
        let windows = Windows::new(config.overlap(), Largest);
        Assemble::new(text, Spans::new(text, config, windows), Strategy::Recursive)
    }
}

/// The strongest boundary in the last three quarters of the window, as late as possible; a unit of text that ends
/// between the desired and the maximum size is kept whole.
pub(crate) struct Largest;

impl Choose for Largest {
    fn choose(&self, window: &Window<'_>) -> Option<usize> {
        let quarter = window.part(4);
        [Level::Paragraph, Level::Line, Level::Sentence, Level::Clause, Level::Space, Level::Word]
            .into_iter()
            .find_map(|level| {
                let within = window.boundaries.last(level, quarter..window.desired);
                within.or_else(|| window.boundaries.first(level, window.desired..window.max))
            })
            .or_else(|| window.last_resort())
    }
}
