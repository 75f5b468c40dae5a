//! The card behind an open device, as burn tells it.

use burn::tensor::Device;

use super::card::Card;

/// `None` where there is no card: a processor, or a GPU that it computes.
// burn does not name the types whose methods these closures call.
#[allow(clippy::redundant_closure_for_method_calls)]
pub(super) fn card(device: &Device) -> Option<Card> {
    let physical = device.identity()?.physical?;
    let card = Card {
        pci: physical.pci_address.map(|address| address.to_string()),
        luid: physical.luid.map(|luid| luid.bytes()),
        registry_id: physical.registry_entry_id.map(|id| id.get()),
    };
    Some(card).filter(|card| *card != Card::default())
}
