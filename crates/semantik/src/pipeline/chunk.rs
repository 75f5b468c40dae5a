//! Documents to chunks.

use std::ops::ControlFlow;
use std::time::Instant;

use chunk_strategies::{Chunk, ChunkError, ChunkIds};
use rayon::prelude::*;

use super::{Control, DocumentDone, Event, Run, Summary};
use crate::chunker::Chunker;
use crate::error::Error;
use crate::input::{Document, Inputs, Opened, Source, Streamed};
use crate::record::Record;
use crate::sink::Sink;

/// Documents of this size and above are cut and written chunk by chunk; smaller ones are cut in groups of about this
/// size, on all threads, and a document that fails then leaves no record.
const GROUP_BYTES: u64 = 16 << 20;

/// Cuts every document and writes the chunks, in the order of the documents.
///
/// A document that fails is told through `on_event` and counted.
///
/// # Errors
/// The output cannot be written; or a document failed and the run was to end with it.
pub fn chunk(
    inputs: &Inputs,
    chunker: &Chunker,
    sink: &mut dyn Sink,
    control: &Control,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Summary, Error> {
    let start = Instant::now();
    let mut run = Run { control, on_event, summary: Summary::default(), start };
    let sources = run.find(inputs)?;
    let mut rest = &sources[..];
    while !rest.is_empty() && !run.is_cancelled() {
        let (group, later) = rest.split_at(group_len(rest, GROUP_BYTES));
        run.group(group, inputs, chunker, sink)?;
        rest = later;
    }
    sink.flush()?;
    run.summary.interrupted = run.is_cancelled();
    run.summary.elapsed = start.elapsed();
    Ok(run.summary)
}

/// How many sources make a group of `most` bytes: at least one.
pub(super) fn group_len(sources: &[Source], most: u64) -> usize {
    let mut bytes = 0;
    let fits = |source: &&Source| match source {
        Source::File { bytes: size, .. } => {
            bytes += size;
            bytes <= most
        }
        Source::Stdin => false,
    };
    sources.iter().take_while(fits).count().max(1)
}

impl Run<'_> {
    /// Looks for documents; what is missing is told first.
    pub(super) fn find(&mut self, inputs: &Inputs) -> Result<Vec<Source>, Error> {
        let found = inputs.find();
        self.summary.skipped = found.skipped.iter().collect();
        (self.on_event)(Event::Found { documents: found.sources.len(), bytes: found.bytes });
        found.skipped.iter().for_each(|skipped| (self.on_event)(Event::Skipped { skipped }));
        found.nothing_in.iter().for_each(|nothing| (self.on_event)(Event::NothingIn { nothing }));
        self.summary.found = found.sources.len() + found.errors.len();
        for error in found.errors {
            let document = error.path().map_or_else(String::new, |path| path.to_string_lossy().into_owned());
            self.failed(&document, error)?;
        }
        Ok(found.sources)
    }

    fn group(
        &mut self,
        group: &[Source],
        inputs: &Inputs,
        chunker: &Chunker,
        sink: &mut dyn Sink,
    ) -> Result<(), Error> {
        // What may be too large for memory stands alone in its group.
        if let [source] = group
            && chunker.can_stream()
            && (*source == Source::Stdin
                || matches!(source, Source::File { bytes, .. } if *bytes >= GROUP_BYTES))
        {
            return match inputs.open(source, GROUP_BYTES) {
                Ok(Opened::Streamed(document)) => self.stream(document, chunker, sink),
                Ok(Opened::Whole(document)) => {
                    self.write(&document, chunker, &mut chunker.chunks(&document), sink)
                }
                Err(error) => self.failed(&source.name(), error),
            };
        }
        let documents: Vec<Result<Document, Error>> =
            group.par_iter().map(|source| inputs.read(source)).collect();
        let mut chunks: Vec<Option<Result<Vec<Chunk<'_>>, ChunkError>>> =
            documents.par_iter().map(|document| cut_small(document, chunker)).collect();
        for (document, chunks) in documents.iter().zip(&mut chunks) {
            if self.is_cancelled() {
                break;
            }
            match (document, chunks.take()) {
                (Err(_), _) => {}
                (Ok(document), Some(Ok(chunks))) => {
                    self.write(document, chunker, &mut chunks.into_iter().map(Ok), sink)?;
                }
                (Ok(document), Some(Err(error))) => {
                    self.read(document);
                    self.failed(&document.name, Error::chunk(&document.name, error))?;
                }
                (Ok(document), None) => {
                    self.write(document, chunker, &mut chunker.chunks(document), sink)?;
                }
            }
        }
        // Last, since an error is moved out of what the chunks borrow from.
        drop(chunks);
        let failed = group.iter().zip(documents).filter_map(|(source, read)| Some((source, read.err()?)));
        failed.into_iter().try_for_each(|(source, error)| self.failed(&source.name(), error))
    }

    fn write<'a>(
        &mut self,
        document: &'a Document,
        chunker: &Chunker,
        chunks: &mut dyn Iterator<Item = Result<Chunk<'a>, ChunkError>>,
        sink: &mut dyn Sink,
    ) -> Result<(), Error> {
        self.read(document);
        let mut records = Records::new(&document.name, chunker);
        let ended = loop {
            let Some(chunk) = chunks.next() else { break Ok(Ended::Whole) };
            if let ControlFlow::Break(ended) = self.put(chunk, &mut records, sink)? {
                break ended;
            }
        };
        self.end(records, ended)
    }

    /// Cuts a document while it is read.
    fn stream(&mut self, document: Streamed, chunker: &Chunker, sink: &mut dyn Sink) -> Result<(), Error> {
        let Streamed { name, encoding, reader } = document;
        let Some(mut chunks) = chunker.chunk_reader(&name, reader) else { return Ok(()) };
        self.summary.opened(encoding);
        let mut records = Records::new(&name, chunker);
        let ended = loop {
            let Some(chunk) = chunks.next_chunk() else { break Ok(Ended::Whole) };
            if let ControlFlow::Break(ended) = self.put(chunk, &mut records, sink)? {
                break ended;
            }
        };
        self.end(records, ended)
    }

    /// Writes a chunk, unless it is the document's error or the run was stopped.
    fn put(
        &mut self,
        chunk: Result<Chunk<'_>, ChunkError>,
        records: &mut Records<'_>,
        sink: &mut dyn Sink,
    ) -> Result<ControlFlow<Result<Ended, Error>>, Error> {
        // A stop during the embedding of semantic chunking shows as a fallback: such chunks are not what was asked.
        if self.is_cancelled() {
            return Ok(ControlFlow::Break(Ok(Ended::Stopped)));
        }
        match chunk {
            Ok(chunk) => records.write(&chunk, sink)?,
            Err(error) => return Ok(ControlFlow::Break(Err(Error::chunk(records.document, error)))),
        }
        self.tell(records, TOLD_CHUNKS);
        Ok(ControlFlow::Continue(()))
    }

    /// Tells what was written since the last time, if it is so many chunks.
    fn tell(&mut self, records: &mut Records<'_>, chunks: usize) {
        if records.untold.0 >= chunks {
            let (chunks, bytes) = std::mem::take(&mut records.untold);
            (self.on_event)(Event::Written { chunks, bytes });
        }
    }

    /// Counts what was written, also of a document that was not finished.
    fn end(&mut self, mut records: Records<'_>, ended: Result<Ended, Error>) -> Result<(), Error> {
        self.summary.chunks += records.chunks;
        self.summary.bytes += records.bytes;
        self.summary.fallbacks += usize::from(records.fell_back);
        if let Ok(Ended::Whole) = ended {
            let (document, chunks) = (records.document, records.chunks);
            self.summary.finished += 1;
            (self.on_event)(Event::Chunked { document, bytes: records.bytes as usize, chunks });
            (self.on_event)(Event::Finished { document: records.done() });
        }
        self.tell(&mut records, 0);
        let document = records.document;
        ended.map_or_else(|error| self.failed(document, error), |_| Ok(()))
    }
}

/// How a document came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Whole,
    Stopped,
}

/// How many chunks are written between two events.
const TOLD_CHUNKS: usize = 4096;

/// Writes the records of one document.
struct Records<'a> {
    document: &'a str,
    unit: &'static str,
    ids: ChunkIds,
    /// The id of the last chunk on each level: that of the level above is the parent's.
    last: Vec<String>,
    chunks: usize,
    bytes: u64,
    fell_back: bool,
    /// Chunks and bytes that no event has told of.
    untold: (usize, u64),
    start: Instant,
}

impl<'a> Records<'a> {
    fn new(document: &'a str, chunker: &Chunker) -> Self {
        Records {
            document,
            unit: chunker.unit().as_str(),
            ids: ChunkIds::new(),
            last: vec![String::new(); chunker.levels().len()],
            chunks: 0,
            bytes: 0,
            fell_back: false,
            untold: (0, 0),
            start: Instant::now(),
        }
    }

    fn done(&self) -> DocumentDone<'a> {
        DocumentDone {
            name: self.document,
            chunks: self.chunks,
            tokens: 0,
            truncated_chunks: 0,
            truncated_tokens: 0,
            seconds: self.start.elapsed().as_secs_f64(),
            was_kept: false,
        }
    }

    fn write(&mut self, chunk: &Chunk<'_>, sink: &mut dyn Sink) -> Result<(), Error> {
        self.fell_back |= chunk.is_fallback();
        let id = self.ids.assign(chunk);
        let parent = chunk.parent().and_then(|_| self.last.get(chunk.level()?.checked_sub(1)?));
        sink.write(&Record::new(self.document, (&id, parent.map(String::as_str)), self.unit, chunk))?;
        if let Some(last) = chunk.level().and_then(|level| self.last.get_mut(level)) {
            *last = id;
        }
        self.chunks += 1;
        self.untold.0 += 1;
        // Each level covers the document; one of them is enough.
        if chunk.parent().is_none() {
            let owned = (chunk.text().len() - chunk.overlap_bytes()) as u64;
            self.bytes += owned;
            self.untold.1 += owned;
        }
        Ok(())
    }
}

/// The chunks of a document that is small enough to be cut as a whole, beside others.
fn cut_small<'a>(
    document: &'a Result<Document, Error>,
    chunker: &'a Chunker,
) -> Option<Result<Vec<Chunk<'a>>, ChunkError>> {
    let document = document.as_ref().ok()?;
    let small = document.text.len() as u64 <= GROUP_BYTES && chunker.is_parallel();
    small.then(|| chunker.chunks(document).collect())
}
