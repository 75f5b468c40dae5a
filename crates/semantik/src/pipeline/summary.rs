//! [`Summary`]: what a run did.

use std::time::Duration;

/// Counts of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Documents that were read.
    pub documents: usize,
    /// Documents that failed.
    pub failed: usize,
    /// Files in folders that are not text.
    pub binaries: usize,
    /// Documents of which parts were no UTF-8 and were replaced.
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
    /// From the first document to the last record.
    pub elapsed: Duration,
    /// Whether the run was stopped before its end.
    pub interrupted: bool,
}

impl Summary {
    /// How many of something a second; none in no time.
    pub fn rate(&self, count: usize) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        if seconds > 0.0 { count as f64 / seconds } else { 0.0 }
    }
}
