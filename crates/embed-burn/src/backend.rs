//! What computes: backends, the devices they have, and the one place where they are named.

mod allocation;
mod card;
mod guard;
mod libdevice;
mod name;
mod registry;
mod spec;

#[cfg(feature = "cpu")]
mod cpu;
#[cfg(feature = "wgpu")]
mod graphics;
#[cfg(any(feature = "wgpu", feature = "cuda", feature = "rocm"))]
mod identity;
#[cfg(any(feature = "cuda", feature = "rocm"))]
mod vendor;

use std::sync::Arc;

use burn::tensor::Device;

pub use self::allocation::Allocation;
pub use self::card::{Card, VisibleCards};
#[cfg(feature = "wgpu")]
pub use self::graphics::GraphicsDevice;
use self::guard::Failures;
pub use self::libdevice::{LibdevicePlaces, libdevice, provide_libdevice};
pub use self::name::Backend;
pub use self::registry::{BackendInfo, automatic, backend_among, backends, backends_among};
pub use self::spec::DeviceSpec;
use crate::error::EmbedError;

/// A device that is open: tensors can be made on it.
///
/// Cloning is cheap, and the clone is the same device. Opening a device twice gives the same one too, since a backend
/// keeps its devices for the life of the process.
#[derive(Clone, Debug)]
pub struct BurnDevice {
    backend: Backend,
    name: String,
    device: Device,
    host_memory: bool,
    software: bool,
    card: Option<Card>,
    largest_tensor: Option<u64>,
    failures: Arc<Failures>,
    passed_over: Option<String>,
    #[cfg(feature = "wgpu")]
    graphics: Option<GraphicsDevice>,
}

/// The adapter of a device that is listed and need not be opened, so that its memory can be watched.
#[cfg(feature = "wgpu")]
pub fn adapter(info: &BackendInfo, visible: &VisibleCards) -> Option<burn::tensor::wgpu::wgpu::Adapter> {
    let index = info.index.filter(|_| info.backend.is_graphics() && info.present)?;
    guard::caught(|| Ok(graphics::adapter(info.backend, index, visible))).ok().flatten()
}

/// What a device's memory pool holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolUsage {
    /// Bytes that live tensors use.
    pub in_use: u64,
    /// Bytes that the pool took from the device, in use or kept for reuse.
    pub reserved: u64,
}

impl BurnDevice {
    /// Opens the device that `spec` names. [`DeviceSpec::Auto`] takes a GPU where there is one, else the CPU; never a
    /// GPU that is computed on the CPU.
    ///
    /// # Errors
    /// The backend is not compiled in, its driver or device is not there, or the driver refuses.
    pub fn open(spec: DeviceSpec) -> Result<BurnDevice, EmbedError> {
        BurnDevice::open_among(spec, &VisibleCards::all())
    }

    /// As [`open`](BurnDevice::open), among the cards that are visible; numbers count those.
    ///
    /// # Errors
    /// As [`open`](BurnDevice::open).
    pub fn open_among(spec: DeviceSpec, visible: &VisibleCards) -> Result<BurnDevice, EmbedError> {
        guard::quiet_panics();
        registry::open(spec, visible)
    }

    /// The backend it belongs to.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Its name, as the driver gives it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Why [`DeviceSpec::Auto`] took this one instead of a GPU that is there and did not open.
    pub fn passed_over(&self) -> Option<&str> {
        self.passed_over.as_deref()
    }

    /// Whether its memory is known to be the host's: true for the CPU, software GPUs, and the integrated GPUs of graphics
    /// APIs. CUDA and ROCm do not tell; there the card's monitor does.
    pub fn is_host_memory(&self) -> bool {
        self.host_memory
    }

    /// Whether it is a GPU that is computed on the CPU.
    pub fn is_software(&self) -> bool {
        self.software
    }

    /// The card, where it is one and can be told from others.
    pub fn card(&self) -> Option<&Card> {
        self.card.as_ref()
    }

    /// The handles of a device of a graphics API, so that its memory can be watched.
    #[cfg(feature = "wgpu")]
    pub fn graphics(&self) -> Option<&GraphicsDevice> {
        self.graphics.as_ref()
    }

    /// The most bytes that one tensor may have, where the device has such a limit.
    pub fn largest_tensor(&self) -> Option<u64> {
        self.largest_tensor
    }

    /// What the memory pool holds, for backends with a pool.
    pub fn pool_usage(&self) -> Option<PoolUsage> {
        let usage = self.run_unsized(|device| Ok(device.memory_pool_usage())).ok().flatten()?;
        Some(PoolUsage { in_use: usage.bytes_in_use, reserved: usage.bytes_reserved })
    }

    /// Gives what the pool holds and does not use back to the device, after the work that is queued.
    ///
    /// # Errors
    /// The device was lost.
    pub fn cleanup(&self) -> Result<(), EmbedError> {
        self.run_unsized(|device| {
            // With fusion a tensor that was dropped lives until the work before it is done; a page with it in it stays.
            device.sync().map_err(|error| error.to_string())?;
            device.memory_cleanup();
            device.sync().map_err(|error| error.to_string())
        })
    }

    /// Waits for all work that is queued.
    ///
    /// # Errors
    /// The device was lost.
    pub fn sync(&self) -> Result<(), EmbedError> {
        self.run_unsized(|device| device.sync().map_err(|error| error.to_string()))
    }

    /// Runs work for a batch of `items` texts padded to `tokens` tokens, and turns each way in which a backend fails,
    /// panics included, into an error that says what can be done about it.
    pub(crate) fn run<T>(
        &self,
        (items, tokens): (usize, usize),
        work: impl FnOnce(&Device) -> Result<T, String>,
    ) -> Result<T, EmbedError> {
        let before = self.failures.out_of_memory();
        let failure = match guard::caught(|| work(&self.device)) {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        let synced = guard::caught(|| self.device.sync().map_err(|error| error.to_string()));
        if let Err(message) = synced
            && message.contains("poisoned")
        {
            return Err(EmbedError::device_lost(&self.name, message));
        }
        let message = self.failures.take_message().unwrap_or(failure);
        if self.failures.out_of_memory() > before || guard::is_out_of_memory(&message) {
            return Err(EmbedError::out_of_memory(&self.name, items, tokens));
        }
        Err(EmbedError::failed(&self.name, message))
    }

    fn run_unsized<T>(&self, work: impl FnOnce(&Device) -> Result<T, String>) -> Result<T, EmbedError> {
        self.run((0, 0), work)
    }
}
