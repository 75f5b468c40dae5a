//! The crate's promises, each property named after its guarantee.

// A test that cannot get what it needs should fail where it stands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod adversarial;
mod anchored;
#[cfg(feature = "code")]
mod code;
mod conformance;
mod hierarchical;
mod hybrid;
mod interface;
mod labels;
mod letter_counts;
mod linear;
mod markdown;
mod picture;
mod pieces;
mod properties;
mod records;
mod recursive;
mod semantic;
mod sentences;
mod stream;
mod texts;
#[cfg(feature = "tiktoken")]
mod tiktoken;
#[cfg(feature = "tokenizers")]
mod tokens;
