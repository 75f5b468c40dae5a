//! `cargo xtask setup-vulkan`: a Vulkan driver that computes on the processor, for the GPU tests.

use std::path::Path;
use std::process::Command;

use crate::error::XtaskError;
use crate::process;

pub(crate) const ABOUT: &str = "install Mesa's software Vulkan, for the GPU tests";
pub(crate) const HELP: &str = "
Usage: cargo xtask setup-vulkan

Installs Debian's or Ubuntu's packages libvulkan1 and mesa-vulkan-drivers, as root or where sudo asks
for no password; elsewhere it says what to install. Does nothing where a Vulkan driver is there.";

const PACKAGES: [&str; 2] = ["libvulkan1", "mesa-vulkan-drivers"];

pub(crate) fn run(mut args: lexopt::Parser) -> Result<(), XtaskError> {
    if let Some(arg) = args.next()? {
        return Err(arg.unexpected().into());
    }
    match ensure()? {
        Vulkan::Present => println!("a Vulkan driver is there"),
        Vulkan::Installed => println!("Mesa's software Vulkan is installed"),
        Vulkan::Absent(remedy) => return Err(XtaskError::failed(remedy)),
    }
    Ok(())
}

/// Whether GPU tests have a driver.
pub(crate) enum Vulkan {
    Present,
    Installed,
    /// And the one command, or the one thing to do, that brings it.
    Absent(String),
}

/// Installs a driver where there is none and where that is allowed.
pub(crate) fn ensure() -> Result<Vulkan, XtaskError> {
    if !cfg!(target_os = "linux") || is_present() {
        // Elsewhere the system brings Metal or DirectX.
        return Ok(Vulkan::Present);
    }
    let by_hand = format!("apt-get install --no-install-recommends {}", PACKAGES.join(" "));
    if !process::succeeds(Command::new("apt-get").arg("--version")) {
        let remedy = "no Vulkan driver is there, and only apt-get is known here; install your system's Mesa Vulkan drivers";
        return Ok(Vulkan::Absent(remedy.to_owned()));
    }
    let Some(prefix) = prefix() else {
        return Ok(Vulkan::Absent(format!("no Vulkan driver is there; run `sudo {by_hand}`")));
    };
    eprintln!("installing Mesa's software Vulkan for the GPU tests …");
    let apt = |args: &[&str]| {
        let words: Vec<&str> =
            prefix.iter().copied().chain(["apt-get", "-qq"]).chain(args.iter().copied()).collect();
        let mut command = Command::new(words[0]);
        command
            .args(&words[1..])
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdout(std::process::Stdio::null());
        process::run(&mut command)
    };
    let install = [&["install", "-y", "--no-install-recommends"][..], &PACKAGES].concat();
    // Lists may be absent or old; they are fetched only then, since that takes longer than the packages.
    let installed = apt(&install).or_else(|_| apt(&["update"]).and_then(|()| apt(&install)));
    match installed {
        Ok(()) if is_present() => Ok(Vulkan::Installed),
        Ok(()) => Err(XtaskError::failed("the packages are installed, and still no Vulkan driver is there")),
        Err(error) => Ok(Vulkan::Absent(format!("{error}; run `sudo {by_hand}`"))),
    }
}

/// What goes before `apt-get`, or nothing if it may not be run.
fn prefix() -> Option<Vec<&'static str>> {
    let id = process::output(Command::new("id").arg("-u")).unwrap_or_default();
    if id.trim() == "0" {
        return Some(vec![]);
    }
    process::succeeds(Command::new("sudo").args(["-n", "true"])).then(|| vec!["sudo", "-n"])
}

/// A loader and a driver's manifest.
fn is_present() -> bool {
    let loader = process::output(Command::new("ldconfig").arg("-p").env("PATH", path_with_sbin()))
        .is_ok_and(|list| list.contains("libvulkan.so.1"));
    let named = ["VK_ICD_FILENAMES", "VK_DRIVER_FILES"].iter().any(|name| std::env::var_os(name).is_some());
    let folders = ["/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/etc/vulkan/icd.d"];
    let has_manifest = |folder: &&str| {
        let entries = std::fs::read_dir(Path::new(folder)).into_iter().flatten().flatten();
        entries.into_iter().any(|entry| entry.path().extension().is_some_and(|end| end == "json"))
    };
    loader && (named || folders.iter().any(has_manifest))
}

/// `ldconfig` is in a folder that ordinary users do not search.
fn path_with_sbin() -> String {
    format!("{}:/sbin:/usr/sbin", std::env::var("PATH").unwrap_or_default())
}
