//! The recursive strategy: the largest separators that fit.

use std::io::BufRead;

use crate::anchored::{Anchored, Levels, Weights};
use crate::assemble::Assemble;
use crate::boundary::Level;
use crate::chunk::Chunk;
use crate::config::ChunkConfig;
use crate::error::ChunkError;
use crate::sizer::ChunkSizer;
use crate::strategy::Strategy;
use crate::stream::ChunkReader;
use crate::window::{Choose, Cutter, Spans, Window, Windows};

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
    anchored: Option<Weights>,
}

impl<S: ChunkSizer> Recursive<S> {
    /// With this configuration.
    pub fn new(config: ChunkConfig<S>) -> Self {
        Recursive { config, anchored: None }
    }

    /// Cuts that depend on the text around them and on nothing further away: an edit leaves all chunks as they are, and
    /// so their ids and vectors, but those within about two maximum sizes of it. For documents that are edited and
    /// chunked again; the price is that chunks are smaller, on average two thirds of the desired size, and that all of
    /// the text is looked at.
    ///
    /// A cut is the best boundary of its neighbourhood, the strongest as always. Distances are exact in bytes and chars;
    /// for words, tokens and other units they are estimated from the script, and a chunk that turns out too large is cut
    /// again. The exceptions: text that repeats itself every few words for longer than two maximum sizes, and sizes
    /// below about 50 characters.
    ///
    /// ```
    /// use chunk_strategies::{Capacity, Chars, ChunkConfig, Recursive};
    ///
    /// let strategy = Recursive::new(ChunkConfig::new(Capacity::new(400, 400)?, Chars)?).anchored();
    /// assert_eq!(strategy.chunks("A short document.").count(), 1);
    /// # Ok::<(), chunk_strategies::ChunkError>(())
    /// ```
    #[must_use]
    pub fn anchored(self) -> Self {
        let weights = Weights::of(self.config.sizer());
        Recursive { anchored: Some(weights), ..self }
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
        Assemble::new(text, Spans::new(text, &self.config, self.cutter()), Strategy::Recursive)
    }

    /// The same chunks of a document that is read while it is cut, in bounded memory.
    pub fn chunk_reader<R: BufRead>(&self, reader: R) -> ChunkReader<'_, R, S> {
        ChunkReader::new(reader, &self.config, Strategy::Recursive, self.cutter())
    }

    fn cutter(&self) -> Box<dyn Cutter + '_> {
        match &self.anchored {
            Some(weights) => Box::new(Anchored::new(&self.config, weights, Largest)),
            None => Box::new(Windows::new(self.config.overlap(), Largest)),
        }
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

impl Levels for Largest {
    const LEVELS: &'static [Level] = &[
        Level::Paragraph,
        Level::Line,
        Level::Sentence,
        Level::Clause,
        Level::Space,
        Level::Word,
        Level::Grapheme,
    ];
}
