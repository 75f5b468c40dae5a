//! Documents to vectors.

mod ahead;
mod flight;
mod text;
mod window;

use std::time::Instant;

use self::ahead::Ahead;
use self::flight::Embedding;
use self::window::Window;
use super::{Control, Event, Run, Summary};
use crate::adaptive::AdaptiveEmbedder;
use crate::cancel::Cancel;
use crate::chunker::Chunker;
use crate::error::{Error, ErrorKind};
use crate::input::{Inputs, Source};
use crate::settings::ContextUse;
use crate::sink::Sink;

/// How embedding deals with what the model cannot read whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmbedOptions {
    /// What happens to a text that is longer than the model reads.
    pub truncation: Truncation,
    /// Which levels of a hierarchy get vectors.
    pub levels: EmbedLevels,
    /// Whether a chunk's context is embedded with it.
    pub context: ContextUse,
}

/// Which levels of a hierarchy get vectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EmbedLevels {
    /// The finest: the others are for reading, and larger than most models read.
    #[default]
    Leaves,
    /// All.
    All,
}

/// What happens to a text that is longer than the model reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Truncation {
    /// Its end is left out of its vector, and counted in its record.
    #[default]
    Cut,
    /// Its document fails.
    Refuse,
}

/// How documents become vectors: what cuts, what embeds, and how.
#[derive(Clone, Copy, Debug)]
pub struct EmbedJob<'a> {
    /// What cuts.
    pub chunker: &'a Chunker,
    /// What embeds.
    pub embedder: &'a AdaptiveEmbedder,
    /// How it deals with what the model cannot read whole, and with levels and context.
    pub options: EmbedOptions,
}

/// Cuts and embeds every document and writes the records, in the order of the documents.
///
/// Chunks are collected into windows across documents; within a window they are sorted by length and packed into batches
/// that fit the memory of the moment. A text that stands in it several times is embedded once. While a window is embedded,
/// the records of the one before it are written, and the next one is read, cut and tokenised: never more than one ahead. A
/// document whose records `sink` has from an earlier run is not done again. A document that fails is told through `on_event`
/// and counted; it leaves no record where records can be taken back, and none from where it failed on elsewhere.
///
/// `sink` and `on_event` are called on the caller's thread alone. Documents are read on the threads of the rayon pool
/// that this is called from. They are cut and tokenised there too, unless the model computes on the processor: then on
/// the threads that it computes with, of which there are as many as that pool had when the model was loaded, so that
/// the two do not crowd each other out.
///
/// # Errors
/// The output cannot be written, the device failed, or a document failed and the run was to end with it. What was
/// finished before is written.
pub fn embed(
    inputs: &Inputs,
    job: &EmbedJob<'_>,
    sink: &mut dyn Sink,
    control: &Control,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Summary, Error> {
    let start = Instant::now();
    let before = job.embedder.batch_counts();
    let mut run = Run { control, on_event, summary: Summary::default(), start };
    let result = run.embed_all(inputs, job, sink);
    run.summary.elapsed = start.elapsed();
    run.summary.device_pool_bytes = job.embedder.pool().map(|pool| pool.reserved.get());
    run.summary.batches = Some(job.embedder.batch_counts().since(&before));
    run.summary.interrupted = match &result {
        Ok(()) => run.is_cancelled(),
        Err(error) => error.kind() == ErrorKind::Interrupted,
    };
    let written = sink.checkpoint(&run.summary, true);
    match result {
        Err(error) if error.kind() != ErrorKind::Interrupted => Err(error),
        _ => written.map(|()| run.summary),
    }
}

impl Run<'_> {
    fn embed_all(&mut self, inputs: &Inputs, job: &EmbedJob<'_>, sink: &mut dyn Sink) -> Result<(), Error> {
        let sources = self.find(inputs)?;
        for source in &sources {
            sink.note(&source.name());
        }
        sink.checkpoint(&self.summary, true)?;
        let (cancel, abandoned) = (&self.control.cancel, Cancel::new());
        let stops = || cancel.is_set() || abandoned.is_set();
        std::thread::scope(|scope| {
            let mut embedding = Embedding::new(job.embedder, &stops, scope);
            let mut window = Window::new(job);
            let done = self.windows(&sources, inputs, &mut window, &mut embedding, sink);
            // After an error nothing waits for what is still embedded, but what of it is finished is kept where that can be.
            abandoned.set();
            if let Some(landed) = embedding.land(self)
                && !matches!(&done, Err(Ended::OutputFailed(_)))
            {
                // What ended the run is told, and not what came of it.
                let _ = window.write(landed, self, sink);
            }
            done.map_err(Ended::into_error)
        })?;
        if !self.is_cancelled() {
            self.summary.gone_documents = sink.end()?;
        }
        Ok(())
    }

    /// One window after the other. Where this ends with an error, one may still be embedded.
    fn windows(
        &mut self,
        sources: &[Source],
        inputs: &Inputs,
        window: &mut Window<'_>,
        embedding: &mut Embedding<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Ended> {
        let mut ahead = Ahead::new(sources, inputs);
        let is_cut_aside = window.job().chunker.is_parallel();
        loop {
            // A strategy that embeds sentences needs the device itself: nothing is gained beside it.
            let before = if is_cut_aside { None } else { embedding.land(self) };
            let written = before.map_or(Ok(()), |landed| window.write(landed, self, sink));
            let filled =
                written.and_then(|()| ahead.fill(window, embedding, self, sink).map_err(Ended::Failed));
            let next = if filled.is_ok() && !self.is_cancelled() { window.take(self) } else { None };
            let landed = embedding.land(self);
            let failed = landed.as_ref().is_some_and(|landed| landed.result.is_err());
            if let Some(next) = next.filter(|_| !failed) {
                embedding.begin(next);
            }
            let written = landed.map_or(Ok(()), |landed| window.write(landed, self, sink));
            filled.and(written)?;
            if !embedding.is_busy() {
                break;
            }
        }
        if self.is_cancelled() {
            Ok(())
        } else {
            window.write_settled(self, sink).map_err(Ended::OutputFailed)
        }
    }
}

/// Why a run ends before its end.
enum Ended {
    /// The output cannot be written.
    OutputFailed(Error),
    /// What comes after can be written.
    Failed(Error),
}

impl Ended {
    fn into_error(self) -> Error {
        match self {
            Ended::OutputFailed(error) | Ended::Failed(error) => error,
        }
    }
}

#[cfg(feature = "cpu")]
#[cfg(test)]
mod tests;
