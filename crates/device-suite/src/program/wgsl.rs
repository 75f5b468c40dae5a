//! `semantik-device wgsl`: another of its commands, with kernels in WGSL.

use std::process::{Command, ExitCode, ExitStatus};

use vulkan_limit::LimitedDevice;

use crate::failure::Failure;

pub(crate) const USAGE: &str = "\
wgsl COMMAND…
    Another command, with kernels in WGSL instead of SPIR-V on Vulkan: for software devices, which crash
    on the latter, and to compare the two. Needs libvulkan_limit.so beside this program.";

pub(crate) fn run(mut args: lexopt::Parser) -> Result<ExitCode, Failure> {
    let told = |error: std::io::Error| Failure::failed(error.to_string());
    let words: Vec<_> = args.raw_args()?.collect();
    // As large as the driver says; only what SPIR-V needs is hidden.
    let device = LimitedDevice::builder(u64::MAX).hide_spirv().build().map_err(told)?;
    // Vulkan's loader reads its environment when the process starts to use it, so it is another process.
    let program = std::env::current_exe().map_err(told)?;
    let status = Command::new(program).args(words).envs(device.environment()).status().map_err(told)?;
    Ok(ExitCode::from(code(status)))
}

/// As a shell gives it: 128 and the signal's number for a process that crashed.
fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal: Option<i32> = None;
    let code = signal.map(|signal| 128 + signal).or(status.code());
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}
