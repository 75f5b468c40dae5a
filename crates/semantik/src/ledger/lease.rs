//! [`Lease`]: bytes that are promised to this process, until it is dropped.

use std::sync::Arc;

use batch_policy::Bytes;

use super::Ledger;

/// What a process was given.
#[derive(Debug)]
pub(crate) struct Grant {
    /// What its batch may take.
    pub(crate) usable: Bytes,
    /// What is fairly its: while others take part, it should not run with less, but wait.
    pub(crate) share: Bytes,
    /// Whether what its pool holds idle is more than its share, and another waits for it.
    pub(crate) gives_back: bool,
    /// How many other processes are on the device.
    pub(crate) others: usize,
    /// Keeps what was promised: as much as was wanted, of what is usable.
    pub(crate) lease: Lease,
}

/// Bytes that no other process is promised while it lives.
#[derive(Debug)]
pub(crate) struct Lease {
    ledger: Arc<Ledger>,
    bytes: Bytes,
}

impl Lease {
    pub(super) fn new(ledger: Arc<Ledger>, bytes: Bytes) -> Self {
        Lease { ledger, bytes }
    }

    /// Gives back all but this: a batch was cut, and takes less.
    pub(crate) fn shrink(&mut self, to: Bytes) {
        let less = self.bytes.saturating_sub(to);
        if less > Bytes::default() {
            self.bytes = to;
            self.ledger.release(less);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.bytes > Bytes::default() {
            self.ledger.release(self.bytes);
        }
    }
}
