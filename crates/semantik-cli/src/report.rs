//! Failures, told in one line of cause and one of remedy.

use std::process::ExitCode;

use semantik::chunk_strategies::Strategy;
use semantik::embed_burn::{Backend, EmbedErrorKind};
use semantik::{Error, ErrorKind, ModelCache};

use crate::args::Command;

/// Why a command ended before its end.
#[derive(Debug)]
pub(crate) struct Failure {
    cause: String,
    hint: Option<String>,
    code: u8,
}

const FAILED: u8 = 1;
pub(crate) const USAGE: u8 = 2;
pub(crate) const INTERRUPTED: u8 = 130;

impl Failure {
    pub(crate) fn usage(cause: impl Into<String>, hint: impl Into<String>) -> Self {
        Failure { cause: cause.into(), hint: Some(hint.into()), code: USAGE }
    }

    pub(crate) fn failed(cause: impl Into<String>, hint: impl Into<String>) -> Self {
        Failure { cause: cause.into(), hint: Some(hint.into()), code: FAILED }
    }

    /// Documents or devices failed, and were told already.
    pub(crate) fn told() -> ExitCode {
        ExitCode::from(FAILED)
    }

    /// Says it, and gives the exit code.
    pub(crate) fn print(self) -> ExitCode {
        // Whoever reads the output has what they wanted: nothing to say.
        if self.code != 0 {
            eprintln!("error: {}", self.cause);
            if let Some(hint) = self.hint {
                eprintln!("hint: {hint}");
            }
        }
        ExitCode::from(self.code)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = match error.kind() {
            ErrorKind::Usage | ErrorKind::NotBuilt => USAGE,
            ErrorKind::Interrupted => INTERRUPTED,
            ErrorKind::ClosedPipe => 0,
            _ => FAILED,
        };
        Failure { hint: hint(&error), cause: error.to_string(), code }
    }
}

/// What can be done about an error.
pub(crate) fn hint(error: &Error) -> Option<String> {
    let hint = match error.kind() {
        ErrorKind::Usage if error.strategy().is_some() => {
            format!("name one: `--model {}`, or a folder", ModelCache::DEFAULT)
        }
        ErrorKind::Usage => {
            "`semantik COMMAND --help` explains each option with its unit and default".to_owned()
        }
        ErrorKind::NotBuilt => {
            let built: Vec<&str> = Strategy::ALL.iter().map(|strategy| strategy.as_str()).collect();
            format!("this version has the strategies {}", built.join(", "))
        }
        ErrorKind::Document => "check that it exists and can be read".to_owned(),
        ErrorKind::Utf8 => "convert it to UTF-8, or add `--lossy` to replace what is not".to_owned(),
        ErrorKind::Model => return Some(model_hint(error)),
        ErrorKind::Device => return device_hint(error),
        ErrorKind::OutOfMemory => {
            "use a smaller `--size`, free memory, or choose another `--backend`".to_owned()
        }
        ErrorKind::Output => "check that its folder exists, may be written to, and has room".to_owned(),
        ErrorKind::Vectors => {
            "give a file that `semantik embed -o FILE` wrote, with its FILE.meta.json".to_owned()
        }
        ErrorKind::OtherModel => "name the model that made it with `--model`, or embed again".to_owned(),
        ErrorKind::TooLong => "use a smaller `--size`, or `--truncate cut`".to_owned(),
        ErrorKind::Grapheme => {
            "use a larger `--size` or `--max`: what a reader sees as one character is never cut".to_owned()
        }
        _ => return None,
    };
    Some(hint)
}

fn model_hint(error: &Error) -> String {
    match error.embed_error().map(semantik::embed_burn::EmbedError::kind) {
        None => {
            let bring = "in this project's source, `cargo xtask model` brings";
            format!("{bring} {}; or name a folder with `--model DIR`", ModelCache::DEFAULT)
        }
        Some(EmbedErrorKind::Weights) => "copy the model again; its files do not belong together".to_owned(),
        Some(EmbedErrorKind::Unsupported) => {
            "choose a BERT sentence encoder with mean or cls pooling".to_owned()
        }
        Some(_) => {
            "give a folder that sentence-transformers saved: config.json, model.safetensors, …".to_owned()
        }
    }
}

fn device_hint(error: &Error) -> Option<String> {
    let error = error.embed_error()?;
    Some(match (error.kind(), error.backend()) {
        (EmbedErrorKind::BackendAbsent, Some(Backend::Cpu)) => "build with `--features cpu`".to_owned(),
        (EmbedErrorKind::BackendAbsent, _) => {
            "`semantik devices` lists what is there; `--backend cpu` runs everywhere".to_owned()
        }
        _ => "run it again; if it fails again, `--backend cpu` runs everywhere".to_owned(),
    })
}

/// A command that is known and not there.
pub(crate) fn not_built(command: &Command) -> Failure {
    let name = format!("{command:?}").to_lowercase();
    Failure::usage(format!("`semantik {name}` is not built yet"), "`semantik --help` lists what is")
}
