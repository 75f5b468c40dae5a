//! [`CardIdentity`]: which card a device is, whoever asks.

use std::fmt;
use std::str::FromStr;

use crate::error::TelemetryError;

/// What tells one card from another, in every API that reaches it.
///
/// An index does not: CUDA numbers cards by speed and by `CUDA_VISIBLE_DEVICES`, NVML by the order in which it found
/// them, Vulkan as the driver likes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CardIdentity {
    /// Where the card is on the bus. Known on Linux, by every API.
    pub pci: Option<PciAddress>,
    /// The id that Windows gives an adapter until the next start, low part first.
    pub luid: Option<[u8; 8]>,
    /// The entry in the I/O registry of macOS.
    pub registry_id: Option<u64>,
}

impl CardIdentity {
    /// Of the card at an address.
    pub fn at(pci: PciAddress) -> Self {
        CardIdentity { pci: Some(pci), ..CardIdentity::default() }
    }

    /// Whether both are known to be one card. Two cards of which nothing is known are not.
    pub fn is_same_card(&self, other: &CardIdentity) -> bool {
        if let (Some(mine), Some(theirs)) = (self.pci, other.pci) {
            return mine == theirs;
        }
        if let (Some(mine), Some(theirs)) = (self.luid, other.luid) {
            return mine == theirs;
        }
        matches!((self.registry_id, other.registry_id), (Some(mine), Some(theirs)) if mine == theirs)
    }
}

/// A place on the PCI bus, as Linux writes it: `0000:41:00.0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PciAddress {
    /// Which bus system; 0 on most machines. NVML writes it with eight digits.
    pub domain: u32,
    /// The bus.
    pub bus: u8,
    /// The slot.
    pub device: u8,
    /// The part of the card; 0 for what computes.
    pub function: u8,
}

impl fmt::Display for PciAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PciAddress { domain, bus, device, function } = self;
        write!(f, "{domain:04x}:{bus:02x}:{device:02x}.{function:x}")
    }
}

impl FromStr for PciAddress {
    type Err = TelemetryError;

    /// Reads `0000:41:00.0`, `00000000:41:00.0` and `41:00.0`, in either case.
    fn from_str(text: &str) -> Result<Self, TelemetryError> {
        parse(text.trim()).ok_or_else(|| TelemetryError::no_pci_address(text))
    }
}

fn parse(text: &str) -> Option<PciAddress> {
    let hex = |part: &str, digits: std::ops::RangeInclusive<usize>| {
        let fits = digits.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        fits.then(|| u32::from_str_radix(part, 16).ok()).flatten()
    };
    let (rest, function) = text.rsplit_once('.')?;
    let (rest, device) = rest.rsplit_once(':')?;
    let (domain, bus) = rest.rsplit_once(':').unwrap_or(("0", rest));
    let device = hex(device, 2..=2)?;
    let function = hex(function, 1..=1)?;
    // Five bits and three on the bus itself.
    if device > 31 || function > 7 {
        return None;
    }
    Some(PciAddress {
        domain: hex(domain, 1..=8)?,
        bus: u8::try_from(hex(bus, 2..=2)?).ok()?,
        device: u8::try_from(device).ok()?,
        function: u8::try_from(function).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_whoever_wrote_it() {
        let at = PciAddress { domain: 0, bus: 0x41, device: 0, function: 0 };
        for text in ["0000:41:00.0", "00000000:41:00.0", "41:00.0", " 0000:41:00.0\n"] {
            assert_eq!(text.parse::<PciAddress>().ok(), Some(at), "{text:?}");
        }
        assert_eq!(at.to_string(), "0000:41:00.0");
        let far = PciAddress { domain: 0x10_0000, bus: 0xff, device: 31, function: 7 };
        assert_eq!(far.to_string().parse::<PciAddress>().ok(), Some(far));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in
            ["", "41", "0000:41:00", "0000:41:00.8", "0000:41:20.0", "x:41:00.0", "0000:+1:00.0", "0:0:0:0.0"]
        {
            let error = text.parse::<PciAddress>().unwrap_err();
            assert!(error.to_string().contains("PCI"), "{text:?}: {error}");
        }
    }

    #[test]
    fn what_is_not_known_is_nobodys_card() {
        let unknown = CardIdentity::default();
        assert!(!unknown.is_same_card(&unknown));
        let here = CardIdentity { registry_id: Some(5), ..unknown };
        assert!(here.is_same_card(&here) && !here.is_same_card(&unknown));
    }
}
