//! `semantik model info`: what a model is.

use semantik::devices::survey;
use semantik::embed_burn::{Backend, DeviceSpec, ModelFolder, ModelIdentity, Precision};
use semantik::gpu_telemetry::ByteCount;
use semantik::plan::{Outlook, Planner};
use semantik::sink::json;
use semantik::{DeviceLimits, Error, ModelCard, ModelFiles};
use serde_json::{Value, json};

use super::super::assumed;
use crate::args::ListFormat;
use crate::counted::counted;
use crate::report::Failure;
use crate::{say, shown};

/// All that is told.
struct Facts<'a> {
    folder: &'a ModelFolder,
    identity: ModelIdentity,
    files: ModelFiles,
    card: ModelCard,
    parameters: u64,
    /// The device and its batches, or why they are not known.
    device: Result<(String, Outlook), String>,
}

pub(super) fn run(folder: &ModelFolder, backend: DeviceSpec, format: ListFormat) -> Result<String, Failure> {
    if !folder.names_modules() {
        say::note(assumed(folder));
    }
    let planner = Planner::new(folder, &DeviceLimits::from_env()?)?;
    let device = match survey(backend) {
        Ok(surveyed) => Ok((surveyed.name.clone(), planner.device(&surveyed)?)),
        Err(reason) => Err(reason),
    };
    let facts = Facts {
        folder,
        identity: folder.identity().map_err(Error::from)?,
        files: ModelFiles::of(folder.path()),
        card: ModelCard::of(folder.path()),
        parameters: planner.model().parameters,
        device,
    };
    if format == ListFormat::Text {
        return Ok(facts.for_people());
    }
    let mut text = Vec::new();
    let written = json::to_writer_pretty(&mut text, &facts.to_json());
    written.map_err(|error| semantik::sink::output_error("standard output".as_ref(), error))?;
    Ok(String::from_utf8_lossy(&text).into_owned() + "\n")
}

impl Facts<'_> {
    fn to_json(&self) -> Value {
        let (folder, identity) = (self.folder, &self.identity);
        let (shape, prompts) = (folder.shape(), folder.prompts());
        let device = match &self.device {
            Ok((name, outlook)) => {
                json!({"name": name, "batches": outlook.batches, "usable": outlook.usable})
            }
            Err(reason) => json!({"reason": reason}),
        };
        let dtypes =
            usable(folder).map(|(precision, why)| json!({"dtype": precision.as_str(), "instructions": why}));
        json!({
            "path": folder.path(),
            "architecture": folder.architecture(),
            "parameters": self.parameters,
            "dim": folder.dim(),
            "max_tokens": folder.max_tokens(),
            "layers": shape.layers,
            "heads": shape.heads,
            "hidden": shape.hidden,
            "feed_forward": shape.feed_forward,
            "pooling": folder.pooling(),
            "normalize": folder.normalizes(),
            "modules_json": folder.names_modules(),
            "prompts": prompts.declared,
            "default_prompt_name": prompts.default,
            "include_prompt": prompts.pooled,
            "licence": self.card.licence,
            "languages": self.card.languages,
            "bytes": self.files.bytes,
            "weights": self.files.weights,
            "dtype": identity.dtype,
            "cpu_dtypes": dtypes.collect::<Vec<_>>(),
            "device": device,
            "config": identity.config,
            "weights_sha256": identity.weights_sha256,
            "tokenizer_sha256": identity.tokenizer_sha256,
        })
    }

    fn for_people(&self) -> String {
        let (folder, identity) = (self.folder, &self.identity);
        let (shape, prompts) = (folder.shape(), folder.prompts());
        let mut text = String::new();
        let mut line = |name: &str, value: &str| text += &format!("{name:<14}{}\n", shown::line(value));
        line("path", &folder.path().display().to_string());
        line("architecture", folder.architecture());
        let (layers, heads) = (counted(shape.layers, "layer"), counted(shape.heads, "head"));
        line(
            "layers",
            &format!("{layers} of {heads}, {} wide, feed-forward {}", shape.hidden, shape.feed_forward),
        );
        line("parameters", &format!("{:.1} million in the encoder", self.parameters as f64 / 1e6));
        line("vector", &counted(folder.dim(), "number"));
        line("reads", &format!("{} of a text at most", counted(folder.max_tokens(), "token")));
        let normalised = if folder.normalizes() { "scaled to length 1" } else { "not scaled to length 1" };
        line("pooling", &format!("{}, {normalised}", folder.pooling()));
        if prompts.declared.is_empty() {
            line("prompts", "none");
        }
        for (name, prompt) in &prompts.declared {
            let default = if prompts.default.as_ref() == Some(name) { ", put before each text" } else { "" };
            line("prompt", &format!("{name}: {prompt:?}{default}"));
        }
        if !prompts.declared.is_empty() && !prompts.pooled {
            line("", "prompts are read and not pooled");
        }
        line("licence", self.card.licence.as_deref().unwrap_or("not stated"));
        let languages = self.card.languages.join(", ");
        line("languages", if languages.is_empty() { "not stated" } else { &languages });
        let stored: Vec<&str> = self.files.weights.keys().map(String::as_str).collect();
        let stored =
            if stored.is_empty() { "of a type that is not stated".to_owned() } else { stored.join(" and ") };
        line("on disk", &format!("{}, weights in {stored}", ByteCount::new(self.files.bytes)));
        let cpu: Vec<String> = usable(folder)
            .map(|(precision, why)| {
                why.map_or_else(|| precision.to_string(), |why| format!("{precision} ({why})"))
            })
            .collect();
        line(
            "computes in",
            &format!("{} on this processor; f32, f16 and bf16 on GPUs that have them", cpu.join(", ")),
        );
        match &self.device {
            Ok((name, outlook)) => {
                line(
                    "on",
                    &format!("{name}, in {}: weights {}", outlook.dtype, ByteCount::new(outlook.weights)),
                );
                for batch in &outlook.batches {
                    let texts = counted(batch.texts, "text");
                    let (tokens, peak) = (counted(batch.tokens, "token"), ByteCount::new(batch.peak));
                    line("", &format!("a batch of {texts} of {tokens} takes {peak} at most"));
                }
            }
            Err(reason) => line("on", &format!("no device is known: {reason}")),
        }
        line("weights", &identity.weights_sha256);
        line("tokenizer", &identity.tokenizer_sha256);
        for (name, value) in identity.config.iter().flatten() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            line("config", &format!("{name} = {value}"));
        }
        text
    }
}

/// What the model can be computed in on this processor, with the instructions that are for it.
fn usable(folder: &ModelFolder) -> impl Iterator<Item = (Precision, Option<&'static str>)> {
    let has_cpu = survey(DeviceSpec::on(Backend::Cpu)).is_ok();
    let is_one_operation = folder.working_bytes(1, 1).is_some();
    let all = Precision::ALL.iter().map(|&precision| (precision, precision.instructions()));
    all.filter(move |(precision, instructions)| match precision {
        Precision::F32 | Precision::F16 => has_cpu,
        Precision::Bf16 | Precision::Int8 => has_cpu && is_one_operation && instructions.is_some(),
    })
}
