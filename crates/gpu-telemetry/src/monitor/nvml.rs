//! [`CudaMonitor`]: a card of NVIDIA, through the library of its driver.

mod failure;
mod handle;
mod instance;
mod library;
mod own_use;
mod sampling;
mod totals;

use std::path::PathBuf;

use nvml_wrapper::Device;

use self::failure::{failure, failure_of_known};
use self::handle::Handle;
use self::instance::{instance_name, is_of_instance};
pub use self::library::NvmlLibrary;
use crate::bytes::ByteCount;
use crate::error::TelemetryError;
use crate::identity::{CardIdentity, PciAddress};
use crate::visible::{VisibleCard, mps_limit};

/// A card of NVIDIA, or an instance of a card in MIG mode.
///
/// The name is CUDA's because its programs are what such a card is for; Vulkan's memory on it is counted as well.
///
/// | field | where it comes from | what to know |
/// |---|---|---|
/// | `total` | `nvmlDeviceGetMemoryInfo_v2` | the limit of a cgroup (`dmem`) where that is less |
/// | `free` | the same | what a cgroup still grants, where that is less |
/// | `used` | total − free | with what driver and firmware keep, which drivers count differently in a figure of their own |
/// | `system_reserved` | the same call | only where it fits the other figures |
/// | `budget` | `dmem.max` of each cgroup this process is in, and what [`limited_to`](CudaMonitor::limited_to) was told | absent where nothing limits; the driver itself grants everything to everyone |
/// | `process_used` | the driver's lists of processes: computing, drawing, clients of the multi-process service | only where this process is in them and their ids mean what ours mean |
/// | `utilization_percent` | `nvmlDeviceGetUtilizationRates` | the share of the driver's last period (up to a second) in which anything ran |
///
/// By platform:
///
/// - **Linux**: all of the above.
/// - **Windows**: no `process_used` under the display driver model, where Windows manages the memory. Other APIs know a card by
///   its LUID there, which the monitor has if it was made from what CUDA [shows](CudaMonitor::visible).
/// - **WSL2**: totals yes, processes no.
/// - **MIG**: the card as a whole tells nothing in most containers ([`Denied`](crate::TelemetryErrorKind::Denied)), and its sum is
///   of no use to a process that runs on one instance: sample [`instances`](CudaMonitor::instances), or the one that CUDA
///   [shows](CudaMonitor::visible). They have no utilisation. An instance has the identity of its card, and a name that ends
///   with the first group of its UUID: [`instance_uuid`](CudaMonitor::instance_uuid) tells it from the others.
/// - **Containers**: older drivers list processes by the host's ids, which may be ours by chance. So `process_used` is told,
///   everywhere on Linux, only if every id in the lists is a process that can be seen here.
/// - **Memory shared with the host** (GB10, Thor and other systems on a chip): the driver tells no memory, or zero. The sample
///   is then the host's as [`HostMonitor`](crate::HostMonitor) sees it, with
///   [`MemorySource::NvmlUnified`](crate::MemorySource::NvmlUnified). Decided by what the driver answers, each
///   time, never by a name.
///
/// Where libraries stand between program and driver (`HAMi` and its kind), figures can contradict each other: that is an error.
/// A card that fell off the bus or needs a reset is [`Lost`](crate::TelemetryErrorKind::Lost), and stays so: ask the library again.
///
/// ```no_run
/// use gpu_telemetry::{CudaMonitor, MemoryMonitor, NvmlLibrary};
///
/// let library = NvmlLibrary::load()?;
/// let monitor = CudaMonitor::at(&library, "0000:41:00.0".parse()?)?;
/// println!("{}: {:?} for new work", monitor.name(), monitor.sample()?.headroom());
/// # Ok::<(), gpu_telemetry::TelemetryError>(())
/// ```
#[derive(Clone, Debug)]
pub struct CudaMonitor {
    library: NvmlLibrary,
    /// Of a whole card; an instance has none that lasts.
    handle: Option<Handle>,
    name: String,
    uuid: String,
    pci: PciAddress,
    /// Of Windows, where CUDA's driver told it; NVML knows none.
    luid: Option<[u8; 8]>,
    limit: Option<ByteCount>,
    root: PathBuf,
}

impl CudaMonitor {
    /// The card at an address on the bus, as a whole.
    ///
    /// # Errors
    /// There is no card of NVIDIA at that address (`Absent`), or the driver does not tell of it.
    pub fn at(library: &NvmlLibrary, pci: PciAddress) -> Result<Self, TelemetryError> {
        let here = format!("the card at {pci}");
        let device = library.nvml().device_by_pci_bus_id(pci.to_string());
        let device = device.map_err(|error| failure(&here, "its place in the driver", &error))?;
        CudaMonitor::open(library, &device, pci)
    }

    /// The card or the instance with this UUID: `GPU-…` or `MIG-…`, in full.
    ///
    /// # Errors
    /// There is none (`Absent`), or the driver does not tell of it.
    pub fn with_uuid(library: &NvmlLibrary, uuid: &str) -> Result<Self, TelemetryError> {
        let failed = |error| failure(uuid, "its place in the driver", &error);
        let device = library.nvml().device_by_uuid(uuid).map_err(failed)?;
        // Only the card has a place on the bus.
        let card =
            if is_of_instance(uuid) { Some(device.mig_parent_device().map_err(failed)?) } else { None };
        let pci = address(uuid, card.as_ref().unwrap_or(&device))?;
        CudaMonitor::open(library, &device, pci)
    }

    /// What CUDA computes on where it shows this process `card`: the card, or one instance of it in MIG mode, whether the
    /// environment names the instance or not. Never a card in MIG mode as a whole.
    ///
    /// # Errors
    /// Those of [`CudaMonitor::at`]. A card in MIG mode that CUDA's driver was not asked about and that has several instances,
    /// or none: which CUDA takes is not known then (`Driver`).
    pub fn visible(library: &NvmlLibrary, card: &VisibleCard) -> Result<Self, TelemetryError> {
        let CardIdentity { pci, luid, .. } = card.identity();
        let monitor = match (card.instance(), pci) {
            (Some(name), _) => CudaMonitor::named(library, name, card)?,
            (None, Some(pci)) => CudaMonitor::at(library, pci)?.computing(card.uuid.as_deref())?,
            (None, None) => {
                let message = "a card without a PCI address cannot be found in NVIDIA's driver";
                return Err(TelemetryError::absent(message));
            }
        };
        Ok(CudaMonitor { luid, ..monitor })
    }

    /// With a limit on what this process may use, from whoever knows of one. The least of all limits is the budget.
    #[must_use]
    pub fn limited_to(mut self, limit: ByteCount) -> Self {
        self.limit = self.limit.into_iter().chain([limit]).min();
        self
    }

    /// With the limit that the environment puts on clients of CUDA's multi-process service
    /// (`CUDA_MPS_PINNED_DEVICE_MEM_LIMIT`), if it has one for this card. It numbers cards as CUDA shows them, so CUDA's driver is
    /// loaded and asked; it is believed whether the service runs or not.
    ///
    /// # Errors
    /// The variable cannot be read, or CUDA's driver is not there or fails.
    pub fn limited_by_mps(self) -> Result<Self, TelemetryError> {
        Ok(match mps_limit(&CardIdentity::at(self.pci), &self.uuid)? {
            Some(limit) => self.limited_to(limit),
            None => self,
        })
    }

    /// With the `proc` and `sys` under `root` in place of this system's: for containers that see their host's elsewhere, and
    /// for tests.
    #[must_use]
    pub fn with_root(mut self, root: impl Into<PathBuf>) -> Self {
        self.root = root.into();
        self
    }

    /// The driver's own name for the card or the instance, the same after every start.
    pub fn uuid(&self) -> &str {
        &self.uuid
    }

    /// Where the card is on the bus; an instance is where its card is.
    pub fn pci(&self) -> PciAddress {
        self.pci
    }

    fn open(library: &NvmlLibrary, device: &Device<'_>, pci: PciAddress) -> Result<Self, TelemetryError> {
        let here = format!("the card at {pci}");
        let name = device.name().map_err(|error| failure(&here, "its name", &error))?;
        let uuid = device.uuid().map_err(|error| failure(&name, "its UUID", &error))?;
        let (name, handle) = if is_of_instance(&uuid) {
            (instance_name(&name, &uuid), None)
        } else {
            (name, Some(Handle::of(device)))
        };
        Ok(CudaMonitor {
            library: library.clone(),
            handle,
            name,
            uuid,
            pci,
            luid: None,
            limit: None,
            root: PathBuf::from("/"),
        })
    }

    /// The card, or the instance as the driver knows it now.
    fn device(&self) -> Result<Device<'_>, TelemetryError> {
        if let Some(handle) = self.handle {
            return Ok(handle.device(&self.library));
        }
        let found = self.library.nvml().device_by_uuid(self.uuid.as_str());
        found.map_err(|error| failure_of_known(&self.name, "its place in the driver", &error))
    }
}

/// Where a device is on the bus.
fn address(name: &str, device: &Device<'_>) -> Result<PciAddress, TelemetryError> {
    let what = "its PCI address";
    let told = device.pci_info().map_err(|error| failure(name, what, &error))?;
    told.bus_id.parse().map_err(|error: TelemetryError| TelemetryError::driver(name, what, error.to_string()))
}
