//! The tokens of BERT and its kind: ids, offsets and counts, equal to those of the `tokenizers` crate, and ids at seventy times
//! its speed.
//!
//! BERT's tokenizers (of `all-MiniLM-L6-v2`, BGE, E5, GTE, `MPNet`, ELECTRA, `DistilBERT` and most other encoders for
//! English and Chinese) do four things: they normalize a text, split it into words, split words into pieces of a vocabulary, and
//! put special tokens around it. This crate does them in one pass over the text, without copies of it:
//!
//! - a word of plain ASCII is read 16 bytes at a time, made lower case with a few instructions, and looked up as a number:
//!   nine words in ten are one token, and done;
//! - of other words the longest pieces are found in a double-array trie, one read a byte;
//! - what becomes of a character that is not ASCII is worked out once and remembered.
//!
//! What has to be looked at more closely (added tokens in the text, marks that change places when they are decomposed) goes
//! the long way, step by step as the crate does it, from one white space to the next. It takes Unicode's tables from the
//! packages that `tokenizers` takes them from, so that no version of Unicode comes between the two.
//!
//! # Example
//!
//! ```
//! use word_piece::WordPiece;
//!
//! # let lines = "[UNK]\n[CLS]\n[SEP]\nembed\n##ding\nis\nfun\n!";
//! let words = WordPiece::from_vocabulary(lines)?; // or from_tokenizer_json
//! let text = "Embedding is fun!";
//! let encoding = words.encode(text);
//! assert_eq!(encoding.ids, [1, 3, 4, 5, 6, 7, 2], "[CLS] embed ##ding is fun ! [SEP]");
//! assert_eq!(&text[encoding.offsets[2].clone()], "ding");
//! assert_eq!(words.count(text), 7);
//! let first = words.tokens(text).next().map(|token| token.byte_range());
//! assert_eq!(first, Some(0..5));
//! # Ok::<(), word_piece::WordPieceError>(())
//! ```
//!
//! # What to call
//!
//! | to | call |
//! |---|---|
//! | feed a model | [`encode_into`](WordPiece::encode_into), or [`encode_first_into`](WordPiece::encode_first_into) up to its limit |
//! | know sizes | [`count`](WordPiece::count) |
//! | know where tokens are | [`encode`](WordPiece::encode), or lazily [`tokens`](WordPiece::tokens) |
//!
//! Padding, truncation from the left, pairs of texts and decoding are not here.
//!
//! # When not to use this crate
//!
//! For any other kind of tokenizer (byte pairs, Unigram): [`WordPiece::from_tokenizer_json`] says of which kind a file is,
//! and the `tokenizers` crate has them all.
//!
//! # Features
//!
//! - `tokenizers`: [`WordPiece`]`::from_tokenizer` takes over a tokenizer of that crate.

mod added;
mod builder;
mod error;
mod exact;
mod forms;
mod json;
mod pass;
mod short_word;
mod sink;
mod sorted;
#[cfg(feature = "tokenizers")]
mod taken_over;
mod token;
mod tokens;
mod trie;
mod vocabulary;
mod walk;
mod word_piece;

pub use crate::added::AddedToken;
pub use crate::builder::{BertNormalizer, WordPieceBuilder};
pub use crate::error::{WordPieceError, WordPieceErrorKind};
pub use crate::token::{Encoding, Token};
pub use crate::tokens::Tokens;
pub use crate::word_piece::WordPiece;
