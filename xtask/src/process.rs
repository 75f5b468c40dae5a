//! Running other programs.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::XtaskError;

/// Runs a program with its output shown, and fails when it does.
pub(crate) fn run(command: &mut Command) -> Result<(), XtaskError> {
    let status = command.status().map_err(|source| start_error(command, source))?;
    if status.success() { Ok(()) } else { Err(XtaskError::Command { command: shown(command), status }) }
}

/// Runs a program and gives what it wrote to standard output; its errors are shown.
pub(crate) fn output(command: &mut Command) -> Result<String, XtaskError> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| start_error(command, source))?;
    if !output.status.success() {
        return Err(XtaskError::Command { command: shown(command), status: output.status });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program is there and succeeds, whatever it says.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

pub(crate) fn start_error(command: &Command, source: std::io::Error) -> XtaskError {
    XtaskError::Start { program: command.get_program().to_string_lossy().into_owned(), source }
}

/// The command as a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_stem().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
