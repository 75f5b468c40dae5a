//! [`DrmCard`]: which cards the kernel knows of.

use std::path::Path;

use super::folder::Folder;
use crate::error::TelemetryError;
use crate::identity::{CardIdentity, PciAddress};

/// The cards on the PCI bus of the system whose `sys` is under `root` (`/` for this one), in the order of their addresses:
/// what shows pictures and what only computes, whether or not a driver is there. Empty on a system without such a bus.
///
/// # Errors
/// The list of the bus is there and cannot be read.
pub fn drm_cards(root: impl AsRef<Path>) -> Result<Vec<DrmCard>, TelemetryError> {
    let root = root.as_ref();
    let bus = root.join("sys/bus/pci/devices");
    let entries = match std::fs::read_dir(&bus) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(TelemetryError::io(&bus, error)),
    };
    let mut addresses: Vec<PciAddress> =
        entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    addresses.sort_unstable();
    Ok(addresses.into_iter().filter_map(|pci| at(root, pci)).collect())
}

/// A card as the kernel lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrmCard {
    /// Which card it is.
    pub identity: CardIdentity,
    /// Where it is.
    pub pci: PciAddress,
    /// Who made it.
    pub vendor: CardVendor,
    /// The vendor's number for the model, such as `0x73bf`.
    pub device_id: Option<u16>,
    /// The kernel's driver for it, such as `amdgpu`. `None`: none is bound.
    pub driver: Option<String>,
    /// Its name, where the card itself tells one: cards for servers do.
    pub name: Option<String>,
}

/// Who made a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CardVendor {
    /// AMD.
    Amd,
    /// Intel.
    Intel,
    /// NVIDIA, whose cards are asked through its own library instead.
    Nvidia,
    /// Someone else, by the number that the PCI list has for them.
    Other(u16),
}

impl std::fmt::Display for CardVendor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CardVendor::Amd => f.pad("AMD"),
            CardVendor::Intel => f.pad("Intel"),
            CardVendor::Nvidia => f.pad("NVIDIA"),
            CardVendor::Other(number) => f.pad(&format!("vendor {number:04x}")),
        }
    }
}

impl DrmCard {
    /// A name for people: the card's own, or who made which model.
    pub fn describe(&self) -> String {
        match (&self.name, self.device_id) {
            (Some(name), _) => name.clone(),
            (None, Some(model)) => format!("{} {model:04x} at {}", self.vendor, self.pci),
            (None, None) => format!("{} at {}", self.vendor, self.pci),
        }
    }
}

/// The card at an address, if what is there is a card.
pub(super) fn at(root: &Path, pci: PciAddress) -> Option<DrmCard> {
    let folder = Folder::of(root, pci);
    // Base class 03 is display; cards that only compute call themselves 12, processing accelerators.
    let class = hex(&folder, "class")?;
    if !matches!(class >> 16, 0x03 | 0x12) {
        return None;
    }
    let vendor = u16::try_from(hex(&folder, "vendor")?).ok()?;
    Some(DrmCard {
        identity: CardIdentity::at(pci),
        pci,
        vendor: match vendor {
            0x1002 => CardVendor::Amd,
            0x8086 => CardVendor::Intel,
            0x10de => CardVendor::Nvidia,
            other => CardVendor::Other(other),
        },
        device_id: hex(&folder, "device").and_then(|id| u16::try_from(id).ok()),
        driver: folder.link("driver"),
        name: folder.text("product_name"),
    })
}

fn hex(folder: &Folder, name: &str) -> Option<u32> {
    u32::from_str_radix(folder.text(name)?.strip_prefix("0x")?, 16).ok()
}
