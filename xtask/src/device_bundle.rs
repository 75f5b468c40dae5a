//! `cargo xtask device-bundle`: everything that is run on a machine with a GPU, in one archive.

mod licences;
mod pack;
mod texts;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::XtaskError;
use crate::{model, process, setup_llvm, workspace};

pub(crate) const ABOUT: &str = "pack what is carried to a machine with a GPU";
pub(crate) const HELP: &str = "
Usage: cargo xtask device-bundle [--with cuda]

Makes semantik-device-x86_64.tar.gz (or .tar.xz, where that is needed to stay small) in the target
folder, and start.sh, which unpacks it: the program `semantik-device` with the backends cpu, wgpu and
vulkan, tuned for real GPUs; all-MiniLM-L6-v2 with its weights in f16 and the words that the texts use;
this project's documents and source as texts; run.sh and second.sh, which run everything and need
nothing but a driver; and the licences. Fails above 60 MiB.

The first build takes 20 minutes on two cores, with cuda 30. The program with its symbols, for reading
what a crash says, stays in the folder `bundle` of the target folder.

  --with cuda   the CUDA backend too, and libdevice.10.bc, which its kernels are linked with; brings the
                LLVM that it is built with (`cargo xtask setup-llvm`)";

const PROFILE: &str = "bundle";
/// What both packages are built with: `cargo build` of the same two, by hand, finds everything built.
const FEATURES: [&str; 2] = ["vulkan", "tuned"];
const CUDA: &str = "cuda";
const FILES: [(&str, &str); 6] = [
    ("run.sh", include_str!("device_bundle/run.sh")),
    ("second.sh", include_str!("device_bundle/second.sh")),
    ("steps.sh", include_str!("device_bundle/steps.sh")),
    ("hold.py", include_str!("device_bundle/hold.py")),
    ("peer.py", include_str!("device_bundle/peer.py")),
    ("README.md", include_str!("device_bundle/README.md")),
];
const START: &str = include_str!("device_bundle/start.sh");
/// Where Debian and its kin keep Vulkan's loader, for machines that have a driver and no loader.
const LOADER: &str = "/usr/lib/x86_64-linux-gnu/libvulkan.so.1";
const LOADER_LICENCE: &str = "/usr/share/doc/libvulkan1/copyright";

pub(crate) fn run(mut args: lexopt::Parser) -> Result<(), XtaskError> {
    let mut backends = FEATURES.to_vec();
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("with") => match args.value()?.to_string_lossy().as_ref() {
                CUDA => backends.push(CUDA),
                other => {
                    return Err(XtaskError::failed(format!("--with {other}: only cuda can be added")));
                }
            },
            _ => return Err(arg.unexpected().into()),
        }
    }
    let with_cuda = backends.contains(&CUDA);
    if with_cuda {
        setup_llvm::ensure_for(CUDA)?;
    }
    let features = ["device-suite", "semantik-cli"]
        .iter()
        .flat_map(|package| backends.iter().map(move |feature| format!("{package}/{feature}")))
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
    // With the layer, software Vulkan runs the same kernels in WGSL instead of crashing.
    let layer = program.with_file_name("deps").join("libvulkan_limit.so");
    for (from, to) in [(&program, &carried), (&layer, &folder.join("libvulkan_limit.so"))] {
        process::run(Command::new("strip").arg("-o").arg(to).arg(from))?;
    }
    for (name, text) in FILES {
        write(&folder, name, text)?;
    }
    write(&folder, "VERSION", &version(&features))?;
    let mut chmod = Command::new("chmod");
    process::run(chmod.arg("755").args(["run.sh", "second.sh"].map(|name| folder.join(name))).arg(&carried))?;
    for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
        copy(&workspace::root().join(licence), &folder.join(licence))?;
    }
    write(&folder, "THIRD-PARTY.txt", &licences::collect(&features, with_cuda)?)?;
    if with_cuda {
        carry_libdevice(&folder)?;
    }
    carry_loader(&folder)?;
    let texts = folder.join("texts");
    println!("{} bytes of texts", texts::copy(&texts)?);

    println!("Rounding the model's weights to f16, and computing what it gives …");
    let mut prepare = Command::new(&carried);
    prepare.arg("prepare").arg("--from").arg(model::bring()?).arg("--to").arg(folder.join("model"));
    process::run(prepare.arg("--words-of").arg(&texts))?;
    write(&target, "start.sh", START)?;
    match pack::pack(&target, &name)? {
        Some(archive) => told(&archive),
        None => Err(XtaskError::failed("the archive is too large to be carried")),
    }
}

/// The program, with its symbols.
fn build(features: &str) -> Result<PathBuf, XtaskError> {
    println!("Building semantik-device (the first time this takes 20 to 30 minutes on two cores) …");
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--locked", "--profile", PROFILE, "-p", "semantik-cli", "-p", "device-suite"]);
    process::run(cargo.args(["--features", features]))?;
    Ok(workspace::target()?.join(PROFILE).join("semantik-device"))
}

/// What kernels for CUDA are linked with, beside the program, where it looks. NVIDIA's terms name this file among those that may be
/// passed on with a program that uses it; they are beside it.
fn carry_libdevice(folder: &Path) -> Result<(), XtaskError> {
    let from = setup_llvm::bring_libdevice()?.join(setup_llvm::IN_TOOLKIT);
    let to = folder.join(setup_llvm::IN_TOOLKIT);
    copy(&from, &to)?;
    copy(&from.with_file_name(setup_llvm::LICENCE), &to.with_file_name(setup_llvm::LICENCE))
}

/// Vulkan's loader, where this machine has one to give.
fn carry_loader(folder: &Path) -> Result<(), XtaskError> {
    let (loader, licence) = (Path::new(LOADER), Path::new(LOADER_LICENCE));
    if !(loader.is_file() && licence.is_file()) {
        println!("{LOADER} is not there: on a machine without a Vulkan loader only other backends will run");
        return Ok(());
    }
    let to = folder.join("lib");
    copy(loader, &to.join("libvulkan.so.1"))?;
    copy(licence, &to.join("libvulkan1-LICENSE.txt"))
}

fn copy(from: &Path, to: &Path) -> Result<(), XtaskError> {
    let parent = to.parent().unwrap_or(to);
    fs::create_dir_all(parent).map_err(XtaskError::io(parent))?;
    fs::copy(from, to).map(|_| ()).map_err(XtaskError::io(from))
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

fn told(archive: &Path) -> Result<(), XtaskError> {
    let bytes = fs::metadata(archive).map_err(XtaskError::io(archive))?.len();
    println!("{} bytes ({:.1} MiB): {}", bytes, bytes as f64 / 1_048_576.0, archive.display());
    Ok(())
}
