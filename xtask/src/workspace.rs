//! The workspace that this program belongs to, as cargo sees it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::error::XtaskError;
use crate::process;

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn root() -> PathBuf {
    // This crate's folder is directly below it.
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Cargo, to be run at the workspace's root: the one that started this program.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    // Set for this program, and wrong for what it starts.
    for name in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
        command.env_remove(name);
    }
    command
}

/// What cargo says about the workspace, with (`deps`) or without the packages it depends on.
pub(crate) fn metadata(deps: Deps) -> Result<Value, XtaskError> {
    let mut command = cargo();
    command.args(["metadata", "--format-version", "1", "--locked"]);
    if deps == Deps::Without {
        command.arg("--no-deps");
    }
    let text = process::output(&mut command)?;
    serde_json::from_str(&text).map_err(|source| XtaskError::Json { what: "cargo metadata", source })
}

/// Whether dependencies are asked about too.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deps {
    With,
    Without,
}

/// Where cargo builds.
pub(crate) fn target() -> Result<PathBuf, XtaskError> {
    let metadata = metadata(Deps::Without)?;
    let target = metadata["target_directory"].as_str();
    target.map(PathBuf::from).ok_or_else(|| XtaskError::failed("cargo metadata names no target folder"))
}

/// The features of the command-line tool that a backend needs.
pub(crate) fn features_for(backend: &str) -> Result<&'static [&'static str], XtaskError> {
    match backend.split(':').next().unwrap_or_default() {
        "auto" | "cpu" => Ok(&[]),
        "wgpu" => Ok(&["--features", "wgpu"]),
        other => {
            Err(XtaskError::failed(format!("no backend is called {other:?}; known are auto, cpu and wgpu")))
        }
    }
}
