//! The options that several commands share.

use std::path::PathBuf;

use device_suite::Fault;
use embed_burn::{Attention, BurnDevice, BurnEmbedder, Compute, DeviceSpec, Precision};
use serde::Serialize;

use crate::failure::Failure;
use crate::model::Model;

/// The longest that one measurement may be asked to take: a day.
const MOST_SECONDS: f64 = 86_400.0;

/// What was given, each once; a command refuses what it does not take.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) backend: Option<DeviceSpec>,
    pub(crate) model: Option<PathBuf>,
    pub(crate) references: Option<PathBuf>,
    pub(crate) from: Option<PathBuf>,
    pub(crate) to: Option<PathBuf>,
    pub(crate) words_of: Option<PathBuf>,
    pub(crate) dtype: Option<Precision>,
    pub(crate) attention: Option<Attention>,
    pub(crate) seconds: Option<f64>,
    pub(crate) queue: Option<usize>,
    pub(crate) largest: Option<usize>,
    pub(crate) leave: Option<u64>,
    pub(crate) step: Option<u64>,
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
                "words-of" => options.words_of = Some(value.into()),
                "dtype" => options.dtype = Some(text.parse().map_err(|error| wrong(&error))?),
                "attention" => options.attention = Some(text.parse().map_err(|error| wrong(&error))?),
                "seconds" => {
                    let seconds: f64 = text.parse().map_err(|error| wrong(&error))?;
                    if !(0.0..=MOST_SECONDS).contains(&seconds) {
                        return Err(wrong(&format!("not from 0 to {MOST_SECONDS}")));
                    }
                    options.seconds = Some(seconds);
                }
                "queue" => options.queue = Some(text.parse().map_err(|error| wrong(&error))?),
                "largest" => options.largest = Some(text.parse().map_err(|error| wrong(&error))?),
                "leave" => options.leave = Some(mebibytes(&text).map_err(|error| wrong(&error))?),
                "step" => options.step = Some(mebibytes(&text).map_err(|error| wrong(&error))?),
                "rounds" => options.rounds = Some(text.parse().map_err(|error| wrong(&error))?),
                "texts" => options.texts = Some(text.parse().map_err(|error| wrong(&error))?),
                _ => options.format = Some(text),
            }
        }
        Ok(options)
    }

    /// The model, computing as was asked for.
    pub(crate) fn load(&self, model: &Model, device: &BurnDevice) -> Result<BurnEmbedder, Failure> {
        let loaded = BurnEmbedder::load_as(&model.folder, device, self.compute());
        Ok(loaded.map_err(Fault::from)?)
    }

    /// How the model computes.
    pub(crate) fn compute(&self) -> Compute {
        Compute { precision: self.dtype.unwrap_or_default(), attention: self.attention.unwrap_or_default() }
    }

    /// The device that was asked for, or the best, among the cards that this process is to use.
    pub(crate) fn device(&self) -> Result<BurnDevice, Failure> {
        let spec = self.backend.unwrap_or_default();
        semantik::devices::open(spec).map_err(|error| Failure::failed(error.to_string()))
    }
}

/// A number of MiB, which as bytes can still be counted.
fn mebibytes(text: &str) -> Result<u64, String> {
    let count: u64 = text.parse().map_err(|error: std::num::ParseIntError| error.to_string())?;
    if count > u64::MAX >> 20 { Err("more than can be counted".to_owned()) } else { Ok(count) }
}

/// Prints a line of JSON: what ran where, and what it found.
pub(crate) fn print_line(what: &str, device: &BurnDevice, found: &impl Serialize) -> Result<(), Failure> {
    let mut line = serde_json::json!({
        "what": what,
        "backend": device.backend().as_str(),
        "device": device.name(),
    });
    let found = serde_json::to_value(found).map_err(Fault::from)?;
    merge(&mut line, found);
    println!("{line}");
    Ok(())
}

/// Adds the members of one object to another.
pub(crate) fn merge(line: &mut serde_json::Value, more: serde_json::Value) {
    if let (Some(line), serde_json::Value::Object(more)) = (line.as_object_mut(), more) {
        line.extend(more);
    }
}
