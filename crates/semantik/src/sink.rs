//! Where records go.

mod destination;
pub mod json;
mod jsonl;

pub use self::destination::{Destination, Ended};
pub use self::jsonl::JsonLines;
use crate::error::Error;
use crate::record::Record;

/// Takes records, one after the other.
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
}

impl<S: Sink + ?Sized> Sink for &mut S {
    fn write(&mut self, record: &Record<'_>) -> Result<(), Error> {
        (**self).write(record)
    }

    fn flush(&mut self) -> Result<(), Error> {
        (**self).flush()
    }
}

impl<S: Sink + ?Sized> Sink for Box<S> {
    fn write(&mut self, record: &Record<'_>) -> Result<(), Error> {
        (**self).write(record)
    }

    fn flush(&mut self) -> Result<(), Error> {
        (**self).flush()
    }
}

/// The error of an output, for sinks outside this crate: `name` is what its message calls it.
pub fn output_error(name: &std::path::Path, error: std::io::Error) -> Error {
    Error::output(name, error)
}
