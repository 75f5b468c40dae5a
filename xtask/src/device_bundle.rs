//! `cargo xtask device-bundle`: everything that is run on a machine with a GPU, in one archive.

mod licences;
mod pack;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::XtaskError;
use crate::{model, process, workspace};

pub(crate) const ABOUT: &str = "pack what is carried to a machine with a GPU";
pub(crate) const HELP: &str = "
Usage: cargo xtask device-bundle [--with cuda]

Makes semantik-device-x86_64.tar.gz (or .tar.xz, where that is needed to stay small) in the target
folder: the program `semantik-device` with the backends cpu, wgpu and vulkan, tuned for real GPUs;
all-MiniLM-L6-v2 with its weights in f16, and the vectors it gives; `run.sh`, which runs everything
and needs nothing but a driver; and the licences. Fails above 60 MiB. What does not fit is the model:
then weights from a seed take its place, and the program says so.

The first build takes 40 minutes on two cores.

  --with cuda   the CUDA backend too. burn builds it with a prebuilt LLVM that it downloads, so this
                needs the internet. Without it, `vulkan` runs on the same cards.";

const PROFILE: &str = "bundle";
/// What both packages are built with: `cargo build` of the same two, by hand, finds everything built.
const FEATURES: [&str; 2] = ["vulkan", "tuned"];
const RUN: &str = include_str!("device_bundle/run.sh");
const PEER: &str = include_str!("device_bundle/peer.py");
const README: &str = include_str!("device_bundle/README.md");

pub(crate) fn run(mut args: lexopt::Parser) -> Result<(), XtaskError> {
    let mut features = FEATURES.to_vec();
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("with") => match args.value()?.to_string_lossy().as_ref() {
                "cuda" => features.push("cuda"),
                other => {
                    return Err(XtaskError::failed(format!("--with {other}: only cuda can be added")));
                }
            },
            _ => return Err(arg.unexpected().into()),
        }
    }
    let features = ["device-suite", "semantik-cli"]
        .iter()
        .flat_map(|package| features.iter().map(move |feature| format!("{package}/{feature}")))
        .collect::<Vec<_>>()
        .join(",");
    let program = build(&features)?;

    let name = format!("semantik-device-{}", std::env::consts::ARCH);
    let target = workspace::target()?.join("device-bundle");
    let folder = target.join(&name);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(XtaskError::io(&folder))?;
    }
    fs::create_dir_all(&folder).map_err(XtaskError::io(&folder))?;
    let carried = folder.join("semantik-device");
    fs::copy(&program, &carried).map_err(XtaskError::io(&program))?;
    // With it, software Vulkan runs the same kernels in WGSL instead of crashing.
    let layer = program.with_file_name("deps").join("libvulkan_limit.so");
    fs::copy(&layer, folder.join("libvulkan_limit.so")).map_err(XtaskError::io(&layer))?;
    write(&folder, "run.sh", RUN)?;
    write(&folder, "peer.py", PEER)?;
    write(&folder, "README.md", README)?;
    write(&folder, "VERSION", &version(&features))?;
    let mut chmod = Command::new("chmod");
    process::run(chmod.arg("755").arg(folder.join("run.sh")).arg(&carried))?;
    for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
        let from = workspace::root().join(licence);
        fs::copy(&from, folder.join(licence)).map_err(XtaskError::io(&from))?;
    }
    write(&folder, "THIRD-PARTY.txt", &licences::collect(&features)?)?;

    println!("Rounding the model's weights to f16, and computing what it gives …");
    let model = folder.join("model");
    let mut prepare = Command::new(&carried);
    process::run(prepare.arg("prepare").arg("--from").arg(model::bring()?).arg("--to").arg(&model))?;
    if let Some(archive) = pack::pack(&target, &name)? {
        return told(&archive, "with the model");
    }
    fs::remove_dir_all(&model).map_err(XtaskError::io(&model))?;
    match pack::pack(&target, &name)? {
        Some(archive) => told(&archive, "without the model: weights from a seed take its place"),
        None => Err(XtaskError::failed("the archive is too large even without the model")),
    }
}

/// The program, stripped by its profile.
fn build(features: &str) -> Result<PathBuf, XtaskError> {
    println!("Building semantik-device (the first time this takes 40 minutes on two cores) …");
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--locked", "--profile", PROFILE, "-p", "semantik-cli", "-p", "device-suite"]);
    process::run(cargo.args(["--features", features]))?;
    Ok(workspace::target()?.join(PROFILE).join("semantik-device"))
}

/// What the results have to name: a figure without its commit is not kept.
fn version(features: &str) -> String {
    let mut git = Command::new("git");
    git.current_dir(workspace::root()).args(["describe", "--always", "--dirty", "--abbrev=12"]);
    // An unpacked archive of the source has no history.
    let commit = process::output(&mut git).unwrap_or_else(|_| "unknown".to_owned());
    format!("commit {}\nfeatures {features}\n", commit.trim())
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), XtaskError> {
    let path = folder.join(name);
    fs::write(&path, text).map_err(XtaskError::io(&path))
}

fn told(archive: &Path, how: &str) -> Result<(), XtaskError> {
    let bytes = fs::metadata(archive).map_err(XtaskError::io(archive))?.len();
    println!("{} bytes ({:.1} MiB), {how}: {}", bytes, bytes as f64 / 1_048_576.0, archive.display());
    Ok(())
}
