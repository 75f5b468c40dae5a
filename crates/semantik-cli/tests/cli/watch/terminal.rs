//! The view on a terminal of its own, which `script` of util-linux provides.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::place::Place;

const TAKEN: &str = "\u{1b}[?1049h";
const GIVEN_BACK: &str = "\u{1b}[?1049l";
const CURSOR: &str = "\u{1b}[?25h";

/// A view that runs, and what it has written so far.
struct Shown {
    child: Child,
    _place: Place,
    text: String,
}

/// Starts a view of 80 columns and 24 lines, and waits until it has a picture. `None` after telling why not.
fn show(test: &str) -> Option<Shown> {
    let has_script = Command::new("script").arg("--version").stdout(Stdio::null()).status();
    if !has_script.is_ok_and(|status| status.success()) {
        skip(test);
        return None;
    }
    let place = Place::new();
    // Its process id first, to send signals to.
    let view = format!(
        "stty rows 24 cols 80; echo pid $$; exec {} watch --device cpu --interval 50ms",
        env!("CARGO_BIN_EXE_semantik")
    );
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--flush", "--command", &view, "/dev/null"]);
    command.current_dir(place.path()).env("TERM", "xterm").env_remove("NO_COLOR");
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut shown = Shown { child, _place: place, text: String::new() };
    shown.wait_for("headroom");
    assert!(shown.text.contains(TAKEN), "{:?}", end(&shown.text));
    Some(shown)
}

/// Told on standard error, and in the file that counts skips.
fn skip(test: &str) {
    let line = format!("SKIPPED: {test}: there is no `script` of util-linux to provide a terminal");
    eprintln!("{line}");
    if let Some(log) = std::env::var_os("SEMANTIK_SKIP_LOG") {
        let mut log = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        writeln!(log, "{line}").unwrap();
    }
}

impl Shown {
    fn wait_for(&mut self, what: &str) {
        let deadline = Instant::now() + Duration::from_mins(1);
        let out = self.child.stdout.as_mut().unwrap();
        let mut bytes = [0; 4096];
        while !self.text.contains(what) {
            let count = out.read(&mut bytes).unwrap();
            assert!(count > 0 && Instant::now() < deadline, "{what:?} is not in {:?}", end(&self.text));
            self.text += &String::from_utf8_lossy(&bytes[..count]);
        }
    }

    fn press(&mut self, keys: &str) {
        self.child.stdin.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    fn pid(&self) -> &str {
        self.text.split("pid ").nth(1).unwrap().split_whitespace().next().unwrap()
    }

    fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, self.pid()]).status().unwrap().success());
    }

    /// Waits for the end: the exit code, and that the terminal is as it was.
    #[track_caller]
    fn ends_with(mut self, code: i32) {
        let mut rest = Vec::new();
        self.child.stdout.as_mut().unwrap().read_to_end(&mut rest).unwrap();
        self.text += &String::from_utf8_lossy(&rest);
        assert_eq!(self.child.wait().unwrap().code(), Some(code), "{:?}", end(&self.text));
        let Some((_, after)) = self.text.rsplit_once(GIVEN_BACK) else {
            panic!("the terminal was not given back: {:?}", end(&self.text));
        };
        assert!(after.contains(CURSOR), "{after:?}");
        assert_eq!(after.replace(CURSOR, ""), "", "what was there before is as it was");
    }
}

/// The last of what was written, which is enough to see what went wrong.
fn end(text: &str) -> &str {
    let start = text.len().saturating_sub(1000);
    let start = (start..text.len()).find(|at| text.is_char_boundary(*at));
    &text[start.unwrap_or(0)..]
}

#[test]
fn q_ends_the_view_and_gives_the_terminal_back() {
    let Some(mut shown) = show("q_ends_the_view_and_gives_the_terminal_back") else { return };
    shown.press("q");
    shown.ends_with(0);
}

#[test]
fn keys_change_the_view() {
    let Some(mut shown) = show("keys_change_the_view") else { return };
    shown.press("g");
    // Of `1m` and `10m` only the difference is written.
    shown.wait_for("0m, peak");
    shown.press("p");
    shown.wait_for("paused");
    shown.press("\u{1b}");
    shown.ends_with(0);
}

#[test]
fn an_interrupt_ends_the_view_and_gives_the_terminal_back() {
    let Some(mut shown) = show("an_interrupt_ends_the_view_and_gives_the_terminal_back") else { return };
    shown.press("\u{3}");
    shown.ends_with(130);
    for signal in ["-INT", "-TERM", "-HUP"] {
        let Some(shown) = show("an_interrupt_ends_the_view_and_gives_the_terminal_back") else { return };
        shown.signal(signal);
        shown.ends_with(130);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_that_is_gone_ends_the_view() {
    let Some(mut shown) = show("a_terminal_that_is_gone_ends_the_view") else { return };
    let pid = shown.pid().to_owned();
    shown.child.kill().unwrap();
    shown.child.wait().unwrap();
    let deadline = Instant::now() + Duration::from_mins(1);
    // What ended and was not waited for has no words any more.
    while std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|words| !words.is_empty()) {
        assert!(Instant::now() < deadline, "the view goes on without its terminal");
        std::thread::sleep(Duration::from_millis(100));
    }
}
