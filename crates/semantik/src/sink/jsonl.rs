//! [`JsonLines`]: one JSON object a line.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Destination, Sink, json};
use crate::error::Error;
use crate::record::Record;

/// Writes each record as a line of JSON.
#[derive(Debug)]
pub struct JsonLines<W> {
    out: W,
    name: PathBuf,
    line: Vec<u8>,
    vectors: VectorCounts,
}

/// How many vectors were written, and how many of them are all zeros: near to nothing, and most often the work of weights
/// that hold nothing. Clones share the counts, so that they can be looked at while records are written.
#[derive(Clone, Debug, Default)]
pub struct VectorCounts(Arc<[AtomicUsize; 2]>);

impl VectorCounts {
    /// All of them.
    pub fn written(&self) -> usize {
        self.0[0].load(Ordering::Relaxed)
    }

    /// Those that are all zeros.
    pub fn zero(&self) -> usize {
        self.0[1].load(Ordering::Relaxed)
    }

    fn count(&self, vector: &[f32]) {
        self.0[0].fetch_add(1, Ordering::Relaxed);
        if vector.iter().all(|&number| number == 0.0) {
            self.0[1].fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl<W: Write> JsonLines<W> {
    /// Into `out`, which errors call `name`.
    pub fn new(out: W, name: impl AsRef<Path>) -> Self {
        let (name, vectors) = (name.as_ref().to_owned(), VectorCounts::default());
        JsonLines { out, name, line: Vec::new(), vectors }
    }

    /// Counts of the vectors that are written.
    pub fn vector_counts(&self) -> VectorCounts {
        self.vectors.clone()
    }

    /// What it wrote into.
    pub fn into_inner(self) -> W {
        self.out
    }

    /// What it writes into.
    pub(crate) fn get_ref(&self) -> &W {
        &self.out
    }

    /// Writes records that are lines already.
    pub(crate) fn copy(&mut self, lines: &[u8]) -> Result<(), Error> {
        self.out.write_all(lines).map_err(|error| self.fail(error))
    }

    fn fail(&self, error: std::io::Error) -> Error {
        Error::output(&self.name, error)
    }
}

impl JsonLines<Destination> {
    pub(crate) fn rewind(&mut self, position: u64) -> Result<(), Error> {
        self.out.rewind(position).map_err(|error| self.fail(error))
    }
}

impl<W: Write> Sink for JsonLines<W> {
    fn write(&mut self, record: &Record<'_>) -> Result<(), Error> {
        // The line is made first: an output never has half a record, unless it fails in the middle of one.
        self.line.clear();
        let fail = |error: std::io::Error| Error::output(&self.name, error);
        json::append(&mut self.line, record).map_err(fail)?;
        self.line.push(b'\n');
        self.out.write_all(&self.line).map_err(fail)?;
        if let Some(vector) = record.embedding {
            self.vectors.count(vector);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.out.flush().map_err(|error| Error::output(&self.name, error))
    }
}
