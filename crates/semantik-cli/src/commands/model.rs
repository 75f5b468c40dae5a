//! `semantik model`: what is in the cache.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use semantik::sink::json;
use semantik::{Error, ModelCache};
use serde_json::Value;

use super::assumed;
use crate::args::{ListFormat, ModelArgs, ModelCommand};
use crate::output::Output;
use crate::report::Failure;
use crate::{say, shown};

pub(crate) fn run(args: &ModelArgs) -> Result<ExitCode, Failure> {
    let cache = ModelCache::from_env()?;
    let text = match &args.command {
        ModelCommand::List => list(&cache),
        ModelCommand::Path { model } => path(&cache.path(model)?),
        ModelCommand::Info { model, format } => info(&cache, model, *format)?,
    };
    let mut out = Output::open(None)?;
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| semantik::sink::output_error("standard output".as_ref(), error))?;
    Ok(ExitCode::SUCCESS)
}

fn list(cache: &ModelCache) -> String {
    let names = cache.names();
    if names.is_empty() {
        say::note(format_args!("there is no model in {}", cache.models().display()));
    }
    names.into_iter().map(|name| format!("{}\n", shown::line(&name))).collect()
}

/// As it is for programs, and as it is shown for people.
fn path(path: &Path) -> String {
    let path = path.display().to_string();
    if std::io::stdout().is_terminal() { format!("{}\n", shown::line(&path)) } else { path + "\n" }
}

fn info(cache: &ModelCache, model: &str, format: ListFormat) -> Result<String, Failure> {
    let folder = cache.resolve(model)?;
    let identity = folder.identity().map_err(Error::from)?;
    let (shape, prompts) = (folder.shape(), folder.prompts());
    if !folder.names_modules() {
        say::note(assumed(&folder));
    }
    let facts = serde_json::json!({
        "path": folder.path(),
        "dim": folder.dim(),
        "max_tokens": folder.max_tokens(),
        "layers": shape.layers,
        "heads": shape.heads,
        "feed_forward": shape.feed_forward,
        "pooling": folder.pooling(),
        "normalize": folder.normalizes(),
        "modules_json": folder.names_modules(),
        "prompts": prompts.declared,
        "default_prompt_name": prompts.default,
        "include_prompt": prompts.pooled,
        "dtype": identity.dtype,
        "config": identity.config,
        "weights_sha256": identity.weights_sha256,
        "tokenizer_sha256": identity.tokenizer_sha256,
    });
    if let (ListFormat::Text, Some(facts)) = (format, facts.as_object()) {
        let line = |(name, value): (&String, &Value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            format!("{name:<19} {}\n", shown::line(&value))
        };
        return Ok(facts.iter().map(line).collect());
    }
    let mut text = Vec::new();
    let written = json::to_writer_pretty(&mut text, &facts);
    written.map_err(|error| semantik::sink::output_error("standard output".as_ref(), error))?;
    Ok(String::from_utf8_lossy(&text).into_owned() + "\n")
}
