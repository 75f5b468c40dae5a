//! [`Event`]: what a run tells while it goes on.

use crate::error::Error;
use crate::input::{NothingIn, Skipped};

/// Something happened in a run.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The inputs were looked through.
    Found {
        /// Documents.
        documents: usize,
        /// Their bytes, as far as they are known.
        bytes: u64,
    },
    /// Something in a folder is no document.
    Skipped {
        /// What, and why.
        skipped: &'a Skipped,
    },
    /// A folder that was given has no document.
    NothingIn {
        /// Which, and what was skipped in it.
        nothing: &'a NothingIn,
    },
    /// A document was cut.
    Chunked {
        /// Its name.
        document: &'a str,
        /// Its bytes.
        bytes: usize,
        /// Its chunks.
        chunks: usize,
    },
    /// A batch was embedded.
    Embedded {
        /// Texts in it.
        chunks: usize,
        /// Tokens in it, padding not counted.
        tokens: usize,
    },
    /// Records were written.
    Written {
        /// How many.
        chunks: usize,
        /// Bytes of documents that are done with them.
        bytes: u64,
    },
    /// A document's records are all written.
    Finished {
        /// What it came to.
        document: DocumentDone<'a>,
    },
    /// A document failed; the run goes on, unless it was to end with it.
    Failed {
        /// Its name.
        document: &'a str,
        /// Why.
        error: &'a Error,
    },
}

/// What a document came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DocumentDone<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its records.
    pub chunks: usize,
    /// Embedding: tokens that the model read of it in this run, padding not counted.
    pub tokens: usize,
    /// Embedding: records whose text is longer than the model reads.
    pub truncated_chunks: usize,
    /// Embedding: tokens that were left out of these.
    pub truncated_tokens: usize,
    /// Seconds from reading it to its last record. Documents wait for each other.
    pub seconds: f64,
    /// Whether an earlier run made its records.
    pub was_kept: bool,
}
