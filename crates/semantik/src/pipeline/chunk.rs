//! Documents to chunks.

use std::time::Instant;

use chunk_strategies::{Chunk, ChunkError, ChunkIds};
use rayon::prelude::*;

use super::{Control, Event, Run, Summary};
use crate::chunker::Chunker;
use crate::error::Error;
use crate::input::{Document, Inputs, Source};
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
    let mut run = Run { control, on_event, summary: Summary::default() };
    let sources = run.find(inputs)?;
    let mut rest = &sources[..];
    while !rest.is_empty() && !run.is_cancelled() {
        let (group, later) = rest.split_at(group_len(rest));
        run.group(group, inputs, chunker, sink)?;
        rest = later;
    }
    sink.flush()?;
    run.summary.interrupted = run.is_cancelled();
    run.summary.elapsed = start.elapsed();
    Ok(run.summary)
}

/// How many sources make a group: at least one.
fn group_len(sources: &[Source]) -> usize {
    let mut bytes = 0;
    let fits = |source: &&Source| match source {
        Source::File { bytes: size, .. } => {
            bytes += size;
            bytes <= GROUP_BYTES
        }
        Source::Stdin => false,
    };
    sources.iter().take_while(fits).count().max(1)
}

impl Run<'_> {
    /// Looks for documents; what is missing is told first.
    pub(super) fn find(&mut self, inputs: &Inputs) -> Result<Vec<Source>, Error> {
        let found = inputs.find();
        self.summary.binaries = found.binaries;
        (self.on_event)(Event::Found { documents: found.sources.len(), bytes: found.bytes });
        for error in found.errors {
            self.failed(error)?;
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
                    self.failed(Error::chunk(&document.name, error))?;
                }
                (Ok(document), None) => {
                    self.write(document, chunker, &mut chunker.chunks(&document.text), sink)?;
                }
            }
        }
        // Last, since an error is moved out of what the chunks borrow from.
        drop(chunks);
        documents.into_iter().filter_map(Result::err).try_for_each(|error| self.failed(error))
    }

    fn write<'a>(
        &mut self,
        document: &'a Document,
        chunker: &Chunker,
        chunks: &mut dyn Iterator<Item = Result<Chunk<'a>, ChunkError>>,
        sink: &mut dyn Sink,
    ) -> Result<(), Error> {
        self.read(document);
        let mut ids = ChunkIds::new();
        // The last chunk's on each level: that of the level above is the parent's.
        let mut last: Vec<String> = vec![String::new(); chunker.levels().len()];
        let mut count = 0;
        let mut fell_back = false;
        for chunk in chunks {
            // A stop during the embedding of semantic chunking shows as a fallback: such chunks are not what was asked.
            if self.is_cancelled() {
                return Ok(());
            }
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(error) => return self.failed(Error::chunk(&document.name, error)),
            };
            fell_back |= chunk.strategy() != chunker.strategy();
            let id = ids.assign(&chunk);
            let parent = chunk.parent().and_then(|_| last.get(chunk.level()?.checked_sub(1)?));
            let names = (&id[..], parent.map(String::as_str));
            sink.write(&Record::new(&document.name, names, chunker.unit().as_str(), &chunk))?;
            if let Some(last) = chunk.level().and_then(|level| last.get_mut(level)) {
                *last = id;
            }
            count += 1;
        }
        self.summary.chunks += count;
        self.summary.bytes += document.text.len() as u64;
        self.summary.fallbacks += usize::from(fell_back);
        (self.on_event)(Event::Chunked {
            document: &document.name,
            bytes: document.text.len(),
            chunks: count,
        });
        (self.on_event)(Event::Written { chunks: count, bytes: document.text.len() as u64 });
        Ok(())
    }
}

/// The chunks of a document that is small enough to be cut as a whole, beside others.
fn cut_small<'a>(
    document: &'a Result<Document, Error>,
    chunker: &'a Chunker,
) -> Option<Result<Vec<Chunk<'a>>, ChunkError>> {
    let text = &document.as_ref().ok()?.text;
    let small = text.len() as u64 <= GROUP_BYTES && chunker.is_parallel();
    small.then(|| chunker.chunks(text).collect())
}
