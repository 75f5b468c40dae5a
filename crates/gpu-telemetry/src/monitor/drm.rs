//! [`DrmMonitor`]: a card as the Linux kernel's own drivers tell of it.

mod amd;
mod card;
mod fdinfo;
mod folder;
mod intel;
mod kfd;
mod partition;
mod pool;

use std::path::PathBuf;

pub use self::card::{CardVendor, DrmCard, drm_cards};
use self::fdinfo::Wanted;
use self::folder::Folder;
use self::kfd::Node;
use self::partition::is_divided;
use self::pool::{Pool, Rule};
use super::dmem::CardLimits;
use super::process::{self, DeviceProcess};
use super::{HostMonitor, MemoryMonitor};
use crate::error::TelemetryError;
use crate::identity::{CardIdentity, PciAddress};
use crate::sample::{Field, MemorySample, MemorySampleBuilder, MemorySource, Reason};

/// A card on Linux whose driver is amdgpu, i915 or xe, read from sysfs and from what the kernel tells of this process's
/// open files. It needs no library, no privilege, and opens no device.
///
/// | | amdgpu | amdgpu, memory of the host | a partition (amdgpu) | i915, xe with memory of their own | i915, xe without |
/// |---|---|---|---|---|---|
/// | total | `mem_info_vram_total`, or a cgroup's limit | `mem_info_gtt_total` | `mem_banks` of its node in `/sys/class/kfd` | what the kernel states of it, else absent | the host's |
/// | used | `mem_info_vram_used` | `mem_info_gtt_used` | `used_memory` of its node, where the kernel has it | absent: the kernel counts it for root alone | the host's |
/// | free | total − used | the same, or what the host has available | total − used | absent | the host's |
/// | `process_used` | `vram` of fdinfo, or of `/sys/class/kfd` | `gtt` of fdinfo | as of a card, its own | `vram…`, `local…` of fdinfo | `system…`, `gtt`, `stolen…` of fdinfo |
/// | utilization | `gpu_busy_percent` | `gpu_busy_percent` | absent | absent | absent |
/// | source | [`Sysfs`](MemorySource::Sysfs) | [`DrmUnified`](MemorySource::DrmUnified) | [`Sysfs`](MemorySource::Sysfs) | [`Fdinfo`](MemorySource::Fdinfo) | [`DrmUnified`](MemorySource::DrmUnified) |
///
/// # Whose memory
///
/// A processor with a card of AMD inside sets a little of the host's memory aside as VRAM, and its driver takes the rest
/// through the table called GTT. Cards with memory of their own have a GTT as well, often a larger one, so its size alone
/// decides nothing. Where GTT is larger than VRAM, the card tells what it is: by the format of `gpu_metrics` (1: a card; 2 and
/// 3: inside a processor), by the folder `uma` that only processors have, by the maker of its memory. A card that sleeps is
/// not woken for it. Where none of these is there, a card with 1 GiB of VRAM at most is inside the processor, and one with more
/// is if its VRAM is what the host's memory lacks of a size that modules have. To be wrong for VRAM wastes memory, to be wrong
/// for GTT runs out of it. A card of Intel is inside the processor if it is on bus 0, where no card in a slot can be.
///
/// # Partitions
///
/// A card such as MI300 can be divided (modes DPX, QPX, CPX; NPS2, NPS4), and then has a node in `/sys/class/kfd` for each
/// partition, all with the card's address. [`at`](DrmMonitor::at) watches the first, or the only one that this process may
/// see; the function of the address, where the bus has none there, is the partition's number, as HIP tells it.
/// [`partitions`](DrmMonitor::partitions) are all of them. What sysfs says of the card is said of no partition.
///
/// A limit that cgroups put on a card's own memory (`dmem`, since Linux 6.14) is honoured on amdgpu: it is then the budget,
/// the total is no larger, and no more is free than it still grants.
///
/// # What the numbers leave out
///
/// - `process_used` counts what is in the pool now, each open card once even if several descriptors share it. Buffers
///   that two openings share are counted in both, so it may be too much; above the total it is dropped. It is absent while this
///   process has not opened the card, or where the kernel is too old (before 6.5 for Intel, 5.19 for AMD).
/// - Page tables and firmware are in `used` and in nobody's `process_used`.
/// - Work through ROCm reaches the card by `/dev/kfd`, which has a count of its own: the larger of both is taken. In a
///   container that count cannot be told from another process's, and is left out. On memory of the host there is none.
/// - [`processes`](MemoryMonitor::processes) are those whose open files this one may look at: its own user's, or everyone's
///   for root; and what computes through `/dev/kfd`, whoever runs it, outside of containers.
#[derive(Debug)]
pub struct DrmMonitor {
    folder: Folder,
    root: PathBuf,
    pci: PciAddress,
    /// Where the kernel's files have it: a partition may have an address of its own.
    card: PciAddress,
    name: String,
    rule: Rule,
    host: HostMonitor,
    limits: CardLimits,
    node: Option<Node>,
    is_partition: bool,
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
        let absent = || {
            TelemetryError::absent(format!(
                "there is no card at {pci}; `ls /sys/bus/pci/devices` lists what there is"
            ))
        };
        let whole = PciAddress { function: 0, ..pci };
        let (card, wanted) = match card::at(&root, pci) {
            Some(card) => (card, 0),
            None => (card::at(&root, whole).ok_or_else(absent)?, u64::from(pci.function)),
        };
        let parts = kfd::nodes(&root, card.pci);
        let is_partition = wanted > 0 || is_divided(&Folder::of(&root, card.pci), &parts);
        let is_alone = parts.len() == 1;
        let is_it = |part: &Node| part.partition == wanted || (wanted == 0 && is_alone);
        let node = parts.into_iter().find(is_it);
        // Another device of AMD may be in that slot, which is no card.
        if wanted > 0 && node.is_none() {
            return Err(absent());
        }
        DrmMonitor::open(root, pci, &card, node, is_partition)
    }

    fn open(
        root: PathBuf,
        pci: PciAddress,
        card: &DrmCard,
        node: Option<Node>,
        is_partition: bool,
    ) -> Result<Self, TelemetryError> {
        let folder = Folder::of(&root, card.pci);
        let rule = if is_partition { Rule::Fixed(Pool::Vram) } else { Rule::of(&root, &folder, card)? };
        let mut name = card.describe();
        if is_partition {
            let Some(node) = &node else {
                return Err(TelemetryError::absent(format!(
                    "{name} is divided, and /sys/class/kfd shows none of its partitions to this process; give it /dev/kfd and the \
                     partition's /dev/dri/renderD file"
                )));
            };
            name += &format!(" partition {}", node.partition);
        }
        let host = HostMonitor::with_root(&root);
        let limits = CardLimits::default();
        Ok(DrmMonitor { folder, root, pci, card: card.pci, name, rule, host, limits, node, is_partition })
    }

    /// What to look for among open files.
    fn wanted(&self, pool: Pool) -> Wanted {
        let render = self.node.as_ref().filter(|_| self.is_partition).and_then(|node| node.render);
        Wanted { pci: self.card, pool, render }
    }

    /// A card of AMD with memory of its own, or a part of it.
    fn own_memory(&self, sample: MemorySampleBuilder) -> Result<MemorySampleBuilder, TelemetryError> {
        let (size, used) = match self.node.as_ref().filter(|_| self.is_partition) {
            Some(node) => {
                let what = "the memory of its partition";
                let size = node.total().ok_or_else(|| self.lost_partition(what))?;
                (size, node.used())
            }
            None => {
                (self.folder.bytes("mem_info_vram_total")?, Some(self.folder.bytes("mem_info_vram_used")?))
            }
        };
        let sample = sample.source(MemorySource::Sysfs);
        let Some(used) = used else {
            return Ok(sample
                .total(size)
                .why(Field::Used, Reason::WholeCardOnly)
                .why(Field::Free, Reason::WholeCardOnly));
        };
        let card = sample.total(size).used(used).free(size.saturating_sub(used));
        // The card's own numbers are checked as they are, before a limit hides what contradicts.
        let limit = self.limits.read(&self.root, self.card)?.filter(|_| card.build().is_ok());
        Ok(limit.map_or(card, |limit| limit.applied(card, size, used)))
    }

    fn utilization(&self, sample: MemorySampleBuilder) -> MemorySampleBuilder {
        if self.is_partition {
            return sample.why(Field::Utilization, Reason::WholeCardOnly);
        }
        let why = if self.folder.is_asleep() { Reason::Asleep } else { Reason::NotTold };
        sample.utilization_percent(self.folder.busy_percent()).why(Field::Utilization, why)
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
        let pool = self.rule.pool(&self.root, &self.folder)?;
        let process_used = fdinfo::own(&self.root, self.wanted(pool))?.bytes;
        // Both may have the same memory, so they are no sum.
        let by_kfd = self.node.as_ref().filter(|_| pool == Pool::Vram).and_then(Node::process_used);
        let sample = MemorySample::builder()
            .process_used(process_used.max(by_kfd))
            .why(Field::ProcessUsed, Reason::NotInUse)
            .why(Field::Budget, Reason::Unlimited)
            .why(Field::SystemReserved, Reason::NotTold)
            .why(Field::Utilization, Reason::NotTold);
        match pool {
            Pool::Vram => self.utilization(self.own_memory(sample)?).build(),
            Pool::Gtt => {
                let (total, used) =
                    (self.folder.bytes("mem_info_gtt_total")?, self.folder.bytes("mem_info_gtt_used")?);
                // The table is a limit; the pages behind it are the host's, and others want them too.
                let host = self.host.memory()?;
                let left = total.saturating_sub(used);
                let sample = sample
                    .total(total)
                    .used(used)
                    .free(host.available.map_or(left, |available| left.min(available)))
                    .why(Field::Free, host.is_estimated.then_some(Reason::Estimated));
                self.utilization(sample).source(MemorySource::DrmUnified).build()
            }
            Pool::IntelOwn { total } => sample
                .total(total)
                .why(Field::Total, Reason::TooOld)
                .why(Field::Used, Reason::Denied)
                .why(Field::Free, Reason::Denied)
                .source(MemorySource::Fdinfo)
                .build(),
            Pool::IntelHost => {
                let host = self.host.sample()?;
                sample
                    .total(host.total())
                    .used(host.used())
                    .why(Field::Used, host.why(Field::Used))
                    .free(host.free())
                    .why(Field::Free, host.why(Field::Free))
                    .budget(host.budget())
                    .source(MemorySource::DrmUnified)
                    .build()
            }
        }
    }

    fn identity(&self) -> Option<CardIdentity> {
        Some(CardIdentity::at(self.pci))
    }

    fn processes(&self) -> Result<Vec<DeviceProcess>, TelemetryError> {
        if !self.folder.is_there() {
            return Err(TelemetryError::lost(&*self.name, "it is not on the bus any more"));
        }
        let pool = self.rule.pool(&self.root, &self.folder)?;
        let open = fdinfo::everyone(&self.root, self.wanted(pool));
        let computing = self.node.as_ref().filter(|_| pool == Pool::Vram);
        let computing = computing.map(|node| node.everyone(&self.root)).unwrap_or_default();
        Ok(process::merged(open.into_iter().chain(computing)))
    }
}
