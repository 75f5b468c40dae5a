//! [`Crossings`]: watermarks that were crossed, for who waits for them.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::watermark::Crossing;

/// Receives each crossing of a watermark. Dropped, it receives nothing more.
///
/// Sampling never waits for a receiver: where there is no room, the oldest crossing goes, and
/// [`missed`](Crossings::missed) counts it. The newest is always there, so the level is known even to who comes late.
#[derive(Debug)]
pub struct Crossings(Arc<Inbox>);

impl Crossings {
    pub(super) fn new(room: NonZeroUsize) -> Self {
        let state = State { room, waiting: VecDeque::new(), missed: 0, closed: false };
        Crossings(Arc::new(Inbox { state: Mutex::new(state), arrived: Condvar::new() }))
    }

    pub(super) fn inbox(&self) -> &Arc<Inbox> {
        &self.0
    }

    /// The next crossing, if there is one.
    pub fn try_next(&self) -> Option<Crossing> {
        self.0.lock().waiting.pop_front()
    }

    /// The next crossing, waited for. `None`: there was none in that time, or the sampler has ended.
    pub fn next_within(&self, time: Duration) -> Option<Crossing> {
        let state = self.0.lock();
        let waits = |state: &mut State| state.waiting.is_empty() && !state.closed;
        let waited = self.0.arrived.wait_timeout_while(state, time, waits);
        waited.unwrap_or_else(PoisonError::into_inner).0.waiting.pop_front()
    }

    /// How many crossings went because there was no room.
    pub fn missed(&self) -> u64 {
        self.0.lock().missed
    }
}

/// Each crossing as it comes, until the sampler ends.
impl Iterator for Crossings {
    type Item = Crossing;

    fn next(&mut self) -> Option<Crossing> {
        let waits = |state: &mut State| state.waiting.is_empty() && !state.closed;
        let waited = self.0.arrived.wait_while(self.0.lock(), waits);
        waited.unwrap_or_else(PoisonError::into_inner).waiting.pop_front()
    }
}

#[derive(Debug)]
pub(super) struct Inbox {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Debug)]
struct State {
    room: NonZeroUsize,
    waiting: VecDeque<Crossing>,
    missed: u64,
    closed: bool,
}

impl Inbox {
    pub(super) fn put(&self, crossing: Crossing) {
        let mut state = self.lock();
        if state.waiting.len() >= state.room.get() {
            state.waiting.pop_front();
            state.missed += 1;
        }
        state.waiting.push_back(crossing);
        self.arrived.notify_one();
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_all();
    }

    /// Nothing is done under this lock that could leave the state half changed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
