//! The options that several commands share.

use std::path::PathBuf;

use device_suite::Fault;
use embed_burn::{BurnDevice, DeviceSpec};
use serde::Serialize;

use crate::failure::Failure;

/// What was given, each once; a command refuses what it does not take.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) backend: Option<DeviceSpec>,
    pub(crate) model: Option<PathBuf>,
    pub(crate) references: Option<PathBuf>,
    pub(crate) from: Option<PathBuf>,
    pub(crate) to: Option<PathBuf>,
    pub(crate) seconds: Option<u64>,
    pub(crate) rounds: Option<usize>,
    pub(crate) texts: Option<usize>,
    pub(crate) format: Option<String>,
    pub(crate) rest: Vec<String>,
}

impl Options {
    /// Reads the options called `known`, and words where `words` allows them.
    pub(crate) fn read(mut args: lexopt::Parser, known: &[&str], words: bool) -> Result<Self, Failure> {
        let mut options = Options::default();
        while let Some(arg) = args.next()? {
            let name = match arg {
                lexopt::Arg::Long(name) if known.contains(&name) => name.to_owned(),
                lexopt::Arg::Value(word) if words => {
                    options.rest.push(word.to_string_lossy().into_owned());
                    continue;
                }
                _ => return Err(arg.unexpected().into()),
            };
            let value = args.value()?;
            let text = value.to_string_lossy().into_owned();
            let wrong = |what: &dyn std::fmt::Display| Failure::usage(format!("--{name} {text}: {what}"));
            match &name[..] {
                "backend" => options.backend = Some(text.parse().map_err(|error| wrong(&error))?),
                "model" => options.model = Some(value.into()),
                "references" => options.references = Some(value.into()),
                "from" => options.from = Some(value.into()),
                "to" => options.to = Some(value.into()),
                "seconds" => options.seconds = Some(text.parse().map_err(|error| wrong(&error))?),
                "rounds" => options.rounds = Some(text.parse().map_err(|error| wrong(&error))?),
                "texts" => options.texts = Some(text.parse().map_err(|error| wrong(&error))?),
                _ => options.format = Some(text),
            }
        }
        Ok(options)
    }

    /// The device that was asked for, or the best, among the cards that this process is to use.
    pub(crate) fn device(&self) -> Result<BurnDevice, Failure> {
        let spec = self.backend.unwrap_or_default();
        semantik::devices::open(spec).map_err(|error| Failure::failed(error.to_string()))
    }
}

/// Prints a line of JSON: what ran where, and what it found.
pub(crate) fn print_line(what: &str, device: &BurnDevice, found: &impl Serialize) -> Result<(), Failure> {
    let mut line = serde_json::json!({
        "what": what,
        "backend": device.backend().as_str(),
        "device": device.name(),
    });
    let found = serde_json::to_value(found).map_err(Fault::from)?;
    if let (Some(line), serde_json::Value::Object(found)) = (line.as_object_mut(), found) {
        line.extend(found);
    }
    println!("{line}");
    Ok(())
}
