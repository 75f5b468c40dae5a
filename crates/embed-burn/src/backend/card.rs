//! [`Card`] and [`VisibleCards`]: which card a device is, and which may be used.

/// The card behind a device, by what every API that reaches it agrees on. An index is no identity: each API numbers the
/// cards its own way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Card {
    /// Where it is on the PCI bus, such as `0000:41:00.0`; known on Linux.
    pub pci: Option<String>,
    /// The id that Windows gave the adapter, low part first.
    pub luid: Option<[u8; 8]>,
    /// Its entry in the I/O registry of macOS.
    pub registry_id: Option<u64>,
}

/// Which cards of NVIDIA this process may use, and in which order. Cards of others are always visible.
///
/// CUDA itself obeys `CUDA_VISIBLE_DEVICES`; graphics APIs do not know it. On a machine that people share, both have to
/// leave the same cards alone: who has read the variable says here what it means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VisibleCards {
    nvidia: Option<Vec<String>>,
}

impl VisibleCards {
    /// Every card.
    pub fn all() -> Self {
        VisibleCards::default()
    }

    /// Of NVIDIA's cards only those at these PCI addresses, in this order.
    pub fn of_nvidia(addresses: impl IntoIterator<Item = String>) -> Self {
        VisibleCards { nvidia: Some(addresses.into_iter().map(|address| short(&address)).collect()) }
    }

    /// The place of a card of NVIDIA among the visible ones; `None` if it is hidden. A card whose address is not known may
    /// be one that is another's, and is hidden where any is.
    #[cfg_attr(not(feature = "wgpu"), allow(dead_code))]
    pub(super) fn place(&self, pci: Option<&str>) -> Option<usize> {
        match &self.nvidia {
            None => Some(0),
            Some(visible) => {
                let pci = short(pci?);
                visible.iter().position(|address| *address == pci)
            }
        }
    }

    /// Whether any card may be hidden.
    #[cfg_attr(not(feature = "wgpu"), allow(dead_code))]
    pub(super) fn hides(&self) -> bool {
        self.nvidia.is_some()
    }
}

/// NVIDIA writes the domain with eight digits, everyone else with four, and some in capitals.
fn short(address: &str) -> String {
    let address = address.trim().to_ascii_lowercase();
    match address.split_once(':') {
        Some((domain, rest)) if rest.contains(':') => {
            let digits = domain.trim_start_matches('0');
            format!("{digits:0>4}:{rest}")
        }
        _ => format!("0000:{address}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_however_it_is_written() {
        let visible = VisibleCards::of_nvidia(["00000000:C1:00.0".to_owned(), "41:00.0".to_owned()]);
        assert_eq!(visible.place(Some("0000:c1:00.0")), Some(0));
        assert_eq!(visible.place(Some("0000:41:00.0")), Some(1));
        assert_eq!(visible.place(Some("0001:41:00.0")), None);
        assert_eq!(VisibleCards::of_nvidia([]).place(Some("0000:41:00.0")), None);
        assert_eq!((visible.place(None), VisibleCards::all().place(None)), (None, Some(0)));
        assert_eq!(VisibleCards::all().place(Some("0000:41:00.0")), Some(0));
    }
}
