//! Where to cut a document.
//!
//! Chunks are spans of the document and nothing else: put side by side without their overlaps they *are* the document,
//! byte for byte. No chunk exceeds the maximum, no cut falls into a grapheme, and time is linear whatever the text
//! holds.
//!
//! | guarantee | |
//! |---|---|
//! | lossless | the spans without overlap tile the document; with [`trimmed`](ChunkConfig::trimmed), what lies between them is white space |
//! | exact | `text == &document[byte_range]`; char and line ranges agree |
//! | bounded | no chunk is larger than the maximum in its unit, overlap and special tokens included, the context too where it is counted |
//! | whole | cuts fall between extended grapheme clusters |
//! | linear | time grows with the document's length, not with what it holds; read piece by piece, memory does not grow |
//! | deterministic | the same input gives the same chunks and ids |
//! | honest | a strategy that cannot do its work says which other stood in, and why |
//!
//! # Which strategy
//!
//! - [`Recursive`]: start here. Paragraphs, then lines, sentences, clauses, words; or separators of your own.
//! - [`Markdown`]: for Markdown. Whole blocks, and each chunk knows the headings it stands under.
//! - `Code`, with the feature `code`: for source code. Whole functions and classes, and each chunk knows what it lies in.
//! - [`Character`]: chunks of even size, for text without structure.
//! - [`Hierarchical`]: small chunks to find, inside large ones to read; [`AutoMerge`] goes from one to the other.
//! - [`Semantic`]: cuts where meaning turns, at the price of embedding every sentence.
//! - [`Hybrid`]: documents of many kinds. Looks at each, chooses, and says why.
//!
//! All of them are a [`ChunkStrategy`], for where one is chosen at run time.
//!
//! *When not to use semantic*: where the author has made paragraphs or headings, their cuts are as good and cost nothing;
//! where chunks are small (a few sentences), there is no room to choose; and where time matters: a model reads a thousand
//! sentences a second at best, recursive reads a million. It is for transcripts, speeches and other long text without
//! paragraphs.
//!
//! What each does to one page, in chunks of at most 90 characters, each chunk a letter (hierarchical: 180 characters in
//! large letters, 90 in small ones; semantic: 400, so that nothing but meaning cuts; `C|D`: the cut is inside the line):
//!
//! ```text
#![doc = include_str!("../docs/picture.txt")]
//! ```
//!
//! | strategy | time, in the document's length | memory beside the document | lazy | from a reader |
//! |---|---|---|---|---|
//! | character, recursive | linear; only the end of each window is looked at | a window | yes | yes |
//! | the same, anchored | linear | a few windows | yes | yes |
//! | code | linear; parsed whole, up to 1 MiB, before the first chunk | its items and statements | yes | yes |
//! | markdown | linear; one pass of a parser | two windows and 32 KiB | yes | yes |
//! | hierarchical | linear for each level | a window a level | yes | no |
//! | semantic | linear beside the model; optimal: × sentences in a chunk × vector length | the vectors | no | no |
//! | hybrid | the chosen strategy's, and a look at up to 64 KiB | the chosen strategy's, and the blocks of a Markdown document | mostly | no |
//!
//! A window is as long as a chunk may be. In tokens, a document is tokenised once, 16 KiB at a time, and the tokenizer is
//! what takes the time.
//!
//! # Edits
//!
//! Where chunks are embedded and stored, an edit should not change them all. [`Recursive::anchored`] and
//! [`Character::anchored`] cut by what stands next to a cut and by nothing further away: an edit changes the chunks around
//! it and no others, and [`ChunkIds`] names the others as before. Chunks are smaller and less even for it.
//!
//! # Which unit
//!
//! `Tokens` (feature `tokenizers`) or `Tiktoken` (feature `tiktoken`) if a model reads the chunks: its limit is in
//! tokens. [`Chars`] for people, [`Bytes`] for storage; [`Graphemes`] and [`Words`] where they are asked for. Any other
//! unit is a closure, or a [`ChunkSizer`] of your own.
//!
//! # When not to use this crate
//!
//! To read PDF or HTML: bring the text.
//!
//! # Example
//!
//! ```
//! use chunk_strategies::{ChunkConfig, Recursive};
//!
//! let document = "Foxes are quick.\n\nDogs are lazy.\n\nBoth are mammals.";
//! for chunk in Recursive::new(ChunkConfig::new(40))?.chunks(document) {
//!     let chunk = chunk?;
//!     assert_eq!(chunk.text(), &document[chunk.byte_range()]);
//! }
//! # Ok::<(), chunk_strategies::ChunkError>(())
//! ```
//!
//! # Features
//!
//! None is on unless it is asked for.
//!
//! - `tokenizers`: the `Tokens` sizer, through the `tokenizers` crate. 71 crates more.
//! - `tiktoken`: the `Tiktoken` sizer, tiktoken's encodings through `tiktoken-rs`. 12 crates more, of which a program becomes
//!   4.5 MB larger with one encoding.
//! - `serde`: [`OwnedChunk`] and [`Strategy`] can be written and read. 7 crates more.
//! - `code`: `Code`, source code cut on its syntax: tree-sitter and the grammars of ten languages, in C, of which a
//!   program becomes 9 MB larger.
//! - `dictionaries`: words of Thai, Lao, Khmer and Burmese, which write no blanks, by the dictionaries of ICU4X. Without it,
//!   a chunk of these scripts that has no better boundary is cut between letters. 28 crates more.
//! - `rayon`: the windows of a long document are tokenised on the caller's pool, a few ahead. The chunks are the same.

mod anchored;
mod assemble;
mod boundary;
mod character;
mod chunk;
mod chunk_ids;
mod chunk_strategy;
#[cfg(feature = "code")]
mod code;
mod code_lines;
mod config;
mod count;
mod embedder;
mod error;
mod hierarchical;
mod hybrid;
mod kind;
mod labels;
mod markdown;
mod owned_chunk;
mod records;
mod recursive;
mod rows;
mod semantic;
mod separators;
mod sizer;
mod strategy;
mod stream;
mod window;

pub use crate::character::Character;
pub use crate::chunk::{Chunk, ContextPart};
pub use crate::chunk_ids::ChunkIds;
pub use crate::chunk_strategy::{ChunkStrategy, Chunks};
#[cfg(feature = "code")]
pub use crate::code::{Code, Language};
pub use crate::config::{Capacity, ChunkConfig};
pub use crate::embedder::{EmbedFailure, Embedder, Vectors};
pub use crate::error::{ChunkError, ChunkErrorKind};
pub use crate::hierarchical::{AutoMerge, Hierarchical};
pub use crate::hybrid::{Choice, Features, Hybrid, HybridRules, NoEmbedder, Scope};
pub use crate::kind::DocumentKind;
pub use crate::markdown::Markdown;
pub use crate::owned_chunk::OwnedChunk;
pub use crate::recursive::Recursive;
pub use crate::semantic::{Breakpoints, Fallback, Semantic};
#[cfg(feature = "tiktoken")]
pub use crate::sizer::Tiktoken;
#[cfg(feature = "tokenizers")]
pub use crate::sizer::Tokens;
pub use crate::sizer::{Bytes, Chars, ChunkSizer, Graphemes, IntoSizer, Measure, SizeIndex, Words};
pub use crate::strategy::Strategy;
pub use crate::stream::ChunkReader;

/// The examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
