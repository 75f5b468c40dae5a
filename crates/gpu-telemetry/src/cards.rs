//! [`cards`]: every card of the machine, whichever library knows it, and the host.

mod card;
mod list;

use std::path::PathBuf;
use std::sync::Arc;

pub use self::card::{Card, CardKind};
use self::list::List;
use crate::error::{TelemetryError, TelemetryErrorKind};
#[cfg(feature = "nvml")]
use crate::files::DriverFiles;
#[cfg(all(feature = "wgpu", not(target_family = "wasm")))]
use crate::monitor::WgpuMonitor;
use crate::monitor::{CardVendor, DrmCard, DrmMonitor, HostMonitor, MemoryMonitor, drm_cards};
#[cfg(feature = "nvml")]
use crate::monitor::{CudaMonitor, NvmlLibrary};

/// The host and every card of this system that can be watched, each once. See [`Discovery`].
///
/// ```
/// for card in gpu_telemetry::cards()? {
///     println!("{card}: {:?}", card.sample()?);
/// }
/// # Ok::<(), gpu_telemetry::TelemetryError>(())
/// ```
///
/// # Errors
/// Those of [`Discovery::cards`].
pub fn cards() -> Result<Vec<Card>, TelemetryError> {
    Discovery::new().cards()
}

/// Looks for cards: with NVIDIA's management library (feature `nvml`), with the kernel on Linux, and with graphics APIs
/// (feature `wgpu`), of which several may know a card. It is listed once, and where driver and graphics API both know it, as
/// [`Joined`](crate::Joined).
///
/// - A card of NVIDIA in MIG mode, or of AMD in partitions, is listed as its parts, each of which has memory of its own.
/// - A card that should tell its memory and does not, because it or its library fails, is listed with a monitor that says so.
/// - What shows pictures and tells nothing of memory, as the console of a server, is not listed; [`drm_cards`] has it.
/// - A GPU that the processor computes is the host's memory, and is not listed either.
///
/// No card is opened but by the graphics APIs, and none is woken by the kernel's way of asking. NVIDIA's library may wake those
/// of a laptop.
#[derive(Debug)]
pub struct Discovery {
    root: PathBuf,
    #[cfg(feature = "nvml")]
    files: DriverFiles,
    #[cfg(all(feature = "wgpu", not(target_family = "wasm")))]
    adapters: Option<Vec<wgpu::Adapter>>,
}

impl Default for Discovery {
    fn default() -> Self {
        Discovery::new()
    }
}

impl Discovery {
    /// On this system, by every library of this build.
    pub fn new() -> Self {
        Discovery::with_root("/")
    }

    /// On the system whose `proc` and `sys` are under `root`.
    pub fn with_root(root: impl Into<PathBuf>) -> Self {
        Discovery {
            root: root.into(),
            #[cfg(feature = "nvml")]
            files: DriverFiles::default(),
            #[cfg(all(feature = "wgpu", not(target_family = "wasm")))]
            adapters: None,
        }
    }

    /// With NVIDIA's libraries in these files.
    #[cfg(feature = "nvml")]
    #[must_use]
    pub fn files(mut self, files: DriverFiles) -> Self {
        self.files = files;
        self
    }

    /// With these adapters instead of those of an instance of wgpu that is made for it: for programs that have one, or want
    /// none.
    #[cfg(all(feature = "wgpu", not(target_family = "wasm")))]
    #[must_use]
    pub fn adapters(mut self, adapters: impl IntoIterator<Item = wgpu::Adapter>) -> Self {
        self.adapters = Some(adapters.into_iter().collect());
        self
    }

    /// The host first, where the system tells its memory, and then the cards.
    ///
    /// # Errors
    /// The list of the bus is there and cannot be read.
    pub fn cards(self) -> Result<Vec<Card>, TelemetryError> {
        let mut list = List::default();
        let host = HostMonitor::with_root(&self.root);
        // A system that does not tell its memory has no host to watch.
        if !matches!(host.sample(), Err(error) if error.kind() == TelemetryErrorKind::Unsupported) {
            list.add(Card::host(Arc::new(host)));
        }
        #[cfg(feature = "nvml")]
        self.cards_of_nvidia(&mut list);
        for card in drm_cards(&self.root)? {
            self.card_of_the_kernel(&card, &mut list);
        }
        #[cfg(all(feature = "wgpu", not(target_family = "wasm")))]
        for adapter in self.adapters.unwrap_or_else(every_adapter) {
            if !WgpuMonitor::is_software(&adapter)
                && let Ok(monitor) = WgpuMonitor::new(&adapter)
            {
                list.join(Arc::new(monitor));
            }
        }
        Ok(list.cards)
    }

    #[cfg(feature = "nvml")]
    fn cards_of_nvidia(&self, list: &mut List) {
        let library = match NvmlLibrary::of(&self.files) {
            Ok(library) => library.with_root(&self.root),
            // No driver of NVIDIA is no news; one that does not work is.
            Err(error) if error.kind() == TelemetryErrorKind::Absent => return,
            Err(error) => return list.add(Card::failed("cards of NVIDIA", None, error)),
        };
        for card in library.cards() {
            match card {
                Ok(card) => add_card_of_nvidia(card, list),
                Err(error) => list.add(Card::failed("a card of NVIDIA", None, error)),
            }
        }
    }

    fn card_of_the_kernel(&self, card: &DrmCard, list: &mut List) {
        // NVIDIA's own library knows more of its cards, and has said so.
        if list.knows(&card.identity) {
            return;
        }
        let monitor = match DrmMonitor::with_root(&self.root, card.pci) {
            Ok(monitor) => monitor,
            Err(error) => {
                // A driver that tells nothing of memory is no monitor, unless somebody else should have told.
                let matters = error.kind() != TelemetryErrorKind::Absent;
                if matters && card.vendor != CardVendor::Nvidia {
                    list.add(Card::failed(&card.describe(), Some(card.identity), error));
                }
                return;
            }
        };
        if monitor.partition().is_none() {
            return list.add(Card::of(CardKind::Card, Arc::new(monitor)));
        }
        for part in monitor.partitions() {
            match part {
                Ok(part) => list.add(Card::of(CardKind::Part, Arc::new(part))),
                Err(error) => list.add(Card::failed(monitor.name(), None, error)),
            }
        }
    }
}

/// A card, or its instances: each has a memory of its own, and the whole tells nothing that a process could use.
#[cfg(feature = "nvml")]
fn add_card_of_nvidia(card: CudaMonitor, list: &mut List) {
    let parts = card.instances();
    if parts.is_empty() {
        return list.add(Card::of(CardKind::Card, Arc::new(card)));
    }
    for part in parts {
        match part {
            Ok(part) => list.add(Card::of(CardKind::Part, Arc::new(part))),
            Err(error) => list.add(Card::failed(card.name(), card.identity(), error)),
        }
    }
}

/// Those of every graphics API that is there.
#[cfg(all(feature = "wgpu", not(target_family = "wasm")))]
fn every_adapter() -> Vec<wgpu::Adapter> {
    use std::task::{Context, Poll, Waker};

    let instance = wgpu::Instance::default();
    let found = std::pin::pin!(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
    // Outside of browsers there is nothing to wait for.
    match found.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(adapters) => adapters,
        Poll::Pending => Vec::new(),
    }
}
