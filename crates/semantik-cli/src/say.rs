//! What is said on standard error. Everything goes through here, so that nothing that others wrote reaches a terminal as it
//! came; the lint against `eprintln!` keeps it so.

use std::fmt::Display;
use std::io::Write;

use crate::shown;

/// What went wrong.
pub(crate) fn error(cause: impl Display) {
    line(format!("error: {cause}"));
}

/// What can be done about it.
pub(crate) fn hint(remedy: impl Display) {
    line(format!("hint: {remedy}"));
}

/// Something worth knowing.
pub(crate) fn note(text: impl Display) {
    line(format!("note: {text}"));
}

/// A line without a word before it.
pub(crate) fn line(text: impl Display) {
    put(&format!("{}\n", shown::line(&text.to_string())));
}

/// A line below what a terminal shows of the keys that were pressed.
pub(crate) fn line_below(text: impl Display) {
    put(&format!("\n{}\n", shown::line(&text.to_string())));
}

/// Several lines.
pub(crate) fn lines(text: impl Display) {
    put(&shown::text(&text.to_string()));
}

fn put(text: &str) {
    // There is nobody left to tell that nobody listens.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
