//! What the kernel tells of a process's open cards, in `/proc/<pid>/fdinfo`.
//!
//! The format is the kernel's "DRM client usage stats": lines of `key: value`, sizes in bytes unless KiB or MiB follows.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use super::folder::number;
use super::pool::Pool;
use crate::bytes::ByteCount;
use crate::error::TelemetryError;
use crate::identity::PciAddress;
use crate::monitor::process::{self, DeviceProcess, ProcessKind};

/// A card's memory, or a part of it, of which a process may hold some.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) pci: PciAddress,
    pub(super) pool: Pool,
    /// The number of the file `/dev/dri/renderD<number>` of a partition: its card's others have the same address.
    pub(super) render: Option<u64>,
}

/// What a process holds of a pool.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Holding {
    /// `None` where the kernel tells nothing: the card is not open, or the driver does not count.
    pub(super) bytes: Option<ByteCount>,
    kind: Option<ProcessKind>,
    is_open: bool,
}

/// What this process holds.
pub(super) fn own(root: &Path, wanted: Wanted) -> Result<Holding, TelemetryError> {
    let folder = root.join("proc/self");
    match holding(&folder, wanted) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            Err(TelemetryError::denied(wanted.pci.to_string(), "this process's open files").because(error))
        }
        Err(error) => Err(TelemetryError::io(folder.join("fdinfo"), error)),
        Ok(holding) => Ok(holding),
    }
}

/// Every process that has the card open, as far as this one may look into others.
pub(super) fn everyone(root: &Path, wanted: Wanted) -> Vec<DeviceProcess> {
    let entries = std::fs::read_dir(root.join("proc")).into_iter().flatten().flatten();
    let one = |entry: std::fs::DirEntry| {
        let pid = u32::try_from(number(entry.file_name().to_str()?)?).ok()?;
        // Processes end meanwhile, and those of others are not ours to look into.
        let holding = holding(&entry.path(), wanted).ok().filter(|holding| holding.is_open)?;
        Some(DeviceProcess { pid, name: process::name(root, pid), used: holding.bytes, kind: holding.kind })
    };
    entries.filter_map(one).collect()
}

fn holding(process: &Path, wanted: Wanted) -> std::io::Result<Holding> {
    let entries = match std::fs::read_dir(process.join("fdinfo")) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Holding::default()),
        Err(error) => return Err(error),
    };
    let links = process.join("fd");
    let mut seen = Vec::new();
    let mut sum = Holding::default();
    for entry in entries.flatten() {
        let target = std::fs::read_link(links.join(entry.file_name())).ok();
        // One look at the link instead of opening, reading and closing a file for each of a server's sockets.
        if target.as_ref().is_some_and(|target| !target.starts_with("/dev")) {
            continue;
        }
        // A file whose link cannot be seen may be of any partition.
        let render = target.as_ref().and_then(|target| number(target.to_str()?.rsplit_once("renderD")?.1));
        if matches!((wanted.render, render), (Some(wanted), Some(render)) if wanted != render) {
            continue;
        }
        // Other threads close files meanwhile.
        let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
        let Some(opening) = Opening::read(&text, wanted) else { continue };
        // Descriptors that were duplicated are one opening. Without its number, each counts: rather too much.
        if let Some(id) = opening.id {
            if seen.contains(&id) {
                continue;
            }
            seen.push(id);
        }
        sum.is_open = true;
        sum.kind = ProcessKind::and(sum.kind, opening.kind);
        if let Some(held) = opening.held {
            sum.bytes = Some(sum.bytes.unwrap_or(ByteCount::ZERO).saturating_add(held));
        }
    }
    Ok(sum)
}

/// One opening of a card: what the kernel calls a client.
struct Opening {
    id: Option<u64>,
    held: Option<ByteCount>,
    kind: Option<ProcessKind>,
}

impl Opening {
    /// `None` if it is another card, or none.
    fn read(text: &str, wanted: Wanted) -> Option<Self> {
        let mut is_this_card = false;
        let mut id = None;
        let mut regions: BTreeMap<&str, (Kind, ByteCount)> = BTreeMap::new();
        let mut done = None;
        for line in text.lines() {
            let Some((key, value)) = line.strip_prefix("drm-").and_then(|line| line.split_once(':')) else {
                continue;
            };
            match key {
                "pdev" => is_this_card = value.parse::<PciAddress>().is_ok_and(|at| at == wanted.pci),
                "client-id" => id = number(value),
                _ => {
                    done = ProcessKind::and(done, work(key, value));
                    let Some((kind, region)) = Kind::of(key) else { continue };
                    let Some(bytes) = size(value).filter(|_| wanted.pool.has_region(region)) else {
                        continue;
                    };
                    if regions.get(region).is_none_or(|(known, _)| kind > *known) {
                        regions.insert(region, (kind, bytes));
                    }
                }
            }
        }
        let held = regions.into_values().map(|(_, bytes)| bytes).reduce(ByteCount::saturating_add);
        is_this_card.then_some(Opening { id, held, kind: done })
    }
}

/// What was done, by an engine that was busy for it: `drm-engine-gfx: 8721 ns`, `drm-cycles-ccs: 12`.
fn work(key: &str, value: &str) -> Option<ProcessKind> {
    let engine = key.strip_prefix("engine-").or_else(|| key.strip_prefix("cycles-"))?;
    let kind = match engine {
        "compute" | "ccs" => ProcessKind::Compute,
        "gfx" | "render" | "rcs" => ProcessKind::Graphics,
        _ => return None,
    };
    let busy = number(value.trim().trim_end_matches("ns"))?;
    (busy > 0).then_some(kind)
}

/// How a driver counts a region, from the least to the most to the point.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// All that was asked for, wherever it is now.
    Total,
    /// What amdgpu called resident before there was a word for it.
    Memory,
    /// What is in the region now.
    Resident,
}

impl Kind {
    fn of(key: &str) -> Option<(Self, &str)> {
        let (kind, region) = key.split_once('-')?;
        let kind = match kind {
            "total" => Kind::Total,
            "memory" => Kind::Memory,
            "resident" => Kind::Resident,
            _ => return None,
        };
        Some((kind, region))
    }
}

fn size(value: &str) -> Option<ByteCount> {
    let value = value.trim();
    let (digits, unit) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
    let unit = match unit.trim() {
        "" => ByteCount::new(1),
        "KiB" => ByteCount::KIB,
        "MiB" => ByteCount::MIB,
        _ => return None,
    };
    number(digits).map(|count| unit.saturating_mul(count))
}
