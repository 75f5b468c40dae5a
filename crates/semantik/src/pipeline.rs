//! The runs: documents to chunks, and documents to vectors.

mod chunk;
mod embed;
mod event;
mod report;
mod summary;

pub use self::chunk::chunk;
pub use self::embed::{EmbedJob, EmbedLevels, EmbedOptions, Truncation, embed};
pub use self::event::{DocumentDone, Event};
pub use self::report::{DocumentReport, Report, SkippedReport};
pub use self::summary::Summary;
use std::time::Instant;

use crate::cancel::Cancel;
use crate::error::Error;
use crate::input::Document;

/// How a run deals with failures and with being stopped.
#[derive(Clone, Debug, Default)]
pub struct Control {
    /// Set to stop between documents and between batches.
    pub cancel: Cancel,
    /// What a document that fails does to the run.
    pub on_failure: OnFailure,
}

/// What a document that fails does to the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// The others are done; the summary counts it.
    #[default]
    Continue,
    /// The run ends with its error.
    Stop,
}

/// What a run carries along.
struct Run<'a> {
    control: &'a Control,
    on_event: &'a mut dyn FnMut(Event<'_>),
    summary: Summary,
    start: Instant,
}

/// How many failures a summary has in words: enough to see what they have in common.
const FAILURES: usize = 100;

impl Run<'_> {
    /// Counts a document's failure and tells it; an error if the run ends with it.
    fn failed(&mut self, document: &str, error: Error) -> Result<(), Error> {
        self.summary.failed += 1;
        self.summary.failed_documents.push(document.to_owned());
        if self.summary.failures.len() < FAILURES {
            self.summary.failures.push(error.to_string());
        }
        (self.on_event)(Event::Failed { document, error: &error });
        if self.control.on_failure == OnFailure::Stop { Err(error) } else { Ok(()) }
    }

    fn read(&mut self, document: &Document) {
        self.summary.opened(document.encoding);
        self.summary.lossy += usize::from(document.was_lossy);
    }

    fn is_cancelled(&self) -> bool {
        self.control.cancel.is_set()
    }
}
