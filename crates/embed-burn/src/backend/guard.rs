//! Failures of a backend, caught.
//!
//! Backends panic where we want errors: out of memory on a GPU unwinds through burn. Work runs inside [`caught`], and
//! the panic's text, which would tell a user nothing, is kept from standard error.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

/// What a device's own error handler was told, on whatever thread.
///
/// A handler may be told of something whose work nobody waited for; what it was told before some work began says nothing
/// of that work. So whoever asks names a [`Moment`], and is told what came after it.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<Told>);

#[derive(Debug, Default)]
struct Told {
    out_of_memory: u64,
    /// How many messages there were, and the last of them.
    messages: u64,
    last: Option<String>,
}

/// A point in what a handler is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    out_of_memory: u64,
    messages: u64,
}

/// What a handler was told since some moment.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Since {
    /// Whether the device had no memory.
    pub(super) out_of_memory: bool,
    /// The last error that was not about memory.
    pub(super) message: Option<String>,
}

impl Failures {
    /// Now.
    pub(super) fn moment(&self) -> Moment {
        let told = self.told();
        Moment { out_of_memory: told.out_of_memory, messages: told.messages }
    }

    /// What was told since.
    pub(super) fn since(&self, moment: Moment) -> Since {
        let told = self.told();
        Since {
            out_of_memory: told.out_of_memory > moment.out_of_memory,
            message: told.last.clone().filter(|_| told.messages > moment.messages),
        }
    }

    #[cfg(any(feature = "wgpu", test))]
    pub(super) fn count_out_of_memory(&self) {
        self.told().out_of_memory += 1;
    }

    #[cfg(any(feature = "wgpu", test))]
    pub(super) fn set_message(&self, message: String) {
        let mut told = self.told();
        told.messages += 1;
        told.last = Some(message);
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`, and turns a panic into its text.
pub(super) fn caught<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let outer = GUARDED.replace(true);
    // Unwind safe: what `work` touches are tensors, which it owns, and the device, whose state is asked for afterwards.
    let result = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(outer);
    result.unwrap_or_else(|payload| Err(text(payload.as_ref())))
}

fn text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("the backend stopped without saying why")
        .to_owned()
}

/// Keeps the text of panics that [`caught`] catches from standard error; all others are told as before.
///
/// The hook is the process's, so it is set once, when the first device is opened, and calls the one before it.
pub(super) fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                previous(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_before_some_work_is_not_told_of_it() {
        let failures = Failures::default();
        failures.set_message("an earlier one".to_owned());
        failures.count_out_of_memory();
        let moment = failures.moment();
        assert_eq!(failures.since(moment), Since::default());
        failures.set_message("the present one".to_owned());
        let since = failures.since(moment);
        assert_eq!((since.out_of_memory, since.message.as_deref()), (false, Some("the present one")));
        failures.count_out_of_memory();
        assert!(failures.since(moment).out_of_memory);
        // Told again to whoever else waits, and not after that.
        assert!(
            failures.since(moment).message.is_some() && failures.since(failures.moment()).message.is_none()
        );
    }

    #[test]
    fn a_panic_becomes_its_text() {
        quiet_panics();
        let result: Result<(), String> = caught(|| panic!("no page of {} bytes", 7));
        assert_eq!(result, Err("no page of 7 bytes".to_owned()));
        assert!(!GUARDED.get());
        assert_eq!(caught(|| Ok(3)), Ok(3));
    }
}
