//! Which memory a card computes in.

use std::path::Path;
use std::sync::OnceLock;

use super::amd;
use super::card::DrmCard;
use super::folder::Folder;
use super::intel;
use crate::bytes::ByteCount;
use crate::error::TelemetryError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pool {
    /// amdgpu's own memory.
    Vram,
    /// The host's memory, as far as amdgpu may map it.
    Gtt,
    /// The own memory of a card of Intel.
    IntelOwn { total: Option<ByteCount> },
    /// The host's memory, for a card of Intel inside the processor.
    IntelHost,
}

/// How a card's pool is told.
#[derive(Debug)]
pub(super) enum Rule {
    Fixed(Pool),
    /// Of a card of AMD, by what it says while it is awake, and then for good.
    Amd(OnceLock<Pool>),
}

impl Rule {
    pub(super) fn of(root: &Path, folder: &Folder, card: &DrmCard) -> Result<Self, TelemetryError> {
        match card.driver.as_deref() {
            // Without the files, as in some containers, it is a driver that tells nothing.
            Some("amdgpu") if folder.has("mem_info_vram_total") => {
                let rule = Rule::Amd(OnceLock::new());
                rule.pool(root, folder)?;
                Ok(rule)
            }
            Some("i915" | "xe") if card.pci.bus == 0 => Ok(Rule::Fixed(Pool::IntelHost)),
            Some("i915" | "xe") => {
                Ok(Rule::Fixed(Pool::IntelOwn { total: intel::total(root, folder, card.pci) }))
            }
            Some("nvidia") => Err(nothing(card, "nvidia", "ask NVIDIA's own library, NVML")),
            Some(driver) => Err(nothing(card, driver, "the Vulkan budget of its adapter may")),
            None => Err(nothing(card, "no driver", "bind the kernel's driver for it")),
        }
    }

    pub(super) fn pool(&self, root: &Path, folder: &Folder) -> Result<Pool, TelemetryError> {
        match self {
            Rule::Fixed(pool) => Ok(*pool),
            Rule::Amd(known) => {
                if let Some(pool) = known.get() {
                    return Ok(*pool);
                }
                let (pool, evidence) = amd::pool(root, folder)?;
                // What is only likely is asked again: the card may have been asleep.
                Ok(if evidence.is_certain() { *known.get_or_init(|| pool) } else { pool })
            }
        }
    }
}

impl Pool {
    /// Whether a memory region of fdinfo is part of the pool. Regions have a number behind them where a card has several.
    pub(super) fn has_region(self, region: &str) -> bool {
        let kind = region.trim_end_matches(|c: char| c.is_ascii_digit());
        match self {
            Pool::Vram => kind == "vram",
            Pool::Gtt => kind == "gtt",
            Pool::IntelOwn { .. } => matches!(kind, "vram" | "local" | "stolen-local"),
            Pool::IntelHost => matches!(kind, "system" | "gtt" | "stolen" | "stolen-system"),
        }
    }
}

fn nothing(card: &DrmCard, driver: &str, remedy: &str) -> TelemetryError {
    TelemetryError::absent(format!(
        "{}: {driver} tells nothing of memory in sysfs; {remedy}",
        card.describe()
    ))
}
