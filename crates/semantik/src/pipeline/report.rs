//! [`Report`]: every document of a run, by name.

use serde::Serialize;

use super::{DocumentDone, Event, Summary};
use crate::adaptive::BatchCounts;

/// What became of every document, as `--report` writes it. Made of what a run tells: [`Report::event`] takes each event.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// The form of this report.
    pub semantik_report: u32,
    /// Documents in the order in which they were finished or failed.
    pub documents: Vec<DocumentReport>,
    /// What of folders is no document, in the order of the walk.
    pub skipped: Vec<SkippedReport>,
}

/// What of a folder is no document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SkippedReport {
    /// Its path.
    pub path: String,
    /// Whether it is a folder, of which nothing was looked at.
    pub folder: bool,
    /// Why: `binary`, `link`, `special`, `ours`, `ignored` or `hidden`.
    pub reason: &'static str,
}

/// What became of a document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DocumentReport {
    /// Its name.
    pub document: String,
    /// `done`, `kept` from an earlier run, or `failed`.
    pub outcome: &'static str,
    /// Its records.
    pub chunks: usize,
    /// Tokens that the model read of it in this run.
    pub tokens: usize,
    /// Records whose text is longer than the model reads.
    pub truncated_chunks: usize,
    /// Tokens that were left out of these.
    pub truncated_tokens: usize,
    /// Seconds from reading it to its last record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Report {
    /// Of a run that begins.
    pub fn new() -> Self {
        Report { semantik_report: 1, ..Report::default() }
    }

    /// Takes in what the run tells.
    pub fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Finished { document } => self.documents.push(DocumentReport::done(document)),
            Event::Failed { document, error } => {
                self.documents.push(DocumentReport::failed(document, error.to_string()));
            }
            Event::Skipped { skipped } => self.skipped.push(SkippedReport {
                path: skipped.path.to_string_lossy().into_owned(),
                folder: skipped.is_folder,
                reason: skipped.reason.as_str(),
            }),
            _ => {}
        }
    }

    /// The report as a JSON value; with the run's own counts, if it came to an end.
    pub fn to_json(&self, summary: Option<&Summary>) -> serde_json::Value {
        let count = |outcome| self.documents.iter().filter(|document| document.outcome == outcome).count();
        let sum = |of: fn(&DocumentReport) -> usize| self.documents.iter().map(of).sum::<usize>();
        let run = summary.map(|summary| {
            serde_json::json!({
                "found": summary.found,
                "gone": summary.gone_documents,
                "blank_chunks": summary.blank_chunks,
                "repeated_texts": summary.repeated_texts,
                "reused_vectors": summary.reused_vectors,
                "seconds": summary.elapsed.as_secs_f64(),
                "interrupted": summary.interrupted,
                "batches": summary.batches.as_ref().map(batches),
            })
        });
        serde_json::json!({
            "semantik_report": self.semantik_report,
            "done": count("done"),
            "kept": count("kept"),
            "failed": count("failed"),
            "chunks": sum(|document| document.chunks),
            "tokens": sum(|document| document.tokens),
            "run": run,
            "documents": self.documents,
            "skipped": self.skipped,
        })
    }
}

/// Shares from 0 to 1, null where nothing was computed.
fn batches(counts: &BatchCounts) -> serde_json::Value {
    serde_json::json!({
        "batches": counts.batches,
        "texts": counts.texts,
        "tokens": counts.tokens,
        "computed_tokens": counts.computed_tokens,
        "padding": counts.padding(),
        "fill": counts.fill(),
        "out_of_memory": counts.out_of_memory,
        "pressure_seconds": counts.pressure.as_secs_f64(),
    })
}

impl DocumentReport {
    fn done(done: &DocumentDone<'_>) -> Self {
        DocumentReport {
            document: done.name.to_owned(),
            outcome: if done.was_kept { "kept" } else { "done" },
            chunks: done.chunks,
            tokens: done.tokens,
            truncated_chunks: done.truncated_chunks,
            truncated_tokens: done.truncated_tokens,
            seconds: Some(done.seconds),
            error: None,
        }
    }

    fn failed(document: &str, error: String) -> Self {
        DocumentReport {
            document: document.to_owned(),
            outcome: "failed",
            chunks: 0,
            tokens: 0,
            truncated_chunks: 0,
            truncated_tokens: 0,
            seconds: None,
            error: Some(error),
        }
    }
}
