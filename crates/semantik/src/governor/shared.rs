//! [`Shared`]: [`Leases`] that threads share. The lock is held for arithmetic alone, never while anything is read or run.

use std::sync::PoisonError;
use std::time::Duration;

use batch_policy::Bytes;

use super::leases::{Answer, Held, Leases, Reading, Refusal, Request, Ticket};
use super::sync::{Arc, Condvar, Mutex, MutexGuard, now};

/// The leases of one device, for any number of threads.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    leases: Mutex<Leases>,
    /// Something was given back, or another is first.
    changed: Condvar,
}

/// Why there is no lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoLease {
    /// It was refused.
    Refused(Refusal),
    /// Whoever asked was told to stop.
    Stopped,
}

/// Bytes that are promised to some work, until this is dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    shared: Arc<Shared>,
    ticket: Ticket,
    bytes: Bytes,
}

/// How often one who waits looks up, though nobody called: other processes give memory back without a word.
const TICK: Duration = Duration::from_millis(100);

impl Shared {
    /// Waits for its turn and takes a lease. `budget` says what all leases may take together; it is asked when it is this
    /// request's turn, and again after each change, without the lock. `stop` is asked now and then.
    pub(crate) fn acquire(
        shared: &Arc<Shared>,
        request: Request,
        budget: &mut dyn FnMut() -> Bytes,
        stop: &dyn Fn() -> bool,
    ) -> Result<Lease, NoLease> {
        let ticket = shared.lock().ask(request, now());
        // On every way out, a panic of `budget` included, the next in line is woken.
        let asked = Asked { shared, ticket };
        let mut reading = None;
        loop {
            if stop() {
                return Err(NoLease::Stopped);
            }
            let mut leases = shared.lock();
            let epoch = leases.epoch();
            match leases.answer(ticket, reading.take(), now()) {
                Answer::Granted(bytes) => {
                    drop(leases);
                    // Wakes who is first now.
                    drop(asked);
                    return Ok(Lease { shared: Arc::clone(shared), ticket, bytes });
                }
                Answer::Refused(why) => return Err(NoLease::Refused(why)),
                Answer::Read => {
                    drop(leases);
                    reading = Some(Reading { budget: budget(), epoch });
                }
                Answer::Wait => {
                    let woken = shared.changed.wait_timeout(leases, TICK);
                    drop(woken.unwrap_or_else(PoisonError::into_inner));
                }
            }
        }
    }

    /// Whether anything is promised.
    pub(crate) fn is_held(&self) -> bool {
        self.lock().held().next().is_some()
    }

    /// What is promised to whom, and how many wait.
    pub(crate) fn snapshot(&self) -> (Vec<Held>, usize) {
        let leases = self.lock();
        (leases.held().cloned().collect(), leases.waiting())
    }

    /// Changes what others may wait for.
    fn change(&self, change: impl FnOnce(&mut Leases)) {
        let mut leases = self.lock();
        change(&mut leases);
        // Waking is a call to the system, also where nobody sleeps.
        let someone_waits = leases.waiting() > 0;
        drop(leases);
        if someone_waits {
            self.changed.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Leases> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    /// How many bytes.
    pub(crate) fn bytes(&self) -> Bytes {
        self.bytes
    }

    /// Gives back what the work turned out not to need.
    pub(crate) fn shrink(&mut self, bytes: Bytes) {
        if bytes < self.bytes {
            self.bytes = bytes;
            self.shared.change(|leases| leases.shrink(self.ticket, bytes));
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.shared.change(|leases| leases.release(self.ticket, now()));
    }
}

/// A request that waits.
struct Asked<'a> {
    shared: &'a Shared,
    ticket: Ticket,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.shared.change(|leases| leases.withdraw(self.ticket));
    }
}
