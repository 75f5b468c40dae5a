//! Which backends there are, and how each is opened.

use super::BurnDevice;
use super::card::{Card, VisibleCards};
use super::name::Backend;
use super::spec::DeviceSpec;
use crate::error::EmbedError;

/// One device of a backend, or a backend without a device and the reason.
// Four facts that do not follow from each other.
#[allow(clippy::struct_excessive_bools)]
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
    /// Whether its memory is the host's, as far as that is known before it is opened.
    pub host_memory: bool,
    /// The card, where it is one and can be told from others before it is opened.
    pub card: Option<Card>,
    /// Why it is not present, and what would change that.
    pub reason: Option<String>,
}

impl BackendInfo {
    /// What to give to [`BurnDevice::open`] for this device.
    pub fn spec(&self) -> DeviceSpec {
        DeviceSpec::On { backend: self.backend, index: self.index }
    }

    /// A backend of which nothing is known yet.
    pub(super) fn of(backend: Backend) -> Self {
        BackendInfo {
            backend,
            index: None,
            name: backend.to_string(),
            compiled: false,
            present: false,
            software: false,
            host_memory: false,
            card: None,
            reason: None,
        }
    }

    fn absent(backend: Backend, compiled: bool, reason: impl Into<String>) -> Self {
        BackendInfo { compiled, reason: Some(reason.into()), ..BackendInfo::of(backend) }
    }
}

/// Every backend known, in a fixed order: each device of those that are present, and one entry with the reason for each
/// that is not. No device is opened.
pub fn backends() -> Vec<BackendInfo> {
    backends_among(&VisibleCards::all())
}

/// As [`backends`], without the cards that are not visible; numbers count those that are.
pub fn backends_among(visible: &VisibleCards) -> Vec<BackendInfo> {
    Backend::ALL.iter().flat_map(|&backend| list(backend, visible)).collect()
}

/// As [`backends_among`], of one backend: no driver of another is asked.
pub fn backend_among(backend: Backend, visible: &VisibleCards) -> Vec<BackendInfo> {
    list(backend, visible)
}

/// What [`DeviceSpec::Auto`] takes of these devices: a real GPU if there is one, through its vendor's interface if that
/// is compiled in, else the CPU. Never a GPU that is computed on the CPU.
pub fn automatic(infos: &[BackendInfo]) -> DeviceSpec {
    let real = |backend: Backend| {
        infos.iter().find(|info| info.backend == backend && info.present && !info.software)
    };
    let best = [Backend::Cuda, Backend::Rocm, Backend::Wgpu].into_iter().find_map(real);
    best.map_or(DeviceSpec::on(Backend::Cpu), BackendInfo::spec)
}

pub(super) fn open(spec: DeviceSpec, visible: &VisibleCards) -> Result<BurnDevice, EmbedError> {
    match spec {
        DeviceSpec::Auto => {
            let gpus = [Backend::Cuda, Backend::Rocm, Backend::Wgpu];
            let infos: Vec<BackendInfo> =
                gpus.into_iter().flat_map(|backend| list(backend, visible)).collect();
            let chosen = automatic(&infos);
            let error = match open(chosen, visible) {
                Ok(device) => return Ok(BurnDevice { passed_over: unusable(), ..device }),
                Err(error) => error,
            };
            // A GPU that is there and does not open must not keep `auto` from working, and must be told of.
            match open_named(Backend::Cpu, None, visible) {
                Ok(device) => Ok(BurnDevice { passed_over: Some(error.to_string()), ..device }),
                Err(_) => Err(error),
            }
        }
        DeviceSpec::On { backend, index } => open_named(backend, index, visible),
    }
}

/// Why a card is not used through its vendor's interface although it could be.
#[cfg(any(feature = "cuda", feature = "rocm"))]
fn unusable() -> Option<String> {
    [Backend::Cuda, Backend::Rocm].into_iter().find_map(|vendor| super::vendor::list(vendor).err())
}

/// There is no vendor's interface in this build.
#[cfg(not(any(feature = "cuda", feature = "rocm")))]
const fn unusable() -> Option<String> {
    None
}

fn list(backend: Backend, visible: &VisibleCards) -> Vec<BackendInfo> {
    if let Some(reason) = elsewhere(backend) {
        return vec![BackendInfo::absent(backend, is_compiled(backend), reason)];
    }
    let (listed, why_none): (Result<Vec<BackendInfo>, String>, String) = match backend {
        #[cfg(feature = "cpu")]
        Backend::Cpu => (Ok(vec![super::cpu::info()]), String::new()),
        #[cfg(feature = "wgpu")]
        graphics if graphics.is_graphics() && is_compiled(graphics) => (
            super::guard::caught(|| Ok(super::graphics::list(graphics, visible))),
            super::graphics::why_none(graphics, visible),
        ),
        #[cfg(any(feature = "cuda", feature = "rocm"))]
        vendor if matches!(vendor, Backend::Cuda | Backend::Rocm) && is_compiled(vendor) => {
            (super::vendor::list(vendor), super::vendor::why_none(vendor).to_owned())
        }
        _ => {
            let _ = visible;
            return vec![BackendInfo::absent(backend, false, not_compiled(backend))];
        }
    };
    match listed {
        Ok(infos) if !infos.is_empty() => infos,
        Ok(_) => vec![BackendInfo::absent(backend, true, why_none)],
        Err(message) => vec![BackendInfo::absent(backend, true, message)],
    }
}

fn open_named(
    backend: Backend,
    index: Option<u32>,
    visible: &VisibleCards,
) -> Result<BurnDevice, EmbedError> {
    if let Some(reason) = elsewhere(backend) {
        return Err(EmbedError::backend_absent(backend.as_str(), backend, reason));
    }
    match backend {
        #[cfg(feature = "cpu")]
        Backend::Cpu => super::cpu::open(index),
        #[cfg(feature = "wgpu")]
        graphics if graphics.is_graphics() && is_compiled(graphics) => {
            super::graphics::open(graphics, index, visible)
        }
        #[cfg(any(feature = "cuda", feature = "rocm"))]
        vendor if matches!(vendor, Backend::Cuda | Backend::Rocm) && is_compiled(vendor) => {
            super::vendor::open(vendor, index)
        }
        _ => {
            let _ = (index, visible);
            Err(EmbedError::backend_absent(backend.as_str(), backend, not_compiled(backend)))
        }
    }
}

/// Whether this build contains a backend.
const fn is_compiled(backend: Backend) -> bool {
    match backend {
        Backend::Cpu => cfg!(feature = "cpu"),
        Backend::Wgpu => cfg!(feature = "wgpu"),
        Backend::Vulkan => cfg!(feature = "vulkan"),
        Backend::Metal => cfg!(feature = "metal"),
        Backend::WebGpu => cfg!(feature = "webgpu"),
        Backend::Cuda => cfg!(feature = "cuda"),
        Backend::Rocm => cfg!(feature = "rocm"),
    }
}

/// Why a backend can never be here, on this kind of system.
const fn elsewhere(backend: Backend) -> Option<&'static str> {
    match backend {
        Backend::Metal if !cfg!(target_vendor = "apple") => {
            Some("Metal is on systems of Apple only; `wgpu` runs on any GPU")
        }
        Backend::WebGpu if !cfg!(target_family = "wasm") => {
            Some("WebGPU is the browser's, and this is none; `wgpu` runs the same kernels on any GPU")
        }
        _ => None,
    }
}

fn not_compiled(backend: Backend) -> String {
    // In the source of this project; what it brings is needed to build and to run.
    let first = if backend == Backend::Cuda { "run `cargo xtask setup-llvm` and " } else { "" };
    format!("this build does not contain it; {first}build with `--features {backend}`")
}
