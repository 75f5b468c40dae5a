//! Ending when the terminal is gone.

use std::io::{IsTerminal, stdout};
use std::time::Duration;

use super::terminal::give_back;
use crate::report::INTERRUPTED;

/// How long a program without a terminal may go on: nobody sees it.
const LOOK: Duration = Duration::from_millis(500);

/// Ends the process once its terminal has hung up. Reading keys from such a terminal neither waits nor fails, so that the
/// thread that reads would turn for ever at full speed, and would not see that a signal asked it to stop.
pub(super) fn end_when_terminal_is_gone() {
    // Without a thread the view works as well, and is only worse at ending.
    let _ = std::thread::Builder::new().name("hangup".to_owned()).spawn(|| {
        while stdout().is_terminal() {
            std::thread::sleep(LOOK);
        }
        give_back();
        std::process::exit(INTERRUPTED.into());
    });
}
