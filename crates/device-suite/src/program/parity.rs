//! `semantik-device parity`: the real model's vectors beside those that were computed elsewhere.

use std::process::ExitCode;

use device_suite::Fault;
use device_suite::references::{Reference, compare};
use embed_burn::{Backend, BurnDevice, DeviceSpec};

use crate::failure::{Failure, exit};
use crate::model::Model;
use crate::options::{Options, print_line};
use crate::prepare::{TEXTS, computed};

pub(crate) const USAGE: &str = "\
parity [--backend BACKEND] [--model MODEL] [--dtype D] [--attention A] [--references FILE] [--texts N]
    Embeds the references' texts, or the first N, and compares. One JSON line. FILE: a list of {\"text\", \"vector\"};
    default: references.json in the model's folder; where there is none, the processor computes them.";

pub(crate) fn run(args: lexopt::Parser) -> Result<ExitCode, Failure> {
    let options =
        Options::read(args, &["backend", "model", "dtype", "attention", "references", "texts"], false)?;
    let model = Model::open(options.model.as_deref())?;
    let device = options.device()?;
    let beside = model.references();
    let file = options.references.clone().or_else(|| beside.is_file().then_some(beside));
    let mut references = if let Some(file) = &file {
        Reference::read(file)?
    } else {
        let cpu = BurnDevice::open(DeviceSpec::on(Backend::Cpu)).map_err(Fault::from)?;
        computed(&model.folder, &cpu, TEXTS)?
    };
    references.truncate(options.texts.unwrap_or(usize::MAX));
    let embedder = options.load(&model, &device)?;
    let parity = compare(&embedder, &references)?;
    let found = serde_json::json!({
        "model": model.name,
        "dtype": options.compute().precision.as_str(),
        "attention": options.compute().attention.as_str(),
        "references": file.map_or_else(|| "computed on cpu".to_owned(), |file| file.display().to_string()),
        "parity": parity,
        "held": parity.failures.is_empty(),
    });
    print_line("parity", &device, &found)?;
    Ok(exit(parity.failures.is_empty()))
}
