//! [`Handle`]: the burn device behind a [`BurnDevice`](super::BurnDevice), which another takes the place of when it is lost.

use std::sync::{Arc, PoisonError, RwLock};

use burn::tensor::Device;

#[cfg(feature = "wgpu")]
use super::graphics::{self, GraphicsDevice};
use super::guard::{self, Failures};
use super::name::Backend;

/// A device as it was opened once.
#[derive(Clone, Debug)]
pub(super) struct Open {
    pub(super) device: Device,
    pub(super) failures: Arc<Failures>,
    /// How often it was opened before: tensors of one opening are no tensors of another.
    pub(super) generation: u64,
    #[cfg(feature = "wgpu")]
    pub(super) graphics: Option<GraphicsDevice>,
}

impl Open {
    /// A device that no graphics API opened.
    pub(super) fn plain(device: Device) -> Self {
        Open {
            device,
            failures: Arc::new(Failures::default()),
            generation: 0,
            #[cfg(feature = "wgpu")]
            graphics: None,
        }
    }

    /// Why it is lost, if it is: here the framework gives the error's type.
    pub(super) fn lost(&self) -> Option<String> {
        let synced = guard::caught(|| Ok(self.device.sync())).ok()?;
        synced.err().filter(|error| error.is_device_poisoned()).map(|error| error.reason().to_owned())
    }
}

/// Shared by all handles of a device.
#[derive(Clone, Debug)]
pub(super) struct Handle(Arc<RwLock<Open>>);

impl Handle {
    pub(super) fn new(open: Open) -> Self {
        Handle(Arc::new(RwLock::new(open)))
    }

    /// The device as it is open now.
    pub(super) fn get(&self) -> Open {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Opens it anew where it is lost; who comes second finds the new one.
    ///
    /// # Errors
    /// The text of what kept it from being opened.
    pub(super) fn reopen(&self, backend: Backend) -> Result<(), String> {
        let mut open = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let Some(reason) = open.lost() else { return Ok(()) };
        #[cfg(feature = "wgpu")]
        if let Some(lost) = &open.graphics {
            let generation = open.generation + 1;
            let again = guard::caught(|| graphics::open_again(lost, generation))
                .map_err(|error| format!("{reason}; and it did not open again: {error}"))?;
            *open = again;
            return Ok(());
        }
        Err(format!(
            "{reason}; {backend} has one context a process, which stays lost: start the process again"
        ))
    }
}
