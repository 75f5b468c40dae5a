//! The crate's error.

use std::path::{Path, PathBuf};

/// Why nothing was simulated.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct SimError(Box<Repr>);

#[derive(Debug, thiserror::Error)]
enum Repr {
    #[error("cannot read {}: {error}", path.display())]
    Read { path: PathBuf, error: std::io::Error },
    #[error("cannot write {}: {error}", path.display())]
    Write { path: PathBuf, error: std::io::Error },
    #[error("{} is no file of scenarios: {error}", path.display())]
    Parse { path: PathBuf, error: serde_json::Error },
    #[error("{}: {problem}", path.display())]
    MakesNoSense { path: PathBuf, problem: String },
    #[error("{0}")]
    Policy(batch_policy::PolicyError),
}

impl SimError {
    pub(crate) fn read(path: &Path, error: std::io::Error) -> Self {
        SimError(Box::new(Repr::Read { path: path.to_owned(), error }))
    }

    pub(crate) fn write(path: &Path, error: std::io::Error) -> Self {
        SimError(Box::new(Repr::Write { path: path.to_owned(), error }))
    }

    pub(crate) fn parse(path: &Path, error: serde_json::Error) -> Self {
        SimError(Box::new(Repr::Parse { path: path.to_owned(), error }))
    }

    pub(crate) fn makes_no_sense(path: &Path, problem: String) -> Self {
        SimError(Box::new(Repr::MakesNoSense { path: path.to_owned(), problem }))
    }
}

impl From<batch_policy::PolicyError> for SimError {
    fn from(error: batch_policy::PolicyError) -> Self {
        SimError(Box::new(Repr::Policy(error)))
    }
}
