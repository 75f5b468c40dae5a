//! [`Embedding`]: a window is embedded on a thread of its own, while the one before it is written and the next one cut.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, Scope, ScopedJoinHandle};

use super::window::{Batch, Landed};
use crate::adaptive::{AdaptiveEmbedder, BatchDone};
use crate::pipeline::{Event, Run};

/// Embeds one window at a time. The thread mostly waits: for the device, or for the threads that compute on the processor.
pub(super) struct Embedding<'scope> {
    embedder: &'scope AdaptiveEmbedder,
    stops: &'scope (dyn Fn() -> bool + Sync),
    /// None where no thread is to be had: then it is embedded when somebody waits for it.
    thread: Option<Thread<'scope>>,
    here: Option<Batch>,
    /// What was heard before anybody waited for it.
    landed: Option<Landed>,
    is_busy: bool,
}

struct Thread<'scope> {
    batches: Sender<Batch>,
    told: Receiver<Told>,
    handle: ScopedJoinHandle<'scope, ()>,
}

enum Told {
    Ran(BatchDone),
    Landed(Landed),
}

impl<'scope> Embedding<'scope> {
    /// Ends with `scope`, or between two batches once `stops` says so.
    pub(super) fn new<'env>(
        embedder: &'scope AdaptiveEmbedder,
        stops: &'scope (dyn Fn() -> bool + Sync),
        scope: &'scope Scope<'scope, 'env>,
    ) -> Self {
        let (batches, sent) = channel::<Batch>();
        let (tells, told) = channel();
        let work = move || {
            for batch in sent {
                let landed = batch.embed(embedder, stops, &mut |batch| {
                    // Who is gone wants no news.
                    let _ = tells.send(Told::Ran(batch));
                });
                if tells.send(Told::Landed(landed)).is_err() {
                    return;
                }
            }
        };
        let handle = Builder::new().name("embed".to_owned()).spawn_scoped(scope, work);
        let thread = handle.ok().map(|handle| Thread { batches, told, handle });
        Embedding { embedder, stops, thread, here: None, landed: None, is_busy: false }
    }

    /// Whether a window is embedded.
    pub(super) fn is_busy(&self) -> bool {
        self.is_busy
    }

    /// Begins to embed a window; the one before has landed.
    pub(super) fn begin(&mut self, batch: Batch) {
        self.is_busy = true;
        match &self.thread {
            // What is sent comes back where the thread is gone.
            Some(thread) => self.here = thread.batches.send(batch).err().map(|unsent| unsent.0),
            None => self.here = Some(batch),
        }
    }

    /// Tells of the batches that ran since the last time.
    pub(super) fn tell(&mut self, run: &mut Run<'_>) {
        let heard = self.thread.iter().flat_map(|thread| thread.told.try_iter());
        for told in heard {
            match told {
                Told::Ran(batch) => tell(batch, run),
                Told::Landed(landed) => self.landed = Some(landed),
            }
        }
    }

    /// Waits for the window that is embedded, and tells of its batches; none where there is none.
    pub(super) fn land(&mut self, run: &mut Run<'_>) -> Option<Landed> {
        if !std::mem::take(&mut self.is_busy) {
            return None;
        }
        if self.landed.is_some() {
            return self.landed.take();
        }
        if let Some(batch) = self.here.take() {
            return Some(batch.embed(self.embedder, self.stops, &mut |batch| tell(batch, run)));
        }
        for told in self.thread.iter().flat_map(|thread| &thread.told) {
            match told {
                Told::Ran(batch) => tell(batch, run),
                Told::Landed(landed) => return Some(landed),
            }
        }
        // The thread ended in the middle of its work: its panic is the caller's.
        let handle = self.thread.take()?.handle;
        match handle.join() {
            Ok(()) => None,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

fn tell(batch: BatchDone, run: &mut Run<'_>) {
    (run.on_event)(Event::Embedded { chunks: batch.items, tokens: batch.tokens });
}
