//! What the kernel says about this process's memory, in bytes. Linux only.

use std::fs;

use device_suite::Fault;

pub(super) fn resident() -> Result<u64, Fault> {
    status("VmRSS:")
}

pub(super) fn peak() -> Result<u64, Fault> {
    status("VmHWM:")
}

/// The peak begins again at what is resident now.
pub(super) fn forget_peak() -> Result<(), Fault> {
    Ok(fs::write("/proc/self/clear_refs", "5")?)
}

fn status(name: &str) -> Result<u64, Fault> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.map(|kib| kib * 1024).ok_or_else(|| Fault::new(format!("the kernel tells no {name}")))
}
