//! Whether a card of AMD has memory of its own or the host's.

use std::path::Path;

use super::folder::Folder;
use super::pool::Pool;
use crate::bytes::ByteCount;
use crate::error::TelemetryError;
use crate::monitor::host::meminfo::HostMemory;
use crate::monitor::host::proc_file::Files;

/// What a pool was told by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evidence {
    /// The sizes leave no choice.
    Sizes,
    /// The card says so.
    Card,
    /// It is likely by what the sizes add up to.
    Sums,
}

impl Evidence {
    pub(super) fn is_certain(self) -> bool {
        self != Evidence::Sums
    }
}

/// Where the card is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// In a slot or soldered on, with memory of its own.
    Discrete,
    /// Inside the processor, with a part of the host's memory set aside for it.
    Inside,
}

/// A processor's card computes in the host's memory through the table called GTT, unless more was set aside for it than the
/// table may map; any other card computes in VRAM.
pub(super) fn pool(root: &Path, folder: &Folder) -> Result<(Pool, Evidence), TelemetryError> {
    let vram = folder.bytes("mem_info_vram_total")?;
    let gtt = folder.bytes("mem_info_gtt_total")?;
    if vram == ByteCount::ZERO {
        // A processor for servers, all of whose memory is shared.
        return Ok((Pool::Gtt, Evidence::Sizes));
    }
    if gtt <= vram {
        return Ok((Pool::Vram, Evidence::Sizes));
    }
    let (kind, evidence) = match told(folder) {
        Some(kind) => (kind, Evidence::Card),
        None => (by_sums(root, vram), Evidence::Sums),
    };
    let pool = match kind {
        Kind::Discrete => Pool::Vram,
        Kind::Inside => Pool::Gtt,
    };
    Ok((pool, evidence))
}

/// What the card says of itself.
///
/// The file `apu_thermal_cap` says nothing: kernels 6.4 to 6.7 and the vendor's own make it for every card.
fn told(folder: &Folder) -> Option<Kind> {
    // The folder by which the part that is set aside can be changed.
    if folder.has("uma") {
        return Some(Kind::Inside);
    }
    // The table of sensors begins with its size, two bytes, and its format: 1 is that of cards, 2 and 3 of processors.
    // Reading it wakes a card.
    let revision =
        if folder.is_asleep() { None } else { folder.first_bytes("gpu_metrics").map(|[_, _, it, _]| it) };
    match revision {
        Some(1) => return Some(Kind::Discrete),
        Some(2 | 3) => return Some(Kind::Inside),
        _ => {}
    }
    // Who made the chips on the card; a processor's memory is on nobody's card.
    folder.text("mem_info_vram_vendor").filter(|vendor| vendor != "unknown").map(|_| Kind::Discrete)
}

/// Memory that was set aside is missing from the host's: together they are what is sold. A card's own memory is not.
fn by_sums(root: &Path, vram: ByteCount) -> Kind {
    // No card that is worth computing on has so little.
    if vram <= CARVE_OUT {
        return Kind::Inside;
    }
    match HostMemory::read(root, &Files::default()) {
        Ok(host) if !is_sold(host.total) && is_sold(host.total.saturating_add(vram)) => Kind::Inside,
        // To be wrong this way wastes memory, to be wrong the other way runs out of it.
        _ => Kind::Discrete,
    }
}

/// What processors set aside at most by default.
const CARVE_OUT: ByteCount = ByteCount::GIB;

/// Whether a size is that of memory modules, less what firmware and kernel keep of it: a fortieth and 640 MiB at most, by the
/// hosts of 8 to 128 GiB that were looked at. Modules come in multiples of 4 GiB, and of 8 above 64.
fn is_sold(bytes: ByteCount) -> bool {
    const GIB: u64 = 1 << 30;
    let step = if bytes.get() > 64 * GIB { 8 * GIB } else { 4 * GIB };
    let sold = bytes.get().div_ceil(step).saturating_mul(step);
    sold - bytes.get() <= sold / 40 + (640 << 20)
}
