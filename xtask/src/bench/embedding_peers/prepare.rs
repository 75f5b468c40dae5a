//! [`Prepared`]: models in the formats of the other programs, made once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use super::environments::PEERS;
use super::programs::Programs;
use crate::error::XtaskError;
use crate::workspace;

/// A folder for one model.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    pub(super) folder: PathBuf,
}

/// A step: a file that a script makes of some arguments.
pub(super) struct Step<'a> {
    /// In the folder; made last by the script.
    pub(super) file: &'a str,
    pub(super) script: &'a str,
    pub(super) arguments: Vec<PathBuf>,
}

impl Prepared {
    pub(super) fn new(folder: PathBuf) -> Result<Self, XtaskError> {
        fs::create_dir_all(&folder).map_err(XtaskError::io(&folder))?;
        Ok(Prepared { folder })
    }

    /// Runs the script unless its file is there, made by this script of these arguments with these packages. Gives the last
    /// line that the script printed.
    ///
    /// # Errors
    /// What the script said last before it failed.
    pub(super) fn ensure(&self, programs: &Programs, step: &Step<'_>) -> Result<String, String> {
        let file = self.folder.join(step.file);
        let stamp = self.folder.join(format!("{}.stamp", step.file));
        let recipe = recipe(step).map_err(|error| error.to_string())?;
        let found = fs::read_to_string(&stamp).unwrap_or_default();
        if let Some(said) = found.strip_prefix(&recipe)
            && file.is_file()
        {
            return Ok(said.trim().to_owned());
        }
        eprintln!("{} with {} …", file.display(), step.script);
        let said = run(programs.script(step.script).args(&step.arguments))?;
        if !file.is_file() {
            return Err(format!("{} made no {}", step.script, step.file));
        }
        fs::write(&stamp, format!("{recipe}{said}\n"))
            .map_err(|error| format!("{}: {error}", stamp.display()))?;
        Ok(said)
    }
}

/// What the file depends on, as one line.
fn recipe(step: &Step<'_>) -> Result<String, XtaskError> {
    let mut hasher = Sha256::new();
    hasher.update(PEERS.stamp());
    for script in [step.script, "pooled.py"] {
        let path = workspace::root().join("benches/embed/peers").join(script);
        hasher.update(fs::read(&path).map_err(XtaskError::io(&path))?);
    }
    for argument in &step.arguments {
        hasher.update(argument.as_os_str().as_encoded_bytes());
        hasher.update([0]);
    }
    Ok(format!("{:x}\n", hasher.finalize()))
}

/// The last line of standard output, or of standard error as the failure.
fn run(command: &mut Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("Python could not be started: {error}"))?;
    let last = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default().to_owned()
    };
    if output.status.success() { Ok(last(&output.stdout)) } else { Err(last(&output.stderr)) }
}

/// all-MiniLM-L6-v2 for all of them.
pub(super) struct MiniLm {
    pub(super) folder: PathBuf,
    pub(super) onnx: Result<(), String>,
    pub(super) fused: Result<(), String>,
    pub(super) openvino: Result<(), String>,
    pub(super) int8: Result<(), String>,
}

impl MiniLm {
    /// Of the model in `model`; `texts` is a file of sentences, of which `OpenVINO`'s int8 takes its scales.
    pub(super) fn ensure(
        programs: &Programs,
        work: &Path,
        model: &Path,
        texts: &Path,
    ) -> Result<Self, XtaskError> {
        let prepared = Prepared::new(work.join("all-MiniLM-L6-v2"))?;
        let folder = prepared.folder.clone();
        let step = |file, script, arguments: &[&Path]| {
            let arguments = arguments.iter().map(|&path| path.to_owned()).collect();
            prepared.ensure(programs, &Step { file, script, arguments }).map(|_| ())
        };
        let onnx = step("tokens.onnx", "export_onnx.py", &[model, &folder]);
        let fused = onnx.clone().and_then(|()| step("fused.onnx", "fuse.py", &[&folder, Path::new("bert")]));
        let openvino = step("model.bin", "export_openvino.py", &[model, &folder]);
        let int8 = openvino.clone().and_then(|()| step("int8.bin", "quantise.py", &[&folder, texts]));
        Ok(MiniLm { folder, onnx, fused, openvino, int8 })
    }
}
