//! Where records go.

mod beside;
mod claim;
mod destination;
pub mod json;
mod jsonl;
mod partial;
mod syncing;

pub(crate) use self::beside::{Beside, meta_of, with};
pub(crate) use self::claim::{Claim, discard, writer_of};
pub use self::destination::{Destination, Ended};
pub use self::jsonl::{JsonLines, VectorCounts};
pub(crate) use self::partial::{Durability, whole_lines};
use crate::earlier::{EarlierVectors, Found};
use crate::error::Error;
use crate::input::Document;
use crate::pipeline::Summary;
use crate::record::Record;

/// Takes records, one after the other.
///
/// What has a default is for outputs that can take records back, or that know records of earlier runs; others leave it.
pub trait Sink {
    /// Writes a record as a whole.
    ///
    /// # Errors
    /// The output cannot be written.
    fn write(&mut self, record: &Record<'_>) -> Result<(), Error>;

    /// Hands what was written on, so that a reader of a stream sees it.
    ///
    /// # Errors
    /// The output cannot be written.
    fn flush(&mut self) -> Result<(), Error>;

    /// Hands what was written on, and takes note of how far the run came: now and then, or `at_once`.
    ///
    /// # Errors
    /// The output cannot be written.
    fn checkpoint(&mut self, summary: &Summary, at_once: bool) -> Result<(), Error> {
        let _ = (summary, at_once);
        self.flush()
    }

    /// How many bytes were written, where they can be taken back.
    fn position(&self) -> Option<u64> {
        None
    }

    /// Takes back what was written since the [`position`](Sink::position) was this.
    ///
    /// # Errors
    /// The output cannot be shortened.
    fn rewind(&mut self, position: u64) -> Result<(), Error> {
        let _ = position;
        Ok(())
    }

    /// Takes note that a document is there.
    fn note(&mut self, document: &str) {
        let _ = document;
    }

    /// The records of this very document, if an earlier run made them all. Each is found once.
    fn find(&mut self, document: &Document) -> Option<Found> {
        let _ = document;
        None
    }

    /// Has the records that were found in the output, as if they were written now.
    ///
    /// # Errors
    /// They cannot be read, or the output not be written.
    fn keep(&mut self, found: &Found) -> Result<(), Error> {
        let _ = found;
        Ok(())
    }

    /// The vectors that earlier runs made of a document's texts. The document's records are going to be written, and so is
    /// everything that is found from here on.
    ///
    /// # Errors
    /// They cannot be read.
    fn vectors_of(&mut self, document: &str) -> Result<EarlierVectors, Error> {
        let _ = document;
        Ok(EarlierVectors::default())
    }

    /// No more documents come. Gives how many of earlier runs are no longer there; their records are left out.
    ///
    /// # Errors
    /// The output cannot be shortened.
    fn end(&mut self) -> Result<usize, Error> {
        Ok(0)
    }
}

/// The error of an output, for sinks outside this crate: `name` is what its message calls it.
pub fn output_error(name: &std::path::Path, error: std::io::Error) -> Error {
    Error::output(name, error)
}
