//! The processor, through burn's flex backend.

use burn::tensor::Device;

use super::name::Backend;
use super::open::{Handle, Open};
use super::registry::BackendInfo;
use super::{BurnDevice, spec::DeviceSpec};
use crate::error::EmbedError;

/// The processor is always there.
pub(super) fn info() -> BackendInfo {
    BackendInfo {
        name: name(),
        compiled: true,
        present: true,
        host_memory: true,
        ..BackendInfo::of(Backend::Cpu)
    }
}

pub(super) fn open(index: Option<u32>) -> Result<BurnDevice, EmbedError> {
    if let Some(index @ 1..) = index {
        let spec = DeviceSpec::On { backend: Backend::Cpu, index: Some(index) };
        return Err(EmbedError::backend_absent(
            spec.to_string(),
            Backend::Cpu,
            "all cores are one device, cpu:0",
        ));
    }
    Ok(BurnDevice {
        backend: Backend::Cpu,
        name: name(),
        open: Handle::new(Open::plain(Device::flex())),
        host_memory: true,
        software: false,
        card: None,
        largest_tensor: None,
        passed_over: None,
    })
}

/// What the processor calls itself where the system tells, and how many threads it has.
fn name() -> String {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let model = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let model = model.unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    format!("{model}, {threads} threads")
}
