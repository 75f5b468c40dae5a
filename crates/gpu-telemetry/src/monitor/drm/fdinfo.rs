//! What the kernel tells of this process's open cards, in `/proc/self/fdinfo`.
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

/// What this process holds of a card's pool, or `None` if the kernel tells nothing: the card is not open here, or the
/// driver does not count.
pub(super) fn process_used(
    root: &Path,
    pci: PciAddress,
    pool: Pool,
) -> Result<Option<ByteCount>, TelemetryError> {
    let folder = root.join("proc/self/fdinfo");
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            return Err(TelemetryError::denied(pci.to_string(), "this process's open files"));
        }
        Err(error) => return Err(TelemetryError::io(&folder, &error)),
    };
    let links = root.join("proc/self/fd");
    let mut seen = Vec::new();
    let mut used = None;
    for entry in entries.flatten() {
        // One look at the link instead of opening, reading and closing a file for each of a server's sockets.
        if let Ok(target) = std::fs::read_link(links.join(entry.file_name()))
            && !target.starts_with("/dev")
        {
            continue;
        }
        // Other threads close files meanwhile.
        let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
        let Some(opening) = Opening::read(&text, pci, pool) else { continue };
        // Descriptors that were duplicated are one opening. Without its number, each counts: rather too much.
        if let Some(id) = opening.id {
            if seen.contains(&id) {
                continue;
            }
            seen.push(id);
        }
        if let Some(held) = opening.held {
            used = Some(used.unwrap_or(ByteCount::ZERO).saturating_add(held));
        }
    }
    Ok(used)
}

/// One opening of a card: what the kernel calls a client.
struct Opening {
    id: Option<u64>,
    held: Option<ByteCount>,
}

impl Opening {
    /// `None` if it is another card, or none.
    fn read(text: &str, pci: PciAddress, pool: Pool) -> Option<Self> {
        let mut is_this_card = false;
        let mut id = None;
        let mut regions: BTreeMap<&str, (Kind, ByteCount)> = BTreeMap::new();
        for line in text.lines() {
            let Some((key, value)) = line.strip_prefix("drm-").and_then(|line| line.split_once(':')) else {
                continue;
            };
            match key {
                "pdev" => is_this_card = value.parse::<PciAddress>().is_ok_and(|at| at == pci),
                "client-id" => id = number(value),
                _ => {
                    let Some((kind, region)) = Kind::of(key) else { continue };
                    let Some(bytes) = size(value).filter(|_| pool.has_region(region)) else { continue };
                    if regions.get(region).is_none_or(|(known, _)| kind > *known) {
                        regions.insert(region, (kind, bytes));
                    }
                }
            }
        }
        let held = regions.into_values().map(|(_, bytes)| bytes).reduce(ByteCount::saturating_add);
        is_this_card.then_some(Opening { id, held })
    }
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
