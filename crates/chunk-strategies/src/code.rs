//! Source code: whole items, else whole statements, else whole lines.

mod braces;
mod choose;
mod context;
mod cutter;
mod grammar;
mod language;
mod lines;
mod outline;
mod parse;
mod roles;
mod signature;

use std::io::BufRead;

pub(crate) use self::cutter::CodeCutter;
pub use self::language::Language;
use crate::assemble::Assemble;
use crate::chunk::Chunk;
use crate::config::ChunkConfig;
use crate::error::ChunkError;
use crate::sizer::{Chars, ChunkSizer};
use crate::strategy::Strategy;
use crate::stream::ChunkReader;
use crate::window::Spans;

/// Recursive with the boundaries of a language: items first (functions, classes, modules), then statements, then lines.
///
/// A chunk is filled with as many whole items as it holds, and what would fit whole is not cut. Comments, attributes and
/// decorators stay with what they describe. Where a cut falls into an item, its signature is the
/// [`context`](Chunk::context) of what follows, below those of the items around it: `impl Stack`, `pub fn push(&mut self)`.
/// What is repeated where an overlap is asked for are whole lines, and never those of another item.
///
/// A file is cut by lines, at blank lines first, and its chunks say so ([`Chunk::is_fallback`], [`Chunk::reason`]), if
///
/// - it does not parse: more than a third of it makes no sense to the grammar;
/// - it is larger than 1 MiB, which is how much is looked at before anything is cut;
/// - its brackets are nested more than 400 deep, or parsing takes more than ten steps a byte, so that time stays linear
///   whatever the file holds.
///
/// Chunks name [`Strategy::Recursive`] as what cut them: this is its way with source code.
///
/// ```
/// use chunk_strategies::{ChunkConfig, Code, Language};
///
/// let code = Code::new(ChunkConfig::new(90), Language::Rust)?;
/// let document = "impl Stack {\n    /// Adds one.\n    fn push(&mut self) {\n        self.n += 1;\n    }\n\n    fn pop(&mut self) {}\n}\n";
/// let chunks = code.chunks(document).collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(chunks.last().map(|chunk| chunk.text()), Some("    fn pop(&mut self) {}\n}\n"));
/// assert_eq!(chunks.last().map(|chunk| chunk.context()[0].text()), Some("impl Stack"));
/// # Ok::<(), chunk_strategies::ChunkError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Code<S = Chars> {
    config: ChunkConfig<S>,
    language: Language,
    counts_context: bool,
}

impl<S: ChunkSizer> Code<S> {
    /// With this configuration, for files of this language.
    ///
    /// # Errors
    /// A value is out of its bounds: see [`ChunkConfig::check`].
    pub fn new(config: ChunkConfig<S>, language: Language) -> Result<Self, ChunkError> {
        Ok(Code { config: config.checked()?, language, counts_context: false })
    }

    /// Leaves room for the context, so that [`Chunk::text_with_context`] is no larger than the maximum either. Of a context
    /// that takes more than a quarter of it, the outermost parts are left out.
    #[must_use]
    pub fn with_context_counted(self) -> Self {
        Code { counts_context: true, ..self }
    }

    /// The configuration.
    pub fn config(&self) -> &ChunkConfig<S> {
        &self.config
    }

    /// The language.
    pub fn language(&self) -> Language {
        self.language
    }

    fn cutter(&self) -> CodeCutter {
        CodeCutter::new(self.language, self.config.overlap).counting_context(self.counts_context)
    }

    /// The chunks of the document, found as the iterator is driven, once it has been parsed; an error is its last item.
    pub fn chunks<'a>(
        &'a self,
        text: &'a str,
    ) -> impl Iterator<Item = Result<Chunk<'a>, ChunkError>> + use<'a, S> {
        Assemble::new(text, Spans::new(text, &self.config, self.cutter()), Strategy::Recursive, &self.config)
    }

    /// The same chunks of a document that is read while it is cut: up to 1 MiB are read before the first.
    pub fn chunk_reader<R: BufRead>(&self, reader: R) -> ChunkReader<'_, R, S> {
        ChunkReader::new(reader, &self.config, Strategy::Recursive, self.cutter())
    }
}
