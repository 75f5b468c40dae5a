//! A dry run on a device: every buffer is made, and no kernel runs.

use burn::tensor::Device;

use super::{BurnDevice, Work, gate};
use crate::error::EmbedError;

/// A device while nobody else of this crate has work on any GPU.
pub(crate) struct Alone<'a>(&'a BurnDevice);

impl BurnDevice {
    /// Waits until no other thread has work of this crate on a GPU, and keeps them from having any while `work` runs.
    pub(crate) fn alone<T>(
        &self,
        work: impl FnOnce(&Alone<'_>) -> Result<T, EmbedError>,
    ) -> Result<T, EmbedError> {
        gate::alone(|| work(&Alone(self)))
    }
}

impl Alone<'_> {
    /// What the pool holds before and after `make`, in bytes, from a clean pool and back to one. The pool carves its pages
    /// as it does for real, but takes none from the device that nothing is written to; kernels are compiled and dropped.
    /// `None` where there is no pool, or nothing that can be run dry in this build.
    ///
    /// # Errors
    /// As those of [`BurnDevice::run`].
    pub(crate) fn rehearse<T>(
        &self,
        work: Work,
        make: impl FnOnce(&Device) -> T,
    ) -> Result<Option<(u64, u64)>, EmbedError> {
        if self.0.backend() == super::Backend::Cpu {
            return Ok(None);
        }
        self.0.cleanup()?;
        let reserved = |device: &Device| device.memory_pool_usage().map(|usage| usage.bytes_reserved);
        let found = self.0.run(work, |device| {
            let Some(before) = reserved(device) else { return Ok(None) };
            let after = {
                let _until_the_end = dry_run();
                let _result = make(device);
                device.flush().map_err(|error| error.to_string())?;
                // Read before the dry run ends: whether pages are real is decided where they are carved, on another thread.
                reserved(device)
            };
            Ok(after.map(|after| (before, after)))
        })?;
        self.0.cleanup()?;
        Ok(found)
    }
}

#[cfg(feature = "replay")]
fn dry_run() -> cubecl::dry_run::DryRun {
    cubecl::dry_run::DryRun::new()
}

/// Only the processor is left, and it is not asked.
#[cfg(not(feature = "replay"))]
const fn dry_run() {}
