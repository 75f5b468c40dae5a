//! What the benchmarks measure on.

mod corpus;
mod tokenizer;

pub use crate::corpus::{Text, pathological, text};
pub use crate::tokenizer::tokenizer;
