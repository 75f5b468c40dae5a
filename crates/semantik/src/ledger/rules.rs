//! [`decide`]: what a process may take of a device that it shares with others, from what all of them wrote.

use batch_policy::Bytes;
use serde::{Deserialize, Serialize};

/// One process, as it wrote of itself. Bytes are beyond what its models' weights hold, except [`held`](Entry::held); times
/// are milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) pid: u32,
    /// When it began, so that another process that was given the same number later is not taken for it.
    pub(super) started: u64,
    /// What its batches may take at this moment.
    pub(super) promised: u64,
    pub(super) promised_at: u64,
    /// What its pool holds and no tensor uses, when it last looked.
    pub(super) idle: u64,
    /// What its pool holds in all, weights included, when it last looked.
    pub(super) held: u64,
    /// Since when it has had less than its share, and wants more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) waiting_since: Option<u64>,
    /// When it last looked.
    pub(super) seen: u64,
}

/// What was promised counts for so long: by then a batch has taken what it takes, and whoever measures the device sees it. So
/// a process that hangs holds up nobody.
pub(super) const PROMISE: u64 = 60_000;
/// A process that looked so recently wants memory, though it may be between two batches.
const LATELY: u64 = 10_000;

impl Entry {
    /// Whether both are of one process.
    pub(super) fn is_of(&self, other: &Entry) -> bool {
        (self.pid, self.started) == (other.pid, other.started)
    }

    /// Whether it takes part in sharing at this moment.
    pub(super) fn wants(&self, now: u64) -> bool {
        now.saturating_sub(self.seen) < LATELY || self.counted(now) > 0
    }

    fn waits(&self, now: u64) -> bool {
        self.waiting_since.is_some() && self.wants(now)
    }

    fn counted(&self, now: u64) -> u64 {
        if now.saturating_sub(self.promised_at) < PROMISE { self.promised } else { 0 }
    }

    /// What it was promised and does not hold yet: free still, and another's already.
    fn outstanding(&self, now: u64) -> Bytes {
        Bytes::new(self.counted(now).saturating_sub(self.idle))
    }

    /// What it has, or is about to have, of what all share. While its batch runs its pool may have grown to what it was
    /// promised already, which is then missing from what is free.
    fn shared(&self, now: u64) -> Bytes {
        if self.wants(now) { Bytes::new(self.idle.max(self.counted(now))) } else { Bytes::default() }
    }

    /// All that it takes, where nobody measures what it holds.
    fn whole(&self, now: u64) -> Bytes {
        let weights = self.held.saturating_sub(self.idle);
        Bytes::new(weights.saturating_add(self.counted(now).max(self.idle)))
    }
}

/// What a process wants to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    /// What its batches could take if it were alone: of what is free and what its own pool holds idle, the share that
    /// its safety factor allows.
    pub(crate) budget: Bytes,
    /// The safety factor, in thousandths.
    pub(crate) safety_permille: u32,
    /// Whether the budget was measured, so that what others hold is missing from it already.
    pub(crate) is_measured: bool,
    /// What its own pool holds idle.
    pub(crate) idle: Bytes,
    /// What its own pool holds in all.
    pub(crate) held: Bytes,
    /// What it could use; more than that is never promised to it.
    pub(crate) want: Bytes,
}

/// What it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decision {
    /// What its batches may take.
    pub(super) usable: Bytes,
    /// What is fairly its.
    pub(super) share: Bytes,
    /// Whether it has less than it wants and less than its share.
    pub(super) waits: bool,
    /// Whether what its pool holds idle is more than its share, and another waits for it.
    pub(super) gives_back: bool,
}

/// Shares a device between this process and the `others` that live:
///
/// 1. What others were promised and do not hold yet is not there: it comes off the budget.
/// 2. A *fair share* is what there is for all, by the safety factor (what is free, and what the pools of those that take
///    part hold idle), over how many take part. Those do who have a batch running, or looked within ten seconds.
/// 3. Who has less than its share, and wants more, waits.
/// 4. While anybody else waits, nobody takes more than its share, and who holds more than that idle gives it back. While
///    nobody waits, what there is is for whoever asks first.
///
/// So what was promised and is still to be taken is never more of what is free than the safety factor allows; and whoever waits
/// has about its share after a few batches of the others: the next in which they keep to theirs, and those in which their pools
/// grow again to what is known of them.
pub(super) fn decide(others: &[Entry], ask: &Ask, now: u64) -> Decision {
    let taking_part = |entry: &&Entry| entry.wants(now);
    let parts = 1 + others.iter().filter(taking_part).count() as u64;
    let sum =
        |of: &dyn Fn(&Entry) -> Bytes| others.iter().map(of).fold(Bytes::default(), Bytes::saturating_add);
    let (taken, elsewhere) = if ask.is_measured {
        (outstanding(others, now), sum(&|entry| entry.shared(now)).permille(ask.safety_permille))
    } else {
        (sum(&|entry| entry.whole(now)), Bytes::default())
    };
    let available = ask.budget.saturating_sub(taken);
    let share = Bytes::new(ask.budget.saturating_add(elsewhere).get() / parts);
    let is_waited_for = others.iter().any(|entry| entry.waits(now));
    Decision {
        usable: if is_waited_for { available.min(share) } else { available },
        share,
        waits: available < share.min(ask.want),
        gives_back: is_waited_for && ask.idle > share,
    }
}

/// What others were promised and do not hold yet.
pub(super) fn outstanding(others: &[Entry], now: u64) -> Bytes {
    others.iter().map(|entry| entry.outstanding(now)).fold(Bytes::default(), Bytes::saturating_add)
}

#[cfg(test)]
mod tests;
