//! The program with CUDA built in, on a machine that may have no card: it links, starts, says what it lacks, and works.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::error::XtaskError;
use crate::{model, process, setup_llvm, workspace};

const FEATURES: &str = "wgpu,cuda";

/// Builds it and runs the main job on the processor.
pub(super) fn check(work: &Path) -> Result<(), XtaskError> {
    println!("\n── the program with the backend cuda");
    setup_llvm::ensure_for("cuda")?;
    let mut build = workspace::cargo();
    process::run(build.args(["build", "--locked", "--package", "semantik-cli", "--features", FEATURES]))?;
    let program =
        workspace::target()?.join("debug").join(format!("semantik{}", std::env::consts::EXE_SUFFIX));

    let text = process::output(Command::new(&program).args(["devices", "--format", "json"]))?;
    let devices: Value = serde_json::from_str(&text)
        .map_err(|source| XtaskError::Json { what: "`semantik devices`", source })?;
    let cuda: Vec<&Value> =
        devices.as_array().into_iter().flatten().filter(|device| device["backend"] == "cuda").collect();
    let told = |device: &&Value| match device["reason"].as_str() {
        Some(reason) => !reason.contains("does not contain"),
        None => device["present"] == true,
    };
    if cuda.is_empty() || !cuda.iter().all(told) {
        return Err(XtaskError::failed(format!("`semantik devices` says of cuda: {cuda:?}")));
    }

    let vectors = work.join("cuda-on-cpu.jsonl");
    // Of an earlier run.
    let _ = std::fs::remove_file(&vectors);
    let mut embed = Command::new(&program);
    embed.arg("embed").arg(workspace::root().join("README.md")).args(["--backend", "cpu", "--model"]);
    process::run(embed.arg(model::bring()?).arg("--output").arg(&vectors))?;
    let records = std::fs::read_to_string(&vectors).map_err(XtaskError::io(&vectors))?;
    if records.lines().count() == 0 || !records.contains("\"embedding\":[") {
        return Err(XtaskError::failed(format!("{} has no vectors", vectors.display())));
    }
    Ok(())
}
