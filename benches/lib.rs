//! What the benchmarks measure on, and beside.

mod corpus;
pub mod peer;
mod tokenizer;

pub use crate::corpus::{Text, pathological, text};
pub use crate::tokenizer::tokenizer;
