//! Which memory a card computes in.

use std::path::Path;

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

/// No card with memory of its own that is worth computing on has less, and processors set this much aside at most by
/// default.
const CARVE_OUT: ByteCount = ByteCount::GIB;

impl Pool {
    pub(super) fn of(root: &Path, folder: &Folder, card: &DrmCard) -> Result<Self, TelemetryError> {
        match card.driver.as_deref() {
            // Without the files, as in some containers, it is a driver that tells nothing.
            Some("amdgpu") if folder.has("mem_info_vram_total") => {
                let vram = folder.bytes("mem_info_vram_total")?;
                let gtt = folder.bytes("mem_info_gtt_total")?;
                let inside = ["apu_thermal_cap", "uma"].iter().any(|sign| folder.has(sign));
                Ok(if gtt > vram && (inside || vram <= CARVE_OUT) { Pool::Gtt } else { Pool::Vram })
            }
            Some("i915" | "xe") if card.pci.bus == 0 => Ok(Pool::IntelHost),
            Some("i915" | "xe") => Ok(Pool::IntelOwn { total: intel::total(root, folder, card.pci) }),
            Some("nvidia") => Err(nothing(card, "nvidia", "ask NVIDIA's own library, NVML")),
            Some(driver) => Err(nothing(card, driver, "the Vulkan budget of its adapter may")),
            None => Err(nothing(card, "no driver", "bind the kernel's driver for it")),
        }
    }

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
