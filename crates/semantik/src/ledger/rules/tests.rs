//! Properties of sharing, and a model of processes that share a device.

use proptest::prelude::*;

use super::*;

const GIB: u64 = 1 << 30;
const NOW: u64 = 1_000_000_000;
/// How many batches a process may have to run with less than half its share, one after the other: others give back, and their pools
/// grow again, before what they hold is known.
const ROUNDS: u32 = 4;

fn ask(budget: u64, idle: u64, want: u64) -> Ask {
    Ask {
        budget: Bytes::new(budget),
        safety_permille: 700,
        is_measured: true,
        idle: Bytes::new(idle),
        held: Bytes::new(idle),
        want: Bytes::new(want),
    }
}

fn other(promised: u64, idle: u64) -> Entry {
    Entry { pid: 1, promised, idle, promised_at: NOW, seen: NOW, ..Entry::default() }
}

#[test]
fn what_another_was_promised_and_does_not_hold_is_not_there() {
    let decision = decide(&[other(4 * GIB, GIB)], &ask(7 * GIB, 0, 7 * GIB), NOW);
    assert_eq!(decision.usable, Bytes::new(4 * GIB));
    // What it holds already is missing from what was measured.
    assert_eq!(decide(&[other(GIB, 4 * GIB)], &ask(7 * GIB, 0, GIB), NOW).usable, Bytes::new(7 * GIB));
}

#[test]
fn alone_a_process_has_everything_and_waits_for_nobody() {
    let decision = decide(&[], &ask(7 * GIB, GIB, 20 * GIB), NOW);
    assert_eq!((decision.usable, decision.share), (Bytes::new(7 * GIB), Bytes::new(7 * GIB)));
    assert!(!decision.waits && !decision.gives_back);
}

#[test]
fn a_newcomer_waits_and_who_holds_more_than_its_share_gives_back() {
    // Ten are there; the other's pool holds eight idle, so that seven tenths of two are left.
    let holder = other(0, 8 * GIB);
    let newcomer = decide(&[holder], &ask((2 * GIB) * 7 / 10, 0, 9 * GIB), NOW);
    assert!(newcomer.waits, "{newcomer:?}");
    let waiting = Entry { pid: 2, waiting_since: Some(NOW), ..other(0, 0) };
    let told = decide(&[waiting], &ask(7 * GIB, 8 * GIB, 9 * GIB), NOW);
    assert_eq!((told.usable, told.gives_back), (Bytes::new(7 * GIB / 2), true), "{told:?}");
    // Once it has its share it does not wait any more.
    let served = decide(&[other(0, 7 * GIB / 2)], &ask(13 * GIB / 2 * 7 / 10, 0, 9 * GIB), NOW);
    assert!(!served.waits, "{served:?}");
}

#[test]
fn a_process_that_hangs_holds_up_nobody_for_longer_than_its_promise_counts() {
    let hanging = Entry { waiting_since: Some(NOW), ..other(7 * GIB, 0) };
    let before = decide(&[hanging], &ask(7 * GIB, 0, GIB), NOW + PROMISE - 1);
    assert_eq!((before.usable, before.waits), (Bytes::new(0), true));
    let after = decide(&[hanging], &ask(7 * GIB, 0, GIB), NOW + PROMISE);
    assert_eq!((after.usable, after.share, after.waits), (Bytes::new(7 * GIB), Bytes::new(7 * GIB), false));
}

#[test]
fn a_process_at_rest_takes_no_share() {
    let resting = Entry { seen: NOW - LATELY, ..other(0, 0) };
    assert_eq!(decide(&[resting], &ask(7 * GIB, 0, GIB), NOW).share, Bytes::new(7 * GIB));
}

#[test]
fn where_nobody_measures_all_that_others_hold_is_taken() {
    let holder = Entry { held: GIB, ..other(2 * GIB, GIB / 2) };
    let unmeasured = Ask { is_measured: false, ..ask(7 * GIB, 0, GIB) };
    // Half a GiB of weights, and a promise of two.
    assert_eq!(decide(&[holder], &unmeasured, NOW).usable, Bytes::new(7 * GIB - 5 * GIB / 2));
}

#[test]
fn a_clock_that_was_set_back_makes_nobody_dead_and_no_sum_overflow() {
    let future = Entry { seen: u64::MAX, promised_at: u64::MAX, ..other(u64::MAX, u64::MAX) };
    let decision = decide(&[future; 3], &ask(u64::MAX, u64::MAX, u64::MAX), NOW);
    assert!(decision.share.get() > 0 && decision.usable.get() > 0, "{decision:?}");
}

/// Processes on a device of `memory` bytes that strangers leave alone. Each holds what its largest batch took since it
/// last gave back, and measures truly.
#[derive(Debug)]
struct Device {
    memory: u64,
    safety: u32,
    entries: Vec<Entry>,
    /// What each really holds idle, or its batch uses.
    pools: Vec<u64>,
    /// The batch of each that runs.
    running: Vec<Option<u64>>,
}

impl Device {
    fn free(&self) -> u64 {
        self.memory - self.pools.iter().sum::<u64>()
    }

    /// A process comes to its next batch: it ends the one that runs, gives back what it is asked for, and begins one that
    /// takes all that it may and wants.
    fn look(&mut self, process: usize, want: u64, now: u64) -> Decision {
        self.running[process] = None;
        let mut decision = self.decide(process, want, now);
        if decision.gives_back {
            self.pools[process] = 0;
            decision = self.decide(process, want, now);
        }
        let promised = decision.usable.get().min(want);
        let entry = &mut self.entries[process];
        entry.waiting_since = decision.waits.then_some(now);
        (entry.promised, entry.promised_at, entry.seen) = (promised, now, now);
        (entry.idle, entry.held) = (self.pools[process], self.pools[process]);
        self.running[process] = Some(promised);
        decision
    }

    fn decide(&self, process: usize, want: u64, now: u64) -> Decision {
        let mut others = self.entries.clone();
        others.remove(process);
        let idle = self.pools[process];
        let budget = Bytes::new(self.free() + idle).permille(self.safety);
        decide(&others, &Ask { budget, safety_permille: self.safety, ..ask(0, idle, want) }, now)
    }

    /// The pool of a process takes what its batch was promised.
    fn grow(&mut self, process: usize) -> Result<(), String> {
        let Some(promised) = self.running[process] else { return Ok(()) };
        let more = promised.saturating_sub(self.pools[process]);
        if more > self.free() {
            return Err(format!(
                "process {process} needs {more} more of {} that are free: {self:?}",
                self.free()
            ));
        }
        self.pools[process] += more;
        Ok(())
    }
}

fn device(count: usize, memory: u64, safety: u32, pools: &[u64]) -> Device {
    let entry = |pid: usize| Entry { pid: pid as u32, seen: NOW, ..Entry::default() };
    // What pools hold at the start fits.
    let each = memory / count as u64;
    Device {
        memory,
        safety,
        entries: (0..count).map(entry).collect(),
        pools: (0..count).map(|process| pools[process].min(each)).collect(),
        running: vec![None; count],
    }
}

proptest! {
    /// However looks and growth interleave, what was promised is there when it is taken, and what is still to be taken is
    /// never more of what is free than the safety factor allows.
    #[test]
    fn two_processes_never_take_the_same_bytes(
        count in 1..5_usize,
        safety in 1..1001_u32,
        pools in prop::collection::vec(0..10_000_u64, 4),
        steps in prop::collection::vec((0..4_usize, any::<bool>(), 0..20_000_u64), 1..60),
    ) {
        let mut device = device(count, 10_000, safety, &pools);
        for (at, (process, looks, want)) in steps.into_iter().enumerate() {
            let process = process % count;
            if looks {
                device.look(process, want, NOW + at as u64);
            } else {
                device.grow(process).map_err(TestCaseError::fail)?;
            }
            let promised = device.running.iter().map(|running| running.unwrap_or(0));
            let to_come: u64 = promised.zip(&device.pools).map(|(promised, &pool)| promised.saturating_sub(pool)).sum();
            let most = Bytes::new(device.free()).permille(safety).get();
            // Less what rounding took from each.
            prop_assert!(to_come <= most + count as u64, "{} to come of {}: {:?}", to_come, most, device);
        }
    }

    /// Who waits has about its share after a few batches of the others, whatever they held.
    #[test]
    fn nobody_starves(
        count in 2..5_usize,
        safety in 1..1001_u32,
        pools in prop::collection::vec(0..10_000_u64, 4),
        order in Just(vec![0_usize, 1, 2, 3]).prop_shuffle(),
        wants in prop::collection::vec(0..20_000_u64, 4),
    ) {
        let mut device = device(count, 10_000, safety, &pools);
        let order: Vec<usize> = order.into_iter().filter(|&process| process < count).collect();
        // In how many looks in a row each had less than half its share.
        let mut waited = vec![0_u32; count];
        for round in 0..20 {
            for &process in &order {
                let decision = device.look(process, wants[process], NOW + round);
                device.grow(process).map_err(TestCaseError::fail)?;
                let fair = wants[process].min(10_000 * u64::from(safety) / 1000 / count as u64);
                // What rounding down took from each.
                let has_less = 2 * decision.usable.get() + (count as u64 + 1) < fair;
                waited[process] = if has_less { waited[process] + 1 } else { 0 };
                prop_assert!(
                    waited[process] <= ROUNDS,
                    "process {} in round {}: {:?}, {:?}", process, round, decision, device
                );
            }
        }
    }

    /// More for others never means more for oneself.
    #[test]
    fn more_promised_to_others_leaves_no_more(
        budget in 0..10_000_u64, promised in 0..10_000_u64, more in 0..10_000_u64, idle in 0..10_000_u64,
        measured in any::<bool>(),
    ) {
        let ask = Ask { is_measured: measured, ..ask(budget, 0, 5_000) };
        let one = decide(&[other(promised, idle)], &ask, NOW);
        let two = decide(&[other(promised + more, idle)], &ask, NOW);
        prop_assert!(two.usable <= one.usable);
    }
}
