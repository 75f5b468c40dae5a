//! What computes: backends, the devices they have, and the one place where they are named.

mod allocation;
mod begun;
mod card;
mod gate;
mod guard;
mod libdevice;
mod name;
mod open;
mod reading;
mod recognise;
mod registry;
mod replay;
mod spec;
mod work;

#[cfg(feature = "cpu")]
mod cpu;
#[cfg(feature = "wgpu")]
mod graphics;
#[cfg(any(feature = "wgpu", feature = "cuda", feature = "rocm"))]
mod identity;
#[cfg(any(feature = "cuda", feature = "rocm"))]
mod vendor;

use burn::tensor::Device;

pub use self::allocation::Allocation;
pub(crate) use self::begun::Begun;
pub use self::card::{Card, VisibleCards};
#[cfg(feature = "wgpu")]
pub use self::graphics::GraphicsDevice;
use self::guard::Moment;
pub use self::libdevice::{LibdevicePlaces, libdevice, provide_libdevice};
pub use self::name::Backend;
use self::open::{Handle, Open};
use self::recognise::Cause;
pub use self::registry::{BackendInfo, automatic, backend_among, backends, backends_among};
pub use self::spec::DeviceSpec;
pub(crate) use self::work::Work;
use crate::error::EmbedError;

/// A device that is open: tensors can be made on it.
///
/// Cloning is cheap, and the clone is the same device. Opening a device twice gives the same one too, since a backend
/// keeps its devices for the life of the process. A device that was lost is opened anew in its place: all clones then are
/// the new one.
#[derive(Clone, Debug)]
pub struct BurnDevice {
    backend: Backend,
    name: String,
    open: Handle,
    host_memory: bool,
    software: bool,
    card: Option<Card>,
    largest_tensor: Option<u64>,
    passed_over: Option<String>,
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

    /// The handles of a device of a graphics API, so that its memory can be watched. A device that is opened anew has others.
    #[cfg(feature = "wgpu")]
    pub fn graphics(&self) -> Option<GraphicsDevice> {
        self.open.get().graphics
    }

    /// The most bytes that one tensor may have, where the device has such a limit.
    pub fn largest_tensor(&self) -> Option<u64> {
        self.largest_tensor
    }

    /// What the memory pool holds, for backends with a pool.
    pub fn pool_usage(&self) -> Option<PoolUsage> {
        let usage = self.run(Work::Other, |device| Ok(device.memory_pool_usage())).ok().flatten()?;
        Some(PoolUsage { in_use: usage.bytes_in_use, reserved: usage.bytes_reserved })
    }

    /// Gives what the pool holds and does not use back to the device, after the work that is queued.
    ///
    /// # Errors
    /// The device was lost.
    pub fn cleanup(&self) -> Result<(), EmbedError> {
        self.run(Work::Other, |device| {
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
        self.run(Work::Other, |device| device.sync().map_err(|error| error.to_string()))
    }

    /// Whether it is lost, with all that was on it.
    pub fn is_lost(&self) -> bool {
        gate::shared(|| self.open.get().lost().is_some())
    }

    /// Opens it anew if it is lost, in its place: this handle and all its clones are the new device from then on. Tensors
    /// of the lost one are of no use any more; [`BurnEmbedder::reload`](crate::BurnEmbedder::reload) brings a model back.
    ///
    /// # Errors
    /// - Device lost: it is a device of CUDA or ROCm, whose contexts stay lost for the life of a process, or its driver is
    ///   still gone.
    /// - Out of memory: there is too little for a device. It stays lost, and can be tried again.
    pub fn reopen(&self) -> Result<(), EmbedError> {
        gate::shared(|| self.open.reopen(self.backend)).map_err(|closed| {
            match recognise::cause(&closed.why) {
                Some(Cause::NoMemory { needed }) => {
                    EmbedError::out_of_memory(&self.name, Work::Open, needed, None)
                }
                _ => EmbedError::device_lost(&self.name, format!("{}; {}", closed.lost, closed.why), false),
            }
        })
    }

    /// How often it was opened anew after it was lost. Tensors, and the handles of a graphics API, belong to one opening.
    pub fn generation(&self) -> u64 {
        self.open.get().generation
    }

    /// Runs work, and turns each way in which a backend fails, panics included, into an error that says what can be done
    /// about it. No dry run is on meanwhile.
    pub(crate) fn run<T>(
        &self,
        work: Work,
        run: impl FnOnce(&Device) -> Result<T, String>,
    ) -> Result<T, EmbedError> {
        let open = self.open.get();
        let before = open.failures.moment();
        self.inside(|| {
            // An upload may be refused without harm to what was asked: the framework catches it on its own thread.
            guard::caught(|| run(&open.device)).map_err(|failure| self.told(&open, before, work, &failure))
        })
    }

    /// Past the gate. A processor's work is not cubecl's.
    fn inside<T>(&self, run: impl FnOnce() -> T) -> T {
        if self.backend == Backend::Cpu { run() } else { gate::shared(run) }
    }

    /// What a failure of some work means that began at that moment.
    fn told(&self, open: &Open, before: Moment, work: Work, failure: &str) -> EmbedError {
        let lost = open.lost();
        let since = open.failures.since(before);
        let cause = recognise::cause(failure);
        let for_memory = |text: &str| since.out_of_memory || text.contains(recognise::REFUSED_UPLOAD);
        if let Some(message) = lost {
            return EmbedError::device_lost(&self.name, &message, for_memory(&message));
        }
        if cause == Some(Cause::Lost) {
            return EmbedError::device_lost(&self.name, failure, for_memory(failure));
        }
        if since.out_of_memory {
            let needed = match cause {
                Some(Cause::NoMemory { needed }) => needed,
                _ => None,
            };
            return EmbedError::out_of_memory(&self.name, work, needed, None);
        }
        // What the device's handler was told is nearer to the cause than what it did to whoever waited.
        let told = since.message.as_deref().unwrap_or(failure);
        match since.message.as_deref().map_or(cause, recognise::cause) {
            Some(Cause::NoMemory { needed }) => EmbedError::out_of_memory(&self.name, work, needed, None),
            Some(Cause::NeverFits { needed }) => {
                EmbedError::never_fits(&self.name, needed, self.largest_tensor)
            }
            Some(Cause::Lost) => EmbedError::device_lost(&self.name, told, for_memory(told)),
            None => EmbedError::failed(&self.name, told),
        }
    }
}
