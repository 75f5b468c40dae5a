//! Where to cut a document.
//!
//! Chunks are spans of the document and nothing else: put side by side without their overlaps they *are* the document,
//! byte for byte. No chunk exceeds the maximum, no cut falls into a grapheme, and time is linear whatever the text
//! holds.
//!
//! | guarantee | |
//! |---|---|
//! | lossless | the spans without overlap tile the document |
//! | exact | `text == &document[byte_range]`; char and line ranges agree |
//! | bounded | no chunk is larger than the maximum in its unit, overlap and special tokens included |
//! | whole | cuts fall between extended grapheme clusters |
//! | linear | time grows with the document's length, not with what it holds |
//! | deterministic | the same input gives the same chunks and ids |
//!
//! # Which strategy
//!
//! - [`Recursive`]: start here. Paragraphs, then lines, sentences, clauses, words.
//! - [`Character`]: chunks of even size, for text without structure.
//! - [`Hierarchical`]: small chunks to find, inside large ones to read.
//! - [`Semantic`]: cuts where meaning turns, at the price of embedding every sentence.
//!
//! # Which unit
//!
//! [`Tokens`] if a model reads the chunks: its limit is in tokens. [`Chars`] for people, [`Bytes`] for storage;
//! [`Graphemes`] and [`Words`] where they are asked for. Any other unit is a [`ChunkSizer`] of your own.
//!
//! # When not to use this crate
//!
//! To split source code along its syntax tree (this crate knows lines, not languages), or to read PDF or HTML: bring the
//! text.
//!
//! # Example
//!
//! ```
//! use chunk_strategies::{Capacity, Chars, ChunkConfig, Recursive};
//!
//! let document = "Foxes are quick.\n\nDogs are lazy.\n\nBoth are mammals.";
//! let config = ChunkConfig::new(Capacity::new(40, 40)?, Chars)?;
//! for chunk in Recursive::new(config).chunks(document) {
//!     let chunk = chunk?;
//!     assert_eq!(chunk.text(), &document[chunk.byte_range()]);
//! }
//! # Ok::<(), chunk_strategies::ChunkError>(())
//! ```
//!
//! # Features
//!
//! - `tokenizers` (default): the [`Tokens`] sizer.

mod assemble;
mod boundary;
mod character;
mod chunk;
mod chunk_ids;
mod config;
mod embedder;
mod error;
mod hierarchical;
mod recursive;
mod semantic;
mod sizer;
mod strategy;
mod stream;
mod window;

pub use crate::character::Character;
pub use crate::chunk::{Chunk, ContextPart};
pub use crate::chunk_ids::ChunkIds;
pub use crate::config::{Capacity, ChunkConfig};
pub use crate::embedder::{EmbedFailure, Embedder, Vectors};
pub use crate::error::{ChunkError, ChunkErrorKind};
pub use crate::hierarchical::{AutoMerge, Hierarchical};
pub use crate::recursive::Recursive;
pub use crate::semantic::{Fallback, Semantic};
#[cfg(feature = "tokenizers")]
pub use crate::sizer::Tokens;
pub use crate::sizer::{Bytes, Chars, ChunkSizer, Graphemes, SizeIndex, Words};
pub use crate::strategy::Strategy;
pub use crate::stream::ChunkReader;
