//! `cargo xtask bench policy`: batch policies on simulated devices.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::error::XtaskError;
use crate::{process, workspace};

pub(super) const NAME: &str = "policy";
const SCENARIOS: &str = "crates/policy-sim/scenarios";
/// In the order in which the document has them.
const FILES: [&str; 3] = ["processor-curve.json", "lavapipe-curve.json", "filled.json"];

/// Plays every file of scenarios and writes the tables into the documentation.
pub(super) fn run(rest: &[OsString]) -> Result<(), XtaskError> {
    if let Some(word) = rest.first() {
        return Err(XtaskError::failed(format!(
            "bench {NAME} takes no {}: what it plays is in {SCENARIOS}",
            word.display()
        )));
    }
    let root = workspace::root();
    let files: Vec<PathBuf> = FILES.iter().map(|file| root.join(SCENARIOS).join(file)).collect();
    let mut simulate = workspace::cargo();
    simulate.args(["run", "--release", "--locked", "--quiet", "--package", "policy-sim", "--"]);
    simulate.arg(root.join("docs/memory.md")).args(files);
    process::run(&mut simulate)
}
