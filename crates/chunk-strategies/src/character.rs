//! The character strategy: windows cut back to the nearest boundary.

use std::io::BufRead;

use crate::anchored::{Anchored, Levels, Weights};
use crate::assemble::Assemble;
use crate::boundary::Level;
use crate::chunk::Chunk;
use crate::config::ChunkConfig;
use crate::error::ChunkError;
use crate::sizer::{Chars, ChunkSizer};
use crate::strategy::Strategy;
use crate::stream::ChunkReader;
use crate::window::{Choose, Cutter, FrontToBack, Spans, Window};

/// Windows of the desired size, each cut back to the end of a sentence, else of a word, else of a grapheme.
///
/// Chunks are of even size, between half and the whole of what is desired: right where every chunk should cost the same,
/// or where text has no structure. [`Recursive`](crate::Recursive) keeps paragraphs together instead. Time is linear in
/// the document, memory a window.
///
/// ```
/// use chunk_strategies::{Character, ChunkConfig};
///
/// let strategy = Character::new(ChunkConfig::new(20))?;
/// let chunks = strategy.chunks("A sentence. Another sentence.").collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(chunks[0].text(), "A sentence. ");
/// # Ok::<(), chunk_strategies::ChunkError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Character<S = Chars> {
    config: ChunkConfig<S>,
    anchored: Option<Weights>,
}

impl<S: ChunkSizer> Character<S> {
    /// With this configuration.
    ///
    /// # Errors
    /// A value is out of its bounds: see [`ChunkConfig::check`].
    pub fn new(config: ChunkConfig<S>) -> Result<Self, ChunkError> {
        Ok(Character { config: config.checked()?, anchored: None })
    }

    /// Cuts that depend on the text around them and on nothing further away, as
    /// [`Recursive::anchored`](crate::Recursive::anchored) explains: ends of lines before ends of sentences before ends
    /// of words.
    #[must_use]
    pub fn anchored(self) -> Self {
        let weights = Weights::of(&self.config.sizer);
        Character { anchored: Some(weights), ..self }
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
        Assemble::new(text, Spans::new(text, &self.config, self.cutter()), Strategy::Character, &self.config)
    }

    /// The same chunks of a document that is read while it is cut, in bounded memory.
    pub fn chunk_reader<R: BufRead>(&self, reader: R) -> ChunkReader<'_, R, S> {
        ChunkReader::new(reader, &self.config, Strategy::Character, self.cutter())
    }

    fn cutter(&self) -> Box<dyn Cutter + '_> {
        match &self.anchored {
            Some(weights) => Box::new(Anchored::new(&self.config, weights, ChooseCharacter)),
            None => Box::new(FrontToBack::new(self.config.overlap, ChooseCharacter)),
        }
    }
}

/// The last sentence's end, else the last word's, in the second half of the window; else its last grapheme's.
pub(crate) struct ChooseCharacter;

impl Choose for ChooseCharacter {
    fn choose(&self, window: &Window<'_>) -> Option<usize> {
        let half = window.part(2);
        [Level::Sentence, Level::Space, Level::Word]
            .into_iter()
            .find_map(|level| window.boundaries.last(level, half..window.desired))
            .or_else(|| window.last_resort())
    }
}

impl Levels for ChooseCharacter {
    const LEVELS: &'static [Level] =
        &[Level::Line, Level::Sentence, Level::Space, Level::Word, Level::Grapheme];
}
