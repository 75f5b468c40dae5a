//! The model comes back: after it made room for another, or after its device was lost.

use std::sync::{Arc, PoisonError};

use embed_burn::EmbedError;
use gpu_telemetry::MemoryMonitor;

use super::AdaptiveEmbedder;
use crate::devices;
use crate::error::Error;
use crate::governor::Stay;
use crate::governor::room::{self, Load};

impl AdaptiveEmbedder {
    /// A run begins: the model is there until its end. Waiting for its room ends once `stops` says so.
    ///
    /// # Errors
    /// It was unloaded, and there is no room for it or its files are gone.
    pub(super) fn stay(&self, stops: &dyn Fn() -> bool) -> Result<Stay<'_>, Error> {
        let stay = self.tenant.stay();
        if !stay.is_loaded {
            let model = self.model();
            let load = Load {
                name: self.tenant.name(),
                folder: model.folder(),
                compute: model.compute(),
                tenant: Some(self.tenant.id()),
                priority: self.priority,
                patience: self.patience,
                stop: &|| self.cancel.is_set() || stops(),
            };
            let monitor = self.monitor();
            let lease = room::lease(self.tenant.device(), model.device(), monitor.as_ref(), &load)?;
            self.tenant.reload()?;
            drop(lease);
            self.look_again();
        }
        Ok(stay)
    }

    /// The device was lost: opens it anew and loads the weights again.
    ///
    /// # Errors
    /// It cannot be opened anew, or has no room for the weights.
    pub(super) fn reload(&self) -> Result<(), EmbedError> {
        self.tenant.reload()?;
        if self.monitors_device {
            let anew = devices::monitor(self.model().device());
            *self.monitor.lock().unwrap_or_else(PoisonError::into_inner) = anew;
        }
        self.look_again();
        Ok(())
    }

    pub(super) fn monitor(&self) -> Option<Arc<dyn MemoryMonitor>> {
        self.monitor.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
