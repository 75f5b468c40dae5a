//! [`RunMeta`]: how far a run came, and when.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::pipeline::Summary;

/// How far the run came that wrote a file of vectors last, and when.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunMeta {
    /// The version of this crate: what another one cut or embedded is not gone on with.
    pub version: String,
    /// When it began, in RFC 3339 and UTC.
    pub started: String,
    /// When this was written.
    pub updated: String,
    /// Documents that were found.
    pub found: usize,
    /// Documents whose records are all written.
    pub finished: usize,
    /// Of these, the documents whose records an earlier run made.
    pub kept_documents: usize,
    /// The records of these.
    pub kept_chunks: usize,
    /// Vectors of an earlier run in documents that have changed, or that it did not finish.
    pub reused_vectors: usize,
    /// Documents of an earlier run that are no longer there; they have no records.
    pub gone_documents: usize,
    /// Texts that were embedded once for several chunks.
    pub repeated_texts: usize,
    /// Chunks without a letter, a digit or a symbol; they have no vector.
    pub blank_chunks: usize,
    /// The first documents that failed, each with its error.
    pub failures: Vec<String>,
    /// Documents that failed, and whose records are therefore those of an earlier run: of their text as it was then. They
    /// stand behind all others.
    pub stale_documents: Vec<String>,
    /// The records of these.
    pub stale_chunks: usize,
}

/// How many failures are kept: enough to see what they have in common.
const FAILURES: usize = 100;

impl RunMeta {
    pub(super) fn now() -> Self {
        let now = now();
        RunMeta {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: now.clone(),
            updated: now,
            ..RunMeta::default()
        }
    }

    pub(super) fn update(&mut self, summary: &Summary) {
        self.updated = now();
        self.found = summary.found;
        self.finished = summary.finished;
        self.kept_documents = summary.kept_documents;
        self.kept_chunks = summary.kept_chunks;
        self.reused_vectors = summary.reused_vectors;
        self.gone_documents = summary.gone_documents;
        self.repeated_texts = summary.repeated_texts;
        self.blank_chunks = summary.blank_chunks;
        let known = self.failures.len();
        self.failures.extend(summary.failures.iter().take(FAILURES).skip(known).cloned());
    }
}

fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}
