//! [`Tenant`]: a model on a device, whose memory is given back on the device's thread.

use std::sync::Arc;

use embed_burn::{BurnEmbedder, EmbedError};
use gpu_telemetry::{ByteCount, PoolUsage};

use super::device::{Device, Ran, TenantId};
use super::shared::Lease;
use crate::adapt;
use crate::error::Error;

/// A model on a device.
#[derive(Debug)]
pub(crate) struct Tenant {
    name: Arc<str>,
    // Dropped before `departure`, which then holds the last of it.
    model: Arc<BurnEmbedder>,
    departure: Departure,
}

/// Leaves the device, with the model.
#[derive(Debug)]
struct Departure {
    device: Arc<Device>,
    id: TenantId,
    model: Option<Arc<BurnEmbedder>>,
}

impl Tenant {
    /// A model that is loaded.
    pub(crate) fn new(
        model: BurnEmbedder,
        name: &str,
        weights: Option<ByteCount>,
        device: Arc<Device>,
    ) -> Self {
        let (name, model) = (Arc::<str>::from(name), Arc::new(model));
        let id = device.enter(Arc::clone(&name), weights);
        let departure = Departure { device, id, model: Some(Arc::clone(&model)) };
        Tenant { name, model, departure }
    }

    pub(crate) fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(crate) fn model(&self) -> &BurnEmbedder {
        &self.model
    }

    pub(crate) fn device(&self) -> &Arc<Device> {
        &self.departure.device
    }

    /// Changes the model while nobody else has it.
    ///
    /// # Errors
    /// Those of `change`; the model is gone then.
    pub(crate) fn map(
        mut self,
        change: impl FnOnce(BurnEmbedder) -> Result<BurnEmbedder, EmbedError>,
    ) -> Result<Self, Error> {
        self.departure.model = None;
        let Tenant { name, model, mut departure } = self;
        match Arc::try_unwrap(model) {
            Ok(model) => {
                let model = Arc::new(change(model)?);
                departure.model = Some(Arc::clone(&model));
                Ok(Tenant { name, model, departure })
            }
            // Work holds it until its end only, and has ended: whoever has `self` waits for none.
            Err(_) => Err(Error::value("prompt", "set", "set while no batch runs")),
        }
    }

    /// Runs a batch on the device's thread, under a lease.
    pub(crate) fn run_batch<T: Send + 'static>(
        &self,
        lease: &Lease,
        batch: impl FnOnce(&BurnEmbedder) -> T + Send + 'static,
    ) -> (T, Ran) {
        let model = Arc::clone(&self.model);
        let Departure { device, id, .. } = &self.departure;
        device.leased(lease.bytes());
        device.run_batch(*id, self.model.device(), move || batch(&model))
    }

    /// Looks, on the device's thread and so between batches, at what is held for the model's batches, and at more.
    pub(crate) fn at_rest<T: Send + 'static>(&self, look: impl FnOnce(PoolUsage) -> T + Send + 'static) -> T {
        let model = Arc::clone(&self.model);
        self.device().look(self.model.device(), move || look(adapt::held(&model)))
    }

    /// What is held for the model's batches, as it was when work ended last: for looking while others are at work.
    pub(crate) fn held_last(&self) -> PoolUsage {
        match self.model.scratch_bytes(1, 1) {
            Some(_) => adapt::held(&self.model),
            None => self.device().pool().unwrap_or_default(),
        }
    }

    /// Gives back what is held and not in use.
    ///
    /// # Errors
    /// The device was lost.
    pub(crate) fn cleanup(&self) -> Result<(), EmbedError> {
        let model = Arc::clone(&self.model);
        self.device().cleanup(self.model.device(), move || {
            model.release_scratch();
            model.device().cleanup()
        })
    }
}

impl Drop for Departure {
    fn drop(&mut self) {
        self.device.leave(self.id);
        let Some(model) = self.model.take() else { return };
        let burn = model.device().clone();
        let device = Arc::clone(&self.device);
        let left = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            device.cleanup(&burn.clone(), move || {
                drop(model);
                burn.cleanup()
            })
        }));
        // A device that is lost has given everything back, and a destructor has nobody to tell.
        drop(left);
    }
}
