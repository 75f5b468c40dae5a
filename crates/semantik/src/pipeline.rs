//! The runs: documents to chunks, and documents to vectors.
//!
//! A run tells what it does as [`Event`]s, on the thread that called it, and stops between two batches once its
//! [`Cancel`] is set, from whichever thread; what is finished by then is written.
//!
//! ```
//! use std::sync::Arc;
//!
//! use semantik::chunk_strategies::Fallback;
//! use semantik::embed_burn::{Backend, ModelFolder};
//! use semantik::pipeline::{self, Control, EmbedJob, EmbedOptions, Event};
//! use semantik::sink::JsonLines;
//! use semantik::{AdaptiveEmbedder, ChunkSettings, Chunker, DeviceLimits, Inputs};
//! # let built = device_suite::SeededModel::new(device_suite::Sizes::TINY).unwrap();
//! # let documents = tempfile::tempdir().unwrap();
//! # for number in 0..300 {
//! #     let text = format!("{number}: {}", "the quick fox and the lazy dog. ".repeat(20));
//! #     std::fs::write(documents.path().join(format!("{number}.txt")), text).unwrap();
//! # }
//! # let (model, documents) = (built.path(), documents.path());
//!
//! let folder = ModelFolder::open(model)?;
//! let embedder = AdaptiveEmbedder::load(&folder, Backend::Cpu.into(), &DeviceLimits::default())?;
//! let embedder = Arc::new(embedder);
//! let chunker = Chunker::for_embedding(&ChunkSettings::default(), &folder, &embedder, Fallback::Recursive)?;
//! let job = EmbedJob { chunker: &chunker, embedder: &embedder, options: EmbedOptions::default() };
//!
//! let control = Control::default();
//! let cancel = control.cancel.clone();
//! let mut sink = JsonLines::new(Vec::new(), "the output");
//! let (mut documents_done, mut chunks_done) = (0, 0);
//! let summary = pipeline::embed(&Inputs::new([documents]), &job, &mut sink, &control, &mut |event| {
//!     match event {
//!         Event::Embedded { chunks, tokens } => {
//!             println!("{chunks} chunks of {tokens} tokens");
//!             // After the first batch here; otherwise a signal's handler or a button would.
//!             cancel.set();
//!         }
//!         Event::Written { chunks, .. } => chunks_done += chunks,
//!         Event::Finished { .. } => documents_done += 1,
//!         Event::Failed { document, error } => eprintln!("{document}: {error}"),
//!         _ => {}
//!     }
//! })?;
//!
//! assert!(summary.interrupted && summary.finished < 300);
//! assert_eq!((summary.chunks, summary.finished), (chunks_done, documents_done));
//! let lines = String::from_utf8(sink.into_inner()).unwrap_or_default();
//! assert_eq!(lines.lines().count(), chunks_done);
//! # Ok::<(), semantik::Error>(())
//! ```

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
    /// Set to stop between documents and between batches, whether or not the embedder has it too.
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
