//! The semantic strategy: cuts where meaning turns.

mod breakpoints;
mod distance;
mod layout;
mod minima;
mod optimal;
mod options;
mod sentences;
mod sums;
mod target;
mod threshold;

pub use self::breakpoints::Breakpoints;
pub(crate) use self::options::SemanticOptions;
use crate::assemble::Assemble;
use crate::chunk::Chunk;
use crate::config::ChunkConfig;
use crate::embedder::Embedder;
use crate::error::ChunkError;
use crate::labels::under_turns;
use crate::sizer::ChunkSizer;
use crate::strategy::Strategy;

/// Cuts between sentences whose meanings differ most.
///
/// The document is taken apart into sentences, those split that the embedder would not read whole; each is embedded
/// once, all in one call, in batches that the embedder chooses. The distance at a boundary is 1 − cosine of the sums of
/// the vectors on its two sides, `buffer` sentences around each neighbour; [`Chunk::boundary_score`] tells it.
/// [`Breakpoints`] has the methods by which boundaries are chosen that are cut. A part between cuts that is larger than
/// the maximum is cut again, at its own largest distances, so that the maximum holds always; overlap takes what room a
/// part leaves. In a transcript, the label of a turn is the [`context`](Chunk::context) of what follows in it.
///
/// Distances within 10⁻⁵ count as equal: backends differ in the last digits of a vector, and cuts should not.
///
/// ```
/// use chunk_strategies::{Breakpoints, ChunkConfig, EmbedFailure, Embedder, Semantic, Vectors};
///
/// /// Knows foxes from all else.
/// struct Foxes;
/// impl Embedder for Foxes {
///     fn dim(&self) -> usize {
///         2
///     }
///     fn embed(&self, texts: &[&str]) -> Result<Vectors, EmbedFailure> {
///         let vector = |text: &&str| if text.contains("fox") { [1.0, 0.0] } else { [0.0, 1.0] };
///         Ok(Vectors::new(2, texts.iter().flat_map(vector).collect())?)
///     }
/// }
///
/// let strategy = Semantic::new(ChunkConfig::new(1000), Foxes)?.with_breakpoints(Breakpoints::Optimal)?;
/// let document = "A fox runs. The fox eats. A bank lends. It pays.";
/// let chunks = strategy.chunks(document).collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(chunks[1].text(), "A bank lends. It pays.");
/// # Ok::<(), chunk_strategies::ChunkError>(())
/// ```
///
/// *When not to use it*: it costs an embedding of every sentence, and on documents with headings and paragraphs its cuts
/// are often no better than those that the author made, which [`Recursive`](crate::Recursive) finds for nothing.
///
/// It needs every distance before the first cut: the first step of the iterator embeds the whole document.
#[derive(Clone, Debug)]
pub struct Semantic<S, E> {
    config: ChunkConfig<S>,
    embedder: E,
    options: SemanticOptions,
}

/// What happens when the embedder fails on a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fallback {
    /// The document is chunked by [`Recursive`](crate::Recursive), and each chunk says so: [`Chunk::strategy`], [`Chunk::reason`].
    #[default]
    Recursive,
    /// The error is returned.
    Refuse,
}

impl<S: ChunkSizer, E: Embedder> Semantic<S, E> {
    /// With this configuration; [`Breakpoints::Optimal`], buffer 1, and falling back to [`Recursive`](crate::Recursive).
    ///
    /// # Errors
    /// A value is out of its bounds: see [`ChunkConfig::check`].
    pub fn new(config: ChunkConfig<S>, embedder: E) -> Result<Self, ChunkError> {
        Ok(Semantic { config: config.checked()?, embedder, options: SemanticOptions::default() })
    }

    /// How the boundaries are chosen that are cut.
    ///
    /// # Errors
    /// A parameter is out of its bounds.
    pub fn with_breakpoints(mut self, breakpoints: Breakpoints) -> Result<Self, ChunkError> {
        self.options.breakpoints = breakpoints.checked()?;
        Ok(self)
    }

    /// The configuration.
    pub fn config(&self) -> &ChunkConfig<S> {
        &self.config
    }

    /// How many sentences on each side of a sentence are added to its vector before distances are taken. So many vectors
    /// are held once more, in double precision.
    #[must_use]
    pub fn with_buffer(mut self, buffer: usize) -> Self {
        self.options.buffer = buffer;
        self
    }

    /// What to do when the embedder fails.
    #[must_use]
    pub fn with_fallback(mut self, fallback: Fallback) -> Self {
        self.options.fallback = fallback;
        self
    }

    /// The chunks of the document, all found when the iterator is first asked; an error is its last item: a grapheme is larger
    /// than the maximum, or the embedder failed and [`Fallback::Refuse`] was chosen.
    pub fn chunks<'a>(
        &'a self,
        text: &'a str,
    ) -> impl Iterator<Item = Result<Chunk<'a>, ChunkError>> + use<'a, S, E> {
        let mut under_turns = under_turns(text, 0);
        let spans = std::iter::once(())
            .flat_map(move |()| self.options.spans(text, &self.config, &self.embedder))
            .map(move |span| span.map(&mut under_turns));
        Assemble::new(text, spans, Strategy::Semantic, &self.config)
    }
}

/// Numbers this close count as equal: ten times what two backends' distances differ by.
const DEAD_BAND: f64 = 1e-5;
