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

/// The triple that rustc builds for by default.
pub(crate) fn host() -> Result<String, XtaskError> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let told = process::output(Command::new(rustc).current_dir(root()).arg("-vV"))?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| XtaskError::failed("`rustc -vV` names no host"))
}

/// The backends that have a feature of their name; `cpu` is always there.
const FEATURES: [&str; 6] = ["wgpu", "vulkan", "metal", "webgpu", "cuda", "rocm"];

/// The feature that a backend needs besides the default ones, the same in every crate; `name` may carry a device's number.
pub(crate) fn feature_of(name: &str) -> Result<Option<&'static str>, XtaskError> {
    let backend = name.split(':').next().unwrap_or_default();
    if matches!(backend, "auto" | "cpu") {
        return Ok(None);
    }
    let known = FEATURES.into_iter().find(|feature| *feature == backend);
    let unknown = || {
        let known = FEATURES.join(", ");
        XtaskError::failed(format!("no backend is called {backend:?}; known are auto, cpu, {known}"))
    };
    known.map(Some).ok_or_else(unknown)
}

/// The same as words for cargo.
pub(crate) fn features_for(name: &str) -> Result<Vec<&'static str>, XtaskError> {
    Ok(feature_of(name)?.map_or_else(Vec::new, |feature| vec!["--features", feature]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the names are given.
    const NAMES: &str = include_str!("../../crates/embed-burn/src/backend/name.rs");

    #[test]
    fn every_backend_that_the_library_names_is_known() {
        let named: Vec<&str> =
            NAMES.lines().filter_map(|line| Some(line.split_once(" => \"")?.1.split_once('"')?.0)).collect();
        assert!(named.contains(&"cpu") && named.len() == FEATURES.len() + 1, "{named:?}");
        for name in named {
            assert!(feature_of(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_number_is_no_part_of_the_name_and_what_is_no_name_is_refused() {
        assert_eq!(features_for("vulkan:1").ok(), Some(vec!["--features", "vulkan"]));
        assert_eq!(features_for("cpu").ok(), Some(vec![]));
        for name in ["abacus", "", "CUDA", "gpu:0"] {
            let error = feature_of(name).unwrap_err().to_string();
            assert!(error.contains("vulkan"), "{name:?}: {error}");
        }
    }
}
