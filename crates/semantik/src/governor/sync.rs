//! What [`shared`](super::shared) is built of. Its model test brings its own, which tries every order of events.

pub(crate) use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// The time since the first call: all leases of a process are on one clock.
pub(crate) fn now() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}
