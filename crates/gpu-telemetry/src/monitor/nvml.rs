//! [`CudaMonitor`]: a card of NVIDIA, through the library of its driver.

mod failure;
mod instance;
mod library;
mod limits;
mod numa;
mod raw;
mod sampling;
mod shared_memory;
mod totals;
mod users;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use nvml_wrapper::Device;
use nvml_wrapper::error::NvmlError;

use self::failure::failure;
use self::instance::{instance_name, is_of_instance};
pub use self::library::NvmlLibrary;
use self::limits::{Granted, MpsLimit};
use self::numa::Node;
use self::users::Seen;
use super::HostMonitor;
use super::dmem::CardLimits;
use crate::bytes::ByteCount;
use crate::error::{TelemetryError, TelemetryErrorKind};
use crate::identity::{CardIdentity, PciAddress};
use crate::visible::VisibleCard;

/// A card of NVIDIA, or an instance of a card in MIG mode.
///
/// The name is CUDA's because its programs are what such a card is for; Vulkan's memory on it is counted as well.
///
/// | field | where it comes from | what to know |
/// |---|---|---|
/// | `total` | `nvmlDeviceGetMemoryInfo_v2`, or the first version of the call ([`NvmlV1`](crate::MemorySource::NvmlV1)) where that is missing or fails | the limit of a cgroup (`dmem`) where that is less |
/// | `free` | the same | what a cgroup still grants, where that is less |
/// | `used` | total − free | with what driver and firmware keep, which drivers count differently in a figure of their own |
/// | `system_reserved` | the same call | only where it fits the other figures |
/// | `budget` | the least of `dmem.max` of each cgroup this process is in, the limit of the multi-process service, and what [`limited_to`](CudaMonitor::limited_to) was told | absent where nothing limits; the driver itself grants everything to everyone |
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
/// - **Memory shared with the host** (Jetson, GB10, Thor and other systems on a chip): the driver tells no memory, or zero. The
///   sample is then the host's as [`HostMonitor`](crate::HostMonitor) sees it, with
///   [`MemorySource::NvmlUnified`](crate::MemorySource::NvmlUnified). Zero is believed; that the driver does not support the
///   question is believed where the device tree names a Tegra, or CUDA says that the card is integrated, and is an error
///   elsewhere. Never decided by a card's name. Such a card may have no address and no UUID.
/// - **Memory that is a NUMA node of the host** (GH200, GB200): the kernel puts file cache there, and the driver counts it as
///   used. What the node's `meminfo` says can be reclaimed counts as free here.
/// - **The multi-process service**: a limit in this process's environment (`CUDA_MPS_PINNED_DEVICE_MEM_LIMIT`) counts unless
///   [turned off](CudaMonitor::without_mps_limit). One that was set in the service itself (`set_default_device_pinned_mem_limit`)
///   is seen through `cuMemGetInfo` where this process computes on the card already, by its primary context; before that, it
///   is not seen.
///
/// Where libraries stand between program and driver (`HAMi` and its kind), figures can contradict each other: that is an error.
/// A card that fell off the bus or needs a reset is [`Lost`](crate::TelemetryErrorKind::Lost) as long as its driver says so. Its
/// driver is asked by the card's UUID at each sample, and once more if it does not know the card: what comes back after the
/// driver was started anew is watched on.
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
    place: Place,
    name: String,
    pci: Option<PciAddress>,
    /// Of Windows, where CUDA's driver told it; NVML knows none.
    luid: Option<[u8; 8]>,
    limit: Option<ByteCount>,
    mps: MpsLimit,
    granted: Granted,
    cgroups: CardLimits,
    host: HostMonitor,
    /// Whether its memory is the host's, where the driver does not say.
    shares: OnceLock<bool>,
    /// The NUMA node that its memory is, if it is one.
    node: OnceLock<Option<Node>>,
    seen: Seen,
}

/// How the driver is asked for the card: anew each time. What it calls a handle is of one start of the driver.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Uuid(String),
    /// Of a card that has no UUID, as those of systems on a chip, which have one card.
    Index(u32),
}

/// What a device was asked for where the driver does not know it.
const PLACE: &str = "its place in the driver";

impl CudaMonitor {
    /// The card at an address on the bus, as a whole.
    ///
    /// # Errors
    /// There is no card of NVIDIA at that address (`Absent`), or the driver does not tell of it.
    pub fn at(library: &NvmlLibrary, pci: PciAddress) -> Result<Self, TelemetryError> {
        let here = format!("the card at {pci}");
        let device = library.nvml().device_by_pci_bus_id(pci.to_string());
        let device = device.map_err(|error| failure(&here, PLACE, error))?;
        Ok(CudaMonitor { pci: Some(pci), ..CudaMonitor::open(library, &device, None, &here)? })
    }

    /// The same, on the system whose `proc` and `sys` are under `root`.
    ///
    /// # Errors
    /// Those of [`at`](CudaMonitor::at).
    pub fn with_root(
        root: impl Into<PathBuf>,
        library: &NvmlLibrary,
        pci: PciAddress,
    ) -> Result<Self, TelemetryError> {
        CudaMonitor::at(&library.clone().with_root(root), pci)
    }

    /// The card or the instance with this UUID: `GPU-…` or `MIG-…`, in full.
    ///
    /// # Errors
    /// There is none (`Absent`), or the driver does not tell of it.
    pub fn with_uuid(library: &NvmlLibrary, uuid: &str) -> Result<Self, TelemetryError> {
        let failed = |error| failure(uuid, PLACE, error);
        let device = library.nvml().device_by_uuid(uuid).map_err(failed)?;
        let monitor = CudaMonitor::open(library, &device, None, uuid)?;
        if !is_of_instance(uuid) {
            return Ok(monitor);
        }
        // Only the card has a place on the bus.
        let card = device.mig_parent_device().map_err(failed)?;
        Ok(CudaMonitor { pci: address(uuid, &card)?, ..monitor })
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
            (None, Some(pci)) => match CudaMonitor::at(library, pci) {
                // CUDA makes up an address for what is built into a system on a chip.
                Err(error) if error.kind() == TelemetryErrorKind::Absent => {
                    only_card_without_place(library).ok_or(error)?
                }
                found => found?.computing(card.uuid.as_deref())?,
            },
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

    /// Without the limit that the environment puts on clients of CUDA's multi-process service
    /// (`CUDA_MPS_PINNED_DEVICE_MEM_LIMIT`), which counts otherwise, whether the service runs or not. It numbers cards as CUDA
    /// shows them, so that CUDA's driver is loaded and asked where the variable is set; where that fails, so does each sample.
    #[must_use]
    pub fn without_mps_limit(mut self) -> Self {
        self.mps = MpsLimit::Ignored;
        self
    }

    /// The driver's own name for the card or the instance, the same after every start. Cards of systems on a chip have none.
    pub fn uuid(&self) -> Option<&str> {
        match &self.place {
            Place::Uuid(uuid) => Some(uuid),
            Place::Index(_) => None,
        }
    }

    /// Where the card is on the bus; an instance is where its card is. Cards of systems on a chip are nowhere.
    pub fn pci(&self) -> Option<PciAddress> {
        self.pci
    }

    /// The UUID as CUDA tells it: without what it is the name of.
    pub(crate) fn own_uuid(&self) -> Option<&str> {
        self.uuid().and_then(|uuid| uuid.split_once('-')).map(|(_, own)| own)
    }

    fn root(&self) -> &Path {
        self.library.root()
    }

    /// `index` is where the driver has the card, if it was asked so; `here` is what to call it until its name is known.
    fn open(
        library: &NvmlLibrary,
        device: &Device<'_>,
        index: Option<u32>,
        here: &str,
    ) -> Result<Self, TelemetryError> {
        let name = device.name().map_err(|error| failure(here, "its name", error))?;
        let place = match (device.uuid(), index) {
            (Ok(uuid), _) => Place::Uuid(uuid),
            // What is built into a system on a chip has none.
            (Err(NvmlError::NotSupported), Some(index)) => Place::Index(index),
            (Err(error), _) => return Err(failure(&name, "its UUID", error)),
        };
        let (name, pci) = match &place {
            Place::Uuid(uuid) if is_of_instance(uuid) => (instance_name(&name, uuid), None),
            _ => {
                let pci = address(&name, device)?;
                (name, pci)
            }
        };
        Ok(CudaMonitor {
            library: library.clone(),
            place,
            name,
            pci,
            luid: None,
            limit: None,
            mps: MpsLimit::default(),
            granted: Granted::default(),
            cgroups: CardLimits::default(),
            host: HostMonitor::with_root(library.root()),
            shares: OnceLock::new(),
            node: OnceLock::new(),
            seen: Seen::default(),
        })
    }

    /// The card, or the instance as the driver knows it now.
    fn device(&self) -> Result<Device<'_>, NvmlError> {
        match &self.place {
            Place::Uuid(uuid) => self.library.nvml().device_by_uuid(uuid.as_str()),
            Place::Index(index) => self.library.nvml().device_by_index(*index),
        }
    }
}

/// Where a device is on the bus; `None` where it is on none.
fn address(name: &str, device: &Device<'_>) -> Result<Option<PciAddress>, TelemetryError> {
    const WHAT: &str = "its PCI address";
    let told = match device.pci_info() {
        Ok(told) => told,
        Err(NvmlError::NotSupported) => return Ok(None),
        Err(error) => return Err(failure(name, WHAT, error)),
    };
    let failed = |error: TelemetryError| TelemetryError::driver(name, WHAT, error.to_string()).because(error);
    told.bus_id.parse().map(Some).map_err(failed)
}

/// The card of a system on a chip, where it is the only card that there is.
fn only_card_without_place(library: &NvmlLibrary) -> Option<CudaMonitor> {
    let mut cards = library.cards().into_iter();
    let only = cards.next()?.ok()?;
    (cards.next().is_none() && only.pci.is_none()).then_some(only)
}
