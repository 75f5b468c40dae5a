//! `CUDA_VISIBLE_DEVICES`, read without CUDA.

use super::VisibleCard;
use crate::error::TelemetryError;
use crate::identity::CardIdentity;
use crate::monitor::{CudaMonitor, MemoryMonitor, NvmlLibrary};

/// How CUDA numbers cards, before any are hidden.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CardOrder {
    /// The fastest first, as its driver thinks: the default.
    #[default]
    FastestFirst,
    /// By their place on the bus: where `CUDA_DEVICE_ORDER` is `PCI_BUS_ID`.
    Bus,
}

/// The cards that the list names, up to the first entry that names none; or why that cannot be told.
pub(super) fn read(list: &str, order: CardOrder, library: &NvmlLibrary) -> Result<Vec<VisibleCard>, String> {
    let (cards, silent) = known_cards(library);
    let mut named: Vec<VisibleCard> = Vec::new();
    for entry in list.split(',').map(str::trim) {
        if let Ok(index) = entry.parse::<usize>() {
            by_index(&cards, silent.as_ref(), order)?;
            match cards.get(index) {
                Some(card) => named.push(whole(card)),
                None => break,
            }
        } else if let Some(card) = by_name(&cards, entry) {
            named.push(card);
        } else if let Some(error) = &silent {
            // It may well be the name of the card that does not answer.
            return Err(format!("{entry} is no card that answers, and one does not: {error}"));
        } else {
            break;
        }
    }
    for (at, card) in named.iter().enumerate() {
        if named[..at].contains(card) {
            return Err("a card is named twice, which CUDA does not take; name it once".to_owned());
        }
    }
    Ok(named)
}

/// Every card that answers, by its place on the bus; and why one does not.
fn known_cards(library: &NvmlLibrary) -> (Vec<CudaMonitor>, Option<TelemetryError>) {
    let mut silent = None;
    let mut cards: Vec<CudaMonitor> = library
        .cards()
        .into_iter()
        .filter_map(|card| card.map_err(|error| silent = Some(error)).ok())
        // CUDA's lists are of cards that it can name: what is built into a system on a chip has neither place nor UUID.
        .filter(|card| card.pci().is_some())
        .collect();
    cards.sort_by_key(CudaMonitor::pci);
    (cards, silent)
}

/// Whether an index means a card's place on the bus, and if not, why.
fn by_index(cards: &[CudaMonitor], silent: Option<&TelemetryError>, order: CardOrder) -> Result<(), String> {
    if let Some(error) = silent {
        return Err(format!(
            "an index says nothing where a card does not answer: {error}; name cards by UUID"
        ));
    }
    // Cards of one model are equally fast, and then numbered by their place.
    let alike = cards.windows(2).all(|pair| pair[0].name() == pair[1].name());
    if order == CardOrder::FastestFirst && !alike {
        return Err("which of several models an index means, only CUDA's driver knows; set CUDA_DEVICE_ORDER=PCI_BUS_ID, or name cards by UUID"
            .to_owned());
    }
    Ok(())
}

fn by_name(cards: &[CudaMonitor], entry: &str) -> Option<VisibleCard> {
    if let Some(old) = entry.strip_prefix("MIG-GPU-") {
        // Before driver 470: the card's UUID, then the numbers of its instance.
        let (uuid, _) = old.split_once('/')?;
        let card = cards.iter().find(|card| card.own_uuid() == Some(uuid))?;
        return Some(instance(card, entry));
    }
    if entry.starts_with("MIG-") {
        let has =
            |card: &&CudaMonitor| card.instances().iter().flatten().any(|part| part.uuid() == Some(entry));
        return cards.iter().find(has).map(|card| instance(card, entry));
    }
    if entry.strip_prefix("GPU-").is_none_or(str::is_empty) {
        return None;
    }
    let mut found = cards.iter().filter(|card| card.uuid().is_some_and(|uuid| uuid.starts_with(entry)));
    let card = found.next()?;
    // A beginning that several share names none.
    if found.next().is_some() { None } else { Some(whole(card)) }
}

/// A card that is named as a whole. CUDA computes on one instance of it in MIG mode, which is known where there is one.
fn whole(card: &CudaMonitor) -> VisibleCard {
    let shown = VisibleCard { identity: identity(card), instance: None, uuid: None };
    if let Ok(false) = card.is_divided() {
        return VisibleCard { uuid: card.own_uuid().map(str::to_owned), ..shown };
    }
    let only = card.only_instance().ok();
    only.and_then(|only| Some(instance(card, only.uuid()?))).unwrap_or(shown)
}

fn instance(card: &CudaMonitor, name: &str) -> VisibleCard {
    // The older form has no UUID of its own.
    let uuid = name.strip_prefix("MIG-").filter(|uuid| !uuid.starts_with("GPU-"));
    VisibleCard { identity: identity(card), instance: Some(name.to_owned()), uuid: uuid.map(str::to_owned) }
}

fn identity(card: &CudaMonitor) -> CardIdentity {
    CardIdentity { pci: card.pci(), ..CardIdentity::default() }
}
