//! [`List`]: what was found, each card once.

#[cfg(any(test, all(feature = "wgpu", not(target_family = "wasm"))))]
use std::sync::Arc;

use super::Card;
#[cfg(any(test, all(feature = "wgpu", not(target_family = "wasm"))))]
use super::CardKind;
use crate::identity::CardIdentity;
#[cfg(any(test, all(feature = "wgpu", not(target_family = "wasm"))))]
use crate::monitor::MemoryMonitor;

/// Cards as they are found, by one library after the other, best first.
#[derive(Debug, Default)]
pub(super) struct List {
    pub(super) cards: Vec<Card>,
}

impl List {
    pub(super) fn add(&mut self, card: Card) {
        self.cards.push(card);
    }

    /// Whether a card, or a part of it, was found already.
    pub(super) fn knows(&self, card: &CardIdentity) -> bool {
        self.cards.iter().any(|known| is_same(known, card))
    }

    /// Adds what a graphics API tells: to the card that is known already, or as one of its own.
    ///
    /// Of a card in parts, an API reaches one of them, and does not say which.
    #[cfg(any(test, all(feature = "wgpu", not(target_family = "wasm"))))]
    pub(super) fn join(&mut self, graphics: Arc<dyn MemoryMonitor>) {
        let Some(identity) = graphics.identity() else {
            return self.cards.push(Card::of(CardKind::Card, graphics));
        };
        match self.cards.iter().position(|known| is_same(known, &identity)) {
            Some(at) if self.cards[at].kind() == CardKind::Card => {
                let known = self.cards.remove(at);
                self.cards.insert(at, known.joined(graphics));
            }
            Some(_) => {}
            None => self.cards.push(Card::of(CardKind::Card, graphics)),
        }
    }
}

fn is_same(known: &Card, card: &CardIdentity) -> bool {
    known.identity().is_some_and(|known| known.is_same_card(card))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ByteCount;
    use crate::error::TelemetryError;
    use crate::monitor::ScriptedMonitor;
    use crate::sample::MemorySample;

    /// A monitor of the card at an address that knows one field.
    #[derive(Debug)]
    struct At(Option<&'static str>, MemorySample);

    impl MemoryMonitor for At {
        fn name(&self) -> &'static str {
            "card"
        }

        fn sample(&self) -> Result<MemorySample, TelemetryError> {
            Ok(self.1)
        }

        fn identity(&self) -> Option<CardIdentity> {
            self.0.map(|pci| CardIdentity::at(pci.parse().unwrap()))
        }
    }

    fn driver(pci: Option<&'static str>) -> Arc<dyn MemoryMonitor> {
        let sample = MemorySample::builder().total(ByteCount::GIB).used(ByteCount::ZERO).build().unwrap();
        Arc::new(At(pci, sample))
    }

    fn graphics(pci: Option<&'static str>) -> Arc<dyn MemoryMonitor> {
        Arc::new(At(pci, MemorySample::builder().budget(ByteCount::MIB).build().unwrap()))
    }

    #[test]
    fn a_card_that_two_apis_reach_is_one_and_the_lower_budget_counts() {
        let mut list = List::default();
        list.add(Card::host(Arc::new(ScriptedMonitor::default())));
        list.add(Card::of(CardKind::Card, driver(Some("41:00.0"))));
        list.join(graphics(Some("41:00.0")));
        list.join(graphics(Some("42:00.0")));
        list.join(graphics(Some("42:00.0")));
        list.join(graphics(None));
        assert_eq!(list.cards.len(), 4, "the host, two cards, and one of which nobody knows where it is");
        let joined = list.cards[1].sample().unwrap();
        assert_eq!((joined.total(), joined.budget()), (Some(ByteCount::GIB), Some(ByteCount::MIB)));
        assert_eq!(list.cards[1].to_string(), "card at 0000:41:00.0");
        assert_eq!(list.cards[3].to_string(), "card");
    }

    #[test]
    fn of_a_card_in_parts_no_api_says_which_it_reaches() {
        let mut list = List::default();
        for _ in 0..2 {
            list.add(Card::of(CardKind::Part, driver(Some("41:00.0"))));
        }
        list.join(graphics(Some("41:00.0")));
        assert_eq!(list.cards.len(), 2);
        assert!(list.cards.iter().all(|part| part.sample().unwrap().budget().is_none()));
    }
}
