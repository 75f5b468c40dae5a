//! A folder to run the program in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Exit code, standard output and standard error of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The folder, and one for what the program keeps between runs.
pub(crate) struct Place(TempDir, TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Place(tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where the program keeps what is no result.
    pub(crate) fn kept(&self) -> &Path {
        self.1.path()
    }

    pub(crate) fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_semantik"));
        command.current_dir(self.path()).args(args).stdin(Stdio::null());
        for name in ["SEMANTIK_MAX_BATCH_SIZE", "SEMANTIK_MIN_BATCH_SIZE", "SEMANTIK_MEMORY_LIMIT"] {
            command.env_remove(name);
        }
        // Tests that run at once share no memory by agreement, and remember nothing of each other.
        command.env("XDG_RUNTIME_DIR", self.kept()).env("XDG_DATA_HOME", self.kept());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        ran(self.command(args).output().unwrap())
    }
}

pub(crate) fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl Ran {
    /// The records, after a run that went well.
    pub(crate) fn records(&self) -> Vec<Value> {
        assert_eq!(self.code, Some(0), "{}", self.err);
        records(&self.out)
    }

    /// A usage error that names `word`.
    pub(crate) fn failed_usage(&self, word: &str) {
        assert_eq!(self.code, Some(2), "{}", self.err);
        assert!(self.err.contains(word), "{:?} does not say {word:?}", self.err);
    }

    /// An error of one line of cause, which says all of `says`, and no hint twice.
    pub(crate) fn failed(&self, code: i32, says: &[&str]) {
        assert_eq!(self.code, Some(code), "{}", self.err);
        assert!(self.err.contains("error: ") && !self.err.contains("panicked"), "{}", self.err);
        for word in says {
            assert!(self.err.contains(word), "{:?} does not say {word:?}", self.err);
        }
        let mut hints: Vec<&str> = self.err.lines().filter(|line| line.starts_with("hint:")).collect();
        let all = hints.len();
        hints.dedup();
        assert_eq!(hints.len(), all, "a hint is said once: {}", self.err);
    }
}

pub(crate) fn records(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The real all-MiniLM-L6-v2: `SEMANTIK_MODEL`, or by its name in the cache.
pub(crate) fn model() -> String {
    std::env::var("SEMANTIK_MODEL").unwrap_or_else(|_| "all-MiniLM-L6-v2".to_owned())
}
