//! Which backends there are, and how each is opened.

use super::BurnDevice;
use super::name::Backend;
use super::spec::DeviceSpec;
use crate::error::EmbedError;

/// One device of a backend, or a backend without a device and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackendInfo {
    /// The backend.
    pub backend: Backend,
    /// The device's number on its backend, for a spec such as `wgpu:1`; absent where there is but one device or none.
    pub index: Option<u32>,
    /// The device's name as the driver gives it, or the backend's where there is no device.
    pub name: String,
    /// Whether this build contains the backend.
    pub compiled: bool,
    /// Whether the device is there and can be opened.
    pub present: bool,
    /// Whether it is a GPU that is computed on the CPU.
    pub software: bool,
    /// Why it is not present, and what would change that.
    pub reason: Option<String>,
}

impl BackendInfo {
    /// What to give to [`BurnDevice::open`] for this device.
    pub fn spec(&self) -> DeviceSpec {
        DeviceSpec::On { backend: self.backend, index: self.index }
    }

    fn absent(backend: Backend, compiled: bool, reason: impl Into<String>) -> Self {
        BackendInfo {
            backend,
            index: None,
            name: backend.to_string(),
            compiled,
            present: false,
            software: false,
            reason: Some(reason.into()),
        }
    }
}

/// Every backend known, in a fixed order: each device of those that are present, and one entry with the reason for each
/// that is not. No device is opened.
pub fn backends() -> Vec<BackendInfo> {
    Backend::ALL.iter().flat_map(|&backend| list(backend)).collect()
}

pub(super) fn open(spec: DeviceSpec) -> Result<BurnDevice, EmbedError> {
    match spec {
        DeviceSpec::Auto => open_best(),
        DeviceSpec::On { backend, index } => open_named(backend, index),
    }
}

/// A real GPU if there is one and it opens, else the CPU.
fn open_best() -> Result<BurnDevice, EmbedError> {
    let gpu = list(Backend::Wgpu).into_iter().find(|info| info.present && !info.software);
    if let Some(gpu) = gpu
        && let Ok(device) = open(gpu.spec())
    {
        return Ok(device);
    }
    open_named(Backend::Cpu, None)
}

fn list(backend: Backend) -> Vec<BackendInfo> {
    match backend {
        #[cfg(feature = "cpu")]
        Backend::Cpu => vec![super::cpu::info()],
        #[cfg(feature = "wgpu")]
        Backend::Wgpu => {
            let listed = super::guard::caught(|| Ok(super::wgpu::list()));
            match listed {
                Ok(infos) if !infos.is_empty() => infos,
                Ok(_) => vec![BackendInfo::absent(backend, true, super::wgpu::NO_ADAPTER)],
                Err(message) => vec![BackendInfo::absent(backend, true, message)],
            }
        }
        _ => vec![BackendInfo::absent(backend, false, not_compiled(backend))],
    }
}

fn open_named(backend: Backend, index: Option<u32>) -> Result<BurnDevice, EmbedError> {
    match backend {
        #[cfg(feature = "cpu")]
        Backend::Cpu => super::cpu::open(index),
        #[cfg(feature = "wgpu")]
        Backend::Wgpu => super::wgpu::open(index),
        _ => {
            let _ = index;
            Err(EmbedError::backend_absent(backend.as_str(), backend, not_compiled(backend)))
        }
    }
}

fn not_compiled(backend: Backend) -> String {
    match backend {
        Backend::Cpu | Backend::Wgpu => {
            format!("this build does not contain it; build with `--features {backend}`")
        }
        _ => "this version does not contain it yet; `wgpu` runs on any GPU".to_owned(),
    }
}
