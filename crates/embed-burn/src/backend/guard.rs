//! Failures of a backend, caught.
//!
//! Backends panic where we want errors: out of memory on a GPU unwinds through burn. Work runs inside [`caught`], and
//! the panic's text, which would tell a user nothing, is kept from standard error.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, Once, PoisonError};

/// What a device's own error handler was told, on whatever thread.
#[derive(Debug, Default)]
pub(super) struct Failures {
    out_of_memory: AtomicU64,
    message: Mutex<Option<String>>,
}

impl Failures {
    /// How often the device had no memory.
    pub(super) fn out_of_memory(&self) -> u64 {
        self.out_of_memory.load(Ordering::SeqCst)
    }

    /// The last error that was not about memory.
    pub(super) fn take_message(&self) -> Option<String> {
        self.message.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    #[cfg(feature = "wgpu")]
    pub(super) fn count_out_of_memory(&self) {
        self.out_of_memory.fetch_add(1, Ordering::SeqCst);
    }

    #[cfg(feature = "wgpu")]
    pub(super) fn set_message(&self, message: String) {
        *self.message.lock().unwrap_or_else(PoisonError::into_inner) = Some(message);
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

/// Whether a backend's text says that memory ran out. CUDA, ROCm and Vulkan's own allocator tell it in no other way: the
/// error's type is lost on its way through the framework.
pub(super) fn is_out_of_memory(message: &str) -> bool {
    message.contains("out of device memory allocating")
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
    fn a_panic_becomes_its_text() {
        quiet_panics();
        let result: Result<(), String> = caught(|| panic!("no page of {} bytes", 7));
        assert_eq!(result, Err("no page of 7 bytes".to_owned()));
        assert!(!GUARDED.get());
        assert_eq!(caught(|| Ok(3)), Ok(3));
    }
}
