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
        let poisoned = synced.err().filter(burn::tensor::ExecutionError::is_device_poisoned)?;
        Some(innermost(poisoned.reason()).to_owned())
    }
}

/// What a text of the framework says at the bottom of its causes, without where the program was then.
fn innermost(reason: &str) -> &str {
    let said = reason.split("\nBacktrace").next().unwrap_or(reason);
    said.rsplit("Caused by:").next().unwrap_or(said).trim()
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
    /// Why it is lost, and what kept it from being opened.
    pub(super) fn reopen(&self, backend: Backend) -> Result<(), Closed> {
        #[cfg_attr(not(feature = "wgpu"), allow(unused_mut))]
        let mut open = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let Some(lost) = open.lost() else { return Ok(()) };
        #[cfg(feature = "wgpu")]
        if let Some(handles) = &open.graphics {
            let generation = open.generation + 1;
            return match guard::caught(|| graphics::open_again(handles, generation)) {
                Ok(again) => {
                    *open = again;
                    Ok(())
                }
                Err(why) => Err(Closed { lost, why }),
            };
        }
        let why = format!("{backend} has one context a process, which stays lost: start the process again");
        Err(Closed { lost, why })
    }
}

/// A device that is lost and did not open again.
#[derive(Debug)]
pub(super) struct Closed {
    /// Why it was lost.
    pub(super) lost: String,
    /// Why it did not open.
    pub(super) why: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_cause_is_told_in_a_line() {
        let wgpu = "The device is poisoned\nCaused by:\n  Unknown: Out of memory\nBacktrace:\nNo backtrace available";
        assert_eq!(innermost(wgpu), "Unknown: Out of memory");
        assert_eq!(
            innermost("cuStreamSynchronize failed with status 700"),
            "cuStreamSynchronize failed with status 700"
        );
        assert_eq!(innermost(""), "");
    }
}
