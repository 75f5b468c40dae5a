//! Why a command ended before its end.

use std::process::ExitCode;

use device_suite::Fault;

/// A line for standard error, and the exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    code: u8,
}

const FAILED: u8 = 1;
pub(crate) const USAGE: u8 = 2;

impl Failure {
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Failure { message: message.into(), code: FAILED }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Failure { message: message.into(), code: USAGE }
    }

    pub(crate) fn print(self) -> ExitCode {
        eprintln!("error: {}", self.message);
        if self.code == USAGE {
            eprintln!("hint: `semantik-device --help` lists the commands and their options");
        }
        ExitCode::from(self.code)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Failure::failed(fault.to_string())
    }
}

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Self {
        Failure::usage(error.to_string())
    }
}

/// 0 if all held.
pub(crate) fn exit(held: bool) -> ExitCode {
    if held { ExitCode::SUCCESS } else { ExitCode::from(FAILED) }
}
