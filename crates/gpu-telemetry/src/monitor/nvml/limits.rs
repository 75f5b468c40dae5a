//! What CUDA's multi-process service grants this process.

use std::ffi::c_int;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::CudaMonitor;
use crate::bytes::ByteCount;
use crate::error::TelemetryError;
use crate::identity::CardIdentity;
use crate::visible::{Running, mps_limit};

/// The limit that the environment puts on clients of the service.
#[derive(Clone, Debug)]
pub(super) enum MpsLimit {
    Ignored,
    /// Read once: the service, too, reads a client's environment when it starts.
    Counts(OnceLock<Result<Option<ByteCount>, TelemetryError>>),
}

impl Default for MpsLimit {
    fn default() -> Self {
        MpsLimit::Counts(OnceLock::new())
    }
}

/// What CUDA's driver grants, where this process has loaded it and computes on the card.
#[derive(Clone, Debug, Default)]
pub(super) struct Granted(Arc<Mutex<Looked>>);

#[derive(Debug, Default)]
struct Looked {
    at: Option<Instant>,
    running: Option<(Running, c_int)>,
}

/// Whether the process has begun to compute is looked for this often: to find that it has not takes as long as a sample.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

impl CudaMonitor {
    /// The least limit of all that are known but for a cgroup's. `size` is the card's own, with what is not reserved of it.
    pub(super) fn limit(&self, size: Option<ByteCount>) -> Result<Option<ByteCount>, TelemetryError> {
        let mps = match &self.mps {
            MpsLimit::Ignored => None,
            MpsLimit::Counts(limit) => limit.get_or_init(|| self.mps_limit()).clone()?,
        };
        let granted = self.granted().filter(|granted| size.is_none_or(|size| is_less(*granted, size)));
        Ok(self.limit.into_iter().chain(mps).chain(granted).min())
    }

    fn mps_limit(&self) -> Result<Option<ByteCount>, TelemetryError> {
        let card = CardIdentity { pci: self.pci, luid: self.luid, ..CardIdentity::default() };
        mps_limit(&self.library.files().cuda_file(), &card, self.own_uuid())
    }

    fn granted(&self) -> Option<ByteCount> {
        let mut looked = self.granted.0.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.running.is_none() {
            let now = Instant::now();
            if looked.at.is_some_and(|at| now.saturating_duration_since(at) < LOOK_AGAIN) {
                return None;
            }
            looked.at = Some(now);
            let running = Running::of(&self.library.files().cuda_file())?;
            let device = running.find(self.pci, self.own_uuid())?;
            looked.running = Some((running, device));
        }
        let (running, device) = looked.running.as_ref()?;
        running.granted(*device)
    }
}

/// Whether less is granted than there is: CUDA counts a card's memory without what it keeps itself, some hundredths of it.
fn is_less(granted: ByteCount, size: ByteCount) -> bool {
    granted < size.saturating_sub(ByteCount::new(size.get() / 20))
}
