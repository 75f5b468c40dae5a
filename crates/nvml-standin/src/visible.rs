//! Which cards CUDA's driver shows, and in which order.

use crate::card::Card;
use crate::script::Script;

/// The places of the cards that the driver shows, in its order; a part counts as its card.
pub(crate) fn visible(script: &Script) -> Vec<usize> {
    let all = order(script);
    match variable(script, "CUDA_VISIBLE_DEVICES") {
        None => all,
        Some(list) => listed(script, &all, &list),
    }
}

/// All cards as the driver numbers them before any are hidden.
fn order(script: &Script) -> Vec<usize> {
    let mut all: Vec<usize> = (0..script.cards.len()).collect();
    if variable(script, "CUDA_DEVICE_ORDER").as_deref() == Some("PCI_BUS_ID") {
        all.sort_by_key(|at| &script.cards[*at].pci);
    } else if !script.fastest_first.is_empty() {
        all = script.fastest_first.iter().copied().filter(|at| *at < script.cards.len()).collect();
    }
    all
}

/// What the list names, up to the first entry that names no card. A card that is named twice hides all, as the driver does.
fn listed(script: &Script, all: &[usize], list: &str) -> Vec<usize> {
    let mut shown = Vec::new();
    let mut named: Vec<&str> = Vec::new();
    for entry in list.split(',').map(str::trim) {
        let Some(at) = named_by(script, all, entry) else { break };
        if shown.contains(&at) && !entry.starts_with("MIG-") || named.contains(&entry) {
            return Vec::new();
        }
        shown.push(at);
        named.push(entry);
    }
    shown
}

fn named_by(script: &Script, all: &[usize], entry: &str) -> Option<usize> {
    if let Ok(index) = entry.parse::<usize>() {
        return all.get(index).copied();
    }
    let unique = |matches: &dyn Fn(&Card) -> bool| {
        let mut found = (0..script.cards.len()).filter(|at| matches(&script.cards[*at]));
        let first = found.next();
        if found.next().is_some() { None } else { first }
    };
    if let Some(old) = entry.strip_prefix("MIG-GPU-") {
        // The form before driver 470: the card's UUID, then the instance's numbers.
        let (uuid, _) = old.split_once('/')?;
        return unique(&|card| card.uuid.strip_prefix("GPU-") == Some(uuid) && card.instances.is_some());
    }
    if entry.starts_with("MIG-") {
        let has = |card: &Card| card.instances.iter().flatten().any(|part| part.uuid == entry);
        return unique(&has);
    }
    if entry.starts_with("GPU-") && entry.len() > "GPU-".len() {
        return unique(&|card| card.uuid.starts_with(entry));
    }
    None
}

fn variable(script: &Script, name: &str) -> Option<String> {
    match script.environment.iter().rev().find(|(set, _)| set == name) {
        Some((_, value)) => value.clone(),
        None => std::env::var(name).ok(),
    }
}
