//! The terminal, taken and given back.

use std::io::{Stdout, stdout};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ThreadId};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

/// Whether the terminal is ours. Global, as the terminal is: whoever ends the process must be able to give it back.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while the view is on it. Dropped, it is as it was.
#[derive(Debug)]
pub(super) struct Taken(Terminal<CrosstermBackend<Stdout>>);

impl Taken {
    /// Takes the terminal: no echo, no line editing, a screen of its own.
    pub(super) fn take() -> std::io::Result<Self> {
        tell_panics_on_a_terminal_given_back(thread::current().id());
        TAKEN.store(true, Ordering::SeqCst);
        let taken = enable_raw_mode()
            .and_then(|()| execute!(stdout(), EnterAlternateScreen))
            .and_then(|()| Terminal::new(CrosstermBackend::new(stdout())));
        if taken.is_err() {
            give_back();
        }
        taken.map(Taken)
    }

    pub(super) fn terminal(&mut self) -> &mut Terminal<CrosstermBackend<Stdout>> {
        &mut self.0
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back, if it is taken. What fails cannot be told anywhere, and the rest is done all the same.
pub(crate) fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = disable_raw_mode();
        let _ = execute!(stdout(), LeaveAlternateScreen, Show);
    }
}

/// A panic of the view is told on the terminal that it leaves. One of a monitor, on a thread of its own, leaves nothing: the
/// view goes on and shows it in the device's line.
fn tell_panics_on_a_terminal_given_back(view: ThreadId) {
    static HOOKED: Once = Once::new();
    HOOKED.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if thread::current().id() == view {
                give_back();
            }
            if !TAKEN.load(Ordering::SeqCst) {
                before(panic);
            }
        }));
    });
}
