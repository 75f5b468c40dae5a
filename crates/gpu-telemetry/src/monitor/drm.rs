//! [`DrmMonitor`]: a card as the Linux kernel's own drivers tell of it.

mod card;
mod fdinfo;
mod folder;
mod intel;
mod kfd;
mod pool;

use std::path::PathBuf;

pub use self::card::{CardVendor, DrmCard, drm_cards};
use self::folder::Folder;
use self::kfd::Kfd;
use self::pool::Pool;
use super::{HostMonitor, MemoryMonitor, dmem};
use crate::bytes::ByteCount;
use crate::error::TelemetryError;
use crate::identity::{CardIdentity, PciAddress};
use crate::sample::{MemorySample, MemorySource};

/// A card on Linux whose driver is amdgpu, i915 or xe, read from sysfs and from what the kernel tells of this process's
/// open files. It needs no library, no privilege, and opens no device.
///
/// | | amdgpu | amdgpu, memory of the host | i915, xe with memory of their own | i915, xe without |
/// |---|---|---|---|---|
/// | total | `mem_info_vram_total`, or a cgroup's limit | `mem_info_gtt_total` | what the kernel states of it, else absent | the host's |
/// | used | `mem_info_vram_used` | `mem_info_gtt_used` | absent: the kernel counts it for root alone | the host's |
/// | free | total − used | the same, or what the host has available | absent | the host's |
/// | `process_used` | `vram` of fdinfo | `gtt` of fdinfo | `vram…`, `local…` of fdinfo | `system…`, `gtt`, `stolen…` of fdinfo |
/// | utilization | `gpu_busy_percent` | `gpu_busy_percent` | absent | absent |
/// | source | [`Sysfs`](MemorySource::Sysfs) | [`DrmUnified`](MemorySource::DrmUnified) | [`Fdinfo`](MemorySource::Fdinfo) | [`DrmUnified`](MemorySource::DrmUnified) |
///
/// # Whose memory
///
/// A processor with a card of AMD inside sets a little of the host's memory aside as VRAM, and its driver takes the rest
/// through the table called GTT. Cards with memory of their own have a GTT as well, often a larger one, so its size alone
/// decides nothing. GTT is taken for the pool where it is larger than VRAM *and* either the kernel shows what only such
/// processors have (`apu_thermal_cap`, `uma`) or VRAM is 1 GiB at most, less than any card has that is worth computing
/// on. Otherwise VRAM is: to be wrong that way wastes memory, to be wrong the other way runs out of it. A card of Intel
/// is inside the processor if it is on bus 0, where no card in a slot can be.
///
/// A limit that cgroups put on a card's own memory (`dmem`, since Linux 6.14) is honoured on amdgpu: it is then the budget,
/// the total is no larger, and no more is free than it still grants.
///
/// # What the numbers leave out
///
/// - `process_used` counts what is in the pool now, each open card once even if several descriptors share it. Buffers
///   that two openings share are counted in both, so it may be too much, never above the total. It is absent while this
///   process has not opened the card, or where the kernel is too old (before 6.5 for Intel, 5.19 for AMD).
/// - Page tables and firmware are in `used` and in nobody's `process_used`.
/// - Work through ROCm reaches the card by `/dev/kfd`, which has a count of its own: the larger of both is taken. In a
///   container that count cannot be told from another process's, and is left out. On memory of the host there is none.
#[derive(Debug)]
pub struct DrmMonitor {
    folder: Folder,
    root: PathBuf,
    pci: PciAddress,
    name: String,
    pool: Pool,
    host: HostMonitor,
    kfd: Option<Kfd>,
}

impl DrmMonitor {
    /// The card at an address of this system.
    ///
    /// # Errors
    /// As [`with_root`](DrmMonitor::with_root).
    pub fn at(pci: PciAddress) -> Result<Self, TelemetryError> {
        DrmMonitor::with_root("/", pci)
    }

    /// The card at an address of the system whose `proc` and `sys` are under `root`.
    ///
    /// # Errors
    /// There is no such card, or its driver tells nothing here: [`Absent`](crate::TelemetryErrorKind::Absent). Or what
    /// it tells cannot be read.
    pub fn with_root(root: impl Into<PathBuf>, pci: PciAddress) -> Result<Self, TelemetryError> {
        let root = root.into();
        let folder = Folder::of(&root, pci);
        let Some(card) = card::at(&root, pci) else {
            return Err(TelemetryError::absent(format!(
                "there is no card at {pci}; `ls /sys/bus/pci/devices` lists what there is"
            )));
        };
        let pool = Pool::of(&root, &folder, &card)?;
        let host = HostMonitor::with_root(&root);
        let kfd = if pool == Pool::Vram { Kfd::of(&root, pci) } else { None };
        Ok(DrmMonitor { folder, root, pci, name: card.describe(), pool, host, kfd })
    }

    fn card_memory(
        &self,
        total: &'static str,
        used: &'static str,
    ) -> Result<(ByteCount, ByteCount), TelemetryError> {
        Ok((self.folder.bytes(total)?, self.folder.bytes(used)?))
    }
}

impl MemoryMonitor for DrmMonitor {
    fn name(&self) -> &str {
        &self.name
    }

    fn sample(&self) -> Result<MemorySample, TelemetryError> {
        if !self.folder.is_there() {
            return Err(TelemetryError::lost(&*self.name, "it is not on the bus any more"));
        }
        let process_used = fdinfo::process_used(&self.root, self.pci, self.pool)?;
        // Both may have the same memory, so they are no sum.
        let process_used = process_used.max(self.kfd.as_ref().and_then(Kfd::process_used));
        let within = |total: ByteCount| process_used.map(|used| used.min(total));
        let sample = MemorySample::builder();
        match self.pool {
            Pool::Vram => {
                let (size, used) = self.card_memory("mem_info_vram_total", "mem_info_vram_used")?;
                let card = sample.total(size).used(used).free(size.saturating_sub(used));
                // The card's own numbers are checked as they are, before a limit hides what contradicts.
                let limit = dmem::limit(&self.root, self.pci)?.filter(|_| card.build().is_ok());
                let total = limit.map_or(size, |limit| limit.max.min(size));
                let card = limit.map_or(card, |limit| limit.applied(card, size, used));
                card.process_used(within(total))
                    .utilization_percent(self.folder.busy_percent())
                    .source(MemorySource::Sysfs)
                    .build()
            }
            Pool::Gtt => {
                let (total, used) = self.card_memory("mem_info_gtt_total", "mem_info_gtt_used")?;
                // The table is a limit; the pages behind it are the host's, and others want them too.
                let available = self.host.available()?;
                let free = total.saturating_sub(used).min(available);
                sample
                    .total(total)
                    .used(used)
                    .free(free)
                    .process_used(within(total))
                    .utilization_percent(self.folder.busy_percent())
                    .source(MemorySource::DrmUnified)
                    .build()
            }
            Pool::IntelOwn { total } => sample
                .total(total)
                .process_used(total.map_or(process_used, within))
                .source(MemorySource::Fdinfo)
                .build(),
            Pool::IntelHost => {
                let host = self.host.sample()?;
                sample
                    .total(host.total())
                    .used(host.used())
                    .free(host.free())
                    .budget(host.budget())
                    .process_used(host.total().map_or(process_used, within))
                    .source(MemorySource::DrmUnified)
                    .build()
            }
        }
    }

    fn identity(&self) -> Option<CardIdentity> {
        Some(CardIdentity::at(self.pci))
    }
}
