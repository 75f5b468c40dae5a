//! The gate: whoever gives work to a GPU passes it, and a dry run closes it.
//!
//! A dry run of cubecl's is one switch for the whole process: while it is on, every kernel of every thread is compiled and
//! dropped, and what is read is what lay in memory before. So all work of this crate holds the gate's shared side, and a
//! dry run the exclusive one. What others give to burn by themselves does not pass here.
//!
//! Results that are on their way back are outside: whoever gave the work goes on meanwhile. They still hold memory, which a
//! dry run would take for its own; so it waits for them too, and none leaves while it waits.

use std::cell::Cell;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLock};

static GATE: RwLock<()> = RwLock::new(());
static OUTSIDE: Mutex<Outside> = Mutex::new(Outside { readings: 0, wishes: 0 });
static CAME_BACK: Condvar = Condvar::new();

/// What is outside, and who waits for it.
struct Outside {
    readings: usize,
    /// How many want to be alone.
    wishes: usize,
}

thread_local! {
    /// Whether this thread holds either side: the lock would wait for itself.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work` beside other work, and not beside a dry run.
pub(super) fn shared<T>(work: impl FnOnce() -> T) -> T {
    if INSIDE.get() {
        return work();
    }
    let _open = GATE.read().unwrap_or_else(PoisonError::into_inner);
    let _inside = Inside::enter();
    work()
}

/// Runs `work` while no other thread has work of this crate on any GPU. Not inside [`shared`]: that would let others in.
pub(super) fn alone<T>(work: impl FnOnce() -> T) -> T {
    debug_assert!(!INSIDE.get(), "a gate that is passed is closed from outside");
    let _wish = Wish::utter();
    let mut outside = outside();
    while outside.readings > 0 {
        outside = CAME_BACK.wait(outside).unwrap_or_else(PoisonError::into_inner);
    }
    drop(outside);
    // Whoever comes to `leave` from here on finds the wish.
    let _closed = GATE.write().unwrap_or_else(PoisonError::into_inner);
    let _inside = Inside::enter();
    work()
}

/// A result that is on its way back, until this is dropped. It ends without anything that passes the gate.
#[cfg_attr(not(feature = "replay"), allow(dead_code))]
#[derive(Debug)]
pub(super) struct Reading(());

/// Lets a result come back outside; `None` while somebody wants to be alone.
#[cfg_attr(not(feature = "replay"), allow(dead_code))]
pub(super) fn leave() -> Option<Reading> {
    let mut outside = outside();
    (outside.wishes == 0).then(|| {
        outside.readings += 1;
        Reading(())
    })
}

impl Drop for Reading {
    fn drop(&mut self) {
        let mut outside = outside();
        outside.readings -= 1;
        if outside.readings == 0 {
            CAME_BACK.notify_all();
        }
    }
}

/// That somebody wants to be alone, or is.
struct Wish;

impl Wish {
    fn utter() -> Self {
        outside().wishes += 1;
        Wish
    }
}

impl Drop for Wish {
    fn drop(&mut self) {
        outside().wishes -= 1;
    }
}

fn outside() -> MutexGuard<'static, Outside> {
    OUTSIDE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Marks the thread until it is dropped, by unwinding too.
struct Inside;

impl Inside {
    fn enter() -> Self {
        INSIDE.set(true);
        Inside
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.set(false);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn nobody_is_inside_with_whoever_is_alone() {
        let (inside, most, seen) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        shared(|| {
                            // Work within work, as a pool's use is read within a batch.
                            let now = shared(|| inside.fetch_add(1, Ordering::SeqCst) + 1);
                            most.fetch_max(now, Ordering::SeqCst);
                            std::thread::yield_now();
                            inside.fetch_sub(1, Ordering::SeqCst);
                        });
                    }
                });
            }
            scope.spawn(|| {
                for _ in 0..50 {
                    alone(|| {
                        seen.fetch_add(inside.load(Ordering::SeqCst), Ordering::SeqCst);
                        shared(std::thread::yield_now);
                        seen.fetch_add(inside.load(Ordering::SeqCst), Ordering::SeqCst);
                    });
                }
            });
        });
        assert_eq!(seen.load(Ordering::SeqCst), 0);
        assert!(most.load(Ordering::SeqCst) >= 1);
    }

    #[test]
    fn whoever_is_alone_has_waited_for_what_was_outside_and_nothing_leaves_meanwhile() {
        let (outside, seen, busy) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(3));
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let mut left = 0;
                    while left < 50 {
                        let leaves = || {
                            let reading = leave();
                            outside.fetch_add(usize::from(reading.is_some()), Ordering::SeqCst);
                            reading
                        };
                        if let Some(reading) = shared(leaves) {
                            left += 1;
                            std::thread::yield_now();
                            // It ends without passing the gate.
                            outside.fetch_sub(1, Ordering::SeqCst);
                            drop(reading);
                        }
                        std::thread::yield_now();
                    }
                    busy.fetch_sub(1, Ordering::SeqCst);
                });
            }
            scope.spawn(|| {
                while busy.load(Ordering::SeqCst) > 0 {
                    alone(|| {
                        seen.fetch_add(outside.load(Ordering::SeqCst), Ordering::SeqCst);
                        assert!(leave().is_none());
                        std::thread::yield_now();
                        seen.fetch_add(outside.load(Ordering::SeqCst), Ordering::SeqCst);
                    });
                    // The others have their turn.
                    std::thread::sleep(std::time::Duration::from_micros(100));
                }
            });
        });
        assert_eq!(seen.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn the_gate_opens_again_when_work_unwinds() {
        let unwound = std::panic::catch_unwind(|| alone(|| std::panic::resume_unwind(Box::new("x"))));
        assert!(unwound.is_err() && !INSIDE.get());
        assert_eq!(std::thread::spawn(|| shared(|| 3)).join().ok(), Some(3));
    }
}
