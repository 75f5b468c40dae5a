//! [`Tenant`]: a model on a device, whose memory is given back on the device's thread.

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use embed_burn::{Backend, BurnEmbedder, EmbedError, Replayed};
use gpu_telemetry::PoolUsage;

use super::device::{Device, Ran};
use super::idle::TenantId;
use super::shared::Lease;
use crate::adapt;
use crate::error::Error;

/// A model, of a type that says in one step that threads may share it. Through the framework's types the compiler would go
/// deeper than it does unasked, in every crate that shares an embedder between threads.
pub(crate) trait Model: Any + Debug + Send + Sync {
    fn burn(&self) -> &BurnEmbedder;
}

impl Model for BurnEmbedder {
    fn burn(&self) -> &BurnEmbedder {
        self
    }
}

/// A model on a device.
#[derive(Debug)]
pub(crate) struct Tenant {
    name: Arc<str>,
    // Dropped before `departure`, which then holds the last of it.
    model: Arc<dyn Model>,
    departure: Departure,
    /// Whether batches work in the framework's pool, and not in memory of the model's own.
    is_pooled: bool,
}

/// A run that needs the model: until its end the model is not unloaded.
#[derive(Debug)]
pub(crate) struct Stay<'a> {
    tenant: &'a Tenant,
    /// Whether the weights were there when it began.
    pub(crate) is_loaded: bool,
}

impl Drop for Stay<'_> {
    fn drop(&mut self) {
        self.tenant.device().end(self.tenant.id());
    }
}

/// Leaves the device, with the model.
#[derive(Debug)]
struct Departure {
    device: Arc<Device>,
    id: TenantId,
    model: Option<Arc<dyn Model>>,
}

impl Tenant {
    /// A model that is loaded.
    pub(crate) fn new(model: BurnEmbedder, name: &str, device: Arc<Device>) -> Self {
        let is_pooled = model.scratch_bytes(1, 1).is_none();
        let (name, model): (Arc<str>, Arc<dyn Model>) = (Arc::from(name), Arc::new(model));
        let id = device.enter(Arc::clone(&name), &model);
        let departure = Departure { device, id, model: Some(Arc::clone(&model)) };
        Tenant { name, model, departure, is_pooled }
    }

    pub(crate) fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(crate) fn model(&self) -> &BurnEmbedder {
        self.model.burn()
    }

    pub(crate) fn device(&self) -> &Arc<Device> {
        &self.departure.device
    }

    pub(crate) fn id(&self) -> TenantId {
        self.departure.id
    }

    /// Whether batches are computed by something else than the threads that prepare them: a GPU.
    pub(crate) fn computes_apart(&self) -> bool {
        self.model().device().backend() != Backend::Cpu
    }

    /// The model is not unloaded.
    pub(crate) fn stays(&self) {
        self.device().stays(self.id());
    }

    /// A run begins.
    pub(crate) fn stay(&self) -> Stay<'_> {
        Stay { tenant: self, is_loaded: self.device().begin(self.id()) }
    }

    /// Loads the weights again, on the device's thread: after they were unloaded, or the device was lost.
    ///
    /// # Errors
    /// There is no room for them, or the device cannot be opened anew.
    pub(crate) fn reload(&self) -> Result<(), EmbedError> {
        let model = Arc::clone(&self.model);
        self.device().cleanup(self.model().device(), move || model.burn().reload())?;
        self.device().is_back(self.id());
        Ok(())
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
        let Tenant { name, model, mut departure, is_pooled } = self;
        let mut shared = (model as Arc<dyn Any + Send + Sync>).downcast::<BurnEmbedder>();
        let model = loop {
            match shared.map(Arc::try_unwrap) {
                Ok(Ok(model)) => break model,
                // Another looks whether it is idle, and will be done.
                Ok(Err(held)) => shared = Ok(held),
                Err(other) => shared = other.downcast(),
            }
            std::thread::yield_now();
        };
        let model: Arc<dyn Model> = Arc::new(change(model)?);
        departure.model = Some(Arc::clone(&model));
        departure.device.replace(departure.id, &model);
        Ok(Tenant { name, model, departure, is_pooled })
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
        device.run_batch(*id, self.model().device(), move || batch(model.burn()))
    }

    /// Looks, on the device's thread and so between batches, at what is held for the model's batches, and at more.
    pub(crate) fn at_rest<T: Send + 'static>(&self, look: impl FnOnce(PoolUsage) -> T + Send + 'static) -> T {
        let model = Arc::clone(&self.model);
        self.device().look(self.model().device(), move || look(adapt::held(model.burn())))
    }

    /// What is held for the model's batches, as it was when work ended last: for looking while others are at work.
    pub(crate) fn held_last(&self) -> PoolUsage {
        if self.is_pooled { self.device().pool().unwrap_or_default() } else { adapt::held(self.model()) }
    }

    /// What batches of these shapes take, by a dry run on the device's thread: in the pool that batches work in. It is clean
    /// then.
    ///
    /// # Errors
    /// As [`BurnEmbedder::replay_table`].
    pub(crate) fn replay(&self, shapes: Vec<(usize, usize)>) -> Result<Option<Vec<Replayed>>, EmbedError> {
        let model = Arc::clone(&self.model);
        self.device().cleanup(self.model().device(), move || model.burn().replay_table(&shapes))
    }

    /// Makes the pages of the pool that batches work in as large as a batch of this shape needs, by a dry run.
    ///
    /// # Errors
    /// As [`BurnEmbedder::settle_pages`].
    pub(crate) fn settle_pages(&self, (items, tokens): (usize, usize)) -> Result<(), EmbedError> {
        let model = Arc::clone(&self.model);
        self.device().cleanup(self.model().device(), move || model.burn().settle_pages(items, tokens))
    }

    /// Gives back what is held and not in use.
    ///
    /// # Errors
    /// The device was lost.
    pub(crate) fn cleanup(&self) -> Result<(), EmbedError> {
        let model = Arc::clone(&self.model);
        self.device().cleanup(self.model().device(), move || {
            model.burn().release_scratch();
            model.burn().device().cleanup()
        })
    }
}

impl Drop for Departure {
    fn drop(&mut self) {
        self.device.leave(self.id);
        let Some(model) = self.model.take() else { return };
        let burn = model.burn().device().clone();
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
