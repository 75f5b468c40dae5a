//! [`VisibleCards`]: which cards of NVIDIA this process is to use.

mod cuda_driver;
mod list;
mod mps;

use std::path::Path;

pub(crate) use self::cuda_driver::{Running, is_integrated};
pub use self::list::CardOrder;
pub(crate) use self::mps::mps_limit;
use crate::error::{TelemetryError, TelemetryErrorKind};
use crate::files::DriverFiles;
use crate::identity::CardIdentity;
use crate::monitor::NvmlLibrary;

/// The cards of NVIDIA that `CUDA_VISIBLE_DEVICES` leaves to this process, in CUDA's order.
///
/// CUDA applies the variable by itself. Vulkan and NVML do not, so a program that computes by Vulkan on a shared machine has to
/// hide what is not [listed](VisibleCards::contains), or it takes a card that was given to somebody else.
///
/// ```no_run
/// use gpu_telemetry::VisibleCards;
///
/// let visible = VisibleCards::of_process()?;
/// for card in visible.cards().unwrap_or_default() {
///     println!("{:?}", card.identity().pci);
/// }
/// # Ok::<(), gpu_telemetry::TelemetryError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisibleCards {
    /// `None` where all are.
    listed: Option<Vec<VisibleCard>>,
}

/// One card, or one instance of a card in MIG mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisibleCard {
    pub(crate) identity: CardIdentity,
    pub(crate) instance: Option<String>,
    /// What the driver calls it, card or instance, without `GPU-` or `MIG-`.
    pub(crate) uuid: Option<String>,
}

impl VisibleCard {
    /// Which card it is; for an instance, the card that it is of.
    pub fn identity(&self) -> CardIdentity {
        self.identity
    }

    /// The name `MIG-…` of the instance, where the variable has it or NVML told of it: its UUID since driver 470, before that
    /// `MIG-GPU-`, the rest of the card's UUID, and two numbers.
    ///
    /// `None` does not mean a whole card: CUDA computes on an instance also where a card in MIG mode is named by its index, or
    /// nothing is named. [`CudaMonitor::visible`](crate::CudaMonitor::visible) finds which.
    pub fn instance(&self) -> Option<&str> {
        self.instance.as_deref()
    }
}

impl VisibleCards {
    /// As this process's environment says, with the system's libraries.
    ///
    /// # Errors
    /// Those of [`of_process_by`](VisibleCards::of_process_by).
    pub fn of_process() -> Result<Self, TelemetryError> {
        VisibleCards::of_process_by(&DriverFiles::default())
    }

    /// As this process's environment says.
    ///
    /// Where the variable is set, CUDA's driver is asked, which neither makes a context nor takes memory of a card. Where it is
    /// absent or fails, the variable is read here with the help of NVML. Where the variable is not set, nothing is loaded.
    ///
    /// # Errors
    /// Neither is there (`Absent`): then no card of NVIDIA can be used but by drivers that are not NVIDIA's. One is there and
    /// fails, as after half an update, or the list cannot be understood without CUDA's driver (`Driver`): then which cards are
    /// for this process is not known.
    pub fn of_process_by(files: &DriverFiles) -> Result<Self, TelemetryError> {
        let Some(list) = std::env::var_os("CUDA_VISIBLE_DEVICES") else { return Ok(VisibleCards::every()) };
        let list = list.to_string_lossy();
        if list.trim().is_empty() {
            return Ok(VisibleCards::only(Vec::new()));
        }
        match cuda_driver::ask(&files.cuda_file(), Some(&list)) {
            Ok(cards) => Ok(VisibleCards::only(cards)),
            Err(silent) => without_cuda(files, &list, &silent),
        }
    }

    /// As CUDA's driver tells, also where nothing is hidden: the place in its list is the number of a device of CUDA.
    ///
    /// # Errors
    /// There is no driver of CUDA (`Absent`), or it fails.
    pub fn of_cuda(files: &DriverFiles) -> Result<Self, TelemetryError> {
        VisibleCards::told_by_cuda(files.cuda_file())
    }

    /// As CUDA's driver in this file tells, which reads the environment by itself.
    ///
    /// # Errors
    /// The file cannot be loaded (`Absent`), or the driver fails.
    pub fn told_by_cuda(file: impl AsRef<Path>) -> Result<Self, TelemetryError> {
        let list = std::env::var_os("CUDA_VISIBLE_DEVICES").map(|list| list.to_string_lossy().into_owned());
        cuda_driver::ask(file.as_ref().as_os_str(), list.as_deref()).map(VisibleCards::only)
    }

    /// As a list in the form of `CUDA_VISIBLE_DEVICES` says: indices, UUIDs or the beginning of one that no other card shares,
    /// and ids of instances. As in CUDA, the list ends before the first entry that names no card.
    ///
    /// # Errors
    /// An index in CUDA's own order, where cards differ: only its driver knows which are faster. A card that is named twice. A
    /// card that NVML cannot tell of, where its place in the order matters.
    pub fn listed(list: &str, order: CardOrder, library: &NvmlLibrary) -> Result<Self, TelemetryError> {
        list::read(list, order, library).map(VisibleCards::only).map_err(|message| unread(list, message))
    }

    /// All that there are.
    pub fn every() -> Self {
        VisibleCards { listed: None }
    }

    /// These, in this order.
    fn only(cards: Vec<VisibleCard>) -> Self {
        VisibleCards { listed: Some(cards) }
    }

    /// The cards, in CUDA's order: the place in this list is CUDA's index. `None` where nothing is hidden.
    pub fn cards(&self) -> Option<&[VisibleCard]> {
        self.listed.as_deref()
    }

    /// Whether this process may use a card of NVIDIA. One of which nothing is known it may use where nothing is hidden.
    ///
    /// On Windows, where Vulkan tells a LUID and no address, this is known if CUDA's driver told the cards.
    pub fn contains(&self, card: &CardIdentity) -> bool {
        self.cards().is_none_or(|cards| cards.iter().any(|visible| visible.identity.is_same_card(card)))
    }
}

/// The process's list, read with the help of NVML, where CUDA's driver is silent for that reason.
fn without_cuda(
    files: &DriverFiles,
    list: &str,
    silent: &TelemetryError,
) -> Result<VisibleCards, TelemetryError> {
    let library = NvmlLibrary::of(files).map_err(|error| {
        let message = format!("{error}; and {silent}");
        match (error.kind(), silent.kind()) {
            (TelemetryErrorKind::Absent, TelemetryErrorKind::Absent) => TelemetryError::absent(message),
            _ => unread(list, message),
        }
    })?;
    let bus = std::env::var_os("CUDA_DEVICE_ORDER").is_some_and(|order| order == "PCI_BUS_ID");
    let order = if bus { CardOrder::Bus } else { CardOrder::FastestFirst };
    let read = list::read(list, order, &library);
    read.map(VisibleCards::only).map_err(|message| unread(list, format!("{message}; and {silent}")))
}

fn unread(list: &str, message: String) -> TelemetryError {
    TelemetryError::driver(format!("CUDA_VISIBLE_DEVICES={list}"), "the cards it names", message)
}
