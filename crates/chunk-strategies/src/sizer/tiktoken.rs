//! Sizes in tokens of tiktoken's encodings.

use std::collections::HashSet;
use std::fmt;

use tiktoken_rs::CoreBPE;
use tiktoken_rs::tokenizer::{Tokenizer as Model, get_tokenizer};

use super::tokenised::{Seams, TokenIndex, Tokenise, WINDOW_BYTES, sized_in_tokens};
use super::{BYTES_PER_UNIT, ChunkSizer, SizeIndex};
use crate::error::ChunkError;

/// Counts tokens of one of tiktoken's encodings, as `encode_ordinary(text)` has them: no special tokens are added, and
/// what reads like one (`<|endoftext|>`) is text.
///
/// The vocabularies are those inside the crate `tiktoken-rs`, so nothing is downloaded. A program holds the ones that it
/// names: 3.5 MB for [`o200k_base`](Tiktoken::o200k_base), 1.7 for [`cl100k_base`](Tiktoken::cl100k_base), 0.8 for each of
/// the others, and all of them where the name is known at run time only. An encoding is loaded once a process, when it is
/// first asked for (0.1 to 0.3 s), and shared.
///
/// A document is tokenised once, in windows of about 16 KiB, and sizes are exact: what every chunk has when it is
/// encoded on its own. Counts add up before a space that follows a letter, a digit or ASCII punctuation, since no
/// pattern of these encodings has a match across it; what lies between a cut and the next such place is encoded again.
/// A chunk also has a byte ceiling of 32 × its size.
///
/// ```
/// use chunk_strategies::{ChunkConfig, ChunkSizer, Recursive, Tiktoken};
///
/// let tokens = Tiktoken::cl100k_base();
/// assert_eq!(tokens.size("Foxes are quick."), 5);
/// let strategy = Recursive::new(ChunkConfig::new(6).sizer(&tokens))?;
/// for chunk in strategy.chunks("Foxes are quick. Dogs are lazy. Both are mammals.") {
///     assert!(chunk?.size() <= 6);
/// }
/// assert!(Tiktoken::for_model("text-embedding-3-small").is_ok());
/// # Ok::<(), chunk_strategies::ChunkError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Tiktoken {
    name: &'static str,
    encoding: &'static CoreBPE,
    window: usize,
}

/// The names that [`Tiktoken::named`] takes.
const NAMES: [&str; 4] = ["o200k_base", "cl100k_base", "p50k_base", "r50k_base"];

impl Tiktoken {
    /// `o200k_base`: the models since GPT-4o.
    pub fn o200k_base() -> Self {
        Self::of(NAMES[0], tiktoken_rs::o200k_base_singleton())
    }

    /// `cl100k_base`: GPT-4, GPT-3.5, and the models of embeddings since `text-embedding-ada-002`.
    pub fn cl100k_base() -> Self {
        Self::of(NAMES[1], tiktoken_rs::cl100k_base_singleton())
    }

    /// `p50k_base`: models of code, and the last ones of GPT-3.
    pub fn p50k_base() -> Self {
        Self::of(NAMES[2], tiktoken_rs::p50k_base_singleton())
    }

    /// `r50k_base`: GPT-2 and GPT-3.
    pub fn r50k_base() -> Self {
        Self::of(NAMES[3], tiktoken_rs::r50k_base_singleton())
    }

    /// The encoding of this name.
    ///
    /// # Errors
    /// There is none of it; the known ones are listed.
    pub fn named(name: &str) -> Result<Self, ChunkError> {
        match name {
            "o200k_base" => Ok(Self::o200k_base()),
            "cl100k_base" => Ok(Self::cl100k_base()),
            "p50k_base" => Ok(Self::p50k_base()),
            "r50k_base" | "gpt2" => Ok(Self::r50k_base()),
            _ => Err(ChunkError::config(
                "encoding",
                format_args!("{name:?}"),
                format_args!("one of {}", NAMES.join(", ")),
            )),
        }
    }

    /// The encoding of the model of this name, such as `gpt-4o` or `text-embedding-3-large`.
    ///
    /// # Errors
    /// `tiktoken-rs` knows no such model.
    pub fn for_model(model: &str) -> Result<Self, ChunkError> {
        match get_tokenizer(model) {
            // They differ from their namesakes in special tokens alone.
            Some(Model::O200kHarmony | Model::O200kBase) => Ok(Self::o200k_base()),
            Some(Model::P50kBase | Model::P50kEdit) => Ok(Self::p50k_base()),
            Some(Model::R50kBase | Model::Gpt2) => Ok(Self::r50k_base()),
            Some(Model::Cl100kBase) => Ok(Self::cl100k_base()),
            None => {
                let bound =
                    format!("one that tiktoken has an encoding for; {} are the encodings", NAMES.join(", "));
                Err(ChunkError::config("model", format_args!("{model:?}"), bound))
            }
        }
    }

    fn of(name: &'static str, encoding: &'static CoreBPE) -> Self {
        Tiktoken { name, encoding, window: WINDOW_BYTES }
    }

    /// The encoding's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Tokenises so many bytes at a time, from 64 to a GiB; the answers are the same. Default: 16 KiB. Twice as much is
    /// kept in memory around a chunk of a document that is read piece by piece.
    #[must_use]
    pub fn with_window(self, bytes: usize) -> Self {
        Tiktoken { window: bytes.clamp(64, 1 << 30), ..self }
    }
}

impl fmt::Debug for Tiktoken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tiktoken").field("name", &self.name).finish_non_exhaustive()
    }
}

sized_in_tokens!(Tiktoken);

impl Tokenise for Tiktoken {
    fn whole(&self, text: &str) -> Option<usize> {
        self.bare(text)
    }

    /// Not by `encode_ordinary`, which panics where its regular expressions give up.
    fn bare(&self, text: &str) -> Option<usize> {
        if text.is_empty() { Some(0) } else { self.encoding.count(text, &HashSet::new()).ok() }
    }

    fn starts(&self, text: &str) -> Option<Vec<u32>> {
        let (ranks, _) = self.encoding.encode(text, &HashSet::new()).ok()?;
        let mut starts = Vec::with_capacity(ranks.len());
        let mut at = 0;
        for rank in ranks {
            // A token may begin inside a character.
            starts.push(u32::try_from(text.floor_char_boundary(at)).ok()?);
            at += self.encoding.decode_bytes(&[rank]).ok()?.len();
        }
        Some(starts)
    }

    /// Of their patterns no match has a space behind anything that is not white space, and what a match looks ahead at
    /// is whether white space goes on.
    fn seams(&self) -> Seams {
        Seams::BeforeSpace { all: false }
    }

    fn special_tokens(&self) -> usize {
        0
    }

    fn window(&self) -> usize {
        self.window
    }
}
