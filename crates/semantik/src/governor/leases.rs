//! [`Leases`]: which bytes of a device are promised to whom, and who waits for some. Knows neither clock nor threads.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use batch_policy::Bytes;

/// How soon a request has its turn: a higher priority counts as having come earlier. So requests age: what came long enough
/// ago is before everything that comes now, whatever the priorities, and none starves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Priority {
    /// Work that nobody waits for: as if it had come a minute later.
    Low,
    /// A run like others.
    #[default]
    Normal,
    /// Somebody waits for the answer: as if it had come ten seconds earlier.
    High,
}

impl Priority {
    /// How much later than one of the highest priority a request counts as having come.
    const fn handicap(self) -> Duration {
        match self {
            Priority::Low => Duration::from_secs(70),
            Priority::Normal => Duration::from_secs(10),
            Priority::High => Duration::ZERO,
        }
    }
}

/// What becomes of a request of which even the least is more than the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OverBudget {
    /// It is tried with the whole budget, once nobody else holds anything: a prediction is an upper bound, so that what
    /// is predicted not to fit may fit all the same.
    Alone,
    /// It is refused, unless others hold something that they will give back.
    Refuse,
}

/// A wish for memory.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Whose work it is, for people.
    pub(crate) owner: Arc<str>,
    /// The bytes that its work takes at most.
    pub(crate) want: Bytes,
    /// The fewest bytes that are of use: the work can be cut to any size between.
    pub(crate) least: Bytes,
    pub(crate) over_budget: OverBudget,
    pub(crate) priority: Priority,
    /// How long it waits while nobody gives anything back.
    pub(crate) patience: Duration,
}

/// Which request or lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ticket(u64);

/// What became of a request so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// So many bytes are its own, until they are released.
    Granted(Bytes),
    /// Others come first, or hold what it needs.
    Wait,
    /// It is first, and what there is must be read: the budget that was given is missing or older than what was released
    /// since.
    Read,
    /// It will not be granted, and waits no longer.
    Refused(Refusal),
}

/// Why a request is not granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Its least is more than the budget, and nobody holds anything.
    TooLarge {
        /// The budget.
        budget: Bytes,
    },
    /// Nobody gave anything back for as long as it was ready to wait.
    TimedOut {
        /// What others hold.
        held: Bytes,
    },
}

/// What there is to share out, as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The bytes that all leases may take together.
    pub(crate) budget: Bytes,
    /// [`Leases::epoch`] from before it was read.
    pub(crate) epoch: u64,
}

/// Bytes that are promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) owner: Arc<str>,
    pub(crate) bytes: Bytes,
    pub(crate) since: Duration,
}

/// The leases of one device. Plain data: the same calls give the same answers.
///
/// - When a lease is granted, all leases together are no more than the budget that its request brought.
/// - Requests are granted in the order of their turns: one that has come is before all that come more than 70 s later.
///   Only the first is granted, so that small ones do not keep a large one waiting.
/// - A request is cut to less than it wants by the budget alone, and never because others are at work: they will be done.
/// - Nobody waits for a budget: what does not fit it is tried alone, or refused.
#[derive(Debug, Default)]
pub(crate) struct Leases {
    held: BTreeMap<Ticket, Held>,
    /// In the order of their turns.
    waiting: Vec<Waiting>,
    next: u64,
    epoch: u64,
    /// When something was given back last.
    moved: Duration,
}

#[derive(Debug)]
struct Waiting {
    ticket: Ticket,
    turn: Duration,
    since: Duration,
    request: Request,
}

impl Leases {
    /// Takes in a request.
    pub(crate) fn ask(&mut self, request: Request, now: Duration) -> Ticket {
        let ticket = Ticket(self.next);
        self.next += 1;
        let turn = now.saturating_add(request.priority.handicap());
        let place = self.waiting.partition_point(|other| (other.turn, other.ticket) <= (turn, ticket));
        self.waiting.insert(place, Waiting { ticket, turn, since: now, request });
        ticket
    }

    /// What becomes of a request now. What is refused has to be [withdrawn](Leases::withdraw) like any other.
    pub(crate) fn answer(&mut self, ticket: Ticket, reading: Option<Reading>, now: Duration) -> Answer {
        let Some(place) = self.waiting.iter().position(|waiting| waiting.ticket == ticket) else {
            return Answer::Wait;
        };
        let held = self.held_bytes();
        if place == 0 {
            let Some(Reading { budget, .. }) = reading.filter(|reading| reading.epoch == self.epoch) else {
                return Answer::Read;
            };
            let request = &self.waiting[0].request;
            let size = request.want.min(budget);
            let granted = if size >= request.least {
                (held.saturating_add(size) <= budget).then_some(size)
            } else if !self.held.is_empty() {
                None
            } else if request.over_budget == OverBudget::Alone {
                Some(budget)
            } else {
                return Answer::Refused(Refusal::TooLarge { budget });
            };
            if let Some(bytes) = granted {
                let owner = self.waiting.remove(0).request.owner;
                self.held.insert(ticket, Held { owner, bytes, since: now });
                return Answer::Granted(bytes);
            }
        }
        let waiting = &self.waiting[place];
        if now.saturating_sub(waiting.since.max(self.moved)) >= waiting.request.patience {
            return Answer::Refused(Refusal::TimedOut { held });
        }
        Answer::Wait
    }

    /// Forgets a request that was not granted.
    pub(crate) fn withdraw(&mut self, ticket: Ticket) {
        self.waiting.retain(|waiting| waiting.ticket != ticket);
    }

    /// Makes a lease smaller; a larger size changes nothing.
    pub(crate) fn shrink(&mut self, ticket: Ticket, bytes: Bytes) {
        if let Some(held) = self.held.get_mut(&ticket) {
            held.bytes = held.bytes.min(bytes);
        }
    }

    /// Takes a lease back. Work has gone on: whoever waits has all their patience again.
    pub(crate) fn release(&mut self, ticket: Ticket, now: Duration) {
        if self.held.remove(&ticket).is_some() {
            self.epoch += 1;
            self.moved = self.moved.max(now);
        }
    }

    /// Counts what was released: a budget that was read before no longer says what there is.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The bytes of all leases.
    pub(crate) fn held_bytes(&self) -> Bytes {
        self.held.values().fold(Bytes::new(0), |sum, held| sum.saturating_add(held.bytes))
    }

    /// The leases, the oldest first.
    pub(crate) fn held(&self) -> impl Iterator<Item = &Held> {
        self.held.values()
    }

    /// How many requests wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

// Named, since the tests in `loom/` compile this file under a root of their own.
#[cfg(test)]
#[path = "leases/tests.rs"]
mod tests;
