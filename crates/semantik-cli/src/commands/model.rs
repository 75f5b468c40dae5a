//! `semantik model`: models, brought, listed and described.

mod info;
#[cfg(feature = "hub")]
mod pull;

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use semantik::{Cancel, ModelCache};

use crate::args::{ListFormat, ModelArgs, ModelCommand};
use crate::output::Output;
use crate::report::Failure;
use crate::{say, shown};

#[cfg_attr(not(feature = "hub"), allow(unused_variables))]
pub(crate) fn run(args: &ModelArgs, cancel: &Cancel) -> Result<ExitCode, Failure> {
    let cache = ModelCache::from_env()?;
    let text = match &args.command {
        #[cfg(feature = "hub")]
        ModelCommand::Pull(args) => path(&pull::run(args, cancel)?.path),
        #[cfg(not(feature = "hub"))]
        ModelCommand::Pull(_) => {
            let cause = "this program was built without the feature hub, which brings models";
            return Err(Failure::usage(cause, "build it with `--features hub`, or give a model's folder"));
        }
        ModelCommand::List => list(&cache),
        ModelCommand::Path { model } => path(&cache.path(model)?),
        ModelCommand::Info { model, format, json, backend } => {
            let format = if *json { ListFormat::Json } else { *format };
            info::run(&cache.resolve(model)?, *backend, format)?
        }
    };
    let mut out = Output::open(None)?;
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| semantik::sink::output_error("standard output".as_ref(), error))?;
    Ok(ExitCode::SUCCESS)
}

fn list(cache: &ModelCache) -> String {
    let mut names = cache.names();
    names.extend(cache.hub_models().into_iter().map(|(name, _)| name));
    if names.is_empty() {
        let cause = "there is no model in {}, and none in a hub's cache: `semantik model pull` brings one";
        say::note(cause.replace("{}", &cache.models().display().to_string()));
    }
    names.into_iter().map(|name| format!("{}\n", shown::line(&name))).collect()
}

/// As it is for programs, and as it is shown for people.
fn path(path: &Path) -> String {
    let path = path.display().to_string();
    if std::io::stdout().is_terminal() { format!("{}\n", shown::line(&path)) } else { path + "\n" }
}
