//! [`Card`]: the host or a card, and what watches its memory.

use std::fmt;
use std::sync::Arc;

use crate::error::TelemetryError;
use crate::identity::CardIdentity;
use crate::monitor::{DeviceProcess, MemoryMonitor, ScriptedMonitor};
use crate::sample::MemorySample;

/// What has memory that can be watched. Clones watch the same.
///
/// Shown as its name, with its place on the bus where the name does not have it: equal cards are told apart by it.
#[derive(Clone, Debug)]
pub struct Card {
    name: String,
    kind: CardKind,
    identity: Option<CardIdentity>,
    monitor: Arc<dyn MemoryMonitor>,
}

/// What a [`Card`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CardKind {
    /// The host.
    Host,
    /// A card as a whole.
    Card,
    /// A part of a card with memory of its own: an instance of NVIDIA's (MIG), a partition of AMD's. It has the identity of its
    /// card, as the card's other parts have.
    Part,
}

impl Card {
    pub(super) fn host(monitor: Arc<dyn MemoryMonitor>) -> Self {
        Card::of(CardKind::Host, monitor)
    }

    pub(super) fn of(kind: CardKind, monitor: Arc<dyn MemoryMonitor>) -> Self {
        Card { name: monitor.name().to_owned(), kind, identity: monitor.identity(), monitor }
    }

    /// A card that cannot be asked, which is shown with the reason: whoever looks for it wants to know.
    pub(super) fn failed(name: &str, identity: Option<CardIdentity>, error: TelemetryError) -> Self {
        let monitor = Arc::new(ScriptedMonitor::new([Err(error)]));
        Card { name: name.to_owned(), kind: CardKind::Card, identity, monitor }
    }

    #[cfg(any(test, all(feature = "wgpu", not(target_family = "wasm"))))]
    pub(super) fn joined(self, graphics: Arc<dyn MemoryMonitor>) -> Self {
        Card { monitor: Arc::new(crate::monitor::Joined::new(self.monitor, graphics)), ..self }
    }

    /// Its name, for people: `host`, or what its driver calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is.
    pub fn kind(&self) -> CardKind {
        self.kind
    }

    /// Which card it is, where it is one and can be told from others.
    pub fn identity(&self) -> Option<CardIdentity> {
        self.identity
    }

    /// What watches it, to be shared with a [`Sampler`](crate::Sampler) or others.
    pub fn monitor(&self) -> &Arc<dyn MemoryMonitor> {
        &self.monitor
    }

    /// Its memory now.
    ///
    /// # Errors
    /// Those of [`MemoryMonitor::sample`].
    pub fn sample(&self) -> Result<MemorySample, TelemetryError> {
        self.monitor.sample()
    }

    /// Who uses it, the greediest first.
    ///
    /// # Errors
    /// Those of [`MemoryMonitor::processes`].
    pub fn processes(&self) -> Result<Vec<DeviceProcess>, TelemetryError> {
        self.monitor.processes()
    }
}

impl fmt::Display for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.identity.and_then(|card| card.pci).map(|pci| pci.to_string());
        match place.filter(|place| !self.name.contains(&**place)) {
            Some(place) => f.pad(&format!("{} at {place}", self.name)),
            None => f.pad(&self.name),
        }
    }
}

impl MemoryMonitor for Card {
    fn name(&self) -> &str {
        &self.name
    }

    fn sample(&self) -> Result<MemorySample, TelemetryError> {
        self.monitor.sample()
    }

    fn identity(&self) -> Option<CardIdentity> {
        self.identity
    }

    fn is_host(&self) -> bool {
        self.kind == CardKind::Host
    }

    fn processes(&self) -> Result<Vec<DeviceProcess>, TelemetryError> {
        self.monitor.processes()
    }
}
