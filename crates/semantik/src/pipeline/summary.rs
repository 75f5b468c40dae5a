//! [`Summary`]: what a run did.

use std::time::Duration;

use crate::adaptive::BatchCounts;
use crate::input::{Encoding, SkippedCounts};

/// Counts of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Documents that were found.
    pub found: usize,
    /// Documents that were read.
    pub documents: usize,
    /// Documents whose records are all written.
    pub finished: usize,
    /// Documents that failed.
    pub failed: usize,
    /// What of folders is no document, by reason.
    pub skipped: SkippedCounts,
    /// Documents in UTF-16 or UTF-32, which were decoded.
    pub decoded: usize,
    /// Documents in UTF-8 behind a byte order mark, which was left out.
    pub marked: usize,
    /// Documents of which parts were not what their encoding allows and were replaced.
    pub lossy: usize,
    /// Documents that another strategy cut than the one asked for.
    pub fallbacks: usize,
    /// Bytes of text.
    pub bytes: u64,
    /// Records.
    pub chunks: usize,
    /// Embedding: tokens that the model read, padding not counted.
    pub tokens: usize,
    /// Embedding: records whose text is longer than the model reads.
    pub truncated_chunks: usize,
    /// Embedding: tokens that were left out of these.
    pub truncated_tokens: usize,
    /// Embedding: documents whose records an earlier run made.
    pub kept_documents: usize,
    /// Embedding: the records of these.
    pub kept_chunks: usize,
    /// Embedding: vectors of an earlier run in documents that have changed, or that it did not finish.
    pub reused_vectors: usize,
    /// Embedding: documents of an earlier run that are no longer there.
    pub gone_documents: usize,
    /// Embedding: texts that were embedded once for several chunks; each but the first counts.
    pub repeated_texts: usize,
    /// Embedding: chunks without a letter, a digit or a symbol; they have no vector.
    pub blank_chunks: usize,
    /// Embedding: what the device's pool held at the end, for devices with a pool.
    pub device_pool_bytes: Option<u64>,
    /// Embedding: what the batches came to, those of sentences for semantic cuts included.
    pub batches: Option<BatchCounts>,
    /// The first documents that failed, each with its error.
    pub failures: Vec<String>,
    /// The names of all documents that failed.
    pub failed_documents: Vec<String>,
    /// From the first document to the last record.
    pub elapsed: Duration,
    /// Whether the run was stopped before its end.
    pub interrupted: bool,
}

impl Summary {
    /// Counts a document that was opened.
    pub fn opened(&mut self, encoding: Encoding) {
        self.documents += 1;
        self.decoded += usize::from(!encoding.is_utf8());
        self.marked += usize::from(encoding == Encoding::MarkedUtf8);
    }

    /// Records that this run made.
    pub fn made(&self) -> usize {
        self.chunks - self.kept_chunks
    }

    /// How many of something a second; none in no time.
    pub fn rate(&self, count: usize) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        if seconds > 0.0 { count as f64 / seconds } else { 0.0 }
    }
}
