//! `cargo xtask setup-llvm`: what building and running the backend `cuda` needs, from Python packages.

mod libdevice;

use std::env::consts::ARCH;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::XtaskError;
use crate::package::Wheel;
use crate::process;

pub(crate) use self::libdevice::{IN_TOOLKIT, LICENCE, bring as bring_libdevice};

pub(crate) const ABOUT: &str = "bring the LLVM that `cuda` is built with, and what it links at run time";
pub(crate) const HELP: &str = "
Usage: cargo xtask setup-llvm

burn compiles its kernels for CUDA with an LLVM 23, which it downloads while it is built. The same LLVM
is a Python package: this brings it with pip (92 MB, once), checks its checksum, keeps of its targets
those that are used, and puts it where burn looks: `tracel` in the user's data folder. An LLVM that is
there is left as it is.

It also brings libdevice.10.bc, NVIDIA's library of math functions, which kernels for CUDA are linked
with when they run (40 MB are downloaded, 0.5 MB kept): into `cuda` in the folder where `semantik` looks
for models, SEMANTIK_CACHE, else `semantik` in the user's cache folder. NVIDIA's licence is beside it.

`test`, `demo`, `bench` and `device-bundle` run this for the backend `cuda` by themselves. `rocm` also
links LLD, which these packages lack: burn downloads its own LLVM for it, and that needs the internet.";

/// The version of burn's `tracel-llvm-bundler`, which the folder is named after. A test holds it against the lock file.
const BUNDLE: &str = "23.1.0-4";
/// What its build script looks for.
const SENTINEL: &str = ".tracel-llvm-installed";
/// Marks an LLVM of ours. `embed-burn`'s build script looks for it too: `rocm` cannot be built with this one.
const MARK: &str = ".brought-by-semantik";
const LICENCES: &str = "licenses";
/// What the LLVM has to call itself.
const VERSION: &str = "23.1.";
/// The folder of its files in the wheels, and of the licences of what it is made of.
const IN_WHEEL: &str = "mlc_llvm_static/static";
const LICENCES_IN_WHEEL: &str = "mlc_llvm_static/licenses";

/// The library and its targets for this kind of machine: the processor's target is in the first, all others in the second.
fn wheels(arch: &str) -> Option<[Wheel; 2]> {
    const BASE: &str = "mlc-llvm-static==23.1.1.post0";
    const TARGETS: &str = "mlc-llvm-static-extra-targets==23.1.1.post0";
    let (base, targets) = match arch {
        "x86_64" => (
            "dcfec888abfaa418be77d41af585805f31463584cf9c90582992c00f392c1ac5",
            "c36e834d9a4e9cf9759f27fece65711ece7a2fc2b5a96dbb15d66f5e9e787929",
        ),
        "aarch64" => (
            "3d4b1b30cea531ffa5956fa14ff4ffb0b1ed61284bf31eac3ebb752fb308b71d",
            "b1ddc694cf75bb1502b64c1898b15915362450453b637534886519e20e3d5522",
        ),
        _ => return None,
    };
    let wheel = |package, sha256| Wheel { package, sha256, platform: None };
    Some([wheel(BASE, base), wheel(TARGETS, targets)])
}

/// What LLVM calls the targets that are kept: this machine's processor, and cards of NVIDIA.
fn targets(arch: &str) -> [&'static str; 2] {
    [if arch == "aarch64" { "AArch64" } else { "X86" }, "NVPTX"]
}

pub(crate) fn run(mut args: lexopt::Parser) -> Result<(), XtaskError> {
    if let Some(arg) = args.next()? {
        return Err(arg.unexpected().into());
    }
    match ensure()? {
        Llvm::Present(folder) => println!("an LLVM is there: {}", folder.display()),
        Llvm::Brought(folder) => println!("LLVM 23 is in {}", folder.display()),
        Llvm::Elsewhere => println!("on this system burn downloads its LLVM while `cuda` is built"),
    }
    println!("libdevice.10.bc is in {}", bring_libdevice()?.display());
    Ok(())
}

/// Where the licences of an LLVM of ours are, for what carries it in itself; a program with `cuda` does. `None` for an LLVM that
/// burn downloaded.
pub(crate) fn licences() -> Option<PathBuf> {
    Some(folder().ok()?.join(LICENCES)).filter(|folder| folder.is_dir())
}

/// For a command that builds the backend of this name, which may carry a device's number.
pub(crate) fn ensure_for(backend: &str) -> Result<(), XtaskError> {
    match backend.split(':').next() {
        Some("cuda") => {
            ensure()?;
            bring_libdevice().map(|_| ())
        }
        Some("rocm") => refuse_ours(),
        _ => Ok(()),
    }
}

/// Where burn finds its LLVM.
enum Llvm {
    Present(PathBuf),
    Brought(PathBuf),
    /// Nothing of ours fits this system; burn brings its own.
    Elsewhere,
}

/// Brings the LLVM if none is there.
fn ensure() -> Result<Llvm, XtaskError> {
    if !cfg!(target_os = "linux") {
        return Ok(Llvm::Elsewhere);
    }
    let Some(wheels) = wheels(ARCH) else { return Ok(Llvm::Elsewhere) };
    let folder = folder()?;
    if folder.join(SENTINEL).exists() {
        return Ok(Llvm::Present(folder));
    }
    if folder.exists() {
        return Err(XtaskError::failed(format!(
            "{} is there without {SENTINEL}: burn is downloading into it, or was stopped while it did; wait, or delete \
             the folder, and run this again",
            folder.display()
        )));
    }
    let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    if !process::succeeds(Command::new(&compiler).arg("--version")) {
        return Err(XtaskError::failed(format!(
            "building with LLVM needs a C++ compiler, and {} does not run; install g++, or set CXX",
            compiler.display()
        )));
    }
    eprintln!("bringing LLVM 23 for the backend cuda (92 MB, once) …");
    let parent = folder.parent().unwrap_or(&folder).to_owned();
    // Beside its place, so that the last step is a rename; the name is this process's own.
    let work = parent.join(format!(".bringing-llvm-{}", std::process::id()));
    let result = lay_out(&wheels, &work, &folder);
    // Best effort: what is left is hidden and named.
    let _ = fs::remove_dir_all(&work);
    result.map(|()| Llvm::Brought(folder))
}

fn lay_out(wheels: &[Wheel], work: &Path, folder: &Path) -> Result<(), XtaskError> {
    let unpacked = work.join("unpacked");
    for (wheel, number) in wheels.iter().zip(0..) {
        wheel.unpack_into(&work.join(format!("wheel-{number}")), &unpacked)?;
    }
    let llvm = unpacked.join(IN_WHEEL);
    keep_targets(&llvm.join("include/llvm/Config/mlc-all"), &targets(ARCH))?;
    let config = llvm.join("bin/llvm-config");
    // A script; what a wheel's files may do is lost when they are unpacked.
    process::run(Command::new("chmod").arg("755").arg(&config))?;
    let version = process::output(Command::new(&config).arg("--version"))?;
    if !version.starts_with(VERSION) {
        return Err(XtaskError::failed(format!(
            "the LLVM that was brought says it is {}, not {VERSION}*",
            version.trim()
        )));
    }
    for (name, text) in
        [(MARK, "brought by `cargo xtask setup-llvm`; without LLD, so not for rocm\n"), (SENTINEL, "")]
    {
        let path = llvm.join(name);
        fs::write(&path, text).map_err(XtaskError::io(&path))?;
    }
    let licences = llvm.join(LICENCES);
    fs::rename(unpacked.join(LICENCES_IN_WHEEL), &licences).map_err(XtaskError::io(&licences))?;
    match fs::rename(&llvm, folder) {
        // Another process brought it meanwhile, and it passed the same checks.
        Err(_) if folder.join(SENTINEL).exists() => Ok(()),
        result => result.map_err(XtaskError::io(folder)),
    }
}

/// Takes the other targets off the lists that "all targets" is made of: each that is on them is linked.
fn keep_targets(lists: &Path, targets: &[&str]) -> Result<(), XtaskError> {
    for entry in fs::read_dir(lists).map_err(XtaskError::io(lists))?.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "def") {
            let text = fs::read_to_string(&path).map_err(XtaskError::io(&path))?;
            fs::write(&path, kept(&text, targets)).map_err(XtaskError::io(&path))?;
        }
    }
    Ok(())
}

/// A list without the lines `LLVM_…(NAME)` of other targets.
fn kept(list: &str, targets: &[&str]) -> String {
    let others = |line: &&str| {
        let named = line.strip_prefix("LLVM_").and_then(|rest| rest.split_once('('));
        named.is_none_or(|(_, rest)| targets.contains(&rest.trim_end().trim_end_matches(')')))
    };
    list.lines().filter(others).flat_map(|line| [line, "\n"]).collect()
}

/// Where burn looks: as its build script computes it on Linux.
fn folder() -> Result<PathBuf, XtaskError> {
    let var = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = var("XDG_DATA_HOME").filter(|path| path.is_absolute());
    let data = data.or_else(|| var("HOME").map(|home| home.join(".local/share")));
    let data = data.ok_or_else(|| XtaskError::failed("no data folder is known for this user; set HOME"))?;
    Ok(data.join("tracel").join(format!("tracel-llvm-{BUNDLE}")))
}

/// `rocm` links what our LLVM lacks, and would fail at the very end of its build.
fn refuse_ours() -> Result<(), XtaskError> {
    let folder = folder()?;
    if !folder.join(MARK).exists() {
        return Ok(());
    }
    Err(XtaskError::failed(format!(
        "rocm links LLD, which the LLVM in {} lacks; delete that folder, and burn downloads its own while rocm is built",
        folder.display()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = include_str!("../../Cargo.lock");

    #[test]
    fn the_folder_is_the_one_of_the_bundler_that_is_locked() {
        let entry = format!("name = \"tracel-llvm-bundler\"\nversion = \"{BUNDLE}\"\n");
        assert!(LOCK.contains(&entry), "burn has another version of tracel-llvm-bundler than {BUNDLE}");
        // Where a build that lacks it says so.
        let script = include_str!("../../crates/embed-burn/build.rs");
        for known in [BUNDLE, SENTINEL, MARK] {
            assert!(script.contains(known), "embed-burn's build script knows another {known}");
        }
    }

    #[test]
    fn a_list_keeps_its_text_and_the_targets_that_are_named() {
        let list = "/* LLVM_TARGET(Name) */\n#ifndef LLVM_TARGET\nLLVM_TARGET(AMDGPU)\nLLVM_TARGET(NVPTX)\nLLVM_TARGET(X86)\n\n#undef LLVM_TARGET\n";
        let want = "/* LLVM_TARGET(Name) */\n#ifndef LLVM_TARGET\nLLVM_TARGET(NVPTX)\nLLVM_TARGET(X86)\n\n#undef LLVM_TARGET\n";
        assert_eq!(kept(list, &targets("x86_64")), want);
        assert_eq!(kept("LLVM_ASM_PRINTER(X86)\r\n", &["X86"]), "LLVM_ASM_PRINTER(X86)\n");
    }

    #[test]
    fn every_checksum_is_one() {
        let wheels = ["x86_64", "aarch64"].into_iter().flat_map(|arch| wheels(arch).into_iter().flatten());
        for wheel in wheels {
            let hex = wheel.sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            assert!(wheel.sha256.len() == 64 && hex, "{}", wheel.package);
        }
        assert!(super::wheels("riscv64").is_none());
    }
}
