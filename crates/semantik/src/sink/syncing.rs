//! [`Syncing`]: has a file on the disk every now and then, beside the run that writes it.

use std::fs::File;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What a power cut may cost, in time and in bytes: the file is asked onto the disk once both have passed. On a thread of
/// its own, since a disk may take as long as a batch does.
const PAUSE: Duration = Duration::from_secs(1);
const BYTES: u64 = 4 << 20;

#[derive(Debug)]
pub(super) struct Syncing {
    file: Option<File>,
    worker: Option<Worker>,
    last: Instant,
    bytes: u64,
}

#[derive(Debug)]
struct Worker {
    asks: SyncSender<()>,
    failures: Receiver<io::Error>,
    thread: JoinHandle<()>,
}

impl Syncing {
    /// # Errors
    /// There is no second handle to be had of the file.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        Ok(Syncing { file: Some(file.try_clone()?), worker: None, last: Instant::now(), bytes: 0 })
    }

    /// Takes note of bytes that were written.
    ///
    /// # Errors
    /// What was written earlier did not reach the disk.
    pub(super) fn wrote(&mut self, bytes: u64) -> io::Result<()> {
        self.bytes += bytes;
        if self.bytes < BYTES || self.last.elapsed() < PAUSE {
            return Ok(());
        }
        (self.bytes, self.last) = (0, Instant::now());
        if let Some(file) = self.file.take() {
            self.worker = Worker::start(file);
        }
        self.worker.as_ref().map_or(Ok(()), Worker::ask)
    }

    /// Waits for what was asked for.
    ///
    /// # Errors
    /// What was written earlier did not reach the disk.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        let Some(Worker { asks, failures, thread }) = self.worker.take() else { return Ok(()) };
        drop(asks);
        // It does nothing that could panic.
        let _ = thread.join();
        failures.try_recv().map_or(Ok(()), Err)
    }
}

impl Worker {
    /// None where no thread is to be had: the end of the run syncs all the same.
    fn start(file: File) -> Option<Self> {
        let (asks, asked) = sync_channel::<()>(1);
        let (fails, failures) = sync_channel(1);
        let work = move || {
            for () in asked {
                if let Err(error) = file.sync_data() {
                    // Who has not heard of the one before needs no second.
                    let _ = fails.try_send(error);
                }
            }
        };
        let thread = std::thread::Builder::new().name("semantik-sync".to_owned()).spawn(work).ok()?;
        Some(Worker { asks, failures, thread })
    }

    fn ask(&self) -> io::Result<()> {
        match self.asks.try_send(()) {
            // It is still at the one before: the next one takes these bytes along.
            Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(())) => {}
        }
        self.failures.try_recv().map_or(Ok(()), Err)
    }
}
