//! The hybrid strategy: looks at the document, and chooses.

mod decision;
mod features;
mod lines;
mod rules;
mod sections;

use self::decision::Decisions;
pub use self::features::Features;
pub use self::rules::{Choice, HybridRules};
use crate::assemble::Assemble;
use crate::chunk::Chunk;
#[cfg(feature = "code")]
use crate::code::CodeCutter;
use crate::config::ChunkConfig;
use crate::embedder::{EmbedFailure, Embedder, Vectors};
use crate::error::ChunkError;
use crate::kind::DocumentKind;
use crate::semantic::{Breakpoints, Fallback, SemanticOptions};
use crate::sizer::{Chars, ChunkSizer};
use crate::strategy::Strategy;
use crate::window::Span;
#[cfg(feature = "code")]
use crate::window::Spans;

/// Chooses a strategy for a document, or for each of its sections, by what the text looks like.
///
/// Source code and data are cut by lines, blank ones first, or on their syntax where the language is known
/// (`chunks_of_code`, with the feature `code`), a document with markup as [`Markdown`](crate::Markdown), text
/// without line ends as [`Character`](crate::Character), everything else as
/// [`Recursive`](crate::Recursive); and, if an embedder is given, text
/// that changes its subject and has no paragraphs that say so as [`Semantic`](crate::Semantic). [`HybridRules`] has the thresholds,
/// [`Hybrid::explain`] gives the features, the scores and the reason without cutting anything, and every chunk says what
/// cut it and why: [`Chunk::strategy`], [`Chunk::reason`].
///
/// By section, a Markdown document is taken apart at its headings; neighbouring sections that stay with Markdown are
/// cut as one, so that small sections still share a chunk. In a transcript, the label of a turn is the
/// [`context`](Chunk::context) of what follows in it, but of what semantic cuts only where the context is not counted;
/// code, rows and records have no turns. Looking costs next to nothing ([`Features`] says at how much), and each section
/// is parsed, tokenised and embedded once, by the strategy that was chosen for it.
///
/// *When not to use it*: where all documents are of one kind, name the strategy.
///
/// ```
/// use chunk_strategies::{ChunkConfig, Hybrid, Strategy};
///
/// let hybrid = Hybrid::new(ChunkConfig::new(80))?;
/// let text = "# Foxes\n\n- **quick**\n- brown\n";
/// assert_eq!(hybrid.explain(text)[0].strategy, Strategy::Markdown);
/// for chunk in hybrid.chunks(text) {
///     assert!(chunk?.reason().is_some());
/// }
/// # Ok::<(), chunk_strategies::ChunkError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Hybrid<S = Chars, E = NoEmbedder> {
    config: ChunkConfig<S>,
    embedder: Option<E>,
    rules: HybridRules,
    scope: Scope,
    forced: Option<Strategy>,
    semantic: SemanticOptions,
    counts_context: bool,
}

/// What hybrid chooses for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The document as a whole.
    Document,
    /// Each section of a Markdown document; other documents as a whole.
    #[default]
    Section,
}

/// The embedder of a [`Hybrid`] that has none: it has no value.
#[derive(Clone, Copy, Debug)]
pub enum NoEmbedder {}

impl Embedder for NoEmbedder {
    fn dim(&self) -> usize {
        match *self {}
    }

    fn embed(&self, _: &[&str]) -> Result<Vectors, EmbedFailure> {
        match *self {}
    }
}

impl<S: ChunkSizer> Hybrid<S> {
    /// With this configuration, without an embedder, by section.
    ///
    /// # Errors
    /// A value is out of its bounds: see [`ChunkConfig::check`].
    pub fn new(config: ChunkConfig<S>) -> Result<Self, ChunkError> {
        Ok(Hybrid {
            config: config.checked()?,
            embedder: None,
            rules: HybridRules::default(),
            scope: Scope::default(),
            forced: None,
            semantic: SemanticOptions::default(),
            counts_context: false,
        })
    }
}

impl<S: ChunkSizer, E: Embedder> Hybrid<S, E> {
    /// With an embedder: semantic becomes one of the choices.
    pub fn with_embedder<F: Embedder>(self, embedder: F) -> Hybrid<S, F> {
        self.with_optional_embedder(Some(embedder))
    }

    /// With an embedder, or without.
    pub fn with_optional_embedder<F: Embedder>(self, embedder: Option<F>) -> Hybrid<S, F> {
        let Hybrid { config, rules, scope, forced, semantic, counts_context, .. } = self;
        // What only an embedder can do is not forced without one.
        let forced = forced.filter(|strategy| embedder.is_some() || *strategy != Strategy::Semantic);
        Hybrid { config, embedder, rules, scope, forced, semantic, counts_context }
    }

    /// Whether semantic is one of the choices.
    pub fn has_embedder(&self) -> bool {
        self.embedder.is_some()
    }

    /// The configuration.
    pub fn config(&self) -> &ChunkConfig<S> {
        &self.config
    }

    /// Semantic: how the boundaries are chosen that are cut. Default: [`Breakpoints::Optimal`], as of
    /// [`Semantic`](crate::Semantic).
    ///
    /// # Errors
    /// A parameter is out of its bounds.
    pub fn with_breakpoints(mut self, breakpoints: Breakpoints) -> Result<Self, ChunkError> {
        self.semantic.breakpoints = breakpoints.checked()?;
        Ok(self)
    }

    /// Semantic: how many sentences on each side of a sentence are added to its vector.
    #[must_use]
    pub fn with_buffer(mut self, buffer: usize) -> Self {
        self.semantic.buffer = buffer;
        self
    }

    /// The context (headings, turns, a header of rows) counts as part of a chunk: see
    /// [`Markdown::with_context_counted`](crate::Markdown::with_context_counted).
    #[must_use]
    pub fn with_context_counted(self) -> Self {
        Hybrid { counts_context: true, ..self }
    }

    /// With thresholds of one's own.
    ///
    /// # Errors
    /// A threshold is not above 0.
    pub fn with_rules(self, rules: HybridRules) -> Result<Self, ChunkError> {
        let named = [
            ("markup", rules.markup),
            ("code", rules.code),
            ("topic_diversity", rules.topic_diversity),
            ("paragraphs_in_chunk", rules.paragraphs_in_chunk),
            ("line_in_chunks", rules.line_in_chunks),
            ("plain_section", rules.plain_section),
        ];
        match named.iter().find(|(_, value)| value.is_nan() || *value <= 0.0) {
            Some(&(name, value)) => Err(ChunkError::config(name, value, "above 0")),
            None => Ok(Hybrid { rules, ..self }),
        }
    }

    /// Chooses for the document as a whole, or for each section.
    #[must_use]
    pub fn with_scope(self, scope: Scope) -> Self {
        Hybrid { scope, ..self }
    }

    /// Takes this strategy whatever the text looks like; the records say so.
    ///
    /// # Errors
    /// The strategy is hybrid itself, or hierarchical, whose chunks are on several levels, or semantic without an
    /// embedder.
    pub fn with_forced(self, strategy: Strategy) -> Result<Self, ChunkError> {
        let allowed = match strategy {
            Strategy::Semantic => self.embedder.is_some(),
            Strategy::Character | Strategy::Recursive | Strategy::Markdown => true,
            Strategy::Hierarchical | Strategy::Hybrid => false,
        };
        if !allowed {
            let bound = "character, recursive, markdown, or semantic with an embedder";
            return Err(ChunkError::config("forced strategy", strategy, bound));
        }
        Ok(Hybrid { forced: Some(strategy), ..self })
    }

    /// What happens when the embedder fails.
    #[must_use]
    pub fn with_fallback(mut self, fallback: Fallback) -> Self {
        self.semantic.fallback = fallback;
        self
    }

    /// The choices for a document, in order; neighbouring sections that stay with Markdown are one.
    pub fn explain(&self, text: &str) -> Vec<Choice> {
        self.explain_as(DocumentKind::Unknown, text)
    }

    /// The choices for a document of which something is known.
    pub fn explain_as(&self, kind: DocumentKind, text: &str) -> Vec<Choice> {
        self.decide(kind, text).all.into_iter().map(|decision| decision.choice).collect()
    }

    /// The chunks of the document, found as the iterator is driven (but for semantic, which takes its section as a whole);
    /// an error is its last item.
    pub fn chunks<'a>(
        &'a self,
        text: &'a str,
    ) -> impl Iterator<Item = Result<Chunk<'a>, ChunkError>> + use<'a, S, E> {
        self.chunks_as(DocumentKind::Unknown, text)
    }

    /// The chunks of a document of which something is known.
    pub fn chunks_as<'a>(
        &'a self,
        kind: DocumentKind,
        text: &'a str,
    ) -> impl Iterator<Item = Result<Chunk<'a>, ChunkError>> + use<'a, S, E> {
        Assemble::new(text, self.spans_as(kind, text), Strategy::Hybrid, &self.config)
    }

    /// The chunks of source code whose language is known: those of [`Code`](crate::Code), unless another strategy is forced.
    ///
    /// ```
    /// use chunk_strategies::{ChunkConfig, Hybrid, Language};
    ///
    /// let hybrid = Hybrid::new(ChunkConfig::new(40))?;
    /// let document = "impl Fox {\n    fn hunt(&self) {}\n\n    fn sleep(&self) {}\n}\n";
    /// let chunks = hybrid.chunks_of_code(Language::Rust, document).collect::<Result<Vec<_>, _>>()?;
    /// assert_eq!(chunks[1].context()[0].text(), "impl Fox");
    /// # Ok::<(), chunk_strategies::ChunkError>(())
    /// ```
    #[cfg(feature = "code")]
    pub fn chunks_of_code<'a>(
        &'a self,
        language: crate::Language,
        text: &'a str,
    ) -> impl Iterator<Item = Result<Chunk<'a>, ChunkError>> + use<'a, S, E> {
        let code = self.forced.is_none().then(|| {
            let cutter = CodeCutter::new(language, self.config.overlap).counting_context(self.counts_context);
            Spans::new(text, &self.config, cutter)
        });
        let forced = self.forced.is_some().then(|| self.spans_as(DocumentKind::Code, text));
        let spans = code.into_iter().flatten().chain(forced.into_iter().flatten());
        Assemble::new(text, spans, Strategy::Hybrid, &self.config)
    }

    fn spans_as<'a>(
        &'a self,
        kind: DocumentKind,
        text: &'a str,
    ) -> impl Iterator<Item = Result<Span, ChunkError>> + use<'a, S, E> {
        let mut failed = false;
        let Decisions { all, blocks } = self.decide(kind, text);
        all.into_iter().flat_map(move |decision| self.spans(text, decision, &blocks)).map_while(move |span| {
            // An error ends the iteration, also over the sections that follow.
            let goes_on = !failed;
            failed = span.is_err();
            goes_on.then_some(span)
        })
    }
}
