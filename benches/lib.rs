//! What the benchmarks measure on.

mod corpus;

pub use crate::corpus::prose;
