//! What can go wrong in a command.

use std::path::{Path, PathBuf};

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum XtaskError {
    #[error("{0}")]
    Usage(#[from] lexopt::Error),
    #[error("{0}")]
    Failed(String),
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{program} could not be started: {source}")]
    Start { program: String, source: std::io::Error },
    #[error("`{command}` failed ({status})")]
    Command { command: String, status: std::process::ExitStatus },
    #[error("{what} said something that is no JSON: {source}")]
    Json { what: &'static str, source: serde_json::Error },
}

impl XtaskError {
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        XtaskError::Failed(message.into())
    }

    /// For `map_err` on what touches `path`.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        |source| XtaskError::Io { path, source }
    }

    pub(crate) fn exit_code(&self) -> u8 {
        if matches!(self, XtaskError::Usage(_)) { 2 } else { 1 }
    }
}
