//! [`Programs`]: those that are compared, each started when it is first asked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use super::environments::{FASTEMBED, PEERS};
use crate::bench::side::Side;
use crate::error::XtaskError;
use crate::python::Python;
use crate::workspace;

pub(super) const OURS: &str = "semantik";
pub(super) const SENTENCE_TRANSFORMERS: &str = "sentence-transformers";
pub(super) const ONNXRUNTIME: &str = "onnxruntime";
pub(super) const OPENVINO: &str = "openvino";
pub(super) const FASTEMBED_NAME: &str = "fastembed";
/// The products of a model alone.
pub(super) const PRODUCTS: &str = "products";

/// Between two programs, so that threads of the one that still spin are at rest when the other begins.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) struct Programs {
    ours: PathBuf,
    python: Python,
    /// Or why there is none.
    fastembed: Result<Python, String>,
    pub(super) threads: usize,
    logs: PathBuf,
    running: BTreeMap<&'static str, Result<Side, String>>,
    last: &'static str,
}

impl Programs {
    /// Brings the packages that are not there.
    pub(super) fn ensure(ours: PathBuf, threads: usize, logs: PathBuf) -> Result<Self, XtaskError> {
        std::fs::create_dir_all(&logs).map_err(XtaskError::io(&logs))?;
        let python = PEERS.ensure()?;
        let fastembed = FASTEMBED.ensure().map_err(|error| error.to_string());
        Ok(Programs { ours, python, fastembed, threads, logs, running: BTreeMap::new(), last: OURS })
    }

    /// What a program answers.
    pub(super) fn ask(&mut self, name: &'static str, question: &Value) -> Result<Value, String> {
        if self.last != name {
            sleep(PAUSE);
            self.last = name;
        }
        if !self.running.contains_key(name) {
            let side = self.start(name);
            self.running.insert(name, side);
        }
        match self.running.get_mut(name) {
            Some(Ok(side)) => side.ask(question),
            Some(Err(why)) => Err(why.clone()),
            None => Err("it was not started".to_owned()),
        }
    }

    /// Ends a program, so that its next question is one to a fresh process.
    pub(super) fn stop(&mut self, name: &'static str) {
        self.running.remove(name);
    }

    /// Ends all.
    pub(super) fn stop_all(&mut self) {
        self.running.clear();
    }

    /// Versions of packages, by their names.
    pub(super) fn versions(&mut self) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for name in [SENTENCE_TRANSFORMERS, ONNXRUNTIME, OPENVINO, FASTEMBED_NAME] {
            if let Ok(answer) = self.ask(name, &json!({"op": "versions"})) {
                let versions = answer["versions"].as_object().into_iter().flatten();
                found.extend(
                    versions.map(|(name, value)| (name.clone(), value.as_str().unwrap_or("?").to_owned())),
                );
            }
        }
        found
    }

    /// One of the scripts, with the packages of all but fastembed.
    pub(super) fn script(&self, name: &str) -> Command {
        self.python_with(&self.python.program, name)
    }

    fn start(&self, name: &'static str) -> Result<Side, String> {
        let mut command = if name == OURS {
            let mut command = Command::new(&self.ours);
            command.arg("rounds").env("RAYON_NUM_THREADS", self.threads.to_string());
            command
        } else {
            let python = if name == FASTEMBED_NAME {
                self.fastembed.as_ref().map_err(Clone::clone)?
            } else {
                &self.python
            };
            let mut command = self.python_with(&python.program, "serve.py");
            command.arg(name).arg(self.threads.to_string());
            command
        };
        Side::start(&mut command, &self.logs.join(format!("{name}.txt")))
    }

    fn python_with(&self, python: &Path, script: &str) -> Command {
        let mut command = Command::new(python);
        command.arg(workspace::root().join("benches/embed/peers").join(script));
        // No files beside the scripts.
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        for name in ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"] {
            command.env(name, self.threads.to_string());
        }
        command.env("TOKENIZERS_PARALLELISM", "true").env("HF_HUB_OFFLINE", "1");
        // OpenVINO's tools report their use over the network, and see by this that nobody agreed to it.
        command.env("CI", "true");
        // Some systems hold OpenBLAS to old kernels, which would make numpy look slow.
        command.env_remove("OPENBLAS_CORETYPE").env_remove("OPENBLAS_L2_SIZE");
        command
    }
}
