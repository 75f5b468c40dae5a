//! The runs: documents to chunks, and documents to vectors.

mod chunk;
mod embed;
mod event;
mod summary;

pub use self::chunk::chunk;
pub use self::embed::{EmbedLevels, EmbedOptions, Truncation, embed};
pub use self::event::Event;
pub use self::summary::Summary;
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
}

impl Run<'_> {
    /// Counts a document's failure and tells it; an error if the run ends with it.
    fn failed(&mut self, error: Error) -> Result<(), Error> {
        if self.control.on_failure == OnFailure::Stop {
            return Err(error);
        }
        self.summary.failed += 1;
        (self.on_event)(Event::Failed { error: &error });
        Ok(())
    }

    fn read(&mut self, document: &Document) {
        self.summary.opened(document.encoding);
        self.summary.lossy += usize::from(document.was_lossy);
    }

    fn is_cancelled(&self) -> bool {
        self.control.cancel.is_set()
    }
}
