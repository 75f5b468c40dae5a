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
    /// A document failed, and the run goes on.
    Failed {
        /// Why.
        error: &'a Error,
    },
}
