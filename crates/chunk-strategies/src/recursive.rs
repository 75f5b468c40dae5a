//! The recursive strategy: the largest separators that fit.

use std::io::BufRead;

use crate::anchored::{Anchored, Levels, Weights};
use crate::assemble::Assemble;
use crate::boundary::Level;
use crate::chunk::Chunk;
use crate::code_lines::ByLines;
use crate::config::ChunkConfig;
use crate::error::ChunkError;
use crate::kind::DocumentKind;
use crate::labels::Labelled;
use crate::records::ChooseRecords;
use crate::rows::ChooseRows;
use crate::separators::Separators;
use crate::sizer::{Chars, ChunkSizer};
use crate::strategy::Strategy;
use crate::stream::ChunkReader;
use crate::window::{Choose, Cutter, FrontToBack, Spans, Window};

/// Pages (where there are form feeds) and paragraphs kept whole where they fit, else lines, sentences, clauses, words
/// and graphemes; small ones merged up to the desired size.
///
/// The strategy to start with: chunks follow the text's own structure whatever it is. Each chunk ends at the strongest
/// boundary that lies in the last three quarters of its window, so that a heading or a short paragraph does not become
/// a chunk of its own because what follows it is long. Where paragraphs are cut, and not in the
/// [anchored](Recursive::anchored) mode, a line by itself that reads like a heading, or ends with a colon, is not left
/// at a chunk's end. In a transcript, the label of a turn (`ANNA:`) is the [`context`](Chunk::context) of what follows in
/// it. Time is linear in the document, memory a window.
///
/// ```
/// use chunk_strategies::{ChunkConfig, Recursive};
///
/// let strategy = Recursive::new(ChunkConfig::new(24))?;
/// let chunks = strategy.chunks("One line.\nAnother.\n\nA paragraph.").collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(chunks[0].text(), "One line.\nAnother.\n\n");
/// # Ok::<(), chunk_strategies::ChunkError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Recursive<S = Chars> {
    config: ChunkConfig<S>,
    anchored: Option<Weights>,
    separators: Option<Separators>,
    are_rows: bool,
    counts_context: bool,
}

impl<S: ChunkSizer> Recursive<S> {
    /// With this configuration.
    ///
    /// # Errors
    /// A value is out of its bounds: see [`ChunkConfig::check`].
    pub fn new(config: ChunkConfig<S>) -> Result<Self, ChunkError> {
        let config = config.checked()?;
        Ok(Recursive { config, anchored: None, separators: None, are_rows: false, counts_context: false })
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
    /// use chunk_strategies::{ChunkConfig, Recursive};
    ///
    /// let strategy = Recursive::new(ChunkConfig::new(400))?.anchored();
    /// assert_eq!(strategy.chunks("A short document.").count(), 1);
    /// # Ok::<(), chunk_strategies::ChunkError>(())
    /// ```
    #[must_use]
    pub fn anchored(self) -> Self {
        let weights = Weights::of(&self.config.sizer);
        Recursive { anchored: Some(weights), separators: None, are_rows: false, ..self }
    }

    /// For rows of values under a header, as CSV and TSV have them: cuts between rows and repeats none, and the header is
    /// the [`context`](Chunk::context) of every chunk but the first. A quoted value may have line ends in it.
    ///
    /// ```
    /// use chunk_strategies::{ChunkConfig, Recursive};
    ///
    /// let strategy = Recursive::new(ChunkConfig::new(16))?.of_rows();
    /// let chunks = strategy.chunks("id,city\n1,Oslo\n2,Rome\n3,Lyon\n").collect::<Result<Vec<_>, _>>()?;
    /// assert_eq!(chunks[1].text(), "2,Rome\n3,Lyon\n");
    /// assert_eq!(chunks[1].context()[0].text(), "id,city");
    /// # Ok::<(), chunk_strategies::ChunkError>(())
    /// ```
    #[must_use]
    pub fn of_rows(self) -> Self {
        Recursive { are_rows: true, anchored: None, separators: None, ..self }
    }

    /// Separators of one's own in place of paragraphs, lines, sentences and so on, the strongest first: cuts fall behind them.
    /// Where none is in the last three quarters of a window, the cut is between graphemes, as late as possible.
    ///
    /// Of this, [`anchored`](Recursive::anchored) and [`of_rows`](Recursive::of_rows), the last that is called counts.
    ///
    /// ```
    /// use chunk_strategies::{ChunkConfig, Recursive};
    ///
    /// let strategy = Recursive::new(ChunkConfig::new(12))?.separators(["%%", ", "])?;
    /// let chunks = strategy.chunks("one, two%%three, four").collect::<Result<Vec<_>, _>>()?;
    /// assert_eq!(chunks[0].text(), "one, two%%");
    /// # Ok::<(), chunk_strategies::ChunkError>(())
    /// ```
    ///
    /// # Errors
    /// There is none, or one of them is empty.
    pub fn separators<T: AsRef<str>>(
        self,
        separators: impl IntoIterator<Item = T>,
    ) -> Result<Self, ChunkError> {
        let separators = Some(Separators::new(separators)?);
        Ok(Recursive { separators, anchored: None, are_rows: false, ..self })
    }

    /// Leaves room for the context, so that [`Chunk::text_with_context`] is no larger than the maximum either. A context that
    /// takes more than a quarter of it is left out.
    #[must_use]
    pub fn with_context_counted(self) -> Self {
        Recursive { counts_context: true, ..self }
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
        self.chunks_as(DocumentKind::Unknown, text)
    }

    /// The chunks of a document of which something is known: rows are cut as [`of_rows`](Recursive::of_rows) says, records
    /// (JSON lines) between lines, one or more whole ones a chunk, and none repeated; code, and data written as such, behind
    /// blank lines, else behind any, but not before one that only closes a bracket.
    pub fn chunks_as<'a>(
        &'a self,
        kind: DocumentKind,
        text: &'a str,
    ) -> impl Iterator<Item = Result<Chunk<'a>, ChunkError>> + use<'a, S> {
        Assemble::new(
            text,
            Spans::new(text, &self.config, self.cutter(kind)),
            Strategy::Recursive,
            &self.config,
        )
    }

    /// The same chunks of a document that is read while it is cut, in bounded memory.
    pub fn chunk_reader<R: BufRead>(&self, reader: R) -> ChunkReader<'_, R, S> {
        self.chunk_reader_as(DocumentKind::Unknown, reader)
    }

    /// The same of a document of which something is known.
    pub fn chunk_reader_as<R: BufRead>(&self, kind: DocumentKind, reader: R) -> ChunkReader<'_, R, S> {
        ChunkReader::new(reader, &self.config, Strategy::Recursive, self.cutter(kind))
    }

    fn cutter(&self, kind: DocumentKind) -> Box<dyn Cutter + '_> {
        let counts = self.counts_context;
        if let Some(separators) = self.separators.as_ref().filter(|_| kind != DocumentKind::Rows) {
            return Box::new(FrontToBack::new(self.config.overlap, separators));
        }
        match &self.anchored {
            _ if self.are_rows || kind == DocumentKind::Rows => {
                Box::new(Labelled::by_header(FrontToBack::new(0, ChooseRows)).counting_context(counts))
            }
            _ if kind == DocumentKind::Records => Box::new(FrontToBack::new(0, ChooseRecords)),
            Some(weights) => {
                let cutter = Anchored::new(&self.config, weights, ChooseRecursive);
                Box::new(Labelled::by_turns(cutter).counting_context(counts))
            }
            None if kind == DocumentKind::Code => Box::new(FrontToBack::new(self.config.overlap, ByLines)),
            None => {
                let cutter = FrontToBack::new(self.config.overlap, ChooseRecursive);
                Box::new(Labelled::by_turns(cutter).counting_context(counts))
            }
        }
    }
}

/// The strongest boundary in the last three quarters of the window, as late as possible; a unit of text that ends
/// between the desired and the maximum size is kept whole.
pub(crate) struct ChooseRecursive;

impl Choose for ChooseRecursive {
    fn choose(&self, window: &Window<'_>) -> Option<usize> {
        let quarter = window.part(4);
        let find = |level| {
            let within = window.boundaries.last(level, quarter..window.desired);
            within.or_else(|| window.boundaries.first(level, window.desired..window.max))
        };
        if window.may_have_pages
            && let Some(page) = find(Level::Page)
        {
            return Some(page);
        }
        find(Level::Paragraph)
            .map(|paragraph| before_titles(window, quarter, paragraph))
            .or_else(|| {
                [Level::Line, Level::Sentence, Level::Clause, Level::Space, Level::Word]
                    .into_iter()
                    .find_map(find)
            })
            .or_else(|| window.last_resort())
    }
}

/// The cut, or before what is not left at a chunk's end where another paragraph ends in the last three quarters before it:
/// headings, and lines that introduce what follows.
fn before_titles(window: &Window<'_>, quarter: usize, cut: usize) -> usize {
    let mut before = cut;
    for _ in 0..MOST_TITLES {
        let text = window.boundaries.between(window.own..before).trim_end();
        let line = text.rsplit(['\n', '\r']).next().unwrap_or_default();
        if !is_title(line) {
            return before;
        }
        let start = window.own + text.len() - line.len();
        if start <= quarter {
            return cut;
        }
        // The end of a paragraph without a mark (a list, an address) is none.
        if window.boundaries.last(Level::Paragraph, start - 1..start) != Some(start) {
            return before;
        }
        before = start;
    }
    // Titles and nothing else are a list.
    cut
}

/// So many headings stand above each other: a part's, a chapter's and a section's.
const MOST_TITLES: usize = 4;

/// Whether a line by itself is the heading of what follows: some words without a mark at their end, that do not begin in
/// lower case; or whether it introduces that, with a colon.
fn is_title(line: &str) -> bool {
    let line = line.trim();
    let begins = line.chars().find(|c| !matches!(c, '#' | '=' | '§' | '*' | '"' | '“' | ' '));
    let has_begun = begins.is_some_and(|c| c.is_alphanumeric() && !c.is_lowercase());
    let is_heading = line.len() <= TITLE_BYTES && line.ends_with(|c: char| c.is_alphanumeric() || c == '=');
    has_begun && (is_heading || (line.len() <= 2 * TITLE_BYTES && line.ends_with([':', '：'])))
}

/// No heading is longer: two lines of a page.
const TITLE_BYTES: usize = 120;

impl Levels for ChooseRecursive {
    const LEVELS: &'static [Level] = &[
        Level::Page,
        Level::Paragraph,
        Level::Line,
        Level::Sentence,
        Level::Clause,
        Level::Space,
        Level::Word,
        Level::Grapheme,
    ];
}
