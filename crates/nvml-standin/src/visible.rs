//! Which cards CUDA's driver shows, and in which order.

use crate::card::Card;
use crate::instance::Place;
use crate::script::Script;

/// The cards that the driver shows, in its order, and which part of a card it is: of a card in MIG mode never all of it.
pub(crate) fn visible(script: &Script) -> Vec<Place> {
    let all = order(script);
    match variable(script, "CUDA_VISIBLE_DEVICES") {
        None => all.into_iter().filter_map(|at| computing(script, at)).collect(),
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

/// What the list names, up to the first entry that names no card. A card that is named twice hides all.
fn listed(script: &Script, all: &[usize], list: &str) -> Vec<Place> {
    let mut shown = Vec::new();
    for entry in list.split(',').map(str::trim) {
        let Some(place) = named_by(script, all, entry) else { break };
        if shown.contains(&place) {
            return Vec::new();
        }
        shown.push(place);
    }
    shown
}

fn named_by(script: &Script, all: &[usize], entry: &str) -> Option<Place> {
    if let Ok(index) = entry.parse::<usize>() {
        return all.get(index).and_then(|at| computing(script, *at));
    }
    let unique = |matches: &dyn Fn(&Card) -> bool| {
        let mut found = (0..script.cards.len()).filter(|at| matches(&script.cards[*at]));
        let first = found.next();
        if found.next().is_some() { None } else { first }
    };
    if let Some(old) = entry.strip_prefix("MIG-GPU-") {
        // The form before driver 470: the card's UUID, then the numbers of the instance, here its place.
        let (uuid, numbers) = old.split_once('/')?;
        let part = numbers.split('/').next()?.parse().ok()?;
        let at = unique(&|card| card.uuid.strip_prefix("GPU-") == Some(uuid))?;
        return script.cards[at].instances.as_ref()?.get(part).map(|_| (at, Some(part)));
    }
    if entry.starts_with("MIG-") {
        let part = |card: &Card| card.instances.iter().flatten().position(|part| part.uuid == entry);
        let at = unique(&|card| part(card).is_some())?;
        return Some((at, part(&script.cards[at])));
    }
    if entry.starts_with("GPU-") && entry.len() > "GPU-".len() {
        return unique(&|card| card.uuid.starts_with(entry)).and_then(|at| computing(script, at));
    }
    None
}

/// What computes where a card is meant: in MIG mode its first instance, and nothing where it has none.
fn computing(script: &Script, at: usize) -> Option<Place> {
    match &script.cards[at].instances {
        None => Some((at, None)),
        Some(parts) => (!parts.is_empty()).then_some((at, Some(0))),
    }
}

fn variable(script: &Script, name: &str) -> Option<String> {
    match script.environment.iter().rev().find(|(set, _)| set == name) {
        Some((_, value)) => value.clone(),
        None => std::env::var(name).ok(),
    }
}
