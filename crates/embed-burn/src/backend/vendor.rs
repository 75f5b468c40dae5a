//! GPUs through their vendors' own interfaces: CUDA and ROCm.

use burn::tensor::{Device, DeviceIndex, DeviceType};

use super::name::Backend;
use super::open::{Handle, Open};
use super::recognise::{self, Cause};
use super::registry::BackendInfo;
use super::spec::DeviceSpec;
use super::{BurnDevice, Work, guard, identity};
use crate::error::EmbedError;

/// The devices in the vendor's order, which obeys the vendor's variable, such as `CUDA_VISIBLE_DEVICES`. Their names
/// are known once they are open.
///
/// # Errors
/// Devices are there, and something without which no kernel runs on them is not: what, and what to do about it.
pub(super) fn list(backend: Backend) -> Result<Vec<BackendInfo>, String> {
    let count = count(backend).unwrap_or(0);
    if let Some(missing) = missing(backend).filter(|_| count > 0) {
        return Err(missing);
    }
    let infos = (0..count)
        .map(|index| BackendInfo {
            index: Some(index),
            name: format!("{backend} device {index}"),
            compiled: true,
            present: true,
            ..BackendInfo::of(backend)
        })
        .collect();
    Ok(infos)
}

/// What kernels need besides the driver and is not there.
fn missing(backend: Backend) -> Option<String> {
    match backend {
        #[cfg(feature = "cuda")]
        Backend::Cuda => super::libdevice::why_missing(),
        _ => None,
    }
}

/// Why a backend has no device.
pub(super) fn why_none(backend: Backend) -> &'static str {
    match backend {
        Backend::Cuda => {
            "no card of NVIDIA is visible; install NVIDIA's driver, and see what CUDA_VISIBLE_DEVICES hides"
        }
        _ => "no card of AMD is visible; install ROCm, or set ROCM_PATH to where it is",
    }
}

pub(super) fn open(backend: Backend, index: Option<u32>) -> Result<BurnDevice, EmbedError> {
    let spec = DeviceSpec::On { backend, index };
    let absent = |reason: String| EmbedError::backend_absent(spec.to_string(), backend, reason);
    let wanted = index.unwrap_or(0);
    // burn opens a device at its first use, and panics where that fails.
    let count = count(backend).map_err(absent)?;
    if count == 0 {
        return Err(absent(why_none(backend).to_owned()));
    }
    if wanted >= count {
        return Err(absent(format!("there are {count} devices, numbered from 0")));
    }
    // Found out now, not in the middle of the first batch.
    if let Some(missing) = missing(backend) {
        return Err(absent(missing));
    }
    guard::caught(|| start(backend, wanted)).map_err(|error| match recognise::cause(&error) {
        // A context takes hundreds of MiB of a card that others may have filled.
        Some(Cause::NoMemory { needed }) => {
            EmbedError::out_of_memory(&spec.to_string(), Work::Open, needed, None)
        }
        _ => absent(error),
    })
}

fn start(backend: Backend, index: u32) -> Result<BurnDevice, String> {
    let index = DeviceIndex::Specified(index as usize);
    let device = match backend {
        #[cfg(feature = "cuda")]
        Backend::Cuda => Device::cuda(index),
        #[cfg(feature = "rocm")]
        Backend::Rocm => Device::rocm(index),
        _ => return Err(format!("{backend} is not a vendor's interface")),
    };
    device.sync().map_err(|error| error.to_string())?;
    let name = device.identity().map_or_else(|| backend.to_string(), |identity| identity.name);
    Ok(BurnDevice {
        backend,
        name,
        card: identity::card(&device),
        open: Handle::new(Open::plain(device)),
        host_memory: false,
        software: false,
        largest_tensor: None,
        passed_over: None,
    })
}

fn count(backend: Backend) -> Result<u32, String> {
    guard::caught(|| {
        let devices = match backend {
            #[cfg(feature = "cuda")]
            Backend::Cuda => Device::enumerate(DeviceType::Cuda),
            #[cfg(feature = "rocm")]
            Backend::Rocm => Device::enumerate(DeviceType::Rocm),
            _ => return Ok(0),
        };
        u32::try_from(devices.into_vec().len()).map_err(|error| error.to_string())
    })
}
