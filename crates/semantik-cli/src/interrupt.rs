//! Ctrl-C.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use semantik::Cancel;

use crate::commands::watch;
use crate::report::INTERRUPTED;
use crate::say;

static SAYS_NOTHING: AtomicBool = AtomicBool::new(false);
static KEEPS: OnceLock<&str> = OnceLock::new();

/// For a run that ends at once and keeps nothing.
pub(crate) fn say_nothing() {
    SAYS_NOTHING.store(true, Ordering::SeqCst);
}

/// What is kept of a run, where it is not what is finished.
#[cfg(feature = "hub")]
pub(crate) fn keeps(what: &'static str) {
    // A process has one command.
    let _ = KEEPS.set(what);
}

/// The first interrupt asks the run to stop, which flushes what is finished; the second ends the process at once.
pub(crate) fn install() -> Cancel {
    let cancel = Cancel::new();
    let handler = cancel.clone();
    let installed = ctrlc::set_handler(move || {
        if handler.is_set() {
            watch::give_back();
            std::process::exit(INTERRUPTED.into());
        }
        handler.set();
        if !SAYS_NOTHING.load(Ordering::SeqCst) {
            let kept = KEEPS.get().unwrap_or(&"what is finished is kept");
            say::line_below(format_args!("stopping; {kept} (Ctrl-C again to stop at once)"));
        }
    });
    // Without a handler an interrupt ends the process as it always does; that is worth no more than a note.
    if let Err(error) = installed {
        say::note(format_args!("interrupts end this run at once: {error}"));
    }
    cancel
}
